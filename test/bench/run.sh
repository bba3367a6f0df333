#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `make bench-cluster` runs: figures of Krypton on the local cluster, from one run. Brings the cluster and the examples up
# where they are not. Figures on a shared machine differ from run to run: read the ratios and the spread.
#   COLD_STARTS=5   how many cold starts are taken
set -euo pipefail
cd "$(dirname "$0")/../.."

usage() {
	echo "usage: test/bench/run.sh [--help]    figures of Krypton on the cluster of KUBECONFIG (build/cluster/kubeconfig)"
	echo "Environment: COLD_STARTS (5), KUBECONFIG"
}
case ${1-} in
'') ;;
--help | -h) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac

given=${KUBECONFIG-} # a cluster of somebody's own; else ours, which local-up.sh makes only where none is named
export KUBECONFIG=${KUBECONFIG:-$PWD/build/cluster/kubeconfig}
export PATH=$PWD/build/cluster/bin:$PATH
cold_starts=${COLD_STARTS:-5}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

heading() { printf '\n== %s\n' "$*"; }

bring_up() {
	kubectl get agent hello-sse hello-serverless > /dev/null 2>&1 && return
	KUBECONFIG=$given hack/local-up.sh
	KUBECONFIG=$given hack/demo.sh --deploy-only
}

latency() {
	local address pod_ip
	address=$(kubectl -n krypton-system get service krypton-gateway -o 'jsonpath={.spec.clusterIP}')
	pod_ip=$(kubectl get pod -l krypton.ai/agent=hello-sse -o 'jsonpath={.items[0].status.podIP}')
	CGO_ENABLED=0 go -C test/bench/latency build -o "$PWD/build/bench-latency" .
	build/bench-latency -direct "http://$pod_ip:8080/" -through "http://$address:8080/v1/agents/default/hello-sse/"
}

# Medians over several starts of one sleeping agent; each step counts from the step before.
cold_start() {
	local address python
	address=$(kubectl -n krypton-system get service krypton-gateway -o 'jsonpath={.spec.clusterIP}')
	python=$(hack/venv.sh)
	kubectl patch agent hello-serverless --type merge -p '{"spec":{"scaleToZeroAfter":"5s"}}' > /dev/null
	for _ in $(seq "$cold_starts"); do
		"$python" hack/clients/cold_start.py --json --asleep-within 120 "http://$address:8080" default/hello-serverless >> "$scratch/cold.jsonl"
	done
	kubectl patch agent hello-serverless --type merge -p '{"spec":{"scaleToZeroAfter":"60s"}}' > /dev/null
	"$python" test/bench/cold_table.py < "$scratch/cold.jsonl"
}

image_sizes() {
	local archive
	for archive in build/images/*.tar; do
		printf '  %-28s %8.2f MB\n' "$(basename "$archive" .tar)" "$(stat -c %s "$archive" | awk '{ print $1 / 1e6 }')"
	done
}

# Their own word, process_resident_memory_bytes, after a minute in which nobody asked them for anything but their health.
resident() { # label, selector, namespace, port
	local ip
	for ip in $(kubectl -n "$3" get pods -l "$2" --field-selector status.phase=Running -o 'jsonpath={.items[*].status.podIP}'); do
		{ curl --silent --show-error --fail --max-time 5 "http://$ip:$4/metrics" || echo "$1 at $ip does not answer" >&2; } |
			awk -v label="$1" '$1 == "process_resident_memory_bytes" { printf "  %-14s %6.2f MB\n", label, $2 / 1e6 }'
	done
}

memory() {
	local component
	resident controller app.kubernetes.io/component=controller krypton-system 8080
	for component in gateway scaler; do
		resident "$component" "app.kubernetes.io/component=$component" krypton-system 8081
	done
	resident krypton-proxy krypton.ai/agent=hello-sse default 8888
}

bring_up
heading "Memory at rest (resident, shared library pages included; budget: 12 MB a daemon, 3 MB the sidecar)"
memory
heading "Latency of a small GET"
latency
heading "Cold start, medians of $cold_starts"
cold_start
heading "Images (uncompressed archives; budget: 3 MB the sidecar's)"
image_sizes
heading "Memory after all that"
memory
