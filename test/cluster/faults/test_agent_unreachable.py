# SPDX-License-Identifier: Apache-2.0
"""The agent was ready and no longer listens: it is between two looks of the kubelet that requests meet it."""

import agents

# Its port is closed by a request and opened by nothing.
DEAF = """
import http.server, socket, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.wfile.flush()
        if self.path.endswith("/deaf"):
            server.socket.shutdown(socket.SHUT_RDWR)  # listens no more, at once
            threading.Thread(target=server.shutdown).start()
server = http.server.ThreadingHTTPServer(("", 8080), Handler)
try:
    server.serve_forever()
finally:
    threading.Event().wait()
"""


def cause(row):
    row.agent("deaf", image=agents.PYTHON, command=["/usr/bin/python3", "-c", DEAF])


def mend(row):
    row.kubectl("delete", "pod", "-l", "krypton.ai/agent=deaf", "--wait=false")


def test_a_request_that_finds_nobody_is_told(space):
    """A request to an agent that listens no more is 502 AgentUnreachable, with where to look; then the condition says why."""
    space.serves("deaf")
    space.gateway.get(space.address("deaf"), "/deaf")
    answer = space.gateway.get(space.address("deaf"))
    assert answer.status_code == 502 and answer.json()["reason"] == "AgentUnreachable", (answer.status_code, answer.text)
    assert f"kubectl -n {space.name} logs -l krypton.ai/agent=deaf -c agent" in answer.json()["hint"], answer.text
    space.tells("deaf", "AgentNotListening", "8080")


def test_another_pod_clears_it(mended):
    """With another pod the agent takes requests."""
    mended.serves("deaf")
