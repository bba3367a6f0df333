# SPDX-License-Identifier: Apache-2.0
"""A client and an agent with many headers: header_count.py AGENT_PORT FRONT_PORT PATH. The agent answers a request for …/N with N
headers. Sends requests with 128 and one more, then asks for as many, and prints each status."""
import socket
import sys
import threading

agent_port, front_port = int(sys.argv[1]), int(sys.argv[2])
path = sys.argv[3]


def take_head(peer):
    """Its lines; none at the end of the connection."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        piece = peer.recv(65536)
        if not piece:
            return []
        seen += piece
    return seen.decode().split("\r\n\r\n")[0].split("\r\n")


def head(first, headers, count):
    lines = [first, *headers, *("X-%d: y" % i for i in range(count - len(headers)))]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(peer):
    with peer:
        while lines := take_head(peer):
            count = int(lines[0].split(" ")[1].split("/")[1])
            peer.sendall(head("HTTP/1.1 200 OK", ["Content-Length: 0"], count))


def serve():
    while True:
        peer, _ = agent.accept()
        threading.Thread(target=answer, args=(peer,), daemon=True).start()


def status(asked, sent):
    with socket.create_connection(("127.0.0.1", front_port)) as front:
        front.sendall(head("GET %s/%d HTTP/1.1" % (path, asked), ["Host: a"], sent))
        lines = take_head(front)
        left = sum(line.startswith("X-") for line in lines)
        return "%s with %d" % (lines[0].split(" ")[1], left)


agent = socket.create_server(("127.0.0.1", agent_port))
threading.Thread(target=serve, daemon=True).start()
print("ready", flush=True)
sys.stdin.readline()
for sent in (128, 129):
    print("sent", sent, status(1, sent), flush=True)
for asked in (128, 129):
    print("asked", asked, status(asked, 1), flush=True)
