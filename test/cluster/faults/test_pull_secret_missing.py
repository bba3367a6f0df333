# SPDX-License-Identifier: Apache-2.0
"""The pull secret that the spec names is not in the agent's namespace."""


def cause(row):
    row.pulling_agent("unlocked", imagePullSecrets=[{"name": "registry-account"}])


def mend(row):
    row.pull_secret("registry-account", row.registry.address, row.registry.user, row.registry.password)


def test_a_pull_secret_that_is_not_there_is_told(space):
    """A pull secret that is not there is PullSecretMissing, by its name, and so says the 504."""
    space.tells("unlocked", "PullSecretMissing", "registry-account", "Create the Secret")
    space.refuses("unlocked", "PullSecretMissing")


def test_the_secret_clears_it(mended):
    """Once the Secret is there the agent takes requests; nobody has to touch the Agent."""
    mended.serves("unlocked")
