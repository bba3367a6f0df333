#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calls that have no place here, licence lines, and the shell.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

status=0
say() { # sentence, findings
	if [ -z "$2" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		sed 's/^/# /' <<< "$2"
		status=1
	fi
}

# Also what is not committed yet.
ours() { git ls-files -co --exclude-standard "$@"; }

product=$(ours 'common/*.[ch]' 'controller/*.[ch]' 'gateway/*.[ch]' 'scaler/*.[ch]' 'proxy-sidecar/*.[ch]')
# shellcheck disable=SC2086
banned() { grep -nE "(^|[^a-zA-Z0-9_>.])($1) ?\(" $2 | grep -vE '^[^:]+:[0-9]+:[[:space:]]*(/?\*|//)'; }
say "no call that overruns, blocks or starts a shell" \
	"$(banned 'sprintf|vsprintf|strcpy|strcat|strncpy|strtok|atoi|atol|sscanf|gets|alloca|getaddrinfo|gethostbyname|usleep|sleep|system|popen' "$product")"
say "the heap is taken through base/mem.c alone" \
	"$(banned 'malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf' "$(grep -v '^common/base/mem.c$' <<< "$product")")"
say "no goto" "$(grep -nE '^\s*goto ' $product)"
say "every source file names its licence" \
	"$(ours '*.c' '*.h' '*.sh' '*.mk' '*.py' '*.go' Makefile | xargs -r grep -L 'SPDX-License-Identifier: Apache-2.0')"
say "no header includes a third-party one" \
	"$(ours 'common/*.h' | xargs -r grep -nE '#include <(ev|curl|microhttpd|jansson|yaml|uthash|gnutls)')"
say "shell scripts are clean under shellcheck" \
	"$(ours '*.sh' .ci/run | xargs -r shellcheck -S warning -e SC1091,SC2086,SC2046 2>&1 | head -n 40)"
exit "$status"
