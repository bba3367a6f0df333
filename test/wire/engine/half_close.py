# SPDX-License-Identifier: Apache-2.0
"""Sends a million bytes through a tunnel, closes its half, and expects them all back: half_close.py PORT PATH."""
import socket
import sys

client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
client.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n" % sys.argv[2].encode())
seen = b""
while b"\r\n\r\n" not in seen:
    seen += client.recv(65536)
assert b" 101 " in seen, seen
sent = bytes(range(250)) * 4000
client.sendall(sent)
client.shutdown(socket.SHUT_WR)
back = seen.split(b"\r\n\r\n", 1)[1]
while True:
    piece = client.recv(65536)
    if not piece:
        break
    back += piece
assert back == sent, (len(back), len(sent))
