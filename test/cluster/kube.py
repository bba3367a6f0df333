# SPDX-License-Identifier: Apache-2.0
"""The cluster under test: its API, its kubectl and helm, and waiting on facts."""

import base64
import json
import os
import pathlib
import ssl
import subprocess
import tempfile
import time

import httpx

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build/cluster/bin"
SYSTEM = "krypton-system"
GROUP = "apis/krypton.ai/v1alpha1"
PLURALS = {
    "agents": GROUP, "deployments": "apis/apps/v1", "replicasets": "apis/apps/v1", "pods": "api/v1",
    "services": "api/v1", "nodes": "api/v1", "serviceaccounts": "api/v1", "events": "api/v1", "secrets": "api/v1", "namespaces": "api/v1",
    "endpointslices": "apis/discovery.k8s.io/v1", "leases": "apis/coordination.k8s.io/v1",
    "ingresses": "apis/networking.k8s.io/v1", "jobs": "apis/batch/v1",
    "customresourcedefinitions": "apis/apiextensions.k8s.io/v1",
}


# The other suites keep the machine busy: a fact has this much longer than it takes on one that is not.
PATIENCE = 3


def wait_for(fact, within, what, every=0.15):
    """Asks until fact() is truthy and returns that. Past the deadline: what was awaited, and what was seen last.
    within: seconds on a machine that has nothing else to do."""
    end = time.monotonic() + within * PATIENCE
    while True:
        seen = fact()
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"not within {within * PATIENCE:g} s: {what} (seen last: {seen!r})")
        time.sleep(every)


def holds_for(fact, seconds, what, every=0.5):
    """The fact is about a span of time: it holds at each look for that long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seen = fact()
        assert seen, f"{what} (seen: {seen!r})"
        time.sleep(every)


class Failed(Exception):
    """A command ended with an error; the text is what it said."""


def run(*command, input=None, timeout=60, env=None, cwd=None):
    done = subprocess.run([str(word) for word in command], input=input, capture_output=True, text=True, timeout=timeout,
                          env=env, cwd=cwd, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(str(word) for word in command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Cluster:
    """One API server, spoken to by HTTP where a fact is asked for and by kubectl where a user would."""

    def __init__(self, kubeconfig):
        self.kubeconfig = str(kubeconfig)
        self.env = {**os.environ, "KUBECONFIG": self.kubeconfig, "PATH": f"{BIN}:{os.environ['PATH']}"}
        config = json.loads(run(BIN / "kubectl", "config", "view", "--raw", "--minify", "-o", "json", env=self.env))
        where, who = config["clusters"][0]["cluster"], config["users"][0]["user"]
        tls = ssl.create_default_context(cadata=base64.b64decode(where["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile() as pair:
            pair.write(base64.b64decode(who["client-certificate-data"]) + b"\n" + base64.b64decode(who["client-key-data"]))
            pair.flush()
            tls.load_cert_chain(pair.name)
        self.http = httpx.Client(base_url=where["server"], verify=tls, timeout=15, trust_env=False)

    # As a user types it.
    def kubectl(self, *arguments, input=None, timeout=60):
        return run(BIN / "kubectl", *arguments, input=input, timeout=timeout, env=self.env)

    def helm(self, *arguments, timeout=180):
        return run(BIN / "helm", *arguments, timeout=timeout, env=self.env)

    def shell(self, line, timeout=60):
        """A line of a document, as it stands there."""
        return run("bash", "-o", "pipefail", "-c", line, timeout=timeout, env=self.env, cwd=ROOT)

    # By the API.
    def path(self, plural, namespace=None, name=None):
        parts = [PLURALS[plural]] + (["namespaces", namespace] if namespace else []) + [plural] + ([name] if name else [])
        return "/" + "/".join(parts)

    def get(self, plural, namespace=None, name=None):
        """The object, or None where there is none."""
        answer = self.http.get(self.path(plural, namespace, name))
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        return answer.json()

    def list(self, plural, namespace=None, labels=None, fields=None):
        query = {k: v for k, v in (("labelSelector", labels), ("fieldSelector", fields)) if v}
        answer = self.http.get(self.path(plural, namespace), params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def create(self, plural, namespace, body):
        answer = self.http.post(self.path(plural, namespace), json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def patch(self, plural, namespace, name, body):
        answer = self.http.patch(self.path(plural, namespace, name), json=body,
                                 headers={"Content-Type": "application/merge-patch+json"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def delete(self, plural, namespace, name, **options):
        answer = self.http.request("DELETE", self.path(plural, namespace, name), json=options or None)
        assert answer.status_code in (200, 202, 404), answer.text

    # What the tests ask most.
    def agent(self, namespace, name):
        return self.get("agents", namespace, name)

    def status(self, namespace, name):
        return (self.agent(namespace, name) or {}).get("status", {})

    def pods(self, namespace, agent):
        return self.list("pods", namespace, labels=f"krypton.ai/agent={agent}")

    def ready_pods(self, namespace, agent):
        return [pod for pod in self.pods(namespace, agent) if is_ready(pod)]

    def daemon_pods(self, component):
        """Ready pods of a daemon that are not on their way out."""
        pods = self.list("pods", SYSTEM, labels=f"app.kubernetes.io/instance=krypton,app.kubernetes.io/component={component}")
        return [pod for pod in pods if is_ready(pod)]

    def wait_daemons(self, within=60, **replicas):
        """Every Deployment of the release is rolled out, none of its old pods are needed any more."""
        def rolled_out():
            found = self.list("deployments", SYSTEM, labels="app.kubernetes.io/instance=krypton")
            if len(found) < 3:
                return None
            return all(is_rolled_out(deployment) for deployment in found)
        wait_for(rolled_out, within, "controller, gateway and scaler are rolled out")

    def events(self, namespace, about, kind="Agent"):
        return [event for event in self.list("events", namespace, fields=f"involvedObject.name={about}")
                if event["involvedObject"]["kind"] == kind]

    def logs(self, namespace, pod, container):
        answer = self.http.get(self.path("pods", namespace, pod) + "/log", params={"container": container})
        return answer.text if answer.status_code == 200 else ""


def is_ready(pod):
    if pod["metadata"].get("deletionTimestamp"):
        return False
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", []))


def is_rolled_out(deployment):
    want, status = deployment["spec"]["replicas"], deployment.get("status", {})
    return (status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
            and status.get("updatedReplicas", 0) == want and status.get("replicas", 0) == want
            and status.get("availableReplicas", 0) == want)


def condition(agent, kind="Available"):
    return next((c for c in agent.get("status", {}).get("conditions", []) if c["type"] == kind), {})


def container_pid(pod, container):
    """The process of a pod's container, as this machine numbers it."""
    found = next(s for s in pod["status"]["containerStatuses"] if s["name"] == container)
    identity = found["containerID"].split("://")[1]
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if identity in (entry / "cgroup").read_text():
                    return int(entry.name)
            except OSError:
                continue  # it ended while we looked
    raise AssertionError(f"no process of container {container} of {pod['metadata']['name']}")


def restarts(pod, container):
    return sum(s["restartCount"] for s in pod["status"].get("containerStatuses", []) if s["name"] == container)
