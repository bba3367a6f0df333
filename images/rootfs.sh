#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# images/rootfs.sh — the content of a small image: one program and exactly the
# shared objects that it needs, no distribution around them. images/build.sh and
# images/Dockerfile both call it, so that both make the same.
set -euo pipefail
export LC_ALL=C

usage() {
	echo 'usage: images/rootfs.sh BINARY NAME FOLDER    fills FOLDER (which must not exist) with /usr/local/bin/NAME and what it needs'
}

# The loader and the libraries, as the loader of this machine finds them.
shared_objects() {
	ldd "$1" | awk '
		/=> not found/ { print "rootfs: " $1 " is not installed here" > "/dev/stderr"; bad = 1 }
		$2 == "=>" && $3 ~ /^\// { print $3; next }
		$1 ~ /^\// { print $1 }
		END { exit bad }'
}

main() {
	[[ ${1-} == --help || ${1-} == -h ]] && { usage; exit 0; }
	(($# == 3)) || { usage >&2; exit 2; }
	local binary=$1 name=$2 folder=$3 object
	[[ -f $binary ]] || { echo "rootfs: no such program: $binary (make all)" >&2; exit 1; }
	[[ ! -e $folder ]] || { echo "rootfs: $folder exists" >&2; exit 1; }

	umask 022
	install -D -m 0755 "$binary" "$folder/usr/local/bin/$name"
	strip --strip-all "$folder/usr/local/bin/$name"
	if readelf --program-headers --wide "$binary" | grep -q INTERP; then
		local objects
		objects=$(shared_objects "$binary")
		while read -r object; do
			install -D -m 0755 "$(realpath "$object")" "$folder$object"
		done <<<"$objects"
		# Names come from /etc/hosts, which the kubelet writes, then from the cluster's DNS.
		mkdir -p "$folder/etc"
		echo 'hosts: files dns' >"$folder/etc/nsswitch.conf"
	fi
	find "$folder" -type d -exec chmod 0755 {} +
	find "$folder" -type f ! -perm 0755 -exec chmod 0644 {} +
}

main "$@"
