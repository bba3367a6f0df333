# SPDX-License-Identifier: Apache-2.0
"""The image is nowhere: the registry does not know its name or its tag, or there is no registry."""


def cause(row):
    row.pull_secret("account", row.registry.address, row.registry.user, row.registry.password)
    for name, image in (("tag", f"{row.registry.address}/hello-sse:0.1.9"), ("name", f"{row.registry.address}/helo-sse:0.1.0"),
                        ("registry", f"{row.registry.host}:5009/hello-sse:0.1.0")):
        row.pulling_agent(name, image=image, imagePullSecrets=[{"name": "account"}])


def mend(row):
    for name in row.made:
        row.change(name, image=f"{row.registry.address}/hello-sse:0.1.0")


def test_a_tag_that_is_not_there_is_told(space):
    """A tag that its registry does not have is ImagePullFailed, with the image and the registry's words, and so says the 504."""
    space.tells("tag", "ImagePullFailed", f"{space.registry.address}/hello-sse:0.1.9", "not found")
    space.refuses("tag", "ImagePullFailed")


def test_a_name_that_is_not_there_is_told(space):
    """An image that its registry does not know is ImagePullFailed, with the image and the registry's words, and so says the 504."""
    space.tells("name", "ImagePullFailed", f"{space.registry.address}/helo-sse:0.1.0", "not found")
    space.refuses("name", "ImagePullFailed")


def test_a_registry_that_is_not_there_is_told(space):
    """A registry that does not answer is ImagePullFailed, with its address and what became of the connection, and so says the 504."""
    space.tells("registry", "ImagePullFailed", f"{space.registry.host}:5009", "connection refused")
    space.refuses("registry", "ImagePullFailed")


def test_the_right_image_clears_it(mended):
    """With the right name, tag and registry the agents take requests."""
    for name in mended.made:
        mended.serves(name)
