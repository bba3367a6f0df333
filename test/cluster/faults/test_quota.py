# SPDX-License-Identifier: Apache-2.0
"""A ResourceQuota of the namespace has no room for the pod."""

from harness import REPLICASET_WITHIN


def quota(pods):
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": {"pods": str(pods)}}}


def cause(row):
    row.apply(quota(0))
    row.agent("poor")


def mend(row):
    row.apply(quota(4))


def test_a_quota_is_told(space):
    """A pod over the namespace's quota is PodsForbidden, with the quota's name and its words, and so says the 504."""
    space.tells("poor", "PodsForbidden", "exceeded quota: small", "limited: pods=0")
    space.refuses("poor", "PodsForbidden")


def test_a_larger_quota_clears_it(mended):
    """With a larger quota the agent takes requests; nobody has to touch the Agent."""
    mended.serves("poor", REPLICASET_WITHIN)
