# SPDX-License-Identifier: Apache-2.0
#
# index.jq — what stands out in the objects of a bundle, as Markdown. Input: the
# redacted lists, one after the other. Pure but for $now (seconds).

def rows_max: 40;

def instant: if . == null then null else sub("\\.[0-9]+"; "") | fromdateiso8601 end;

def cell: tostring | gsub("[\\n\\r|]+"; " ") | if length > 400 then .[0:400] + " …" else . end;

def where_is: "\(.metadata.namespace)/\(.metadata.name)";

def condition($type): (.status.conditions // [] | map(select(.type == $type)) | first) // {status: "Unknown", reason: "", message: "no such condition yet"};

def table($title; $head; $none):
	"### " + $title, "",
	if length == 0 then $none
	else
		"| " + ($head | join(" | ")) + " |", "|" + ($head | map("---|") | join("")),
		(.[0:rows_max][] | "| " + (map(cell) | join(" | ")) + " |"),
		if length > rows_max then "", "… and \(length - rows_max) more." else empty end
	end, "";

def container_state:
	(.state // {}) as $state | (.lastState.terminated // null) as $last
	| [(if $state.waiting then "waiting: \($state.waiting.reason // "") \($state.waiting.message // "")" elif $state.terminated then "ended: \($state.terminated.reason // "") (exit \($state.terminated.exitCode))" elif .ready then empty else "running, not ready" end),
		(if $last then "before that: \($last.reason // "") (exit \($last.exitCode)) at \($last.finishedAt)" else empty end)]
	| join("; ");

def statuses: (.status.initContainerStatuses // []) + (.status.containerStatuses // []);

def is_ready: .status.phase == "Succeeded" or condition("Ready").status == "True";

def age_s($now): if . == null then null else ($now - instant) | floor end;

[.[] | .items // [] | .[]] | unique_by([.kind, .metadata.namespace, .metadata.name]) | . as $objects
| ($objects | map(select(.kind == "Agent"))) as $agents
| ($objects | map(select(.kind == "Pod"))) as $pods
| ($objects | map(select(.kind == "Event"))) as $events
| ($agents | map(select(condition("Available").status != "True" and condition("Available").reason != "Asleep"))) as $faulty
| "\($agents | length) Agents: \($agents | map(select(condition("Available").status == "True")) | length) available, \($agents | map(select(condition("Available").reason == "Asleep" and condition("Available").status != "True")) | length) asleep, \($faulty | length) with a fault. \($pods | length) pods, Krypton's own among them.", "",
($faulty | map([where_is, .status.phase, (condition("Available") | .status, .reason, .lastTransitionTime, .message)])
	| table("Agents whose Available is not True"; ["agent", "phase", "status", "reason", "since", "message"]; "None, but for those that sleep.")),
($agents | map(select((.status.conditions // [] | map(select(.type == "Progressing" and .status == "False")) | length > 0) and (condition("Progressing").message != condition("Available").message))
		| [where_is, (condition("Progressing") | .reason, .message)])
	| table("Rollouts that stand still"; ["agent", "reason", "message"]; "None.")),
($pods | map(select(is_ready | not) | [where_is, .status.phase, (.spec.nodeName // "no node"), ([condition("Ready").message, (statuses | map("\(.name): " + container_state) | .[])] | map(select(. != null and . != "")) | join("; "))])
	| table("Pods that are not ready"; ["pod", "phase", "node", "what is seen"]; "None.")),
($pods | map(where_is as $pod | statuses[] | select(.restartCount > 0) | [$pod, .name, .restartCount, container_state]) | sort_by(-.[2])
	| table("Restarts"; ["pod", "container", "restarts", "state"]; "None.")),
($events | map(select(.type == "Warning") | . + {last: (.series.lastObservedTime // .lastTimestamp // .eventTime // .metadata.creationTimestamp)})
	| map(select((.last | age_s($now) // 0) <= 3600))
	| group_by([.involvedObject.namespace, .involvedObject.kind, .involvedObject.name, .reason, .message])
	| map({object: "\(.[0].involvedObject.kind) \(.[0].involvedObject.namespace // "")/\(.[0].involvedObject.name)", reason: .[0].reason, message: .[0].message,
		count: (map(.series.count // .count // 1) | add), last: (map(.last) | max)})
	| sort_by(.last) | reverse | map([.last, .object, .reason, .count, .message])
	| table("Warnings of the last hour"; ["last", "object", "reason", "times", "message"]; "None.")),
($objects | map(select(.kind == "Lease") | [where_is, .spec.holderIdentity, .spec.renewTime, "\(.spec.renewTime | age_s($now)) s", .spec.leaseTransitions])
	| table("Leases"; ["lease", "holder", "renewed", "ago", "changes of hands"]; "None was seen.")),
($pods | map(select(.metadata.labels["app.kubernetes.io/name"] == "krypton") | . as $pod | (.status.containerStatuses // [])[] | [($pod | where_is), .image, .imageID, ($pod.metadata.labels["app.kubernetes.io/version"] // ""), ($pod.metadata.labels["helm.sh/chart"] // "")])
	| table("Krypton's pods"; ["pod", "image", "digest", "version", "chart"]; "None was seen.")),
($objects | map(select(.kind == "Node") | [.metadata.name, condition("Ready").status, .status.nodeInfo.kubeletVersion,
		([.status.conditions[]? | select(.type != "Ready" and .status == "True") | .type] | join(", ")), (.spec.taints // [] | map("\(.key):\(.effect)") | join(", ")), .status.allocatable.cpu, .status.allocatable.memory])
	| table("Nodes"; ["node", "ready", "kubelet", "pressure", "taints", "cpu", "memory"]; "None was seen."))
