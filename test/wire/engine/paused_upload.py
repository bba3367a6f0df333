# SPDX-License-Identifier: Apache-2.0
"""Uploads until the proxy no longer reads though its kernel still takes bytes, then leaves: its end lies behind those bytes, and
the proxy must close its side within two seconds all the same. paused_upload.py PORT PATH"""
import array
import fcntl
import socket
import sys
import termios
import time

CLOSE_WAIT = "08"


def unacknowledged():
    left = array.array("i", [0])
    fcntl.ioctl(client.fileno(), termios.TIOCOUTQ, left)
    return left[0]


def proxys_side():
    """State, and bytes that the proxy has not read; None: its socket is gone."""
    with open("/proc/net/tcp") as table:
        for line in table:
            fields = line.split()
            if fields[1].endswith(":%04X" % port) and fields[2].endswith(":%04X" % own_port):
                return fields[3], int(fields[4].split(":")[1], 16)
    return None


def is_paused():
    for _ in range(20):
        if proxys_side()[1] == 0:
            return False
        time.sleep(0.02)
    return True


def upload():
    client.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n" % sys.argv[2].encode())
    while True:
        client.sendall(b"x" * 32768)
        while unacknowledged() > 0:
            time.sleep(0.001)
        if is_paused():
            break


port = int(sys.argv[1])
client = socket.create_connection(("127.0.0.1", port), timeout=20)
own_port = client.getsockname()[1]
upload()
client.close()
left = time.monotonic()
while (side := proxys_side()) is not None and side[0] in ("01", CLOSE_WAIT):
    assert time.monotonic() < left + 2, "%d bytes are still unread by the proxy" % side[1]
    time.sleep(0.01)
