# SPDX-License-Identifier: Apache-2.0
"""Answers one request with half a body that ends with its connection, then resets: reset_server.py ADDRESS:PORT."""
import socket
import struct
import sys

from one_request import await_request

listener, peer, _ = await_request(sys.argv[1])
peer.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf")
listener.accept()  # the test says so when it has read this much
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
peer.close()
