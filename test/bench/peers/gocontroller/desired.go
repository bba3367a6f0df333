// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

var agentKind = schema.GroupVersionKind{Group: "krypton.ai", Version: "v1alpha1", Kind: "Agent"}

const proxyPort = 8888

// agentSpec is what children are made of.
type agentSpec struct {
	name, namespace, image, mode, protocol, path string
	port, replicas, concurrency, generation      int64
	owner                                        metav1.OwnerReference
}

func readSpec(agent *unstructured.Unstructured) (*agentSpec, error) {
	spec := &agentSpec{
		name:       agent.GetName(),
		namespace:  agent.GetNamespace(),
		generation: agent.GetGeneration(),
		owner:      *metav1.NewControllerRef(agent, agentKind),
	}
	for field, value := range map[string]*string{
		"image": &spec.image, "mode": &spec.mode, "protocol": &spec.protocol, "invocationPath": &spec.path,
	} {
		text, _, err := unstructured.NestedString(agent.Object, "spec", field)
		if err != nil {
			return nil, err
		}
		*value = text
	}
	for field, value := range map[string]*int64{
		"port": &spec.port, "minReplicas": &spec.replicas, "concurrency": &spec.concurrency,
	} {
		number, _, err := unstructured.NestedInt64(agent.Object, "spec", field)
		if err != nil {
			return nil, err
		}
		*value = number
	}
	if spec.image == "" || spec.port == 0 {
		return nil, fmt.Errorf("spec.image and spec.port are required")
	}
	if wanted, isSet, _ := unstructured.NestedInt64(agent.Object, "status", "desiredReplicas"); isSet {
		spec.replicas = wanted
	}
	return spec, nil
}

func (s *agentSpec) labels() map[string]string {
	return map[string]string{"app.kubernetes.io/managed-by": "krypton-runtime", "krypton.ai/agent": s.name}
}

func (s *agentSpec) meta() metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: s.name, Namespace: s.namespace, Labels: s.labels(), OwnerReferences: []metav1.OwnerReference{s.owner},
	}
}

func (s *agentSpec) account() *corev1.ServiceAccount {
	return &corev1.ServiceAccount{
		TypeMeta:                     metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta:                   s.meta(),
		AutomountServiceAccountToken: ptr.To(false),
	}
}

func (s *agentSpec) service() *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: s.meta(),
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeClusterIP,
			Selector: map[string]string{"krypton.ai/agent": s.name},
			Ports: []corev1.ServicePort{{
				Name: "http", Port: int32(s.port), Protocol: corev1.ProtocolTCP, TargetPort: intstr.FromString("proxy"),
			}},
		},
	}
}

func (s *agentSpec) token() string {
	mac := hmac.New(sha256.New, []byte("a key of the bench"))
	mac.Write([]byte(s.owner.UID))
	return hex.EncodeToString(mac.Sum(nil))
}

func probe(path string, period, timeout int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(proxyPort)}},
		PeriodSeconds: period, TimeoutSeconds: timeout,
		SuccessThreshold: 1, FailureThreshold: 3, // the defaults, which a comparison is not to miss
	}
}

func (s *agentSpec) agentContainer() corev1.Container {
	return corev1.Container{
		Name:                     "agent",
		Image:                    s.image,
		ImagePullPolicy:          corev1.PullIfNotPresent,
		Ports:                    []corev1.ContainerPort{{Name: "http", ContainerPort: int32(s.port), Protocol: corev1.ProtocolTCP}},
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{
			Path: "/_krypton/drain", Port: intstr.FromInt32(proxyPort),
			HTTPHeaders: []corev1.HTTPHeader{{Name: "Krypton-Token", Value: s.token()}},
		}}},
	}
}

func (s *agentSpec) proxyContainer(image string) corev1.Container {
	env := []corev1.EnvVar{}
	for _, pair := range [][2]string{
		{"KRYPTON_AGENT_NAME", s.name}, {"KRYPTON_AGENT_NAMESPACE", s.namespace},
		{"KRYPTON_UPSTREAM_URL", fmt.Sprintf("http://127.0.0.1:%d", s.port)},
		{"KRYPTON_CONCURRENCY", strconv.FormatInt(s.concurrency, 10)}, {"KRYPTON_MODE", s.mode},
		{"KRYPTON_PROTOCOL", s.protocol}, {"KRYPTON_IDLE_TIMEOUT", "5m0s"}, {"KRYPTON_SHUTDOWN_TIMEOUT", "5m0s"},
		{"KRYPTON_TOKEN", s.token()},
	} {
		env = append(env, corev1.EnvVar{Name: pair[0], Value: pair[1]})
	}
	return corev1.Container{
		Name:            "krypton-proxy",
		Image:           image,
		ImagePullPolicy: corev1.PullIfNotPresent,
		Env:             env,
		Ports:           []corev1.ContainerPort{{Name: "proxy", ContainerPort: proxyPort, Protocol: corev1.ProtocolTCP}},
		ReadinessProbe:  probe("/readyz", 2, 2),
		LivenessProbe:   probe("/healthz", 10, 5),
		Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("5m"), corev1.ResourceMemory: resource.MustParse("8Mi"),
		}},
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		SecurityContext: &corev1.SecurityContext{
			RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](65532), RunAsGroup: ptr.To[int64](65532),
			ReadOnlyRootFilesystem: ptr.To(true), AllowPrivilegeEscalation: ptr.To(false),
			Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	}
}

func (s *agentSpec) deployment(proxyImage string) *appsv1.Deployment {
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: s.meta(),
		Spec: appsv1.DeploymentSpec{
			Replicas:             ptr.To(int32(s.replicas)),
			RevisionHistoryLimit: ptr.To[int32](3),
			Selector:             &metav1.LabelSelector{MatchLabels: map[string]string{"krypton.ai/agent": s.name}},
			Strategy: appsv1.DeploymentStrategy{
				Type: appsv1.RollingUpdateDeploymentStrategyType,
				RollingUpdate: &appsv1.RollingUpdateDeployment{
					MaxUnavailable: ptr.To(intstr.FromInt32(0)), MaxSurge: ptr.To(intstr.FromString("25%")),
				},
			},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{
					Labels:      s.labels(),
					Annotations: map[string]string{"kubectl.kubernetes.io/default-container": "agent"},
				},
				Spec: corev1.PodSpec{
					ServiceAccountName:            s.name,
					AutomountServiceAccountToken:  ptr.To(false),
					TerminationGracePeriodSeconds: ptr.To[int64](330),
					Containers:                    []corev1.Container{s.agentContainer(), s.proxyContainer(proxyImage)},
				},
			},
		},
	}
}

func (s *agentSpec) status(agent *unstructured.Unstructured, deployment *appsv1.Deployment) map[string]any {
	phase, isAvailable, reason, message := "Ready", "True", "ScaledToZero", "The agent sleeps; the next invocation wakes it."
	if s.replicas > 0 && deployment.Status.ReadyReplicas == 0 {
		phase, isAvailable, reason, message = "Pending", "False", "Starting", "No pod is ready yet."
	} else if s.replicas > 0 {
		reason, message = "Ready", "The agent serves."
	}
	conditions := []any{}
	for _, row := range [][2]string{{"Available", isAvailable}, {"Progressing", "True"}} {
		condition := map[string]any{
			"type": row[0], "status": row[1], "reason": reason, "message": message, "observedGeneration": s.generation,
		}
		condition["lastTransitionTime"] = conditionSince(agent, condition)
		conditions = append(conditions, condition)
	}
	return map[string]any{
		"phase": phase, "replicas": int64(deployment.Status.Replicas), "readyReplicas": int64(deployment.Status.ReadyReplicas),
		"url":                fmt.Sprintf("http://%s.%s.svc:%d%s", s.name, s.namespace, s.port, s.path),
		"observedGeneration": s.generation, "conditions": conditions,
	}
}
