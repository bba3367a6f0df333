#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the fuzz programs given: each over its corpus (test/fuzz/corpus/NAME), then FUZZ_SECONDS (10) on from there; JOBS (one a
# core) side by side. An input that breaks one is kept in $BUILD/fuzz/found and named; inputs that reach new code stay in
# $BUILD/fuzz/new.
set -uo pipefail
[ $# -gt 0 ] || { echo "not ok - there are fuzz targets to run"; exit 1; }
export seconds=${FUZZ_SECONDS:-10}
build=${BUILD:-build}/fuzz
corpus=$(dirname "$0")/corpus
export build corpus

run_one() { # program
	local name found fresh folders output code runs
	name=$(basename "$1")
	found=$build/found/$name
	fresh=$build/new/$name
	mkdir -p "$found" "$fresh"
	folders=("$fresh")
	[ -d "$corpus/$name" ] && folders+=("$corpus/$name")
	output=$("$1" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=512 -max_len=65536 -print_final_stats=1 \
		-artifact_prefix="$found/" "${folders[@]}" 2>&1)
	code=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' <<< "$output")
	# An empty run proves nothing: a target that stopped at once has failed.
	if [ "$code" -eq 0 ] && [ "${runs:-0}" -gt 0 ]; then
		printf 'ok - %s finds nothing in %s seconds\n# %s: %s inputs\n' "$name" "$seconds" "$name" "$runs"
		return 0
	fi
	printf 'not ok - %s finds nothing in %s seconds\n%s\n' "$name" "$seconds" \
		"$(grep -vE '^(INFO|#[0-9]+|stat::)' <<< "$output" | tail -n 40 | sed 's/^/# /')"
	return 1
}
export -f run_one

# Each says all it has to say in one write, so that those side by side do not mix.
printf '%s\0' "$@" | xargs -0 -P "${JOBS:-$(nproc)}" -I{} bash -c 'said=$(run_one "$1"); code=$?; printf "%s\n" "$said"; exit $code' _ {}
