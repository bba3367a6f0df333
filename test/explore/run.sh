#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The gate: run.sh BUILD SCHEDULES. What breaks is told as a story; `explore --seed N --story` tells it again.
set -uo pipefail

build=$1 schedules=$2
explore=$build/test/explore/explore
status=0

judge() { # sentence, arguments…
	local sentence=$1 said
	shift
	if said=$("$explore" "$@" 2>&1); then
		echo "ok - $sentence"
		tail -n 1 <<< "$said" | sed 's/^/# /'
	else
		echo "not ok - $sentence"
		tail -n 60 <<< "$said" | sed 's/^/# /'
		status=1
	fi
}

judge "what must hold holds in $schedules schedules of delays, losses, restarts and conflicts" --seeds "1..$schedules"
judge "and whichever of the first ten delays and faults of a wake from zero come" --systematic 10
JOBS=$(nproc) test/explore/mutants.sh "$build" "$schedules" || status=1
exit "$status"
