#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the fuzz programs given: each over its corpus (test/fuzz/corpus/NAME), then FUZZ_SECONDS (10) on from there.
# An input that breaks one is kept in $BUILD/fuzz/found and named; inputs that reach new code stay in $BUILD/fuzz/new.
set -uo pipefail
[ $# -gt 0 ] || { echo "not ok - there are fuzz targets to run"; exit 1; }
seconds=${FUZZ_SECONDS:-10}
build=${BUILD:-build}/fuzz
corpus=$(dirname "$0")/corpus
status=0
for program in "$@"; do
	name=$(basename "$program")
	found=$build/found/$name
	fresh=$build/new/$name
	mkdir -p "$found" "$fresh"
	folders=("$fresh")
	[ -d "$corpus/$name" ] && folders+=("$corpus/$name")
	output=$("$program" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 -max_len=65536 -print_final_stats=1 \
		-artifact_prefix="$found/" "${folders[@]}" 2>&1)
	code=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' <<< "$output")
	# An empty run proves nothing: a target that stopped at once has failed.
	if [ "$code" -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
		echo "ok - $name finds nothing in $seconds seconds"
		echo "# $name: $runs inputs"
	else
		status=1
		echo "not ok - $name finds nothing in $seconds seconds"
		grep -vE '^(INFO|#[0-9]+|stat::)' <<< "$output" | tail -n 40 | sed 's/^/# /'
	fi
done
exit "$status"
