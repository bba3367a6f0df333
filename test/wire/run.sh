#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs wire tests: test/wire/run.sh [FILE.vtc…], all of test/wire/*.vtc by default. Each file is one test, named by the sentence
# behind `varnishtest`. In a file ${bin} is where the daemons lie and ${test} where the test programs do, ${port1}… ${port5}
# are TCP ports that are this test's alone (test/ports.py). JOBS (2) run side by side, and so may several runs.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
build=$(realpath -m "${BUILD:-build}")
export build

run_one() {
	local file=$1 sentence output code
	sentence=$(sed -nE '0,/^varnishtest/s/^varnishtest "(.*)"$/\1/p' "$file")
	output=$(ASAN_OPTIONS=abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1 PYTHONPATH=test timeout 120 \
		python3 -B test/wire/with_ports.py varnishtest -t 60 -Dbin="$build/bin" -Dtest="$build/test" "$file" 2>&1)
	code=$?
	# A skipped test has proven nothing (77 is varnishtest's word for it).
	if [ "$code" -eq 0 ]; then
		echo "ok - ${sentence:-$file}"
		return 0
	fi
	echo "not ok - ${sentence:-$file}"
	echo "# $file ended with status $code"
	tail -n 120 <<< "$output" | sed 's/^/# /'
	return 1
}
export -f run_one

[ $# -gt 0 ] || set -- test/wire/*.vtc
[ -e "$1" ] || { echo "not ok - there are wire tests to run"; exit 1; }
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export results
printf '%s\0' "$@" | xargs -0 -P "${JOBS:-2}" -I{} bash -c 'run_one "$1" > "$results/$(basename "$1")"; code=$?; cat "$results/$(basename "$1")"; exit $code' _ {}
