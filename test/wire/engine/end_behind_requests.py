# SPDX-License-Identifier: Apache-2.0
"""Listens to an event stream, sends requests ahead until the proxy no longer reads, and ends its side: the stream must be cut
within two seconds. end_behind_requests.py PORT PATH"""
import socket
import sys
import time

from proxys_side import send_until_paused

request = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % sys.argv[2].encode()
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
client.sendall(request)
while b"event" not in client.recv(65536):
    pass
send_until_paused(client, request * (32768 // len(request)))
client.shutdown(socket.SHUT_WR)
left = time.monotonic()
try:
    while client.recv(65536):
        assert time.monotonic() < left + 2, "the events go on"
except ConnectionResetError:
    pass
