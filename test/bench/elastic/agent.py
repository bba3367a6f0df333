# SPDX-License-Identifier: Apache-2.0
"""The agent of this bench, run in pods by `python3 -S -E -c`: it says when its port accepted, by the machine's clock. LISTEN_AFTER=500
makes it that many milliseconds later."""

import os
import socket
import threading
import time

time.sleep(int(os.environ.get("LISTEN_AFTER", "0")) / 1000)
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", 8080))
server.listen(128)
BODY = b'{"listening": %.6f}' % time.time()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


def serve(connection):
    seen = b""
    with connection:
        while b"\r\n\r\n" not in seen:
            piece = connection.recv(65536)
            if not piece:
                return
            seen += piece
        connection.sendall(ANSWER)


while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
