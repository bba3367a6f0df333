# SPDX-License-Identifier: Apache-2.0
"""What the kernel knows of a proxy's side of a client's connection."""
import array
import fcntl
import termios
import time

OPEN = ("01", "08")  # established, and with the client's end received


def proxys_side(client):
    """State, and bytes that the proxy has not read; None: its socket is gone."""
    try:
        wanted = [":%04X" % name[1] for name in (client.getpeername(), client.getsockname())]
    except OSError:
        return None
    with open("/proc/net/tcp") as table:
        for line in table:
            fields = line.split()
            if fields[1].endswith(wanted[0]) and fields[2].endswith(wanted[1]):
                return fields[3], int(fields[4].split(":")[1], 16)
    return None


def unacknowledged(client):
    left = array.array("i", [0])
    fcntl.ioctl(client.fileno(), termios.TIOCOUTQ, left)
    return left[0]


def is_paused(client):
    for _ in range(20):
        if proxys_side(client)[1] == 0:
            return False
        time.sleep(0.02)
    return True


def send_until_paused(client, piece):
    """Until the proxy no longer reads though its kernel still takes bytes: an end that is sent now arrives behind those."""
    while True:
        client.sendall(piece)
        while unacknowledged(client) > 0:
            time.sleep(0.001)
        if is_paused(client):
            break
