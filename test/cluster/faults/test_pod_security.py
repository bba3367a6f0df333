# SPDX-License-Identifier: Apache-2.0
"""Admission refuses the pod: the namespace enforces the restricted Pod Security Standard."""

SECURE = {"spec": {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}, "containers": [
    {"name": "agent", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}}


def cause(row):
    row.kubectl("label", "namespace", row.name, "pod-security.kubernetes.io/enforce=restricted")
    row.agent("loose")


def mend(row):
    row.change("loose", podTemplate=SECURE)


def test_an_admission_rule_is_told(space):
    """A pod that admission refuses is PodsForbidden, in the rule's words, and so says the 504."""
    space.tells("loose", "PodsForbidden", "violates PodSecurity", "restricted", "runAsNonRoot", 'or "Localhost")')
    space.refuses("loose", "PodsForbidden")


def test_what_the_rule_asks_for_clears_it(mended):
    """With what the rule asks for in spec.podTemplate the agent takes requests."""
    mended.serves("loose")
