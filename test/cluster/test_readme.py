# SPDX-License-Identifier: Apache-2.0
"""What README and docs/INGRESS.md tell a newcomer to do, run as it is written there."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import textwrap

import httpx
import pytest

import gateway as gateways
from kube import BIN, ROOT, SYSTEM, run, wait_for

FIRST_AGENT = "## Your own agent in five minutes"
GATEWAY_API = "sigs.k8s.io/gateway-api@v1.3.0"  # the Go module that carries the CRDs of Gateway API


def blocks(text):
    """(language, text) of each fenced block, without the indentation of the list that it stands in."""
    return [(language, textwrap.dedent(body)) for language, body in re.findall(r"^ *```(\w+)\n(.*?)^ *```$", text, re.M | re.S)]


def section(document, heading):
    after = (ROOT / document).read_text().split(heading + "\n", 1)[1]
    return after.split("\n## ", 1)[0]


def manifest(name):
    """The block of docs/INGRESS.md that is marked with that name."""
    return blocks((ROOT / "docs/INGRESS.md").read_text().split(f"<!-- manifest: {name} -->\n", 1)[1])[0][1]


@pytest.fixture
def checkout(cluster, tmp_path):
    """A directory that looks to the README's commands like the project's own after `make demo`."""
    places = tmp_path / "build/cluster"
    places.mkdir(parents=True)
    (places / "kubeconfig").symlink_to(cluster.kubeconfig)
    (places / "bin").symlink_to(BIN)
    (tmp_path / "hack").mkdir()
    loader = tmp_path / "hack/load-image.sh"
    loader.write_text(f'#!/bin/sh\nexec {ROOT}/hack/load-image.sh "$@"\n')
    loader.chmod(0o755)
    (tmp_path / "greeter").mkdir()
    return tmp_path


@pytest.fixture
def no_greeter(cluster):
    """Neither before nor after is there an agent of the README's name, nor a pod of it."""
    def remove():
        cluster.kubectl("-n", "default", "delete", "agent", "greeter", "--ignore-not-found", "--timeout=60s")
        wait_for(lambda: not cluster.pods("default", "greeter"), 60, "no pod of greeter is left")
    remove()
    yield
    remove()
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs"}
    subprocess.run(["buildah", "rmi", "--force", "greeter:1"], env=environment, capture_output=True, timeout=60, check=False)


@pytest.mark.seconds(240)
def test_the_first_agent_of_the_readme_answers_from_zero(cluster, checkout, no_greeter):
    """The README's first agent, written, built, loaded, applied and invoked as it says there, answers from zero and goes as it says."""
    text = section("README.md", FIRST_AGENT)
    program = [body for language, body in blocks(text) if language == "go"]
    commands = [body for language, body in blocks(text) if language == "sh"]
    assert len(program) == 1 and len(commands) == 5, [language for language, _ in blocks(text)]
    (checkout / "greeter/main.go").write_text(program[0])
    environment = {k: v for k, v in cluster.env.items() if k not in ("KUBECONFIG", "MAKEFLAGS", "MAKELEVEL")}

    # One shell, as a reader has it: what one block exports, the next ones use. A mark tells their output apart.
    script = "set -e\n" + "\necho ==block==\n".join(commands)
    said = run("bash", "-o", "pipefail", "-c", script, timeout=220, env=environment, cwd=checkout).split("==block==\n")
    assert "loaded docker.io/library/greeter:1" in said[1], said[1]
    row = next(line.split() for line in said[2].splitlines() if line.startswith("greeter "))
    assert row[1] == "serverless" and row[3] in ("0", "serverless"), said[2]
    assert said[3].startswith("hello, you asked for /some/path\n"), said[3]
    assert re.search(r"^Name: +greeter$", said[3], re.M) and "Last Invocation At:" in said[3], said[3]
    assert 'agent.krypton.ai "greeter" deleted' in said[4], said[4]
    for plural in ("deployments", "services", "serviceaccounts"):
        wait_for(lambda plural=plural: cluster.get(plural, "default", "greeter") is None, 30, f"greeter is gone from {plural}")


@pytest.fixture
def removed_after(cluster):
    """Objects that the test makes in the release's namespace; they go with it."""
    made = []
    yield made
    for what in made:
        cluster.kubectl("-n", SYSTEM, "delete", what, "--ignore-not-found", "--timeout=30s")


def test_the_nginx_ingress_of_the_docs_is_accepted(cluster, removed_after):
    """The Ingress of docs/INGRESS.md is accepted as written, and its backend is there."""
    removed_after.append("ingress/krypton-public")
    cluster.kubectl("apply", "--validate=strict", "-f", "-", input=manifest("nginx-ingress"))
    backend = cluster.get("ingresses", SYSTEM, "krypton-public")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    service = cluster.get("services", SYSTEM, backend["name"])
    assert backend["port"]["number"] in [port["port"] for port in service["spec"]["ports"]], backend


@pytest.mark.seconds(200)
def test_the_http_routes_of_the_docs_are_accepted(cluster, removed_after):
    """Both HTTPRoutes of docs/INGRESS.md are accepted as written by Gateway API's own definition."""
    module = run("go", "mod", "download", "-json", GATEWAY_API, timeout=150, cwd="/", env={**os.environ, "GOFLAGS": "-mod=mod"})
    folder = re.search(r'"Dir": "([^"]+)"', module).group(1)
    definition = pathlib.Path(folder, "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml")
    removed_after.append("customresourcedefinition/httproutes.gateway.networking.k8s.io")
    cluster.kubectl("apply", "--server-side", "-f", definition)
    cluster.kubectl("wait", "--for=condition=Established", "crd/httproutes.gateway.networking.k8s.io", "--timeout=30s")
    for name in ("gateway-api", "gateway-api-no-timeout"):
        said = cluster.kubectl("apply", "--validate=strict", "-f", "-", input=manifest(name))
        assert said.startswith("httproute.gateway.networking.k8s.io/krypton-public "), said


@pytest.fixture
def nginx(cluster, tmp_path):
    """nginx with the configuration of the docs; only its port, and the Service's name by its address, are ours."""
    address = cluster.get("services", SYSTEM, "krypton-gateway")["spec"]["clusterIP"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    site = manifest("nginx-conf")
    assert "listen 80;" in site and "krypton-gateway.krypton-system.svc" in site
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("krypton-gateway.krypton-system.svc", address)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}} http {{ access_log off; {temporary}\n{site}}}\n")
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    process = subprocess.Popen([program, "-e", tmp_path / "error.log", "-c", tmp_path / "nginx.conf"])
    try:
        wait_for(lambda: accepts(port), 10, f"nginx accepts on port {port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_plain_nginx_of_the_docs_streams(nginx, examples):
    """Through nginx as docs/INGRESS.md configures it events arrive one by one, and paths and headers as the client sent them."""
    examples.wait_ready("hello-sse", 1)
    headers = {"Host": "agents.example.com"}
    stream = gateways.Stream(f"{nginx}/v1/agents/default/hello-sse/stream?n=5&interval_ms=300", headers)
    stream.wait_end()
    assert stream.ended_whole(), (stream.end, stream.text[-200:])
    assert stream.arrivals[4] - stream.arrivals[0] > 0.9, stream.arrivals
    with httpx.Client(trust_env=False, timeout=20) as http:
        seen = http.get(f"{nginx}/v1/agents/default/hello-sse/headers?a=%2F", headers=headers).json()
    forwarded = {name.lower(): values for name, values in seen["headers"].items()}
    assert seen["uri"] == "/headers?a=%2F" and forwarded["x-forwarded-host"] == ["agents.example.com"], seen
    assert forwarded["x-forwarded-proto"] == ["http"], seen
