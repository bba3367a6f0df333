# SPDX-License-Identifier: Apache-2.0
"""Node's server and uvicorn close a connection that was idle for 5 s (some of Node's versions wait 1 s more). IDLE_REQUESTS (1000)
requests of each method are placed around that instant, as it is measured first: idle.py BUILD AGENT, AGENT being node or uvicorn.
None may fail: a GET that meets a connection that is just being closed is repeated, a POST never uses one that was idle for so
long. TAP.

An idle connection is used once for each request that is placed, so many are asked for at once, at several krypton-proxies. All
answers of a round come at one instant, and the next requests as much later as the agent waits, give or take 100 ms, half of
them within 10 ms."""

import asyncio
import collections
import os
import random
import subprocess
import sys
import time

from front import HERE, Front, Tap, free_port, listens, wait_for

AT_ONCE = 64  # at each krypton-proxy
COMMANDS = {"node": ["node", str(HERE / "node_agent.js")], "uvicorn": [sys.executable, "-B", str(HERE / "uvicorn_agent.py")]}


class Slot:
    """One client's connection to a krypton-proxy, a request a round on it."""

    def __init__(self, method, port):
        self.method, self.port, self.reader, self.writer = method, port, None, None

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, at_s, answered_s):
        """(status, body); the request is written at one time, its answer given at the other."""
        await asyncio.sleep(max(0, at_s - time.time()))
        lines = "Content-Length: 2\r\n\r\nhi" if self.method == "POST" else "\r\n"
        self.writer.write(("%s /until/%d HTTP/1.1\r\nHost: a\r\n%s" % (self.method, answered_s * 1000, lines)).encode())
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 30)).decode().lower()
        if "transfer-encoding" in head:
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            body = await self.reader.readexactly(size)
            await self.reader.readuntil(b"0\r\n\r\n")
        else:
            body = await self.reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
        return int(head.split(" ")[1]), body.decode()


def when(chance):
    return chance.uniform(-0.01, 0.01) if chance.random() < 0.5 else chance.uniform(-0.1, 0.1)


async def idle_time_s(port):
    """How long the agent leaves a connection idle: the least of five, as a busy machine only adds to it."""

    async def measure():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /until/0 HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.read(4096)
        answered = time.monotonic()
        while await asyncio.wait_for(reader.read(4096), 30):
            answered = time.monotonic()
        writer.close()
        return time.monotonic() - answered

    return min(await asyncio.gather(*(measure() for _ in range(5))))


async def rounds(slots, idle_s, count, chance):
    """What came of each request that was placed: {method: [(status, body, was its connection known)]}"""
    outcomes, known = collections.defaultdict(list), set()
    await asyncio.gather(*(slot.open() for slot in slots))
    answered = time.time() + 1.5
    first = await asyncio.gather(*(slot.ask(0, answered) for slot in slots))
    known.update(body for _, body in first)
    while len(outcomes["GET"]) < count:
        due = max(answered, time.time() - 0.05) + idle_s  # where the machine was so busy that the last answers came late
        answered = due + 0.5
        got = await asyncio.gather(*(slot.ask(due + when(chance), answered) for slot in slots), return_exceptions=True)
        for slot, what in zip(slots, got):
            if isinstance(what, BaseException):
                outcomes[slot.method].append((0, repr(what), False))
                await slot.open()
            else:
                outcomes[slot.method].append((*what, what[1] in known))
        known.update(body for _, body, _ in sum(outcomes.values(), []))
    return outcomes


def prove(tap, agent, idle_s, outcomes):
    for method, what in sorted(outcomes.items()):
        failed = [(status, body) for status, body, _ in what if status != 200]
        reused = sum(is_known for _, _, is_known in what)
        tap.note("%s, %s: %d requests %.2f s after the last, give or take, %d of them on a connection that was idle, %d failed" % (
            agent, method, len(what), idle_s, reused, len(failed)))
        tap.prove("%s: no %s fails that comes when its idle connection is closed" % (agent, method), what and not failed,
                  "\n".join("%d %s" % pair for pair in failed))
        if method == "POST":
            tap.prove("%s: no POST is sent on a connection that was idle for so long" % agent, reused == 0, reused)


def main():
    build, agent = os.path.realpath(sys.argv[1]), sys.argv[2]
    count, seed = int(os.environ.get("IDLE_REQUESTS", "1000")), int(os.environ.get("SEED") or random.randrange(1 << 30))
    print("# %s, %d requests of each method, SEED=%d" % (agent, count, seed), flush=True)
    tap, port, fronts = Tap(), free_port(), []
    process = subprocess.Popen([*COMMANDS[agent], str(port)])
    try:
        wait_for("%s listens" % agent, 60, lambda: process.poll() is not None or listens(port))
        each = min(6, -(-count // AT_ONCE))
        fronts = [Front(build, "krypton-proxy", port) for _ in range(2 * each)]
        slots = [Slot("GET" if i % 2 == 0 else "POST", front.port) for i, front in enumerate(fronts) for _ in range(AT_ONCE)]
        idle_s = asyncio.run(idle_time_s(port))
        prove(tap, agent, idle_s, asyncio.run(rounds(slots, idle_s, count, random.Random(seed))))
    finally:
        stopped = [front.stop() for front in fronts]
        process.kill()
    tap.prove("%s: krypton-proxy ends when told and has nothing to complain of" % agent,
              all(status == 0 and not said for status, said in stopped), stopped)
    return 1 if tap.failed else 0


sys.exit(main())
