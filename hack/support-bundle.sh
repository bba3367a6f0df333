#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/support-bundle.sh — what somebody far away needs to see to explain a fault:
# asked of the API server with the caller's own rights, freed of secrets, bounded,
# and packed with a page first that tells what stands out. It changes nothing.
set -uo pipefail
umask 077
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
	cat <<'TEXT'
usage: hack/support-bundle.sh [-n NAMESPACE] [-o FILE] [FLAG...]

Collects Krypton's versions, Agents and their children, Events, Leases, logs of the
daemons and of failing pods, metrics and effective settings into one tar.gz whose
first page, index.md, tells what is in it and what stands out. Prints its path.

  -n, --namespace NAMESPACE  only the Agents of this namespace (all; or, where you may not list
                             all, the namespace of your kubectl context)
  -o, --output FILE          the file to write (krypton-support-TIME.tar.gz here)
  --system NAMESPACE         where Krypton is installed (found by its labels, else krypton-system)
  --log-lines N              the last N lines of each log (2000)
  --max-bytes N              of all files together, before they are packed (64000000)
  --timeout SECONDS          for each question to the cluster (20)
  --failing-pods N           how many failing pods are looked into (20)

Left out: values of Secrets (their names, types and the names of their keys stay), of
environment variables but krypton-proxy's settings, tokens and Authorization headers.
What those values are is masked in logs and messages too. Read it before you send it.

Needs kubectl, bash, jq 1.6 or newer, and tar; and the rights that your kubectl has. What
you may not read is listed in index.md, and the rest is collected all the same.

Exit: 0 whole, 1 no bundle was made, 2 wrong usage or a program is missing,
3 made, but something could not be had (index.md lists it).
TEXT
}

usage_fail() { # text
	printf 'support-bundle: %s (see --help)\n' "$*" >&2
	exit 2
}

fail() { # text
	printf 'support-bundle: %s\n' "$*" >&2
	exit 1
}

say() { # text
	printf '%4d s  %s\n' "$SECONDS" "$*" >&2
}

parse_arguments() { # argument...
	only='' output='' system='' log_lines=2000 bytes_left=64000000 file_max=24000000 seconds=20 pods_max=20
	while (($#)); do
		case $1 in
		--help | -h) usage; exit 0 ;;
		-n | --namespace | -o | --output | --system | --log-lines | --max-bytes | --timeout | --failing-pods)
			[[ -n ${2-} ]] || usage_fail "$1 wants a value" ;;
		*) usage_fail "unknown argument: $1" ;;
		esac
		case $1 in
		-n | --namespace) only=$2 ;;
		-o | --output) output=$2 ;;
		--system) system=$2 ;;
		*) [[ $2 =~ ^[1-9][0-9]{0,9}$ ]] || usage_fail "$1 wants a number, not $2" ;;
		esac
		case $1 in
		--log-lines) log_lines=$2 ;;
		--max-bytes) bytes_left=$2 ;;
		--timeout) seconds=$2 ;;
		--failing-pods) pods_max=$2 ;;
		esac
		shift 2
	done
	[[ $only$system =~ ^[a-z0-9-]*$ ]] || usage_fail "that is no name of a namespace: $only $system"
}

check_programs() {
	local program
	for program in kubectl jq tar; do
		command -v "$program" >/dev/null || usage_fail "$program is not on PATH"
	done
	jq -n -L "$here/support" 'include "redact"; "x" | scrub_text' >/dev/null 2>&1 ||
		usage_fail "jq 1.6 or newer is needed, with $here/support/redact.jq"
}

# ---- asking

# No question takes longer, whatever kubectl waits for. The watcher lets go of our pipes, or their readers would wait for it.
bounded() { # command [argument...]
	"$@" &
	local asked=$! watcher status
	(
		trap 'kill "$nap" 2>/dev/null; exit' TERM
		sleep $((seconds + 2)) &
		nap=$!
		wait "$nap"
		kill "$asked" 2>/dev/null
	) </dev/null >/dev/null 2>&1 &
	watcher=$!
	wait "$asked"
	status=$?
	kill "$watcher" 2>/dev/null
	wait "$watcher" 2>/dev/null
	return "$status"
}

# What the cluster says, up to the bytes that are left; words of failure are kept in $work/said, statuses in $work/codes.
ask() { # kubectl-argument...
	bounded kubectl --request-timeout="${seconds}s" "$@" 2>"$work/said" | head -c "$((bytes_left < file_max ? bytes_left : file_max))"
	echo "${PIPESTATUS[0]}" >"$work/code"
}

# ---- what is noted of each item

miss() { # what why
	printf '%s\t%s\n' "$1" "$2" >>"$work/missing"
}

# Why the last question failed: kubectl's own words, on one line.
why() {
	local code words
	code=$(<"$work/code")
	words=$(tr '\n\t' '  ' <"$work/said" | head -c 600)
	((code < 128)) || words="no answer within $seconds s, or too much of it. $words"
	printf '%s' "${words:-kubectl ended with status $code}"
}

# A file that came is counted and listed; one that did not is noted with the reason.
note() { # file what
	local size=0
	[[ ! -s $bundle/$1 ]] || size=$(wc -c <"$bundle/$1")
	if (($(<"$work/code") != 0)); then
		miss "$2" "$(why)"
	fi
	if ((size == 0)); then
		rm -f "$bundle/$1"
		return 1
	fi
	bytes_left=$((bytes_left > size ? bytes_left - size : 0))
	printf '%s\t%s\n' "$1" "$2" >>"$work/files"
}

# Whether there is room for another file; makes its folder.
room_for() { # file what
	if ((bytes_left < 1000)); then
		miss "$2" "the bundle is as large as --max-bytes allows"
		return 1
	fi
	mkdir -p "$(dirname "$bundle/$1")"
}

in_jq() { # jq-argument...
	jq -L "$here/support" "$@"
}

# Half a list is none: jq could not read it.
not_whole() { # file
	rm -f "$bundle/$1"
	(($(<"$work/code") == 0 || $(<"$work/code") == 141)) || return 0
	echo 1 >"$work/code"
	echo "more than the room that was left for it: try -n NAMESPACE, or a larger --max-bytes" >"$work/said"
}

# A list of objects. Its literal secrets are remembered, to be masked in all files at the end.
objects() { # file what jq-program kubectl-argument...
	local file=$1 what=$2 program=$3 found
	shift 3
	room_for "$file" "$what" || return 1
	if ! found=$(ask get "$@" -o json | in_jq "include \"redact\"; (literals | stderr | empty), ($program | redact)" 2>&1 >"$bundle/$file"); then
		not_whole "$file"
	else
		masks+=$found$'\n'
	fi
	note "$file" "$what"
}

# Any text, line by line without what looks like a secret.
text() { # file what kubectl-argument...
	local file=$1 what=$2
	shift 2
	room_for "$file" "$what" || return 1
	ask "$@" | in_jq -Rsr 'include "redact"; if . == "" then empty else scrub_lines end' >"$bundle/$file"
	note "$file" "$what"
}

# A path of a pod, through the API server: nothing else needs to reach it. What a 5xx says is kept.
through() { # file what namespace pod port path
	text "$1" "$2" get --raw "/api/v1/namespaces/$3/pods/$4:$5/proxy$6"
}

# ---- what is collected

# One list for all namespaces where that may be had, else for the one that was asked for.
choose_scope() {
	if [[ -z $only ]]; then
		ask get --raw '/apis/krypton.ai/v1alpha1/agents?limit=1' >/dev/null
		if (($(<"$work/code") == 0)) || ! grep -qi forbidden "$work/said"; then
			scope=(-A) scope_words="all namespaces"
			return
		fi
		miss "Agents of all namespaces" "$(why)"
		only=$(kubectl config view --minify -o 'jsonpath={..namespace}' 2>/dev/null)
		only=${only:-default}
		say "not all namespaces may be read: only $only is looked at"
	fi
	scope=(-n "$only") scope_words="namespace $only"
}

find_system() {
	[[ -z $system ]] || return 0
	system=$(ask get deployments -A -l app.kubernetes.io/name=krypton,app.kubernetes.io/component=controller \
		-o 'jsonpath={.items[0].metadata.namespace}')
	system=${system:-krypton-system}
}

# Only names leave this function; the values are kept in memory, to be masked wherever they stand.
collect_secrets() { # namespace
	local file=secrets/$1.json what="Secrets of $1: names, types, names of keys" found
	room_for "$file" "$what" || return 1
	if ! found=$(ask get secrets -n "$1" --field-selector 'type!=helm.sh/release.v1' -o json |
		in_jq 'include "redact"; (secret_values | stderr | empty), redact' 2>&1 >"$bundle/$file"); then
		not_whole "$file"
	else
		masks+=$found$'\n'
	fi
	(($(<"$work/code") == 0)) || secrets_unknown="$secrets_unknown $1"
	note "$file" "$what"
}

# Where Agents are, and Krypton; bounded like everything.
namespaces_of_agents() {
	[[ ${scope[0]} == -A ]] || { echo "$only"; return; }
	[[ ! -s $bundle/agents/agents.json ]] || in_jq -r '[.items[].metadata.namespace] | unique | .[:50][]' "$bundle/agents/agents.json"
}

collect_versions() {
	say "versions, the Agent resource, nodes"
	text cluster/version.json "versions of client and server" version -o json
	objects cluster/crd.json "the Agent resource as it is installed, without its schema" 'del(.spec.versions[]?.schema)' crd agents.krypton.ai
	objects cluster/nodes.json "nodes: conditions, capacity, taints" \
		'{kind: "List", items: [.items[] | {kind: "Node", metadata: (.metadata | {name, labels, creationTimestamp}), spec: (.spec | {taints, unschedulable}), status: (.status | {conditions, capacity, allocatable, nodeInfo: (.nodeInfo | {kubeletVersion, containerRuntimeVersion, kernelVersion, osImage, architecture})})}]}' nodes
	objects cluster/webhooks-validating.json "validating webhooks of Krypton" 'del(.items[]?.webhooks[]?.clientConfig.caBundle)' validatingwebhookconfigurations -l app.kubernetes.io/name=krypton
	objects cluster/webhooks-mutating.json "defaulting webhooks of Krypton" 'del(.items[]?.webhooks[]?.clientConfig.caBundle)' mutatingwebhookconfigurations -l app.kubernetes.io/name=krypton
}

collect_agents() {
	local kind namespace namespaces here_only
	say "Agents of $scope_words and their children"
	objects agents/agents.json "Agents" . agents "${scope[@]}"
	namespaces=$(namespaces_of_agents)
	here_only=".items |= map(select((.metadata.namespace | IN($(printf '"%s",' $namespaces)null)) or .involvedObject.kind == \"Node\"))"
	for namespace in $namespaces; do
		[[ $namespace == "$system" ]] || collect_secrets "$namespace"
	done
	for kind in deployments replicasets pods services serviceaccounts endpointslices; do
		objects "agents/$kind.json" "$kind of Agents" . "$kind" "${scope[@]}" -l krypton.ai/agent
	done
	for kind in resourcequotas limitranges networkpolicies; do
		objects "agents/$kind.json" "$kind beside Agents" "$here_only" "$kind" "${scope[@]}"
	done
	objects agents/events.json "Events of the namespaces of Agents" "$here_only" events "${scope[@]}"
	text agents/agents.txt "Agents as kubectl prints them" get agents "${scope[@]}" -o wide
}

collect_system() {
	local kind
	say "Krypton's own objects in $system"
	collect_secrets "$system"
	for kind in deployments replicasets pods services serviceaccounts endpointslices poddisruptionbudgets jobs; do
		objects "system/$kind.json" "$kind of Krypton" . "$kind" -n "$system" -l app.kubernetes.io/name=krypton
	done
	objects system/leases.json "Leases of $system" . leases -n "$system"
	seen_at=$(date +%s)
	objects system/events.json "Events of $system" . events -n "$system"
	text system/releases.txt "Helm's releases in $system, by their labels" get secrets -n "$system" -l owner=helm --show-labels
}

# A log and, where the container has been started before, its last words of then.
collect_logs() { # folder namespace pod container restarts
	local log=(logs -n "$2" "$3" -c "$4" --timestamps "--tail=$log_lines" --limit-bytes=4000000)
	text "$1/$4.log" "log of $4 in $2/$3" "${log[@]}"
	[[ $5 == 0 ]] || text "$1/$4.previous.log" "log of $4 in $2/$3 before its last restart" "${log[@]}" --previous || return 0
	# The kubelet has just started the next one, and what was the last is the one before.
	if [[ $5 != 0 ]] && grep -q '^unable to retrieve container logs' "$bundle/$1/$4.previous.log"; then
		ask "${log[@]}" --previous | in_jq -Rsr 'include "redact"; scrub_lines' >"$bundle/$1/$4.previous.log"
	fi
}

# Containers of the pods chosen by a program, a line each: namespace, pod, container, restarts, state, and the ports of metrics and ops.
containers_of() { # file program
	[[ -s $bundle/$1 ]] || return 0
	in_jq -r --argjson max "$pods_max" "def restarts: [.status.initContainerStatuses, .status.containerStatuses | .[]? | .restartCount] | add // 0;
		$2"' | . as $pod | (.spec.initContainers // []) + .spec.containers | .[] | . as $container
		| ([$pod.status.initContainerStatuses, $pod.status.containerStatuses | .[]? | select(.name == $container.name)] | first) as $status
		| [$pod.metadata.namespace, $pod.metadata.name, .name, ($status.restartCount // 0),
			($status.state // {none: 0} | keys[0]), ([.ports[]? | select(.name == "metrics") | .containerPort][0] // "-"), ([.ports[]? | select(.name == "ops") | .containerPort][0] // "-")] | @tsv' "$bundle/$1"
}

# A daemon that is not ready says why with a 503, whose words kubectl tells only when it is talkative.
collect_readiness() { # file namespace pod port
	local what="readiness of $3, point by point" path="/api/v1/namespaces/$2/pods/$3:$4/proxy/readyz?verbose" code
	room_for "$1" "$what" || return 1
	ask get --raw "$path" | in_jq -Rsr 'include "redact"; scrub_lines' >"$bundle/$1"
	if (($(<"$work/code") != 0)); then
		cp "$work/said" "$work/said.first"
		code=$(<"$work/code")
		ask get --raw "$path" -v=8 >/dev/null
		sed -n 's/^ *"message": \(".*"\),*$/\1/p' "$work/said" |
			in_jq -r 'include "redact"; select(test("^\\[[-+]\\]")) | scrub_lines' >"$bundle/$1"
		[[ ! -s $bundle/$1 ]] || code=0
		mv "$work/said.first" "$work/said"
		echo "$code" >"$work/code"
	fi
	note "$1" "$what"
}

collect_daemons() {
	local namespace pod container restarts state metrics ops folder
	while IFS=$'\t' read -r namespace pod container restarts state metrics ops <&3; do
		say "daemon $pod"
		folder=daemons/$pod
		collect_logs "$folder" "$namespace" "$pod" "$container" "$restarts"
		[[ $state == running ]] || continue
		[[ $metrics == - ]] || through "$folder/metrics.txt" "metrics of $pod" "$namespace" "$pod" "$metrics" /metrics
		[[ $ops != - ]] || continue
		through "$folder/configz.json" "effective settings of $pod" "$namespace" "$pod" "$ops" /configz
		collect_readiness "$folder/readyz.txt" "$namespace" "$pod" "$ops"
	done 3< <(containers_of system/pods.json '.items[:50][]')
}

# Pods of Agents that are not ready or have been restarted, those that are not ready first.
collect_failing_pods() {
	local namespace pod container restarts state rest folder
	while IFS=$'\t' read -r namespace pod container restarts state rest <&3; do
		folder=pods/$namespace/$pod
		[[ -d $bundle/$folder ]] || say "pod $namespace/$pod"
		mkdir -p "$bundle/$folder"
		[[ $state/$restarts != waiting/0 && $state != none ]] || continue # it was never started: there is no log
		collect_logs "$folder" "$namespace" "$pod" "$container" "$restarts"
		if [[ $container == krypton-proxy && $state == running ]]; then
			through "$folder/proxy-metrics.txt" "metrics of krypton-proxy in $namespace/$pod" "$namespace" "$pod" 8888 /metrics
			through "$folder/proxy-inflight.json" "what listens and runs in $namespace/$pod, as krypton-proxy sees it" "$namespace" "$pod" 8888 /_krypton/inflight
		fi
	done 3< <(containers_of agents/pods.json 'def not_ready: [.status.conditions[]? | select(.type == "Ready" and .status == "True")] == [];
		[.items[] | select(not_ready or restarts > 0)] | sort_by([(not_ready | not), -restarts]) | .[:$max][]')
}

# ---- secrets that got elsewhere

# The last step before packing: no value that is known to be secret is left in any file.
mask_files() {
	local file files known list lines
	say "masking"
	known=$({ cat "$bundle"/agents/{agents,deployments,pods}.json "$bundle"/system/{deployments,pods}.json "$bundle"/cluster/nodes.json 2>/dev/null || true; } |
		in_jq -sc 'include "redact"; known_names') || known='[]'
	# By the shell's own printf and a pipe: neither in a file nor in an argument.
	list=$(printf '%s' "$masks" | in_jq -sc --slurpfile names <(printf '%s' "$known") 'include "redact"; (add // []) | as_masks($names[0])') || return 1
	# Few files hold any: those with the longest line of a mask are looked at.
	lines=$(printf '%s' "$list" | in_jq -r '.[] | split("\n") | max_by(length)') || return 1
	[[ $list == '[]' || -n $lines ]] || return 1
	files=$(LC_ALL=C grep -rlaF -f <(printf '%s' "${lines:-$list}") "$bundle" "$work/missing")
	(($? < 2)) || return 1
	while IFS= read -r file; do
		[[ -n $file ]] || continue
		in_jq -Rsj --slurpfile masks <(printf '%s' "$list") 'include "redact"; mask($masks[0])' "$file" >"$work/masked" || return 1
		cat "$work/masked" >"$file"
	done <<<"$files"
}

# ---- the index page

table_of() { # file heading heading
	printf '| %s | %s |\n|---|---|\n' "$2" "$3"
	sed -e 's/|/\\|/g' -e $'s/\t/ | /' -e 's/^/| /' -e 's/$/ |/' "$1"
}

# Warnings and errors of the daemons' logs, by event.
log_findings() {
	local file found
	for file in "$bundle"/daemons/*/*.log; do
		[[ -e $file ]] || continue
		found=$(in_jq -Rnr '[inputs | sub("^[^ ]+ "; "") | [fromjson?][0] | objects | select(.level == "warn" or .level == "error") | "\(.level) \(.event)"]
			| group_by(.) | map("\(.[0]) (\(length))") | join(", ")' "$file")
		[[ -z $found ]] || printf -- '- `%s`: %s\n' "${file#"$bundle"/}" "$found"
	done
	grep -Hn '^\[-\]' "$bundle"/daemons/*/readyz.txt 2>/dev/null | sed -e "s|^$bundle/||" -e 's/^/- /'
}

write_index() {
	local lists=() file findings
	for file in "$bundle"/{agents,system}/*.json "$bundle"/cluster/nodes.json; do
		[[ -s $file ]] && lists+=("$file")
	done
	findings=$(log_findings)
	{
		printf '# Krypton support bundle\n\n'
		printf 'Made %s of %s, Krypton in %s. ' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$scope_words" "$system"
		printf 'Logs: the last %s lines each. Pods looked into: at most %s. Each question: at most %s s.\n\n' "$log_lines" "$pods_max" "$seconds"
		printf '## What stands out\n\n'
		if ((${#lists[@]})); then
			cat "${lists[@]}" | in_jq -rs --argjson now "$seen_at" -f "$here/support/index.jq" || echo "(could not be made out)"
		else
			printf 'No object could be read.\n\n'
		fi
		printf '### What the daemons complain of\n\n%s\n\n' "${findings:-Nothing.}"
		printf '## What could not be had\n\n'
		if [[ -s $work/missing ]]; then table_of "$work/missing" item why; else echo 'Nothing: all was there.'; fi
		printf '\n## What was left out on purpose\n\n'
		printf 'Values of Secrets; values of environment variables but for krypton-proxy'"'"'s own settings; header values; tokens. '
		printf 'Where such a value is known and long enough not to be a common word, it is masked in every other file as `[redacted]`.\n'
		[[ -z $secrets_unknown ]] || printf '\n**Secrets could not be read (%s), so their values are not known here: a log that prints one still does.** Read the logs before you send this.\n' "${secrets_unknown# }"
		printf '\n## What is in it\n\n'
		table_of "$work/files" file what
	} >"$bundle/index.md"
}

pack() {
	local name part parts
	name=$(basename "$bundle")
	parts=("$name/index.md")
	for part in "$bundle"/*/; do
		[[ ! -d $part ]] || parts+=("$name/$(basename "$part")")
	done
	tar -C "$work" -czf "$work/packed" "${parts[@]}" && cat "$work/packed" >"$output"
}

main() {
	parse_arguments "$@"
	check_programs
	work=$(mktemp -d) || fail "no temporary folder"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' INT TERM HUP
	local stamp
	stamp=krypton-support-$(date -u +%Y%m%dT%H%M%SZ)
	output=${output:-$stamp.tar.gz}
	[[ -d $(dirname "$output") && -w $(dirname "$output") ]] || fail "cannot write into $(dirname "$output")"
	[[ ! -e $output || -f $output ]] || usage_fail "$output is there, and is no file"
	bundle=$work/$stamp masks='' secrets_unknown='' scope=() scope_words=''
	mkdir "$bundle"
	: >"$work/missing"
	: >"$work/files"

	ask version -o json >/dev/null
	(($(<"$work/code") == 0)) || fail "the API server does not answer: $(why)"
	choose_scope
	find_system
	collect_versions
	collect_agents
	collect_system
	collect_daemons
	collect_failing_pods
	mask_files || fail "known secrets could not be masked, so nothing is handed out"
	write_index
	pack || fail "the files could not be packed into $output"
	say "$(wc -l <"$work/files" | tr -d ' ') files, $(wc -l <"$work/missing" | tr -d ' ') things could not be had; read index.md before you send it"
	printf '%s\n' "$output"
	[[ ! -s $work/missing ]] || exit 3
}

main "$@"
