#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one suite: mk/suite.sh NAME COMMAND… Its TAP lines go to the screen and, with all else it says, into
# $BUILD/results/NAME.log; its exit status into NAME.status. Exit status is the suite's.
set -uo pipefail

name=$1
shift
results=${BUILD:-build}/results
mkdir -p "$results"
started=$SECONDS
printf -- '-- %s\n' "$name"
"$@" 2>&1 | tee "$results/$name.log" | grep --line-buffered -E '^not ok' || true
status=${PIPESTATUS[0]}
echo "$status" > "$results/$name.status"
passed=$(grep -cE '^ok\b' "$results/$name.log")
failed=$(grep -cE '^not ok\b' "$results/$name.log")
if [ "$status" -ne 0 ] || [ "$failed" -ne 0 ]; then
	grep -vE '^ok\b' "$results/$name.log" | tail -n 60
	[ "$status" -ne 0 ] || status=1
fi
printf -- '-- %s: %d ok, %d not ok, %d s\n' "$name" "$passed" "$failed" $((SECONDS - started))
exit "$status"
