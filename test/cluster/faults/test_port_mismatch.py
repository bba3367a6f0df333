# SPDX-License-Identifier: Apache-2.0
"""The agent listens on another port than spec.port."""

import agents


def cause(row):
    row.agent("elsewhere", env=agents.environment(PORT=9090))


def mend(row):
    """The command that the message ends with."""
    said = row.available("elsewhere")["message"]
    command = said[said.index("kubectl "):]
    assert f"patch agent elsewhere --type=merge -p '{{\"spec\":{{\"port\":9090}}}}'" in command, said
    row.cluster.shell(command)


def test_another_port_is_told(space):
    """An agent that listens on another port is PortMismatch, with both ports, and so says the 504."""
    space.tells("elsewhere", "PortMismatch", "8080", "9090", "spec.port")
    assert "9090" in space.kubectl("logs", "deployment/elsewhere", "-c", "krypton-proxy")
    space.refuses("elsewhere", "PortMismatch")


def test_the_command_of_the_message_clears_it(mended):
    """The command that the message ends with, pasted, and the agent takes requests."""
    mended.serves("elsewhere")
