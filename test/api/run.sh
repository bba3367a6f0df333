#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test/api/run.sh [PLACE…] — what needs a real kube-apiserver and etcd, and
# nothing more of a cluster: brings both up as `krypton-api`, installs the
# Agent resource, runs test/api/PLACE/run.sh (all by default) with KUBECONFIG,
# KUBECTL and BUILD set, and takes the cluster down again. Prints TAP.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2

name=krypton-api
bin=$PWD/build/cluster/bin
BUILD=$(realpath -m "${BUILD:-build}")
KUBECONFIG=$PWD/build/cluster/$name.kubeconfig
KUBECTL=$bin/kubectl
export BUILD KUBECONFIG KUBECTL

# One cluster of this name at a time.
exec 9> /tmp/krypton-api-test.lock
flock -w 900 9 || { echo "not ok - no other run of these tests goes on for ever"; exit 1; }

end() {
	timeout 120 hack/cluster/down.sh --name "$name" > "$log" 2>&1 9>&- || { tail -n 20 "$log" | sed 's/^/# /'; }
	rm -f "$log"
}
log=$(mktemp)
trap end EXIT

step() { # sentence, seconds, command…
	local sentence=$1 seconds=$2
	shift 2
	if timeout "$seconds" "$@" > "$log" 2>&1 9>&-; then
		echo "ok - $sentence"
	else
		echo "not ok - $sentence"
		tail -n 40 "$log" | sed 's/^/# /'
		exit 1
	fi
}

[ -x "$bin/kube-apiserver" ] || step "the cluster's programs are built" 1800 hack/cluster/build.sh
# What is left of a run that was killed has that run's objects in it.
step "nothing is left of another run" 120 hack/cluster/down.sh --name "$name"
step "a real kube-apiserver is ready" 180 hack/cluster/up.sh --name "$name" --control-plane-only
step "the Agent resource can be installed" 60 "$KUBECTL" apply -f crds/agents.krypton.ai.yaml
step "the Agent resource is served" 60 "$KUBECTL" wait --for=condition=Established crd/agents.krypton.ai --timeout=30s

[ $# -gt 0 ] || set -- $(cd test/api && echo */run.sh)
status=0
for place in "$@"; do
	place=${place%/run.sh}
	timeout 480 "test/api/$place/run.sh" 9>&-
	code=$?
	if [ "$code" -ne 0 ]; then
		status=1
		echo "not ok - test/api/$place ends with status 0 (it ended with $code)"
	fi
done
exit "$status"
