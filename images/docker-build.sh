#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# images/docker-build.sh — Krypton's images where a user's own tools find them:
# in docker, built from source by images/Dockerfile; where no docker daemon
# answers, as archives by buildah from what make compiled.
set -euo pipefail
# shellcheck source=images/lib.sh
source "$(dirname "$0")/lib.sh"

usage() {
	echo 'usage: images/docker-build.sh    builds all images, with docker if its daemon answers, else with buildah'
}

with_docker() {
	local name reference
	echo "docker-build: docker answers; it builds from source by images/Dockerfile"
	for name in "${daemon_names[@]}"; do
		reference=$(image_reference "$name")
		docker build --quiet -f "$images_root/images/Dockerfile" --target "$name" -t "$reference" "$images_root" >/dev/null
		echo "docker-build: $reference"
	done
	for name in "${example_names[@]}"; do
		reference=$(image_reference "$name")
		docker build --quiet -t "$reference" "$images_root/$(example_folder "$name")" >/dev/null
		echo "docker-build: $reference"
	done
}

with_buildah() {
	echo "docker-build: no docker daemon answers; buildah makes the same images from what make compiled"
	"$images_root/images/build.sh" all
	local name
	for name in "${daemon_names[@]}" "${example_names[@]}"; do
		echo "docker-build: $(image_reference "$name") is ${build#"$images_root"/}/images/$name.tar"
	done
	echo "docker-build: hack/load-image.sh build/images/NAME.tar puts one onto the local cluster"
}

case ${1-} in
'') ;;
--help | -h) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac
if command -v docker >/dev/null && docker info >/dev/null 2>&1; then
	with_docker
else
	make --no-print-directory -C "$images_root" all
	with_buildah
fi
