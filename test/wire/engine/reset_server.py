# SPDX-License-Identifier: Apache-2.0
"""Answers one request with half a body that ends with its connection, then resets."""
import socket
import struct
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready")
peer, _ = listener.accept()
peer.recv(65536)
peer.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf")
listener.accept()  # the test says so when it has read this much
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
peer.close()
