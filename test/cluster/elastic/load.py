# SPDX-License-Identifier: Apache-2.0
"""Many requests at once, from one thread: a wave whose height can be changed while it runs, and what became of each request."""

import asyncio
import dataclasses
import random
import threading
import time

HEAD_LIMIT = 1 << 20
LONGEST = 400  # seconds; no request takes longer


@dataclasses.dataclass
class Outcome:
    """One request: `cut` says what was wrong with its end, "" for nothing."""
    target: str
    began: float
    status: int = 0
    cut: str = ""
    first_byte: float = 0.0
    ended: float = 0.0
    pod: str = ""
    running: int = 0
    body: bytes = b""

    @property
    def is_lost(self):
        return self.status != 200 or bool(self.cut)

    def told(self):
        return f"{self.target}: status {self.status} {self.cut} after {self.ended - self.began:.2f} s {self.body[:160]!r}"


async def _body(reader, headers, outcome):
    """To the end that HTTP promised; the last bytes of it are kept."""
    tail = b""
    if "chunked" in headers.get("transfer-encoding", ""):
        while size := int(await reader.readuntil(b"\r\n"), 16):
            tail = (tail + (await reader.readexactly(size + 2))[:-2])[-256:]
        await reader.readuntil(b"\r\n")
    else:
        tail = (await reader.readexactly(int(headers.get("content-length", 0))))[-256:]
    outcome.body = tail


async def _exchange(host, port, text, outcome):
    reader, writer = await asyncio.open_connection(host, port, limit=HEAD_LIMIT)
    try:
        writer.write(text)
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        outcome.first_byte = time.monotonic()
        headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in lines[1:] if line)}
        outcome.pod, outcome.running = headers.get("agent-pod", ""), int(headers.get("agent-running", 0))
        await _body(reader, headers, outcome)
        outcome.status = int(lines[0].split(" ")[1])
    finally:
        writer.close()


async def ask(host, port, path, rest, method="GET", body=b""):
    """One request on a connection of its own; never raises but for being cancelled."""
    outcome = Outcome(rest, time.monotonic())
    more = f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n" if method == "POST" else ""
    text = f"{method} {path}{rest} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAccept: */*\r\n{more}\r\n".encode() + body
    try:
        await asyncio.wait_for(_exchange(host, port, text, outcome), LONGEST)
        if outcome.status == 200 and rest.startswith("/stream") and not outcome.body.endswith(b"event: end\ndata: {}\n\n"):
            outcome.cut = "its last event is missing"
    except (asyncio.IncompleteReadError, asyncio.TimeoutError, OSError, ValueError) as failure:
        outcome.cut = f"{type(failure).__name__}: {failure}"
    outcome.ended = time.monotonic()
    return outcome


class Background:
    """An event loop in a thread of its own."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def start(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class Wave:
    """`height` clients at once, each with a new request when the one before has ended; choose() makes each request's path."""

    def __init__(self, gateway, address, choose, seed=1):
        self.host, self.port = gateway.host, gateway.port
        self.path, self.choose = f"/v1/agents/{address}", choose
        self.outcomes, self.running, self.height = [], 0, 0
        self._random, self._background, self._tasks = random.Random(seed), Background(), set()

    async def _client(self):
        self.running += 1
        try:
            while self.running <= self.height:
                self.outcomes.append(await ask(self.host, self.port, self.path, self.choose(self._random)))
        finally:
            self.running -= 1

    async def _set(self, height):
        self.height = height
        for _ in range(height - self.running):
            task = asyncio.ensure_future(self._client())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await asyncio.sleep(0)

    def set(self, height):
        self._background.start(self._set(height)).result(10)
        return self

    def lost(self):
        return [outcome.told() for outcome in list(self.outcomes) if outcome.is_lost]

    def stop(self, within=60):
        """No new requests; those that run end as they do. All outcomes."""
        self.set(0)
        end = time.monotonic() + within
        while self.running and time.monotonic() < end:
            time.sleep(0.02)
        left = self.running
        self.close()
        assert not left, f"{left} requests have not ended {within} s after the last began"
        return self.outcomes

    def close(self):
        """What still runs is broken off."""
        if self._background is not None:
            self._background.close()
            self._background = None


def ask_each(gateway, requests, **how):
    """Each (address, rest) at once; their outcomes in order."""
    async def run():
        return await asyncio.gather(*(ask(gateway.host, gateway.port, f"/v1/agents/{address}", rest, **how) for address, rest in requests))
    background = Background()
    try:
        return background.start(run()).result(LONGEST + 10)
    finally:
        background.close()
