#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Adds up what mk/suite.sh kept and prints `N passed, N failed` last. A suite that ended badly without
# naming a failed test, or that ran none, counts as one failure.
set -uo pipefail

build=${BUILD:-build}
passed=0
failed=0
for status in "$build"/results/*.status "$build"/*/results/*.status; do
	[ -e "$status" ] || continue
	log=${status%.status}.log
	ok=$(grep -cE '^ok\b' "$log")
	not_ok=$(grep -cE '^not ok\b' "$log")
	if [ "$not_ok" -eq 0 ] && { [ "$(cat "$status")" -ne 0 ] || [ "$ok" -eq 0 ]; }; then
		echo "not ok - suite $log ended with status $(cat "$status") after $ok tests"
		not_ok=1
	fi
	passed=$((passed + ok))
	failed=$((failed + not_ok))
done
[ "$passed" -gt 0 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
