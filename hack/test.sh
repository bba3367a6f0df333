#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `make test` runs: every suite that gates a change, the quick ones first. A suite that fails does not keep the
# others from running; the last line adds them up.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

case ${1-} in
'') ;;
--help | -h) echo "usage: hack/test.sh [--help]    every suite that gates a change (make test); exit 0: all of it passed" && exit 0 ;;
*) echo "test.sh: unknown argument: $1 (see --help)" >&2 && exit 2 ;;
esac

jobs=$(nproc)
started=$SECONDS
status=0

step() { # title, make arguments…
	local title=$1
	shift
	printf '\n== %s (after %d s)\n' "$title" $((SECONDS - started))
	make --no-print-directory "$@" || status=1
}

# Beside the steps that follow; what it says comes out by collect, and what it found counts as any suite's.
begin() { # name, make arguments…
	local name=$1
	shift
	mkdir -p build
	make --no-print-directory "$@" > "build/begun-$name.log" 2>&1 &
	begun[$name]=$!
}
# The same for what only wants the time that the others leave: no step is slower for it.
begin_idle() { # name, make arguments…
	local name=$1
	shift
	mkdir -p build
	# A session has a share of its own (autogroup), so that one is made small as well.
	setsid bash -c 'echo 19 2> /dev/null > /proc/self/autogroup; exec chrt --idle 0 make --no-print-directory "$@"' _ "$@" \
		> "build/begun-$name.log" 2>&1 &
	begun[$name]=$!
}
collect() { # title, name
	printf '\n== %s (after %d s)\n' "$1" $((SECONDS - started))
	wait "${begun[$2]}" || status=1
	cat "build/begun-$2.log"
}
declare -A begun
# Whoever ends this early ends what it began.
trap 'kill "${begun[@]}" 2> /dev/null' EXIT

# A compilation that fails is a failed suite of its own: nothing after it would mean anything.
compile() { # name, make arguments…
	local name=$1
	shift
	printf '\n== compile: %s (after %d s)\n' "$name" $((SECONDS - started))
	mkdir -p build/results
	if make --no-print-directory -j"$jobs" "$@" > "build/results/compile-$name.log" 2>&1; then
		echo "ok - everything compiles without a warning ($name)" | tee -a "build/results/compile-$name.log"
		echo 0 > "build/results/compile-$name.status"
	else
		grep -E 'error|warning|Error' "build/results/compile-$name.log" | head -n 40
		echo "not ok - everything compiles without a warning ($name)" | tee -a "build/results/compile-$name.log"
		echo 1 > "build/results/compile-$name.status"
		status=1
	fi
}

step "order of the house" -k format-check lint layers
compile gcc WERROR=-Werror all unit-programs
step "reference pages" docs-check WERROR=-Werror
step "unit tests" unit WERROR=-Werror
step "the scaling policy in a simulated world" sim WERROR=-Werror
printf '\n== a real Kubernetes is built (after %d s)\n' $((SECONDS - started))
hack/cluster/build.sh || status=1
step "images" images-check example-images

# The cluster's tests mostly wait, as those of the API server do: each has a cluster of its own name, beside all that follows.
# Agents that come and go are many pods at once: one cluster after the other.
begin cluster -k cluster elastic WERROR=-Werror
begin_idle explore explore WERROR=-Werror

compile clang BUILD=build/clang CC=clang WERROR=-Werror all unit-programs
step "unit tests, compiled by clang" BUILD=build/clang CC=clang WERROR=-Werror unit
compile sanitizers BUILD=build/asan SAN="-fsanitize=address,undefined -fno-sanitize-recover=all" all unit-programs wire-programs
step "unit and wire tests under sanitizers" BUILD=build/asan SAN="-fsanitize=address,undefined -fno-sanitize-recover=all" -k unit wire
step "wire tests" wire WERROR=-Werror
step "fuzz targets over their corpora" fuzz-others FUZZ_SECONDS=2
begin_idle fuzz fuzz-data-path FUZZ_SECONDS=60 JOBS=4
step "hostile requests, beside nginx" differential WERROR=-Werror
step "aborts, cuts and idle connections" soak-quick WERROR=-Werror
step "chart" chart
step "API server, and the local cluster's own life" -k -j2 api hack-test WERROR=-Werror
step "examples" examples-check
collect "schedules of delays, losses, restarts and conflicts, beside the steps since" explore
collect "fuzz targets of the data path, a minute each, beside the steps since" fuzz
collect "cluster, and agents that come and go, beside the steps since" cluster
printf '\n== done after %d s\n' $((SECONDS - started))
mk/summary.sh || status=1
exit "$status"
