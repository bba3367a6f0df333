# SPDX-License-Identifier: Apache-2.0
"""krypton-proxy itself cannot live: a LimitRange gives each container that names no limit one that is too small."""


def cause(row):
    row.apply({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "tiny"},
               "spec": {"limits": [{"type": "Container", "default": {"memory": "2Mi"}, "defaultRequest": {"memory": "1Mi"}}]}})
    row.agent("squeezed", resources={"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}})


def mend(row):
    row.kubectl("delete", "limitrange", "tiny")
    row.kubectl("delete", "pod", "-l", "krypton.ai/agent=squeezed")


def test_it_is_told(space):
    """A krypton-proxy that ends again and again is SidecarNotReady, by the container's name, and so says the 504."""
    space.tells("squeezed", "SidecarNotReady", "krypton-proxy")
    space.refuses("squeezed", "SidecarNotReady")


def test_without_the_limit_it_clears(mended):
    """Without that limit the agent takes requests."""
    mended.serves("squeezed")
