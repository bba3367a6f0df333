#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `make soak-elastic` runs, and `make soak` with it: the elastic tests at length, on a cluster of two nodes of their own.
#   ELASTIC_WAKES (1000)          wakes of ten agents side by side
#   ELASTIC_TURNS (5)             times that the load goes from 0 to 200 in flight and back
#   ELASTIC_STREAM_SECONDS (120)  the longest stream of it, ELASTIC_STEP_SECONDS (20) a step
#   ELASTIC_LATE_SECONDS (60)     how long the controller is away, ELASTIC_AWAY_SECONDS (60) the API server
set -euo pipefail
cd "$(dirname "$0")/../../.."
export NAME=${NAME:-krypton-elastic} NODES=2 SUITE_SECONDS=${SUITE_SECONDS:-10800} ELASTIC_DEADLINE=${ELASTIC_DEADLINE:-7200}
export ELASTIC_WAKES=${ELASTIC_WAKES:-1000} ELASTIC_TURNS=${ELASTIC_TURNS:-5} ELASTIC_STREAM_SECONDS=${ELASTIC_STREAM_SECONDS:-120}
export ELASTIC_STEP_SECONDS=${ELASTIC_STEP_SECONDS:-20} ELASTIC_MIXED_SECONDS=${ELASTIC_MIXED_SECONDS:-120}
export ELASTIC_LATE_SECONDS=${ELASTIC_LATE_SECONDS:-60} ELASTIC_AWAY_SECONDS=${ELASTIC_AWAY_SECONDS:-60}
# Each file by its name: of a folder beside a file in it pytest takes the file alone.
mapfile -t files < <(cd test/cluster && printf '%s\n' elastic/test_*.py elastic/long_*.py)
exec test/cluster/run.sh -s "${files[@]}" "$@"
