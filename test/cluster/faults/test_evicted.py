# SPDX-License-Identifier: Apache-2.0
"""The kubelet evicts the pod: it writes more to disk than it may."""

from harness import SERVE


def resources(limit):
    return {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"ephemeral-storage": limit}}


def cause(row):
    row.shell_agent("scribe", "head -c 67108864 /dev/zero >/tmp/notes; " + SERVE, resources=resources("16Mi"))


def mend(row):
    row.change("scribe", resources=resources("256Mi"))


def test_an_eviction_is_told(space):
    """A pod that the kubelet evicts is Evicted, in the kubelet's words and with the node, in the condition and by an Event."""
    space.tells("scribe", "Evicted", "ephemeral", "16Mi", "kubectl describe node")


def test_a_higher_limit_clears_it(mended):
    """With a higher limit the agent takes requests."""
    mended.serves("scribe")
