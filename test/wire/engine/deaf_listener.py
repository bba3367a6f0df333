# SPDX-License-Identifier: Apache-2.0
"""Opens an event stream of comments, reads nothing until the proxy's socket takes no more of them, checks that the proxy keeps
none for it, then reads on and finds comments that are whole. deaf_listener.py PORT PATH PID"""
import re
import socket
import sys
import time


def resident_kib(pid):
    with open("/proc/%s/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def unsent_bytes(port, to):
    """What the proxy's socket holds for that client."""
    with open("/proc/net/tcp") as f:
        for line in f:
            fields = line.split()
            if fields[1].endswith(":%04X" % port) and fields[2].endswith(":%04X" % to):
                return int(fields[4].split(":")[0], 16)
    return 0


port, path, pid = int(sys.argv[1]), sys.argv[2], sys.argv[3]
client = socket.socket()
client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
client.connect(("127.0.0.1", port))
client.settimeout(30)
client.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode())
own_port = client.getsockname()[1]
before, last, same = resident_kib(pid), -1, 0
while same < 20:
    time.sleep(0.05)
    now = unsent_bytes(port, own_port)
    same = same + 1 if now == last and now > 0 else 0
    last = now
grown = resident_kib(pid) - before
assert grown < 1024, "the proxy has grown by %d KiB" % grown
got = b""
while len(got) < last + 65536:
    piece = client.recv(65536)
    assert piece, "cut off"
    got += piece
body = got.split(b"\r\n\r\n", 1)[1]
assert re.fullmatch(rb"(b\r\n: waiting\n\n\r\n)+", body[: len(body) // 16 * 16]), body[:200]
