# SPDX-License-Identifier: Apache-2.0
"""Stands for a krypton-proxy that lies: to GET /_krypton/inflight it says what POST /says gave it last. GET /asked: how often since."""

import http.server

said, asked = b"{}", 0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        global asked
        if self.path == "/_krypton/inflight":
            asked += 1  # before it: whoever is told too much does not hear it to the end
            self.answer(said)
        else:
            self.answer(str(asked).encode() if self.path == "/asked" else b"ok\n")

    def do_POST(self):
        global said, asked
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/says":
            said, asked = body, 0
        self.answer(b"")

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", 8888), Handler).serve_forever()
