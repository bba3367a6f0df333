# SPDX-License-Identifier: Apache-2.0
"""Sends a request one byte a segment: byte_by_byte.py PORT PATH."""
import socket
import sys

client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
request = "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n" % sys.argv[2]
for byte in request.encode():
    client.sendall(bytes([byte]))
seen = b""
while not seen.endswith(b"ok"):
    piece = client.recv(65536)
    assert piece, seen
    seen += piece
assert seen.startswith(b"HTTP/1.1 200 "), seen
