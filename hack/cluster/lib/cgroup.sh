# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# cgroup — everything a cluster runs, its own programs and the pods', lives
# under /krypton.NAME of every cgroup hierarchy. That is how `down` finds all of
# it, whatever happened to `up`.

# The mounted hierarchies: the single one of cgroup v2, or one a controller with
# v1, where a v2 hierarchy may stand beside them, which runc then uses too.
cgroup_hierarchies() {
	if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
		echo /sys/fs/cgroup
	else
		awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/self/mounts
	fi
}

cgroup_make() { # path
	local hierarchy path part file
	while read -r hierarchy; do
		path=$hierarchy
		while read -r -d / part; do
			path=$path/$part
			mkdir -p "$path"
			if [[ -e $path/cgroup.subtree_control ]]; then # v2: children want the same controllers
				sed 's/\w\+/+&/g' "$path/../cgroup.controllers" >"$path/../cgroup.subtree_control" || true
			fi
			for file in cpuset.cpus cpuset.mems; do # v1: a new cpuset is empty and takes no process
				if [[ -e $path/tasks && -e $path/$file && -z $(<"$path/$file") ]]; then
					cat "$path/../$file" >"$path/$file"
				fi
			done
		done <<<"$1/"
	done < <(cgroup_hierarchies)
}

cgroup_enter() { # path; moves the calling shell
	local hierarchy
	while read -r hierarchy; do
		echo "$BASHPID" >"$hierarchy/$1/cgroup.procs"
	done < <(cgroup_hierarchies)
}

cgroup_directories() { # path; the deepest first
	local hierarchy
	while read -r hierarchy; do
		[[ ! -d $hierarchy/$1 ]] || find "$hierarchy/$1" -depth -type d 2>/dev/null || true
	done < <(cgroup_hierarchies)
}

cgroup_processes() { # path
	local directory
	cgroup_directories "$1" | while read -r directory; do
		cat "$directory/cgroup.procs" 2>/dev/null || true
	done | awk '$1 > 0' | sort -un # v2 shows one that is just being reaped as 0
}
