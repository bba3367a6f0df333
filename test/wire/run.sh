#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs wire tests: test/wire/run.sh [FILE.vtc…], all of test/wire/*.vtc by default. Each file is one test, named by the sentence
# behind `varnishtest`; a file with a line `# fronts: engine sidecar gateway` is one for each of these. What such files may name
# is said in test/wire/one_test.py. JOBS (4) run side by side, as they wait more than they work, and so may several runs.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
build=$(realpath -m "${BUILD:-build}")
export build

# FILE FRONT, which is - where there is none.
run_one() {
	local file=$1 front=${2#-} sentence output code
	sentence=$(sed -nE '0,/^varnishtest/s/^varnishtest "(.*)"$/\1/p' "$file")${front:+ ($front)}
	output=$(ASAN_OPTIONS=abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1 PYTHONPATH=test timeout 120 \
		python3 -B test/wire/one_test.py "$build" "$file" ${front:+"$front"} 2>&1)
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

# A test's lines stay together, whoever ends beside it.
run_alone() {
	local code
	run_one "$1" "$2" > "$results/$(basename "$1").$2"
	code=$?
	cat "$results/$(basename "$1").$2"
	return "$code"
}
export -f run_alone

[ $# -gt 0 ] || set -- test/wire/*.vtc
[ -e "$1" ] || { echo "not ok - there are wire tests to run"; exit 1; }
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export results
for file in "$@"; do
	fronts=$(sed -nE 's/^# fronts: ([a-z ]+).*$/\1/p' "$file")
	for front in ${fronts:--}; do
		printf '%s\0%s\0' "$file" "$front"
	done
done | xargs -0 -n 2 -P "${JOBS:-4}" bash -c 'run_alone "$1" "$2"' _
