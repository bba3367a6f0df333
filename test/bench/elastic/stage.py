# SPDX-License-Identifier: Apache-2.0
"""Agents that sleep, a plain Deployment of the very same pod beside each, and clients whose connections are open before the clock
starts. All clocks are this machine's."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import time

import agents
import gateway as gateways
from audit_log import seconds_of
from kube import Cluster, wait_for

HERE = pathlib.Path(__file__).parent
SCRIPT = (HERE / "agent.py").read_text(encoding="utf-8")
SPACE = "krypton-bench"


class Stage:
    def __init__(self):
        self.cluster = Cluster(os.environ["KUBECONFIG"])
        self.space = agents.Space(self.cluster, SPACE)
        self.gateway = gateways.service(self.cluster)

    def sleepers(self, names, listen_after=None, **spec):
        """They have never been invoked, so they are at zero, and stay up once they are woken."""
        for i, name in enumerate(names):
            env = agents.environment(LISTEN_AFTER=listen_after(i) if listen_after else 0)
            self.space.make(agents.sleeper(name, env=env, image=agents.PYTHON, command=["/usr/bin/python3", "-S", "-E", "-c", SCRIPT],
                                           scaleToZeroAfter="3600s", drainTimeout="1s", startupTimeout="180s", **spec))
        wait_for(lambda: all(self.space.reason(name) == "Asleep" for name in names), 120, "the agents sleep", every=0.5)

    def plain_deployment(self, agent, name):
        """The same pod without Krypton: its sidecar is there and tells nobody."""
        spec = self.cluster.get("deployments", SPACE, agent)["spec"]
        labels = {"bench": name}
        pod = spec["template"]["spec"]
        proxy = next(box for box in pod["containers"] if box["name"] == "krypton-proxy")
        proxy["env"] = [entry for entry in proxy["env"] if entry["name"] != "KRYPTON_GATEWAY"]
        self.cluster.create("deployments", SPACE, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
            "replicas": 0, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}})

    def scale(self, name):
        """By the scale subresource, as kubectl scale does it. When it was sent."""
        began = time.time()
        answer = self.cluster.http.patch(self.cluster.path("deployments", SPACE, name) + "/scale", json={"spec": {"replicas": 1}},
                                         headers={"Content-Type": "application/merge-patch+json"})
        assert answer.status_code == 200, answer.text
        return began

    def pod(self, selector, within=60):
        """The ready pod of that label."""
        def ready():
            pods = self.cluster.list("pods", SPACE, labels=selector)
            return next((pod for pod in pods if any(c["type"] == "Ready" and c["status"] == "True"
                                                    for c in pod["status"].get("conditions", []))), None)
        return wait_for(ready, within, f"a ready pod of {selector}")

    def listening(self, ip):
        """When the agent there began to accept, as it says itself at its own port."""
        return json.loads(gateways.plain.get(f"http://{ip}:8080/").text)["listening"]

    def sidecar_said(self, pod):
        """When krypton-proxy ran, and when it saw the agent's port accept, by its log. Its process is older: the runtime holds it."""
        lines = [json.loads(line) for line in self.cluster.logs(SPACE, pod["metadata"]["name"], "krypton-proxy").splitlines()]
        return [seconds_of(next(line["ts"] for line in lines if line["event"] == event)) for event in ("proxy.started", "agent.listening")]

    def ask(self, name, connection=None):
        """(sent, first byte, when the agent says that it began to listen, status)"""
        connection = connection or self.connection()
        sent = time.time()
        connection.request("GET", f"/v1/agents/{SPACE}/{name}/")
        answer = connection.getresponse()
        first = time.time()
        body = answer.read()
        connection.close()
        return sent, first, json.loads(body).get("listening"), answer.status

    def connection(self):
        made = http.client.HTTPConnection(self.gateway.host, self.gateway.port, timeout=240)
        made.connect()
        return made

    def ask_spread(self, names, seconds):
        """One request to each, spread evenly over so many seconds."""
        connections = [self.connection() for _ in names]
        began = time.time() + 0.2

        def one(i):
            time.sleep(max(0, began + seconds * i / len(names) - time.time()))
            return self.ask(names[i], connections[i])
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            return list(pool.map(one, range(len(names))))

    def clear(self, names, deployments=()):
        for name in deployments:
            self.cluster.delete("deployments", SPACE, name, propagationPolicy="Background", apiVersion="v1", kind="DeleteOptions")
        self.space.drop(*names)
        wait_for(lambda: not self.cluster.list("pods", SPACE) and not self.cluster.list("agents", SPACE), 180, "all of it is gone", every=0.5)
