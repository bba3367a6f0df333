#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `make bench-elastic` runs: cold starts and idle agents, measured on a cluster of their own whose API server keeps an audit
# log. The cluster comes up, the chart's defaults are installed with three gateways, and all of it goes in the end.
set -euo pipefail
cd "$(dirname "$0")/../../.."

usage() {
	cat <<'TEXT'
usage: test/bench/elastic/run.sh [--help] [--only PART]...    the parts: starts, crowd, idle (all)

Environment: STARTS (200) wakes with the hello and as many without, CROWD (50) agents woken in one second, AGENTS at zero (5000)
for AT_REST (120) seconds, NAME of the cluster (krypton-bench-elastic); KEEP=1 uses one that is there and leaves it.
Results: a table, and build/bench/elastic.json. Needs root.
TEXT
}
case ${1-} in
'' | --only) ;;
--help | -h) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac

export NAME=${NAME:-krypton-bench-elastic}
export KUBECONFIG=$PWD/build/cluster/$NAME.kubeconfig PATH=$PWD/build/cluster/bin:$PATH
export AUDIT=$PWD/build/bench/$NAME.audit
images=(build/images/{controller,gateway,scaler,krypton-proxy,example-hello-mcp}.tar)

end() {
	local status=$?
	trap - EXIT
	hack/cluster/down.sh --name "$NAME-idle" > /dev/null 2>&1 || true # where the bench was ended before it could
	[[ ${KEEP:-0} == 1 ]] || { hack/cluster/down.sh --name "$NAME" && rm -rf "$AUDIT"; } > /dev/null 2>&1 || true
	exit "$status"
}

bring_up() {
	hack/cluster/build.sh
	[[ ${KEEP:-0} == 1 ]] || hack/cluster/down.sh --name "$NAME"
	mkdir -p "$AUDIT"
	cp test/bench/elastic/audit.yaml "$AUDIT/policy.yaml"
	APISERVER_FLAGS="--audit-policy-file=$AUDIT/policy.yaml --audit-log-path=$AUDIT/log --audit-log-maxsize=4000" \
		hack/cluster/up.sh --name "$NAME"
	hack/load-image.sh --name "$NAME" "${images[@]}"
	helm upgrade --install krypton charts/krypton --namespace krypton-system --create-namespace --set gateway.replicas=3 \
		--set image.registry=docker.io/krypton --set-string "image.tag=$(< version.txt)" --wait --timeout 120s
}

trap end EXIT
mkdir -p build/bench
if [[ ${*-} != '--only idle' ]]; then # idle brings its own API server
	bring_up > build/bench/elastic-up.log 2>&1 || { tail -n 20 build/bench/elastic-up.log >&2; exit 1; }
fi
python=$(BUILD=build hack/venv.sh)
PYTHONPATH=test/cluster:test/bench/datapath "$python" -B test/bench/elastic "$@"
