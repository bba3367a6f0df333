#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hack/cluster/build.sh — the programs of the local cluster, compiled from the
# pinned Go modules beside this file into build/cluster/bin. What is up to date
# is left alone.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/cluster

usage() {
	cat <<'TEXT'
usage: hack/cluster/build.sh [--help] [MODULE...]

Builds the modules named, or all: kubernetes (etcd, API server, controller-manager,
scheduler, kubelet, kube-proxy, kubectl in one binary), coredns, metrics-server,
helm, pause. Programs land in build/cluster/bin.

Exit: 0 built or up to date, 1 a build failed, 2 wrong usage or no Go.
TEXT
}

modules=(pause kubernetes coredns helm metrics-server)
kubernetes_names=(etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)

version_of() { # module dependency
	awk -v want="$2" '{ sub(/^require /, "") } $1 == want && $2 ~ /^v/ { print $2; exit }' "$here/$1/go.mod"
}

# A module either has a main package of its own or pins somebody's as its tool.
main_package() { # module
	awk '$1 == "tool" { found = $2 } END { print found ? found : "." }' "$here/$1/go.mod"
}

# The version that each program reports is set at link time.
link_flags() { # module
	local version
	case $1 in
	kubernetes)
		version=$(version_of kubernetes k8s.io/kubernetes)
		local at=k8s.io/component-base/version minor=${version#v1.}
		echo "-X $at.gitVersion=$version -X $at.gitMajor=1 -X $at.gitMinor=${minor%%.*} -X $at.gitTreeState=clean"
		;;
	helm)
		version=$(version_of helm k8s.io/client-go)
		local at=helm.sh/helm/v3 minor=${version#v0.}
		echo "-X $at/internal/version.version=$(version_of helm "$at")" \
			"-X $at/pkg/chartutil.k8sVersionMajor=1 -X $at/pkg/chartutil.k8sVersionMinor=${minor%%.*}" \
			"-X $at/pkg/lint/rules.k8sVersionMajor=1 -X $at/pkg/lint/rules.k8sVersionMinor=${minor%%.*}"
		;;
	esac
}

# What the binary depends on: sources, pins, compiler, and how we call it.
fingerprint() { # module
	{
		go version
		link_flags "$1"
		(cd "$here/$1" && find . -type f \( -name '*.go' -o -name go.mod \) -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
	} | sha256sum | cut -d' ' -f1
}

link_names() { # module
	local name
	[[ $1 == kubernetes ]] || return 0
	for name in "${kubernetes_names[@]}"; do
		ln -sfn kubernetes "$build/bin/$name"
	done
}

build_module() { # module
	local module=$1 stamp=$build/stamps/$1 want log=$build/logs/$1.log started=$SECONDS
	want=$(fingerprint "$module")
	if [[ -x $build/bin/$module && -e $stamp && $(<"$stamp") == "$want" ]]; then
		link_names "$module"
		echo "cluster build: $module is up to date"
		return
	fi
	echo "cluster build: $module ..."
	if ! (cd "$here/$module" && CGO_ENABLED=0 nice -n 5 go build -trimpath -buildvcs=false \
		-ldflags "-s -w $(link_flags "$module")" -o "$build/bin/$module.new" "$(main_package "$module")") >"$log" 2>&1; then
		echo "cluster build: $module failed; $log ends with:" >&2
		tail -n 20 "$log" >&2
		return 1
	fi
	mv "$build/bin/$module.new" "$build/bin/$module"
	link_names "$module"
	echo "$want" >"$stamp"
	echo "cluster build: $module built in $((SECONDS - started)) s"
}

main() {
	local wanted=() module
	while (($#)); do
		case $1 in
		--help | -h) usage; exit 0 ;;
		-*) echo "cluster build: unknown flag: $1 (see --help)" >&2; exit 2 ;;
		esac
		[[ " ${modules[*]} " == *" $1 "* ]] || { echo "cluster build: unknown module: $1 (see --help)" >&2; exit 2; }
		wanted+=("$1")
		shift
	done
	((${#wanted[@]})) || wanted=("${modules[@]}")
	command -v go >/dev/null || { echo "cluster build: Go is not on PATH" >&2; exit 2; }

	mkdir -p "$build"/{bin,stamps,logs}
	exec 9>"$build/build.lock"
	flock 9 # one build at a time: a second would do the same work
	for module in "${wanted[@]}"; do
		build_module "$module"
	done
}

main "$@"
