# SPDX-License-Identifier: Apache-2.0
"""The agent of these tests. It runs in a pod (`python3 -c`), counts what it runs at once by itself, and misbehaves on request.

Every answer names the pod, and how many requests ran in it when this one began: `Agent-Running`, itself included.

    /sleep?ms=50                 answers after a while
    /stream?seconds=3            an event each 200 ms, then `event: end`
    /never                       takes the request and says nothing; /record tells whether its connection was closed
    /listen                      an event stream that stays open and silent, as MCP clients keep one
    /record                      what it has seen; asked at the pod's own port, it is not counted

CRASH_EACH=10: it dies at each tenth request. START_SECONDS=8: it listens that much later.
"""

import asyncio
import json
import os
import socket
import time
from urllib.parse import parse_qs, urlsplit

CRASH_EACH = int(os.environ.get("CRASH_EACH", "0"))
START_SECONDS = float(os.environ.get("START_SECONDS", "0"))
POD = socket.gethostname()
seen = {"pod": POD, "running": 0, "peak": 0, "requests": 0, "never_begun": 0, "never_closed": 0, "bodies": 0}


def head(kind, length=None):
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return (f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{framing}\r\nAgent-Running: {seen['running']}\r\n"
            f"Agent-Pod: {POD}\r\n\r\n").encode()


def chunk(text):
    return b"%x\r\n%s\r\n" % (len(text), text)


async def answer(writer, value):
    body = json.dumps(value).encode()
    writer.write(head("application/json", len(body)) + body)
    await writer.drain()


async def gone(reader):
    """Its client has closed: what comes before that end is nobody's."""
    try:
        while await reader.read(65536):
            pass
    except OSError:
        pass


async def stream(reader, writer, seconds, begin):
    writer.write(begin)
    number, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        number += 1
        writer.write(chunk(b'data: {"n": %d}\n\n' % number))
        await writer.drain()
        await asyncio.sleep(0.2)
    writer.write(chunk(b"event: end\ndata: {}\n\n") + b"0\r\n\r\n")
    await writer.drain()


async def listen(reader, writer):
    writer.write(head("text/event-stream") + chunk(b": listening\n\n"))
    await writer.drain()
    await gone(reader)


async def never(reader):
    seen["never_begun"] += 1
    await gone(reader)
    seen["never_closed"] += 1


async def handle(reader, writer, target):
    """false: the connection is not to be used again."""
    path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
    if path == "/sleep":
        began = seen["running"]
        await asyncio.sleep(float(query.get("ms", ["50"])[0]) / 1000)
        await answer(writer, {"pod": POD, "running": began})
    elif path == "/stream":
        await stream(reader, writer, float(query.get("seconds", ["3"])[0]), head("text/event-stream"))
    elif path == "/listen":
        await listen(reader, writer)
        return False
    elif path == "/never":
        await never(reader)
        return False
    else:
        await answer(writer, {"pod": POD, "running": seen["running"], "path": target})
    return True


async def take(reader, writer):
    """One request. false: the connection ends."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    target = lines[0].split(" ")[1]
    length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
    seen["bodies"] += len(await reader.readexactly(length))
    if target == "/record":
        await answer(writer, seen)
        return True
    seen["requests"] += 1
    if CRASH_EACH and seen["requests"] % CRASH_EACH == 0:
        os._exit(1)
    is_listener = target.startswith("/listen")  # an MCP client's, which counts against nothing
    if not is_listener:
        seen["running"] += 1
        seen["peak"] = max(seen["peak"], seen["running"])
    try:
        return await handle(reader, writer, target)
    finally:
        if not is_listener:
            seen["running"] -= 1


async def serve(reader, writer):
    try:
        while await take(reader, writer):
            pass
    except (asyncio.IncompleteReadError, OSError):
        pass
    finally:
        writer.close()


async def main():
    await asyncio.sleep(START_SECONDS)
    server = await asyncio.start_server(serve, "", 8080, backlog=512)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(15, ended.set)
    await ended.wait()
    server.close()
    os._exit(0)


asyncio.run(main())
