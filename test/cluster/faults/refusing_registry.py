# SPDX-License-Identifier: Apache-2.0
"""refusing_registry.py HOST PORT: a registry that knows who asks and lets nobody in, as one does with a token that has expired."""

import http.server
import json
import sys

BODY = json.dumps({"errors": [{"code": "DENIED", "message": "Your authorization token has expired. Reauthenticate and try again."}]}).encode()


class Refusing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(BODY)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Refusing).serve_forever()
