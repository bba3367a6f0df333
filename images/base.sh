#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# images/base.sh — docker.io/library/debian:bookworm-slim out of Debian's
# packages, for machines that reach no image registry. It carries this machine's
# certificate authorities, so that pip inside a build trusts what this machine
# trusts. Made once a user: it is kept in ~/.cache/krypton.
set -euo pipefail
# shellcheck source=images/lib.sh
source "$(dirname "$0")/lib.sh"

authorities=/etc/ssl/certs/ca-certificates.crt
# Beside Debian's own bundle, which the package ca-certificates would write over.
inside=/usr/local/share/builder-authorities.crt

usage() {
	cat <<TEXT
usage: images/base.sh [--renew]

Prints the path of the base image's archive, and makes it when it is not there.
  --renew   make it anew, with today's packages
TEXT
}

# What a slim image leaves out, as Debian's own does. (usr-is-merged: without it
# apt takes usrmerge, which brings all of Perl.)
slim=(
	--dpkgopt=force-unsafe-io # a build that a power cut ends starts over anyway
	--dpkgopt='path-exclude=/usr/share/doc/*'
	--dpkgopt='path-include=/usr/share/doc/*/copyright'
	--dpkgopt='path-exclude=/usr/share/man/*'
	--dpkgopt='path-exclude=/usr/share/info/*'
	--dpkgopt='path-exclude=/usr/share/locale/*'
	--dpkgopt='path-include=/usr/share/locale/locale.alias'
	--dpkgopt='path-exclude=/usr/share/lintian/*'
)

make_base() {
	local archive=$1 work=$2 container
	echo "images: making the Debian base image (once a user)" >&2
	if ! SOURCE_DATE_EPOCH=0 mmdebstrap --quiet --variant=apt --mode=root "${slim[@]}" \
		--include=usr-is-merged --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
		--aptopt='APT::Install-Recommends "false"' \
		--customize-hook="install -D -m 0644 $authorities \"\$1$inside\"" \
		bookworm "$work/base.tar" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$work/log" 2>&1; then
		tail -n 20 "$work/log" >&2
		fail "mmdebstrap could not make the base image (DEBIAN_MIRROR names another mirror)"
	fi
	container=$(run_buildah from scratch)
	run_buildah add --quiet "$container" "$work/base.tar" / >/dev/null
	run_buildah config --os linux --cmd /bin/bash \
		--env "PIP_CERT=$inside" "$container"
	run_buildah commit --quiet --format docker --timestamp 0 "$container" \
		"docker-archive:$work/image.tar:$base_image" >/dev/null
	run_buildah rm "$container" >/dev/null
	mv "$work/image.tar" "$archive"
}

main() {
	local renew=0
	case ${1-} in
	'') ;;
	--renew) renew=1 ;;
	--help | -h) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac

	mkdir -p "$cache"
	local key archive
	key=$(digest_of "$images_root/images/base.sh" "$authorities")
	archive=$cache/debian-bookworm-slim-${key:0:16}.tar
	exec 8>"$cache/.base.lock"
	flock 8
	if ((renew)) || [[ ! -s $archive ]]; then
		work=$(mktemp -d "$cache/base.XXXXXX")
		trap 'rm -rf "$work"' EXIT
		rm -f "$cache"/debian-bookworm-slim-*.tar
		make_base "$archive" "$work"
	fi
	echo "$archive"
}

main "$@"
