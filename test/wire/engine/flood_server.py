# SPDX-License-Identifier: Apache-2.0
"""Answers one request with 64 MiB, as fast as they are taken."""
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready")
peer, _ = listener.accept()
peer.recv(65536)
peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
for _ in range(1024):
    peer.sendall(b"x" * 65536)
listener.accept()
