# SPDX-License-Identifier: Apache-2.0
"""What is measured: our sidecar and gateway, our bare engine, and the proxies beside them, all before the same backend."""

import http.client
import json
import os
import subprocess
import sys
import tempfile

from ports import free_port
from processes import OTHER_CORE, Process, descriptors, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
AGENT_PATH = "/v1/agents/default/bench"
_CONCURRENCY = "100000"
_sidecars = 0


def get(address, path):
    """(status, body); status 0: nobody answers."""
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


class Peer:
    """One proxy (or two, one behind the other) that can be asked at `address`, below `prefix`. `processes` are those whose CPU
    time counts; `parts` are all that were started for it."""

    def __init__(self, name, address, processes, parts=(), prefix=""):
        self.name, self.address, self.processes, self.prefix = name, address, list(processes), prefix
        self.parts = list(parts) or self.processes
        wait_until(lambda: get(self.address, self.prefix + "/")[0] == 200, "an answer through " + name)

    def pids(self):
        return [pid for process in self.processes for pid in process.working_pids]

    def stop(self):
        for part in reversed(self.parts):
            part.stop()


def backend():
    port = free_port()
    return "127.0.0.1:%d" % port, Process("backend", BUILD + "/bench/backend", "--listen=127.0.0.1:%d" % port, core=OTHER_CORE)


def held_at(backend_address):
    """What the backend holds open: {"connections", "silent", "streams"}."""
    return json.loads(get(backend_address, "/counts")[1])


def _scratch():
    if not hasattr(_scratch, "folder"):
        _scratch.folder = tempfile.TemporaryDirectory(prefix="krypton-bench-")
        os.chmod(_scratch.folder.name, 0o755)  # nginx's worker is somebody else
    return _scratch.folder.name


def _configured(template, port, upstream):
    with open(os.path.join(HERE, "../peers", template), encoding="utf-8") as file:
        text = file.read()
    connections = (descriptors() - 2000) // 2
    for name, value in (("port", str(port)), ("upstream", upstream), ("scratch", _scratch()),
                        ("descriptors", str(descriptors())), ("connections", str(connections))):
        text = text.replace("@%s@" % name, value)
    path = os.path.join(_scratch(), "%d-%s" % (port, template))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def nginx(upstream, name="nginx", **options):
    port = free_port()
    process = Process(name, "nginx", "-c", _configured("nginx.conf", port, upstream), worker_count=1, **options)
    return Peer(name, "127.0.0.1:%d" % port, [process])


def nginx_chain(upstream):
    behind = nginx(upstream, "nginx behind")
    before = nginx(behind.address, "nginx before")
    return Peer("nginx + nginx", before.address, before.processes + behind.processes)


def haproxy(upstream, name="haproxy", **options):
    port = free_port()
    process = Process(name, "haproxy", "-q", "-db", "-f", _configured("haproxy.cfg", port, upstream), **options)
    return Peer(name, "127.0.0.1:%d" % port, [process])


def goproxy(upstream, name="Go", **options):
    port = free_port()
    process = Process(name, BUILD + "/bench/goproxy", "-listen=127.0.0.1:%d" % port, "-upstream=http://" + upstream,
                      "-concurrency=" + _CONCURRENCY, env={"GOMAXPROCS": "1"}, **options)
    return Peer(name, "127.0.0.1:%d" % port, [process])


def mhdproxy(upstream, name="libmicrohttpd", **options):
    port = free_port()
    process = Process(name, BUILD + "/bench/mhdproxy", "--listen=127.0.0.1:%d" % port, "--upstream=" + upstream, **options)
    return Peer(name, "127.0.0.1:%d" % port, [process])


def engine(upstream, name="bare engine", **options):
    port = free_port()
    process = Process(name, BUILD + "/test/wire/engine/relay", "--listen=127.0.0.1:%d" % port, "--upstream=" + upstream,
                      "--quiet", **options)
    return Peer(name, "127.0.0.1:%d" % port, [process])


def _next_pod_ip():
    """A loopback address that is this pod's alone: the gateway asks each pod at port 8888."""
    global _sidecars
    _sidecars += 1
    return "127.%d.%d.%d" % (100 + os.getpid() // 250 % 100, os.getpid() % 250 + 1, _sidecars)


def _start_sidecar(upstream, name, **options):
    address = _next_pod_ip() + ":8888"
    return address, Process(name, BUILD + "/bin/krypton-proxy", env={
        "KRYPTON_LISTEN_ADDR": address, "KRYPTON_UPSTREAM_URL": "http://" + upstream, "KRYPTON_CONCURRENCY": _CONCURRENCY,
        "KRYPTON_AGENT_NAME": "bench", "KRYPTON_PROTOCOL": "http"}, **options)


def sidecar(upstream, name="krypton-proxy", **options):
    address, process = _start_sidecar(upstream, name, **options)
    return Peer(name, address, [process])


class Gateway:
    """A gateway before a sidecar, with an API server that knows one Agent and its one pod. Its log goes into a pipe that
    somebody reads, as under a kubelet."""

    def __init__(self, pod_address, name="gateway", log_level="info", **options):
        api_port, port, metrics_port, health_port = (free_port() for _ in range(4))
        self.address = "127.0.0.1:%d" % port
        api = Process("API server", sys.executable, "-B", HERE + "/api_server.py", str(api_port), pod_address.split(":")[0],
                      core=OTHER_CORE)
        reading, writing = os.pipe()
        reader = Process("log reader", "sh", "-c", "exec cat <&%d > /dev/null" % reading, core=OTHER_CORE, inherits=(reading,))
        self.process = Process(name, BUILD + "/bin/gateway", "--listen-address=" + self.address,
                               "--metrics-bind-address=127.0.0.1:%d" % metrics_port,
                               "--health-probe-bind-address=127.0.0.1:%d" % health_port,
                               "--kubeconfig=" + self._kubeconfig(api_port), "--max-buffer-per-agent=" + _CONCURRENCY,
                               "--log-level=" + log_level, output=writing, **options)
        os.close(reading)
        os.close(writing)
        self.parts = [api, reader, self.process]

    @staticmethod
    def _kubeconfig(api_port):
        path = os.path.join(_scratch(), "%d.kubeconfig" % api_port)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "bench",
                       "clusters": [{"name": "bench", "cluster": {"server": "http://127.0.0.1:%d" % api_port}}],
                       "users": [{"name": "bench", "user": {}}],
                       "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}]}, file)
        return path


def gateways(upstream, **options):
    """{name: peer}: the chain, and its gateway alone at two log levels, before the same sidecar."""
    pod, process = _start_sidecar(upstream, "sidecar of the chain", **options)
    loud = Gateway(pod, "gateway", "info", **options)
    quiet = Gateway(pod, "quiet gateway", "warn")
    return [
        Peer("gateway + sidecar", loud.address, [loud.process, process], [process, *loud.parts], AGENT_PATH),
        Peer("gateway, log info", loud.address, [loud.process], prefix=AGENT_PATH),
        Peer("gateway, log warn", quiet.address, [quiet.process], quiet.parts, AGENT_PATH),
    ]


def chain(upstream, **options):
    """A fresh gateway before a fresh sidecar."""
    pod, process = _start_sidecar(upstream, "sidecar", **options)
    gateway = Gateway(pod, **options)
    return Peer("gateway + sidecar", gateway.address, [gateway.process, process], [process, *gateway.parts], AGENT_PATH)
