# SPDX-License-Identifier: Apache-2.0
"""Listens on 127.0.0.1:PORT, accepts nobody and fills its own queue: whoever dials it hears nothing. full_backlog.py PORT."""

import signal
import socket
import sys

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(0)
waiting = []
while True:
    dial = socket.socket()
    dial.settimeout(0.3)
    waiting.append(dial)
    try:
        dial.connect(("127.0.0.1", int(sys.argv[1])))
    except TimeoutError:
        break
print("full", flush=True)
signal.pause()
