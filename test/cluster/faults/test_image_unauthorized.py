# SPDX-License-Identifier: Apache-2.0
"""The registry wants credentials: none are given, wrong ones are, or they are no longer good for it."""


def cause(row):
    row.pull_secret("wrong", row.registry.address, row.registry.user, "not-the-password")
    row.pull_secret("expired", row.registry.refusing, row.registry.user, row.registry.password)
    row.pulling_agent("nobody")
    row.pulling_agent("stranger", imagePullSecrets=[{"name": "wrong"}])
    row.pulling_agent("late", image=f"{row.registry.refusing}/hello-sse:0.1.0", imagePullSecrets=[{"name": "expired"}])


def mend(row):
    row.pull_secret("account", row.registry.address, row.registry.user, row.registry.password)
    row.change("nobody", imagePullSecrets=[{"name": "account"}])
    row.pull_secret("wrong", row.registry.address, row.registry.user, row.registry.password)
    row.change("late", image=f"{row.registry.address}/hello-sse:0.1.0", imagePullSecrets=[{"name": "account"}])


def test_no_credentials_are_told(space):
    """A pull without the credentials that the registry wants is ImagePullFailed, in the registry's words, names no pull secrets, and so says the 504."""
    space.tells("nobody", "ImagePullFailed", f"{space.registry.address}/hello-sse", "401 Unauthorized", "without any imagePullSecrets", "spec.imagePullSecrets")
    space.refuses("nobody", "ImagePullFailed")


def test_wrong_credentials_are_told(space):
    """A pull with a wrong password is ImagePullFailed, with the registry's 401 and without the password, and so says the 504."""
    message = space.tells("stranger", "ImagePullFailed", "401 Unauthorized", "with imagePullSecrets wrong", "spec.imagePullSecrets")
    assert "not-the-password" not in message
    space.refuses("stranger", "ImagePullFailed")


def test_expired_credentials_are_told(space):
    """A pull that the registry forbids is ImagePullFailed, with the registry's 403, and so says the 504."""
    space.tells("late", "ImagePullFailed", "403 Forbidden", "with imagePullSecrets expired", "spec.imagePullSecrets")
    space.refuses("late", "ImagePullFailed")


def test_good_credentials_clear_it(mended):
    """With good credentials in the Secret that spec.imagePullSecrets names the agents take requests."""
    for name in mended.made:
        mended.serves(name)
