# SPDX-License-Identifier: Apache-2.0
"""What a client gets when something is wrong: every row of the gateway's table, caused for real."""

import time

import httpx
import pytest

import agents
import gateway as gateways
from gateway import Stream, inflight, plain, raw, read_until, together
from kube import SYSTEM, wait_for

MAX_BUFFER = 16      # gateway.maxBufferPerAgent and gateway.maxQueueWaitMs of values.yaml
MAX_QUEUE_WAIT_S = 3


def problem(answer, status, reason):
    """The answer's JSON, when it is an error of ours with that status and reason."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/json", answer.headers
    body = answer.json()
    assert body["error"] and body["hint"] and body["reason"] == reason, body
    return body


@pytest.fixture
def one_gateway(cluster):
    """One gateway pod, so that its line is the whole line."""
    return gateways.pods(cluster)[0][0]


def test_a_path_without_namespace_and_name_is_400(gateway):
    for path in ("/", "/v1/agents", "/v1/agents/", "/v1/agents/default", "/v1/agents/default/", "/v2/agents/default/hello-sse"):
        problem(gateway.http.get(gateway.url + path), 400, "BadPath")


def test_a_path_with_a_dot_dot_segment_is_400(gateway, examples):
    for path in ("/../x", "/a/%2e%2E/b", "/.%2e"):
        head = f"GET /v1/agents/default/hello-sse{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        with raw(gateway.url, head.encode()) as connection:
            assert read_until(connection, b"\r\n").startswith(b"HTTP/1.1 400 "), path


def test_ambiguous_framing_is_400_and_the_connection_closes(gateway):
    head = ("POST /v1/agents/default/hello-sse/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0\r\n\r\nGET /v1/agents/default/hello-sse/smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    with raw(gateway.url, head.encode()) as connection:
        answer = read_until(connection, b"\0")
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1") == 1, answer


def test_an_agent_that_does_not_exist_is_404(gateway):
    body = problem(gateway.get("default/nobody"), 404, "AgentNotFound")
    assert "no such agent" in body["error"], body


def test_an_agent_that_breaks_off_before_a_byte_is_502(gateway, examples):
    problem(gateway.post("default/hello-sse", "/close?after=0", content=b"x"), 502, "AgentClosedConnection")


def test_a_request_that_reached_an_agent_is_not_sent_twice(cluster, gateway, examples):
    """A POST whose agent broke off is told so, and was sent once."""
    seen = requests_of(cluster, "hello-sse")
    problem(gateway.post("default/hello-sse", "/close?after=0", content=b"x"), 502, "AgentClosedConnection")
    assert requests_of(cluster, "hello-sse") == seen + 1


def requests_of(cluster, name):
    """Requests that a sidecar counted, over all codes."""
    total = 0
    for pod in cluster.ready_pods("default", name):
        for line in gateways.sidecar(pod, "/metrics").text.splitlines():
            if line.startswith("krypton_proxy_requests_total{"):
                total += int(float(line.rsplit(" ", 1)[1]))
    return total


def test_an_answer_that_breaks_off_is_never_a_clean_short_end(gateway, examples):
    """An answer that the agent breaks off ends abnormally at the client, after the bytes that came."""
    stream = Stream(gateway.agent("default/hello-sse", "/close?after=3"))
    stream.wait_end()
    assert stream.status == 200 and stream.events == 3 and stream.end != "complete", (stream.events, stream.end)


def test_no_first_byte_within_the_timeout_is_504(gateway, space):
    """No first byte within spec.timeout is 504; an answer that has begun may take longer than that."""
    name = space.make(agents.agent("slow", timeout="1s"), ready=1)
    began = time.monotonic()
    problem(gateway.get(space.address(name), "/sleep?ms=8000"), 504, "AgentTimeout")
    assert 0.9 < time.monotonic() - began < 3
    stream = Stream(gateway.agent(space.address(name), "/stream?n=6&interval_ms=400"))
    stream.wait_end()
    assert stream.ended_whole(), stream.end


def test_an_agent_that_never_listens_is_504_with_the_reason(gateway, space):
    """An agent that never listens is 504 at startupTimeout, and the body says AgentNotListening."""
    name = space.make(agents.sleeper("mute", startupTimeout="6s", env=agents.environment(START_DELAY_MS=600000)))
    space.wait_asleep(name)
    began = time.monotonic()
    problem(gateway.get(space.address(name)), 504, "AgentNotListening")
    assert 5.5 < time.monotonic() - began < 9


def test_a_request_that_is_too_many_in_line_is_503(cluster, one_gateway, space):
    """One more than maxBufferPerAgent in line is 503 BufferFull with Retry-After, at once; those in line are answered."""
    name = space.make(agents.agent("narrow", concurrency=1, maxReplicas=1), ready=1)
    pod = cluster.ready_pods(space.name, name)[0]
    first = Stream(one_gateway.agent(space.address(name), "/sleep?ms=2000"))
    wait_for(lambda: inflight(pod) == 1, 10, "the slot is taken")
    line = [Stream(one_gateway.agent(space.address(name), "/")) for _ in range(MAX_BUFFER)]
    wait_for(lambda: waiting(one_gateway, space.address(name)) == MAX_BUFFER, 5, f"{MAX_BUFFER} requests wait in line")
    began = time.monotonic()
    answer = one_gateway.get(space.address(name))
    problem(answer, 503, "BufferFull")
    assert int(answer.headers["retry-after"]) >= 1 and time.monotonic() - began < 1
    for request in [first, *line]:
        assert request.wait_end() == "complete" and request.status == 200, (request.status, request.text)


def waiting(one, address):
    """How many wait for an agent, by the gateway's own word."""
    load = plain.get(one.ops + "/_krypton/load").json()
    return load["agents"].get(address, {}).get("waiting", 0)


def test_an_agent_at_its_concurrency_is_503_after_the_queue(cluster, one_gateway, space):
    """When every pod stays at its concurrency, a request is 503 OverCapacity with Retry-After once its wait is over."""
    name = space.make(agents.agent("busy", concurrency=1, maxReplicas=1), ready=1)
    pod = cluster.ready_pods(space.name, name)[0]
    stream = Stream(one_gateway.agent(space.address(name), "/stream?n=0&interval_ms=500"))
    wait_for(lambda: inflight(pod) == 1, 10, "the slot is taken")
    began = time.monotonic()
    answer = one_gateway.get(space.address(name))
    problem(answer, 503, "OverCapacity")
    assert int(answer.headers["retry-after"]) >= 1
    assert MAX_QUEUE_WAIT_S - 0.2 < time.monotonic() - began < MAX_QUEUE_WAIT_S + 2
    stream.leave()


def reaches(address):
    try:
        return plain.get(f"http://{address}:8080/").status_code == 200
    except httpx.HTTPError:
        return False


def test_the_sidecar_holds_a_pod_to_its_concurrency(cluster, space):
    """More than concurrency by an agent's own Service is 503 with Retry-After, at once."""
    name = space.make(agents.agent("capped", concurrency=2, maxReplicas=1), ready=1)
    pod = cluster.ready_pods(space.name, name)[0]
    address = cluster.get("services", space.name, name)["spec"]["clusterIP"]
    wait_for(lambda: reaches(address), 15, "the node's Service rules lead to the pod")
    running = [Stream(f"http://{address}:8080/sleep?ms=1500") for _ in range(2)]
    wait_for(lambda: inflight(pod) == 2, 10, "two run")
    answer = plain.get(f"http://{address}:8080/")
    assert answer.status_code == 503 and answer.headers["retry-after"] == "1", answer.text
    for request in running:
        assert request.wait_end() == "complete" and request.status == 200


def test_a_client_that_leaves_frees_its_slot(cluster, gateway, space):
    """A client that disconnects frees its slot within a second, at the sidecar and for whoever waits."""
    name = space.make(agents.agent("left", concurrency=1, maxReplicas=1), ready=1)
    pod = cluster.ready_pods(space.name, name)[0]
    stream = Stream(gateway.agent(space.address(name), "/stream?n=0&interval_ms=60000"))
    stream.wait_events(1)
    assert inflight(pod) == 1
    stream.leave()
    wait_for(lambda: inflight(pod) == 0, 1.5, "the slot is free again")
    began = time.monotonic()
    assert gateway.get(space.address(name)).status_code == 200 and time.monotonic() - began < 1


def test_a_client_that_leaves_the_line_is_forgotten(cluster, one_gateway, space):
    """A client that disconnects while it waits in line leaves the line, and its request never reaches the agent."""
    name = space.make(agents.agent("impatient", concurrency=1, maxReplicas=1), ready=1)
    address, pod = space.address(name), cluster.ready_pods(space.name, name)[0]
    running = Stream(one_gateway.agent(address, "/sleep?ms=2000"))
    wait_for(lambda: inflight(pod) == 1, 10, "the slot is taken")
    with raw(one_gateway.url, f"GET /v1/agents/{address}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode()):
        wait_for(lambda: waiting(one_gateway, address) == 1, 5, "it waits in line")
    wait_for(lambda: waiting(one_gateway, address) == 0, 1.5, "the line is empty again")
    assert running.wait_end() == "complete"


def test_errors_name_no_image_and_no_node(cluster, gateway, space):
    """Error bodies name a reason and a hint, and neither image nor node nor address."""
    name = space.make(agents.sleeper("discreet", startupTimeout="1s", image="docker.io/krypton-examples/secret-name:1", imagePullPolicy="Never"))
    space.wait_asleep(name)
    text = gateway.get(space.address(name)).text
    node = cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    assert "secret-name" not in text and node not in text and "10." not in text, text
