# SPDX-License-Identifier: Apache-2.0
"""What tests of gateway and scaler share: our real daemons as processes, a real API server, scripted pods at addresses
that the test makes on a dummy link of its own, and HTTP clients that see bytes. All waits are on facts, with a bound."""

import asyncio
import glob
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback

SECONDS = 20  # no fact takes longer
PROXY_PORT = 8888
AGENTS = "/apis/krypton.ai/v1alpha1/namespaces/{}/agents"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices"
BUILD = os.environ.get("BUILD", "build")


# --- facts ---


async def until(fact, what, seconds=SECONDS):
    """Waits until fact() is true and returns what it said."""
    deadline = time.monotonic() + seconds
    while True:
        seen = fact()
        if asyncio.iscoroutine(seen):
            seen = await seen
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError("not within %d s: %s" % (seconds, what))
        await asyncio.sleep(0.01)


def same(seen, wanted, what=""):
    assert seen == wanted, "%s: %r, not %r" % (what or "seen", seen, wanted)


# --- addresses ---


class Link:
    """Addresses of pods, on a link that goes with the test. The API server refuses loopback addresses in EndpointSlices."""

    def __init__(self):
        self.name = "kt%d" % os.getpid()
        self.net = "198.18.%d." % (os.getpid() % 250 + 1)
        self.next = 1
        subprocess.run(["ip", "link", "add", self.name, "type", "bridge"], check=True)
        subprocess.run(["ip", "link", "set", self.name, "up"], check=True)

    def address(self):
        ip = self.net + str(self.next)
        self.next += 1
        subprocess.run(["ip", "address", "add", ip + "/32", "dev", self.name], check=True)
        return ip

    def close(self):
        subprocess.run(["ip", "link", "delete", self.name], check=False)


# --- the API server ---


class Api:
    """Plain HTTP with the kubeconfig's own credentials, by kubectl."""

    def __init__(self, namespace):
        self.kubectl = os.environ.get("KUBECTL", "kubectl")
        self.namespace = namespace
        self.proxy = subprocess.Popen([self.kubectl, "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
        found = re.search(r"127\.0\.0\.1:(\d+)", self.proxy.stdout.readline())
        assert found, "kubectl proxy did not start"
        self.port = int(found.group(1))
        self.run("create", "namespace", namespace)

    def close(self):
        self.run("delete", "namespace", self.namespace, "--wait=false")
        self.proxy.terminate()
        self.proxy.wait(timeout=SECONDS)

    def run(self, *args):
        done = subprocess.run([self.kubectl, *args], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, "kubectl %s: %s" % (" ".join(args), done.stderr)
        return done.stdout

    async def call(self, method, path, body=None, kind="application/json", fine=(200, 201)):
        text = b"" if body is None else json.dumps(body).encode()
        answer = await request("127.0.0.1", self.port, method, path, {"Content-Type": kind, "Connection": "close"}, text)
        assert answer.status in fine, "%s %s: %d %s" % (method, path, answer.status, answer.body[:300])
        return json.loads(answer.body)

    async def agent(self, name, status=None, **spec):
        """Makes an Agent, and gives it a status where one is wanted."""
        body = {"apiVersion": "krypton.ai/v1alpha1", "kind": "Agent", "metadata": {"name": name},
                "spec": {"image": "example/agent:1", **spec}}
        made = await self.call("POST", AGENTS.format(self.namespace), body)
        if status is not None:
            made = await self.patch_status(name, status)
        return made

    async def get(self, name):
        return await self.call("GET", AGENTS.format(self.namespace) + "/" + name)

    async def patch(self, name, patch):
        return await self.call("PATCH", AGENTS.format(self.namespace) + "/" + name, patch, "application/merge-patch+json")

    async def patch_status(self, name, status, resource_version=None):
        patch = {"status": status}
        if resource_version:
            patch["metadata"] = {"resourceVersion": resource_version}
        return await self.call("PATCH", AGENTS.format(self.namespace) + "/" + name + "/status", patch,
                               "application/merge-patch+json")

    async def delete(self, name):
        return await self.call("DELETE", AGENTS.format(self.namespace) + "/" + name)

    async def pods(self, agent, *pods, labels=None, port=PROXY_PORT):
        """The EndpointSlice of an agent: each pod an address, or (address, {condition: value})."""
        name = agent + "-pods"
        endpoints = []
        for pod in pods:
            ip, conditions = pod if isinstance(pod, tuple) else (pod, {})
            conditions = {"ready": True, "serving": True, "terminating": False, **conditions}
            endpoints.append({"addresses": [ip], "conditions": conditions})
        body = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                "metadata": {"name": name, "labels": labels or
                             {"krypton.ai/agent": agent, "kubernetes.io/service-name": agent}},
                "endpoints": endpoints, "ports": [{"name": "http", "port": port, "protocol": "TCP"}]}
        path = SLICES.format(self.namespace)
        there = await self.call("GET", path + "/" + name, fine=(200, 404))
        if there["kind"] == "Status":
            return await self.call("POST", path, body)
        body["metadata"]["resourceVersion"] = there["metadata"]["resourceVersion"]
        return await self.call("PUT", path + "/" + name, body)

    def changes(self, name, since):
        """Every change of an Agent after that resourceVersion, as they come."""
        return Changes(self, name, since)


class Changes:
    def __init__(self, api, name, since):
        self.api, self.seen = api, []
        self.path = "%s?watch=true&fieldSelector=metadata.name=%s&resourceVersion=%s" % (
            AGENTS.format(api.namespace), name, since)

    async def __aenter__(self):
        self.stream = await stream("127.0.0.1", self.api.port, "GET", self.path)
        same(self.stream.status, 200, "watch")
        self.task = asyncio.create_task(self.follow())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        self.stream.close()

    async def follow(self):
        left = b""
        while True:
            piece = await self.stream.piece()
            if not piece:
                return
            *lines, left = (left + piece).split(b"\n")
            self.seen += [json.loads(line)["object"] for line in lines if line]


def kubeconfig():
    """$KUBECONFIG as an object."""
    view = [os.environ.get("KUBECTL", "kubectl"), "config", "view", "--raw", "-o", "json"]
    return json.loads(subprocess.run(view, capture_output=True, check=True, timeout=60).stdout)


def kubeconfig_for(server=None, token=None):
    """A copy of $KUBECONFIG that goes by another address, or as somebody else. The file's name."""
    config = kubeconfig()
    if server is not None:
        config["clusters"][0]["cluster"]["server"] = server
    if token is not None:
        config["users"][0]["user"] = {"token": token}
    file = tempfile.NamedTemporaryFile("w", suffix=".kubeconfig", delete=False)
    json.dump(config, file)
    file.close()
    return file.name


def api_address():
    server = kubeconfig()["clusters"][0]["cluster"]["server"]
    host, port = re.fullmatch(r"https://([^:/]+):(\d+)/?", server).groups()
    return host, int(port)


class Relay:
    """TCP to the API server that can be cut."""

    async def start(self):
        self.target, self.writers, self.is_cut = api_address(), set(), False
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def serve(self, reader, writer):
        if self.is_cut:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self.target)
        self.writers |= {writer, far_writer}
        await asyncio.gather(self.copy(reader, far_writer), self.copy(far_reader, writer))

    async def copy(self, reader, writer):
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    def cut(self):
        self.is_cut = True
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    def mend(self):
        self.is_cut = False

    def close(self):
        self.cut()
        self.server.close()


# --- HTTP ---


class Answer:
    def __init__(self, status, headers, body, is_whole):
        self.status, self.headers, self.body, self.is_whole = status, headers, body, is_whole

    def json(self):
        return json.loads(self.body)


class Stream:
    """An answer as it arrives."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.is_over, self.is_whole = reader, writer, False, False

    async def start(self):
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), SECONDS)
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in lines[1:] if line)}
        if 100 <= self.status < 200 and self.status != 101:
            return await self.start()
        self.is_chunked = "chunked" in self.headers.get("transfer-encoding", "")
        self.left = 0 if self.status in (204, 304) else int(self.headers.get("content-length", -1))
        return self

    async def piece(self):
        """The next bytes of the body; b"" at its end. is_whole tells whether that end was an orderly one."""
        if self.is_over:
            return b""
        try:
            piece = await self.chunk() if self.is_chunked else await self.plain()
        except (asyncio.IncompleteReadError, ConnectionError):
            piece = b""
        self.is_over = piece == b""
        return piece

    async def chunk(self):
        size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
        piece = (await self.reader.readexactly(size + 2))[:-2]
        self.is_whole = size == 0
        return piece

    async def plain(self):
        if self.left == 0:
            self.is_whole = True
            return b""
        piece = await self.reader.read(65536 if self.left < 0 else self.left)
        self.is_whole = self.left < 0 and piece == b""
        self.left -= len(piece) if self.left > 0 else 0
        return piece

    async def whole(self):
        body = b""
        while piece := await asyncio.wait_for(self.piece(), 3 * SECONDS):
            body += piece
        return Answer(self.status, self.headers, body, self.is_whole)

    def close(self):
        self.writer.transport.abort()


async def send(host, port, method, path, headers=None, body=b""):
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
    lines = {"Host": "%s:%d" % (host, port), **(headers or {})}
    if body or method in ("POST", "PUT", "PATCH"):
        lines["Content-Length"] = str(len(body))
    writer.write("".join(["%s %s HTTP/1.1\r\n" % (method, path), *("%s: %s\r\n" % line for line in lines.items()), "\r\n"])
                 .encode("latin-1") + body)
    await writer.drain()
    return Stream(reader, writer)


async def stream(host, port, method, path, headers=None, body=b""):
    return await (await send(host, port, method, path, headers, body)).start()


async def request(host, port, method, path, headers=None, body=b""):
    answer = await stream(host, port, method, path, headers, body)
    try:
        return await answer.whole()
    finally:
        answer.close()


# --- scripted pods ---


class Request:
    def __init__(self, method, target, headers, body, reader, writer):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.reader, self.writer = reader, writer

    async def client_leaves(self):
        """Waits for the end of its connection: nothing else may come on it."""
        try:
            same(await self.reader.read(), b"", "bytes behind the request")
        except ConnectionError:
            pass

    def reply(self, status=200, body=b"", **headers):
        lines = {"Content-Length": str(len(body)), **{n.replace("_", "-"): v for n, v in headers.items()}}
        self.writer.write(("HTTP/1.1 %d X\r\n" % status + "".join("%s: %s\r\n" % line for line in lines.items()) + "\r\n")
                          .encode() + body)

    def begin(self, kind="text/event-stream", **headers):
        lines = {"Content-Type": kind, "Transfer-Encoding": "chunked", **{n.replace("_", "-"): v for n, v in headers.items()}}
        self.writer.write(("HTTP/1.1 200 OK\r\n" + "".join("%s: %s\r\n" % line for line in lines.items()) + "\r\n").encode())

    def piece(self, data):
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.writer.write(b"0\r\n\r\n")

    def refuse(self, reason, inflight=0):
        self.reply(502 if reason == "agent_unreachable" else 503, b"{}", Krypton_Reason=reason,
                   Krypton_Inflight=str(inflight))

    def abort(self):
        self.writer.transport.abort()


class Pod:
    """A scripted krypton-proxy. `agent(request)` is its agent's part; what it got is in `invocations`, other daemons'
    questions in `questions`."""

    def __init__(self, ip, agent=None, is_ready=True, token=None, port=PROXY_PORT):
        self.ip, self.port, self.token = ip, port, token
        self.agent = agent or (lambda request: request.reply(200, b"from " + ip.encode()))
        self.ready = asyncio.Event()
        if is_ready:
            self.ready.set()
        self.is_visited = False  # something begins and ends all the time, never while it is asked
        self.inflight, self.streams, self.concurrency, self.last_activity_ms = 0, 0, 8, 0
        self.reason, self.cause = "AgentNotListening", "not ready"
        self.invocations, self.questions = [], []
        self.is_mute = self.is_retired = False
        self.unanswered = 0  # questions while it was mute
        self.lie = None  # what it answers instead of its load
        self.server = None

    async def start(self):
        self.server = await asyncio.start_server(self.serve, self.ip, self.port, limit=1 << 20, reuse_address=True)
        return self

    def stop(self):
        if self.server:
            self.server.close()

    async def serve(self, reader, writer):
        try:
            while True:
                await self.serve_one(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def read(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in head[1:] if line)}
        if headers.get("expect") == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = b""
        if "chunked" in headers.get("transfer-encoding", ""):
            while size := int(await reader.readuntil(b"\r\n"), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readuntil(b"\r\n")
        else:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(method, target, headers, body, reader, writer)

    async def serve_one(self, reader, writer):
        got = await self.read(reader, writer)
        if self.is_mute:
            self.unanswered += 1
            await until(lambda: not self.is_mute, "it speaks again", 3 * SECONDS)
            raise ConnectionError
        if "krypton-gateway" in got.headers:
            self.invocations.append(got)
            done = self.agent(got)
            if asyncio.iscoroutine(done):
                await done
        else:
            self.questions.append(got)
            await self.answer_question(got)
        await writer.drain()

    async def answer_question(self, got):
        path = got.target.partition("?")[0]
        shown = got.headers.get("krypton-token")
        if shown is not None and shown != self.token:
            got.reply(403, b"{}")
        elif path == "/_krypton/retire" and shown is not None:
            self.is_retired = got.method == "POST"
            got.reply(200, b"retired\n" if self.is_retired else b"serving\n")
        elif path == "/readyz":
            wait = re.search(r"wait=(\d+)(m?)s", got.target)
            seconds = int(wait.group(1)) / (1000 if wait.group(2) else 1) if wait else 0
            try:
                await asyncio.wait_for(self.ready.wait(), max(seconds, 0.001))
                got.reply(200, b"ok\n")
            except asyncio.TimeoutError:
                got.reply(503, json.dumps({"error": self.cause, "reason": self.reason}).encode(),
                          Content_Type="application/json")
        elif path == "/_krypton/inflight" and self.lie is not None:
            got.reply(200, self.lie)
        elif path == "/_krypton/inflight":
            if self.is_visited:
                self.last_activity_ms = int(time.time() * 1000)
            got.reply(200, json.dumps({"inflight": self.inflight, "streams": self.streams, "concurrency": self.concurrency,
                                       "lastActivity": self.last_activity_ms * 1000000, "draining": False,
                                       "retired": self.is_retired, "agent": "listening"}).encode())
        else:
            got.reply(404)


# --- the agents' tokens ---

KEY = b"a key for the tests of the daemons"


def write_key():
    """The key's file; the caller unlinks it."""
    file = tempfile.NamedTemporaryFile(delete=False)
    file.write(KEY + b"\n")
    file.close()
    return file.name


def token_of(agent):
    """As the controller makes it: HMAC-SHA256 of the UID."""
    return hmac.new(KEY, agent["metadata"]["uid"].encode(), hashlib.sha256).hexdigest()


# --- our daemons ---


class WallClock:
    """A daemon's own, started with its env: it can jump; the monotonic one goes on."""

    def __init__(self):
        fd, self.path = tempfile.mkstemp()
        os.close(fd)
        self.jump(0)
        [library] = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        self.env = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def jump(self, hours):
        """To so many hours ahead of everybody else's."""
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write("+%dh" % hours)
        os.replace(self.path + ".new", self.path)

    def close(self):
        os.unlink(self.path)


class Daemon:
    def __init__(self, program, *flags, env=None):
        self.program, self.flags, self.env = program, flags, {**os.environ, **(env or {})}
        self.lines, self.logs, self.waiters = [], [], []

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            os.path.join(BUILD, "bin", self.program), *self.flags, env=self.env,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, limit=1 << 20)
        self.task = asyncio.create_task(self.read())
        return self

    async def read(self):
        async for raw in self.process.stdout:
            line = raw.decode(errors="replace").rstrip("\n")
            self.lines.append(line)
            try:
                self.logs.append(json.loads(line))
            except ValueError:
                pass

    def logged(self, event, **fields):
        return [log for log in self.logs
                if log.get("event") == event and all(log.get(name) == value for name, value in fields.items())]

    async def log(self, event, **fields):
        return (await until(lambda: self.logged(event, **fields), "%s logs %s %s" % (self.program, event, fields)))[-1]

    async def end(self, seconds=SECONDS):
        """Waits for the process's own end; its status. What a sanitizer has to say is a failure."""
        status = await asyncio.wait_for(self.process.wait(), seconds)
        await self.task
        report = next((at for at, line in enumerate(self.lines) if "Sanitizer" in line or "runtime error:" in line), None)
        assert report is None, "\n".join(self.lines[report:])
        return status

    async def stop(self):
        if self.process.returncode is None:
            self.process.terminate()
            try:
                await self.end(5)
            except asyncio.TimeoutError:
                self.process.kill()
                await self.end()
        return self.process.returncode


async def refused(program, *flags, env=None):
    """What a daemon with wrong settings says: its lines and its status."""
    daemon = await Daemon(program, *flags, env=env).start()
    try:
        return daemon.lines, await daemon.end()
    finally:
        await daemon.stop()


def metric(text, name, **labels):
    """The value of one series; None: it is not there."""
    for line in text.splitlines():
        found = re.fullmatch(re.escape(name) + r"(?:\{(.*)\})? (\S+)", line)
        if found and all('%s="%s"' % label in (found.group(1) or "") for label in labels.items()):
            return float(found.group(2))
    return None


# --- TAP ---


async def run_tests(tests, context, at_once=1):
    """Runs them; prints a line each, named by their docstring. True where all are well."""
    gate, failed = asyncio.Semaphore(at_once), []

    async def one(test):
        sentence = " ".join(test.__doc__.split())
        async with gate:
            began = time.monotonic()
            try:
                await asyncio.wait_for(test(context), 3 * SECONDS)
                print("ok - %s" % sentence, flush=True)
            except (Exception, asyncio.CancelledError):
                failed.append(test)
                print("not ok - %s" % sentence, flush=True)
                print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
            if os.environ.get("TIMES"):
                print("# %.1f s" % (time.monotonic() - began), flush=True)

    await asyncio.gather(*(one(test) for test in tests))
    return not failed


def main(context_type, tests, alone=(), at_once=1):
    """Runs the tests that the command line names, all by default: `tests` side by side, then `alone` one by one. Ends the
    process, with 0 where all are well."""
    def chosen(group):
        return [test for test in group if not sys.argv[1:] or test.__name__ in sys.argv[1:]]

    async def run():
        context = await context_type().start()
        try:
            side_by_side = await run_tests(chosen(tests), context, at_once)
            return await run_tests(chosen(alone), context) and side_by_side
        finally:
            await context.close()

    sys.exit(0 if asyncio.run(run()) else 1)
