# SPDX-License-Identifier: Apache-2.0
"""A pod whose sidecar lies: nobody believes it, and the log names it."""

import json
import time

import agents
from conftest import HERE, scripted
from gateway import plain
from kube import SYSTEM, is_ready, wait_for

SCRIPT = (HERE / "liar.py").read_text(encoding="utf-8")
LIES = {
    "negative": b'{"inflight": -1, "lastActivity": 0, "concurrency": 8}',
    "huge": b'{"inflight": 9223372036854775807, "streams": 9223372036854775807, "lastActivity": 0, "concurrency": 8}',
    "not JSON": b"inflight: 0\n",
    "10 MB": b'{"inflight": 0, "lastActivity": 0, "more": "' + 10_000_000 * b"x" + b'"}',
}


def pod_of(name):
    """A pod that the agent's Service selects, and no ReplicaSet owns."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{name}-liar", "labels": {"krypton.ai/agent": name}}, "spec": {
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "liar", "image": agents.PYTHON, "command": ["/usr/bin/python3", "-c", SCRIPT]}]}}


def named(cluster, ip):
    """What the scalers' logs say of it as one that is unknown."""
    logs = "\n".join(cluster.logs(SYSTEM, pod["metadata"]["name"], "scaler") for pod in cluster.daemon_pods("scaler"))
    return [line for line in map(json.loads, filter(None, logs.splitlines())) if line["event"] == "pod.unknown" and line["pod_ip"] == ip]


def test_a_sidecar_that_lies_is_unknown_and_named_once(cluster, gateway, space):
    """A sidecar whose count is negative, huge, not JSON or 10 MB long: its agent stays awake while it does, the log names it once,
    callers are answered, and when it is gone the agent sleeps."""
    name = space.make(scripted("duped", mode="serverless", minReplicas=0, maxReplicas=2, scaleToZeroAfter="10s", startupTimeout="60s"))
    space.wait_asleep(name)
    assert gateway.get(space.address(name), "/sleep?ms=1").status_code == 200
    invoked = time.monotonic()
    cluster.create("pods", space.name, pod_of(name))
    liar = wait_for(lambda: next((pod for pod in cluster.pods(space.name, name) if pod["metadata"]["name"] == f"{name}-liar"
                                  and is_ready(pod)), None), 60, "the liar is ready")
    door = f"http://{liar['status']['podIP']}:8888"
    for kind, lie in LIES.items():
        plain.post(f"{door}/says", content=lie)
        wait_for(lambda: int(plain.get(f"{door}/asked").text) >= 5, 60, f"its answer that is {kind} was heard five times")
        assert cluster.status(space.name, name)["desiredReplicas"] >= 1, kind
    assert time.monotonic() - invoked > 10, "with a truthful one it would have slept by now"
    assert len(named(cluster, liar["status"]["podIP"])) == 1, named(cluster, liar["status"]["podIP"])
    assert gateway.get(space.address(name), "/sleep?ms=1").status_code == 200
    cluster.delete("pods", space.name, liar["metadata"]["name"])
    space.wait_asleep(name)
