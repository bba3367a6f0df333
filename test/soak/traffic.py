# SPDX-License-Identifier: Apache-2.0
"""Mixed traffic through krypton-proxy, the engine or a gateway, with connections cut at random on either side, until TRAFFIC_SECONDS
(5) are over: traffic.py BUILD NAME. Every answer must be the right one, byte for byte, or visibly broken, and broken only where somebody cut;
afterwards the server holds as many descriptors as before, and has nothing to complain of. VALGRIND=1 runs it so.
SEED repeats a run's choices; WORKERS (40) are clients at a time. TAP."""

import asyncio
import collections
import contextlib
import hashlib
import os
import random
import socket
import struct
import subprocess
import sys
import time

from agent import PATTERN
from front import HERE, Front, Tap, free_port, listens, wait_for

ANSWER_S = 60  # for one answer: on a busy machine under valgrind much may lie before it
SETTLE_S = 40  # for lingering connections to go
GARBAGE = [b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"\x16\x03\x01\x00\xa5\x01", b"POST / HTTP/1.1\r\nHost: a\r\n"
           b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", b"GET /../ HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n\r\n\r\n\r\n",
           b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 300000]


class Wrong(Exception):
    """Something that must not be, whoever cut whatever."""


class CutByUs(Exception):
    pass


def expected_bytes(size):
    whole, rest = divmod(size, len(PATTERN))
    return PATTERN * whole + PATTERN[:rest]


class Wire:
    """A client's connection that may end itself after so many bytes written or read."""

    def __init__(self, reader, writer, chance):
        self.reader, self.writer, self.chance = reader, writer, chance
        self.write_left = self.read_left = None
        if chance.random() < 0.25:
            limit = int(chance.paretovariate(0.35) * 20)
            self.write_left, self.read_left = (limit, None) if chance.random() < 0.5 else (None, limit)

    def cut(self):
        if self.chance.random() < 0.5:
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        raise CutByUs

    async def write(self, data):
        if self.write_left is not None and self.write_left <= len(data):
            self.writer.write(data[:self.write_left])
            await asyncio.sleep(self.chance.choice((0, 0, 0.01)))
            self.cut()
        if self.write_left is not None:
            self.write_left -= len(data)
        self.writer.write(data)
        await self.writer.drain()

    def note_read(self, data):
        if self.read_left is not None:
            self.read_left -= len(data)
            if self.read_left <= 0:
                self.cut()
        return data

    async def read(self, most):
        data = self.note_read(await self.reader.read(most))
        if not data:
            raise EOFError
        return data

    async def line(self):
        data = self.note_read(await self.reader.readuntil(b"\r\n"))
        return data[:-2]

    async def exactly(self, count):
        return self.note_read(await self.reader.readexactly(count))


async def read_head(wire):
    words = (await wire.line()).split(b" ", 2)
    headers = {}
    while line := await wire.line():
        name, value = line.split(b":", 1)
        headers[name.lower().decode()] = value.strip().decode("latin-1")
    return int(words[1]), headers


async def read_answer(wire, method="GET", slowly=False):
    """(status, headers, body): whole, or an exception."""
    status, headers = await read_head(wire)
    while status in (100, 103):
        status, headers = await read_head(wire)
    body = bytearray()

    async def take(count):
        while count > 0:
            data = await wire.read(min(count, 4096 if slowly else 65536))
            body.extend(data)
            count -= len(data)
            if slowly:
                await asyncio.sleep(0.002)

    if status == 101 or method == "HEAD" or status in (204, 304):
        return status, headers, b""
    if "chunked" in headers.get("transfer-encoding", ""):
        while size := int((await wire.line()).split(b";")[0], 16):
            await take(size)
            if await wire.exactly(2) != b"\r\n":
                raise Wrong("a chunk does not end where it says")
        while await wire.line():
            pass
    elif "content-length" in headers:
        await take(int(headers["content-length"]))
    else:
        with contextlib.suppress(EOFError):
            await take(1 << 62)
    return status, headers, bytes(body)


def head(method, target, *lines, version="1.1"):
    return ("\r\n".join(["%s %s HTTP/%s" % (method, target, version), "Host: soak", *lines]) + "\r\n\r\n").encode()


class Client:
    """One worker's connection after another, with the traffic's kinds."""

    def __init__(self, traffic, number):
        self.traffic = traffic
        self.chance = random.Random(traffic.seed * 1000003 + number)
        self.kinds = [self.get] * 6 + [self.post] * 4 + [self.upload] * 3 + [self.events] * 2 + [self.upgrade, self.slow_reader,
                      self.pipeline, self.early, self.old_client, self.head_only, self.garbage, self.broken_by_agent,
                      self.broken_by_agent]

    def head(self, method, target, *lines, version="1.1"):
        return head(method, self.traffic.front.at + target, *lines, version=version)

    def check(self, is_so, what):
        if not is_so:
            raise Wrong(what)

    async def get(self, wire):
        size, framing = int(self.chance.paretovariate(0.5)) % 300000, self.chance.choice(("length", "length", "chunked", "close"))
        await wire.write(self.head("GET", "/bytes/%d/%s" % (size, framing)))
        status, headers, body = await read_answer(wire)
        self.check((status, body) == (200, expected_bytes(size)), "GET %d %s: %d, %d bytes" % (size, framing, status, len(body)))
        return framing != "close" and headers.get("connection") != "close"

    async def check_digest(self, wire, sent, length):
        status, _, body = await read_answer(wire)
        self.check(status == 200 and body == b"%d %s" % (length, sent.hexdigest().encode()), "POST of %d: %d %r" % (
            length, status, body[:200]))
        return True

    async def post(self, wire):
        size = int(self.chance.paretovariate(0.4) * 10) % 300000
        body = expected_bytes(size)
        expectation = ["Expect: 100-continue"] if self.chance.random() < 0.1 else []
        await wire.write(self.head("POST", "/digest", "Content-Length: %d" % size, *expectation))
        if expectation and size > 0:
            await asyncio.sleep(0.01)
        await wire.write(body)
        return await self.check_digest(wire, hashlib.sha256(body), size)

    async def upload(self, wire):
        digest, length = hashlib.sha256(), 0
        await wire.write(self.head("POST", "/digest", "Transfer-Encoding: chunked"))
        for _ in range(self.chance.randrange(30)):
            piece = PATTERN[:self.chance.choice((1, 17, 1000, 8192, 40000))]
            digest.update(piece)
            length += len(piece)
            await wire.write(b"%x;soak=1\r\n%s\r\n" % (len(piece), piece))
            if self.chance.random() < 0.1:
                await asyncio.sleep(0.002)
        await wire.write(b"0\r\nX-Trailer: 1\r\n\r\n")
        return await self.check_digest(wire, digest, length)

    async def events(self, wire):
        count = self.chance.randrange(1, 60)
        await wire.write(self.head("GET", "/events/%d" % count, "Accept: text/event-stream"))
        status, _, body = await read_answer(wire)
        self.check(status == 200 and body == b"".join(b"id: %d\ndata: x\n\n" % i for i in range(count)), "events: %d" % status)
        return True

    async def upgrade(self, wire):
        await wire.write(self.head("GET", "/echo", "Connection: Upgrade", "Upgrade: soak"))
        status, _, _ = await read_answer(wire)
        self.check(status == 101, "upgrade: %d" % status)
        for _ in range(self.chance.randrange(20)):
            piece = PATTERN[:self.chance.randrange(1, 5000)]
            await wire.write(piece)
            self.check(await wire.exactly(len(piece)) == piece, "a tunnel that changes bytes")
        wire.writer.write_eof()
        self.check(await wire.reader.read() == b"", "bytes behind the end of a tunnel")
        return False

    async def slow_reader(self, wire):
        size = self.chance.randrange(200000, 1500000)
        await wire.write(self.head("GET", "/bytes/%d/%s" % (size, self.chance.choice(("length", "chunked")))))
        status, _, body = await read_answer(wire, slowly=True)
        self.check((status, body) == (200, expected_bytes(size)), "slow reader: %d, %d bytes" % (status, len(body)))
        return True

    async def pipeline(self, wire):
        sizes = [self.chance.randrange(2000) for _ in range(self.chance.randrange(2, 12))]
        await wire.write(b"".join(self.head("GET", "/bytes/%d/length" % size) for size in sizes))
        for size in sizes:
            status, _, body = await read_answer(wire)
            self.check((status, body) == (200, expected_bytes(size)), "pipelined: %d, %d bytes" % (status, len(body)))
        return True

    async def early(self, wire):
        size = self.chance.randrange(1, 600000)
        await wire.write(self.head("POST", "/early", "Content-Length: %d" % size))
        with contextlib.suppress(ConnectionError):
            await wire.write(expected_bytes(size))
        status, _, _ = await read_answer(wire)
        self.check(status in (413, 502), "early answer: %d" % status)  # 502: its reset overtook it
        return False

    async def old_client(self, wire):
        size = self.chance.randrange(50000)
        await wire.write(self.head("GET", "/bytes/%d/%s" % (size, self.chance.choice(("chunked", "close", "length"))), version="1.0"))
        status, headers, body = await read_answer(wire)
        self.check("transfer-encoding" not in headers, "chunks for HTTP/1.0")
        self.check((status, body) == (200, expected_bytes(size)), "HTTP/1.0: %d, %d bytes" % (status, len(body)))
        return False

    async def head_only(self, wire):
        await wire.write(self.head("HEAD", "/bytes/%d/%s" % (self.chance.randrange(90000), self.chance.choice(("length", "chunked")))))
        status, _, _ = await read_answer(wire, "HEAD")
        self.check(status == 200, "HEAD: %d" % status)
        return True

    async def garbage(self, wire):
        data = bytearray(self.chance.choice(GARBAGE))
        for _ in range(self.chance.randrange(3)):
            data[self.chance.randrange(len(data))] = self.chance.randrange(256)
        with contextlib.suppress(ConnectionError):
            await wire.write(bytes(data))
            if wire.writer.can_write_eof():
                wire.writer.write_eof()
            await wire.reader.read(1 << 20)
        return False

    async def broken_by_agent(self, wire):
        """Never short but clean: with the answer cut by the agent, reading it must fail, or nothing of it was begun: 502."""
        size, framing = self.chance.randrange(1, 200000), self.chance.choice(("length", "chunked", "close"))
        method = self.chance.choice(("GET", "POST"))
        lines = ["Content-Length: 0"] if method == "POST" else []
        cut, how = self.chance.randrange(size), self.chance.choice(("fin", "rst"))
        await wire.write(self.head(method, "/bytes/%d/%s" % (size, framing), "X-Cut: %d %s" % (cut, how), *lines))
        try:
            status, _, body = await read_answer(wire)
        except (EOFError, ConnectionError, asyncio.IncompleteReadError):
            self.traffic.counts["broken by the agent"] += 1
            return False
        # An answer that ends with the connection is cut by a FIN as it would end: nobody could tell.
        is_blameless = framing == "close" and how == "fin" and expected_bytes(size).startswith(body)
        self.check(status == 502 or is_blameless, "short but clean: %d of %d bytes, %s, %s at %d" % (len(body), size, framing, how, cut))
        return False

    async def one_connection(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.traffic.port, limit=1 << 20)
        wire = Wire(reader, writer, self.chance)
        try:
            for _ in range(self.chance.randrange(1, 8)):
                kind = self.chance.choice(self.kinds)
                self.traffic.counts["requests"] += 1
                self.traffic.kinds[kind.__name__] += 1
                goes_on = await asyncio.wait_for(kind(wire), ANSWER_S)
                if not goes_on:
                    break
        except CutByUs:
            self.traffic.counts["cut by clients"] += 1
        except (EOFError, ConnectionError, asyncio.IncompleteReadError) as error:
            self.traffic.wrong("%s ended by the server: %r" % (kind.__name__, error))
        except asyncio.TimeoutError:
            self.traffic.wrong("%s: no answer within %d s" % (kind.__name__, ANSWER_S))
        except Wrong as error:
            self.traffic.wrong("%s: %s" % (kind.__name__, error))
        finally:
            writer.transport.abort()

    async def run(self):
        while time.monotonic() < self.traffic.until:
            await self.one_connection()


class Traffic:
    def __init__(self, front, seed, seconds):
        self.front, self.port, self.seed = front, front.port, seed
        self.started = time.monotonic()
        self.until = self.started + seconds
        self.counts, self.kinds, self.wrongs = collections.Counter(), collections.Counter(), []

    def wrong(self, what):
        self.wrongs.append(what)
        if len(self.wrongs) > 20:
            self.until = 0

    async def tell(self):
        while time.monotonic() < self.until and not self.front.is_dead():
            await asyncio.sleep(min(10, max(0.1, self.until - time.monotonic())))
            if not self.front.is_dead():
                print("# %3d s: %s, %d wrong; %d descriptors, %.1f MiB" % (
                    time.monotonic() - self.started, ", ".join("%d %s" % (n, k) for k, n in sorted(self.counts.items(), reverse=True)),
                    len(self.wrongs), self.front.descriptors(), self.front.rss_kib() / 1024), flush=True)

    async def run(self, workers):
        clients = [asyncio.create_task(Client(self, number).run()) for number in range(workers)]
        await self.tell()
        await asyncio.gather(*clients)


def main():
    build, name = os.path.realpath(sys.argv[1]), sys.argv[2]
    seconds, seed = int(os.environ.get("TRAFFIC_SECONDS", "5")), int(os.environ.get("SEED") or random.randrange(1 << 30))
    under_valgrind = os.environ.get("VALGRIND") == "1"
    tap, agent_port = Tap(), free_port()
    what = "%s%s, %d s of mixed traffic" % (name, " under valgrind" if under_valgrind else "", seconds)
    print("# %s, SEED=%d" % (what, seed), flush=True)
    agent = subprocess.Popen([sys.executable, "-B", str(HERE / "agent.py"), str(agent_port)])
    front = None
    try:
        wait_for("the agent listens", 20, lambda: listens(agent_port))
        front = Front(build, name, agent_port, under_valgrind)
        before = front.descriptors()
        traffic = Traffic(front, seed, seconds)
        asyncio.run(traffic.run(int(os.environ.get("WORKERS", "40"))))
        tap.note(", ".join("%d %s" % (count, kind) for kind, count in traffic.kinds.most_common()))
        tap.prove("%s: every answer is right or visibly broken" % what, not traffic.wrongs and traffic.counts["requests"] > 0,
                  "\n".join(traffic.wrongs))
        agent.terminate()
        agent.wait()
        if front.behind:
            behind = front.behind.stop()
            tap.prove("%s: so does what is behind it" % what, behind == (0, ""), "status %s\n%s" % behind)
            front.behind = None
        try:
            wait_for("descriptors", SETTLE_S, lambda: front.is_dead() or front.descriptors() <= before + 1)
        except RuntimeError:
            pass
        after = 0 if front.is_dead() else front.descriptors()
        tap.prove("%s: descriptors return to the start" % what, 0 < after <= before + 1, "%d, then %d" % (before, after))
    finally:
        agent.kill()
        status, said = front.stop() if front is not None else (None, "")
    tap.prove("%s: it ends when told and has nothing to complain of" % what, status == 0 and not said, "status %s\n%s" % (status, said))
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
