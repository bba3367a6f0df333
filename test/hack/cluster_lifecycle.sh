#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test/hack/cluster_lifecycle.sh — the life of local clusters: up, again, side by
# side, mended, with two nodes, down, killed half-way; and that nothing is left.
# One TAP line a fact. Uses cluster names of its own.
# shellcheck disable=SC2317 # the facts are called by name
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=$root/build/cluster/bin
states=${KRYPTON_STATE_DIR:-/var/lib/krypton}
first=lifecycle-a
second=lifecycle-b
scratch=$(mktemp -d)
failed=0

usage() {
	echo "usage: test/hack/cluster_lifecycle.sh [--help]   (needs root; builds the cluster's programs if need be)"
}

finish() {
	"$root/hack/cluster/down.sh" --name "$first" >/dev/null 2>&1
	"$root/hack/cluster/down.sh" --name "$second" >/dev/null 2>&1
	rm -rf "$scratch"
}

# The command is the proof; what it said explains a failure.
prove() { # sentence command [argument...]
	local sentence=$1
	shift
	if "$@" >"$scratch/said" 2>&1; then
		echo "ok - $sentence"
	else
		echo "not ok - $sentence"
		sed 's/^/# /' "$scratch/said" | tail -n 40
		failed=1
	fi
}

within() { # seconds command [argument...]
	local started=$SECONDS seconds=$1
	shift
	"$@" || return 1
	echo "took $((SECONDS - started)) s"
	((SECONDS - started <= seconds))
}

eventually() { # seconds command [argument...]
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < deadline)) || return 1
		sleep 0.3
	done
}

up() { "$root/hack/cluster/up.sh" --name "$@"; }
down() { "$root/hack/cluster/down.sh" --name "$1"; }
kube() { # cluster argument...
	local cluster=$1
	shift
	"$bin/kubectl" --kubeconfig "$root/build/cluster/$cluster.kubeconfig" "$@"
}
refuses() { # status text command...: exits with that status and says that text
	local status=$1 text=$2 said
	shift 2
	said=$("$@" 2>&1)
	local got=$?
	echo "exit $got: $said"
	[[ $got == "$status" && $said == *"$text"* && $(wc -l <<<"$said") == 1 ]]
}

# What the machine shows of a cluster, found without asking the cluster's own scripts.
traces() { # cluster
	local unit=krypton.$1
	grep -lE ":/$unit(/|\$)" /proc/[0-9]*/cgroup
	pgrep -af -- "$states/$1/"
	grep -F "$states/$1/" /proc/self/mountinfo
	ls -d /run/netns/"$unit".*
	ip -o link show "kr-$(printf '%s' "$1" | sha256sum | cut -c1-8)"
	find /sys/fs/cgroup -type d -name "$unit"
	ls -d "$states/$1" "$root/build/cluster/$1.kubeconfig"
	grep -lw -- "$1" /run/krypton/slots/*
}

nothing_left_of() { # cluster
	local left
	left=$(traces "$1" 2>/dev/null)
	[[ -z $left ]] || { echo "$left"; return 1; }
}

host_network() { # of the machine itself, less what other tests may make meanwhile
	iptables-save 2>/dev/null | grep -v '^#'
	ip -4 route show default
	sysctl net.ipv4.ip_forward
}

same_host_network() {
	host_network | diff "$scratch/host-network" -
}

node_ready() { # cluster node
	[[ $(kube "$1" get node "$1-$2" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}') == True ]]
}

prove_one_node() {
	prove "a cold up gives a Ready node in under 60 s" within 60 up "$first"
	prove "the node is Ready" node_ready "$first" 1
	prove "a second up of a healthy cluster returns within 15 s" within 15 up "$first"
	prove "kubectl, API server and node are of one version" \
		test "$(kube "$first" version -o json | grep -c '"gitVersion": "v1\.34\.4"')" = 2
}

prove_side_by_side() {
	prove "a control plane alone comes up beside it within 30 s" within 30 up "$second" --control-plane-only
	prove "both API servers answer, each for itself" both_answer
	prove "down of the one leaves nothing of it" down "$second"
	prove "no trace of the one is on the machine" nothing_left_of "$second"
	prove "the other still has its Ready node" node_ready "$first" 1
}

both_answer() {
	kube "$second" create namespace only-there && kube "$second" get namespace only-there &&
		! kube "$first" get namespace only-there
}

prove_mending() {
	kube "$first" create namespace kept >/dev/null
	local program pid
	for program in kubelet-1 kube-scheduler kube-apiserver; do
		read -r pid _ <"$states/$first/pid/$program"
		kill -KILL "$pid"
	done
	prove "up mends a cluster whose kubelet, scheduler and API server have died" up "$first"
	prove "what was in the cluster is still there" kube "$first" get namespace kept
}

load_probe() { # cluster
	"$root/hack/load-image.sh" "$scratch/probe.tar" --name "$1"
}

make_probe_image() {
	(cd "$root/test/hack/probe" && CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$scratch/probe" .) &&
		bash -c 'source "$0"; image_of_program "$1" docker.io/library/probe:test "$2"' \
			"$root/hack/cluster/lib/image.sh" "$scratch/probe" "$scratch/probe.tar"
}

deploy_probe() {
	kube "$first" apply -f "$root/test/hack/probe.yaml" &&
		kube "$first" rollout status deployment probe --timeout=60s
}

pods_spread() {
	[[ $(kube "$first" get pods -l app=probe -o 'jsonpath={range .items[*]}{.spec.nodeName}{"\n"}{end}' |
		sort -u | wc -l) == 2 ]]
}

# Both pods answer under this URL, asked from the host.
host_reaches_both() { # url
	local try
	for ((try = 0; try < 40; try++)); do
		curl -sS --max-time 3 "$1" || return 1
	done | sort -u >"$scratch/answers"
	cat "$scratch/answers"
	(($(wc -l <"$scratch/answers") == 2))
}

# From within each pod, so from each node, the other one is reached through the Service's name.
pods_reach_each_other() {
	local pod try
	for pod in $(kube "$first" get pods -l app=probe -o name); do
		for ((try = 0; try < 12; try++)); do
			kube "$first" exec "$pod" -- /probe get http://probe.default.svc/ || return 1
		done | sort -u >"$scratch/answers"
		cat "$scratch/answers"
		(($(wc -l <"$scratch/answers") == 2)) || return 1
	done
}

outside_is_refused() {
	local said
	said=$(kube "$first" exec deployment/probe -- /probe get http://192.0.2.1:9/ 2>&1)
	echo "$said"
	[[ $said == *'no route to host'* ]]
}

prove_two_nodes() {
	prove "up with two nodes adds the second" up "$first" --nodes 2
	prove "the second node is Ready" node_ready "$first" 2
	prove "an image loads onto both nodes" test "$(load_probe "$first" | wc -l)" = 2
	prove "a Deployment comes up" deploy_probe
	prove "its pods are spread over both nodes" pods_spread
	local service
	service=$(kube "$first" get service probe -o 'jsonpath={.spec.clusterIP} {.spec.ports[0].nodePort}')
	prove "the host reaches pods on both nodes through the Service" eventually 20 host_reaches_both "http://${service% *}/"
	local address
	address=$(kube "$first" get node "$first-2" -o 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}')
	prove "the host reaches both through the second node's NodePort" eventually 20 host_reaches_both "http://$address:${service#* }/"
	prove "pods on either node reach both through the Service's name" eventually 20 pods_reach_each_other
	prove "a call from a pod to the outside is refused at once" outside_is_refused
	prove "pods have logs" kube "$first" logs deployment/probe
	prove "kubectl top nodes shows both nodes" eventually 60 top_shows 2 nodes
	prove "kubectl top pods shows both pods" eventually 60 top_shows 2 pods
}

top_shows() { # count nodes|pods
	[[ $(kube "$first" top "$2" --no-headers | wc -l) == "$1" ]]
}

prove_bad_input() {
	prove "an unknown flag is refused" refuses 2 "unknown argument: --frob" up "$first" --frob
	prove "a wrong node count is refused" refuses 2 "--nodes must be 1 or 2" up "$first" --nodes 3
	prove "a bad cluster name is refused" refuses 2 "cluster name 'Bad_Name'" up Bad_Name
	prove "loading an unknown image is refused" refuses 2 "no image nowhere:none" \
		"$root/hack/load-image.sh" nowhere:none --name "$first"
	prove "loading into a cluster that is not there is refused" refuses 2 "no node of a cluster named absent" \
		"$root/hack/load-image.sh" "$scratch/probe.tar" --name absent
}

# Starts an up and kills it with -9 as soon as it has said TEXT.
kill_up_after() { # text
	: >"$scratch/progress"
	setsid "$root/hack/cluster/up.sh" --name "$second" >>"$scratch/progress" 2>&1 &
	local pid=$!
	eventually 60 grep -qF "$1" "$scratch/progress"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	grep -qF "$1" "$scratch/progress" && ! grep -q 'is up;' "$scratch/progress"
}

prove_killed_up() {
	local moment
	prove "an up can be killed right after it began" kill_up_when_state_exists
	prove "down after that ends well" down "$second"
	prove "and leaves nothing" nothing_left_of "$second"
	for moment in "API server started" "directories are mounted" "containerd serves" "node 1: Ready"; do
		prove "an up can be killed after '$moment'" kill_up_after "$moment"
		prove "down after that ends well" down "$second"
		prove "and leaves nothing" nothing_left_of "$second"
	done
}

kill_up_when_state_exists() {
	setsid "$root/hack/cluster/up.sh" --name "$second" >/dev/null 2>&1 &
	local pid=$!
	eventually 10 test -e "$states/$second/made"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	test -e "$states/$second/made"
}

prove_down() {
	prove "down of a cluster with pods on two nodes ends well" down "$first"
	prove "no process, mount, namespace, link, cgroup or file of it is left" nothing_left_of "$first"
	prove "the host's iptables rules, default route and forwarding are as before" same_host_network
	prove "down of what is not there is no error" down "$first"
}

main() {
	[[ ${1-} != --help ]] || { usage; exit 0; }
	((EUID == 0)) || { echo "cluster_lifecycle.sh: must be root" >&2; exit 2; }
	trap finish EXIT
	"$root/hack/cluster/build.sh" >"$scratch/build" 2>&1 || { cat "$scratch/build"; exit 1; }
	down "$first" >/dev/null
	down "$second" >/dev/null
	host_network >"$scratch/host-network"
	make_probe_image || exit 1

	prove_one_node
	prove_side_by_side
	prove_mending
	prove_two_nodes
	prove_bad_input
	prove_down
	prove_killed_up
	exit "$failed"
}

main "$@"
