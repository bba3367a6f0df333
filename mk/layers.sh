#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# base < net < kube < krypton < daemons: an include may point to its own layer or to one left of it, daemons never
# include one another, krypton-proxy stops at net, and each third-party library has one layer that sees it.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

status=0
complain() { echo "not ok - $1"; status=1; }

rank() {
	case $1 in
	base) echo 1 ;; net) echo 2 ;; kube) echo 3 ;; krypton) echo 4 ;;
	*) echo 5 ;;
	esac
}

check_folder() { # folder, own name, highest layer it may include
	local folder=$1 own=$2 highest=$3 line file included layer
	while IFS= read -r line; do
		file=${line%%:*}
		included=$(sed -n 's/.*#include "\([^"]*\)".*/\1/p' <<< "$line")
		layer=${included%%/*}
		case $layer in
		krypton)
			# The sidecar takes the constants (labels.h, ports.h, proxy_limits.h) and links nothing of that layer.
			[ "$highest" -ge 4 ] || [[ $included =~ ^krypton/(labels|ports|proxy_limits)\.h$ && $own == proxy-sidecar ]] ||
				complain "$file includes $included, which lies above it" ;;
		base | net | kube)
			[ "$(rank "$layer")" -le "$highest" ] || complain "$file includes $included, which lies above it" ;;
		"$own") ;;
		*) complain "$file includes $included: neither a layer nor its own folder" ;;
		esac
	done < <(grep -HE '^#include "' "$folder"/*.[ch] 2> /dev/null)
}

for layer in base net kube krypton; do
	check_folder "common/$layer" "$layer" "$(rank "$layer")"
done
for daemon in controller gateway scaler; do
	check_folder "$daemon" "$daemon" 4
done
check_folder proxy-sidecar proxy-sidecar 2

only_in() { # pattern, folder
	local found
	found=$(grep -lE "^#include <($1)>" $(git ls-files -co --exclude-standard 'common/*.[ch]' 'controller/*.[ch]' 'gateway/*.[ch]' 'scaler/*.[ch]' 'proxy-sidecar/*.[ch]') | grep -v "^$2/")
	[ -z "$found" ] || complain "only $2 may include <$1>: $found"
}
only_in 'ev\.h|yaml\.h|uthash\.h' common/base
only_in 'microhttpd\.h|curl/.*\.h' common/net
[ "$status" -eq 0 ] && echo "ok - includes point only to their own layer or below"
exit "$status"
