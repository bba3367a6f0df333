# SPDX-License-Identifier: Apache-2.0
"""hack/support-bundle.sh on a cluster with a fault in it: what explains the fault is in the bundle, what is secret is not."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import tarfile

import pytest

import agents
from kube import ROOT, SYSTEM, condition, restarts, run, wait_for

pytestmark = pytest.mark.seconds(240)
SCRIPT = ROOT / "hack/support-bundle.sh"
ENV_VALUE = "literal-" + secrets.token_hex(12)
SECRET_VALUE = "kept-" + secrets.token_hex(12)
LAST_WORDS = "no flux capacitor in this vehicle"
# The worst that an agent can do: its log tells all that it knows.
CRASHING = f"""
import os, sys
print("settings:", os.environ["FLUX_PASSWORD"], os.environ["SEALED_PASSWORD"], file=sys.stderr)
sys.exit("{LAST_WORDS}")
"""


class Bundle:
    """A bundle as its receiver sees it: unpacked, with what the script said and its exit status."""

    def __init__(self, folder, kubeconfig, *arguments):
        self.archive = folder / "bundle.tar.gz"
        env = {**os.environ, "KUBECONFIG": str(kubeconfig)}
        self.done = subprocess.run([SCRIPT, "-o", self.archive, *arguments], capture_output=True, text=True, timeout=150, env=env, check=False)
        assert self.done.returncode in (0, 3), self.done
        with tarfile.open(self.archive) as packed:
            self.members = packed.getnames()
            self.top = packed.getmembers()[0].name.split("/")[0]
        (folder / "unpacked").mkdir()
        run("tar", "-C", folder / "unpacked", "-xzf", self.archive)
        self.root = folder / "unpacked" / self.top

    def text(self, name):
        return (self.root / name).read_text(encoding="utf-8")

    def index(self, section):
        """The lines of a section of the index page."""
        return self.text("index.md").split(f"# {section}\n", 1)[1].split("\n## ", 1)[0]

    def last_words(self, namespace, pod):
        """What the agent's log says, of now and of before: the kubelet drops the older one whenever it starts the next."""
        return "".join(path.read_text(encoding="utf-8") for path in (self.root / "pods" / namespace / pod).glob("agent*.log"))

    def holding(self, word):
        """Files that hold the word, among their names and their bytes."""
        return [str(path) for path in self.root.rglob("*") if word in path.name or (path.is_file() and word.encode() in path.read_bytes())]


@pytest.fixture(scope="module")
def broken(cluster):
    """An Agent, applied by kubectl, with a literal secret value, a Secret, and an end soon after each start."""
    space = agents.Space(cluster, "krypton-test-support-bundle")
    cluster.delete("secrets", space.name, "sealed")
    wait_for(lambda: not cluster.get("secrets", space.name, "sealed"), 10, "no Secret is there from before")
    cluster.create("secrets", space.name, {"metadata": {"name": "sealed"}, "stringData": {"SEALED_PASSWORD": SECRET_VALUE}})
    manifest = agents.python_agent("broken", CRASHING, env=agents.environment(FLUX_PASSWORD=ENV_VALUE), envFrom=[{"secretRef": {"name": "sealed"}}])
    manifest["metadata"]["namespace"] = space.name
    cluster.kubectl("apply", "-f", "-", input=json.dumps(manifest))
    wait_for(lambda: space.reason("broken") == "CrashLoop" and any(restarts(pod, "agent") > 0 for pod in cluster.pods(space.name, "broken")), 60,
             "the agent crashes again and again, and its condition says so")
    yield space
    space.drop("broken")


@pytest.fixture(scope="module")
def bundle(cluster, broken, tmp_path_factory):
    """The bundle that whoever may read everything makes."""
    return Bundle(tmp_path_factory.mktemp("whole"), cluster.kubeconfig)


def crashing_pod(cluster, broken):
    return next(pod["metadata"]["name"] for pod in cluster.pods(broken.name, "broken") if restarts(pod, "agent") > 0)


def test_the_first_page_tells_what_stands_out(cluster, broken, bundle):
    """The first file of the bundle is an index page that names the Agent with its reason and message, its pod, and the restarts."""
    assert bundle.members[0] == f"{bundle.top}/index.md", bundle.members[:3]
    faults = bundle.index("Agents whose Available is not True")
    line = next(line for line in faults.splitlines() if f"{broken.name}/broken " in line)
    assert "CrashLoop" in line and "exit code 1" in line and f"kubectl -n {broken.name} logs" in line, line
    for section in ("Pods that are not ready", "Restarts"):
        assert crashing_pod(cluster, broken) in bundle.index(section), bundle.index(section)
    assert bundle.done.stdout.strip() == str(bundle.archive), bundle.done.stdout


def test_the_last_words_and_the_condition_are_in_it(cluster, broken, bundle):
    """The bundle holds the crashed container's log, the sidecar's log, and the Agent with its condition."""
    pod = crashing_pod(cluster, broken)
    folder = f"pods/{broken.name}/{pod}"
    assert LAST_WORDS in bundle.last_words(broken.name, pod)
    assert '"event"' in bundle.text(f"{folder}/krypton-proxy.log")
    assert "krypton_proxy_" in bundle.text(f"{folder}/proxy-metrics.txt")
    listed = json.loads(bundle.text("agents/agents.json"))["items"]
    agent = next(agent for agent in listed if agent["metadata"]["name"] == "broken")
    assert condition(agent)["reason"] == "CrashLoop", agent["status"]


def test_every_daemon_is_in_it(cluster, bundle):
    """The bundle holds log, metrics, settings and readiness of every pod of the daemons, and the versions."""
    for component in ("controller", "gateway", "scaler"):
        for pod in cluster.daemon_pods(component):
            folder = f"daemons/{pod['metadata']['name']}"
            assert '"event"' in bundle.text(f"{folder}/{component}.log"), folder
            assert "# TYPE krypton_" in bundle.text(f"{folder}/metrics.txt"), folder
            assert json.loads(bundle.text(f"{folder}/configz.json")), folder
            assert "[+]" in bundle.text(f"{folder}/readyz.txt"), folder
    assert "gitVersion" in bundle.text("cluster/version.json")
    assert os.environ["KRYPTON_VERSION"] in bundle.index("Krypton's pods"), bundle.index("Krypton's pods")


def test_no_secret_is_in_it(cluster, broken, bundle):
    """Neither the literal env value, nor the Secret's, nor any agent's token, nor the internal key is in any file, though the agent's log told two of them."""
    key = cluster.get("secrets", SYSTEM, "krypton-internal")["data"]["key"]
    raw = base64.b64decode(key)
    tokens = [hmac.new(raw.strip(), agent["metadata"]["uid"].encode(), hashlib.sha256).hexdigest() for agent in cluster.list("agents")]
    template = json.dumps(cluster.get("deployments", broken.name, "broken"))
    assert any(token in template for token in tokens), "the tokens looked for are those in use"
    for word in [ENV_VALUE, SECRET_VALUE, base64.b64encode(SECRET_VALUE.encode()).decode(), key, raw.decode(errors="replace").strip(), *tokens]:
        assert not bundle.holding(word), bundle.holding(word)
    assert "settings: [redacted] [redacted]" in bundle.last_words(broken.name, crashing_pod(cluster, broken))


def test_secrets_are_listed_by_name_type_and_keys(broken, bundle):
    """Secrets are listed by name, type and the names of their keys."""
    listed = json.loads(bundle.text(f"secrets/{broken.name}.json"))["items"]
    sealed = next(secret for secret in listed if secret["metadata"]["name"] == "sealed")
    assert sealed["keys"] == ["SEALED_PASSWORD"] and sealed["type"] == "Opaque" and "data" not in sealed, sealed


@pytest.fixture(scope="module")
def small(cluster, broken, tmp_path_factory):
    """A kubeconfig of a ServiceAccount that may read Agents, Pods, their logs and Events of one namespace."""
    name = ["-n", broken.name]
    cluster.kubectl("create", "serviceaccount", "reader", *name)
    cluster.kubectl("create", "role", "reader", *name, "--verb=get,list", "--resource=pods,pods/log,events,agents.krypton.ai")
    cluster.kubectl("create", "rolebinding", "reader", *name, "--role=reader", f"--serviceaccount={broken.name}:reader")
    token = cluster.kubectl("create", "token", "reader", *name).strip()
    config = json.loads(cluster.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    config["users"] = [{"name": "reader", "user": {"token": token}}]
    config["contexts"] = [{"name": "reader", "context": {"cluster": config["clusters"][0]["name"], "user": "reader", "namespace": broken.name}}]
    config["current-context"] = "reader"
    path = tmp_path_factory.mktemp("small") / "kubeconfig"
    path.write_text(json.dumps(config), encoding="utf-8")
    yield path
    for kind in ("rolebinding", "role", "serviceaccount"):
        cluster.kubectl("delete", kind, "reader", *name)


@pytest.mark.parametrize("arguments", [["-n", "krypton-test-support-bundle"], []], ids=["with -n", "without -n"])
def test_small_rights_make_a_smaller_bundle(cluster, broken, small, tmp_path, arguments):
    """Who may only read one namespace gets a bundle of it that lists what may not be read, and holds no secret env value"""
    found = Bundle(tmp_path, small, *arguments)
    assert found.done.returncode == 3, found.done
    assert LAST_WORDS in found.last_words(broken.name, crashing_pod(cluster, broken))
    refused = found.index("What could not be had")
    for what in ("Secrets of", "deployments of Agents", "nodes:", "pods of Krypton"):
        line = next(line for line in refused.splitlines() if line.startswith(f"| {what}"))
        assert "forbidden" in line.lower(), line
    assert ("Agents of all namespaces" in refused) == (not arguments), refused
    assert not found.holding(ENV_VALUE), found.holding(ENV_VALUE)
    assert "Secrets could not be read" in found.text("index.md")


def test_a_bound_on_bytes_is_held_and_told(cluster, broken, tmp_path):
    """With --max-bytes the files stay below it, and the index names what had no room."""
    found = Bundle(tmp_path, cluster.kubeconfig, "--max-bytes", "60000")
    size = sum(path.stat().st_size for path in found.root.rglob("*") if path.is_file() and path.name != "index.md")
    assert found.done.returncode == 3 and size < 61000, (found.done.returncode, size)
    assert "--max-bytes" in found.index("What could not be had")


def test_usage_is_told(cluster, tmp_path):
    """--help tells usage and exit codes; an unknown argument and a server that is away end with one line and no file."""
    said = run(SCRIPT, "--help")
    assert "usage: hack/support-bundle.sh" in said and "Exit: 0" in said
    for arguments, kubeconfig, status in ((["--everything"], cluster.kubeconfig, 2), (["-n", "A B"], cluster.kubeconfig, 2),
                                          (["--timeout", "2"], "/dev/null", 1)):
        done = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, timeout=30, check=False,
                              env={**os.environ, "KUBECONFIG": kubeconfig}, cwd=tmp_path)
        assert done.returncode == status and len(done.stderr.strip().splitlines()) == 1 and not list(tmp_path.iterdir()), done
