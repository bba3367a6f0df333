# SPDX-License-Identifier: Apache-2.0
"""Tables: what the API server must refuse, accept and fill in. A spec here is
merged over {"image": "example/agent:1"}; NOTHING takes a field away."""

NOTHING = object()

FORMAT_1MS = "must be a Go duration from 1ms to 24h, such as 90s, 1m30s or 500ms"
FORMAT_DRAIN = "must be a Go duration from 1s to 24h, such as 300s or 1h30m"
FORMAT_SLEEP = (
    "must be a Go duration from 1s to 168h, such as 300s or 1h30m; for an agent that never goes "
    "to zero set minReplicas to 1"
)
NAME = (
    "must be a DNS-1035 label, since a Service carries this name: at most 63 lower-case letters, "
    "digits and '-', beginning with a letter and ending with a letter or digit, such as my-agent-2"
)
IMAGE = "must be an image reference without spaces, such as registry.example.com/team/agent:1.2"
ALWAYS_ON = (
    "an always-on agent needs at least one replica: set minReplicas to 1 or more, or set mode to "
    "serverless to let the agent go to zero"
)
MAX_BELOW_MIN = (
    "must not be lower than minReplicas (maxReplicas is 10 when it is not set): raise maxReplicas "
    "or lower minReplicas"
)
PORT = (
    "port 8888 is taken by krypton-proxy, which runs in the same pod: let the agent listen on "
    "another port, such as 8080"
)
PATH = "must be a path that begins with '/' and has no '?', '#', spaces or '..' segments, such as /mcp"
FORMAT_KEEP_ALIVE = "must be a Go duration from 1s to 60s, such as 15s; to send nothing while a request waits, leave it out"
ENV_BOTH = "a variable has either value or valueFrom: remove one of the two"
ENV_NAME = "must consist of printable ASCII characters other than '=', such as LOG_LEVEL"
ENV_SOURCE = "needs exactly one of configMapKeyRef, secretKeyRef, fieldRef and resourceFieldRef"
ENV_FROM = "needs exactly one of configMapRef and secretRef"
ACCOUNT = (
    "must be the name of a ServiceAccount in the agent's namespace (lower-case letters, digits, "
    "'-' and '.'), or empty to have one created"
)
LABELS = (
    "krypton.ai/agent and app.kubernetes.io/managed-by are set by Krypton: remove them and use "
    "labels of your own"
)
PRE_STOP = (
    "the agent's preStop hook is Krypton's (it holds SIGTERM back until running work has ended, "
    "at most drainTimeout): remove it and let the agent act on SIGTERM"
)
PROXY = "the container krypton-proxy is Krypton's and cannot be changed: remove it from podTemplate"
INIT = (
    "agent and krypton-proxy are names of containers that Krypton makes: give the init container "
    "another name"
)

# A name, and the rule's words.
NAMES_REFUSED = ["1agent", "a.b", "a" * 64]

SECRET = {"secretKeyRef": {"name": "s", "key": "k"}}
CONFIG = {"configMapKeyRef": {"name": "c", "key": "k"}}


def containers(*items):
    return {"podTemplate": {"spec": {"containers": list(items)}}}


# sentence, spec, the field that the error names, words of its message
REFUSED = [
    ("an Agent without an image", {"image": NOTHING}, "spec.image", "Required value"),
    ("an empty image", {"image": ""}, "spec.image", IMAGE),
    ("an image with a space", {"image": "a b"}, "spec.image", IMAGE),
    ("an image that is too long", {"image": "a" * 1025}, "spec.image", "may not be more than 1024"),
    ("a number as image", {"image": 7}, "spec.image", "must be of type string"),
    ("an unknown pull policy", {"imagePullPolicy": "Sometimes"}, "spec.imagePullPolicy", 'supported values: "Always", "IfNotPresent", "Never"'),
    ("a pull secret without a name", {"imagePullSecrets": [{}]}, "spec.imagePullSecrets[0].name", "Required value"),
    ("a pull secret with an empty name", {"imagePullSecrets": [{"name": ""}]}, "spec.imagePullSecrets[0].name", "at least 1 chars long"),
    ("a pull secret given twice", {"imagePullSecrets": [{"name": "a"}, {"name": "a"}]}, "spec.imagePullSecrets[1]", "Duplicate value"),
    ("a list as runtime", {"runtime": []}, "spec.runtime", "must be of type string"),
    ("a long framework", {"framework": "f" * 257}, "spec.framework", "may not be more than 256"),
    ("an unknown protocol", {"protocol": "grpc"}, "spec.protocol", 'supported values: "a2a", "mcp", "http"'),
    ("an unknown mode", {"mode": "lambda"}, "spec.mode", 'supported values: "always-on", "serverless"'),
    ("a negative minReplicas", {"minReplicas": -1, "mode": "serverless"}, "spec.minReplicas", "greater than or equal to 0"),
    ("an always-on agent with minReplicas 0", {"minReplicas": 0}, "spec.minReplicas", ALWAYS_ON),
    ("minReplicas as a word", {"minReplicas": "two"}, "spec.minReplicas", "must be of type integer"),
    ("minReplicas with a fraction", {"minReplicas": 1.5}, "spec.minReplicas", "must be of type integer"),
    ("minReplicas past 10000", {"minReplicas": 10001, "maxReplicas": 10000}, "spec.minReplicas", "less than or equal to 10000"),
    ("maxReplicas 0", {"maxReplicas": 0}, "spec.maxReplicas", "greater than or equal to 1"),
    ("maxReplicas past 10000", {"maxReplicas": 10001}, "spec.maxReplicas", "less than or equal to 10000"),
    ("maxReplicas lower than minReplicas", {"minReplicas": 3, "maxReplicas": 2}, "spec.maxReplicas", MAX_BELOW_MIN),
    ("minReplicas higher than maxReplicas' default", {"minReplicas": 11}, "spec.maxReplicas", MAX_BELOW_MIN),
    ("concurrency 0", {"concurrency": 0}, "spec.concurrency", "greater than or equal to 1"),
    ("concurrency past 100000", {"concurrency": 100001}, "spec.concurrency", "less than or equal to 100000"),
    ("targetUtilization 0", {"targetUtilization": 0}, "spec.targetUtilization", "greater than or equal to 1"),
    ("targetUtilization 101", {"targetUtilization": 101}, "spec.targetUtilization", "less than or equal to 100"),
    ("scaleToZeroAfter as a number", {"scaleToZeroAfter": 300}, "spec.scaleToZeroAfter", "must be of type string"),
    ("scaleToZeroAfter without a unit", {"scaleToZeroAfter": "300"}, "spec.scaleToZeroAfter", FORMAT_SLEEP),
    ("scaleToZeroAfter in days", {"scaleToZeroAfter": "1d"}, "spec.scaleToZeroAfter", FORMAT_SLEEP),
    ("scaleToZeroAfter 0s", {"scaleToZeroAfter": "0s"}, "spec.scaleToZeroAfter", FORMAT_SLEEP),
    ("scaleToZeroAfter below a second", {"scaleToZeroAfter": "999ms"}, "spec.scaleToZeroAfter", FORMAT_SLEEP),
    ("scaleToZeroAfter past a week", {"scaleToZeroAfter": "169h"}, "spec.scaleToZeroAfter", FORMAT_SLEEP),
    ("port 0", {"port": 0}, "spec.port", "greater than or equal to 1"),
    ("port 65536", {"port": 65536}, "spec.port", "less than or equal to 65535"),
    ("port 8888", {"port": 8888}, "spec.port", PORT),
    ("a port's name", {"port": "http"}, "spec.port", "must be of type integer"),
    ("an invocationPath that is not absolute", {"invocationPath": "mcp"}, "spec.invocationPath", PATH),
    ("an empty invocationPath", {"invocationPath": ""}, "spec.invocationPath", PATH),
    ("an invocationPath with a query", {"invocationPath": "/mcp?x=1"}, "spec.invocationPath", PATH),
    ("an invocationPath with a space", {"invocationPath": "/m p"}, "spec.invocationPath", PATH),
    ("an invocationPath with a .. segment", {"invocationPath": "/a/../b"}, "spec.invocationPath", PATH),
    ("an invocationPath that ends in ..", {"invocationPath": "/a/.."}, "spec.invocationPath", PATH),
    ("timeout 0s", {"timeout": "0s"}, "spec.timeout", FORMAT_1MS),
    ("a negative timeout", {"timeout": "-5s"}, "spec.timeout", FORMAT_1MS),
    ("a timeout without a unit", {"timeout": "60"}, "spec.timeout", FORMAT_1MS),
    ("a timeout in words", {"timeout": "soon"}, "spec.timeout", FORMAT_1MS),
    ("a timeout with a space", {"timeout": "1m 30s"}, "spec.timeout", FORMAT_1MS),
    ("an empty timeout", {"timeout": ""}, "spec.timeout", FORMAT_1MS),
    ("a timeout under a millisecond", {"timeout": "999us"}, "spec.timeout", FORMAT_1MS),
    ("a timeout past a day", {"timeout": "24h1s"}, "spec.timeout", FORMAT_1MS),
    ("a timeout that overflows", {"timeout": "99999999999999h"}, "spec.timeout", FORMAT_1MS),
    ("a startupTimeout 0s", {"startupTimeout": "0s"}, "spec.startupTimeout", FORMAT_1MS),
    ("a startupTimeout as a number", {"startupTimeout": 90}, "spec.startupTimeout", "must be of type string"),
    ("a startupTimeout past a day", {"startupTimeout": "25h"}, "spec.startupTimeout", FORMAT_1MS),
    ("a waitKeepAlive 0s", {"waitKeepAlive": "0s"}, "spec.waitKeepAlive", FORMAT_KEEP_ALIVE),
    ("a waitKeepAlive under a second", {"waitKeepAlive": "999ms"}, "spec.waitKeepAlive", FORMAT_KEEP_ALIVE),
    ("a waitKeepAlive past a minute", {"waitKeepAlive": "61s"}, "spec.waitKeepAlive", FORMAT_KEEP_ALIVE),
    ("a waitKeepAlive as a number", {"waitKeepAlive": 15}, "spec.waitKeepAlive", "must be of type string"),
    ("a drainTimeout 0s", {"drainTimeout": "0s"}, "spec.drainTimeout", FORMAT_DRAIN),
    ("a drainTimeout past a day", {"drainTimeout": "25h"}, "spec.drainTimeout", FORMAT_DRAIN),
    ("a drainTimeout that is too long a text", {"drainTimeout": "0" * 32 + "1s"}, "spec.drainTimeout", "may not be more than 32"),
    ("a command that is no list", {"command": "python"}, "spec.command", "must be of type array"),
    ("an argument that is a number", {"args": [1]}, "spec.args[0]", "must be of type string"),
    ("env as a map", {"env": {"A": "b"}}, "spec.env", "must be of type array"),
    ("a variable without a name", {"env": [{"value": "x"}]}, "spec.env[0].name", "Required value"),
    ("a variable with an empty name", {"env": [{"name": ""}]}, "spec.env[0].name", "at least 1 chars long"),
    ("a variable with = in its name", {"env": [{"name": "A=B"}]}, "spec.env[0].name", ENV_NAME),
    ("a variable given twice", {"env": [{"name": "A"}, {"name": "B"}, {"name": "A"}]}, "spec.env[2]", "Duplicate value"),
    ("a variable's value that is a number", {"env": [{"name": "A", "value": 1}]}, "spec.env[0].value", "must be of type string"),
    ("a variable with value and valueFrom", {"env": [{"name": "A", "value": "x", "valueFrom": SECRET}]}, "spec.env[0].valueFrom", ENV_BOTH),
    ("a valueFrom with no source", {"env": [{"name": "A", "valueFrom": {}}]}, "spec.env[0].valueFrom", ENV_SOURCE),
    ("a valueFrom with two sources", {"env": [{"name": "A", "valueFrom": {**SECRET, **CONFIG}}]}, "spec.env[0].valueFrom", ENV_SOURCE),
    ("a secretKeyRef without a key", {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}]}, "spec.env[0].valueFrom.secretKeyRef.key", "Required value"),
    ("a secretKeyRef without a name", {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "k"}}}]}, "spec.env[0].valueFrom.secretKeyRef.name", "Required value"),
    ("a configMapKeyRef without a key", {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c"}}}]}, "spec.env[0].valueFrom.configMapKeyRef.key", "Required value"),
    ("a configMapKeyRef whose optional is a word", {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": "yes"}}}]}, "spec.env[0].valueFrom.configMapKeyRef.optional", "must be of type boolean"),
    ("a fieldRef without a path", {"env": [{"name": "A", "valueFrom": {"fieldRef": {}}}]}, "spec.env[0].valueFrom.fieldRef.fieldPath", "Required value"),
    ("a resourceFieldRef without a resource", {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {}}}]}, "spec.env[0].valueFrom.resourceFieldRef.resource", "Required value"),
    ("a divisor that is no quantity", {"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "much"}}}]}, "spec.env[0].valueFrom.resourceFieldRef.divisor", "should match"),
    ("an envFrom entry with no source", {"envFrom": [{"prefix": "A_"}]}, "spec.envFrom[0]", ENV_FROM),
    ("an envFrom entry with two sources", {"envFrom": [{"secretRef": {"name": "a"}, "configMapRef": {"name": "b"}}]}, "spec.envFrom[0]", ENV_FROM),
    ("an envFrom secretRef without a name", {"envFrom": [{"secretRef": {}}]}, "spec.envFrom[0].secretRef.name", "Required value"),
    ("an envFrom configMapRef without a name", {"envFrom": [{"configMapRef": {}}]}, "spec.envFrom[0].configMapRef.name", "Required value"),
    ("a limit that is no quantity", {"resources": {"limits": {"memory": "128 MB"}}}, "spec.resources.limits.memory", "should match"),
    ("a negative request", {"resources": {"requests": {"cpu": "-1"}}}, "spec.resources.requests.cpu", "should match"),
    ("a resource claim given twice", {"resources": {"claims": [{"name": "a"}, {"name": "a"}]}}, "spec.resources.claims[1]", "Duplicate value"),
    ("a serviceAccountName with capitals", {"serviceAccountName": "Robot"}, "spec.serviceAccountName", ACCOUNT),
    ("a podTemplate that is a list", {"podTemplate": []}, "spec.podTemplate", "must be of type object"),
    ("podTemplate: the label krypton.ai/agent", {"podTemplate": {"metadata": {"labels": {"krypton.ai/agent": "x"}}}}, "spec.podTemplate.metadata.labels", LABELS),
    ("podTemplate: the label managed-by", {"podTemplate": {"metadata": {"labels": {"app.kubernetes.io/managed-by": "x"}}}}, "spec.podTemplate.metadata.labels", LABELS),
    ("podTemplate: an annotation that is a number", {"podTemplate": {"metadata": {"annotations": {"a": 1}}}}, "spec.podTemplate.metadata.annotations.a", "must be of type string"),
    ("podTemplate: another restartPolicy", {"podTemplate": {"spec": {"restartPolicy": "Never"}}}, "spec.podTemplate.spec.restartPolicy", 'supported values: "Always"'),
    ("podTemplate: a container without a name", containers({"image": "x"}), "spec.podTemplate.spec.containers[0].name", "Required value"),
    ("podTemplate: a container given twice", containers({"name": "a"}, {"name": "a"}), "spec.podTemplate.spec.containers[1]", "Duplicate value"),
    ("podTemplate: the container krypton-proxy", containers({"name": "krypton-proxy", "image": "x"}), "spec.podTemplate.spec.containers[0].name", PROXY),
    ("podTemplate: the agent's preStop", containers({"name": "x"}, {"name": "agent", "lifecycle": {"preStop": {"exec": {"command": ["true"]}}}}), "spec.podTemplate.spec.containers[1].lifecycle.preStop", PRE_STOP),
    ("podTemplate: an init container named agent", {"podTemplate": {"spec": {"initContainers": [{"name": "agent"}]}}}, "spec.podTemplate.spec.initContainers[0].name", INIT),
    ("podTemplate: an init container named krypton-proxy", {"podTemplate": {"spec": {"initContainers": [{"name": "krypton-proxy"}]}}}, "spec.podTemplate.spec.initContainers[0].name", INIT),
]

# A field that does not exist, by its path: refused where validation is strict (kubectl).
UNKNOWN = [
    ({"imagee": "x"}, "spec.imagee"),
    ({"env": [{"name": "A", "vale": "x"}]}, "spec.env[0].vale"),
    ({"podTemplate": {"specs": {}}}, "spec.podTemplate.specs"),
    ({"podTemplate": {"metadata": {"name": "x"}}}, "spec.podTemplate.metadata.name"),
    ({"resources": {"limit": {}}}, "spec.resources.limit"),
]

# sentence, spec
ACCEPTED = [
    ("an image alone", {}),
    ("minReplicas 0 in mode serverless", {"mode": "serverless", "minReplicas": 0}),
    ("a serverless agent that never sleeps", {"mode": "serverless", "minReplicas": 2}),
    ("minReplicas equal to maxReplicas", {"minReplicas": 5, "maxReplicas": 5}),
    ("the highest counts", {"minReplicas": 10000, "maxReplicas": 10000, "concurrency": 100000}),
    ("the lowest and the highest port", {"port": 1}),
    ("port 65535", {"port": 65535}),
    ("the shortest durations", {"timeout": "1ms", "startupTimeout": "1ms", "waitKeepAlive": "1s", "drainTimeout": "1s", "scaleToZeroAfter": "1s"}),
    ("the longest durations", {"timeout": "24h", "startupTimeout": "24h", "waitKeepAlive": "60s", "drainTimeout": "24h", "scaleToZeroAfter": "168h"}),
    ("every Go form of a duration", {"timeout": "1h2m3.5s4ms", "startupTimeout": ".5s", "drainTimeout": "1.h", "scaleToZeroAfter": "300000000µs"}),
    ("waitKeepAlive 1m", {"waitKeepAlive": "1m"}),
    ("startupTimeout 90s", {"startupTimeout": "90s"}),
    ("an invocationPath with dots in a segment", {"invocationPath": "/a..b/...c"}),
    ("a serviceAccountName with dots", {"serviceAccountName": "team.robot"}),
    ("a quantity as a number", {"resources": {"limits": {"cpu": 1, "memory": "0.5Gi", "example.com/gpu": "1"}}}),
    ("500 variables", {"env": [{"name": "V%d" % i, "value": "x"} for i in range(500)]}),
    ("fields of a PodSpec that the CRD does not name", {"podTemplate": {"spec": {"tolerations": [{"operator": "Exists"}], "volumes": [{"name": "v", "emptyDir": {}}]}}}),
    ("a preStop of another container", containers({"name": "other", "image": "x", "lifecycle": {"preStop": {"sleep": {"seconds": 1}}}})),
    ("a postStart of the agent", containers({"name": "agent", "lifecycle": {"postStart": {"exec": {"command": ["true"]}}}})),
]

DEFAULTS = {
    "image": "example/agent:1", "imagePullPolicy": "IfNotPresent", "protocol": "a2a",
    "mode": "always-on", "minReplicas": 1, "maxReplicas": 10, "concurrency": 8,
    "targetUtilization": 100, "scaleToZeroAfter": "300s", "port": 8080, "invocationPath": "/",
    "timeout": "60s", "drainTimeout": "300s", "serviceAccountName": "",
}

MOMENT = "2030-01-01T00:00:00Z"
CONDITION = {"type": "Available", "status": "True", "reason": "Ready", "message": "", "lastTransitionTime": MOMENT}

# sentence, status, field, words
STATUS_REFUSED = [
    ("an unknown phase", {"phase": "Running"}, "status.phase", "Unsupported value"),
    ("negative replicas", {"replicas": -1}, "status.replicas", "greater than or equal to 0"),
    ("negative readyReplicas", {"readyReplicas": -1}, "status.readyReplicas", "greater than or equal to 0"),
    ("a negative desiredReplicas", {"desiredReplicas": -1}, "status.desiredReplicas", "greater than or equal to 0"),
    ("a lastInvocationAt that is no time", {"lastInvocationAt": "yesterday"}, "status.lastInvocationAt", "date-time"),
    ("an observedGeneration that is a word", {"observedGeneration": "1"}, "status.observedGeneration", "must be of type integer"),
    ("a url that is a number", {"url": 1}, "status.url", "must be of type string"),
    ("a condition given twice", {"conditions": [CONDITION, CONDITION]}, "status.conditions[1]", "Duplicate value"),
    ("a condition without a reason", {"conditions": [{k: v for k, v in CONDITION.items() if k != "reason"}]}, "status.conditions[0].reason", "Required value"),
    ("a condition that is neither True, False nor Unknown", {"conditions": [{**CONDITION, "status": "true"}]}, "status.conditions[0].status", "Unsupported value"),
    ("a reason with a space", {"conditions": [{**CONDITION, "reason": "Not Ready"}]}, "status.conditions[0].reason", "should match"),
]

COLUMNS = ["Name", "Mode", "Phase", "Replicas", "Age", "Ready", "Reason"]
WIDE_COLUMNS = ["Image", "URL", "Message"]
