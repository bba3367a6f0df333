# SPDX-License-Identifier: Apache-2.0
"""The gateway's promises, one function each; its sentence is its name in the report."""

import asyncio
import contextlib
import json
import os
import random
import re
import socket
import time

from fixture import Context, Gateway
from harness import Daemon, Pod, Relay, main, metric, refused, request, same, send, token_of, until
from ports import free_port


# --- the error table ---


def is_refusal(answer, status, reason, words=""):
    same(answer.status, status, "status of %r" % answer.body)
    body = answer.json()
    same(body["reason"], reason, "reason")
    assert words in body["error"], body
    assert body["hint"], body
    if status == 503:
        assert 1 <= int(answer.headers["retry-after"]) <= 60, answer.headers
    else:
        assert "retry-after" not in answer.headers, answer.headers


async def path_without_an_agent(ctx):
    """a path without namespace and name is a 400 that shows the form"""
    for path in ("/", "/v1/agents", "/v1/agents/", "/v1/agents/x", "/v1/agents/x/", "/v1/agents//x", "/metrics"):
        is_refusal(await request("127.0.0.1", ctx.gateway.port, "GET", path), 400, "BadPath")


async def unknown_agent(ctx):
    """an agent that does not exist is a 404"""
    is_refusal(await ctx.gateway.invoke("nobody"), 404, "AgentNotFound")
    is_refusal(await ctx.gateway.invoke("nob%6fdy"), 404, "AgentNotFound")


async def dots_cannot_escape(ctx):
    """a dot-dot segment, raw or encoded, is a 400 before any pod sees it"""
    pod = await ctx.pod()
    await ctx.agent("dots", pod.ip)
    for rest in ("/../other", "/a/%2e%2E/b", "/.."):
        same((await ctx.gateway.invoke("dots", rest)).status, 400, rest)
    same(len(pod.invocations), 0, "invocations")


async def start_too_slow(ctx):
    """none ready within startupTimeout: a 504 that says what the sidecar saw, and lastInvocationAt all the same"""
    pod = await ctx.pod(is_ready=False)
    pod.reason, pod.cause = "PortMismatch", "it listens on 9000"
    await ctx.agent("slow", (pod.ip, {"ready": False, "serving": False}), startupTimeout="1200ms",
                    status={"desiredReplicas": 1})
    began = time.monotonic()
    waiting = asyncio.create_task(ctx.gateway.invoke("slow"))
    await until(lambda: pod.questions, "the pod is asked")
    is_refusal(await waiting, 504, "PortMismatch", "none of the agent's pods became ready in time: it listens on 9000")
    assert 1.1 < time.monotonic() - began < 3, "it took %.1f s" % (time.monotonic() - began)
    assert (await ctx.api.get("slow"))["status"].get("lastInvocationAt"), "no lastInvocationAt"
    await ctx.gateway.log("invocation.ended", agent="slow", status=504, reason="PortMismatch")


async def start_says_the_condition(ctx):
    """a 504 without any pod gives the reason of the Agent's condition, and its message only to those who ask for it"""
    status = {"desiredReplicas": 1, "conditions": [
        {"type": "Available", "status": "False", "reason": "ImagePullFailed", "message": "secret.registry/x: not found",
         "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
    await ctx.agent("pulling", status=status, startupTimeout="300ms")
    await until(lambda: is_seen(ctx, "pulling"), "the condition is seen")
    answer = await ctx.gateway.invoke("pulling")
    is_refusal(answer, 504, "ImagePullFailed")
    assert b"secret.registry" not in answer.body, answer.body
    full = await ctx.another_gateway("--error-detail=full")
    is_refusal(await full.invoke("pulling"), 504, "ImagePullFailed", "secret.registry/x: not found")
    await full.stop()


async def is_seen(ctx, name):
    answer = await ctx.gateway.invoke(name)
    return answer.json()["reason"] != "StartupTimeout"


async def line_is_bounded(ctx):
    """more waiting than --max-buffer-per-agent is a 503 with Retry-After, at once"""
    await ctx.agent("crowd", status={"desiredReplicas": 1})
    waiting = [asyncio.create_task(ctx.gateway.invoke("crowd")) for _ in range(8)]
    await until(lambda: has_load(ctx.gateway, "crowd", (8, 0)), "eight wait")
    is_refusal(await ctx.gateway.invoke("crowd"), 503, "BufferFull")
    same(await ctx.gateway.series("krypton_buffer_depth", agent="crowd"), 8.0, "krypton_buffer_depth")
    for answer in await asyncio.gather(*waiting):
        is_refusal(answer, 504, "StartupTimeout")
    await ctx.gateway.log("invocation.ended", agent="crowd", status=503, reason="BufferFull")


async def has_load(gateway, agent, wanted):
    return await gateway.load(agent) == wanted


async def queue_is_bounded_in_time(ctx):
    """every pod at its concurrency for --max-queue-wait-ms is a 503 with Retry-After"""
    end = asyncio.Event()
    pod = await ctx.pod(held(end))
    await ctx.agent("busy", pod.ip, concurrency=1)
    first = asyncio.create_task(ctx.gateway.invoke("busy"))
    await until(lambda: pod.invocations, "the first is there")
    is_refusal(await ctx.gateway.invoke("busy"), 503, "OverCapacity")
    await ctx.gateway.log("invocation.ended", agent="busy", status=503, reason="OverCapacity")
    end.set()
    same((await first).status, 200)
    same(len(pod.invocations), 1, "invocations")


def held(end, body=b"held"):
    async def agent(got):
        await end.wait()
        got.reply(200, body)
    return agent


async def nobody_there(ctx):
    """a ready pod that refuses connections is tried again, then a 502"""
    await ctx.agent("gone", ctx.link.address())
    is_refusal(await ctx.gateway.invoke("gone", method="POST", body=b"x"), 502, "AgentUnreachable")


async def pods_gone_at_once(ctx):
    """pods that are gone all at once, before their slice says so, cost no request, nor does a full one that comes after them"""
    turns = [lambda got: got.refuse("over_capacity", 8), lambda got: got.reply(200, b"here")]
    await ctx.agent("evaporated", *(ctx.link.address() for _ in range(6)))
    waiting = asyncio.create_task(ctx.gateway.invoke("evaporated", method="POST", body=b"x"))

    async def are_dialled():
        return (await ctx.gateway.series("krypton_gateway_repeats_total", agent="evaporated", reason="unreachable") or 0) >= 6
    await until(are_dialled, "each has been dialled")
    pod = await ctx.pod(lambda got: turns.pop(0)(got))
    await ctx.api.pods("evaporated", pod.ip)
    answer = await waiting
    same((answer.status, answer.body), (200, b"here"))


async def agent_refuses(ctx):
    """an agent that its sidecar cannot reach is a 502"""
    pod = await ctx.pod(lambda got: got.refuse("agent_unreachable"))
    await ctx.agent("deaf", pod.ip)
    answer = await ctx.gateway.invoke("deaf", method="POST", body=b"x")
    same(answer.status, 502)
    assert not [name for name in answer.headers if name.startswith("krypton-")], answer.headers


async def first_byte_is_late(ctx):
    """no first byte within spec.timeout is a 504, and the agent's part is cut"""
    left = asyncio.Event()

    async def silent(got):
        await got.client_leaves()
        left.set()

    pod = await ctx.pod(silent)
    await ctx.agent("mute", pod.ip, timeout="300ms")
    is_refusal(await ctx.gateway.invoke("mute"), 504, "AgentTimeout")
    await asyncio.wait_for(left.wait(), 1)
    same(len(pod.invocations), 1, "invocations")


async def bad_answer(ctx):
    """an answer that is not HTTP is a 502"""
    def garbage(got):
        got.writer.write(b"220 mail ready\r\n\r\n")
        got.writer.close()

    pod = await ctx.pod(garbage)
    await ctx.agent("mailer", pod.ip)
    is_refusal(await ctx.gateway.invoke("mailer", method="POST", body=b"x"), 502, "AgentBadAnswer")


# --- deadlines, caps and the engine's own refusals ---


async def say(gateway, raw):
    """Sends bytes as they are; what comes back until the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(raw)
    try:
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.transport.abort()


async def own_series(gateway, name, **labels):
    text = (await request("127.0.0.1", gateway.metrics_port, "GET", "/metrics")).body.decode()
    return metric(text, name, **labels)


async def deadlines_are_settings(ctx):
    """each deadline of the gateway is a flag, and is counted under its own name"""
    async def silent(got):
        if got.target == "/begin":
            got.begin()
            got.piece(b"data: 1\n\n")
        await got.client_leaves()

    pod = await ctx.pod(silent)
    await ctx.agent("quiet", pod.ip)
    await ctx.agent("quieter", pod.ip, timeout="300ms")
    gateway = await ctx.another_gateway("--request-head-timeout=300ms", "--request-body-timeout=200ms", "--idle-timeout=400ms",
                                        "--stream-idle-timeout=500ms")
    await gateway.knows("quiet")
    await gateway.knows("quieter")
    late = await say(gateway, b"GET / HTTP/1.1\r\nHost: a\r\n")
    assert late.startswith(b"HTTP/1.1 408 ") and b'"RequestTimeout"' in late, late
    path = gateway.path("quiet").encode()
    late = await say(gateway, b"POST %s/body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab" % path)
    assert late.startswith(b"HTTP/1.1 408 "), late
    same((await gateway.invoke("quieter", "/never")).status, 504)
    begun = await (await gateway.stream("quiet", "/begin")).whole()
    same((begun.body, begun.is_whole), (b"data: 1\n\n", False))
    same(await say(gateway, b""), b"")
    for deadline in ("request_head", "request_body", "first_byte", "stream_idle", "keep_alive"):
        same(await own_series(gateway, "krypton_deadlines_total", deadline=deadline), 1.0, deadline)
    same(await own_series(gateway, "krypton_refused_requests_total", status="408", reason="RequestTimeout"), 2.0, "408")
    await gateway.log("invocation.ended", agent="quiet", close="silent")
    await gateway.stop()


async def dial_is_late(ctx):
    """a pod whose node is gone costs --connect-timeout, is counted, and another pod gets the request"""
    nobody = ctx.link.address()
    with open_deaf(nobody):
        taker = await ctx.pod()
        gateway = await ctx.another_gateway("--connect-timeout=300ms")
        await ctx.agent("vanished", nobody, taker.ip)
        await gateway.knows("vanished")
        for _ in range(2):
            same((await gateway.invoke("vanished", method="POST", body=b"x")).status, 200)
        await until(lambda: is_counted(gateway), "a dial that was late is counted")
        await gateway.stop()
    assert len(taker.invocations) == 2, taker.invocations


async def is_counted(gateway):
    return await own_series(gateway, "krypton_deadlines_total", deadline="connect") == 1.0


@contextlib.contextmanager
def open_deaf(ip):
    """A port 8888 whose queue is full: whoever dials it hears nothing."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind((ip, 8888))
        listener.listen(0)
        for _ in range(4):
            dial = sockets.enter_context(socket.socket())
            dial.setblocking(False)
            dial.connect_ex((ip, 8888))
        yield


async def refusals_are_counted(ctx):
    """what the engine refuses by itself is JSON with a reason, counted by it and told in a debug line; caps are flags"""
    gateway = await ctx.another_gateway("--max-request-head-bytes=4Ki", "--max-request-body-bytes=1000")
    host = b" HTTP/1.1\r\nHost: a\r\n"
    for raw, status, reason in (
            (b"GET /" + host + b" folded\r\n\r\n", 400, "BadRequest"),
            (b"GET /" + host + b"X: " + b"x" * 5000 + b"\r\n\r\n", 431, "HeadTooLarge"),
            (b"POST /" + host + b"Content-Length: 1001\r\n\r\n", 413, "BodyTooLarge"),
            (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "VersionNotSupported")):
        answer = await say(gateway, raw)
        assert answer.startswith(b"HTTP/1.1 %d " % status) and b'"reason": "%s"' % reason.encode() in answer, answer
        same(await own_series(gateway, "krypton_refused_requests_total", status=str(status), reason=reason), 1.0, reason)
        line = await gateway.log("request.refused", status=status, reason=reason)
        same((line["level"], line["client"]), ("debug", "127.0.0.1"))
    same((await gateway.invoke("nobody-here")).status, 404)
    same(await own_series(gateway, "krypton_refused_requests_total", status="404", reason="AgentNotFound"), 1.0, "404")
    await gateway.stop()


# --- taken back, and never sent twice ---


async def taken_back(ctx):
    """what a sidecar refuses goes to another pod, body and all, unseen by the client, and to one agent once"""
    refusing = [await ctx.pod(lambda got, why=why: got.refuse(why, 8))
                for why in ("over_capacity", "draining", "agent_unreachable")]
    taker = await ctx.pod(lambda got: got.reply(201, got.body))
    await ctx.agent("picky", *(pod.ip for pod in refusing), taker.ip)
    for size in (0, 5, 65000):
        body = random.Random(size).randbytes(size)
        answer = await ctx.gateway.invoke("picky", "/x", "POST", body=body)
        same(answer.status, 201)
        assert answer.body == body, "the body arrived changed"
        same([name for name in answer.headers if name.startswith("krypton-")], [], "our own headers")
    same(len(taker.invocations), 3, "invocations that were taken")
    asked = [pod for pod in refusing if pod.invocations]
    assert asked, "no pod has refused"
    same(sum([await ctx.gateway.series("krypton_gateway_repeats_total", agent="picky", reason=why) or 0
              for why in ("over_capacity", "draining", "agent_unreachable")]),
         float(sum(len(pod.invocations) for pod in refusing)), "krypton_gateway_repeats_total")


async def long_query_taken_back(ctx):
    """a bare path with a long query that is refused again and again goes on as often, and costs its memory once"""
    times = 8

    def agent(got):
        if len(pod.invocations) <= times:
            got.refuse("over_capacity", 7)
        else:
            got.reply(200, got.target.encode())

    pod = await ctx.pod(agent)
    await ctx.agent("lengthy", pod.ip)
    query = "?" + "q" * 15000
    answer = await ctx.gateway.invoke("lengthy", query)
    same((answer.status, answer.body.decode()), (200, "/" + query))
    same(len(pod.invocations), times + 1, "invocations")


async def large_body(ctx):
    """a body larger than what is held waits for the sidecar's word, and goes to the pod that admits it"""
    full = await ctx.pod()
    full.serve = refuse_at_the_head(full)
    full.stop()
    await full.start()
    taker = await ctx.pod(lambda got: got.reply(200, b"%d" % len(got.body)))
    await ctx.agent("heavy", full.ip, taker.ip)
    body = os.urandom(3 << 20)
    for _ in range(4):
        answer = await ctx.gateway.invoke("heavy", method="POST", body=body)
        same((answer.status, answer.body), (200, b"%d" % len(body)))
    assert all(got.body == body for got in taker.invocations), "the body arrived changed"
    same(len(taker.invocations), 4, "invocations that were taken")
    assert full.invocations, "the full pod was never asked"


def refuse_at_the_head(pod):
    """A sidecar over its cap answers before the body comes, which it was asked to confirm."""
    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if "krypton-gateway" in head:
            assert "expect: 100-continue" in head, head
            pod.invocations.append(head)
            writer.write(b"HTTP/1.1 503 X\r\nKrypton-Reason: over_capacity\r\nKrypton-Inflight: 8\r\n"
                         b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            body = b'{"inflight": 8}'
            writer.write(b"HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()
    return serve


async def broken_post(ctx):
    """a connection that breaks after a POST went out is a 502, and the POST is delivered exactly once"""
    pods = [await ctx.pod(lambda got: got.abort()) for _ in range(2)]
    await ctx.agent("fragile", *(pod.ip for pod in pods))
    is_refusal(await ctx.gateway.invoke("fragile", method="POST", body=b"pay"), 502, "AgentClosedConnection")
    same(sum(len(pod.invocations) for pod in pods), 1, "deliveries")
    await ctx.gateway.log("invocation.ended", agent="fragile", status=502, reason="AgentClosedConnection")


async def broken_get(ctx):
    """a GET whose connection broke before a byte came back is sent again"""
    seen = []

    def agent(got):
        seen.append(got)
        got.abort() if len(seen) == 1 else got.reply(200, b"fine")

    pods = [await ctx.pod(agent) for _ in range(2)]
    await ctx.agent("shaky", *(pod.ip for pod in pods))
    same((await ctx.gateway.invoke("shaky")).body, b"fine")
    same(len(seen), 2, "deliveries")


async def broken_in_the_middle(ctx):
    """an answer that breaks off in the middle is a visible break, never a clean end"""
    def agent(got):
        got.begin("text/plain")
        got.piece(b"first")
        got.abort()

    async def short(got):
        got.writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nfirst")
        await got.writer.drain()
        got.writer.close()

    for name, part in (("half-chunked", agent), ("half-counted", short)):
        pod = await ctx.pod(part)
        await ctx.agent(name, pod.ip)
        answer = await ctx.gateway.invoke(name)
        same((answer.status, answer.is_whole), (200, False), name)
        same(len(pod.invocations), 1, "deliveries")


# --- the line ---


async def first_come_first_served(ctx):
    """requests that wait are served first come first served, each by the end of one before it"""
    gate = asyncio.Semaphore(0)

    async def agent(got):
        await gate.acquire()
        got.reply(200, got.target.encode())

    pod = await ctx.pod(agent)
    await ctx.agent("queue", pod.ip, concurrency=1)
    tasks = []
    for number in range(5):
        tasks.append(asyncio.create_task(ctx.gateway.invoke("queue", "/%d" % number)))
        wanted = (number, 1)
        await until(lambda: has_load(ctx.gateway, "queue", wanted), "%d wait" % number)
    for number in range(5):
        gate.release()
        same((await tasks[number]).body, b"/%d" % number)
    same([got.target for got in pod.invocations], ["/%d" % number for number in range(5)], "order")


async def client_leaves_the_line(ctx):
    """a client that leaves the line is not sent on"""
    end = asyncio.Event()
    pod = await ctx.pod(held(end))
    await ctx.agent("leaver", pod.ip, concurrency=1)
    first = asyncio.create_task(ctx.gateway.invoke("leaver", "/first"))
    await until(lambda: pod.invocations, "the first is there")
    second = await send("127.0.0.1", ctx.gateway.port, "GET", ctx.gateway.path("leaver", "/second"))
    await until(lambda: has_load(ctx.gateway, "leaver", (1, 1)), "the second waits")
    second.close()
    third = asyncio.create_task(ctx.gateway.invoke("leaver", "/third"))
    await until(lambda: ctx.gateway.logged("invocation.ended", agent="leaver", close="client_left"), "the second has left")
    end.set()
    await asyncio.gather(first, third)
    same([got.target for got in pod.invocations], ["/first", "/third"], "order")


async def fewest_in_flight(ctx):
    """the pod with the fewest in flight gets the next request"""
    end = asyncio.Event()
    pods = [await ctx.pod(held(end)) for _ in range(3)]
    await ctx.agent("spread", *(pod.ip for pod in pods), concurrency=4)
    tasks = []
    for number in range(9):
        tasks.append(asyncio.create_task(ctx.gateway.invoke("spread", "/hold")))
        await until(lambda: sum(len(pod.invocations) for pod in pods) == number + 1, "it is there")
    same([len(pod.invocations) for pod in pods], [3, 3, 3], "in flight")
    end.set()
    await asyncio.gather(*tasks)


async def another_starts(ctx):
    """who waits for a full pod is served by another one the moment that accepts, before any EndpointSlice calls it ready"""
    end = asyncio.Event()
    full, starting = await ctx.pod(held(end)), await ctx.pod(is_ready=False)
    await ctx.agent("growing", full.ip, (starting.ip, {"ready": False}), concurrency=1)
    first = asyncio.create_task(ctx.gateway.invoke("growing", "/hold"))
    await until(lambda: full.invocations, "the first runs")
    second = asyncio.create_task(ctx.gateway.invoke("growing", "/second"))
    await until(lambda: starting.questions, "the starting pod is asked")
    starting.ready.set()
    same((await second).body, b"from " + starting.ip.encode())
    end.set()
    await first


async def two_gateways(ctx):
    """a slot that another gateway's exchange has freed is found"""
    end = asyncio.Event()
    pod = await ctx.pod(held(end))

    def agent(got):
        if pod.inflight >= 1:
            got.refuse("over_capacity", pod.inflight)
            return None
        pod.inflight += 1
        return run(got)

    async def run(got):
        await end.wait()
        pod.inflight -= 1
        got.reply(200, b"done", Krypton_Inflight="1")

    pod.agent, pod.concurrency = agent, 1
    await ctx.agent("shared", pod.ip, concurrency=1)
    other = await ctx.another_gateway()
    await other.knows("shared")
    first = asyncio.create_task(ctx.gateway.invoke("shared", "/first", "POST", body=b"1"))
    await until(lambda: pod.inflight, "the first runs")
    second = asyncio.create_task(other.invoke("shared", "/second", "POST", body=b"2"))
    await until(lambda: has_load(other, "shared", (1, 0)), "the second waits")
    await until(lambda: [q for q in pod.questions if q.target == "/_krypton/inflight"], "the pod is asked for a slot")
    end.set()
    same((await first).body, b"done")
    same((await second).body, b"done")
    same([got.body for got in pod.invocations if got.target == "/first"], [b"1"], "deliveries of the first")
    await other.stop()


async def narrower_sidecar(ctx):
    """a pod whose sidecar admits fewer than spec.concurrency is not asked again and again; who waits for it gets in"""
    pod = await ctx.pod()
    end = asyncio.Event()

    def agent(got):
        if pod.inflight >= 1:
            got.refuse("over_capacity", pod.inflight)
            return None
        pod.inflight += 1
        return run(got)

    async def run(got):
        await end.wait()
        pod.inflight -= 1
        got.reply(200, b"done", Krypton_Inflight="1")

    pod.agent, pod.concurrency = agent, 1
    await ctx.agent("narrow", pod.ip, concurrency=8)
    tasks = [asyncio.create_task(ctx.gateway.invoke("narrow", "/%d" % n, "POST", body=b"x")) for n in range(4)]
    await until(lambda: has_load(ctx.gateway, "narrow", (3, 1)), "three wait")
    asked = len(pod.invocations)
    assert asked <= 8, "asked %d times" % asked
    end.set()
    same([answer.body for answer in await asyncio.gather(*tasks)], [b"done"] * 4)


# --- cold starts ---


async def cold_start(ctx):
    """a sleeping agent is woken by one write however many wait, and they are released before Kubernetes calls the pod ready"""
    pod = await ctx.pod(is_ready=False)
    made = await ctx.agent("sleeper", mode="serverless", minReplicas=0, startupTimeout="15s", status={"desiredReplicas": 0})
    await ctx.gateway.knows("sleeper")
    async with ctx.api.changes("sleeper", made["metadata"]["resourceVersion"]) as changes:
        waiting = [asyncio.create_task(ctx.gateway.invoke("sleeper")) for _ in range(8)]
        await until(lambda: has_load(ctx.gateway, "sleeper", (8, 0)), "eight wait")
        await until(lambda: changes.seen, "the wake")
        await ctx.api.pods("sleeper", (pod.ip, {"ready": False, "serving": False}))
        await until(lambda: [q for q in pod.questions if q.target.startswith("/readyz?wait=")], "the pod is asked")
        pod.ready.set()
        same([answer.status for answer in await asyncio.gather(*waiting)], [200] * 8)
        same(len(changes.seen), 1, "writes")
        status = changes.seen[0]["status"]
        same(status["desiredReplicas"], 1, "desiredReplicas")
        assert status["lastInvocationAt"], "lastInvocationAt is in the same write"
    same([q for q in pod.questions if not q.target.startswith("/readyz")], [], "other questions")
    same(await ctx.gateway.series("krypton_cold_starts_total", agent="sleeper"), 1.0, "krypton_cold_starts_total")
    ended = await ctx.gateway.log("invocation.ended", agent="sleeper", status=200)
    assert ended["cold_start_ms"] > 0, ended


async def cold_start_in_a_storm(ctx):
    """a wake that meets somebody else's writes reads again and gets through"""
    await ctx.agent("stormy", mode="serverless", minReplicas=0, startupTimeout="15s", status={"desiredReplicas": 0})
    pod = await ctx.pod()
    calm = asyncio.Event()

    async def storm(writer):
        number = 0
        while not calm.is_set():
            number += 1
            await ctx.api.patch("stormy", {"metadata": {"annotations": {"example/%d" % writer: str(number)}}})

    writers = [asyncio.create_task(storm(number)) for number in range(3)]
    try:
        waiting = asyncio.create_task(ctx.gateway.invoke("stormy"))
        await until(lambda: is_woken(ctx, "stormy"), "the agent is woken")
    finally:
        calm.set()
        await asyncio.gather(*writers)
    await ctx.api.pods("stormy", pod.ip)
    same((await waiting).status, 200)


async def is_woken(ctx, name):
    status = (await ctx.api.get(name))["status"]
    return status.get("desiredReplicas") == 1 and status.get("lastInvocationAt")


async def somebody_else_woke_it(ctx):
    """where the scaler raised the count first, the gateway leaves it and notes the invocation all the same"""
    await ctx.agent("raised", mode="serverless", minReplicas=0, maxReplicas=5, startupTimeout="15s",
                    status={"desiredReplicas": 0})
    waiting = asyncio.create_task(ctx.gateway.invoke("raised"))
    await ctx.api.patch_status("raised", {"desiredReplicas": 3})
    await until(lambda: is_noted(ctx, "raised"), "lastInvocationAt is written")
    seen = (await ctx.api.get("raised"))["status"]["desiredReplicas"]
    same(seen, 3, "desiredReplicas")
    pod = await ctx.pod()
    await ctx.api.pods("raised", pod.ip)
    same((await waiting).status, 200)


async def is_noted(ctx, name):
    return (await ctx.api.get(name))["status"].get("lastInvocationAt")


async def last_invocation_is_rare(ctx):
    """lastInvocationAt is written once in ten seconds, not with every request"""
    pod = await ctx.pod()
    made = await ctx.agent("noted", pod.ip)
    async with ctx.api.changes("noted", made["metadata"]["resourceVersion"]) as changes:
        for _ in range(20):
            same((await ctx.gateway.invoke("noted")).status, 200)
        await until(lambda: changes.seen, "the write")
        mark = await ctx.api.patch("noted", {"metadata": {"annotations": {"example/mark": "1"}}})
        await until(lambda: changes.seen[-1]["metadata"]["resourceVersion"] == mark["metadata"]["resourceVersion"], "the mark")
        same(len(changes.seen), 2, "writes, with the test's own")


async def last_invocation_ends_a_burst(ctx):
    """the last request of a burst is told by lastInvocationAt as well, ten to twelve seconds after its first, and then nothing more"""
    pod = await ctx.pod()
    made = await ctx.agent("ended", pod.ip)
    async with ctx.api.changes("ended", made["metadata"]["resourceVersion"]) as changes:
        same((await ctx.gateway.invoke("ended")).status, 200)
        await until(lambda: changes.seen, "the first write")
        await asyncio.sleep(1.1)  # the API's times are whole seconds
        same((await ctx.gateway.invoke("ended")).status, 200)
        await until(lambda: len(changes.seen) == 2, "the second write", seconds=15)
        first, last = (one["status"]["lastInvocationAt"] for one in changes.seen)
        assert first < last, (first, last)


async def hello(ctx):
    """a sidecar's hello with the right token brings requests to a pod that no EndpointSlice names, after it was asked back"""
    made = await ctx.agent("early", mode="serverless", minReplicas=0, startupTimeout="15s", status={"desiredReplicas": 1})
    pod = await ctx.pod(token=token_of(made))
    waiting = asyncio.create_task(ctx.gateway.invoke("early"))
    await until(lambda: has_load(ctx.gateway, "early", (1, 0)), "one waits")
    same(await say_hello(ctx.gateway, pod.ip, "early", None), 403, "hello without a token")
    same(await say_hello(ctx.gateway, pod.ip, "early", "0" * 64), 403, "hello with a wrong token")
    same(await say_hello(ctx.gateway, pod.ip, "nobody", token_of(made)), 403, "hello for nobody")
    same(len(pod.questions), 0, "questions before a hello was believed")
    same(await say_hello(ctx.gateway, pod.ip, "early", token_of(made)), 204, "hello")
    same((await waiting).status, 200)
    same([q.headers.get("krypton-token") for q in pod.questions], [token_of(made)], "tokens that the pod was shown")


async def say_hello(gateway, ip, agent, token):
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.ops_port, local_addr=(ip, 0))
    writer.write(("POST /_krypton/hello?namespace=%s&name=%s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n%sConnection: close"
                  "\r\n\r\n" % (gateway.namespace, agent, "Krypton-Token: %s\r\n" % token if token else "")).encode())
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ")[1])


async def hello_of_another(ctx):
    """a hello whose caller does not know the agent's token itself gets no requests"""
    made = await ctx.agent("victim", startupTimeout="1s", status={"desiredReplicas": 1})
    stranger = await ctx.pod(token="of another agent")
    waiting = asyncio.create_task(ctx.gateway.invoke("victim"))
    await until(lambda: has_load(ctx.gateway, "victim", (1, 0)), "one waits")
    same(await say_hello(ctx.gateway, stranger.ip, "victim", token_of(made)), 204, "hello")
    await until(lambda: stranger.questions, "it is asked back")
    same((await waiting).status, 504)
    same(len(stranger.invocations), 0, "invocations")
    same([q.target for q in stranger.questions if not q.headers.get("krypton-token")], [], "questions without the token")


async def hello_and_slice(ctx):
    """an EndpointSlice that comes while a hello's caller is asked back does not undo the hello"""
    made = await ctx.agent("crossing", startupTimeout="15s", status={"desiredReplicas": 2})
    pod, other = await ctx.pod(token=token_of(made), is_ready=False), await ctx.pod(is_ready=False)
    waiting = asyncio.create_task(ctx.gateway.invoke("crossing"))
    await until(lambda: has_load(ctx.gateway, "crossing", (1, 0)), "one waits")
    same(await say_hello(ctx.gateway, pod.ip, "crossing", token_of(made)), 204, "hello")
    await until(lambda: pod.questions, "it is asked back")
    await ctx.api.pods("crossing", (other.ip, {"ready": False, "serving": False}))
    await until(lambda: other.questions, "the slice is seen")
    pod.ready.set()
    same((await waiting).body, b"from " + pod.ip.encode())


async def hello_is_told(ctx):
    """a hello that one gateway hears is told to the others of its Service, which ask back themselves"""
    hearer = await ctx.another_gateway()
    other = await ctx.another_gateway(ops_host=ctx.link.address(), ops_port=8082)
    await ctx.api.pods("krypton-gateway", other.ops_host, ctx.link.address(), port=8082,
                       labels={"kubernetes.io/service-name": "krypton-gateway"})
    made = await ctx.agent("rumoured", mode="serverless", minReplicas=0, startupTimeout="15s", status={"desiredReplicas": 1})
    await other.knows("rumoured")
    await hearer.knows("rumoured")
    pod = await ctx.pod(token=token_of(made))
    waiting = asyncio.create_task(other.invoke("rumoured"))
    await until(lambda: has_load(other, "rumoured", (1, 0)), "one waits")
    same(await say_hello(hearer, pod.ip, "rumoured", token_of(made)), 204, "hello")
    same((await waiting).status, 200)
    same([(q.target, q.headers.get("krypton-token")) for q in pod.questions], [("/readyz?wait=4s", token_of(made))] * 2,
         "questions of the two gateways")
    same((await hearer.invoke("rumoured")).status, 200)
    path = "/_krypton/hello?namespace=%s&name=rumoured&pod_ip=" % ctx.api.namespace
    same((await other.ops(path + pod.ip, "POST", {"Krypton-Token": "0" * 64})).status, 403, "a rumour without the token")
    same((await other.ops(path + "pod.example", "POST", {"Krypton-Token": token_of(made)})).status, 400, "no address")
    await hearer.stop()
    await other.stop()


# --- what the scaler is told ---


async def load_is_told(ctx):
    """/_krypton/load answers a long poll the moment that a line forms, and not before"""
    await ctx.agent("polled", status={"desiredReplicas": 1})
    version = (await ctx.gateway.ops("/_krypton/load")).json()["version"]
    poll = asyncio.create_task(ctx.gateway.ops("/_krypton/load?after=%d&wait=20s" % version))
    same((await ctx.gateway.ops("/_krypton/load?after=%d&wait=50ms" % version)).json()["version"], version, "version at rest")
    assert not poll.done(), "the poll was answered without a cause"
    began = time.monotonic()
    waiting = asyncio.create_task(ctx.gateway.invoke("polled"))
    told = (await poll).json()
    assert time.monotonic() - began < 1, "told after %.1f s" % (time.monotonic() - began)
    same(told["agents"]["%s/polled" % ctx.api.namespace], {"waiting": 1, "inflight": 0}, "load")
    assert told["version"] != version
    for query in ("after=x", "wait=x", "wait=31s", "after=-1"):
        same((await ctx.gateway.ops("/_krypton/load?" + query)).status, 400, query)
    same((await waiting).status, 504)


async def line_of_refused_is_told(ctx):
    """/_krypton/load tells at once of a line that forms because the only pod refused who was sent there"""
    pod = await ctx.pod(lambda request: request.refuse("draining"))
    await ctx.agent("refusing", pod.ip, status={"desiredReplicas": 1})
    version = (await ctx.gateway.ops("/_krypton/load")).json()["version"]
    poll = asyncio.create_task(ctx.gateway.ops("/_krypton/load?after=%d&wait=20s" % version))
    waiting = asyncio.create_task(ctx.gateway.invoke("refusing"))
    told = (await asyncio.wait_for(poll, 5)).json()
    same(told["agents"]["%s/refusing" % ctx.api.namespace], {"waiting": 1, "inflight": 0}, "load")
    assert (await waiting).status in (503, 504)


# --- the table ---


async def deleted_while_waiting(ctx):
    """who waits for an agent that is deleted gets a 404 at once"""
    await ctx.agent("doomed", startupTimeout="15s", status={"desiredReplicas": 1})
    waiting = [asyncio.create_task(ctx.gateway.invoke("doomed")) for _ in range(3)]
    await until(lambda: has_load(ctx.gateway, "doomed", (3, 0)), "three wait")
    await ctx.api.delete("doomed")
    for answer in await asyncio.gather(*waiting):
        is_refusal(answer, 404, "AgentNotFound")
    await ctx.gateway.log("route.removed", agent="doomed")
    is_refusal(await ctx.gateway.invoke("doomed"), 404, "AgentNotFound")


async def deleted_while_running(ctx):
    """an answer that runs goes on to its end when its agent is deleted"""
    end = asyncio.Event()

    async def agent(got):
        got.begin()
        got.piece(b"data: 1\n\n")
        await end.wait()
        got.piece(b"data: 2\n\n")
        got.end()

    pod = await ctx.pod(agent)
    await ctx.agent("ending", pod.ip)
    running = await ctx.gateway.stream("ending")
    same(await running.piece(), b"data: 1\n\n")
    await ctx.api.delete("ending")
    await ctx.gateway.log("route.removed", agent="ending")
    end.set()
    answer = await running.whole()
    same((answer.body, answer.is_whole), (b"data: 2\n\n", True))
    await ctx.gateway.log("invocation.ended", agent="ending", status=200)
    same(await ctx.gateway.series("krypton_invocations_total", agent="ending"), None, "series of a deleted agent")


async def terminating_pod(ctx):
    """a pod that terminates gets no new requests"""
    going, staying = await ctx.pod(), await ctx.pod()
    await ctx.agent("rolling", (going.ip, {"terminating": True}), staying.ip)
    for _ in range(6):
        same((await ctx.gateway.invoke("rolling")).status, 200)
    same(len(going.invocations), 0, "invocations of the one that goes")


async def api_server_gone(ctx):
    """with the API server gone the gateway serves from its last table, says so, and catches up when it is back"""
    relay = await Relay().start()
    gateway = Gateway(ctx, *ctx.FLAGS, kubeconfig=ctx.kubeconfig(server="https://127.0.0.1:%d" % relay.port))
    ctx.daemons.append(await gateway.start())
    await gateway.synced()
    pod = await ctx.pod()
    await ctx.agent("steady", pod.ip)
    await gateway.knows("steady")
    same((await gateway.invoke("steady")).status, 200)
    same((await gateway.ops("/readyz")).status, 200)
    relay.cut()
    await until(lambda: gateway.logged("watch.interrupted", resource="agents"), "the cut is logged")
    await until(lambda: gateway.logged("watch.interrupted", resource="endpointslices"), "the cut is logged")
    for _ in range(5):
        same((await gateway.invoke("steady", "/x", "POST", body=b"x")).status, 200)
    verbose = (await gateway.ops("/readyz?verbose")).body.decode()
    assert "agents" in verbose and "127.0.0.1:%d" % relay.port in verbose, verbose
    await ctx.api.agent("newcomer")
    relay.mend()
    await gateway.knows("newcomer")
    await until(lambda: is_ready(gateway), "ready again")
    await gateway.stop()
    relay.close()


async def woken_when_it_is_back(ctx):
    """an agent that is invoked while the API server is gone is woken as soon as it is back"""
    relay = await Relay().start()
    gateway = Gateway(ctx, *ctx.FLAGS, kubeconfig=ctx.kubeconfig(server="https://127.0.0.1:%d" % relay.port))
    ctx.daemons.append(await gateway.start())
    await gateway.synced()
    await ctx.agent("patient", mode="serverless", minReplicas=0, startupTimeout="20s", status={"desiredReplicas": 0})
    await gateway.knows("patient")
    relay.cut()
    await until(lambda: gateway.logged("watch.interrupted", resource="agents"), "the cut is logged")
    waiting = asyncio.create_task(gateway.invoke("patient"))
    failed = await gateway.log("wake.failed", agent="patient")
    assert "cannot patch agents.krypton.ai/status" in failed["error"], failed
    relay.mend()
    await until(lambda: is_woken(ctx, "patient"), "the agent is woken")
    pod = await ctx.pod()
    await ctx.api.pods("patient", pod.ip)
    same((await waiting).status, 200)
    await gateway.stop()
    relay.close()


async def may_not_wake(ctx):
    """a gateway that may not patch says so by verb and resource, and is not hot about it"""
    name = "reader-" + ctx.api.namespace
    ctx.api.run("create", "clusterrole", name, "--verb=get,list,watch",
                "--resource=agents.krypton.ai,endpointslices.discovery.k8s.io")
    try:
        ctx.api.run("-n", ctx.api.namespace, "create", "serviceaccount", "reader")
        ctx.api.run("create", "clusterrolebinding", name, "--clusterrole=" + name,
                    "--serviceaccount=%s:reader" % ctx.api.namespace)
        token = ctx.api.run("-n", ctx.api.namespace, "create", "token", "reader", "--duration=10m").strip()
        gateway = Gateway(ctx, *ctx.FLAGS, kubeconfig=ctx.kubeconfig(token=token))
        ctx.daemons.append(await gateway.start())
        await gateway.synced()
        await ctx.agent("unwakeable", mode="serverless", minReplicas=0, startupTimeout="1500ms", status={"desiredReplicas": 0})
        await gateway.knows("unwakeable")
        is_refusal(await gateway.invoke("unwakeable"), 504, "StartupTimeout")
        logs = gateway.logged("wake.failed", agent="unwakeable")
        assert "cannot patch agents.krypton.ai/status" in logs[0]["error"] and "403" in logs[0]["error"], logs
        assert len(logs) < 10, "tried %d times" % len(logs)
        await gateway.stop()
    finally:
        ctx.api.run("delete", "clusterrole,clusterrolebinding", name)


async def is_ready(gateway):
    return (await gateway.ops("/readyz")).status == 200


async def no_rights(ctx):
    """a right that is missing is named with verb and resource, in the log and by /readyz?verbose"""
    ctx.api.run("-n", ctx.api.namespace, "create", "serviceaccount", "poor")
    token = ctx.api.run("-n", ctx.api.namespace, "create", "token", "poor", "--duration=10m").strip()
    gateway = Gateway(ctx, *ctx.FLAGS, kubeconfig=ctx.kubeconfig(token=token))
    ctx.daemons.append(await gateway.start())
    log = await gateway.log("watch.interrupted", resource="agents")
    assert re.match(r"cannot (list|watch) agents.krypton.ai: 403", log["error"]), log
    answer = await gateway.ops("/readyz?verbose")
    same(answer.status, 503)
    text = answer.body.decode()
    for resource in ("agents.krypton.ai", "endpointslices.discovery.k8s.io"):
        assert re.search(r"cannot (list|watch) " + resource, text), text
    is_refusal(await gateway.invoke("anything"), 503, "GatewayStarting")
    assert token not in "".join(gateway.lines), "the token is in the log"
    await gateway.stop()


# --- headers and bytes ---


async def paths_are_verbatim(ctx):
    """behind the prefix everything is passed as it came; a bare agent path is the root"""
    pod = await ctx.pod()
    await ctx.agent("verbatim", pod.ip)
    for rest, wanted in (("", "/"), ("/", "/"), ("?a=%20b&c", "/?a=%20b&c"), ("/a%2Fb//c/?x=/../y", "/a%2Fb//c/?x=/../y"),
                         ("/tasks/1:cancel", "/tasks/1:cancel"), ("//", "//")):
        same((await ctx.gateway.invoke("verbatim", rest)).status, 200, rest)
        same(pod.invocations[-1].target, wanted, rest)


def own(gateway):
    return "127.0.0.1:%d" % gateway.port


async def locations_are_public(ctx):
    """an agent that points to itself points clients to the gateway: scheme, host and prefix as they see them, and no redirect is ours"""
    pod = await ctx.pod(lambda got: got.reply(307, b"", **answers[got.target]))
    await ctx.agent("pointing", pod.ip, port=9000)
    path = ctx.gateway.path("pointing")
    home = "http://" + own(ctx.gateway) + path
    answers = {
        "/mcp": {"Location": "http://127.0.0.1:9000/mcp/", "Content_Location": "/raw%2Fpath?x#y"},
        "/pod": {"Location": "https://%s:9000/a" % pod.ip, "X_Other": "http://127.0.0.1:9000/"},
        "/done": {"Location": path + "/a", "Content_Location": "b"},
        "/away": {"Location": "https://login.example/x"},
        "/": {"Location": "sub/"},
        "/mcp/": {}}
    for rest, location, content_location in (
            ("/mcp", home + "/mcp/", path + "/raw%2Fpath?x#y"), ("/pod", home + "/a", None), ("/done", path + "/a", "b"),
            ("/away", "https://login.example/x", None), ("", path + "/sub/", None), ("/mcp/", None, None)):
        answer = await ctx.gateway.invoke("pointing", rest)
        same((answer.status, answer.headers.get("location"), answer.headers.get("content-location")),
             (307, location, content_location), rest)
        same(answer.headers.get("x-other"), "http://127.0.0.1:9000/" if rest == "/pod" else None, "other headers of " + rest)
    public = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pub.example", "X-Forwarded-Prefix": "/base"}
    same((await ctx.gateway.invoke("pointing", "/mcp", headers=public)).headers["location"],
         "https://pub.example/base" + path + "/mcp/", "behind a proxy")
    wary = await ctx.another_gateway("--trusted-proxies=10.0.0.0/8")
    await wary.knows("pointing")
    same((await wary.invoke("pointing", "/mcp", headers=public)).headers["location"],
         "http://" + own(wary) + path + "/mcp/", "from somebody who is not believed")
    await wary.stop()


ALLOWED = {"Origin": "https://app.example"}


def cors_of(answer):
    names = ("access-control-allow-origin", "vary", "access-control-expose-headers")
    return tuple(answer.headers.get(name) for name in names)


async def origins(ctx):
    """with --allowed-origins a page of another origin gets 403 before any pod sees it; one of the list may read what it gets"""
    pod = await ctx.pod(lambda got: got.reply(200, b"", **(OWN_CORS if got.target == "/own" else {})))
    await ctx.agent("web", pod.ip)
    gateway = await ctx.another_gateway("--allowed-origins=https://app.example,http://localhost:5173")
    await gateway.knows("web")
    for origin in ("https://evil.example", "null", "https://app.example.evil.example", ""):
        answer = await gateway.invoke("web", method="POST", headers={"Origin": origin})
        is_refusal(answer, 403, "OriginForbidden")
        same(cors_of(answer)[0], None, "an origin that is not allowed may not read")
    twice = await say(gateway, b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: https://app.example\r\n"
                               b"Origin: https://app.example\r\n\r\n" % gateway.path("web").encode())
    assert twice.startswith(b"HTTP/1.1 403 "), twice
    same(len(pod.invocations), 0, "invocations")
    same(await own_series(gateway, "krypton_refused_requests_total", status="403", reason="OriginForbidden"), 5.0)
    same(cors_of(await gateway.invoke("web")), (None, "Origin", None), "no Origin")
    answer = await gateway.invoke("web", headers=ALLOWED)
    same(cors_of(answer)[:2], ("https://app.example", "Origin"), "an allowed Origin")
    assert {"Mcp-Session-Id", "WWW-Authenticate"} <= set(cors_of(answer)[2].split(", ")), answer.headers
    same(pod.invocations[-1].headers["origin"], "https://app.example", "Origin at the agent")
    same(cors_of(await gateway.invoke("web", "/own", headers=ALLOWED)), ("*", None, None), "an agent's own CORS")
    missing = await gateway.invoke("no-web", headers=ALLOWED)
    same((missing.status, cors_of(missing)[0]), (404, "https://app.example"), "our own errors can be read")
    same((await request("127.0.0.1", gateway.port, "GET", "/healthz", {"Origin": "null"})).status, 200, "/healthz")
    await gateway.stop()


OWN_CORS = {"Access_Control_Allow_Origin": "*"}


async def preflights(ctx):
    """a preflight of an allowed origin is answered by the gateway, with what MCP and A2A clients send, also for a sleeping agent"""
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "mcp-param-city,content-type"}
    gateway = await ctx.another_gateway("--allowed-origins=https://app.example")
    await ctx.agent("web-asleep", mode="serverless", minReplicas=0, status={"desiredReplicas": 0})
    await gateway.knows("web-asleep")
    answer = await gateway.invoke("web-asleep", "/mcp", "OPTIONS", {**ALLOWED, **asks})
    same((answer.status, answer.body, answer.headers["access-control-allow-origin"]), (204, b"", "https://app.example"))
    assert {"GET", "POST", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", ")), answer.headers
    names = {name.lower() for name in answer.headers["access-control-allow-headers"].split(", ")}
    wanted = {"authorization", "content-type", "last-event-id", "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name",
              "mcp-param-city", "a2a-version", "a2a-extensions", "traceparent", "tracestate"}
    same(wanted - names, set(), "headers that are not allowed")
    is_refusal(await gateway.invoke("web-asleep", "/mcp", "OPTIONS", {"Origin": "https://evil.example", **asks}), 403, "OriginForbidden")
    same((await ctx.api.get("web-asleep"))["status"]["desiredReplicas"], 0, "desiredReplicas")
    await gateway.stop()


async def origins_are_the_agents(ctx):
    """without --allowed-origins Origin, preflights and the agent's CORS headers pass as they are"""
    pod = await ctx.pod(lambda got: got.reply(204, b"", **OWN_CORS, Vary="X"))
    await ctx.agent("web-own", pod.ip)
    answer = await ctx.gateway.invoke("web-own", "/", "OPTIONS", {"Origin": "null", "Access-Control-Request-Method": "POST"})
    same((answer.status, cors_of(answer)), (204, ("*", "X", None)))
    same(pod.invocations[-1].headers["origin"], "null", "Origin at the agent")


async def hosts(ctx):
    """with --allowed-hosts another Host is 421 before any pod sees it; health checks are not asked"""
    pod = await ctx.pod()
    await ctx.agent("hosted", pod.ip)
    gateway = await ctx.another_gateway("--allowed-hosts=agents.example,gateway:8080")
    await gateway.knows("hosted")
    for host in ("rebound.example", "gateway", "127.0.0.1:8080"):
        is_refusal(await gateway.invoke("hosted", headers={"Host": host}), 421, "HostNotAllowed")
    same(len(pod.invocations), 0, "invocations")
    for host in ("agents.example", "AGENTS.example:8443", "gateway:8080"):
        same((await gateway.invoke("hosted", headers={"Host": host})).status, 200, host)
    same((await request("127.0.0.1", gateway.port, "GET", "/readyz", {"Host": "10.0.0.1"})).status, 200, "/readyz")
    await gateway.stop()


async def headers_to_the_agent(ctx):
    """the agent sees its own Host, the forwarding headers of a trusted proxy, and no header of ours from a client"""
    pod = await ctx.pod()
    await ctx.agent("named", pod.ip, port=9000)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await ctx.gateway.invoke("named", "/x", headers={
        "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "public.example",
        "traceparent": trace, "Krypton-Token": "stolen", "KRYPTON-x": "1", "Connection": "X-Hop", "X-Hop": "1"})
    seen = pod.invocations[-1].headers
    prefix = "/v1/agents/%s/named" % ctx.api.namespace
    for name, value in (("host", "127.0.0.1:9000"), ("x-forwarded-for", "203.0.113.9, 127.0.0.1"),
                        ("x-forwarded-proto", "https"), ("x-forwarded-host", "public.example"),
                        ("x-forwarded-prefix", prefix), ("traceparent", trace), ("krypton-token", None),
                        ("forwarded", 'for=203.0.113.9;host=public.example;proto=https, for=127.0.0.1;host="%s";proto=http'
                         % own(ctx.gateway)),
                        ("krypton-x", None), ("x-hop", None), ("connection", None)):
        same(seen.get(name), value, name)
    wary = await ctx.another_gateway("--trusted-proxies=10.0.0.0/8")
    await wary.knows("named")
    await wary.invoke("named", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https",
                                        "Forwarded": "for=203.0.113.9"})
    seen = pod.invocations[-1].headers
    for name, value in (("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "http"), ("forwarded", 'for=127.0.0.1;host="%s";proto=http' % own(wary)),
                        ("x-forwarded-host", own(wary)), ("x-forwarded-prefix", prefix)):
        same(seen.get(name), value, name)
    await wary.stop()


async def streams_flow(ctx):
    """an event stream arrives event by event, asks proxies not to buffer it, and carries no header of ours"""
    steps = asyncio.Queue()

    async def agent(got):
        got.begin(Krypton_Inflight="1", Krypton_Secret="x", WWW_Authenticate="Bearer")
        while (event := await steps.get()) is not None:
            got.piece(event)
        got.end()

    pod = await ctx.pod(agent)
    await ctx.agent("events", pod.ip)
    running = await ctx.gateway.stream("events", method="POST", body=b"{}")
    same(running.headers.get("x-accel-buffering"), "no", "X-Accel-Buffering")
    same(running.headers.get("www-authenticate"), "Bearer", "WWW-Authenticate")
    same([name for name in running.headers if name.startswith("krypton")], [], "our own headers")
    for event in (b": comment\r\n\r\n", b"id: 1\nretry: 5\ndata:\n\n", b"data: a\ndata: b\n\n"):
        steps.put_nowait(event)
        same(await asyncio.wait_for(running.piece(), 5), event)
    steps.put_nowait(None)
    same(((await running.whole()).is_whole), True, "an orderly end")

    def choosy(got):
        got.begin(X_Accel_Buffering="yes")
        got.end()

    pod.agent = choosy
    same((await ctx.gateway.invoke("events")).headers.get("x-accel-buffering"), "yes", "the agent's own word")
    pod.agent = lambda got: got.reply(200, b"{}")
    same((await ctx.gateway.invoke("events")).headers.get("x-accel-buffering"), None, "no stream")


async def client_leaves_a_stream(ctx):
    """a client that closes its stream closes the agent's within a second"""
    left = asyncio.Event()

    async def agent(got):
        got.begin()
        got.piece(b"data: 1\n\n")
        await got.client_leaves()
        left.set()

    pod = await ctx.pod(agent)
    await ctx.agent("closing", pod.ip)
    running = await ctx.gateway.stream("closing")
    same(await running.piece(), b"data: 1\n\n")
    running.close()
    await asyncio.wait_for(left.wait(), 1)
    await until(lambda: has_load(ctx.gateway, "closing", (0, 0)), "nothing runs")


async def aborted_streams(ctx):
    """after hundreds of streams that their clients broke off no descriptor is left over"""
    async def agent(got):
        got.begin()
        got.piece(b"data: 1\n\n")
        await got.client_leaves()

    pod = await ctx.pod(agent)
    await ctx.agent("aborted", pod.ip, concurrency=100)
    gateway = await ctx.another_gateway()
    await gateway.knows("aborted")
    (await gateway.stream("aborted")).close()
    await until(lambda: has_load(gateway, "aborted", (0, 0)), "nothing runs")

    def descriptors():
        return len(os.listdir("/proc/%d/fd" % gateway.process.pid))
    before = descriptors()
    for _ in range(6):
        running = [await gateway.stream("aborted") for _ in range(50)]
        assert descriptors() >= before + 90, (before, descriptors())
        for one in running:
            one.close()
        await until(lambda: has_load(gateway, "aborted", (0, 0)), "nothing runs")
    await until(lambda: descriptors() <= before + 1, "descriptors as before")
    await gateway.stop()


async def mcp_listeners(ctx):
    """an mcp agent's event streams do not use up its concurrency"""
    async def agent(got):
        if got.method == "GET":
            got.begin()
            await got.client_leaves()
        else:
            got.reply(200, b"{}")

    pod = await ctx.pod(agent)
    await ctx.agent("tools", pod.ip, protocol="mcp", concurrency=1)
    streams = [await ctx.gateway.stream("tools", "/mcp", headers={"Accept": "text/event-stream"}) for _ in range(3)]
    same((await ctx.gateway.invoke("tools", "/mcp", "POST", body=b"{}")).status, 200)
    same(await ctx.gateway.load("tools"), (0, 3), "load")
    for running in streams:
        running.close()


# --- comments to those who wait (spec.waitKeepAlive) ---

EVENTS = {"Accept": "text/event-stream"}


def comment_of(ctx, name):
    return b": waiting for a pod of %s/%s\n\n" % (ctx.api.namespace.encode(), name.encode())


async def cold_agent(ctx, name, agent=None, **spec):
    """An Agent with one pod that is not ready yet."""
    pod = await ctx.pod(agent, is_ready=False)
    await ctx.agent(name, (pod.ip, {"ready": False, "serving": False}), **{"startupTimeout": "15s", "waitKeepAlive": "1s", **spec},
                    status={"desiredReplicas": 1})
    return pod


def error_event(body):
    """The JSON of the one event at the body's end, and what is before it."""
    before, event = body.split(b"event: error\ndata: ")
    assert event.endswith(b"}\n\n"), body
    return before, json.loads(event)


async def waiting_streams_are_kept_alive(ctx):
    """with waitKeepAlive a waiting event stream gets a comment each interval, and the agent's events behind them in the same answer"""
    go_on = asyncio.Event()

    async def agent(got):
        got.begin(X_Agent="1")
        got.piece(b"data: 1\n\n")
        await go_on.wait()
        got.piece(b"data: 2\n\n")
        got.end()

    pod = await cold_agent(ctx, "kept-alive", agent)
    began = time.monotonic()
    running = await ctx.gateway.stream("kept-alive", "/events", "POST", {**EVENTS, "Accept-Encoding": "gzip"}, b"question")
    came = [time.monotonic() - began]
    same((running.status, running.headers["content-type"], running.headers["cache-control"], running.headers["x-accel-buffering"]),
         (200, "text/event-stream", "no-cache", "no"))
    for _ in range(2):
        same(await running.piece(), comment_of(ctx, "kept-alive"))
        came.append(time.monotonic() - began)
    assert came[0] >= 0.99 and came[2] >= 1.99, came
    pod.ready.set()
    pieces = [await running.piece()]
    while pieces[-1] == comment_of(ctx, "kept-alive"):
        pieces.append(await running.piece())
    same(pieces[-1], b"data: 1\n\n")
    go_on.set()
    answer = await running.whole()
    same((answer.body, answer.is_whole), (b"data: 2\n\n", True))
    got = pod.invocations[0]
    same((got.body, got.headers.get("accept-encoding")), (b"question", "identity"))
    ended = await ctx.gateway.log("invocation.ended", agent="kept-alive", status=200, close="complete")
    assert ended["cold_start_ms"] >= 1900, ended


async def silent_where_it_is_not_set(ctx):
    """without waitKeepAlive, or from a client that takes other answers too, a request waits in silence and gets its answer as it is"""
    def agent(got):
        got.reply(404, b"{}", Content_Type="application/json", X_Agent="1")

    unset, both = await cold_agent(ctx, "silent", agent, waitKeepAlive=None), await cold_agent(ctx, "both", agent)
    waiting = [await send("127.0.0.1", ctx.gateway.port, "GET", ctx.gateway.path(name), headers) for name, headers in (
        ("silent", EVENTS), ("both", {"Accept": "application/json, text/event-stream"}), ("both", {}),
        ("both", {**EVENTS, "Origin": "https://app.example"}))]
    streams = await ctx.gateway.stream("both", headers=EVENTS)
    same(await streams.piece(), comment_of(ctx, "both"))
    unset.ready.set()
    both.ready.set()
    for running in waiting:
        await running.start()
        answer = await running.whole()
        same((answer.status, answer.body, answer.headers["x-agent"]), (404, b"{}", "1"))
    before, problem = error_event((await streams.whole()).body)
    same((problem["status"], problem["reason"]), (404, "AgentNoEventStream"))


async def json_after_comments(ctx):
    """an answer that is no event stream is the event error, whose status the log and the metrics have"""
    pod = await cold_agent(ctx, "prosaic", lambda got: got.reply(200, b"{}", Content_Type="application/json"))
    running = await ctx.gateway.stream("prosaic", headers=EVENTS)
    same(await running.piece(), comment_of(ctx, "prosaic"))
    pod.ready.set()
    answer = await running.whole()
    before, problem = error_event(answer.body)
    same(answer.is_whole, True, "a clean end")
    same((problem["status"], problem["reason"]), (200, "AgentNoEventStream"))
    assert "it answered 200, application/json" in problem["error"] and problem["hint"], problem
    await ctx.gateway.log("invocation.ended", agent="prosaic", status=200, reason="AgentNoEventStream")


async def refusals_after_comments(ctx):
    """a deadline in an open event stream is the event error with the reason, and its status is counted"""
    pod = await cold_agent(ctx, "hopeless", startupTimeout="1200ms")
    pod.reason, pod.cause = "PortMismatch", "it listens on 9000"
    answer = await ctx.gateway.invoke("hopeless", headers=EVENTS)
    same((answer.status, answer.is_whole), (200, True))
    before, problem = error_event(answer.body)
    same(before, comment_of(ctx, "hopeless"))
    same((problem["status"], problem["reason"]), (504, "PortMismatch"))
    assert "none of the agent's pods became ready in time" in problem["error"] and problem["hint"], problem
    await ctx.gateway.log("invocation.ended", agent="hopeless", status=504, reason="PortMismatch")
    same(await ctx.gateway.series("krypton_invocations_total", agent="hopeless", status="504"), 1.0, "krypton_invocations_total")
    end = asyncio.Event()
    full = await ctx.pod(held(end))
    await ctx.agent("full", full.ip, concurrency=1, waitKeepAlive="1s")
    first = asyncio.create_task(ctx.gateway.invoke("full"))
    await until(lambda: full.invocations, "the first is there")
    before, problem = error_event((await ctx.gateway.invoke("full", headers=EVENTS)).body)
    same((before, problem["status"], problem["reason"]), (comment_of(ctx, "full"), 503, "OverCapacity"))
    end.set()
    same((await first).status, 200)


async def taken_back_after_comments(ctx):
    """with an open event stream a pod that refuses is passed over unseen, and one that is never reached is the event error"""
    answers = [lambda got: got.refuse("over_capacity", 8), lambda got: got.abort(), lambda got: got.refuse("agent_unreachable")]
    pod = await cold_agent(ctx, "passed", lambda got: answers.pop(0)(got) if answers else got.reply(200, b"data: 1\n\n",
                                                                                                    Content_Type="text/event-stream"))
    running = await ctx.gateway.stream("passed", headers=EVENTS)
    pod.ready.set()
    answer = await running.whole()
    same(answer.body.replace(comment_of(ctx, "passed"), b""), b"data: 1\n\n")
    assert len(pod.invocations) == 4, pod.invocations
    deaf = await cold_agent(ctx, "deafened", lambda got: got.refuse("agent_unreachable"))
    running = await ctx.gateway.stream("deafened", headers=EVENTS)
    deaf.ready.set()
    before, problem = error_event((await running.whole()).body)
    same((problem["status"], problem["reason"]), (502, "AgentUnreachable"))


async def client_leaves_the_comments(ctx):
    """a client that leaves while it gets comments frees its place at once, and one of an Agent that goes is told so"""
    await cold_agent(ctx, "left")
    running = [await ctx.gateway.stream("left", headers=EVENTS) for _ in range(2)]
    same(await ctx.gateway.load("left"), (2, 0), "load")
    running[0].close()
    await until(lambda: has_load(ctx.gateway, "left", (1, 0)), "its place is free")
    await ctx.gateway.log("invocation.ended", agent="left", close="client_left", status=0)
    await ctx.api.delete("left")
    before, problem = error_event((await running[1].whole()).body)
    same((problem["status"], problem["reason"]), (404, "AgentNotFound"))


async def comments_to_pages(ctx):
    """a page's event stream begins early only where the gateway says who may read answers, and says so"""
    gateway = await ctx.another_gateway("--allowed-origins=https://app.example")
    pod = await cold_agent(ctx, "page", lambda got: got.reply(200, b"data: 1\n\n", Content_Type="text/event-stream"))
    await gateway.knows("page")
    running = await gateway.stream("page", headers={**EVENTS, "Origin": "https://app.example"})
    same(await running.piece(), comment_of(ctx, "page"))
    same((running.headers.get("access-control-allow-origin"), running.headers.get("vary")), ("https://app.example", "Origin"))
    pod.ready.set()
    assert (await running.whole()).body.endswith(b"data: 1\n\n")


async def upgrade(ctx):
    """an upgrade passes both ways"""
    async def agent(got):
        same(got.headers.get("upgrade"), "echo", "Upgrade")
        got.writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nwelcome")

    pod = await ctx.pod(agent)
    await ctx.agent("socket", pod.ip)
    running = await ctx.gateway.stream("socket", "/ws", headers={"Connection": "upgrade", "Upgrade": "echo"})
    same(running.status, 101)
    same(await asyncio.wait_for(running.reader.readexactly(7), 5), b"welcome")
    running.close()


async def invocations_are_counted(ctx):
    """invocations are counted and timed by agent, and logged one line each"""
    pod = await ctx.pod(lambda got: got.reply(int(got.target[1:])))
    await ctx.agent("counted", pod.ip)
    for status in (200, 200, 404, 500):
        same((await ctx.gateway.invoke("counted", "/%d" % status)).status, status)
    for status, count in ((200, 2.0), (404, 1.0), (500, 1.0)):
        same(await ctx.gateway.series("krypton_invocations_total", agent="counted", status=status), count)
    same(await ctx.gateway.series("krypton_invocation_duration_seconds_count", agent="counted"), 4.0)
    same(len(ctx.gateway.logged("invocation.ended", agent="counted")), 4, "lines")
    same(ctx.gateway.logged("invocation.ended", agent="counted", status=404)[0]["pod_ip"], pod.ip, "pod_ip")
    await ctx.api.delete("counted")
    await ctx.gateway.log("route.removed", agent="counted")
    same(await ctx.gateway.series("krypton_invocations_total", agent="counted"), None, "series of a deleted agent")


# --- with the real krypton-proxy ---


class Sidecar(Daemon):
    """krypton-proxy before a scripted agent on this machine's loopback."""

    def __init__(self, ip, agent_port, **env):
        self.ip = ip
        super().__init__("krypton-proxy", env={
            "KRYPTON_LISTEN_ADDR": ip + ":8888", "KRYPTON_UPSTREAM_URL": "http://127.0.0.1:%d" % agent_port,
            "KRYPTON_TOKEN": "secret", **env})


class Agent(Pod):
    """Whatever comes is an invocation."""

    async def answer_question(self, got):
        self.invocations.append(got)
        done = self.agent(got)
        if asyncio.iscoroutine(done):
            await done


async def sidecars_of(ctx, count, agent, **env):
    agents, sidecars = [], []
    for _ in range(count):
        agents.append(await Agent("127.0.0.1", agent, port=free_port()).start())
        sidecars.append(await Sidecar(ctx.link.address(), agents[-1].port, **env).start())
        ctx.pods.append(agents[-1])
        ctx.daemons.append(sidecars[-1])
        await sidecars[-1].log("agent.listening")
    return agents, sidecars


async def real_sidecars(ctx):
    """through real sidecars: a pod at its cap or draining passes its requests on, large bodies too, and each is carried out once"""
    end = asyncio.Event()

    async def agent(got):
        if got.target == "/hold":
            await end.wait()
        got.reply(200, b"%d" % len(got.body))

    agents, sidecars = await sidecars_of(ctx, 3, agent, KRYPTON_CONCURRENCY="2", KRYPTON_SHUTDOWN_TIMEOUT="10s")
    await ctx.agent("whole", *(sidecar.ip for sidecar in sidecars), concurrency=2)
    # Two hold the first pod, unknown to the gateway: they came by the Service.
    by_service = [asyncio.create_task(request(sidecars[0].ip, 8888, "GET", "/hold")) for _ in range(2)]
    await until(lambda: len(agents[0].invocations) == 2, "the first pod is full")
    drain = asyncio.create_task(request(sidecars[1].ip, 8888, "POST", "/_krypton/drain", {"Krypton-Token": "secret"}))
    await sidecars[1].log("drain.started")
    for size in (0, 10, 60000, 1 << 20):
        body = os.urandom(size)
        for _ in range(3):
            answer = await ctx.gateway.invoke("whole", "/x", "POST", body=body)
            same((answer.status, answer.body), (200, b"%d" % size))
            same(agents[2].invocations[-1].body == body, True, "the body arrived as it was")
            same(agents[2].invocations[-1].headers.get("expect"), None, "Expect")
    same([len([got for got in part.invocations if got.target == "/x"]) for part in agents], [0, 0, 12], "invocations")
    # The third is filled by us; the next one waits, and gets in where room is made behind our back.
    ours = [asyncio.create_task(ctx.gateway.invoke("whole", "/hold")) for _ in range(2)]
    await until(lambda: len(agents[2].invocations) == 14, "the third pod is full")
    last = asyncio.create_task(ctx.gateway.invoke("whole", "/last"))
    await until(lambda: has_load(ctx.gateway, "whole", (1, 2)), "one waits")
    end.set()
    same([answer.status for answer in await asyncio.gather(*by_service, *ours, last)], [200] * 5)
    same((await drain).body, b"drained\n")


async def real_cold_start(ctx):
    """through a real sidecar: a request that waits is answered as soon as the agent listens, and told why it is not until then"""
    port = free_port()
    sidecar = await Sidecar(ctx.link.address(), port).start()
    ctx.daemons.append(sidecar)
    await sidecar.log("agent.unreachable")
    await ctx.agent("late", (sidecar.ip, {"ready": False, "serving": False}), startupTimeout="700ms",
                    status={"desiredReplicas": 1})
    answer = await ctx.gateway.invoke("late")
    is_refusal(answer, 504, "PortMismatch", "the agent does not listen on port %d" % port)
    await ctx.api.patch("late", {"spec": {"startupTimeout": "15s"}})
    await until(lambda: has_startup_timeout(ctx), "the gateway waits longer")
    waiting = asyncio.create_task(ctx.gateway.invoke("late"))
    await until(lambda: has_load(ctx.gateway, "late", (1, 0)), "one waits")
    agent = await Agent("127.0.0.1", lambda got: got.reply(200, b"up"), port=port).start()
    ctx.pods.append(agent)
    same((await waiting).body, b"up")


async def has_startup_timeout(ctx):
    """Asks with a request that leaves before it could be refused."""
    began = await send("127.0.0.1", ctx.gateway.port, "GET", ctx.gateway.path("late"))
    try:
        await asyncio.wait_for(began.reader.read(1), 1)
        return False
    except asyncio.TimeoutError:
        return True
    finally:
        began.close()


# --- the process ---


async def bad_flags(ctx):
    """a wrong flag is one line that names it, and status 2"""
    for flag in ("--max-buffer-per-agent=0", "--max-queue-wait-ms=soon", "--listen-address=nowhere", "--no-such-flag=1",
                 "--stream-idle-timeout=5", "--trusted-proxies=10.0.0.0/99", "--error-detail=all", "--max-held-bytes=1k",
                 "--request-head-timeout=0s", "--connect-timeout=2", "--max-request-head-bytes=1Mi", "--max-request-body-bytes=4MB",
                 "--allowed-origins=https://app.example/", "--allowed-hosts=https://app.example", "--shutdown-timeout=soon",
                 "--internal-key-file=/nowhere", "--log-level=loud"):
        lines, status = await refused("gateway", flag)
        same((len(lines), status), (1, 2), "lines and status of %s: %r" % (flag, lines))
        name, _, value = flag.partition("=")
        assert name in lines[0] and (value in lines[0] or name == "--no-such-flag"), lines


async def no_kubeconfig(ctx):
    """a kubeconfig that is not there or makes no sense is one line that names it, and status 2"""
    for name in ("/nowhere/kubeconfig", os.path.abspath(__file__)):
        lines, status = await refused("gateway", "--kubeconfig=" + name)
        same((len(lines), status), (1, 2), "lines and status: %r" % lines)
        assert name in lines[0], lines


async def version_and_help(ctx):
    """--version and --help say what they are asked for, and end with 0"""
    lines, status = await refused("gateway", "--version")
    same((len(lines), status), (1, 0))
    lines, status = await refused("gateway", "--help")
    same(status, 0)
    assert any("--max-buffer-per-agent" in line for line in lines), lines


async def effective_settings(ctx):
    """/configz shows the effective settings"""
    settings = (await ctx.gateway.ops("/configz")).json()
    same(settings["max-buffer-per-agent"], 8, "max-buffer-per-agent")


async def sigterm(ctx):
    """SIGTERM: not ready at once, new requests for a moment more, what runs ends whole, then status 0"""
    end = asyncio.Event()

    async def agent(got):
        if got.target == "/long":
            got.begin()
            got.piece(b"data: 1\n\n")
            await end.wait()
            got.piece(b"data: 2\n\n")
            got.end()
        else:
            got.reply(200, b"late")

    pod = await ctx.pod(agent)
    await ctx.agent("lasting", pod.ip)
    gateway = await ctx.another_gateway("--shutdown-delay=1s")
    await gateway.knows("lasting")
    running = await gateway.stream("lasting", "/long")
    same(await running.piece(), b"data: 1\n\n")
    gateway.process.terminate()
    await gateway.log("gateway.stopping")
    same((await request("127.0.0.1", gateway.port, "GET", "/readyz")).status, 503, "/readyz")
    same((await gateway.ops("/readyz")).status, 503, "/readyz")
    same((await gateway.ops("/healthz")).status, 200, "/healthz")
    late = await gateway.invoke("lasting", "/late")
    same((late.status, late.body, late.headers.get("connection")), (200, b"late", "close"))
    await gateway.log("gateway.draining")
    assert gateway.process.returncode is None, "it ended while a stream ran"
    end.set()
    answer = await running.whole()
    same((answer.body, answer.is_whole), (b"data: 2\n\n", True))
    same(await gateway.end(), 0, "status")


async def shutdown_is_bounded(ctx):
    """what still runs at --shutdown-timeout is broken off so that its client sees it, and counted; then status 0"""
    async def agent(got):
        got.reply(200, b"") if got.target == "/short" else begin_without_length(got)
        await got.client_leaves()

    def begin_without_length(got):
        got.writer.write(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")

    pod = await ctx.pod(agent)
    await ctx.agent("endless", pod.ip)
    gateway = await ctx.another_gateway("--shutdown-delay=200ms", "--shutdown-timeout=600ms")
    await gateway.knows("endless")
    running = await gateway.stream("endless", "/close-delimited")
    same(await running.piece(), b"half of it")
    gateway.process.terminate()
    await gateway.log("gateway.draining")
    try:
        ended = await asyncio.wait_for(running.reader.read(), 5)
        assert False, "it looks complete: %r" % ended
    except ConnectionResetError:
        pass
    await gateway.log("gateway.drain_cut", cut=1)
    await gateway.log("invocation.ended", agent="endless", close="stopped")
    same(await gateway.end(), 0, "status")


TESTS = [
    path_without_an_agent, unknown_agent, dots_cannot_escape, start_too_slow, start_says_the_condition, line_is_bounded,
    queue_is_bounded_in_time, nobody_there, pods_gone_at_once, agent_refuses, first_byte_is_late, bad_answer, taken_back, long_query_taken_back, large_body, broken_post,
    broken_get, broken_in_the_middle, first_come_first_served, client_leaves_the_line, fewest_in_flight, two_gateways, another_starts,
    narrower_sidecar, cold_start, cold_start_in_a_storm, somebody_else_woke_it, last_invocation_is_rare,
    last_invocation_ends_a_burst, hello,
    hello_of_another, hello_and_slice, hello_is_told, load_is_told, line_of_refused_is_told, deleted_while_waiting, deleted_while_running, terminating_pod, api_server_gone, woken_when_it_is_back, may_not_wake,
    no_rights,
    paths_are_verbatim, locations_are_public, origins, preflights, origins_are_the_agents, hosts, headers_to_the_agent, streams_flow, client_leaves_a_stream, aborted_streams, mcp_listeners,
    waiting_streams_are_kept_alive, silent_where_it_is_not_set, json_after_comments, refusals_after_comments,
    taken_back_after_comments, client_leaves_the_comments, comments_to_pages, upgrade,
    invocations_are_counted, real_sidecars, real_cold_start, bad_flags, no_kubeconfig, version_and_help, effective_settings, sigterm,
    deadlines_are_settings, dial_is_late, refusals_are_counted, shutdown_is_bounded,
]


main(Context, TESTS)
