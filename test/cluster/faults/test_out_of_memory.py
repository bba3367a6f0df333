# SPDX-License-Identifier: Apache-2.0
"""The agent takes more memory than its limit."""

import agents

HOG = """
import http.server
held = bytearray(b"x") * (96 << 20)
http.server.HTTPServer(("", 8080), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def resources(limit):
    return {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": limit}}


def cause(row):
    row.agent("hog", image=agents.PYTHON, command=["/usr/bin/python3", "-c", HOG], resources=resources("48Mi"))


def mend(row):
    row.change("hog", resources=resources("256Mi"))


def test_a_memory_hog_is_told(space):
    """An agent that the kernel ended over its memory limit is OutOfMemory, with the limit, and so says the 504."""
    space.tells("hog", "OutOfMemory", "48Mi", "OOMKilled", "spec.resources.limits.memory")
    space.refuses("hog", "OutOfMemory")


def test_a_higher_limit_clears_it(mended):
    """With a higher limit the agent takes requests."""
    mended.serves("hog")
