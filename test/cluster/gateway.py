# SPDX-License-Identifier: Apache-2.0
"""Requests through the gateway, and streams that are read while something else happens."""

import hashlib
import json
import random
import socket
import ssl
import threading
import time
import urllib.parse

import httpx

from kube import SYSTEM, wait_for

TIMEOUT = httpx.Timeout(40, connect=5)
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used; without one each client reads all of the machine's roots


def client(**more):
    return httpx.Client(**{"timeout": TIMEOUT, "trust_env": False, "verify": NO_TLS, **more})


plain = client(timeout=5)


class Gateway:
    """The Service of all gateways, or one pod of them."""

    def __init__(self, address):
        self.url = f"http://{address}:8080"
        self.ops = f"http://{address}:8082"
        self.host, self.port = address, 8080
        self.http = client()

    def agent(self, address, path=""):
        return f"{self.url}/v1/agents/{address}{path}"

    def get(self, address, path="", **more):
        return self.http.get(self.agent(address, path), **more)

    def post(self, address, path="", **more):
        return self.http.post(self.agent(address, path), **more)


def service(cluster):
    return Gateway(cluster.get("services", SYSTEM, "krypton-gateway")["spec"]["clusterIP"])


def pods(cluster):
    """Each gateway pod, addressed by itself, with the pod."""
    return [(Gateway(pod["status"]["podIP"]), pod) for pod in cluster.daemon_pods("gateway")]


def sidecar(pod, path):
    return plain.get(f"http://{pod['status']['podIP']}:8888{path}")


def inflight(pod):
    """Requests that run in a pod, by its sidecar; -1 where it does not say."""
    try:
        return sidecar(pod, "/_krypton/inflight").json()["inflight"]
    except httpx.HTTPError:
        return -1


def raw(url, head, timeout=30):
    """A connection on which the head was sent, byte for byte."""
    where = urllib.parse.urlsplit(url)
    connection = socket.create_connection((where.hostname, where.port), timeout=timeout)
    connection.sendall(head)
    return connection


def read_until(connection, mark, limit=1 << 20):
    seen = b""
    while mark not in seen and len(seen) < limit:
        piece = connection.recv(65536)
        if not piece:
            break
        seen += piece
    return seen


def echo(url, megabytes, host="x"):
    """Uploads to an agent that gives back what it gets; checksums of what went and what came. Half of it is sent only when
    bytes have come back: what buffers the upload as a whole gets no further."""
    piece, back = random.Random(7).randbytes(1 << 20), threading.Event()
    sent, received = hashlib.sha256(), hashlib.sha256()
    head = (f"POST {urllib.parse.urlsplit(url).path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
            "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n")

    def write():
        for number in range(megabytes):
            if number == megabytes // 2 and not back.wait(20):
                connection.shutdown(socket.SHUT_RDWR)
                return
            sent.update(piece)
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")

    with raw(url, head.encode()) as connection:
        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        with connection.makefile("rb") as answer:
            status = answer.readline()
            assert status.startswith(b"HTTP/1.1 200"), status
            while answer.readline() not in (b"\r\n", b""):
                pass
            while size := int(answer.readline() or b"-1", 16):
                assert size > 0, "the answer broke off"
                received.update(answer.read(size))
                back.set()
                answer.readline()
        writer.join(10)
    return sent.hexdigest(), received.hexdigest()


class Stream:
    """An event stream, read by a thread of its own: when each event came, and how it ended.

    end is None while it runs, "complete" when the answer ended as HTTP says it must (last chunk and all), else what broke it."""

    def __init__(self, url, headers=None, timeout=60):
        self.url, self.arrivals, self.text = url, [], b""
        self.status, self.headers, self.end = None, {}, None
        self._answer = None
        self._http = client(timeout=httpx.Timeout(timeout, connect=5))
        self._thread = threading.Thread(target=self._read, args=(headers or {},), daemon=True)
        self._thread.start()

    def _read(self, headers):
        try:
            with self._http.stream("GET", self.url, headers=headers) as answer:
                self._answer, self.headers, self.status = answer, answer.headers, answer.status_code
                for piece in answer.iter_raw():
                    self.text += piece
                    self.arrivals += [time.monotonic()] * piece.count(b"\n\n")
            self.end = "complete"
        except Exception as failure:  # whatever it was, it is how the stream ended
            self.end = f"{type(failure).__name__}: {failure}"

    @property
    def events(self):
        return len(self.arrivals)

    def wait_events(self, count, within=30):
        wait_for(lambda: self.events >= count or self.end, within, f"{count} events of {self.url}", every=0.02)
        assert self.events >= count, f"{self.url}: {self.events} events, status {self.status}, ended: {self.end}"
        return self

    def wait_end(self, within=60):
        wait_for(lambda: self.end, within, f"the end of {self.url} after {self.events} events", every=0.02)
        return self.end

    def ended_whole(self):
        """Ended by its last chunk, and by the agent's own last event."""
        return self.end == "complete" and self.text.endswith(b"event: end\ndata: {}\n\n")

    def came_apart(self, events, interval):
        """Events arrived over the time in which they were sent, not together: a hiccup of the machine is forgiven, a buffer is not."""
        gaps = [after - before for before, after in zip(self.arrivals, self.arrivals[1:events])]
        return sum(gaps) > 0.7 * interval * (events - 1) and sum(gap > interval / 2 for gap in gaps) > len(gaps) / 2

    def leave(self):
        """What a client does that loses interest: its connection is shut, while the thread still reads."""
        if self._answer is not None:
            connection = self._answer.extensions["network_stream"].get_extra_info("socket")
            connection.shutdown(socket.SHUT_RDWR)

    def numbers(self):
        return [json.loads(line[6:])["n"] for line in self.text.split(b"\n")
                if line.startswith(b"data: {\"n\"")]


class Load:
    """Clients that ask again and again until stopped; every answer is kept."""

    def __init__(self, url, clients=2):
        self.url, self.answers = url, []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _ask(self):
        with client() as http:
            while not self._stop.is_set():
                try:
                    answer = http.get(self.url)
                    self.answers.append((answer.status_code, answer.text))
                except httpx.HTTPError as failure:
                    self.answers.append((0, f"{type(failure).__name__}: {failure}"))

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(45)
        return self.answers

    def lost(self):
        return [answer for answer in self.answers if answer[0] != 200]


def together(count, ask):
    """Runs ask(i) count times at once; the results in order, exceptions among them."""
    results = [None] * count

    def one(i):
        try:
            results[i] = ask(i)
        except Exception as failure:
            results[i] = failure

    threads = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results
