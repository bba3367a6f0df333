#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test/cluster/prometheus/build.sh — builds a Prometheus that discovers by
# Kubernetes, which Debian's was compiled without, at build/prometheus. Does
# nothing when it is there and made from these files. Prints its path.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
out=$root/build/prometheus
source=$out/source
binary=$out/prometheus
module=github.com/prometheus/prometheus

main() {
	case ${1-} in
	'') ;;
	--help | -h) echo "usage: test/cluster/prometheus/build.sh    builds $binary"; exit 0 ;;
	*) echo "prometheus: unknown argument: $1" >&2; exit 2 ;;
	esac
	mkdir -p "$out"
	exec 9>"$out/.lock"
	flock 9
	local want version folder
	want="$(cat go.mod go.sum plugins.go build.sh | sha256sum) $(go env GOVERSION)"
	if [[ -x $binary && -e $out/.stamp && $(<"$out/.stamp") == "$want" ]]; then
		echo "$binary"
		return
	fi
	version=$(awk -v module="$module" '$1 == module && $2 ~ /^v/ { print $2 }' go.mod)
	folder=$(cd "$out" && GOFLAGS=-mod=mod go mod download -json "$module@$version" | sed -nE 's/^\t"Dir": "(.*)",$/\1/p')
	[[ -d $folder ]] || { echo "prometheus: $module $version could not be had" >&2; exit 1; }
	rm -rf "$source"
	cp -r --no-preserve=mode "$folder" "$source"
	cp plugins.go "$source/plugins/plugins.go"
	if ! CGO_ENABLED=0 nice -n 5 go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$binary" \
		"$module/cmd/prometheus" >"$out/log" 2>&1; then
		echo "prometheus: the build failed; $out/log ends with:" >&2
		tail -n 15 "$out/log" >&2
		exit 1
	fi
	rm -rf "$source"
	printf '%s\n' "$want" >"$out/.stamp"
	echo "$binary"
}

main "$@"
