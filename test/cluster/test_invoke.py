# SPDX-License-Identifier: Apache-2.0
"""What users come for: agents become ready and answer through the gateway, by the official clients and as bytes."""

import asyncio
import hashlib
import json
import time

import httpx
from a2a.client import A2ACardResolver, ClientConfig, create_client
from a2a.helpers import get_stream_response_text, new_text_message
from a2a.types import Role, SendMessageRequest, TaskState
from mcp import Client

import agents
from gateway import Stream, echo, plain, raw, read_until, together
from kube import condition, wait_for

ALWAYS_ON = ("hello-mcp", "hello-mcp-go", "hello-a2a", "hello-sse")
SLEEPING = ("hello-serverless", "hello-mcp-serverless")


def test_agents_of_the_examples_become_ready(cluster, examples):
    for name in ALWAYS_ON:
        examples.wait_ready(name, 1, 60)
    for name in ALWAYS_ON + SLEEPING:
        wait_for(lambda: cluster.status("default", name).get("phase") == "Ready", 20, f"agent {name} is in phase Ready")
        available = condition(cluster.agent("default", name))
        assert available["status"] == "True" and available["reason"] == ("Asleep" if name in SLEEPING else "Ready"), available
    assert cluster.status("default", "hello-mcp")["url"] == "http://hello-mcp.default.svc:8080/mcp"


def mcp_session(url, tool, arguments):
    """What the official client makes of a server: its name, its tools, a call's text, and when each progress came."""
    steps = []

    async def on_progress(progress, total, message):
        steps.append((time.monotonic(), progress))

    async def talk():
        async with Client(url, mode="legacy", read_timeout_seconds=30) as session:
            tools = [found.name for found in (await session.list_tools()).tools]
            result = await session.call_tool(tool, arguments, progress_callback=on_progress)
            assert not result.is_error, result
            return session.server_info.name, tools, " ".join(block.text for block in result.content)

    return (*asyncio.run(talk()), steps)


def test_mcp_example_answers_the_official_client(gateway, examples):
    """initialize, tools/list and tools/call of the MCP example work by the official client through the gateway."""
    name, tools, text, _ = mcp_session(gateway.agent("default/hello-mcp", "/mcp"), "add", {"a": 19, "b": 23})
    assert name == "hello-mcp" and {"add", "count", "server_info"} <= set(tools) and text == "42.0", (name, tools, text)


def test_an_mcp_server_on_loopback_answers_under_a_public_name(gateway, space):
    """An MCP server of the official SDK that is bound to loopback, its Host check on, answers under a public host name."""
    name = space.make(agents.agent("loopback", image=agents.PYTHON, protocol="mcp", env=agents.environment(HOST="127.0.0.1")), ready=1)
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}
    answer = gateway.post(space.address(name), "/mcp", json=hello, headers={
        "Host": "agents.example.com", "Accept": "application/json, text/event-stream"})
    assert answer.status_code == 200 and "protocolVersion" in answer.text, (answer.status_code, answer.text)


def test_progress_of_an_mcp_tool_arrives_while_it_runs(gateway, examples):
    _, _, text, steps = mcp_session(gateway.agent("default/hello-mcp", "/mcp"), "count", {"to": 4, "delay_ms": 250})
    assert text == "counted to 4"
    assert [progress for _, progress in steps] == [1, 2, 3, 4]
    assert steps[-1][0] - steps[0][0] > 0.5, steps


def test_go_mcp_example_answers_the_official_client(gateway, examples):
    """initialize, tools/list and tools/call of the Go MCP example work by the official client through the gateway."""
    name, tools, text, _ = mcp_session(gateway.agent("default/hello-mcp-go", "/mcp"), "greet", {"name": "Krypton"})
    assert name == "hello-mcp-go" and {"greet", "sleep"} <= set(tools) and "Hello, Krypton" in text, (name, tools, text)


def a2a_session(url, streaming):
    """Sends a message as the official client does, at the address that the card gives; each event with its time."""
    async def talk():
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            card = await A2ACardResolver(http, url).get_agent_card()
            session = await create_client(card, client_config=ClientConfig(streaming=streaming, httpx_client=http))
            request = SendMessageRequest(message=new_text_message("Good morning!", role=Role.ROLE_USER))
            return card, [(time.monotonic(), event) async for event in session.send_message(request)]
    return asyncio.run(talk())


def test_a2a_example_answers_the_official_client(gateway, examples):
    """The A2A example answers a message of the official client, at the address that its card gives."""
    card, events = a2a_session(gateway.agent("default/hello-a2a"), streaming=False)
    assert card.supported_interfaces[0].url == gateway.agent("default/hello-a2a", "/"), card.supported_interfaces
    last = events[-1][1]
    assert last.task.status.state == TaskState.TASK_STATE_COMPLETED and "Good morning!" in get_stream_response_text(last, ""), last


def test_a2a_example_streams_to_the_official_client(gateway, examples):
    """The A2A example streams to the official client, its events arriving apart."""
    _, events = a2a_session(gateway.agent("default/hello-a2a"), streaming=True)
    pieces = [(at, get_stream_response_text(event, "")) for at, event in events if event.HasField("artifact_update")]
    assert len(pieces) == 5 and "Good morning!" in pieces[-1][1], pieces
    gaps = [after[0] - before[0] for before, after in zip(pieces, pieces[1:])]
    assert sum(gap > 0.1 for gap in gaps) >= 2 and sum(gaps) > 0.6, gaps
    assert events[-1][1].status_update.status.state == TaskState.TASK_STATE_COMPLETED, events[-1]


def test_events_of_a_stream_arrive_one_by_one(gateway, examples):
    """Server-sent events arrive one by one as the agent sends them, marked as unbuffered."""
    stream = Stream(gateway.agent("default/hello-sse", "/stream?n=6&interval_ms=300"))
    stream.wait_end()
    assert stream.ended_whole() and stream.numbers() == [1, 2, 3, 4, 5, 6], (stream.end, stream.text)
    assert stream.came_apart(6, 0.3), stream.arrivals
    assert stream.headers["content-type"] == "text/event-stream" and stream.headers["x-accel-buffering"] == "no", stream.headers


def test_bytes_of_an_event_stream_are_those_of_a_direct_call(cluster, gateway, examples):
    """Comments, ids, retries, CRLF and empty events of a stream pass identical to a direct call."""
    body = b": a comment\r\n\r\nid: 7\nretry: 1500\ndata:\n\ndata: a\ndata:  b\n\nevent: \xc3\xa9\r\ndata: 1\r\n\r\n:\n\n\n" * 400
    kind = {"Content-Type": "text/event-stream; charset=utf-8"}
    pod = cluster.ready_pods("default", "hello-sse")[0]
    direct = plain.post(f"http://{pod['status']['podIP']}:8080/", content=body, headers=kind)
    through = gateway.post("default/hello-sse", "/", content=body, headers=kind)
    assert through.status_code == direct.status_code == 200
    sums = [hashlib.sha256(text).hexdigest() for text in (body, direct.content, through.content)]
    assert len(set(sums)) == 1, sums
    assert through.headers["content-type"] == direct.headers["content-type"]
    assert "content-length" not in through.headers and "content-encoding" not in through.headers


def test_upload_of_some_megabytes_streams_through(gateway, examples):
    """An upload of 24 MB comes back byte by byte, and its answer begins before the upload has ended."""
    sent, received = echo(gateway.agent("default/hello-sse", "/"), 24)
    assert received == sent


def test_upgraded_connections_pass_both_ways(space, gateway):
    """A WebSocket handshake is answered with 101, and bytes pass both ways after it."""
    name = space.make(agents.python_agent("upgrading", agents.UPGRADING), ready=1)
    head = (f"GET /v1/agents/{space.address(name)}/chat HTTP/1.1\r\nHost: agents.example.com\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    with raw(gateway.url, head.encode()) as connection:
        answer = read_until(connection, b"\r\n\r\n").decode()
        assert answer.startswith("HTTP/1.1 101 ") and "upgrade: websocket" in answer.lower(), answer
        for word in (b"first", b"\x00\xff second"):
            connection.sendall(word)
            assert read_until(connection, word.upper()[-3:]) == word.upper()


def test_headers_reach_the_agent_as_promised(gateway, examples):
    """The agent sees its own Host, the forwarding headers and all end-to-end headers, and none of ours or of one hop."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = gateway.get("default/hello-sse", "/headers?a=1&b=%2F", headers={
        "Host": "agents.example.com", "Traceparent": trace, "Mcp-Session-Id": "s1", "X-Unknown": "kept", "Authorization": "Bearer t",
        "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Connection": "x-hop", "X-Hop": "gone",
        "Krypton-Token": "stolen", "Krypton-Gateway": "1"}).json()
    seen = {name.lower(): values for name, values in answer["headers"].items()}
    assert answer["host"] == "127.0.0.1:8080" and answer["uri"] == "/headers?a=1&b=%2F", answer
    want = {"traceparent": trace, "mcp-session-id": "s1", "x-unknown": "kept", "authorization": "Bearer t", "x-forwarded-proto": "https",
            "x-forwarded-prefix": "/v1/agents/default/hello-sse"}
    assert {name: seen.get(name) for name in want} == {name: [value] for name, value in want.items()}, seen
    assert seen["x-forwarded-for"][0].startswith("203.0.113.9, "), seen
    assert seen["x-forwarded-host"] == ["agents.example.com"], seen
    assert not [name for name in seen if name.startswith("krypton-") or name in ("x-hop",)], seen


def test_paths_reach_the_agent_verbatim(gateway, examples):
    """The prefix is cut off and the rest reaches the agent verbatim; a bare agent path is /."""
    for path, want in (("", "/"), ("/", "/"), ("?q=1", "/?q=1"), ("//a//b", "//a//b"), ("/tasks/%2F%41:cancel?x=%20+", "/tasks/%2F%41:cancel?x=%20+")):
        head = f"GET /v1/agents/default/hello-sse{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        with raw(gateway.url, head.encode()) as connection:
            answer = read_until(connection, b"\0").decode()
        status, body = answer.split(" ", 2)[1], answer.split("\r\n\r\n", 1)[1]
        if status in ("301", "307"):  # Go's mux cleans paths with //: the redirect shows what it saw
            assert path.startswith("//"), answer
            continue
        assert status == "200" and json.loads(body[body.index("{"):body.rindex("}") + 1])["path"] == want, answer


def test_own_paths_of_an_agent_are_reachable_and_ours_are_not(gateway, examples):
    for path in ("/metrics", "/healthz", "/readyz", "/_krypton/inflight", "/_krypton/drain"):
        answer = gateway.get("default/hello-sse", path)
        assert answer.status_code == 200 and answer.json()["path"] == path, (path, answer.text)
    answer = gateway.get("default/hello-sse")
    assert not [name for name in answer.headers if name.startswith("krypton-")], answer.headers


def test_a_sleeping_agent_answers_its_first_request(cluster, gateway, space):
    """A sleeping agent answers its first request with 200 after one cold start, and lastInvocationAt is fresh right after."""
    name = space.make(agents.sleeper("cold"))
    space.wait_asleep(name)
    before = time.time()
    answer = gateway.get(space.address(name))
    took = time.time() - before
    assert answer.status_code == 200 and answer.json()["agent"] == "hello-sse", answer.text
    assert took < 20, took
    stamp = wait_for(lambda: cluster.status(space.name, name).get("lastInvocationAt"), 1, "lastInvocationAt is set")
    age = time.time() - calendar_seconds(stamp)
    assert -2 < age < took + 4, (stamp, age)
    line = wait_for(lambda: ended_line(cluster, name), 10, "the gateway's invocation.ended line of it")
    assert line["status"] == 200 and line["cold_start_ms"] > 0 and line["attempts"] == 1, line
    space.wait_ready(name, 1)


def calendar_seconds(stamp):
    import datetime
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def ended_line(cluster, name):
    for pod in cluster.daemon_pods("gateway"):
        for text in cluster.logs("krypton-system", pod["metadata"]["name"], "gateway").splitlines():
            if '"invocation.ended"' in text and f'"{name}"' in text:
                return json.loads(text)
    return None


def test_many_first_requests_wake_one_pod_and_none_is_lost(cluster, gateway, space):
    """Twelve first requests at once wake a sleeping agent, and each is answered."""
    name = space.make(agents.sleeper("crowd", maxReplicas=1, concurrency=16))
    space.wait_asleep(name)
    answers = together(12, lambda i: gateway.get(space.address(name)).status_code)
    assert answers == [200] * 12, answers
    assert len(cluster.pods(space.name, name)) == 1


def test_an_idle_agent_goes_back_to_zero(cluster, gateway, space):
    """With a short scaleToZeroAfter an idle agent goes back to zero, and answers again after that."""
    name = space.make(agents.sleeper("tired", scaleToZeroAfter="2s"))
    space.wait_asleep(name)
    assert gateway.get(space.address(name)).status_code == 200
    assert cluster.pods(space.name, name), "it has a pod right after"
    space.wait_asleep(name, 40)
    assert cluster.status(space.name, name).get("desiredReplicas") == 0
    assert gateway.get(space.address(name)).status_code == 200


def test_a_long_stream_keeps_a_serverless_agent_awake(cluster, gateway, space):
    """A running stream keeps a serverless agent up past scaleToZeroAfter."""
    name = space.make(agents.sleeper("streaming", scaleToZeroAfter="1s"))
    space.wait_asleep(name)
    stream = Stream(gateway.agent(space.address(name), "/stream?n=20&interval_ms=300"))
    stream.wait_end()
    assert stream.ended_whole(), (stream.end, stream.text[-200:])
    space.wait_asleep(name, 40)


def test_an_mcp_server_wakes_for_the_official_client(gateway, examples):
    """A sleeping MCP server is woken by the official client's initialize."""
    _, _, text, _ = mcp_session(gateway.agent("default/hello-mcp-serverless", "/mcp"), "greet", {"name": "sleeper"})
    assert "Hello, sleeper" in text


def test_kubectl_shows_agents_at_a_glance(cluster, examples):
    """kubectl get agents, get ag and -o wide have the columns of the resource, and agents are in get all."""
    table = cluster.kubectl("get", "agents")
    assert table.splitlines()[0].split() == ["NAME", "MODE", "PHASE", "REPLICAS", "AGE", "READY", "REASON"], table
    row = next(line.split() for line in table.splitlines() if line.startswith("hello-sse "))
    assert row[1:4] == ["always-on", "Ready", "1"] and row[5:] == ["1", "Ready"], row
    assert cluster.kubectl("get", "ag", "hello-sse", "-o", "name") == "agent.krypton.ai/hello-sse\n"
    wide = cluster.kubectl("get", "ag", "hello-sse", "-o", "wide").splitlines()
    assert wide[0].split()[-3:] == ["IMAGE", "URL", "MESSAGE"], wide
    assert wide[1].split()[7:9] == [agents.SSE, "http://hello-sse.default.svc:8080/"], wide
    assert wide[1].rstrip().endswith("1 of 1 pods take requests."), wide
    assert "agent.krypton.ai/hello-sse" in cluster.kubectl("get", "all", "-o", "name")


def test_kubectl_describes_an_agent(cluster, examples):
    """kubectl describe agent shows the condition Available with reason and message, and the Agent's Events."""
    text = cluster.kubectl("describe", "agent", "hello-sse")
    status = text[text.index("\nStatus:"):]
    for word in ("Available", "Reason:", "Message:", "Phase:", "Ready Replicas:", "Observed Generation:"):
        assert word in status, text
    events = text[text.index("\nEvents:"):]
    assert "<none>" not in events and "Created" in events, events


def test_the_service_of_an_agent_reaches_it_without_the_gateway(cluster, examples):
    """An agent's own Service reaches it through its sidecar, on spec.port."""
    address = cluster.get("services", "default", "hello-sse")["spec"]["clusterIP"]
    answer = plain.get(f"http://{address}:8080/")
    assert answer.status_code == 200 and answer.json()["agent"] == "hello-sse", answer.text
