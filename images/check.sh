#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# images/check.sh — what the daemons' images promise, read from the archives in
# build/images: reproducible, not root, no shell, small, complete. Prints
# `ok - sentence` lines and exits 1 when one is `not ok`.
set -euo pipefail
# shellcheck source=images/lib.sh
source "$(dirname "$0")/lib.sh"

sidecar_limit_bytes=$((3 * 1000 * 1000))
failures=0

usage() {
	echo 'usage: images/check.sh [NAME…]    checks the images NAME (all daemons) in build/images'
}

report() { # sentence, then a command that decides
	local sentence=$1
	shift
	if "$@" >"$work/why" 2>&1; then
		echo "ok - $sentence"
	else
		echo "not ok - $sentence"
		sed 's/^/# /' "$work/why"
		failures=$((failures + 1))
	fi
}

# One image, opened: the configuration at CONFIG, its files under ROOTFS.
open_image() {
	local folder=$work/$1 layer
	mkdir -p "$folder/archive" "$folder/rootfs"
	tar -xf "$build/images/$1.tar" -C "$folder/archive"
	config=$folder/archive/$(jq -r '.[0].Config' "$folder/archive/manifest.json")
	rootfs=$folder/rootfs
	: >"$folder/list"
	while read -r layer; do
		tar -xpf "$folder/archive/$layer" -C "$rootfs"
		tar --numeric-owner -tvf "$folder/archive/$layer" >>"$folder/list"
	done < <(jq -r '.[0].Layers[]' "$folder/archive/manifest.json")
	list=$folder/list
}

named_as_the_chart_asks() {
	[[ $(jq -r '.[0].RepoTags[0]' "$work/$1/archive/manifest.json") == "$(image_reference "$1")" ]]
}

built_twice_is_the_same() {
	"$images_root/images/build.sh" --force --output "$work/again" "$1" || return 1
	cmp "$build/images/$1.tar" "$work/again/$1.tar"
}

runs_as_numeric_user() { jq -e '.config.User | test("^[1-9][0-9]*:[1-9][0-9]*$")' "$config"; }

starts_its_program() {
	jq -e --arg program "/usr/local/bin/$1" '.config.Entrypoint == [$program] and (.config.Cmd // []) == []' "$config"
}

has_no_shell() {
	! find "$rootfs" \( -name '*sh' -o -name 'busybox*' \) -path '*bin/*' | grep .
}

belongs_to_root_and_is_not_writable() {
	! awk '$2 != "0/0" || substr($1, 6, 1) == "w" || substr($1, 9, 1) == "w" || $1 ~ /[sStT]/' "$list" | grep .
}

# Needs root, as everything that starts a program in another root.
starts_in_its_own_root() {
	timeout 10 chroot --userspec=65532:65532 "$rootfs" "/usr/local/bin/$1" --version
}

is_under_limit() {
	local bytes
	bytes=$(stat -c %s "$build/images/$1.tar")
	echo "$bytes bytes, limit $sidecar_limit_bytes"
	((bytes < sidecar_limit_bytes))
}

is_one_static_program() {
	[[ $(find "$rootfs" -type f | wc -l) == 1 ]] && ! readelf -lW "$rootfs/usr/local/bin/$1" | grep INTERP
}

main() {
	[[ ${1-} == --help || ${1-} == -h ]] && { usage; exit 0; }
	local names=("$@") name
	((${#names[@]})) || names=("${daemon_names[@]}")
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	for name in "${names[@]}"; do
		[[ -s $build/images/$name.tar ]] || fail "no $build/images/$name.tar: make images"
		open_image "$name"
		report "image $name carries the name that the chart asks for" named_as_the_chart_asks "$name"
		report "image $name built twice has the same digest" built_twice_is_the_same "$name"
		report "image $name runs as a numeric user that is not root" runs_as_numeric_user
		report "image $name starts its program and takes only flags" starts_its_program "$name"
		report "image $name has no shell inside" has_no_shell
		report "files of image $name belong to root and nobody else may write them" belongs_to_root_and_is_not_writable
		report "the program of image $name starts with nothing but the image around it" starts_in_its_own_root "$name"
		if [[ $name == krypton-proxy ]]; then
			report "image krypton-proxy is under 3 MB" is_under_limit "$name"
			report "image krypton-proxy is one static program" is_one_static_program "$name"
		fi
		rm -rf "${work:?}/$name" "$work/again"
	done
	((failures == 0))
}

main "$@"
