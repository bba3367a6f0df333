# SPDX-License-Identifier: Apache-2.0
"""As much of an API server as a gateway asks for: one Agent, its one pod's EndpointSlice, by list and by watch, and a status
that takes patches and forgets them. api_server.py PORT POD-IP"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

BOOKMARK_SECONDS = 10
VERSION = "1"

AGENT = {
    "apiVersion": "krypton.ai/v1alpha1", "kind": "Agent",
    "metadata": {"name": "bench", "namespace": "default", "uid": "00000000-0000-4000-8000-000000000001",
                 "resourceVersion": VERSION, "generation": 1},
    "spec": {"image": "bench", "protocol": "http", "mode": "always-on", "concurrency": 100000, "timeout": "1h"},
    "status": {"phase": "Ready", "replicas": 1, "readyReplicas": 1, "desiredReplicas": 1},
}


def slice_of(ip):
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "bench-1", "namespace": "default", "resourceVersion": VERSION,
                     "labels": {"kubernetes.io/service-name": "bench", "krypton.ai/agent": "bench"}},
        "endpoints": [{"addresses": [ip], "conditions": {"ready": True, "serving": True, "terminating": False},
                       "targetRef": {"kind": "Pod", "name": "bench-1"}}],
        "ports": [{"name": "http", "port": 8888}],
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects = {}  # by the plural that ends the path

    def log_message(self, *_):
        pass

    def reply(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def event(self, kind, shown):
        line = json.dumps({"type": kind, "object": shown}).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()

    def bookmark(self, shown, is_first):
        marks = {"k8s.io/initial-events-end": "true"} if is_first else {}
        self.event("BOOKMARK", {"apiVersion": shown["apiVersion"], "kind": shown["kind"],
                                "metadata": {"resourceVersion": VERSION, "annotations": marks}})

    def watch(self, shown, tells_all):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if tells_all:
            self.event("ADDED", shown)
            self.bookmark(shown, True)
        while True:
            time.sleep(BOOKMARK_SECONDS)
            self.bookmark(shown, False)

    def do_GET(self):
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        shown = self.objects.get(address.path.rsplit("/", 1)[-1])
        if shown is None:
            self.reply(404, {"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404})
        elif "watch" in query:
            try:
                self.watch(shown, "sendInitialEvents" in query)
            except OSError:
                self.close_connection = True
        else:
            self.reply(200, {"apiVersion": shown["apiVersion"], "kind": shown["kind"] + "List",
                             "metadata": {"resourceVersion": VERSION}, "items": [shown]})

    def do_PATCH(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.reply(200, AGENT)


if __name__ == "__main__":
    Handler.objects = {"agents": AGENT, "endpointslices": slice_of(sys.argv[2])}
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
