#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test/api/scaler/run.sh [TEST…] — the scaler on a real API server, with scripted pods and gateways (test/api/harness.py). Needs
# KUBECONFIG and root (the pods' addresses lie on a link of its own), and the Agent resource installed. Works in a
# namespace of its own, which it deletes.
set -euo pipefail
cd "$(dirname "$0")/../../.."
: "${KUBECONFIG:?set KUBECONFIG to a cluster that may be written to}"
BUILD=$(realpath -m "${BUILD:-build}")
export KUBECONFIG BUILD PYTHONPATH=test/api:test
exec timeout 280 python3 -B test/api/scaler/scaler_test.py "$@"
