#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Line coverage by room, from what the tests compiled with --coverage left in $BUILD/obj; the least covered first.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build/coverage}
find "$build/obj" -name '*.gcda' ! -path '*/test/*' -print0 |
	xargs -0 -r gcov -n 2> /dev/null |
	awk -F "[':%]" '/^File/ { file = $2 } /^Lines executed/ && file ~ /\.c$/ && file !~ /^\// { if ($2 + 0 > best[file] + 0 || !(file in best)) best[file] = $2 + 0 }
		END { for (file in best) printf "%6.1f %%  %s\n", best[file], file }' | sort -n
