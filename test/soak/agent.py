# SPDX-License-Identifier: Apache-2.0
"""An agent for the soak: agent.py PORT. The target says what is answered:
/bytes/SIZE/FRAMING  SIZE bytes, framed by length, chunked or close
/digest              the length and SHA-256 of the request's body
/early               413 before the body is read
/events/COUNT        an event stream of so many events
/echo                101, then every byte back
X-Cut: BYTES HOW     the answer breaks off after so many of its bytes, by fin or rst."""

import asyncio
import hashlib
import socket
import struct
import sys

PATTERN = bytes(range(33, 127)) * 1024


class Cut(Exception):
    pass


class Answer:
    """Writes, and cuts where it was told to."""

    def __init__(self, writer, cut):
        self.writer, self.left, self.how = writer, None, "fin"
        if cut:
            bytes_left, self.how = cut.split()
            self.left = int(bytes_left)

    async def write(self, data):
        if self.left is not None and len(data) >= self.left:
            self.writer.write(data[:self.left])
            await self.writer.drain()
            if self.how == "rst":
                self.writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Cut
        if self.left is not None:
            self.left -= len(data)
        self.writer.write(data)
        await self.writer.drain()

    async def chunk(self, data):
        await self.write(b"%x\r\n%s\r\n" % (len(data), data))


async def read_body(reader, headers, take):
    if "chunked" in headers.get("transfer-encoding", ""):
        while True:
            size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
            if size == 0:
                while await reader.readuntil(b"\r\n") != b"\r\n":
                    pass
                return
            take((await reader.readexactly(size + 2))[:-2])
    left = int(headers.get("content-length", "0"))
    while left > 0:
        data = await reader.read(min(left, 65536))
        if not data:
            raise asyncio.IncompleteReadError(b"", left)
        take(data)
        left -= len(data)


async def answer_bytes(answer, size, framing, is_head):
    body = memoryview(PATTERN)
    frame = {"length": b"Content-Length: %d" % size, "chunked": b"Transfer-Encoding: chunked", "close": b"Connection: close"}
    await answer.write(b"HTTP/1.1 200 OK\r\n%s\r\n\r\n" % frame[framing])
    sent = 0 if not is_head else size
    while sent < size:
        piece = bytes(body[:min(size - sent, len(PATTERN))])
        await (answer.chunk if framing == "chunked" else answer.write)(piece)
        sent += len(piece)
    if framing == "chunked" and not is_head:
        await answer.write(b"0\r\n\r\n")
    if framing == "close":
        raise Cut


async def answer_events(answer, count):
    await answer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for number in range(count):
        await answer.chunk(b"id: %d\ndata: x\n\n" % number)
        await asyncio.sleep(0.005)
    await answer.write(b"0\r\n\r\n")


async def echo(reader, answer):
    await answer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: soak\r\n\r\n")
    while data := await reader.read(65536):
        await answer.write(data)
    raise Cut


async def serve_one(reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
    answer = Answer(writer, headers.get("x-cut"))
    kind, *words = target.split("?")[0][1:].split("/")
    if kind == "early":
        await answer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        raise Cut
    digest, length = hashlib.sha256(), 0

    def take(data):
        nonlocal length
        length += len(data)
        digest.update(data)

    await read_body(reader, headers, take)
    if kind == "bytes":
        await answer_bytes(answer, int(words[0]), words[1], method == "HEAD")
    elif kind == "events":
        await answer_events(answer, int(words[0]))
    elif kind == "echo":
        await echo(reader, answer)
    else:
        body = ("%d %s" % (length, digest.hexdigest())).encode()
        await answer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


async def serve(reader, writer):
    try:
        while True:
            await serve_one(reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError, ValueError, Cut):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), reuse_address=True, backlog=4096)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
