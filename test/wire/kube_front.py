# SPDX-License-Identifier: Apache-2.0
"""A gateway before one pod: kube_front.py GATEWAY LISTEN POD_IP [FIELD=VALUE…] [--FLAG…]. Becomes the gateway, with these flags;
a child stays behind and is its API server: it knows the Agent team/hello, with these fields in its spec, and its one ready
pod. Prints "listening" when the gateway is ready. Run it with `python3 -ISB`: it starts in half the time."""

import json
import os
import select
import signal
import socket
import sys
import threading

END = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "2", "annotations": {"k8s.io/initial-events-end": "true"}}}}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def agent(spec):
    return {"apiVersion": "krypton.ai/v1alpha1", "kind": "Agent",
            "metadata": {"name": "hello", "namespace": "team", "uid": "1", "resourceVersion": "1"},
            "spec": {"image": "hello:1", "protocol": "http", **spec}, "status": {"desiredReplicas": 1}}


def pods(ip):
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "hello-1", "namespace": "team", "resourceVersion": "1", "labels": {"krypton.ai/agent": "hello"}},
            "endpoints": [{"addresses": [ip], "conditions": {"ready": True, "serving": True, "terminating": False}}],
            "ports": [{"name": "http", "port": 8888, "protocol": "TCP"}]}


def read_request(peer):
    """Its target, or None at the end of the connection."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        piece = peer.recv(65536)
        if not piece:
            return None
        seen += piece
    head, body = seen.split(b"\r\n\r\n", 1)
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += peer.recv(65536)
    return head.split(b" ")[1].decode()


def serve(peer, objects):
    """A watch is told what there is and held; a write of lastInvocationAt is fine."""
    while (target := read_request(peer)) is not None:
        if "watch=" not in target:
            body = json.dumps(objects["/agents"][0]).encode()
            peer.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            continue
        there = objects.get(target[target.rindex("/"):target.index("?")], []) if "/namespaces/" not in target else []
        lines = [json.dumps(each).encode() + b"\n" for each in [{"type": "ADDED", "object": one} for one in there] + [END]]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(line), line) for line in lines)
        peer.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)


def serve_all(listener, objects):
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer, objects), daemon=True).start()


def is_ready(address):
    try:
        with socket.create_connection(address, timeout=5) as probe:
            probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return probe.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


def be_api_server(listener, objects, gateway_address, ended):
    """Until the gateway has ended, which alone holds the other side of that pipe."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=serve_all, args=(listener, objects), daemon=True).start()
    while not is_ready(gateway_address):
        if select.select([ended], [], [], 0.005)[0]:
            os._exit(1)
    os.write(1, b"listening\n")
    os.read(ended, 1)
    os._exit(0)


def main(gateway, listen, ip, *settings):
    fields = (each.split("=", 1) for each in settings if not each.startswith("--"))
    spec = {name: int(value) if value.isdigit() else value for name, value in fields}
    host, port = listen.rsplit(":", 1)
    listener = socket.create_server(("127.0.0.1", 0))
    config = {"apiVersion": "v1", "kind": "Config", "current-context": "c", "users": [{"name": "u", "user": {}}],
              "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
              "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:%d" % listener.getsockname()[1]}}]}
    with open("kubeconfig", "w") as file:
        json.dump(config, file)
    ended, holds = os.pipe()
    if os.fork() == 0:
        os.close(holds)
        be_api_server(listener, {"/agents": [agent(spec)], "/endpointslices": [pods(ip)]}, (host, int(port)), ended)
    os.set_inheritable(holds, True)
    os.execv(gateway, [gateway, "--listen-address=" + listen, "--metrics-bind-address=127.0.0.1:0",
                       "--health-probe-bind-address=127.0.0.1:0", "--kubeconfig=kubeconfig", "--shutdown-delay=0s",
                       *(each for each in settings if each.startswith("--"))])


main(*sys.argv[1:])
