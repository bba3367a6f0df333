# SPDX-License-Identifier: Apache-2.0
"""An API server that knows Events only, and more of them than varnishtest's log can hold.

kube_events.py PORT: each Event that is sent is taken, and printed as a line `TYPE REASON`.
"""
import http.server
import json
import sys


class Events(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PATCH(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print(event["type"], event["reason"], flush=True)
        body = b'{"kind":"Event"}'
        # One write: answers in two would each wait for an acknowledgement.
        self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def log_message(self, *arguments):
        pass


server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Events)
print("listening", flush=True)
server.serve_forever()
