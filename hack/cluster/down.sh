#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/cluster/down.sh — the end of a cluster: nothing of it is left.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in progress cluster cgroup process net node teardown; do
	# shellcheck source=/dev/null
	source "$here/lib/$part.sh"
done

usage() {
	cat <<'TEXT'
usage: hack/cluster/down.sh [--name NAME]

Ends the cluster NAME (default krypton-dev): its processes, pods, mounts, cgroups,
network, state, logs and kubeconfig. Also after an up.sh that was killed half-way.

Exit: 0 nothing is left, 1 something is (it is listed), 2 wrong usage.
TEXT
}

main() {
	local wanted_name=krypton-dev left
	while (($#)); do
		case $1 in
		--help | -h) usage; exit 0 ;;
		--name) wanted_name=${2-}; shift ;;
		*) usage_fail "unknown argument: $1" ;;
		esac
		shift || usage_fail "the last flag wants a value"
	done
	((EUID == 0)) || usage_fail "must be root"
	cluster_use "$wanted_name"
	trap_unexpected
	cluster_lock
	! slot=$(slot_of_name) || slot_is_ours "$slot"
	teardown
	left=$(leftovers)
	if [[ -n $left ]]; then
		printf '%s\n' "$left" >&2
		fail "this is left of $name"
	fi
	say "$name is down: no process, mount, cgroup, network namespace, link or file of it is left"
}

main "$@"
exit
