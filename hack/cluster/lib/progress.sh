# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# progress — one line a step on stdout with the time since the start, that of the
# outermost script; errors on stderr.

export KRYPTON_STARTED_MS=${KRYPTON_STARTED_MS:-$(date +%s%3N)}

elapsed() {
	local ms=$(($(date +%s%3N) - KRYPTON_STARTED_MS))
	printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

say() { # text
	printf '%6s s  %s\n' "$(elapsed)" "$*"
}

fail() { # text
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

usage_fail() { # text
	printf '%s: %s (see --help)\n' "${0##*/}" "$*" >&2
	exit 2
}
