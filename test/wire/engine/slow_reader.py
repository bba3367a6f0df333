# SPDX-License-Identifier: Apache-2.0
"""Asks for 64 MiB, reads nothing until the proxy has stopped taking them, checks what it keeps, then reads all.
slow_reader.py PORT PATH PID"""
import socket
import sys
import time


def cpu_ticks(pid):
    with open("/proc/%s/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def resident_kib(pid):
    with open("/proc/%s/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


port, path, pid = int(sys.argv[1]), sys.argv[2], sys.argv[3]
before = resident_kib(pid)
client = socket.socket()
client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
client.connect(("127.0.0.1", port))
client.settimeout(30)
client.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode())
# The proxy is done taking when it no longer uses the processor.
last, same = -1, 0
while same < 10:
    time.sleep(0.05)
    now = cpu_ticks(pid)
    same = same + 1 if now == last else 0
    last = now
grown = resident_kib(pid) - before
assert grown < 1024, "the proxy has grown by %d KiB" % grown
left = None
while left is None or left > 0:
    piece = client.recv(1 << 20)
    assert piece, "cut off"
    if left is None:
        head, piece = piece.split(b"\r\n\r\n", 1)
        left = 67108864
    left -= len(piece)
