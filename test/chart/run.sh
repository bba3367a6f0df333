#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test/chart/run.sh — the chart without a cluster: helm lint, a render for every
# value in values.yaml, what must hold of every object, the refusals, and the
# values' table in docs/INSTALL.md. HELM names the helm to use; BIN the
# directory of the daemons, whose --help must know every flag the chart passes.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
helm=${HELM:-$root/build/cluster/bin/helm}
bin=${BIN:-$root/build/bin}
exec /usr/bin/python3 -B chart_test.py "$helm" "$root" "$bin"
