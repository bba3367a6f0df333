# SPDX-License-Identifier: Apache-2.0
"""The chart names an image of krypton-proxy that is not there. It is every agent's, so this row comes after the others."""

from kube import ROOT, SYSTEM, wait_for

ALONE = True
CHART = ("upgrade", "krypton", ROOT / "charts/krypton", "--namespace", SYSTEM, "--reset-then-reuse-values", "--wait", "--timeout", "90s")
ABSENT = "docker.io/krypton/krypton-proxy:absent"


def install(row, image):
    row.cluster.helm(*CHART, "--set", f"images.kryptonProxy={image}")
    wait_for(lambda: any(f"--proxy-image={image or 'docker.io/krypton/krypton-proxy:'}" in word
                         for pod in row.cluster.daemon_pods("controller") for word in pod["spec"]["containers"][0]["args"]),
             30, "the controller has that image of krypton-proxy")


def cause(row):
    install(row, ABSENT)
    row.agent("alone")


def mend(row):
    install(row, "")


def test_it_is_told(space):
    """An image of krypton-proxy that cannot be pulled is SidecarNotReady, with the image, and so says the 504."""
    space.tells("alone", "SidecarNotReady", ABSENT, "krypton-proxy", "chart")
    space.refuses("alone", "SidecarNotReady")


def test_the_right_image_clears_it(mended):
    """With the chart's own image again the agent takes requests."""
    mended.serves("alone")
