# SPDX-License-Identifier: Apache-2.0
"""Fixtures, and results as TAP: one line a test, named by the sentence it proves; a failure is followed by what explains it."""

import os
import signal
import subprocess
import sys
import time

import httpx
import pytest

import gateway as gateway_module
from agents import Space
from kube import BIN, PATIENCE, ROOT, SYSTEM, Cluster

TEST_SECONDS = 100
EXPLANATION_LINES = 150
_cluster = None


def the_cluster():
    global _cluster
    if _cluster is None:
        _cluster = Cluster(os.environ["KUBECONFIG"])
    return _cluster


@pytest.fixture(scope="session")
def cluster():
    return the_cluster()


@pytest.fixture
def gateway(cluster):
    """All gateways, by their Service."""
    return gateway_module.service(cluster)


@pytest.fixture
def space(cluster, request):
    """A namespace for the file's agents (test_errors.py has krypton-test-errors); a test's agents go when it ends."""
    space = Space(cluster, "krypton-" + request.module.__name__.replace("_", "-"))
    yield space
    space.drop(*space.made)


@pytest.fixture(scope="session")
def examples(cluster):
    """The example agents, as their manifests stand in the tree."""
    for folder in ("mcp/python", "mcp/go", "a2a/python", "http/sse", "serverless"):
        cluster.kubectl("apply", "-f", ROOT / "examples" / folder)
    space = Space(cluster, "default")
    space.wait_ready("hello-sse", 1, 60)
    return space


class TookTooLong(Exception):
    """A test was still running at its deadline."""


def within_its_deadline(item):
    """No phase of a test takes longer than its deadline, whatever it waits for. What is said of a failure comes after it, on time of
    its own: a deadline that passed there would end the run."""
    def expire(*_):
        raise TookTooLong(f"the test still ran after {seconds} s")
    mark = item.get_closest_marker("seconds")
    seconds = PATIENCE * (mark.args[0] if mark else TEST_SECONDS)
    previous = signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


pytest_runtest_setup = pytest.hookimpl(wrapper=True)(within_its_deadline)
pytest_runtest_call = pytest.hookimpl(wrapper=True)(within_its_deadline)
pytest_runtest_teardown = pytest.hookimpl(wrapper=True)(within_its_deadline)


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.addinivalue_line("markers", "seconds(n): the test's own deadline")
    # Other plugins ask pytest's own reporter for this and that, so it stays, and is not heard.
    config.pluginmanager.get_plugin("terminalreporter")._tw._file = open(os.devnull, "w", encoding="utf-8")
    config.pluginmanager.register(Tap(), "tap")


def sentence_of(item):
    text = (item.function.__doc__ or "").strip().splitlines()
    sentence = text[0].rstrip(".") if text else item.originalname.removeprefix("test_").replace("_", " ")
    return sentence + (f": {item.callspec.id}" if hasattr(item, "callspec") else "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.sentence = sentence_of(item)
    report.namespaces = [SYSTEM]
    if "space" in item.fixturenames:
        report.namespaces.insert(0, "krypton-" + item.module.__name__.replace("_", "-"))
    if "examples" in item.fixturenames:
        report.namespaces.insert(0, "default")
    return report


def comment(text, limit=EXPLANATION_LINES):
    lines = text.splitlines()
    for line in lines[:limit]:
        print("# " + line[:400])
    if len(lines) > limit:
        print(f"# … {len(lines) - limit} more lines")


def explain(namespaces):
    """What one would type next, for whoever reads a failure without the cluster."""
    env = the_cluster().env
    try:
        the_cluster().http.get("/readyz")
    except httpx.HTTPError as failure:
        print(f"# the API server does not answer: {failure}")
        return
    commands = []
    for namespace in namespaces:
        commands += [["-n", namespace, "get", "agents,deployments,pods", "-o", "wide"],
                     ["-n", namespace, "get", "events", "--sort-by=.lastTimestamp"]]
        if namespace == SYSTEM:
            commands += [["-n", SYSTEM, "logs", "-l", f"app.kubernetes.io/component={component}", "--prefix", "--tail=25"]
                         for component in ("gateway", "controller", "scaler")]
    for command in commands:
        try:
            done = subprocess.run([str(BIN / "kubectl"), *command], capture_output=True, text=True, timeout=20, env=env, check=False)
        except subprocess.TimeoutExpired:
            continue
        print("# --- kubectl " + " ".join(command))
        comment("\n".join((done.stdout + done.stderr).splitlines()[-40:]))


class Tap:
    """One line a test; the seconds it took are a directive that TAP readers pass over."""

    def __init__(self):
        self.started = {}
        self.count = 0

    def pytest_runtest_logstart(self, nodeid, location):
        self.started[nodeid] = time.monotonic()

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            self.count += 1
            good = report.outcome == "passed"
            name = report.sentence if report.when == "call" else f"{report.sentence} ({report.when})"
            took = time.monotonic() - self.started.get(report.nodeid, time.monotonic())
            print(f"{'ok' if good else 'not ok'} - {name} # {took:.1f} s")
            if not good:
                comment(f"{report.nodeid}\n{report.longreprtext}")
                explain(report.namespaces)
            sys.stdout.flush()

    def pytest_collectreport(self, report):
        if report.failed:
            print(f"not ok - {report.nodeid or 'the tests'} can be read")
            comment(report.longreprtext)

    def pytest_internalerror(self, excrepr):
        print("not ok - the test runner itself works")
        comment(str(excrepr))

    def pytest_sessionfinish(self, session):
        print(f"1..{self.count}", flush=True)

