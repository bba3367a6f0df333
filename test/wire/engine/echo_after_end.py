# SPDX-License-Identifier: Apache-2.0
"""Accepts an Upgrade, reads until the other side ends, and only then sends all of it back: echo_after_end.py ADDRESS:PORT."""
import sys

from one_request import await_request

listener, peer, seen = await_request(sys.argv[1])
peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
kept = seen.split(b"\r\n\r\n", 1)[1]
while True:
    piece = peer.recv(65536)
    if not piece:
        break
    kept += piece
peer.sendall(kept)
peer.close()
listener.accept()
