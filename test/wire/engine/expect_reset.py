# SPDX-License-Identifier: Apache-2.0
"""A client that must see a reset, not an end, behind half an answer."""
import socket
import sys

client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
client.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
seen = b""
while not seen.endswith(b"half"):
    seen += client.recv(65536)
assert b"Connection: close" in seen, seen
socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=20)
try:
    rest = client.recv(65536)
except ConnectionResetError:
    sys.exit(0)
sys.exit("a clean end: %r" % rest)
