# SPDX-License-Identifier: Apache-2.0
"""ABORTS (2000) requests that their clients abort, at every stage there is: aborts.py BUILD NAME. Afterwards krypton-proxy, the
engine or a gateway holds the descriptors and the memory that it held before, within the allowance below, and still serves. TAP.

Half as many before, up to 5000, only warm up: the allocator's arenas are made then, and stay. SEED repeats a run's choices."""

import contextlib
import os
import random
import selectors
import socket
import struct
import sys
import threading
import time

from front import Front, Tap, wait_for

ALLOWANCES_KIB = {"krypton-proxy": 512, "relay": 1024, "gateway": 2048}  # what the allocator may keep of the largest moment
SETTLE_S = 40
OWN = 2  # descriptors that a gateway opens with its first request, to the API server, and keeps
AT_ONCE = 100  # connections open at a time
STREAMS = 200
RESET = struct.pack("ii", 1, 0)
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Agent(threading.Thread):
    """Answers /ok at once, begins an event stream on /events and never ends it, and on anything else says nothing."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.drops = False

    def accept(self):
        connection, _ = self.listener.accept()
        connection.setblocking(False)
        self.selector.register(connection, selectors.EVENT_READ)

    def read(self, connection):
        data = b""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            data = connection.recv(1 << 18)
            if data.startswith(b"GET /ok "):
                connection.sendall(PLAIN)
            elif data.startswith(b"GET /events "):
                connection.sendall(EVENTS)
        if not data:
            self.close(connection)

    def close(self, connection):
        self.selector.unregister(connection)
        connection.close()

    def drop_all(self):
        """Idle connections to us are rightly kept: those we end, so that what is left is what was lost."""
        for key in list(self.selector.get_map().values()):
            if key.fileobj is not self.listener:
                self.close(key.fileobj)

    def run(self):
        while True:
            if self.drops:
                self.drop_all()
            for key, _ in self.selector.select(0.05):
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    self.read(key.fileobj)


HEAD = b"%s @/%s HTTP/1.1\r\nHost: a\r\n%s\r\n"  # @ is where the front's targets begin
BODY = b"x" * 100000
# (what is sent, is something read before the end)
STAGES = [
    (b"", False),
    (b"GET @/ok HT", False),
    (HEAD % (b"GET", b"ok", b""), False),
    (HEAD % (b"GET", b"ok", b""), True),
    (HEAD % (b"GET", b"silent", b""), False),
    (HEAD % (b"GET", b"events", b""), False),
    (HEAD % (b"GET", b"events", b""), True),
    (HEAD % (b"GET", b"ok", b"") * 20, False),
    (HEAD % (b"POST", b"silent", b"Content-Length: 200000\r\n") + BODY, False),
    (HEAD % (b"POST", b"silent", b"Content-Length: 100000\r\n") + BODY, False),
    (HEAD % (b"POST", b"silent", b"Transfer-Encoding: chunked\r\n") + b"5\r\nhel", False),
    (HEAD % (b"POST", b"silent", b"Expect: 100-continue\r\nContent-Length: 5\r\n"), False),
    (HEAD % (b"GET", b"silent", b"Connection: Upgrade\r\nUpgrade: x\r\n"), False),
    (HEAD % (b"GET", b"ok", b"Host: b\r\n"), False),
]


def abort_one(connection, chance):
    if chance.random() < 0.7:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


def abort_many(front, count, chance):
    """In rounds of AT_ONCE: opened and written, some read, then all ended in one go."""
    for done in range(0, count, AT_ONCE):
        opened = []
        for _ in range(min(AT_ONCE, count - done)):
            sent, reads = chance.choice(STAGES)
            connection = socket.create_connection(("127.0.0.1", front.port))
            connection.settimeout(30)
            opened.append((connection, reads))
            with contextlib.suppress(ConnectionError):
                connection.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    connection.send(sent.replace(b"@", front.at.encode()))
                connection.settimeout(30)
        for connection, reads in opened:
            with contextlib.suppress(ConnectionError):
                if reads:
                    connection.recv(chance.choice((1, 50, 65536)))
            abort_one(connection, chance)


def open_streams(front, count):
    """One after the other, each with 14 KiB of cookies, until its first event is here."""
    opened = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", front.port))
        connection.settimeout(30)
        connection.sendall((HEAD % (b"GET", b"events", b"Cookie: " + b"c" * 14336 + b"\r\n")).replace(b"@", front.at.encode()))
        seen = b""
        while b"data: x" not in seen:
            piece = connection.recv(4096)
            assert piece, seen
            seen += piece
        opened.append(connection)
    return opened


def prove_small_streams(front, tap):
    """The heads of open streams are not kept: of the first of them, what the allocator needs for one at a time."""
    opened = open_streams(front, 10)
    before = front.rss_kib()
    opened += open_streams(front, STREAMS)
    grown = front.rss_kib() - before
    for connection in opened:
        connection.close()
    tap.prove("%s: a stream that goes on keeps less than 6 KiB, whatever its request's head had" % front.name, grown < 6 * STREAMS,
              "%d KiB for %d streams" % (grown, STREAMS))
    tap.note("%s: %d KiB for %d streams" % (front.name, grown, STREAMS))


def serves(front):
    with socket.create_connection(("127.0.0.1", front.port)) as connection:
        connection.settimeout(30)
        connection.sendall((HEAD % (b"GET", b"ok", b"Connection: close\r\n")).replace(b"@", front.at.encode()))
        return connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def settle(front, agent, descriptors):
    agent.drops = True
    front.drop_idle()
    with contextlib.suppress(RuntimeError):
        wait_for("descriptors", SETTLE_S, lambda: front.is_dead() or front.descriptors() <= descriptors)
    agent.drops = False


def run(front, agent, count, chance, tap):
    allowance = ALLOWANCES_KIB[front.name]
    warm = min(5000, count // 2)
    empty = front.descriptors()
    abort_many(front, warm, chance)
    settle(front, agent, empty + OWN)
    prove_small_streams(front, tap)
    settle(front, agent, empty + OWN)
    before, started = (front.descriptors(), front.rss_kib()), time.monotonic()
    told = started
    for done in range(0, count, 1000):
        abort_many(front, min(1000, count - done), chance)
        if time.monotonic() - told > 10:
            told = time.monotonic()
            tap.note("%d of %d: %d descriptors, %d KiB" % (done, count, front.descriptors(), front.rss_kib()))
    took = time.monotonic() - started
    settle(front, agent, before[0])
    after = (front.descriptors(), front.rss_kib())
    tap.note("%s: %d aborts in %.1f s; descriptors %d, then %d; RSS %d KiB, then %d KiB" % (
        front.name, count, took, before[0], after[0], before[1], after[1]))
    tap.prove("%s: descriptors return to the start after %d aborted requests" % (front.name, count), after[0] <= before[0],
              "%d, then %d" % (before[0], after[0]))
    tap.prove("%s: memory returns to the start after %d aborted requests, give or take %d KiB" % (front.name, count, allowance),
              after[1] <= before[1] + allowance, "%d KiB, then %d KiB" % (before[1], after[1]))
    tap.prove("%s: it still serves" % front.name, serves(front))


def main():
    build, name = os.path.realpath(sys.argv[1]), sys.argv[2]
    count, seed = int(os.environ.get("ABORTS", "2000")), int(os.environ.get("SEED") or random.randrange(1 << 30))
    print("# %s, %d aborts, SEED=%d" % (name, count, seed), flush=True)
    tap, agent = Tap(), Agent()
    agent.start()
    front = Front(build, name, agent.port)
    try:
        run(front, agent, count, random.Random(seed), tap)
    finally:
        status, said = front.stop()
    tap.prove("%s: it ends when told and has nothing to complain of" % name, status == 0 and not said, "status %s\n%s" % (status, said))
    return 1 if tap.failed else 0


sys.exit(main())
