# SPDX-License-Identifier: Apache-2.0
"""The API server for tests: kubectl for what people type, and plain HTTP (by
`kubectl proxy`, which knows the credentials) for errors as structures."""

import http.client
import json
import os
import re
import subprocess

AGENTS = "/apis/krypton.ai/v1alpha1/namespaces/{}/agents"
SECONDS = 60


class Api:
    def __init__(self, kubectl):
        self.kubectl = kubectl
        self.proxy = subprocess.Popen(
            [kubectl, "proxy", "--port=0"], stdout=subprocess.PIPE, text=True
        )
        line = self.proxy.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        if found is None:
            raise SystemExit("kubectl proxy did not start: %r" % line)
        self.port = int(found.group(1))

    def close(self):
        self.proxy.terminate()
        self.proxy.wait(timeout=SECONDS)

    def call(self, method, path, body=None, kind="application/json", accept="application/json"):
        """The status code, the answer (parsed where it is JSON) and its warnings."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": kind, "Accept": accept})
            answer = connection.getresponse()
            raw = answer.read()
            warnings = answer.headers.get_all("Warning") or []
            try:
                return answer.status, json.loads(raw), warnings
            except ValueError:
                return answer.status, raw.decode(), warnings
        finally:
            connection.close()

    def run(self, *args, text=None):
        """kubectl as a person runs it: exit code, output, errors."""
        done = subprocess.run(
            [self.kubectl, *args], input=text, capture_output=True, text=True,
            timeout=SECONDS, env=os.environ,
        )
        return done.returncode, done.stdout, done.stderr


def causes(answer):
    """An Invalid answer as a list of (field, message)."""
    details = answer.get("details") or {} if isinstance(answer, dict) else {}
    return [(c.get("field", ""), c.get("message", "")) for c in details.get("causes") or []]
