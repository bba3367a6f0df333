# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# images/lib.sh — what the scripts of this folder share; source it, it runs nothing.

images_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD:-build}
[[ $build == /* ]] || build=$images_root/$build
version=${VERSION:-$(<"$images_root/version.txt")}
example_version=0.1.0 # what the examples' agent.yaml files name
cache=${XDG_CACHE_HOME:-$HOME/.cache}/krypton
base_image=docker.io/library/debian:bookworm-slim

daemon_names=(controller gateway scaler krypton-proxy)
example_names=(example-hello-sse example-hello-mcp-go example-hello-mcp example-hello-a2a)

# Where an example's source and Dockerfile are.
example_folder() {
	case $1 in
	example-hello-sse) echo examples/http/sse ;;
	example-hello-mcp-go) echo examples/mcp/go ;;
	example-hello-mcp) echo examples/mcp/python ;;
	example-hello-a2a) echo examples/a2a/python ;;
	*) return 1 ;;
	esac
}

image_reference() {
	case $1 in
	example-*) echo "docker.io/krypton-examples/${1#example-}:$example_version" ;;
	*) echo "docker.io/krypton/$1:$version" ;;
	esac
}

fail() {
	echo "images: $*" >&2
	exit 1
}

# buildah with a storage of our own: nothing of the machine's images is touched,
# and neither mounts nor user namespaces are needed.
run_buildah() {
	mkdir -p "$build/containers/store" "$build/containers/run"
	BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs \
		buildah --root "$build/containers/store" --runroot "$build/containers/run" \
		--storage-driver vfs "$@"
}

# The digest of files by name and content, in a fixed order; the same wherever the tree lies.
digest_of() {
	printf '%s\0' "$@" | LC_ALL=C sort -z | xargs -0 sha256sum -- | sed "s#  $images_root/#  #" | sha256sum | cut -d' ' -f1
}

# A folder becomes the only layer of an image, written as a docker-archive.
# Same folder, same bytes: times are 0, owners root, the order is by name.
#   scratch_image ROOTFS ENTRYPOINT REFERENCE TITLE ARCHIVE
scratch_image() {
	local rootfs=$1 entrypoint=$2 reference=$3 title=$4 archive=$5 container
	container=$(run_buildah from scratch) || return 1
	run_buildah copy --quiet --chown 0:0 "$container" "$rootfs" / >/dev/null &&
		run_buildah config --os linux --user 65532:65532 --cmd '' --entrypoint "[\"$entrypoint\"]" \
			--label "org.opencontainers.image.title=$title" \
			--label "org.opencontainers.image.version=${reference##*:}" \
			--label org.opencontainers.image.licenses=Apache-2.0 "$container" &&
		run_buildah commit --quiet --format oci --timestamp 0 "$container" \
			"docker-archive:$archive:$reference" >/dev/null
	local status=$?
	run_buildah rm "$container" >/dev/null
	return $status
}
