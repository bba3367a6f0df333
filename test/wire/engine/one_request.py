# SPDX-License-Identifier: Apache-2.0
"""The beginning of a server for one request."""
import socket


def await_request(where):
    """Listens at ADDRESS:PORT, says "ready", and returns the listener, the first peer that sends anything, and what it sent: a
    whole head, and perhaps more. A sidecar that only looks whether somebody accepts sends nothing."""
    host, port = where.split(":")
    listener = socket.create_server((host, int(port)))
    print("ready")
    seen = b""
    while b"\r\n\r\n" not in seen:
        if not seen:
            peer, _ = listener.accept()
        seen += peer.recv(65536)
    return listener, peer, seen
