#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# images/build.sh — container images, with buildah, from what was compiled here.
# A daemon's image is its program in build/bin and the libraries it needs; a Go
# example's is its program alone, compiled here; a Python example's comes from
# its own Dockerfile on the base of images/base.sh. An image whose inputs have
# not changed is left alone.
set -euo pipefail
# shellcheck source=images/lib.sh
source "$(dirname "$0")/lib.sh"

output=$build/images
force=0

usage() {
	cat <<TEXT
usage: images/build.sh [--force] [--output FOLDER] NAME…

NAME is one of
  ${daemon_names[*]}
  ${example_names[*]}
or daemons, examples, all. Each becomes the archive build/images/NAME.tar.
  --force    build also what is up to date
  --output   where the archives go
BUILD (build) is where the programs are; VERSION (version.txt) is the images' tag.
TEXT
}

# Everything that decides what the image is, as one digest.
inputs_of() {
	local name=$1 folder
	if folder=$(example_folder "$name"); then
		local files
		mapfile -d '' -t files < <(find "$images_root/$folder" -type f ! -name README.md ! -name '*.yaml' -print0)
		printf '%s %s ' "$(digest_of "${files[@]}")" "$example_version"
		if [[ -e $images_root/$folder/go.mod ]]; then go env GOVERSION; else basename "$base_archive"; fi
	else
		local binary=$build/bin/$name objects
		[[ -f $binary ]] || fail "no program $binary: make all"
		mapfile -t objects < <(ldd "$binary" 2>/dev/null | awk '$3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }')
		printf '%s %s\n' "$(digest_of "$binary" "${objects[@]}")" "$version"
	fi
	digest_of "$images_root"/images/{build,lib,rootfs}.sh
}

build_daemon() {
	local name=$1 archive=$2 work=$3
	"$images_root/images/rootfs.sh" "$build/bin/$name" "$name" "$work/rootfs"
	scratch_image "$work/rootfs" "/usr/local/bin/$name" "$(image_reference "$name")" "$name" "$archive"
}

build_go_example() {
	local name=$1 archive=$2 work=$3 folder=$4
	mkdir -p "$work/rootfs"
	(cd "$images_root/$folder" && CGO_ENABLED=0 GOOS=linux go build -trimpath -buildvcs=false \
		-ldflags '-s -w -buildid=' -o "$work/rootfs/agent" .)
	chmod 0755 "$work/rootfs" "$work/rootfs/agent"
	scratch_image "$work/rootfs" /agent "$(image_reference "$name")" "${name#example-}" "$archive"
}

load_base() {
	local have
	have=$(run_buildah images --quiet --no-trunc "$base_image" 2>/dev/null || true)
	if [[ -n $have && -e $build/containers/base && $(<"$build/containers/base") == "$base_archive $have" ]]; then
		return
	fi
	run_buildah pull --quiet "docker-archive:$base_archive" >/dev/null
	have=$(run_buildah images --quiet --no-trunc "$base_image")
	echo "$base_archive $have" >"$build/containers/base"
}

build_python_example() {
	local name=$1 archive=$2 work=$3 folder=$4 reference
	reference=$(image_reference "$name")
	load_base
	# With layers, what two examples have in common (the interpreter) is made once.
	if ! run_buildah bud --pull-never --layers --format docker --timestamp 0 --quiet \
		--tag "$reference" "$images_root/$folder" >"$work/log" 2>&1; then
		tail -n 30 "$work/log" >&2
		return 1
	fi
	run_buildah push --quiet "$reference" "docker-archive:$archive:$reference"
	run_buildah rmi "$reference" >/dev/null
}

# The newest of each example, so that another clone does not pay for it again.
keep_example() {
	local name=$1 archive=$2 kept=$3
	mkdir -p "$cache/images"
	find "$cache/images" -name "$name-????????????????.tar*" -delete
	cp --reflink=auto "$archive" "$kept.$$"
	mv "$kept.$$" "$kept"
}

build_image() {
	local name=$1 archive=$output/$1.tar inputs folder work started=$SECONDS
	inputs=$(inputs_of "$name")
	if ((!force)) && [[ -s $archive && -e $output/$name.inputs && $(<"$output/$name.inputs") == "$inputs" ]]; then
		return
	fi
	rm -f "$output/$name.inputs"
	local kept
	kept=$cache/images/$name-$(sha256sum <<<"$inputs" | cut -c1-16).tar
	if ((!force)) && [[ $name == example-* && -s $kept ]]; then
		cp --reflink=auto "$kept" "$archive.new"
		mv "$archive.new" "$archive"
		printf '%s\n' "$inputs" >"$output/$name.inputs"
		return
	fi
	work=$(mktemp -d "$build/containers/image.XXXXXX")
	if ! folder=$(example_folder "$name"); then
		build_daemon "$name" "$work/image.tar" "$work"
	elif [[ -e $images_root/$folder/go.mod ]]; then
		build_go_example "$name" "$work/image.tar" "$work" "$folder"
	else
		build_python_example "$name" "$work/image.tar" "$work" "$folder"
	fi || fail "could not build $name"
	mv "$work/image.tar" "$archive"
	rm -rf "$work"
	if [[ $name == example-* ]]; then keep_example "$name" "$archive" "$kept"; fi
	printf '%s\n' "$inputs" >"$output/$name.inputs"
	printf 'image  %-45s %6s  %ds\n' "$(image_reference "$name")" "$(du -h "$archive" | cut -f1)" $((SECONDS - started))
}

main() {
	local names=() argument
	while (($#)); do
		case $1 in
		--help | -h) usage; exit 0 ;;
		--force) force=1 ;;
		--output) output=$(realpath -m "${2:?--output needs a folder}"); shift ;;
		--*) echo "images: unknown option $1 (see --help)" >&2; exit 2 ;;
		daemons) names+=("${daemon_names[@]}") ;;
		examples) names+=("${example_names[@]}") ;;
		all) names+=("${daemon_names[@]}" "${example_names[@]}") ;;
		*)
			argument=" ${daemon_names[*]} ${example_names[*]} "
			[[ $argument == *" $1 "* ]] || { echo "images: no image is called $1 (see --help)" >&2; exit 2; }
			names+=("$1")
			;;
		esac
		shift
	done
	((${#names[@]})) || { usage >&2; exit 2; }
	command -v buildah >/dev/null || { echo "images: buildah is not installed (hack/install-deps.sh)" >&2; exit 2; }

	mkdir -p "$output" "$build/containers"
	exec 9>"$build/containers/.lock"
	flock 9
	# What killed runs left; the lock says that nobody works here now.
	rm -rf "$build"/containers/image.??????
	run_buildah rm --all >/dev/null
	base_archive=
	local name
	for name in "${names[@]}"; do
		case $name in example-hello-mcp | example-hello-a2a) base_archive=$("$images_root/images/base.sh") ;; esac
		build_image "$name"
	done
}

main "$@"
