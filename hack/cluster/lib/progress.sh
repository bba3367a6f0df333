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

# For a command that nobody expected to fail: says which, and the script ends.
trap_unexpected() {
	set -E
	trap 'printf "%s: failed unexpectedly (status %s) at %s line %s: %s\n" "${0##*/}" "$?" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND" >&2' ERR
}
