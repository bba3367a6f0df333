# SPDX-License-Identifier: Apache-2.0
"""The agent runs and takes long before it listens."""

import agents


def cause(row):
    row.agent("slow", env=agents.environment(START_DELAY_MS=600000))


def mend(row):
    row.change("slow", env=agents.environment(START_DELAY_MS=1000))


def test_no_port_at_all_is_told(space):
    """An agent that does not listen yet is AgentNotListening, with the port that is awaited, and so says the 504."""
    space.tells("slow", "AgentNotListening", "8080", "-c agent")
    space.refuses("slow", "AgentNotListening")


def test_listening_clears_it(mended):
    """Once it listens the agent takes requests."""
    mended.serves("slow")
