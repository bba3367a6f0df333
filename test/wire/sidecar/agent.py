# SPDX-License-Identifier: Apache-2.0
"""An agent for several connections at a time: agent.py PORT. /hold answers "held" after somebody has asked for /release,
/stream is an event stream whose second event and end come then, /never sends its head and one event and no more;
everything else is echoed as JSON. Prints "ready", then METHOD and path of each request."""
import asyncio
import json
import sys

released = asyncio.Event()
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def answer(body, kind="application/json"):
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (kind.encode(), len(body), body)


async def serve_one(reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = [line.split(": ", 1) for line in head[1:] if line]
    length = next((int(v) for n, v in headers if n.lower() == "content-length"), 0)
    body = await reader.readexactly(length)
    print(method, path, flush=True)
    if path == "/release":
        released.set()
    if path == "/hold":
        await released.wait()
        writer.write(answer(b"held", "text/plain"))
    elif path in ("/stream", "/never"):
        writer.write(SSE + chunk(b"data: 1\n\n"))
        await writer.drain()
        await (released.wait() if path == "/stream" else reader.read())
        writer.write(chunk(b"data: 2\n\n") + b"0\r\n\r\n")
    else:
        writer.write(answer(json.dumps({"method": method, "path": path, "headers": headers, "body": body.decode()}).encode()))
    await writer.drain()


async def serve(reader, writer):
    try:
        while True:
            await serve_one(reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), reuse_address=True)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
