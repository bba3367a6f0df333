# SPDX-License-Identifier: Apache-2.0
"""The agent ends again and again."""

import agents
from harness import SERVE
from kube import wait_for


def cause(row):
    row.shell_agent("crasher", '[ -n "$LEDGER" ] || { echo "LEDGER is not set" >&2; exit 3; }; ' + SERVE)


def mend(row):
    row.change("crasher", env=agents.environment(LEDGER="open"))


def test_an_agent_that_ends_is_told(space):
    """An agent that ends by itself is CrashLoop, with its exit code, and so says the 504; the command leads to its last log."""
    message = space.tells("crasher", "CrashLoop", "exit code 3", "agent")
    # The moment after an end the last log is that of an end before, which may be gone.
    wait_for(lambda: "LEDGER is not set" in space.cluster.shell(message[message.index("kubectl "):]), 60, "the last log is there")
    space.refuses("crasher", "CrashLoop")


def test_what_its_log_asks_for_clears_it(mended):
    """With what its log asks for the agent takes requests."""
    mended.serves("crasher")
