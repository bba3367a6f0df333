#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test/api/controller/run.sh — the controller against a real kube-apiserver that
# has no controllers of its own: pods never come, so what a Deployment reports is
# said here. What is made of sidecars' words is in sidecar_word_test.py, the
# webhooks' certificate in webhooks_test.py. Needs
# KUBECONFIG, KUBECTL, BUILD, root (for addresses of pods) and the Agent resource. TAP.
# shellcheck disable=SC2154 # start() sets NAME_pid, NAME_ops and NAME_metrics by printf -v
set -uo pipefail
cd "$(dirname "$0")/../../.." || exit 2

controller=${BUILD:?}/bin/controller
k=${KUBECTL:?}
home=krypton-ctl-home # where the controller lives
ns=krypton-ctl-test   # where the agents live
work=$(mktemp -d)
failed=0
pids=()

# shellcheck disable=SC2317 # called by the trap
end() {
	local pid
	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2> /dev/null && wait "$pid" 2> /dev/null
	done
	rm -rf "$work"
}
trap end EXIT

ok() { echo "ok - $1"; }
not_ok() { # sentence, what was seen
	failed=1
	echo "not ok - $1"
	sed 's/^/# /' <<< "${2:-}" | tail -n 30
}
same() { # sentence, wanted, seen
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted $2"$'\n'"seen   $3"; fi
}
has() { # sentence, part, whole
	if [[ $3 == *"$2"* ]]; then ok "$1"; else not_ok "$1" "wanted a part: $2"$'\n'"seen: $3"; fi
}
# Waits for a fact: a command's output becomes what is wanted.
becomes() { # sentence, seconds, wanted, command…
	local sentence=$1 until=$((SECONDS + $2)) wanted=$3 seen=
	shift 3
	while [ "$SECONDS" -le "$until" ]; do
		seen=$("$@" 2>&1)
		[ "$seen" = "$wanted" ] && { ok "$sentence"; return 0; }
		sleep 0.1
	done
	not_ok "$sentence" "wanted $wanted"$'\n'"seen   $seen"$'\n'"$(tail -n 5 "$work"/*.log)"
	return 1
}
declare -A place=([agent]=apis/krypton.ai/v1alpha1 [deployment]=apis/apps/v1 [service]=api/v1 [serviceaccount]=api/v1 [pod]=api/v1
	[secret]=api/v1 [event]=api/v1 [configmap]=api/v1)
get() { curl -sf "$api/${place[$1]}/namespaces/${3:-$ns}/${1}s/$2"; } # kind, name or nothing for a list, namespace
# "{.spec.replicas} {.metadata.name}" of an object; what is absent is empty.
field() { get "$1" "$2" | jq -r "\"$(sed 's/{\([^}]*\)}/\\(\1 | if . == null then "" else . end)/g' <<< "$3")\""; }
object() { get "$1" "$2" | jq -c "$3"; }  # kind, name, jq
listed() { get "$1" "" | jq -rc "$2"; }   # kind, jq over the list
events() { listed event "[.items[] | select(.involvedObject.name == \"$1\") | .reason + \": \" + .message] | join(\"\\n\")"; }
available() { object agent "$1" "[.status.conditions[]? | select(.type == \"Available\")][0].$2"; }  # name, field
proxy_env() { get deployment "$1" | jq -r ".spec.template.spec.containers[1].env[] | select(.name == \"$2\").value"; }
agent() { # name, spec lines from standard input
	{ printf 'apiVersion: krypton.ai/v1alpha1\nkind: Agent\nmetadata: {name: %s, namespace: %s}\nspec:\n' "$1" "$ns"; sed 's/^/  /'; } |
		$k apply -f - > "$work/apply.out" 2>&1 || not_ok "agent $1 can be applied" "$(cat "$work/apply.out")"
}

next_port=$((20000 + RANDOM % 10000))
start() { # name, arguments…; sets ${name}_pid and ${name}_ops and ${name}_metrics
	local name=$1
	shift
	local metrics=127.0.0.1:$next_port ops=127.0.0.1:$((next_port + 1))
	next_port=$((next_port + 2))
	POD_NAME=$name POD_NAMESPACE=$home "$controller" --metrics-bind-address="$metrics" --health-probe-bind-address="$ops" \
		--proxy-image="${image:-proxy:1}" "$@" > "$work/$name.log" 2>&1 &
	pids+=($!)
	printf -v "${name}_pid" %s $!
	printf -v "${name}_ops" %s "$ops"
	printf -v "${name}_metrics" %s "$metrics"
}
stop() { # name: orderly
	local pid=${1}_pid
	kill -TERM "${!pid}"
	wait "${!pid}"
}
ready() { curl -s -o /dev/null -w '%{http_code}' "http://$1/readyz"; } # address
leads() { curl -s "http://$1/metrics" | sed -n 's/^krypton_controller_leader //p'; }
writes() { curl -s "http://$1/metrics" | sed -n 's/^krypton_controller_api_requests_total{kind="write"} //p'; }
# A Deployment whose rollout has come to its end.
rolled_out() { # name, replicas
	local generation
	generation=$(field deployment "$1" '{.metadata.generation}')
	$k -n "$ns" patch deployment "$1" --subresource=status --type=merge -p "{\"status\":{\"observedGeneration\":$generation,
		\"replicas\":$2,\"updatedReplicas\":$2,\"readyReplicas\":$2,\"availableReplicas\":$2}}" > /dev/null
}

# --- refused at the start ---
refused() { # sentence, words, arguments…
	local sentence=$1 words=$2 out code
	shift 2
	out=$(timeout 10 "$controller" "$@" 2>&1 > /dev/null)
	code=$?
	if [ "$code" -eq 2 ] && [ "$(wc -l <<< "$out")" -eq 1 ] && [[ $out == *"$words"* ]]; then ok "$sentence"; else not_ok "$sentence" "exit $code: $out"; fi
}
refused "an unknown flag ends with status 2 and is named" "--no-such-flag" --no-such-flag
refused "a bad address ends with status 2 and is named" "--metrics-bind-address" --proxy-image=x --metrics-bind-address=nowhere
refused "a missing proxy image ends with status 2 and is named" "--proxy-image"
refused "a bad pull policy ends with status 2 and is named" "--proxy-image-pull-policy: \"Sometimes\"" --proxy-image=x --proxy-image-pull-policy=Sometimes
refused "a kubeconfig that is not there ends with status 2 and is named" "$work/absent" --proxy-image=x --kubeconfig="$work/absent"
echo 'clusters: [' > "$work/broken"
refused "a kubeconfig that is no YAML ends with status 2 and is named" "$work/broken" --proxy-image=x --kubeconfig="$work/broken"
refused "webhooks without a certificate end with status 2 and name the file" "$work/nothing/tls.crt" --proxy-image=x --enable-webhooks \
	--webhook-cert-dir="$work/nothing" --metrics-bind-address=127.0.0.1:$next_port --health-probe-bind-address=127.0.0.1:$((next_port + 1)) --webhook-bind-address=127.0.0.1:$((next_port + 2))

# --- children ---
$k proxy --port=0 > "$work/proxy.out" 2>&1 &
pids+=($!)
until api=http://$(sed -n 's/^Starting to serve on //p' "$work/proxy.out") && [ "$api" != http:// ]; do kill -0 ${pids[-1]} || exit 1; sleep 0.05; done
for name in $home $ns; do $k create namespace $name > /dev/null; done
start one
becomes "it becomes ready once it is in step" 20 200 ready "$one_ops"
same "the internal key is made when it is absent" 64 "$($k -n $home get secret krypton-internal -o jsonpath='{.data.key}' | base64 -d | wc -c)"

agent plain <<< 'image: registry.example.com/plain:1'
becomes "an Agent gets its Deployment" 10 1 field deployment plain '{.spec.replicas}'
becomes "and its status" 10 1 field agent plain '{.status.observedGeneration}'
for kind in serviceaccount service deployment; do
	same "its $kind is owned by it and labelled" \
		"[[{\"apiVersion\":\"krypton.ai/v1alpha1\",\"blockOwnerDeletion\":true,\"controller\":true,\"kind\":\"Agent\",\"name\":\"plain\",\"uid\":\"$(field agent plain '{.metadata.uid}')\"}],\"krypton-runtime\",\"plain\"]" \
		"$(get $kind plain | jq -cS '[.metadata.ownerReferences, .metadata.labels["app.kubernetes.io/managed-by"], .metadata.labels["krypton.ai/agent"]]')"
done
same "the Agent carries our finalizer" '["krypton.ai/cleanup"]' "$(object agent plain .metadata.finalizers)"
same "its status says where it is" http://plain.$ns.svc:8080/ "$(field agent plain '{.status.url}')"
same "without pods it is Pending" Pending "$(field agent plain '{.status.phase}')"
has "an Event tells of the first objects" "Created: Deployment, Service and ServiceAccount plain" "$(events plain)"
has "what the Deployment sends is known to be ours" krypton-controller "$(object deployment plain '[.metadata.managedFields[].manager]')"

agent full << 'YAML'
image: registry.example.com/full:2
imagePullPolicy: Always
imagePullSecrets: [{name: regcred}]
protocol: mcp
mode: serverless
minReplicas: 2
maxReplicas: 5
concurrency: 3
scaleToZeroAfter: 90s
port: 9000
invocationPath: /mcp
command: [/bin/agent]
args: [--serve]
env: [{name: A, value: "1"}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}]
envFrom: [{configMapRef: {name: c}}]
resources: {requests: {cpu: 1000m, memory: 1Gi}, limits: {cpu: 2}}
serviceAccountName: robot
drainTimeout: 45s
podTemplate:
  metadata: {labels: {team: x}, annotations: {note: "y"}}
  spec:
    nodeSelector: {gpu: "yes"}
    tolerations: [{key: gpu, operator: Exists}]
    volumes: [{name: scratch, emptyDir: {sizeLimit: 1Gi}}]
    containers:
      - name: agent
        volumeMounts: [{name: scratch, mountPath: /scratch}]
        readinessProbe: {httpGet: {path: /ready, port: 9000}}
      - {name: helper, image: registry.example.com/helper:1}
YAML
becomes "an Agent with every field set gets its Deployment" 10 2 field deployment full '{.spec.replicas}'
pod=$(object deployment full .spec.template)
same "command, args, image and policy are the agent container's" '["registry.example.com/full:2","Always",["/bin/agent"],["--serve"]]' \
	"$(jq -c '.spec.containers[0] | [.image, .imagePullPolicy, .command, .args]' <<< "$pod")"
same "env and envFrom are the agent container's" \
	'[[{"name":"A","value":"1"},{"name":"B","valueFrom":{"secretKeyRef":{"key":"k","name":"s"}}}],[{"configMapRef":{"name":"c"}}]]' \
	"$(jq -cS '.spec.containers[0] | [.env, .envFrom]' <<< "$pod")"
same "resources are the agent container's" '{"limits":{"cpu":"2"},"requests":{"cpu":"1","memory":"1Gi"}}' "$(jq -cS '.spec.containers[0].resources' <<< "$pod")"
same "pull secrets, account and grace are the pod's" '[[{"name":"regcred"}],"robot",false,75]' \
	"$(jq -c '.spec | [.imagePullSecrets, .serviceAccountName, .automountServiceAccountToken, .terminationGracePeriodSeconds]' <<< "$pod")"
same "a token is mounted into the agent alone" '[["/scratch","/var/run/secrets/kubernetes.io/serviceaccount"],null]' \
	"$(jq -c '.spec.containers | [([.[0].volumeMounts[].mountPath] | sort), .[1].volumeMounts]' <<< "$pod")"
same "preStop asks the sidecar's drain with the agent's token" '["/_krypton/drain",8888,"Krypton-Token",64]' \
	"$(jq -c '.spec.containers[0].lifecycle.preStop.httpGet | [.path, .port, .httpHeaders[0].name, (.httpHeaders[0].value | length)]' <<< "$pod")"
same "the token is HMAC-SHA256 of the Agent's UID under the internal key" \
	"$(field agent full '{.metadata.uid}' | tr -d '\n' | openssl dgst -sha256 -hmac "$($k -n $home get secret krypton-internal -o jsonpath='{.data.key}' | base64 -d)" | awk '{print $NF}')" \
	"$(jq -r '.spec.containers[1].env[] | select(.name == "KRYPTON_TOKEN").value' <<< "$pod")"
same "the sidecar is told of port, concurrency, mode, protocol, times and probe" \
	'["http://127.0.0.1:9000","3","serverless","mcp","1m30s","45s","/ready"]' \
	"$(jq -c '[.spec.containers[1].env[] | {(.name): .value}] | add | [.KRYPTON_UPSTREAM_URL, .KRYPTON_CONCURRENCY, .KRYPTON_MODE, .KRYPTON_PROTOCOL, .KRYPTON_IDLE_TIMEOUT, .KRYPTON_SHUTDOWN_TIMEOUT, .KRYPTON_READINESS_PATH]' <<< "$pod")"
same "podTemplate is merged last" '["x","y","agent","yes","gpu","/ready","helper"]' \
	"$(jq -c '[.metadata.labels.team, .metadata.annotations.note, .metadata.annotations["kubectl.kubernetes.io/default-container"], .spec.nodeSelector.gpu, .spec.tolerations[0].key, .spec.containers[0].readinessProbe.httpGet.path, .spec.containers[2].name]' <<< "$pod")"
same "the Service leads from the agent's port to the proxy" '[{"name":"http","port":9000,"protocol":"TCP","targetPort":"proxy"}]' "$(object service full .spec.ports | jq -cS .)"
same "a named ServiceAccount is not made" "" "$(field serviceaccount full '{.metadata.name}' 2> /dev/null)"
becomes "status.url carries port and invocationPath" 5 http://full.$ns.svc:9000/mcp field agent full '{.status.url}'

# --- replicas and status ---
$k -n $ns patch agent plain --subresource=status --type=merge -p '{"status":{"desiredReplicas":4,"lastInvocationAt":"2026-01-01T00:00:00Z","conditions":[{"type":"Scaled","status":"True","reason":"Load","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}' > /dev/null
becomes "the Deployment follows status.desiredReplicas" 5 4 field deployment plain '{.spec.replicas}'
becomes "the condition of the controller stands beside the scaler's" 5 '["Available","Progressing","Scaled"]' object agent plain '[.status.conditions[].type] | sort'
same "fields of others stay as they are" "4 2026-01-01T00:00:00Z" "$(field agent plain '{.status.desiredReplicas} {.status.lastInvocationAt}')"
rolled_out plain 4
becomes "ready pods make it Ready" 5 '["Ready",4,4,"True","Ready"]' object agent plain \
	'[.status.phase, .status.replicas, .status.readyReplicas] + ([.status.conditions[] | select(.type == "Available")][0] | [.status, .reason])'
sleep_state() { echo "$(field deployment sleeper '{.spec.replicas}') $(field agent sleeper '{.status.phase} {.status.conditions[0].reason}')"; }
agent sleeper <<< $'image: i\nmode: serverless\nminReplicas: 0'
becomes "a serverless agent that nobody called has no replica and is Ready" 5 "0 Ready Asleep" \
	sleep_state
$k -n $ns patch agent sleeper --subresource=status --type=merge -p '{"status":{"desiredReplicas":1}}' > /dev/null
becomes "a wake makes one" 5 1 field deployment sleeper '{.spec.replicas}'
$k -n $ns patch agent sleeper --subresource=status --type=merge -p '{"status":{"desiredReplicas":0}}' > /dev/null
becomes "a desired 0 is a real 0" 5 0 field deployment sleeper '{.spec.replicas}'

# --- drift ---
$k -n $ns scale deployment plain --replicas=9 > /dev/null
becomes "a manual scale is put right" 5 4 field deployment plain '{.spec.replicas}'
becomes "an Event names who, what and the Agent's field" 5 \
	"DriftRepaired: Deployment plain: spec.replicas was changed to 9 by kubectl and has been put right; to change it set spec.minReplicas and spec.maxReplicas of the Agent" \
	listed event '.items[] | select(.reason == "DriftRepaired" and (.message | contains("spec.replicas"))) | .reason + ": " + .message'
$k -n $ns set image deployment/plain agent=evil:1 > /dev/null
becomes "a changed image is put right" 5 registry.example.com/plain:1 field deployment plain '{.spec.template.spec.containers[0].image}'
$k -n $ns set env deployment/plain -c krypton-proxy KRYPTON_TOKEN=stolen > /dev/null
token_length() { proxy_env plain KRYPTON_TOKEN | tr -d '\n' | wc -c; }
becomes "a changed sidecar is put right" 5 64 token_length
if [[ $(events plain) == *stolen* ]]; then not_ok "no Event shows a value that may be secret" "$(events plain)"; else ok "no Event shows a value that may be secret"; fi
for kind in service serviceaccount deployment; do
	uid=$(field $kind plain '{.metadata.uid}')
	$k -n $ns delete $kind plain --wait=false > /dev/null
	becomes "a deleted $kind is made again" 10 true object "$kind" plain ".metadata.uid != \"$uid\""
done
has "an Event tells of the deleted Service" "Service plain was deleted and has been made again" "$(events plain)"
# The API server makes some of its own about Services, in another form.
same "our Events carry first and last time and a count" true "$(listed event '[.items[] | select(.source.component == "krypton-controller") | .firstTimestamp != null and .lastTimestamp != null and .count >= 1] | all')"
agent spare <<< $'image: i\ncommand: [x]\nenv: [{name: A, value: "1"}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}, {name: C, value: "3"}]'
spare() { object deployment spare '.spec.template.spec.containers[0] | [.command, [.env[].name]]'; }
becomes "an Agent's command and variables are its container's" 5 '[["x"],["A","B","C"]]' spare
agent spare <<< $'image: i\nenv: [{name: A, value: "1"}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]'
becomes "what an Agent no longer says is taken away" 5 '[null,["A","B"]]' spare
$k -n $ns delete agent spare > /dev/null
$k -n $ns label deployment plain team=mine > /dev/null
$k -n $ns annotate service plain note=mine > /dev/null
$k -n $ns rollout restart deployment plain > /dev/null
$k -n $ns scale deployment plain --replicas=8 > /dev/null # so that there is something to put right after them
becomes "replicas are put right beside them" 5 4 field deployment plain '{.spec.replicas}'
same "labels and annotations of others and a rollout restart survive" "mine mine true" \
	"$(field deployment plain '{.metadata.labels.team}') $(field service plain '{.metadata.annotations.note}') $(object deployment plain '.spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"] != null')"

# --- what is refused ---
$k -n $ns create service clusterip taken --tcp=80 > /dev/null
agent taken <<< 'image: i'
becomes "a name that somebody else's Service has is not taken over" 10 NameConflict field agent taken '{.status.conditions[0].reason}'
same "that Service is left as it is" "80 " "$(field service taken '{.spec.ports[0].port} {.metadata.ownerReferences}')"
has "the condition says what to do" "Service taken is there already and is not this Agent's: delete it" "$(available taken message)"
$k -n $ns delete service taken > /dev/null
becomes "once the name is free the agent gets it" 70 8080 field service taken '{.spec.ports[0].port}'
agent odd <<< $'image: i\npodTemplate: {spec: {securityContext: {$patch: replace}}}'
becomes "a pod template that cannot be merged is a condition" 10 "InvalidPodTemplate Failed" field agent odd '{.status.conditions[0].reason} {.status.phase}'
same "and nothing is written" "" "$(field deployment odd '{.metadata.name}' 2> /dev/null)"
agent odd <<< $'image: i\npodTemplate: {spec: {containers: [{name: agent, ports: [{containerPort: 1, name: http}]}]}}'
becomes "the API server's words about a bad pod are passed on" 10 true object agent odd '.status.conditions[0] | .reason == "InvalidPodTemplate" and (.message | contains("Duplicate"))'
agent odd <<< 'image: i'
becomes "a corrected Agent goes on" 10 Starting field agent odd '{.status.conditions[0].reason}'

# --- diagnosis ---
$k -n $ns apply -f - > /dev/null << YAML
apiVersion: v1
kind: Pod
metadata: {name: odd-1-a, labels: {krypton.ai/agent: odd}}
spec: {serviceAccountName: odd, automountServiceAccountToken: false, containers: [{name: agent, image: i}, {name: krypton-proxy, image: p}]}
YAML
$k -n $ns patch pod odd-1-a --subresource=status --type=merge -p '{"status":{"containerStatuses":[
	{"name":"agent","image":"i","imageID":"","ready":false,"restartCount":0,"state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image \"i\": ErrImagePull: no such host"}}},
	{"name":"krypton-proxy","image":"p","imageID":"","ready":false,"restartCount":0,"state":{"running":{}}}]}}' > /dev/null
becomes "an image that cannot be pulled is named with the registry's words" 10 true \
	object agent odd '.status | .phase == "Failed" and (.conditions[0] | .reason == "ImagePullFailed" and .status == "False" and (.message | contains("no such host")))'
becomes "and is a Warning on the Agent" 5 Warning listed event '.items[] | select(.reason == "ImagePullFailed").type'
$k -n $ns create -f - > /dev/null << YAML
apiVersion: v1
kind: Event
metadata: {generateName: odd-, namespace: $ns}
involvedObject: {kind: Pod, namespace: $ns, name: odd-1-a, uid: $(field pod odd-1-a '{.metadata.uid}')}
type: Warning
reason: FailedToRetrieveImagePullSecret
message: Unable to retrieve some image pull secrets (regcred)
lastTimestamp: "2026-01-01T00:00:00Z"
YAML
becomes "an absent pull secret is told from the kubelet's Event" 10 PullSecretMissing field agent odd '{.status.conditions[0].reason}'
$k -n $ns delete pod odd-1-a --grace-period=0 --force > /dev/null 2>&1

# --- at rest, and after a restart ---
quiet() { # address, seconds: what was written meanwhile
	local before
	before=$(writes "$1")
	sleep "$2" # the measured span itself
	echo $(($(writes "$1") - before))
}
settled() { # the count has stood still for a second
	local before
	before=$(writes "$1")
	sleep 1
	[ "$before" = "$(writes "$1")" ] && echo settled
}
becomes "writing comes to an end" 30 settled settled "$one_metrics"
requests() { curl -s "http://$1/metrics" | awk '/^krypton_controller_api_requests_total.kind="(read|write)"/ { sum += $2 } END { print sum }'; }
before=$(requests "$one_metrics")
agent lean <<< 'image: i'
becomes "a new Agent is reported" 10 1 field agent lean '{.status.observedGeneration}'
becomes "and no more is asked for" 30 settled settled "$one_metrics"
same "it has cost six requests: finalizer, three children, status, Event" 6 $(($(requests "$one_metrics") - before))
$k -n $ns delete agent lean --timeout=20s > /dev/null
becomes "its end comes to rest" 30 settled settled "$one_metrics"
same "at rest nothing is written in 20 s" 0 "$(quiet "$one_metrics" 20)"
same "no write met a conflict that was repeated for ever" true "$(curl -s "http://$one_metrics/metrics" | awk '/^krypton_controller_api_conflicts_total/ { print ($2 < 5) ? "true" : $2 }')"
versions() { for kind in agent deployment service serviceaccount; do listed $kind '.kind as $k | .items[] | $k + "/" + .metadata.name + "@" + .metadata.resourceVersion'; done; }
before=$(versions)
stop one
same "told to stop it ends with status 0" 0 $?
start two
looked() { curl -s "http://$1/metrics" | awk '/^krypton_controller_reconciles_total.result="ok"/ { print ($2 >= 3) }'; }
becomes "another controller takes its place" 20 1 looked "$two_metrics"
becomes "it comes to rest" 20 settled settled "$two_metrics"
same "a restart writes nothing" 0 "$(writes "$two_metrics")"
same "no object has another version after a restart" "$before" "$(versions)"
metrics=$(curl -s "http://$two_metrics/metrics")
if command -v promtool > /dev/null; then same "its metrics are well-formed" "" "$(promtool check metrics <<< "$metrics" 2>&1)"; fi
has "its settings can be read" '"proxy-image":"proxy:1"' "$(curl -s "http://$two_ops/configz")"
stop two

# --- a new image of krypton-proxy ---
for name in r1 r2 r3; do agent $name <<< 'image: i'; done
start roll
for name in r1 r2 r3; do becomes "agent $name is there" 10 1 field deployment $name '{.spec.replicas}' > /dev/null; done
for name in plain full odd taken r1 r2 r3; do rolled_out $name "$(field deployment $name '{.spec.replicas}')"; done
becomes "all pods are up" 10 '["Ready"]' listed agent '[.items[].status.phase] | unique'
stop roll
image=proxy:2
start newer
proxies() { listed deployment '[.items[] | select(.spec.template.spec.containers[1].image == "proxy:2").metadata.name] | length'; }
rolling() { listed deployment '.items[] | select(.status.observedGeneration != .metadata.generation).metadata.name'; }
becomes "a new proxy image reaches two always-on agents" 10 2 proxies
becomes "it comes to rest" 20 settled settled "$newer_metrics"
same "and no third one while they roll" 2 "$(proxies)"
roll_on() { # lets those that roll come to their end
	local name
	for name in $(rolling); do rolled_out "$name" "$(field deployment "$name" '{.spec.replicas}')"; done
	proxies
}
becomes "all always-on agents have it in the end, two after two" 60 7 roll_on
same "a sleeping agent does not" proxy:1 "$(field deployment sleeper '{.spec.template.spec.containers[1].image}')"
$k -n $ns patch agent sleeper --subresource=status --type=merge -p '{"status":{"desiredReplicas":1}}' > /dev/null
becomes "it gets it when it wakes" 5 "1 proxy:2" field deployment sleeper '{.spec.replicas} {.spec.template.spec.containers[1].image}'

# --- the gateway's address ---
$k -n $home create service clusterip krypton-gateway --tcp=8080 --tcp=8082 > /dev/null
agent greeted <<< 'image: i'
becomes "sidecars are told the gateway's cluster IP" 10 "http://$($k -n $home get service krypton-gateway -o jsonpath='{.spec.clusterIP}'):8082" \
	proxy_env greeted KRYPTON_GATEWAY

# --- the end of an Agent ---
$k -n $ns create configmap greeted > /dev/null
$k -n $ns delete agent greeted --timeout=20s > /dev/null
same "a deleted Agent leaves nothing of its own" "" "$($k -n $ns get agents,deployments,services,serviceaccounts -l krypton.ai/agent=greeted -o name; $k -n $ns get deployments,services,serviceaccounts -o name | grep /greeted)"
same "and what is not its own stays" configmap/greeted "$($k -n $ns get configmap greeted -o name)"

agent held <<< 'image: i'
becomes "an agent that will be held is there" 10 1 field deployment held '{.spec.replicas}'
$k -n $ns patch deployment held --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}' > /dev/null
$k -n $ns delete agent held --wait=false > /dev/null
becomes "a child that somebody else's finalizer holds is named" 10 \
	"DeletionBlocked The agent is being deleted and waits for objects that a finalizer holds: Deployment held (example.com/hold). Next: kubectl -n $ns get deployment,service,serviceaccount held -o custom-columns=KIND:.kind,FINALIZERS:.metadata.finalizers" \
	field agent held '{.status.conditions[0].reason} {.status.conditions[0].message}'
same "its other children are gone by then" "" "$($k -n $ns get services,serviceaccounts -o name | grep /held)"
$k -n $ns patch deployment held --type=merge -p '{"metadata":{"finalizers":null}}' > /dev/null
becomes "without that finalizer the agent goes" 10 "" eval "$k -n $ns get agents held -o name --ignore-not-found"

# --- webhooks ---
stop newer
server=$($k config view --minify -o 'jsonpath={.clusters[0].cluster.server}' | sed 's|https://||; s|:[0-9]*$||')
address=$(ip -o route get "$server" | sed 's/.* src \([^ ]*\).*/\1/') # ours, as the API server sees it
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "subjectAltName=DNS:localhost,IP:$address" \
	-keyout "$work/tls.key" -out "$work/tls.crt" 2> /dev/null
hook=$address:$next_port
next_port=$((next_port + 1))
start hooked --enable-webhooks --webhook-cert-dir="$work" --webhook-bind-address="$hook"
becomes "a controller with webhooks becomes ready" 20 200 ready "$hooked_ops"
review() { # path, object
	curl -s --cacert "$work/tls.crt" -H 'Content-Type: application/json' "https://$hook/$1-krypton-ai-v1alpha1-agent" \
		-d "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"r\",\"object\":$2}}"
}
same "by TLS it lets a good Agent in" true "$(review validate '{"metadata":{"name":"a"},"spec":{"image":"i"}}' | jq .response.allowed)"
same "refuses a bad one by its field" '[false,"spec.port"]' "$(review validate '{"metadata":{"name":"a"},"spec":{"image":"i","port":8888}}' | jq -c '[.response.allowed, .response.status.details.causes[0].field]')"
same "and changes nothing on the mutating path" '["uid","allowed"]' "$(review mutate '{"metadata":{"name":"a"},"spec":{"image":"i"}}' | jq -c '.response | keys_unsorted')"
$k apply -f - > /dev/null << YAML
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: krypton-ctl-test}
webhooks:
  - name: validate.agents.krypton.ai
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Fail
    rules: [{apiGroups: [krypton.ai], apiVersions: [v1alpha1], resources: [agents], operations: [CREATE, UPDATE]}]
    clientConfig: {url: "https://$hook/validate-krypton-ai-v1alpha1-agent", caBundle: "$(base64 -w0 "$work/tls.crt")"}
YAML
hooked_apply() { printf 'apiVersion: krypton.ai/v1alpha1\nkind: Agent\nmetadata: {name: hooked, namespace: %s}\nspec: {image: i%s}\n' $ns "$1" | $k apply --dry-run=server -f - 2>&1; }
becomes "the API server asks it and passes its words on" 10 'directives of a strategic merge' \
	eval "hooked_apply ', podTemplate: {spec: {affinity: {\$patch: replace}}}' | grep -o 'directives of a strategic merge'"
has "and a good Agent passes" "created (server dry run)" "$(hooked_apply '')"
$k delete validatingwebhookconfiguration krypton-ctl-test > /dev/null
stop hooked

# --- two of them ---
start left --leader-elect
becomes "one that is asked to elect leads" 20 1 leads "$left_metrics"
start right --leader-elect
becomes "a second one becomes ready" 20 200 ready "$right_ops"
same "and stands by" 0 "$(leads "$right_metrics")"
agent shared <<< 'image: i'
becomes "work is done" 10 1 field deployment shared '{.spec.replicas}'
same "by the leader alone" 0 "$(writes "$right_metrics")"
stop left
becomes "one that is told to stop hands over at once" 5 1 leads "$right_metrics"
kill -KILL "$right_pid"
wait "$right_pid" 2> /dev/null
start third --leader-elect
becomes "one that was killed is succeeded when its Lease ends" 30 1 leads "$third_metrics"
$k -n $ns scale deployment shared --replicas=3 > /dev/null
becomes "and the successor works" 5 1 field deployment shared '{.spec.replicas}'
stop third

# --- the one-shot ---
out=$(POD_NAMESPACE=$home POD_NAME=cleanup timeout 90 "$controller" --release-finalizers --leader-elect 2>&1)
same "--release-finalizers ends with status 0" 0 $?
same "no Agent has our finalizer any more, and all are there" '[true,true]' \
	"$(listed agent '[([.items[].metadata.finalizers // [] | length] | add) == 0, (.items | length) > 5]')"
has "it says how many" '"event":"finalizers.released"' "$out"
same "it hands the Lease back" "" "$($k -n $home get lease krypton-controller -o jsonpath='{.spec.holderIdentity}')"

# --- a right that is missing, a server that is down ---
$k -n $home create serviceaccount poor > /dev/null
token=$($k -n $home create token poor)
$k config view --raw --minify -o json | jq --arg t "$token" '.users[0].user = {token: $t}' > "$work/poor.kubeconfig"
start poor --kubeconfig="$work/poor.kubeconfig"
unready() { curl -s "http://$1/readyz?verbose" | grep -q "^\[-\]$2" && echo yes; }
becomes "a missing right is named with verb and resource in /readyz?verbose" 15 yes \
	unready "$poor_ops" 'agents: .*cannot [a-z]* agents.krypton.ai.*403'
logged() { grep -q "$2" "$work/$1.log" && echo yes; }
becomes "and in the log" 10 yes logged poor 'cannot [a-z]* deployments.apps.*403'
becomes "the Secret's too" 10 yes logged poor 'cannot get secrets.*403'
same "no token stands in the log" "" "$(grep -F "$token" "$work/poor.log")"
stop poor
$k config view --raw --minify -o json | jq '.clusters[0].cluster.server = "https://127.0.0.1:1"' > "$work/down.kubeconfig"
start down --kubeconfig="$work/down.kubeconfig"
becomes "a server that is down makes it unready and is named" 10 yes unready "$down_ops" 'agents: .*127.0.0.1'
same "it goes on trying" 0 "$(kill -0 "$down_pid"; echo $?)"
lines=$(grep -c '"resource":"agents"' "$work/down.log")
failures() { curl -s "http://$1/metrics" | awk '$1 == "krypton_controller_api_failures_total" { print $2 }'; }
tried=$(failures "$down_metrics")
tried_again() { [ "$(failures "$down_metrics")" -ge $((tried + 10)) ] && echo yes; }
becomes "it tries again and again" 30 yes tried_again
same "what does not change is logged once" "$lines" "$(grep -c '"resource":"agents"' "$work/down.log")"
stop down

# --- the webhooks' certificate ---
PYTHONPATH=test/api:test timeout 120 /usr/bin/python3 -B test/api/controller/webhooks_test.py || failed=1

# --- what sidecars say ---
PYTHONPATH=test/api:test timeout 120 python3 -B test/api/controller/sidecar_word_test.py || failed=1

$k delete namespace $ns $home --wait=false > /dev/null 2>&1
exit "$failed"
