# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# progress — one line a step on stdout with the time since the start; errors on stderr.

progress_started_ms=$(date +%s%3N)

elapsed() {
	local ms=$(($(date +%s%3N) - progress_started_ms))
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
