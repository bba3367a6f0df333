#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test/hack/support_redaction.sh — hack/support/redact.jq and index.jq on fixed
# objects and lines: what may not leave a cluster does not, what explains a fault
# does. One TAP line a fact; needs jq alone.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
failed=0

in_jq() { # jq-argument...
	jq -L "$root/hack/support" "$@"
}

tell() { # good sentence words
	if (($1)); then
		echo "ok - $2"
	else
		printf 'not ok - %s\n%s\n' "$2" "$(sed 's/^/# /' <<<"$3")"
		failed=1
	fi
}

# The program holds of the input.
holds() { # sentence input program
	local got
	got=$(in_jq -c "include \"redact\"; $3" <<<"$2" 2>&1)
	tell "$([[ $got == true ]]; echo $((1 - $?)))" "$1" "$got"
}

# A line of a log becomes this one.
line() { # sentence line wanted
	local got
	got=$(printf '%s' "$2" | in_jq -Rsr 'include "redact"; scrub_lines')
	tell "$([[ $got == "$3" ]]; echo $((1 - $?)))" "$1" "got:    $got
wanted: $3"
}

pod='{
  "kind": "Pod",
  "metadata": {
    "name": "greeter-1", "namespace": "default", "managedFields": [{"manager": "x"}],
    "annotations": {
      "kubectl.kubernetes.io/last-applied-configuration": "{\"spec\":{\"env\":[{\"name\":\"A\",\"value\":\"value-one\"}]}}",
      "some.tool/applied": "H4sIAAAA", "some.tool/token": "value-two", "note": "plain"
    }
  },
  "spec": {
    "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}],
    "volumes": [{"name": "v", "secret": {"secretName": "settings"}}],
    "containers": [
      {"name": "agent", "image": "docker.io/x/greeter:1",
       "args": ["--api-key", "value-three", "--token=value-four", "--password-file", "/etc/p", "--internal-secret=krypton-internal"],
       "command": ["sh", "-c", "API_TOKEN=value-five exec agent"],
       "env": [{"name": "A", "value": "value-six"}, {"name": "KRYPTON_MINE", "value": "value-seven"},
               {"name": "B", "valueFrom": {"secretKeyRef": {"name": "settings", "key": "b"}}}],
       "envFrom": [{"secretRef": {"name": "settings"}}],
       "lifecycle": {"preStop": {"httpGet": {"path": "/_krypton/drain", "httpHeaders": [{"name": "Krypton-Token", "value": "value-eight"}]}}}},
      {"name": "krypton-proxy",
       "env": [{"name": "KRYPTON_CONCURRENCY", "value": "8"}, {"name": "KRYPTON_TOKEN", "value": "value-nine"}]}
    ]
  },
  "status": {"containerStatuses": [{"name": "agent", "imageID": "docker.io/x/greeter@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "state": {"terminated": {"exitCode": 3, "message": "no route to db: postgres://me:value-ten@db:5432/x"}}}]}
}'

holds "no literal value of an environment variable, header, flag, annotation or URL is left" "$pod" \
	'redact | tojson | test("value-") | not'
holds "krypton-proxy's own settings stay, but for its token" "$pod" \
	'redact.spec.containers[1].env == [{name: "KRYPTON_CONCURRENCY", value: "8"}, {name: "KRYPTON_TOKEN", value: hidden}]'
holds "names of variables, of Secrets and of their keys stay" "$pod" \
	'redact.spec | .containers[0].env[2].valueFrom.secretKeyRef == {name: "settings", key: "b"} and .containers[0].envFrom[0].secretRef.name == "settings"
		and .volumes[0].secret.secretName == "settings" and .tolerations[0].key == "node.kubernetes.io/not-ready"'
holds "flags that say where a secret is stay" "$pod" \
	'redact.spec.containers[0].args[3:] == ["--password-file", "/etc/p", "--internal-secret=krypton-internal"]'
holds "the exit code, the image and its digest stay" "$pod" \
	'redact.status.containerStatuses[0] | .state.terminated.exitCode == 3 and (.imageID | test("sha256:0123")) and (.state.terminated.message | startswith("no route to db"))'
holds "managedFields are dropped" "$pod" 'redact.metadata | has("managedFields") | not'
holds "a copy of the manifest in an annotation is kept as JSON, its values redacted" "$pod" \
	'redact.metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"] | fromjson == {spec: {env: [{name: "A", value: hidden}]}}'
holds "what is redacted once is not changed by being redacted again" "$pod" 'redact == (redact | redact)'
holds "an Agent's podTemplate is redacted like a pod" \
	'{"kind":"Agent","spec":{"env":[{"name":"A","value":"value-one"}],"podTemplate":{"spec":{"containers":[{"name":"x","env":[{"name":"B","value":"value-two"}]}]}}}}' \
	'redact | tojson | test("value-") | not'
holds "of a Secret the name, the type and the names of its keys are left, and nothing else" \
	'{"kind":"List","items":[{"kind":"Secret","type":"Opaque","metadata":{"name":"s","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"a\":\"dmFsdWU=\"}}"}},"data":{"a":"dmFsdWU="},"stringData":{"b":"value"}}]}' \
	'redact.items[0] | .keys == ["a", "b"] and .type == "Opaque" and .metadata.name == "s" and (has("data") or has("stringData") | not) and (tojson | test("dmFs|value") | not)'

line "a bearer token is taken out of a log" 'GET / Authorization: Bearer abc.def-123' 'GET / Authorization: [redacted]'
line "a token in a line of JSON is taken out" '{"event":"x","token":"abc123","agent":"a/b"}' '{"event":"x","token":"[redacted]","agent":"a/b"}'
line "Krypton-Token is taken out" 'krypton-token: 0123abcd' 'krypton-token: [redacted]'
line "an agent's token is known by its shape" "sent $(printf '%064d' 7)." 'sent [redacted].'
line "a digest is not taken for a token" "docker.io/x@sha256:$(printf '%064d' 7)" "docker.io/x@sha256:$(printf '%064d' 7)"
line "a key of a model's provider is taken out" 'using sk-proj-abcdefghijklmnop1234' 'using [redacted]'
line "a JSON web token is taken out" 'got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9abc.c2ln ok' 'got [redacted] ok'
line "a password in a URL is taken out, the host stays" 'dial redis://u:p@cache:6379: refused' 'dial redis://[redacted]@cache:6379: refused'
line "a registry's refusal stays as it is" 'failed to authorize: Bearer realm="https://r.example/token",service="r": 401' 'failed to authorize: Bearer realm="https://r.example/token",service="r": 401'
line "a missing Secret is still named" 'Error: secret "settings" not found' 'Error: secret "settings" not found'
line "a private key is taken out from its first line to its last" $'a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb' $'a\n[redacted]\nb'
line "settings that name Secrets stay" '"internal-secret": "krypton-internal"' '"internal-secret": "krypton-internal"'

holds "values with a telling name, and long mixed ones, are masked everywhere; settings of ours are not" "$pod" \
	'literals | (index("value-nine") != null and index("value-eight") != null and index("8") == null)'
holds "values of Secrets are masked whole, by line, by the strings of their JSON, and in base64" \
	'{"items":[{"kind":"Secret","type":"Opaque","data":{"a":"bGluZS1vbmUKbGluZS10d28=","b":"eyJwYXNzd29yZCI6InN3b3JkZmlzaCJ9"}}]}' \
	'secret_values as $found | ["line-one", "line-two", "swordfish", "bGluZS1vbmUKbGluZS10d28="] | all(. as $value | $found | index([$value]) != null)'
holds "a name that is used as a password is not masked, or nothing could be read" '["default", "hunter2"]' 'as_masks(["default"]) == ["hunter2"]'
holds "a mask with quotes is found in JSON too, and the longest one goes first" '["swordfish", "a\"swordfish\""]' \
	'as_masks([]) as $masks | "x a\\\"swordfish\\\" y swordfish" | mask($masks) == "x [redacted] y [redacted]"'

holds "the settings of krypton-proxy that stay are those of its reference page, but for the token" \
	"$(grep -o '^| `KRYPTON_[A-Z_]*' "$root/docs/reference/krypton-proxy.md" | tr -d '|` ' | jq -R . | jq -s .)" \
	'. - ["KRYPTON_TOKEN"] | if sort == (own_settings | sort) then true else {add_to_own_settings: (. - own_settings), no_setting_any_more: (own_settings - .)} end'

page=$(jq -n '{items: [
	{kind: "Agent", metadata: {name: "broken", namespace: "a"}, status: {phase: "Failed", conditions: [{type: "Available", status: "False", reason: "CrashLoop", message: "exit 3 | see"}]}},
	{kind: "Agent", metadata: {name: "asleep", namespace: "a"}, status: {conditions: [{type: "Available", status: "False", reason: "Asleep", message: ""}]}},
	{kind: "Agent", metadata: {name: "young", namespace: "a"}},
	{kind: "Pod", metadata: {name: "p", namespace: "a"}, status: {phase: "Running", conditions: [{type: "Ready", status: "False"}], containerStatuses: [{name: "agent", restartCount: 4, state: {waiting: {reason: "CrashLoopBackOff"}}, lastState: {terminated: {exitCode: 3}}}]}},
	{kind: "Event", type: "Warning", reason: "BackOff", message: "m", lastTimestamp: "2026-01-01T00:30:00Z", metadata: {name: "e", namespace: "a"}, involvedObject: {kind: "Pod", namespace: "a", name: "p"}},
	{kind: "Event", type: "Warning", reason: "TooOld", message: "m", eventTime: "2025-12-31T00:00:00.123456Z", metadata: {name: "f", namespace: "a"}, involvedObject: {kind: "Pod", namespace: "a", name: "p"}}]}' |
	in_jq -rs --argjson now "$(jq -n '"2026-01-01T01:00:00Z" | fromdate')" -f "$root/hack/support/index.jq" 2>&1)
stands() { # sentence regular-expression...
	local sentence=$1 words good=1
	shift
	for words; do
		grep -qE -- "$words" <<<"$page" || good=0
	done
	tell "$good" "$sentence" "$page"
}
stands "the index tells of Agents that are not available, with reason and message" '^\| a/broken \| Failed \| False \| CrashLoop \|.*exit 3' '^\| a/young ' '1 asleep, 2 with a fault'
stands "the index tells of pods that are not ready, and of restarts" '^\| a/p \| Running .*CrashLoopBackOff.*exit 3' '^\| a/p \| agent \| 4 '
stands "the index tells of the last hour's Warnings" '^\| 2026-01-01T00:30:00Z \| Pod a/p \| BackOff \| 1 '
tell "$([[ $page != *TooOld* ]]; echo $((1 - $?)))" "the index leaves out older Warnings" "$page"

exit "$failed"
