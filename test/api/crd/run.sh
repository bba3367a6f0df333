#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test/api/crd/run.sh — the Agent resource against a real kube-apiserver: what
# is accepted, what is defaulted, what is refused and with which words.
# Needs KUBECONFIG and, from the environment or PATH, KUBECTL. Works in a
# namespace of its own, which it deletes; the CRD it installs stays.
set -euo pipefail
cd "$(dirname "$0")"
: "${KUBECONFIG:?set KUBECONFIG to a cluster that may be written to}"
export KUBECONFIG
root=../../..
exec python3 -B crd_test.py "${KUBECTL:-kubectl}" $root/crds/agents.krypton.ai.yaml $root/common/krypton/agent_rules.c
