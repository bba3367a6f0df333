# SPDX-License-Identifier: Apache-2.0
"""A client that must see a reset, not an end, behind half an answer: expect_reset.py PORT PATH SERVER [VERSION]."""
import socket
import sys

client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
version = sys.argv[4] if len(sys.argv) > 4 else "1.1"
client.sendall(("GET %s HTTP/%s\r\nHost: a\r\n\r\n" % (sys.argv[2], version)).encode())
seen = b""
while not seen.endswith(b"half"):
    seen += client.recv(65536)
assert b"Connection: close" in seen, seen
socket.create_connection(sys.argv[3].split(":"), timeout=20)
try:
    rest = client.recv(65536)
except ConnectionResetError:
    sys.exit(0)
sys.exit("a clean end: %r" % rest)
