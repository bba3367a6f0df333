# SPDX-License-Identifier: Apache-2.0
"""The commands and manifests of the users' documents, run as they are written there."""

import datetime
import hashlib
import os
import re
import subprocess
import time

import httpx
import pytest

import agents
from gateway import Stream, client, plain, together
from kube import ROOT, SYSTEM, run, wait_for
from ports import free_port

NAME = os.environ.get("KRYPTON_CLUSTER", "krypton-test")
DEFAULT_STARTUP_TIMEOUT_MS = 12000  # gateway.defaultStartupTimeoutMs of values.yaml


def manifest(mark):
    """The block of docs/INGRESS.md behind the comment that names it."""
    page = (ROOT / "docs/INGRESS.md").read_text(encoding="utf-8")
    return re.search(rf"<!-- manifest: {mark} -->\n```\w+\n(.*?)```", page, re.S).group(1)


@pytest.fixture
def an_agent(cluster, examples):
    """An always-on agent of the examples, with its pod's name."""
    examples.wait_ready("hello-sse", 1)
    return "default", "hello-sse", cluster.ready_pods("default", "hello-sse")[0]["metadata"]["name"]


@pytest.mark.parametrize("policy", ["IfNotPresent", "Never"])
def test_a_loaded_image_runs(cluster, space, policy):
    """hack/load-image.sh puts an image onto the node, and a pod starts from it with this imagePullPolicy"""
    said = run(ROOT / "hack/load-image.sh", "--name", NAME, ROOT / "build/images/example-hello-sse.tar", env=cluster.env)
    assert "loaded " + agents.SSE in said, said
    space.make(agents.agent("loaded-" + policy.lower(), imagePullPolicy=policy), ready=1)


COMMANDS = {
    "kubectl describe pod -n <ns> <pod>": ["krypton-proxy:", "agent:", "Image:", "Events:"],
    "kubectl logs -n <ns> <pod> -c agent": ["listens on :8080"],
    "kubectl logs -n <ns> <pod> -c krypton-proxy": ['"component":"krypton-proxy"', "agent.listening"],
    "kubectl logs -n <ns> <pod>": ["listens on :8080"],
    "kubectl -n <ns> describe deploy <agent>": ["krypton-proxy:", "agent:", "krypton.ai/agent=<agent>"],
    "kubectl -n <ns> get events --sort-by=.lastTimestamp | tail": ["Normal"],
    "kubectl get agents -A": ["hello-sse", "Ready"],
    "kubectl explain agent.spec.scaleToZeroAfter": ["duration"],
}


@pytest.mark.parametrize("line", COMMANDS)
def test_a_troubleshooting_command_works(cluster, an_agent, line):
    """A command of the troubleshooting page works as written"""
    def filled(text):
        return text.replace("<ns>", an_agent[0]).replace("<agent>", an_agent[1]).replace("<pod>", an_agent[2])
    said = cluster.shell(filled(line))
    for word in COMMANDS[line]:
        assert filled(word) in said, said


def test_last_invocation_is_fresh_by_the_documents_command(cluster, gateway, an_agent):
    """kubectl get agent -o jsonpath of lastInvocationAt gives a fresh timestamp right after an invocation."""
    namespace, name, _ = an_agent
    line = f"kubectl -n {namespace} get agent {name} -o jsonpath='{{.status.lastInvocationAt}}'"
    assert gateway.get(f"{namespace}/{name}").status_code == 200
    invoked = time.time()

    def fresh():
        stamp = cluster.shell(line)
        return stamp and invoked - datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() < 12 and stamp
    wait_for(fresh, 15, "lastInvocationAt is of now")


def test_connection_refused_is_in_the_sidecars_log(cluster, space):
    """With a wrong spec.port the sidecar's log says: connect: connection refused."""
    name = space.make(agents.agent("wrong-port", port=9999))
    pod = wait_for(lambda: cluster.pods(space.name, name), 20, "its pod")[0]["metadata"]["name"]
    line = f"kubectl logs -n {space.name} {pod} -c krypton-proxy | grep 'connect: connection refused'"

    def found():
        return subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=cluster.env, check=False).stdout
    said = wait_for(found, 30, line, every=0.5)
    assert "dial tcp 127.0.0.1:9999: connect: connection refused" in said and said.count("\n") <= 2, said
    wait_for(lambda: (cluster.status(space.name, name).get("phase"), space.reason(name)) == ("Failed", "PortMismatch"), 20,
             "its condition names the fault")


def test_startup_timeout_of_an_agent_wins_over_the_gateways(gateway, space):
    """startupTimeout: 90s lets an agent start slowly; without it the gateway's --default-startup-timeout-ms, a chart value, is a 504."""
    slow = agents.environment(START_DELAY_MS=DEFAULT_STARTUP_TIMEOUT_MS + 1500)
    names = [space.make(agents.sleeper("patient", env=slow, startupTimeout="90s")), space.make(agents.sleeper("impatient", env=slow))]
    for name in names:
        space.wait_asleep(name)

    def ask(i):
        with client() as http:
            began = time.monotonic()
            return http.get(gateway.agent(space.address(names[i]))).status_code, time.monotonic() - began
    (patient, _), (impatient, took) = together(2, ask)
    assert patient == 200 and impatient == 504, (patient, impatient)
    assert -0.5 < took - DEFAULT_STARTUP_TIMEOUT_MS / 1000 < 3, took


def test_effective_settings_of_the_gateway_are_the_charts(cluster):
    """/configz of the gateway shows the values that the chart was installed with."""
    for pod in cluster.daemon_pods("gateway"):
        settings = plain.get(f"http://{pod['status']['podIP']}:8082/configz").json()
        found = {name.replace("_", "-").removeprefix("--"): value for name, value in settings.items()}
        assert found["default-startup-timeout-ms"] == DEFAULT_STARTUP_TIMEOUT_MS and found["max-buffer-per-agent"] == 16, settings


def test_an_agent_that_heeds_sigterm_ends_completed(cluster, space):
    """A pod of examples/mcp/go, the documents' pattern, ends with exit code 0 when it is deleted."""
    name = space.make(agents.agent("pattern", image=agents.EXAMPLES + "/hello-mcp-go:0.1.0", protocol="mcp", invocationPath="/mcp"), ready=1)
    pod = cluster.ready_pods(space.name, name)[0]["metadata"]["name"]
    assert space.exit_codes(pod) == {"agent": 0, "krypton-proxy": 0}


def make(target):
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "KUBECONFIG")}
    return run("make", target, cwd=ROOT, env=env, timeout=280)


def test_make_ui_says_what_it_does():
    """make ui works, and says what there is by now."""
    assert "ui:" in make("ui")


@pytest.mark.seconds(300)
def test_make_docker_build_makes_the_images():
    """make docker-build makes the images of all daemons and examples."""
    said = make("docker-build")
    for image in ("controller", "gateway", "scaler", "krypton-proxy", "hello-mcp", "hello-a2a", "hello-sse"):
        assert f"/{image}:" in said, said


def test_nginx_ingress_manifest_applies(cluster):
    """The nginx Ingress of the documents applies as written, and its backend is a port of the gateway's Service."""
    text = manifest("nginx-ingress")
    assert "created" in cluster.kubectl("apply", "-f", "-", input=text)
    described = cluster.kubectl("-n", SYSTEM, "describe", "ingress", "krypton-public")
    assert "krypton-gateway:8080 (" in described and "<error" not in described, described
    cluster.kubectl("delete", "-f", "-", input=text)


def test_http_route_manifests_apply(cluster):
    """The HTTPRoutes of the documents and of the chart apply as written (with a CRD that types the fields they use)."""
    routes = ROOT / "test/cluster/manifests/httproutes.yaml"
    cluster.kubectl("apply", "-f", routes)
    try:
        cluster.kubectl("wait", "--for=condition=Established", "crd/httproutes.gateway.networking.k8s.io", "--timeout=20s")
        for mark in ("gateway-api", "gateway-api-no-timeout"):
            wait_for(lambda: "krypton-public" in applied(cluster, manifest(mark)), 10, "the API server knows HTTPRoutes")
        chart = cluster.helm("template", "krypton", ROOT / "charts/krypton", "-n", SYSTEM, "--set", "gateway.httpRoute.enabled=true",
                             "--set", "gateway.httpRoute.parentRefs[0].name=my-gateway", "-s", "templates/httproute.yaml")
        assert "krypton-gateway" in cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=chart)
    finally:
        cluster.kubectl("delete", "-f", routes)


def applied(cluster, text):
    try:
        return cluster.kubectl("apply", "-f", "-", input=text)
    except Exception as failure:  # a CRD that is just established may be unknown for a moment more
        if "no matches for kind" in str(failure):
            return ""
        raise


# What the annotations of the Ingress come to in ingress-nginx: the two settings and nothing else.
TWO_SETTINGS = """
server {
    listen 127.0.0.1:PORT;
    location /v1/agents {
        proxy_pass http://krypton-gateway.krypton-system.svc:8080;
        proxy_http_version 1.1;
        proxy_buffering off;
        proxy_read_timeout 300s;
    }
}
"""


@pytest.fixture
def nginx(cluster, gateway, tmp_path):
    """A real nginx on loopback before the gateways: the documents' configuration, and the two settings alone. Their URLs."""
    ports = [free_port(), free_port()]
    own = manifest("nginx-conf").replace("listen 80;", f"listen 127.0.0.1:{ports[0]};")
    both = (own + TWO_SETTINGS.replace("PORT", str(ports[1]))).replace("krypton-gateway.krypton-system.svc", gateway.host)
    places = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = tmp_path / "nginx.conf"
    config.write_text(f"daemon off; master_process off; pid {tmp_path}/pid; error_log stderr;\n"
                      f"events {{}}\nhttp {{ access_log off;\n{places}{both}}}\n", encoding="utf-8")
    server = subprocess.Popen(["/usr/sbin/nginx", "-p", str(tmp_path), "-c", str(config)], stderr=subprocess.PIPE, text=True)
    try:
        urls = [f"http://127.0.0.1:{port}/v1/agents" for port in ports]
        for url in urls:
            wait_for(lambda: server.poll() is not None or answers(url), 10, "nginx answers")
        assert server.poll() is None, server.stderr.read()
        yield urls
    finally:
        server.terminate()
        server.wait(10)


def answers(url):
    try:
        return plain.get(url + "/default/nobody", headers={"Host": "agents.example.com"}).status_code == 404
    except httpx.HTTPError:
        return False


def test_events_pass_a_real_nginx_one_by_one(examples, nginx):
    """Server-sent events arrive one by one through a real nginx, with the documents' configuration and with the two settings alone."""
    for url in nginx:
        stream = Stream(url + "/default/hello-sse/stream?n=5&interval_ms=300", headers={"Host": "agents.example.com"})
        stream.wait_end()
        assert stream.ended_whole() and stream.numbers() == [1, 2, 3, 4, 5], (url, stream.end, stream.text)
        assert stream.came_apart(5, 0.3), (url, stream.arrivals)


def test_an_agent_behind_nginx_knows_its_public_address(examples, nginx):
    """Through the documents' nginx an agent sees the public host, the client's address and the prefix."""
    seen = plain.get(nginx[0] + "/default/hello-sse/headers", headers={"Host": "agents.example.com"}).json()["headers"]
    assert seen["X-Forwarded-Host"] == ["agents.example.com"] and seen["X-Forwarded-Prefix"] == ["/v1/agents/default/hello-sse"], seen
    assert seen["X-Forwarded-For"][0].startswith("127.0.0.1, ") and seen["X-Forwarded-Proto"] == ["http"], seen


def test_uploads_pass_the_documents_nginx(space, nginx):
    """An upload of 12 MB passes the documents' nginx."""
    name, body = space.make(agents.python_agent("summing", agents.SUMMING), ready=1), os.urandom(12 << 20)
    with client() as http:
        answer = http.post(f"{nginx[0]}/{space.address(name)}/", content=body, headers={"Host": "agents.example.com"})
    assert answer.status_code == 200 and answer.text == hashlib.sha256(body).hexdigest(), answer.text[:300]
