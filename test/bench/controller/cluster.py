# SPDX-License-Identifier: Apache-2.0
"""An API server of the bench's own, made anew for each contestant, with an audit log; and a client of it."""

import base64
import http.client
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from urllib.parse import urlsplit

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
NAME = os.environ.get("NAME", "krypton-bench-ctl")
HOME, SPACE = "krypton-bench-home", "krypton-bench"  # where the controller lives, where the agents do
AGENTS = "/apis/krypton.ai/v1alpha1/namespaces/%s/agents" % SPACE
PODS = "/api/v1/namespaces/%s/pods" % SPACE
SECONDS = 60  # no single request takes longer
CREATORS = 8

# Requests that the API server sends itself are nobody's.
POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: None, users: ["system:apiserver"]}
  - {level: Metadata}
"""


class Failed(RuntimeError):
    """What was asked for did not come about."""


def _shell(what, command, seconds, env=None):
    done = subprocess.run(command, cwd=TOP, env={**os.environ, **(env or {})}, timeout=seconds, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failed("%s: %s" % (what, " / ".join(done.stdout.strip().splitlines()[-3:])))
    return done.stdout


class Cluster:
    """etcd and API server, the Agent resource, two namespaces. End it with close()."""

    def __init__(self):
        self.work = tempfile.mkdtemp(prefix="krypton-bench-ctl-")
        self.audit_path = self.work + "/audit.log"
        self.kubeconfig = TOP + "/build/cluster/%s.kubeconfig" % NAME
        self._kubectl = TOP + "/build/cluster/bin/kubectl"
        self._local = threading.local()
        try:
            self._up()
        except BaseException:
            self.close()
            raise

    def _up(self):
        with open(self.work + "/policy.yaml", "w", encoding="ascii") as file:
            file.write(POLICY)
        if not os.path.exists(TOP + "/build/cluster/bin/kube-apiserver"):
            _shell("building the cluster's programs", ["hack/cluster/build.sh"], 1800)
        _shell("taking down what is left", ["hack/cluster/down.sh", "--name", NAME], 120)
        _shell("an API server", ["hack/cluster/up.sh", "--name", NAME, "--control-plane-only"], 240, {
            "APISERVER_FLAGS": "--audit-policy-file=%s/policy.yaml --audit-log-path=%s --audit-log-maxsize=4000" % (
                self.work, self.audit_path)})
        self._read_kubeconfig()
        self.kubectl("apply", "-f", "crds/agents.krypton.ai.yaml")
        self.kubectl("wait", "--for=condition=Established", "crd/agents.krypton.ai", "--timeout=60s")
        for name in (HOME, SPACE):
            self.kubectl("create", "namespace", name)

    def kubectl(self, *words):
        return _shell("kubectl " + words[0], [self._kubectl, "--kubeconfig", self.kubeconfig, *words], SECONDS + 10)

    def _read_kubeconfig(self):
        config = json.loads(self.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._address = urlsplit(cluster["server"])
        self._tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        path = self.work + "/client.pem"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
        self._tls.load_cert_chain(path)

    def connection(self):
        return http.client.HTTPSConnection(self._address.hostname, self._address.port, timeout=SECONDS, context=self._tls)

    def request(self, method, path, body=None, kind="application/json"):
        """The answer's object. Each thread has a connection of its own, which is kept."""
        if not hasattr(self._local, "connection"):
            self._local.connection = self.connection()
        connection = self._local.connection
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"Content-Type": kind, "User-Agent": "krypton-bench"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise Failed("%s %s: %d %s" % (method, path, answer.status, text[:300].decode(errors="replace")))
        return json.loads(text)

    def merge(self, path, patch):
        return self.request("PATCH", path, patch, "application/merge-patch+json")

    def create_agents(self, names, spec):
        """By a few connections at once."""
        names, failures = list(names), []

        def work(mine):
            try:
                for name in mine:
                    self.request("POST", AGENTS, {"apiVersion": "krypton.ai/v1alpha1", "kind": "Agent",
                                                  "metadata": {"name": name}, "spec": spec})
            except (Failed, OSError, http.client.HTTPException) as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(names[n::CREATORS],), daemon=True) for n in range(CREATORS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise Failed("making Agents: %s" % failures[0])

    def watch_agents(self, version, seconds):
        """Yields (type, Agent) as they come, for at most that long."""
        connection = self.connection()
        try:
            connection.request("GET", AGENTS + "?watch=1&resourceVersion=%s&timeoutSeconds=%d" % (version, seconds),
                               headers={"User-Agent": "krypton-bench"})
            answer = connection.getresponse()
            while line := answer.readline():
                event = json.loads(line)
                yield event["type"], event["object"]
        finally:
            connection.close()

    def server_cpu_seconds(self):
        with open(os.environ.get("KRYPTON_STATE_DIR", "/var/lib/krypton") + "/%s/pid/kube-apiserver" % NAME,
                  encoding="ascii") as file:
            return cpu_seconds(int(file.read().split()[0]))

    def close(self):
        try:
            _shell("taking it down", ["hack/cluster/down.sh", "--name", NAME], 120)
        finally:
            shutil.rmtree(self.work, ignore_errors=True)


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
