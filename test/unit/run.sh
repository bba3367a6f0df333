#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the unit test programs given; cmocka prints TAP. A program that dies is a failed test of its own.
set -uo pipefail
[ $# -gt 0 ] || { echo "not ok - there are unit tests to run"; exit 1; }
export CMOCKA_MESSAGE_OUTPUT=TAP
status=0
for program in "$@"; do
	output=$(${RUNNER:-} timeout 120 "$program" 2>&1)
	code=$?
	sed -E 's/^(not ok|ok) [0-9]+ - /\1 - /' <<< "$output"
	if [ "$code" -ne 0 ]; then
		status=1
		grep -q '^not ok' <<< "$output" || echo "not ok - $program ends with status 0 (it ended with $code)"
	fi
done
exit "$status"
