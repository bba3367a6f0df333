# SPDX-License-Identifier: Apache-2.0
"""Answers one request with half a body that ends with its connection, or is chunked, and then resets: reset_server.py
ADDRESS:PORT [chunked]."""
import socket
import struct
import sys

from one_request import await_request

listener, peer, _ = await_request(sys.argv[1])
if sys.argv[2:] == ["chunked"]:
    peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
else:
    peer.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf")
listener.accept()  # the test says so when it has read this much
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
peer.close()
