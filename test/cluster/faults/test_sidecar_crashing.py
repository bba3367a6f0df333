# SPDX-License-Identifier: Apache-2.0
"""krypton-proxy ends again and again: it is killed here, as the kernel would for want of memory."""

import os
import signal

from harness import TOLD_WITHIN
from kube import container_pid, wait_for


def cause(row):
    row.agent("bereft")


def mend(row):
    """Nobody kills it any more."""


def kill(space):
    """Whether the kubelet backs off, and that is told; until then one end is told of after the other."""
    pod = space.cluster.pods(space.name, "bereft")[0]
    try:
        os.kill(container_pid(pod, "krypton-proxy"), signal.SIGKILL)
    except (AssertionError, KeyError, ProcessLookupError):
        pass
    waiting = [status["state"].get("waiting", {}).get("reason") for status in pod["status"].get("containerStatuses", [])]
    return "CrashLoopBackOff" in waiting and space.available("bereft").get("reason") == "SidecarNotReady"


def test_it_is_told(space):
    """A krypton-proxy that ends again and again is SidecarNotReady, by the container's name and its exit code."""
    space.serves("bereft")
    wait_for(lambda: kill(space), TOLD_WITHIN, "the kubelet backs off and the condition says SidecarNotReady", every=0.5)
    space.tells("bereft", "SidecarNotReady", "krypton-proxy", "exit code 137", "--previous")


def test_living_on_clears_it(mended):
    """Once krypton-proxy lives on the agent takes requests."""
    mended.serves("bereft")
