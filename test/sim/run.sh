#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The simulator: what it computes (sim_test), then how it is called. run.sh BUILD
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
build=$1
sim=$build/bin/scaler-sim
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
test/unit/run.sh "$build/test/sim/sim_test" || status=1

check() { # sentence, command…
	local sentence=$1
	shift
	if "$@"; then echo "ok - $sentence"; else echo "not ok - $sentence" && status=1; fi
}
refuses() { # text that its one line has, arguments…
	local text=$1 code
	shift
	"$sim" "$@" > "$work/out" 2> "$work/err"
	code=$?
	[ "$code" -eq 2 ] && [ ! -s "$work/out" ] && [ "$(wc -l < "$work/err")" -eq 1 ] && grep -qF -- "$text" "$work/err"
}
says() { # text, arguments…
	local text=$1
	shift
	"$sim" "$@" > "$work/out" 2> "$work/err" && [ ! -s "$work/err" ] && grep -qF -- "$text" "$work/out"
}

check "scaler-sim --help says what it takes" says '--target-utilization' --help
check "scaler-sim refuses an unknown trace in one line" refuses '--trace=wavy' --trace=wavy
check "scaler-sim refuses an unknown flag in one line" refuses 'pods' --pods=3
check "scaler-sim refuses bounds that cross in one line" refuses '--max-replicas' --min-replicas=5 --max-replicas=2
printf '0,1,request\n0,soon,request\n' > "$work/wrong.csv"
check "scaler-sim names the line of a file that is wrong" refuses 'wrong.csv line 2' --trace="$work/wrong.csv"
check "scaler-sim tells waiting, pods and changes" says 'pod-seconds' --trace=herd --every=60
check "scaler-sim writes a trace as a file" says 'arrival s,duration s,kind' --trace=burst --seed=3 --write-trace
cp "$work/out" "$work/burst.csv"
check "scaler-sim plays a file" says 'requests' --trace="$work/burst.csv" --policy=knative --target-utilization=70
check "scaler-sim draws an SVG picture" says 'requests' --trace=herd --svg="$work/herd.svg" --chart=false
check "the SVG picture is well-formed" python3 -c 'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])' "$work/herd.svg"
exit "$status"
