# SPDX-License-Identifier: Apache-2.0
"""A row of the catalogue of faults: its namespace, the agents that are broken in it, and what is then said of them."""

import json
import os
import pathlib

import httpx

import agents
from agents import Space
from gateway import Stream, sidecar
from kube import condition, wait_for
from registry import AGENT_IMAGE

# Long enough that each cause is known when a cold start gives up, however many of them run side by side.
STARTUP_TIMEOUT = "30s"
TOLD_WITHIN = 60
CLEARED_WITHIN = 90
# A ReplicaSet that could make no pod tries again after as long as it has failed already.
REPLICASET_WITHIN = 200
RECORD = os.environ.get("RECORD")  # a directory: what the cluster showed is written there, one file an agent

# Waits for its setting, then is an agent like another.
SERVE = "exec /usr/bin/python3 -m http.server 8080 --directory /usr/share"


def namespace_of(module):
    return "krypton-" + module.__name__.replace("_", "-")


def forget(cluster, namespaces, within=150):
    """Deletes what a run before, or a test, has left."""
    for name in namespaces:
        cluster.delete("namespaces", None, name)
    for name in namespaces:
        wait_for(lambda: cluster.get("namespaces", None, name) is None, within, f"the namespace {name} is gone")


class Row(Space):
    """One file's namespace. Every agent in it sleeps at first; a request wakes it, and its fault is met on the way."""

    def __init__(self, cluster, gateway, registry, module):
        super().__init__(cluster, namespace_of(module))
        self.module, self.gateway, self.registry, self.calls = module, gateway, registry, {}

    # What causes of faults need.
    def agent(self, name, **spec):
        return self.make(agents.sleeper(name, **{"startupTimeout": STARTUP_TIMEOUT, "drainTimeout": "1s", "scaleToZeroAfter": "3600s", **spec}))

    def shell_agent(self, name, line, **spec):
        return self.agent(name, **{"image": agents.PYTHON, "command": ["/bin/sh", "-c", line], **spec})

    def pulling_agent(self, name, **spec):
        return self.agent(name, **{"image": f"{self.registry.address}/{AGENT_IMAGE}", "imagePullPolicy": "Always", **spec})

    def pull_secret(self, name, address, user, password):
        config = {"auths": {address: {"username": user, "password": password}}}
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/dockerconfigjson",
                    "stringData": {".dockerconfigjson": json.dumps(config)}})

    def apply(self, manifest):
        self.cluster.kubectl("-n", self.name, "apply", "-f", "-", input=json.dumps(manifest))

    def kubectl(self, *arguments):
        return self.cluster.kubectl("-n", self.name, *arguments)

    def change(self, name, **spec):
        """What `kubectl edit agent` would do."""
        self.cluster.patch("agents", self.name, name, {"spec": spec})

    def wake(self):
        for name in self.made:
            self.wait_asleep(name)
        self.calls = {name: Stream(self.gateway.agent(self.address(name)), timeout=90) for name in self.made}

    # What is said.
    def available(self, name):
        return condition(self.cluster.agent(self.name, name) or {})

    def tells(self, name, reason, *words, within=TOLD_WITHIN):
        """The condition names the reason, in these words and with a command; so does `kubectl describe agent`."""
        def told():
            said = self.available(name)
            return said if said.get("reason") == reason and all(word in said["message"] for word in words) else None
        try:
            said = wait_for(told, within, f"{self.address(name)} is {reason}, and the message has {words}")
        except AssertionError as failure:
            raise AssertionError(f"{failure}; the condition: {self.available(name)}") from None
        finally:
            self.record(name, reason)
        assert said["status"] == "False", said
        assert " Next: kubectl " in said["message"], said
        text = " ".join(self.kubectl("describe", "agent", name).split())
        for word in (reason, *words):
            assert word in text, f"{word!r} is not in: {text}"
        wait_for(lambda: [e for e in self.cluster.events(self.name, name) if e["type"] == "Warning" and e["reason"] == reason],
                 10, f"an Event on the Agent says {reason}")
        return said["message"]

    def refuses(self, name, reason):
        """The request that woke the agent ends with 504 at startupTimeout; the body names the reason and the next command."""
        call = self.calls[name]
        call.wait_end(within=90)
        assert call.status == 504, (call.status, call.text, call.end)
        body = json.loads(call.text)
        assert body["reason"] == reason, body
        assert f"kubectl -n {self.name} describe agent {name}" in body["hint"], body

    def serves(self, name, within=CLEARED_WITHIN):
        """The fault is over: the condition says Ready, and the gateway's answer is the agent's."""
        def cleared():
            said = self.available(name)
            return said.get("status") == "True" and said["reason"] == "Ready" and said
        try:
            said = wait_for(cleared, within, f"{self.address(name)} is Ready")
        except AssertionError as failure:
            raise AssertionError(f"{failure}; the condition: {self.available(name)}") from None
        assert self.gateway.get(self.address(name)).status_code == 200, said

    # What the tables of the unit tests are made of.
    def record(self, name, reason):
        if RECORD:
            row = self.module.__name__.removeprefix("test_")
            shown = {"row": row, "agent": name, "reason": reason,
                     "condition": {key: self.available(name).get(key) for key in ("status", "reason", "message")},
                     **self.shown(name)}
            path = pathlib.Path(RECORD) / (row + ("" if name == self.made[0] else "-" + name) + ".json")
            path.write_text(json.dumps(shown, indent=1, sort_keys=True) + "\n")

    def shown(self, name):
        """All that a diagnosis reads, as the API server gives it."""
        selected = f"krypton.ai/agent={name}"
        lists = {plural: self.cluster.list(plural, self.name, labels=selected) for plural in ("deployments", "replicasets", "pods")}
        uids = {found["metadata"]["uid"] for found in lists["pods"]}
        events = [event for event in self.cluster.list("events", self.name) if event["involvedObject"].get("uid") in uids]
        words = {found["metadata"]["name"]: word_of(found) for found in lists["pods"]}
        return {"sidecars": words, "agentObject": bare(self.cluster.agent(self.name, name)), "events": [bare(event) for event in events],
                **{plural: [bare(found) for found in found_list] for plural, found_list in lists.items()}}


def word_of(pod):
    """What the pod's sidecar answers to the controller's question; None: nothing."""
    try:
        return sidecar(pod, "/_krypton/inflight").json()
    except (httpx.HTTPError, KeyError, ValueError):
        return None


def bare(found):
    """Without what is long and says nothing, and without what is secret."""
    found["metadata"].pop("managedFields", None)
    found.get("spec", {}).pop("template", None)
    for container in found.get("spec", {}).get("containers", []):
        for entry in container.get("env", []):
            if entry["name"] == "KRYPTON_TOKEN":
                entry["value"] = "left-out"
        for header in container.get("lifecycle", {}).get("preStop", {}).get("httpGet", {}).get("httpHeaders", []):
            header["value"] = "left-out"
    return found
