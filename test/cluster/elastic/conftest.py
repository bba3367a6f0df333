# SPDX-License-Identifier: Apache-2.0
"""Krypton as these tests want it: three gateways, and lines as long as the chart's own; put back when other files' tests begin."""

import os
import pathlib

import pytest

import agents
from kube import ROOT, SYSTEM
from load import Wave

HERE = pathlib.Path(__file__).parent
SCRIPT = (HERE / "agent.py").read_text(encoding="utf-8")
CHART = ROOT / "charts/krypton"
SETTINGS = {"gateway.replicas": 3, "gateway.maxBufferPerAgent": 100, "gateway.maxQueueWaitMs": 30000,
            "gateway.defaultStartupTimeoutMs": 30000}
DEADLINE = int(os.environ.get("ELASTIC_DEADLINE", "200"))  # a test's; the long ones need more
_set_up = []


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == HERE and item.get_closest_marker("seconds") is None:
            item.add_marker(pytest.mark.seconds(DEADLINE))


def upgrade(cluster, *arguments):
    """A helm upgrade of the release, which waits until all of it is rolled out."""
    cluster.helm("upgrade", "krypton", CHART, "--namespace", SYSTEM, "--reuse-values", *arguments, "--wait", "--timeout", "150s")
    cluster.wait_daemons(90)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """Other files' tests find Krypton as it was installed."""
    if _set_up and (nextitem is None or nextitem.path.parent != HERE):
        upgrade(_set_up.pop(), "--values", HERE.parent / "values.yaml")


@pytest.fixture(scope="session")
def krypton(cluster):
    """The release with SETTINGS."""
    upgrade(cluster, *(word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")))
    _set_up.append(cluster)
    return cluster


@pytest.fixture
def space(cluster, krypton, request):
    """The file's namespace; what a test has made in it goes with the test."""
    space = agents.Space(cluster, "krypton-" + request.module.__name__.replace("_", "-"))
    yield space
    space.drop(*space.made)


@pytest.fixture
def wave(gateway):
    """wave(address, choose): clients that ask again and again; they end with the test at the latest."""
    made = []

    def make(address, choose, **more):
        made.append(Wave(gateway, address, choose, **more))
        return made[-1]
    yield make
    for one in made:
        one.close()


def scripted(name, script_env=None, **spec):
    """An agent that runs agent.py."""
    return agents.python_agent(name, SCRIPT, env=agents.environment(**(script_env or {})), **spec)
