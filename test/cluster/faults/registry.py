# SPDX-License-Identifier: Apache-2.0
"""A registry that wants credentials, and one that refuses everybody, on the network of the cluster's first node."""

import base64
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import tempfile

from kube import ROOT, run, wait_for

AGENT_IMAGE = "hello-sse:0.1.0"
ARCHIVE = ROOT / "build/images/example-hello-sse.tar"
HERE = pathlib.Path(__file__).parent


def listens(host, port):
    try:
        socket.create_connection((host, port), timeout=1).close()
        return True
    except OSError:
        return False


class Registry:
    """docker-registry with one account. Containerd is told to speak plain HTTP to it."""

    def __init__(self, cluster):
        name = os.environ["KRYPTON_CLUSTER"]
        node = next(node for node in cluster.list("nodes") if node["metadata"]["name"] == f"{name}-1")
        self.host = next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")
        self.address, self.refusing = f"{self.host}:5000", f"{self.host}:5003"
        self.user, self.password = "puller", secrets.token_hex(8)
        self._scratch = tempfile.TemporaryDirectory(prefix="krypton-registry.")
        self._folder, self._enter = pathlib.Path(self._scratch.name), ["nsenter", f"--net=/run/netns/krypton.{name}.1", "--"]
        self._programs = []
        trusted = pathlib.Path(os.environ.get("KRYPTON_STATE_DIR", "/var/lib/krypton")) / name / "conf/registries"
        for address in (self.address, self.refusing):
            folder = trusted / (address.replace(":", "_") + "_")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "hosts.toml").write_text(f'server = "http://{address}"\n[host."http://{address}"]\n')
        try:
            self._serve()
        except BaseException:
            self.close()
            raise

    def _serve(self):
        line = run("htpasswd", "-niB", self.user, input=self.password)
        (self._folder / "htpasswd").write_text(line)
        (self._folder / "config.yml").write_text(json.dumps({
            "version": 0.1, "log": {"level": "warn"}, "http": {"addr": self.address, "secret": secrets.token_hex(16)},
            "storage": {"filesystem": {"rootdirectory": str(self._folder / "data")}},
            "auth": {"htpasswd": {"realm": "faults", "path": str(self._folder / "htpasswd")}}}))
        self._start("docker-registry", "serve", self._folder / "config.yml")
        self._start(sys.executable, "-B", HERE / "refusing_registry.py", self.host, "5003")
        for port in (5000, 5003):
            wait_for(lambda: listens(self.host, port), 15, f"a registry listens on {self.host}:{port}")
        self.push(AGENT_IMAGE)

    def _start(self, *command):
        with open(self._folder / "log", "ab") as log:
            self._programs.append(subprocess.Popen([*self._enter, *map(str, command)], stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    def push(self, reference):
        """The agent of the tests, by that name. Credentials go by a file, not by arguments."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        auth = self._folder / "auth.json"
        auth.write_text(json.dumps({"auths": {self.address: {"auth": pair}}}))
        run("skopeo", "copy", "--quiet", "--dest-tls-verify=false", "--dest-authfile", auth,
            f"docker-archive:{ARCHIVE}", f"docker://{self.address}/{reference}",
            env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"})

    def close(self):
        for program in self._programs:
            program.send_signal(signal.SIGKILL)
            program.wait()
        self._scratch.cleanup()
