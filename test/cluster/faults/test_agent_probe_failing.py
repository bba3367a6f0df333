# SPDX-License-Identifier: Apache-2.0
"""The agent listens, and the readinessProbe that podTemplate gives it does not pass."""


def probed(path):
    probe = {"httpGet": {"path": path, "port": 8080}, "periodSeconds": 2}
    return {"spec": {"containers": [{"name": "agent", "readinessProbe": probe}]}}


def cause(row):
    row.agent("unfit", podTemplate=probed("/status?code=500"))


def mend(row):
    row.change("unfit", podTemplate=probed("/status?code=200"))


def test_a_failing_probe_is_told(space):
    """An agent whose own readiness probe fails is AgentProbeFailing, with the probe's words, and so says the 504."""
    space.tells("unfit", "AgentProbeFailing", "500")
    space.refuses("unfit", "AgentProbeFailing")


def test_a_probe_that_passes_clears_it(mended):
    """With a probe that passes the agent takes requests."""
    mended.serves("unfit")
