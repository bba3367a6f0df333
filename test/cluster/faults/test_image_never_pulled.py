# SPDX-License-Identifier: Apache-2.0
"""The image is not on the node, and the spec says that it is not to be pulled."""

import agents

ABSENT = "docker.io/krypton-examples/absent:1"


def cause(row):
    row.agent("never", image=ABSENT, imagePullPolicy="Never")


def mend(row):
    row.change("never", image=agents.SSE)


def test_an_image_that_may_not_be_pulled_is_told(space):
    """An image that is not there and may not be pulled is ImagePullFailed, with the image and the policy, and so says the 504."""
    space.tells("never", "ImagePullFailed", ABSENT, "Never", "node")
    space.refuses("never", "ImagePullFailed")


def test_an_image_of_the_node_clears_it(mended):
    """With an image that is on the node the agent takes requests."""
    mended.serves("never")
