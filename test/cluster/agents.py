# SPDX-License-Identifier: Apache-2.0
"""Agents of the tests: the examples' images with the spec that a test is about."""

from kube import condition, wait_for

EXAMPLES = "docker.io/krypton-examples"
SSE = EXAMPLES + "/hello-sse:0.1.0"
PYTHON = EXAMPLES + "/hello-mcp:0.1.0"

# Takes any Upgrade and gives back what it is sent, in capitals.
UPGRADING = """
import socketserver
class Session(socketserver.StreamRequestHandler):
    def handle(self):
        wanted = None
        for line in iter(self.rfile.readline, b""):
            if line in (b"\\r\\n", b"\\n"):
                break
            if line.lower().startswith(b"upgrade:"):
                wanted = line.split(b":", 1)[1].strip()
        if wanted is None:
            self.wfile.write(b"HTTP/1.1 426 Upgrade Required\\r\\nContent-Length: 0\\r\\n\\r\\n")
            return
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: " + wanted + b"\\r\\n\\r\\n")
        while piece := self.request.recv(65536):
            self.request.sendall(piece.upper())
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
Server(("", 8080), Session).serve_forever()
"""

# Reads what it is sent to the end, then tells its checksum.
SUMMING = """
import hashlib, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        seen, left = hashlib.sha256(), int(self.headers["Content-Length"])
        while left > 0:
            piece = self.rfile.read(min(left, 65536))
            seen.update(piece)
            left -= len(piece)
        answer = seen.hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""


def agent(name, **spec):
    return {
        "apiVersion": "krypton.ai/v1alpha1", "kind": "Agent", "metadata": {"name": name},
        "spec": {"image": SSE, "protocol": "http", "drainTimeout": "60s",
                 "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}}, **spec},
    }


def sleeper(name, **spec):
    """A serverless agent that may go to zero."""
    return agent(name, **{"mode": "serverless", "minReplicas": 0, "scaleToZeroAfter": "300s", **spec})


def python_agent(name, script, **spec):
    return agent(name, image=PYTHON, command=["/usr/bin/python3", "-c", script], **spec)


def environment(**values):
    return [{"name": name, "value": str(value)} for name, value in values.items()]


class Space:
    """A namespace and the agents that tests make in it."""

    def __init__(self, cluster, name):
        self.cluster, self.name, self.made = cluster, name, []
        if cluster.get("namespaces", None, name) is None:
            cluster.create("namespaces", None, {"metadata": {"name": name}})

    def make(self, manifest, ready=None, within=45):
        """Creates the agent; with ready, waits until that many pods take requests. Returns its name."""
        name = manifest["metadata"]["name"]
        if self.cluster.agent(self.name, name):  # of a run before
            self.drop(name)
            wait_for(lambda: not self.cluster.agent(self.name, name), 30, f"the old agent {name} is gone")
        self.made.append(name)
        self.cluster.create("agents", self.name, manifest)
        if ready is not None:
            self.wait_ready(name, ready, within)
        return name

    def wait_ready(self, name, ready, within=45):
        wait_for(lambda: self.cluster.status(self.name, name).get("readyReplicas", 0) == ready
                 and len(self.cluster.ready_pods(self.name, name)) == ready, within,
                 f"agent {self.name}/{name} has {ready} ready pods")

    def wait_asleep(self, name, within=60):
        wait_for(lambda: not self.cluster.pods(self.name, name) and self.reason(name) == "Asleep", within,
                 f"agent {self.name}/{name} sleeps, without a pod")

    def reason(self, name):
        return condition(self.cluster.agent(self.name, name) or {}).get("reason")

    def exit_codes(self, pod, within=40, **options):
        """Deletes a pod; the exit codes of its containers. A finalizer keeps its last status readable meanwhile."""
        self.cluster.patch("pods", self.name, pod, {"metadata": {"finalizers": ["krypton.ai/test"]}})
        self.cluster.delete("pods", self.name, pod, **options)

        def codes():
            containers = self.cluster.get("pods", self.name, pod)["status"]["containerStatuses"]
            ended = {found["name"]: found["state"].get("terminated") for found in containers}
            return all(ended.values()) and {name: end["exitCode"] for name, end in ended.items()}
        try:
            return wait_for(codes, within, f"the containers of pod {pod} have ended")
        finally:
            self.cluster.patch("pods", self.name, pod, {"metadata": {"finalizers": None}})

    def drop(self, *names):
        """Deletes agents; nobody waits for their pods to end."""
        for name in names:
            self.cluster.delete("agents", self.name, name)

    def address(self, name):
        return f"{self.name}/{name}"
