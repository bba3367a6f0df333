# SPDX-License-Identifier: Apache-2.0
"""The pod's node no longer answers. Run by hand, with NODES=2: Kubernetes gives a node most of a minute before it says so."""

import os

import pytest

from kube import run

ALONE = True
CLUSTER = os.environ["KRYPTON_CLUSTER"]
NODE = CLUSTER + "-2"


def link(state):
    """The cable of the second node, on the bridge where the nodes meet."""
    run("ip", "-n", f"krypton.{CLUSTER}.0", "link", "set", "node-2", state)


def cause(row):
    row.agent("stranded", podTemplate={"spec": {"nodeSelector": {"kubernetes.io/hostname": NODE}}})


def mend(row):
    link("up")


@pytest.fixture
def cut(space):
    space.serves("stranded")
    link("down")
    yield space
    link("up")


def test_a_lost_node_is_told(cut):
    """A pod whose node no longer answers is NodeLost, with the node's name, and the gateway's answer says so too."""
    cut.tells("stranded", "NodeLost", NODE, "kubectl describe node", within=150)
    answer = cut.gateway.get(cut.address("stranded"))
    assert answer.status_code in (502, 503, 504) and answer.json()["reason"] in ("NodeLost", "AgentUnreachable"), answer.text


def test_a_node_that_is_back_clears_it(mended):
    """Once the node is back the agent takes requests."""
    mended.serves("stranded")
