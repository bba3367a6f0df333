#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test/api/kube/run.sh — the Kubernetes client (common/kube) against a real
# kube-apiserver. Needs KUBECONFIG, from the environment or PATH KUBECTL, and
# the Agent resource installed. Works in a namespace of its own, which it
# deletes.
set -euo pipefail
cd "$(dirname "$0")/../../.."
: "${KUBECONFIG:?set KUBECONFIG to a cluster that may be written to}"
export KUBECONFIG
kubectl=${KUBECTL:-kubectl}
program=${BUILD:-build}/test/api/kube/kube_test

TEST_NAMESPACE=kube-test-$$
export TEST_NAMESPACE
"$kubectl" create namespace "$TEST_NAMESPACE" > /dev/null
trap '"$kubectl" delete namespace "$TEST_NAMESPACE" --wait=false > /dev/null' EXIT
"$kubectl" -n "$TEST_NAMESPACE" create serviceaccount poor > /dev/null
TEST_TOKEN=$("$kubectl" -n "$TEST_NAMESPACE" create token poor --duration=10m)
export TEST_TOKEN
timeout 240 "$program"
