#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/cluster/up.sh — a real Kubernetes in network namespaces of this machine.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in progress cluster cgroup process wait net certs controlplane image node addons teardown; do
	# shellcheck source=/dev/null
	source "$here/lib/$part.sh"
done

usage() {
	cat <<'TEXT'
usage: hack/cluster/up.sh [--name NAME] [--nodes 1|2] [--control-plane-only]

Brings up the cluster NAME (default krypton-dev), or makes whole what is there: what
runs is left alone, what is missing is started, and what cannot be mended is made anew.
  --nodes 1|2            worker nodes (default 1); a cluster never shrinks
  --control-plane-only   etcd and the API server, nothing else

Environment: KRYPTON_STATE_DIR, where clusters keep state and logs (/var/lib/krypton);
APISERVER_FLAGS, further flags of an API server that is started now, split at blanks.
Writes a kubeconfig: build/cluster/kubeconfig for krypton-dev, else build/cluster/NAME.kubeconfig.

Exit: 0 the cluster is ready, 1 it is not (the reason is printed), 2 wrong usage.
TEXT
}

parse_arguments() {
	wanted_name=krypton-dev
	nodes=1
	while (($#)); do
		case $1 in
		--help | -h) usage; exit 0 ;;
		--name) wanted_name=${2-}; shift ;;
		--nodes) nodes=${2-}; shift ;;
		--control-plane-only) nodes=0 ;;
		*) usage_fail "unknown argument: $1" ;;
		esac
		shift || usage_fail "the last flag wants a value"
	done
	[[ $nodes == [012] ]] || usage_fail "--nodes must be 1 or 2, not '$nodes'"
}

have_programs() {
	local program
	for program in kube-apiserver etcd $( ((!nodes)) || echo pause coredns metrics-server); do
		[[ -x $bin/$program ]] || fail "no $program in build/cluster/bin: run hack/cluster/build.sh first"
	done
}

start_control_plane() {
	mkdir -p "$state"/{pki,conf,log,pid,etcd}
	chmod 700 "$state"/{pki,conf,etcd}
	cgroup_make "$unit/system"
	net_make_wire
	net_make_node 1
	pki_make_control_plane
	etcd_start
	apiserver_start
}

start_node() { # node
	net_make_node "$1"
	(($1 == 1)) || net_join_nodes 1 "$1"
	node_init_start "$1"
	wait_for 60 "node-$1" "node $1: its directories are mounted" node_is_set_up "$1"
	containerd_start "$1"
}

start_node_agents() { # node
	wait_for 60 "containerd-$1" "node $1: containerd serves" containerd_is_ready "$1"
	node_import_pause "$1"
	kubelet_start "$1"
	kubeproxy_start "$1"
}

publish_kubeconfig() {
	mkdir -p "${kubeconfig%/*}"
	install -m 600 "$state/conf/admin.kubeconfig" "$kubeconfig.new"
	mv "$kubeconfig.new" "$kubeconfig"
}

has_default_account() {
	kubectl get serviceaccount default
}

bring_up() {
	local node
	start_control_plane
	say "etcd and API server started at $api_url"
	for ((node = 1; node <= nodes; node++)); do
		start_node "$node"
	done
	wait_for 120 "etcd kube-apiserver" "API server is ready" apiserver_is_ready
	publish_kubeconfig
	((nodes)) || return 0

	controllermanager_start
	scheduler_start
	addons_apply "$nodes"
	for ((node = 1; node <= nodes; node++)); do
		start_node_agents "$node"
	done
	coredns_start
	metrics_server_start
	for ((node = 1; node <= nodes; node++)); do
		wait_for 120 "containerd-$node kubelet-$node" "node $node: Ready" node_is_ready "$node"
	done
	wait_for 60 coredns "DNS answers" coredns_is_ready
	wait_for 60 kube-controller-manager "namespace default has its ServiceAccount" has_default_account
	wait_for 90 "metrics-server kube-proxy-1" "metrics API is available" metrics_server_is_available
}

# Addresses and boot that the state belongs to; with others it is worthless.
birth() {
	echo "slot $slot boot $(</proc/sys/kernel/random/boot_id)"
}

begin() {
	slot_take
	mkdir -p "$state"
	birth >"$state/made"
}

# A subshell of its own, so that a failure inside ends the attempt and not the script.
attempt() {
	set +e
	(
		set -e
		trap_unexpected
		bring_up
	)
	attempt_failed=$?
	set -e
}

main() {
	parse_arguments "$@"
	((EUID == 0)) || usage_fail "must be root: it makes network namespaces and mounts"
	cluster_use "$wanted_name"
	cluster_lock
	have_programs
	export NO_PROXY='*' no_proxy='*' # everything here is near
	local existed=no
	[[ ! -e $state/made ]] || existed=yes
	slot_take
	if [[ $existed == yes && $(<"$state/made") != "$(birth)" ]]; then
		say "$name is from before a restart of the machine: made anew"
		teardown
		existed=no
	fi
	begin

	attempt
	if ((attempt_failed)) && [[ $existed == yes ]]; then
		say "$name could not be mended: made anew"
		teardown
		begin
		attempt
	fi
	((attempt_failed == 0)) || fail "$name is not up; its logs: $state/log; remove it with hack/cluster/down.sh --name $name"
	say "$name is up; export KUBECONFIG=$kubeconfig"
}

main "$@"
exit
