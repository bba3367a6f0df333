#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
if git ls-files -co --exclude-standard '*.c' '*.h' | xargs -r clang-format --dry-run --Werror; then
	echo "ok - sources are laid out as .clang-format says"
else
	echo "not ok - sources are laid out as .clang-format says (run: make format)"
	exit 1
fi
