#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/demo.sh — what Krypton does, shown on a cluster where hack/local-up.sh has
# installed it: the examples are deployed, become ready, and are called through
# the gateway by the official clients. Every command is printed before it runs.
# Ends with exit code 1 at the first thing that does not work, and says why.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in progress cluster; do
	# shellcheck source=/dev/null
	source "$here/cluster/lib/$part.sh"
done
unset -f kubectl # the library's speaks for a local cluster only

usage() {
	cat <<'TEXT'
usage: hack/demo.sh [--deploy-only] [--help]

  --deploy-only   deploy the examples and wait until they are ready, call nothing

Environment:
  KUBECONFIG   the cluster (build/cluster/kubeconfig)
  KUBECTL      the kubectl (build/cluster/bin/kubectl, else the one on PATH)
  GATEWAY_URL  where the gateway is; unset: its Service's address if that answers
               from here, else a port-forward that ends with this script
  REGISTRY     as for hack/local-up.sh: the example images go there

Exit: 0 all of it worked, 1 something did not, 2 wrong usage.
TEXT
}

system=krypton-system
space=default
always_on=(hello-mcp hello-mcp-go hello-a2a hello-sse)
serverless=(hello-serverless hello-mcp-serverless)
manifests=(mcp/python mcp/go a2a/python http/sse serverless)
image_names=(hello-mcp hello-mcp-go hello-a2a hello-sse)
ready_within_s=120
forward_pid=

end_forward() {
	[[ -z $forward_pid ]] || kill "$forward_pid" 2>/dev/null || true
	rm -rf "$scratch"
}

heading() { # text
	local bold='' plain=''
	[[ ! -t 1 ]] || { bold=$'\e[1m' plain=$'\e[0m'; }
	printf '\n%s== %s%s\n' "$bold" "$*" "$plain"
}

# Prints the command as one would type it, then runs it.
show() { # command...
	local word typed='$'
	for word in "$@"; do
		[[ $word != "$kubectl" ]] || word=kubectl
		word=${word#"$cluster_root/"}
		[[ $word =~ ^[-A-Za-z0-9_./:=@,+]+$ ]] || word="'${word//\'/\'\\\'\'}'"
		typed+=" $word"
	done
	printf '%s\n' "$typed"
	"$@"
}

k() { "$kubectl" "$@"; }

choose_cluster() {
	export KUBECONFIG=${KUBECONFIG:-$cluster_build/kubeconfig}
	[[ -r $KUBECONFIG ]] || usage_fail "KUBECONFIG: cannot read $KUBECONFIG; hack/local-up.sh makes a cluster"
	kubectl=${KUBECTL:-$bin/kubectl}
	[[ -n ${KUBECTL-} || -x $kubectl ]] || kubectl=$(command -v kubectl) || usage_fail "no kubectl: set KUBECTL"
	kubectl=$(command -v "$kubectl") || usage_fail "KUBECTL: cannot run ${KUBECTL-}"
	export KUBECTL=$kubectl # for cold_start.py
	local file
	file=$(realpath "$KUBECONFIG")
	case $file in
	"$cluster_build/kubeconfig") local_cluster=krypton-dev ;;
	"$cluster_build"/*.kubeconfig) local_cluster=$(basename "$file" .kubeconfig) ;;
	*) local_cluster= ;;
	esac
	k get --raw /readyz >/dev/null 2>"$scratch/err" || fail "the cluster does not answer: $(tail -n 1 "$scratch/err")"
	k get crd agents.krypton.ai >/dev/null 2>&1 || fail "Krypton is not installed on this cluster: hack/local-up.sh installs it"
}

# The same ways to the nodes as hack/local-up.sh has for Krypton's own images.
deliver_images() {
	local name archives=() context
	make --no-print-directory -C "$cluster_root" example-images
	for name in "${image_names[@]}"; do
		archives+=("$cluster_root/build/images/example-$name.tar")
	done
	image_prefix=docker.io/krypton-examples
	if [[ -n ${REGISTRY-} ]]; then
		image_prefix=$REGISTRY
		for name in "${image_names[@]}"; do
			skopeo copy --quiet "docker-archive:$cluster_root/build/images/example-$name.tar" "docker://$REGISTRY/$name:0.1.0"
		done
	elif [[ -n $local_cluster ]]; then
		"$here/load-image.sh" --name "$local_cluster" "${archives[@]}" >/dev/null
	else
		context=$(k config current-context)
		if [[ $context != kind-* ]] || ! command -v kind >/dev/null; then
			usage_fail "the nodes of this cluster need the example images: set REGISTRY to one that you can push to and they can pull from"
		fi
		for name in "${archives[@]}"; do
			kind load image-archive "$name" --name "${context#kind-}"
		done
	fi
}

# An agent whose image changed under the same tag gets new pods. A sleeping one
# is made anew instead, so that each demo shows its first wake.
deploy() {
	local folder name digest old
	k -n "$space" delete agent "${serverless[@]}" --ignore-not-found --timeout=90s >/dev/null
	for folder in "${manifests[@]}"; do
		sed "s,docker.io/krypton-examples,$image_prefix," "$cluster_root/examples/$folder"/*.yaml >"$scratch/agents.yaml"
		if [[ $image_prefix == docker.io/krypton-examples ]]; then
			show "$kubectl" apply -f "$cluster_root/examples/$folder"
		else
			echo "\$ kubectl apply -f examples/$folder    # with images from $image_prefix"
			k apply -f "$scratch/agents.yaml"
		fi
	done
	for name in "${always_on[@]}"; do
		digest=$(sha256sum "$cluster_root/build/images/example-$name.tar" | cut -c1-16)
		old=$(k -n "$space" get agent "$name" -o 'jsonpath={.metadata.annotations.examples\.krypton\.ai/image}')
		[[ $old != "$digest" ]] || continue
		k -n "$space" annotate --overwrite agent "$name" "examples.krypton.ai/image=$digest" >/dev/null
		[[ -z $old ]] || k -n "$space" rollout restart deployment "$name" >/dev/null
	done
}

explain_agent() { # name
	{
		echo "--- kubectl -n $space describe agent $1"
		k -n "$space" describe agent "$1" | sed -n '/^Status:/,$p'
		echo "--- its pods"
		k -n "$space" get pods -l "krypton.ai/agent=$1" -o wide
		echo "--- its events"
		k -n "$space" get events --sort-by=.lastTimestamp | grep -F "$1" | tail -n 12
		echo "--- its logs"
		k -n "$space" logs -l "krypton.ai/agent=$1" --all-containers --prefix --tail=12
		echo "--- the controller's log"
		k -n "$system" logs -l app.kubernetes.io/component=controller --tail=12
	} >&2 || true
}

wait_until_ready() {
	local name
	for name in "${always_on[@]}"; do
		if ! k -n "$space" wait agent "$name" --for=jsonpath='{.status.phase}'=Ready --timeout="${ready_within_s}s" >/dev/null 2>"$scratch/err" ||
			! k -n "$space" rollout status deployment "$name" --timeout="${ready_within_s}s" >/dev/null 2>>"$scratch/err"; then
			explain_agent "$name"
			fail "agent $name is not ready after $ready_within_s s: $(tail -n 1 "$scratch/err")"
		fi
	done
	for name in "${serverless[@]}"; do
		if ! k -n "$space" wait agent "$name" --for=jsonpath='{.status.phase}'=Ready --timeout="${ready_within_s}s" >/dev/null 2>"$scratch/err"; then
			explain_agent "$name"
			fail "agent $name does not sleep after $ready_within_s s: $(tail -n 1 "$scratch/err")"
		fi
	done
}

gateway_answers() { # url
	curl --silent --fail --noproxy '*' --max-time 3 --output /dev/null "$1/readyz"
}

forward_port() {
	local line
	exec {forwarded}< <("$kubectl" -n "$system" port-forward service/krypton-gateway :8080 2>"$scratch/forward" & echo "$!"; wait)
	read -r -t 10 -u "$forwarded" forward_pid || return 1
	read -r -t 20 -u "$forwarded" line || return 1
	[[ $line =~ 127\.0\.0\.1:([0-9]+) ]] || return 1
	gateway=http://127.0.0.1:${BASH_REMATCH[1]}
}

find_gateway() {
	local address
	if [[ -n ${GATEWAY_URL-} ]]; then
		gateway=${GATEWAY_URL%/}
		gateway_answers "$gateway" || curl --silent --noproxy '*' --max-time 3 --output /dev/null "$gateway/" ||
			fail "GATEWAY_URL: nothing answers at $gateway"
		return
	fi
	address=$(k -n "$system" get service krypton-gateway -o 'jsonpath={.spec.clusterIP}') || fail "no Service krypton-gateway in $system"
	gateway=http://$address:8080
	gateway_answers "$gateway" && return
	forward_port || fail "neither $gateway nor a port-forward reaches the gateway: $(tail -n 1 "$scratch/forward")"
	gateway_answers "$gateway" || fail "the gateway is not ready: $(curl --silent --max-time 3 "$gateway/readyz?verbose")"
}

try() { # what, then a command
	local what=$1
	shift
	show "$@" && return
	local agent=${what%%:*}
	explain_agent "$agent"
	k -n "$system" logs -l app.kubernetes.io/component=gateway --tail=12 >&2 || true
	fail "$what did not work"
}

call_agents() {
	local agents=$gateway/v1/agents/$space

	heading "The agents"
	show "$kubectl" get agents

	heading "An MCP server (official Python SDK), called by the official MCP client through the gateway"
	try "hello-mcp: the MCP call" "$python" "$here/clients/mcp_call.py" "$agents/hello-mcp/mcp"

	heading "An MCP server with the official Go SDK, the same client"
	try "hello-mcp-go: the MCP call" "$python" "$here/clients/mcp_call.py" "$agents/hello-mcp-go/mcp"

	heading "An A2A agent, called by the official A2A client: one answer, then the same as a stream"
	try "hello-a2a: the A2A call" "$python" "$here/clients/a2a_call.py" "$agents/hello-a2a"

	heading "Server-sent events, printed as they arrive: one every 300 ms"
	try "hello-sse: the stream" "$python" "$here/clients/sse_print.py" "$agents/hello-sse/stream?n=6&interval_ms=300"

	heading "A serverless agent, invoked while it has no pod: a cold start, part by part"
	show "$kubectl" get agent hello-serverless -o wide
	try "hello-serverless: the cold start" "$python" "$here/clients/cold_start.py" \
		--asleep-within 120 "$gateway" "$space/hello-serverless"

	heading "What Kubernetes knows about an agent"
	show "$kubectl" describe agent hello-serverless
}

say_what_next() {
	local shell_path=""
	[[ $kubectl != "$bin/kubectl" ]] || shell_path=" PATH=$bin:\$PATH"
	local reach=$gateway
	heading "What to try next"
	echo "  export KUBECONFIG=$KUBECONFIG$shell_path"
	[[ -z $forward_pid ]] || {
		reach=http://127.0.0.1:8080
		echo "  kubectl -n $system port-forward service/krypton-gateway 8080:8080 &"
	}
	cat <<TEXT
  export GATEWAY=$reach

  # a stream without an end, and a rollout that does not cut it
  curl -N "\$GATEWAY/v1/agents/$space/hello-sse/stream?n=0&interval_ms=1000" &
  kubectl rollout restart deployment hello-sse

  # an agent that breaks off, an agent that there is not, and the gateway's account of both
  curl -i "\$GATEWAY/v1/agents/$space/hello-sse/close?after=0"
  curl -i "\$GATEWAY/v1/agents/$space/nobody/"
  kubectl -n $system logs -l app.kubernetes.io/component=gateway --tail=2

  # a mistake, its diagnosis, its end
  kubectl patch agent hello-sse --type merge -p '{"spec":{"port":9999}}'
  kubectl describe agent hello-sse
  kubectl apply -f examples/http/sse

  # hello-serverless goes to sleep a minute after its last request
  kubectl get agents -w

  An agent of your own in five minutes: README.md. These ones: docs/EXAMPLES.md.
TEXT
	[[ -z $local_cluster ]] || echo "  hack/local-down.sh ends the local cluster and leaves nothing behind."
}

main() {
	local calls=yes
	case ${1-} in
	--help | -h) usage; exit 0 ;;
	--deploy-only) calls=no ;;
	'') ;;
	*) usage_fail "unknown argument: $1" ;;
	esac
	scratch=$(mktemp -d)
	trap end_forward EXIT

	choose_cluster
	exec 9>"$cluster_build/.demo.lock"
	flock --nonblock 9 || { say "another demo is running; waiting for its end" && flock 9; }
	deliver_images
	say "example images are on the nodes"
	heading "Deploying the examples"
	deploy
	wait_until_ready
	say "agents are ready: ${always_on[*]}; asleep: ${serverless[*]}"
	[[ $calls == yes ]] || return 0

	python=$("$here/venv.sh")
	[[ $python == /* ]] || python=$cluster_root/$python
	find_gateway
	say "the gateway answers at $gateway"
	call_agents
	say_what_next
}

main "$@"
exit
