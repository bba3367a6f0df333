#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/load-image.sh — puts an image onto every node of a local cluster, so that
# pods start from it without any registry.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in progress cluster process node; do
	# shellcheck source=/dev/null
	source "$here/cluster/lib/$part.sh"
done

usage() {
	cat <<'TEXT'
usage: hack/load-image.sh IMAGE... [--name NAME]

Loads each IMAGE onto all nodes of the cluster NAME (unset: the local cluster of
KUBECONFIG, else krypton-dev).
IMAGE is a name in buildah's store (repo/name:tag) or a path of an image archive
(docker-archive or OCI tar). A short name becomes docker.io/library/NAME:TAG.

Environment: STORAGE_DRIVER (vfs) and BUILDAH_ISOLATION (chroot), as for buildah.
Exit: 0 loaded, 1 an import failed, 2 no such image, no such cluster, or wrong usage.
TEXT
}

export STORAGE_DRIVER=${STORAGE_DRIVER:-vfs} BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}

# The kubeconfig that up.sh wrote says which local cluster is meant.
default_name() {
	local file
	file=$(realpath -q "${KUBECONFIG-}" || true)
	case $file in
	"$cluster_build"/*.kubeconfig) basename "$file" .kubeconfig ;;
	*) echo krypton-dev ;;
	esac
}

# docker.io/library/x:latest for x, docker.io/a/b:latest for a/b, and so on.
full_reference() { # image
	local reference=$1
	reference=${reference#localhost/}
	[[ ${reference##*/} == *:* ]] || reference=$reference:latest
	case $reference in
	*/*) [[ ${reference%%/*} == *[.:]* ]] || reference=docker.io/$reference ;;
	*) reference=docker.io/library/$reference ;;
	esac
	echo "$reference"
}

import_archive() { # archive image
	local node names
	for node in "${nodes[@]}"; do
		if ! names=$(containerd_ctl "$node" images import "$1" 2>&1); then
			fail "$2 was not imported on $(node_name "$node"): $(tail -n 1 <<<"$names")"
		fi
		[[ -n $names ]] || fail "$2 holds no named image"
		sed -nE "s/^unpacking ([^ ]+) .*/loaded \1 on $(node_name "$node")/p" <<<"$names"
	done
}

load() { # image
	local reference
	if [[ -f $1 ]]; then
		[[ $(tar -tf "$1" 2>/dev/null) =~ (^|$'\n')(manifest.json|index.json)($|$'\n') ]] ||
			usage_fail "$1 is not an image archive"
		import_archive "$1" "$1"
		return
	fi
	[[ $1 != */*.tar ]] || usage_fail "no such file: $1"
	command -v buildah >/dev/null || usage_fail "no file $1, and no buildah to ask for an image of that name"
	buildah inspect --type image "$1" >/dev/null 2>&1 ||
		usage_fail "no image $1 in buildah's store, and no file of that name"
	reference=$(full_reference "$1")
	rm -f "$scratch"/*
	buildah push --quiet "$1" "docker-archive:$scratch/image.tar:$reference" >"$scratch/log" 2>&1 ||
		fail "buildah could not write $1: $(tail -n 1 "$scratch/log")"
	import_archive "$scratch/image.tar" "$1"
}

main() {
	local images=() wanted_name='' image
	while (($#)); do
		case $1 in
		--help | -h) usage; exit 0 ;;
		--name) wanted_name=${2-}; shift ;;
		-*) usage_fail "unknown flag: $1" ;;
		*) images+=("$1") ;;
		esac
		shift || usage_fail "the last flag wants a value"
	done
	((${#images[@]})) || usage_fail "no IMAGE given"
	cluster_use "${wanted_name:-$(default_name)}"
	mapfile -t nodes < <(nodes_that_run)
	((${#nodes[@]})) || usage_fail "no node of a cluster named $name runs here: hack/cluster/up.sh --name $name"
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	for image in "${images[@]}"; do
		load "$image"
	done
}

main "$@"
