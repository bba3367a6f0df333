# SPDX-License-Identifier: Apache-2.0
"""Sends a body without end though it is refused: the proxy must cut the connection within eight seconds. endless_sender.py PORT"""
import socket
import sys
import time

client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
seen = b""
while not seen.endswith(b"big\n"):
    piece = client.recv(65536)
    assert piece, seen
    seen += piece
assert seen.startswith(b"HTTP/1.1 413 "), seen
began = time.monotonic()
try:
    while True:
        assert time.monotonic() < began + 8, "it is still read"
        client.sendall(b"x" * 1000)
        time.sleep(0.05)
except (BrokenPipeError, ConnectionResetError):
    pass
