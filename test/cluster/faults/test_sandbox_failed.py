# SPDX-License-Identifier: Apache-2.0
"""The node cannot make the pod's sandbox: it lacks the runtime that is asked for. A network that is broken looks the same."""

RUNTIME = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "krypton-test-absent"}, "handler": "absent"}


def cause(row):
    row.apply(RUNTIME)
    row.agent("boxless", podTemplate={"spec": {"runtimeClassName": "krypton-test-absent"}})


def mend(row):
    row.change("boxless", podTemplate=None)
    row.kubectl("delete", "runtimeclass", "krypton-test-absent")


def test_a_pod_without_a_sandbox_is_told(space):
    """A pod whose sandbox cannot be made is SandboxFailed, with the node and its runtime's words, and so says the 504."""
    space.tells("boxless", "SandboxFailed", "on node", 'no runtime for "absent" is configured', "get pods -A -o wide")
    space.refuses("boxless", "SandboxFailed")


def test_another_runtime_clears_it(mended):
    """With a runtime that the node has the agent takes requests."""
    mended.serves("boxless")
