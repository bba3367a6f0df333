{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{/* Names, labels and the parts that all pods share. */}}

{{/* The name of a component's objects: (list $ "gateway") of release krypton is krypton-gateway. */}}
{{- define "krypton.name" -}}
{{- $root := index . 0 -}}
{{- printf "%s-%s" ($root.Release.Name | trunc 40 | trimSuffix "-") (index . 1) -}}
{{- end -}}

{{/* What selects a component's pods: (list $ "gateway"). Never changes: selectors cannot be updated. */}}
{{- define "krypton.selector" -}}
app.kubernetes.io/name: krypton
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* The labels of every object: (list $ "gateway"). */}}
{{- define "krypton.labels" -}}
{{ include "krypton.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* An image: (list $ "controller" .Values.images.controller), the last one winning when it is set. */}}
{{- define "krypton.image" -}}
{{- $root := index . 0 -}}
{{- with index . 2 -}}
{{ . }}
{{- else -}}
{{ printf "%s/%s:%s" (trimSuffix "/" $root.Values.image.registry) (index . 1) ($root.Values.image.tag | default $root.Chart.AppVersion) }}
{{- end -}}
{{- end -}}

{{/* The annotations of a daemon's pods: (list $ PORT), PORT being that of /metrics. */}}
{{- define "krypton.podAnnotations" -}}
{{- $ours := dict "prometheus.io/scrape" "true" "prometheus.io/port" (index . 1 | toString) "prometheus.io/path" "/metrics" -}}
{{- merge (dict) (index . 0).Values.podAnnotations $ours | toYaml -}}
{{- end -}}

{{/* Where a daemon's pods may run, and as whom: (list $ "gateway"). */}}
{{- define "krypton.pod" -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ include "krypton.name" . }}
automountServiceAccountToken: true
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* One pod a node where that can be had. */}}
{{- define "krypton.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "krypton.selector" . | nindent 8 }}
{{- end -}}

{{/* What a daemon's container may do: nothing beyond its process. */}}
{{- define "krypton.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
terminationMessagePolicy: FallbackToLogsOnError
{{- end -}}

{{/* Who and where the process is. */}}
{{- define "krypton.env" -}}
env:
  - name: POD_NAME
    valueFrom: {fieldRef: {fieldPath: metadata.name}}
  - name: POD_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
  - name: POD_IP
    valueFrom: {fieldRef: {fieldPath: status.podIP}}
{{- end -}}

{{/* Probes on a daemon's ops port. */}}
{{- define "krypton.probes" -}}
livenessProbe:
  httpGet: {path: /healthz, port: ops}
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: ops}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
{{- end -}}

{{/* The Service that carries the gateway's ops port; never reachable from outside the cluster. */}}
{{- define "krypton.gatewayOpsService" -}}
{{- if eq .Values.gateway.service.type "ClusterIP" -}}
{{ include "krypton.name" (list . "gateway") }}
{{- else -}}
{{ include "krypton.name" (list . "gateway-ops") }}
{{- end -}}
{{- end -}}

{{/* The Secret with the webhook's serving certificate that is mounted: the user's, or cert-manager's. Empty: the controller makes its own. */}}
{{- define "krypton.webhookSecret" -}}
{{- if .Values.manager.webhook.certSecret -}}
{{ .Values.manager.webhook.certSecret }}
{{- else if .Values.manager.webhook.certManager.enabled -}}
{{ include "krypton.name" (list . "webhook-cert") }}
{{- end -}}
{{- end -}}

{{/* The Secret in which the controller keeps the certificate that it makes; empty where one is given, or without webhooks. */}}
{{- define "krypton.webhookOwnSecret" -}}
{{- if and .Values.manager.enableWebhooks (not (include "krypton.webhookSecret" .)) -}}
{{ include "krypton.name" (list . "webhook-serving") }}
{{- end -}}
{{- end -}}

{{/* The name of both webhook configurations. */}}
{{- define "krypton.webhookConfigurations" -}}
{{ include "krypton.name" (list . "agents") }}
{{- end -}}

{{/* The key that the agents' tokens are derived from, as a volume. The controller makes the Secret; until then the kubelet waits. */}}
{{- define "krypton.internalKeyVolume" -}}
- name: internal-key
  secret:
    secretName: {{ include "krypton.name" (list . "internal") }}
    defaultMode: 0440
    items:
      - {key: key, path: key}
{{- end -}}
