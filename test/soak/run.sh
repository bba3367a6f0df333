#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The data path under load, cuts and aborts: run.sh quick|long BUILD SANITIZED_BUILD [DYNAMIC_BUILD], the last for valgrind. Quick
# is what the gate runs; long takes SOAK_SECONDS (600) of mixed traffic under sanitizers, SOAK_VALGRIND_SECONDS (60) under valgrind,
# SOAK_ABORTS (100000) aborted requests and SOAK_IDLE_REQUESTS (5000) around the instant at which agents close. SEED (printed; any
# by default) repeats a run's choices. Only loopback is used; everything ends by itself.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
length=$1 build=$2 sanitized=$3 dynamic=${4-}
status=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A script of this folder, by the Python of the clients where it needs uvicorn.
soak() { # script, argument…
	local script=$1
	shift
	"${python:-python3}" -B "test/soak/$script" "$@"
}

# Beside what follows; what it says comes out by collect.
pids=()
begin() { # name, command…
	local name=$1
	shift
	"$@" > "$scratch/$name" 2>&1 &
	pids+=("$! $name")
}
collect() {
	local pid name
	for entry in "${pids[@]}"; do
		read -r pid name <<< "$entry"
		wait "$pid" || status=1
		cat "$scratch/$name"
	done
	pids=()
}

idle() { # requests of each method
	local clients
	if ! clients=$(BUILD=$build hack/venv.sh 2> "$scratch/venv"); then
		echo "not ok - the clients' Python environment is there"
		sed 's/^/# /' "$scratch/venv"
		return 1
	fi
	IDLE_REQUESTS=$1 begin idle-node soak idle.py "$build" node
	IDLE_REQUESTS=$1 python=$clients begin idle-uvicorn soak idle.py "$build" uvicorn
}

quick() {
	idle 384 || status=1
	for name in krypton-proxy relay gateway; do
		TRAFFIC_SECONDS=4 begin "traffic-$name" soak traffic.py "$sanitized" "$name"
	done
	for name in krypton-proxy relay gateway; do
		ABORTS=2000 soak aborts.py "$build" "$name" || status=1
	done
	collect
}

long() {
	for name in krypton-proxy relay gateway; do
		ABORTS=${SOAK_ABORTS:-100000} soak aborts.py "$build" "$name" || status=1
	done
	idle "${SOAK_IDLE_REQUESTS:-5000}" || status=1
	collect
	# The one whose progress is seen, and the others beside it.
	TRAFFIC_SECONDS=${SOAK_SECONDS:-600} begin relay soak traffic.py "$sanitized" relay
	TRAFFIC_SECONDS=${SOAK_SECONDS:-600} begin gateway soak traffic.py "$sanitized" gateway
	TRAFFIC_SECONDS=${SOAK_SECONDS:-600} soak traffic.py "$sanitized" krypton-proxy || status=1
	collect
	for name in krypton-proxy relay gateway; do
		VALGRIND=1 WORKERS=10 TRAFFIC_SECONDS=${SOAK_VALGRIND_SECONDS:-60} soak traffic.py "$dynamic" "$name" || status=1
	done
}

case $length in
quick | long) "$length" ;;
*) echo "run.sh: quick or long, not $length" >&2 && exit 2 ;;
esac
exit "$status"
