# SPDX-License-Identifier: Apache-2.0
"""No node has room for what the agent asks for."""


def cause(row):
    row.agent("large", resources={"requests": {"cpu": "640", "memory": "8Mi"}})


def mend(row):
    row.change("large", resources={"requests": {"cpu": "5m", "memory": "8Mi"}})


def test_a_node_too_small_is_told(space):
    """A pod that fits on no node is Unschedulable, in the scheduler's words, and so says the 504."""
    space.tells("large", "Unschedulable", "Insufficient cpu", "spec.resources.requests")
    space.refuses("large", "Unschedulable")


def test_a_smaller_request_clears_it(mended):
    """With less asked for the agent takes requests."""
    mended.serves("large")
