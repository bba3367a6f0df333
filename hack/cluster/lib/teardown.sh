# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# teardown — removes all that carries the cluster's name, whether `up` finished,
# failed, or was killed at any point, and can tell what is left.

cluster_processes() {
	{
		cgroup_processes "$unit"
		local index
		for index in 0 1 2; do
			net_processes "$index"
		done
	} | sort -un
}

mounts_below() { # directory
	awk -v prefix="$1/" 'index($5, prefix) == 1 { print $5 }' /proc/self/mountinfo | tac
}

# What exists of the cluster, one fact a line; nothing when it is gone.
leftovers() {
	local index pid directory
	while read -r pid; do
		echo "process $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-80)"
	done < <(cluster_processes)
	mounts_below "$state" | sed 's/^/mount /'
	for index in 0 1 2; do
		! net_exists "$index" || echo "network namespace $(netns "$index")"
	done
	! ip link show "$host_link" >/dev/null 2>&1 || echo "link $host_link"
	while read -r directory; do
		echo "cgroup $directory"
	done < <(cgroup_directories "$unit")
	[[ ! -e $state ]] || echo "directory $state"
	[[ ! -e $kubeconfig ]] || echo "file $kubeconfig"
	slot_of_name | sed "s|^|slot $registry/slots/|" || true
}

# Some may start others while they are being ended, so it is repeated until none
# is left; the last wait is for whoever has to reap them.
end_processes() {
	local deadline=$((SECONDS + 30)) pids pid ended=()
	while mapfile -t pids < <(cluster_processes) && ((${#pids[@]})); do
		((SECONDS < deadline)) || fail "processes do not end: ${pids[*]}"
		kill -KILL "${pids[@]}" 2>/dev/null || true
		ended+=("${pids[@]}")
		sleep 0.1
	done
	for pid in "${ended[@]}"; do
		while [[ -e /proc/$pid ]] && ! start_time "$pid" >/dev/null && ((SECONDS < deadline)); do
			sleep 0.1
		done
	done
}

remove_mounts() {
	local mount
	while read -r mount; do
		umount -l "$mount"
	done < <(mounts_below "$state")
}

# A cgroup is busy for a moment after its last process has gone.
remove_cgroups() {
	local deadline=$((SECONDS + 30)) directories
	while mapfile -t directories < <(cgroup_directories "$unit") && ((${#directories[@]})); do
		((SECONDS < deadline)) || fail "cgroups cannot be removed: ${directories[*]}"
		rmdir "${directories[@]}" 2>/dev/null || sleep 0.1
	done
}

# What all clusters share stays: another one may be on its way up in it.
teardown() {
	end_processes
	remove_mounts
	remove_cgroups
	net_remove
	rm -rf --one-file-system "$state"
	rm -f "$kubeconfig"
	slot_give_back
	sysctl_restore
}
