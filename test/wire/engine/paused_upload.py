# SPDX-License-Identifier: Apache-2.0
"""Uploads until the proxy no longer reads, then ends: the proxy must close within two seconds. paused_upload.py PORT PATH"""
import socket
import sys
import time

from proxys_side import OPEN, proxys_side, send_until_paused

client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
client.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n" % sys.argv[2].encode())
send_until_paused(client, b"x" * 32768)
client.shutdown(socket.SHUT_WR)
left = time.monotonic()
while (side := proxys_side(client)) is not None and side[0] in OPEN:
    assert time.monotonic() < left + 2, "%d bytes are still unread by the proxy" % side[1]
    time.sleep(0.01)
