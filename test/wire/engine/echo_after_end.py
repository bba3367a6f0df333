# SPDX-License-Identifier: Apache-2.0
"""Accepts an Upgrade, reads until the other side ends, and only then sends all of it back."""
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready")
peer, _ = listener.accept()
seen = b""
while b"\r\n\r\n" not in seen:
    seen += peer.recv(65536)
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
