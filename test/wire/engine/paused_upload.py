# SPDX-License-Identifier: Apache-2.0
"""Uploads until the relay no longer reads though its kernel still takes bytes, then leaves: its end lies behind those bytes."""
import array
import fcntl
import socket
import sys
import termios
import time


def unacknowledged(sock):
    left = array.array("i", [0])
    fcntl.ioctl(sock, termios.TIOCOUTQ, left)
    return left[0]


def unread_by_relay(relay_port, client_port):
    wanted = (":%04X" % relay_port, ":%04X" % client_port)
    with open("/proc/net/tcp") as table:
        for line in table:
            fields = line.split()
            if fields[1].endswith(wanted[0]) and fields[2].endswith(wanted[1]):
                return int(fields[4].split(":")[1], 16)
    sys.exit("the connection is gone")


def is_paused():
    for _ in range(20):
        if unread_by_relay(port, client.getsockname()[1]) == 0:
            return False
        time.sleep(0.02)
    return True


port = int(sys.argv[1])
client = socket.create_connection(("127.0.0.1", port), timeout=20)
client.sendall(b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
while True:
    client.sendall(b"x" * 32768)
    while unacknowledged(client) > 0:
        time.sleep(0.001)
    if is_paused():
        break
