# SPDX-License-Identifier: Apache-2.0
"""Answers one request with 64 MiB, as fast as they are taken: flood_server.py ADDRESS:PORT."""
import sys

from one_request import await_request

listener, peer, _ = await_request(sys.argv[1])
peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
for _ in range(1024):
    peer.sendall(b"x" * 65536)
listener.accept()
