#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Many schedules on two cores: long.sh PROGRAM SCHEDULES [FIRST]. Exit 0: all that must hold held.
set -uo pipefail

program=$1 schedules=$2 first=${3:-1}
half=$((first + schedules / 2))
"$program" --seeds "$first..$((half - 1))" --progress &
one=$!
"$program" --seeds "$half..$((first + schedules - 1))" --progress &
two=$!
trap 'kill "$one" "$two" 2> /dev/null' EXIT
status=0
wait "$one" || status=1
wait "$two" || status=1
trap - EXIT
exit "$status"
