# SPDX-License-Identifier: Apache-2.0
"""Agents that are slow, silent, crash or never end: their callers get what can be had, and nobody else suffers."""

import json
import threading
import time

import pytest

import agents
from conftest import scripted
from gateway import Stream, client, plain, together
from kube import wait_for
from load import ask_each

RPC = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()
CAST = (
    scripted("silent", maxReplicas=1, concurrency=1, timeout="2s"),
    scripted("crashing", {"CRASH_EACH": 10}, minReplicas=2, maxReplicas=2, startupTimeout="90s"),
    scripted("endless", concurrency=1, maxReplicas=2, timeout="30s"),
    scripted("alone", concurrency=1, maxReplicas=1, timeout="30s"),
    scripted("listeners", protocol="mcp", concurrency=8, maxReplicas=1),
)


@pytest.fixture(scope="module")
def cast(cluster, krypton, request):
    """All of them at once: they start side by side."""
    space = agents.Space(cluster, "krypton-test-strange-agents")
    for manifest in CAST:
        space.make(manifest)
    for manifest in CAST:
        space.wait_ready(manifest["metadata"]["name"], manifest["spec"].get("minReplicas", 1), 90)
    yield space
    space.drop(*space.made)


@pytest.fixture
def space(cast):
    return cast


def record(space, name):
    """What the agent of the only pod says of itself, at its own port."""
    pod, = space.cluster.ready_pods(space.name, name)
    return plain.get(f"http://{pod['status']['podIP']}:8080/record").json()


def test_an_agent_that_never_answers_gives_504_and_its_slot_back(gateway, space):
    """An agent that takes a request and says nothing: 504 after spec.timeout, its connection is closed, and its only slot is free."""
    began = time.monotonic()
    answer = gateway.get(space.address("silent"), "/never")
    took = time.monotonic() - began
    assert answer.status_code == 504 and 1.9 < took < 10, (answer.status_code, took, answer.text)
    assert gateway.get(space.address("silent"), "/sleep?ms=1").status_code == 200, "the slot is free"
    seen = wait_for(lambda: record(space, "silent")["never_closed"] and record(space, "silent"), 5, "the agent saw its connection close")
    assert (seen["never_begun"], seen["never_closed"], seen["running"]) == (1, 1, 0), seen


def test_an_agent_that_crashes_now_and_then_is_retried_where_that_is_harmless(gateway, space):
    """Of an agent whose pods die at each tenth request no GET fails by such a death, and a POST fails visibly only where its pod died;
    a request that found no pod for three seconds is told so."""
    with client() as http:
        gets = [http.get(gateway.agent(space.address("crashing"), "/sleep?ms=5")) for _ in range(24)]
        posts = [http.post(gateway.agent(space.address("crashing"), "/sleep?ms=5"), content=b"{}") for _ in range(12)]

    def failures(answers):
        return [(answer.status_code, answer.json()["reason"]) for answer in answers if answer.status_code != 200]
    nobody = (502, "AgentUnreachable")  # both pods died one after the other, and a busy machine takes long to start them again
    assert set(failures(gets)) <= {nobody} and len(failures(gets)) <= 4, failures(gets)
    died = [failure for failure in failures(posts) if failure != nobody]
    assert len(died) <= 3 and set(died) <= {(502, "AgentClosedConnection")} and len(failures(posts)) <= 6, failures(posts)

    def crashes():
        return sum(sum(s["restartCount"] for s in pod["status"]["containerStatuses"] if s["name"] == "agent")
                   for pod in space.cluster.pods(space.name, "crashing"))
    wait_for(crashes, 60, "it did crash, and the kubelet says so")


def test_a_slow_start_is_waited_for(cluster, gateway, space):
    """An agent that listens only after 8 s is waited for, and each who asked meanwhile is answered; one that is allowed 3 s gives 504
    with the reason, and is there for whoever asks later."""
    slow = space.make(scripted("slow", {"START_SECONDS": 8}, mode="serverless", minReplicas=0, startupTimeout="60s"))
    hasty = space.make(scripted("hasty", {"START_SECONDS": 8}, mode="serverless", minReplicas=0, startupTimeout="3s"))
    for name in (slow, hasty):
        space.wait_asleep(name)
    began, seen = time.monotonic(), {}

    def refused():
        seen["hasty"] = gateway.get(space.address(hasty), "/sleep?ms=1")
        seen["after"] = time.monotonic() - began
    beside = threading.Thread(target=refused)
    beside.start()
    answers = together(3, lambda _: client().get(gateway.agent(space.address(slow), "/sleep?ms=1")).status_code)
    took = time.monotonic() - began
    beside.join(60)
    assert answers == [200] * 3 and took > 8, (answers, took)
    assert seen["hasty"].status_code == 504 and 2.9 < seen["after"] < 8, (seen["after"], seen["hasty"].text)
    assert seen["hasty"].json()["reason"] in ("AgentNotListening", "Starting"), seen["hasty"].text
    space.wait_ready(hasty, 1, 60)
    assert gateway.get(space.address(hasty), "/sleep?ms=1").status_code == 200


def test_who_waits_for_events_hears_comments(cluster, gateway, space):
    """While an agent with waitKeepAlive comes up, one that accepts event streams alone gets comments and then the agent's own events; one
    that accepts anything gets the answer alone."""
    name = space.make(scripted("patient", {"START_SECONDS": 5}, mode="serverless", minReplicas=0, startupTimeout="60s", waitKeepAlive="1s"))
    space.wait_asleep(name)
    url = gateway.agent(space.address(name), "/stream?seconds=1")
    events, other = together(2, lambda i: client().get(url, headers={"Accept": "*/*" if i else "text/event-stream"}))
    assert (events.status_code, other.status_code) == (200, 200), (events.text[:300], other.text[:300])
    assert events.headers["content-type"] == other.headers["content-type"] == "text/event-stream"
    before, _, after = events.text.partition("data: ")
    comments = [line for line in before.splitlines() if line]
    assert len(comments) >= 3 and all(line.startswith(":") for line in comments), events.text[:300]
    assert after.startswith('{"n": 1}') and events.text.endswith("event: end\ndata: {}\n\n"), events.text[-300:]
    assert other.text.startswith('data: {"n": 1}'), other.text[:300]


def test_an_endless_stream_leaves_the_second_caller_a_second_pod(cluster, gateway, space):
    """Concurrency 1 and a stream without an end: a second caller gets a second pod; where one pod is all there may be, it waits for
    the stream's end. The streams are never cut."""
    streams = {name: Stream(gateway.agent(space.address(name), "/stream?seconds=300")).wait_events(1) for name in ("endless", "alone")}
    waiting = Stream(gateway.agent(space.address("alone"), "/sleep?ms=1"))
    answer = gateway.get(space.address("endless"), "/sleep?ms=1")
    assert answer.status_code == 200, answer.text
    assert waiting.end is None, (waiting.status, waiting.text)
    before = {name: stream.events for name, stream in streams.items()}
    for name, stream in streams.items():
        stream.wait_events(before[name] + 3)
        assert stream.end is None, (name, stream.end)
    streams["alone"].leave()
    assert waiting.wait_end(10) == "complete" and waiting.status == 200, (waiting.end, waiting.text)
    assert streams["endless"].end is None, streams["endless"].end
    streams["endless"].leave()


def test_idle_listeners_of_mcp_clients_hold_no_slot(gateway, space):
    """Eight MCP clients that listen on an agent of concurrency 8 leave all eight slots to calls, and are not cut by them."""
    listeners = [Stream(gateway.agent(space.address("listeners"), "/listen"), {"Accept": "text/event-stream"}).wait_events(1)
                 for _ in range(8)]
    outcomes = ask_each(gateway, [(space.address("listeners"), "/sleep?ms=500")] * 24, method="POST", body=RPC)
    assert not [outcome.told() for outcome in outcomes if outcome.is_lost]
    assert max(outcome.running for outcome in outcomes) == 8, "all eight slots were used, and no more"
    assert not [listener.end for listener in listeners if listener.end]
    for listener in listeners:
        listener.leave()
