# SPDX-License-Identifier: Apache-2.0
"""Thousands of Agents at zero on a real API server without any other controller; gateway and scaler as processes. What they cost when
nothing happens, and what they ask."""

import os
import subprocess
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../controller"))

from audit import Audit  # noqa: E402
from cluster import SPACE, Cluster, cpu_seconds  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
QUIET = 10  # seconds without a write: they have settled
PORTS = {"gateway": (18081, 18082, 18080), "scaler": (18083, 18084)}


def slices(cluster, names):
    """An empty one an Agent, as its Service has it."""
    for name in names:
        cluster.request("POST", f"/apis/discovery.k8s.io/v1/namespaces/{SPACE}/endpointslices", {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "endpoints": [], "ports": [],
            "metadata": {"name": name + "-0", "labels": {"krypton.ai/agent": name, "kubernetes.io/service-name": name}}})


def start(program, cluster, key):
    flags = [f"--metrics-bind-address=127.0.0.1:{PORTS[program][0]}", f"--health-probe-bind-address=127.0.0.1:{PORTS[program][1]}",
             f"--internal-key-file={key}", f"--kubeconfig={cluster.kubeconfig}"]
    if program == "gateway":
        flags.append(f"--listen-address=127.0.0.1:{PORTS[program][2]}")
    return subprocess.Popen([f"{BUILD}/bin/{program}", *flags], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                            env={**os.environ, "POD_NAMESPACE": "krypton-bench-home", "POD_NAME": program})


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def ours(requests):
    return [request for request in requests if request.agent.startswith(("krypton-gateway", "krypton-scaler"))]


def settle(log):
    """Until they have asked for nothing but watches and Leases for a while."""
    last, until = time.monotonic(), time.monotonic() + 300
    while time.monotonic() - last < QUIET and time.monotonic() < until:
        time.sleep(0.5)
        if [request for request in ours(log.take()) if request.verb != "watch" and request.resource != "leases"]:
            last = time.monotonic()


def run(count, seconds, say):
    cluster, processes = Cluster(), {}
    try:
        key = cluster.work + "/key"
        with open(key, "w", encoding="ascii") as file:
            file.write("a key of the bench\n")
        names = [f"idle-{i}" for i in range(count)]
        cluster.create_agents(names, {"image": "example/agent:1", "mode": "serverless", "minReplicas": 0})
        slices(cluster, names)
        say(f"{count} Agents at zero are there")
        log = Audit(cluster.audit_path)
        log.take()
        processes.update({program: start(program, cluster, key) for program in PORTS})
        settle(log)
        say(f"at rest for {seconds} s")
        before = {program: cpu_seconds(process.pid) for program, process in processes.items()}
        time.sleep(seconds)
        asked = ours(log.take())
        return {program: {"cpu_percent": 100 * (cpu_seconds(process.pid) - before[program]) / seconds,
                          "resident_bytes": resident(process.pid), "runs": process.poll() is None,
                          "asked": sorted({f"{r.verb} {r.resource}" for r in asked if r.agent.startswith("krypton-" + program)})}
                for program, process in processes.items()}
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait(30)  # the gateway serves on for a while
        cluster.close()
