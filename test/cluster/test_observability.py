# SPDX-License-Identifier: Apache-2.0
"""What an operator sees: a real Prometheus scrapes everything, metrics are well-formed, logs and ops endpoints say what they should."""

import json
import os
import re
import subprocess

import httpx
import pytest

from gateway import plain
from kube import SYSTEM, wait_for
from ports import free_port

# Daemon: its metrics port and ops port, and metrics that it must have.
DAEMONS = {
    "controller": (8080, 8081, []),
    "gateway": (8081, 8082, ["krypton_invocations_total", "krypton_invocation_duration_seconds_bucket", "krypton_cold_starts_total",
                             "krypton_buffer_depth"]),
    "scaler": (8081, 8082, ["krypton_scaler_decisions_total", "krypton_agent_replicas_desired"]),
}
OF_ALL = ["krypton_build_info", "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds"]
OF_SIDECARS = ["krypton_proxy_requests_total", "krypton_proxy_inflight"]

PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: daemons
    kubernetes_sd_configs:
      - {{role: pod, kubeconfig_file: {kubeconfig}, namespaces: {{names: [krypton-system]}}}}
    relabel_configs:
      - {{source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape, __meta_kubernetes_pod_ready], regex: "true;true", action: keep}}
      - {{source_labels: [__meta_kubernetes_pod_container_port_name], regex: metrics, action: keep}}
      - {{source_labels: [__meta_kubernetes_pod_ip, __meta_kubernetes_pod_annotation_prometheus_io_port], separator: ":", target_label: __address__}}
      - {{source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path], target_label: __metrics_path__}}
      - {{source_labels: [__meta_kubernetes_pod_name], target_label: pod}}
  - job_name: gateway-service
    kubernetes_sd_configs:
      - {{role: endpoints, kubeconfig_file: {kubeconfig}, namespaces: {{names: [krypton-system]}}}}
    relabel_configs:
      - {{source_labels: [__meta_kubernetes_service_name, __meta_kubernetes_endpoint_port_name], regex: "krypton-gateway;metrics", action: keep}}
  - job_name: agents
    honor_labels: true
    kubernetes_sd_configs:
      - {{role: pod, kubeconfig_file: {kubeconfig}}}
    relabel_configs:
      - {{source_labels: [__meta_kubernetes_pod_label_krypton_ai_agent, __meta_kubernetes_pod_ready], regex: ".+;true", action: keep}}
      - {{source_labels: [__meta_kubernetes_pod_container_port_name], regex: proxy, action: keep}}
      - {{source_labels: [__meta_kubernetes_pod_name], target_label: pod}}
"""


def daemon_pods(cluster):
    return [(component, pod) for component in DAEMONS for pod in cluster.daemon_pods(component)]


def metrics_of(pod, port):
    answer = plain.get(f"http://{pod['status']['podIP']}:{port}/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain"), answer.headers
    return answer.text


def names_in(text):
    return {re.match(r"[a-zA-Z0-9_:]+", line).group(0) for line in text.splitlines() if line and not line.startswith("#")}


@pytest.fixture
def called(gateway, examples):
    """The examples, after one request to each that runs."""
    for name in ("hello-sse", "hello-mcp", "hello-serverless"):
        assert gateway.get("default/" + name).status_code < 500
    return ["hello-mcp", "hello-mcp-go", "hello-a2a", "hello-sse", "hello-serverless"]


@pytest.fixture
def prometheus(cluster, tmp_path):
    """A Prometheus on loopback with Kubernetes discovery; asks its API."""
    port, config, log = free_port(), tmp_path / "prometheus.yml", tmp_path / "log"
    config.write_text(PROMETHEUS.format(kubeconfig=cluster.kubeconfig), encoding="utf-8")
    with open(log, "w", encoding="utf-8") as out:
        server = subprocess.Popen([os.environ["PROMETHEUS"], f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data",
                                   f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"], stdout=out, stderr=out)

    def ask(path, **query):
        try:
            answer = plain.get(f"http://127.0.0.1:{port}/api/v1/{path}", params=query)
        except httpx.HTTPError:
            assert server.poll() is None, log.read_text()
            return {}
        return answer.json().get("data", {}) if answer.status_code == 200 else {}
    try:
        wait_for(lambda: ask("status/runtimeinfo"), 30, "Prometheus answers")
        yield ask
    finally:
        server.terminate()
        server.wait(20)


def test_a_real_prometheus_scrapes_everything(cluster, called, prometheus):
    """A real Prometheus finds every daemon and every sidecar by Kubernetes discovery, and all targets are up."""
    want = {pod["metadata"]["name"] for _, pod in daemon_pods(cluster)}
    sidecars = {pod["metadata"]["name"] for name in called for pod in cluster.ready_pods("default", name)}

    def up():
        targets = prometheus("targets", state="active").get("activeTargets", [])
        found = {job: {t["labels"].get("pod", t["scrapeUrl"]) for t in targets if t["labels"]["job"] == job and t["health"] == "up"}
                 for job in ("daemons", "gateway-service", "agents")}
        return (found["daemons"] == want and found["agents"] >= sidecars and len(found["gateway-service"]) == 2
                and all(target["health"] == "up" for target in targets))
    wait_for(up, 40, f"all targets are up: {sorted(want | sidecars)}", every=0.5)

    def value(query):
        found = prometheus("query", query=query).get("result", [])
        return float(found[0]["value"][1]) if found else 0
    wait_for(lambda: value('sum(krypton_invocations_total{agent="hello-sse",namespace="default"})') >= 1, 10, "invocations of hello-sse")
    wait_for(lambda: value('sum(krypton_proxy_requests_total{agent="hello-sse",namespace="default",code="2xx"})') >= 1, 10, "its sidecar's requests")
    version = os.environ["KRYPTON_VERSION"]
    wait_for(lambda: value(f'count(krypton_build_info{{version="{version}"}})') >= len(want | sidecars), 10, "the version of every one")


def promtool(text):
    done = subprocess.run(["/usr/bin/promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_promtool_finds_nothing_in_the_metrics(cluster, called):
    """promtool check metrics finds nothing in the output of any daemon or sidecar, and the promised metrics are there."""
    for component, pod in daemon_pods(cluster):
        text = metrics_of(pod, DAEMONS[component][0])
        assert promtool(text) == (0, ""), (component, promtool(text))
        promised = OF_ALL + (DAEMONS[component][2] if component != "gateway" else [])
        assert not set(promised) - names_in(text), (component, set(promised) - names_in(text))
    every_gateway = set().union(*(names_in(metrics_of(pod, 8081)) for pod in cluster.daemon_pods("gateway")))
    assert not set(DAEMONS["gateway"][2]) - every_gateway, set(DAEMONS["gateway"][2]) - every_gateway
    for name in ("hello-sse", "hello-mcp"):
        for pod in cluster.ready_pods("default", name):
            text = metrics_of(pod, 8888)
            assert promtool(text) == (0, ""), (name, promtool(text))
            assert not set(OF_ALL + OF_SIDECARS) - names_in(text), (name, set(OF_ALL + OF_SIDECARS) - names_in(text))


def test_ops_endpoints_of_every_daemon_answer(cluster):
    """Every daemon answers /healthz and /readyz with 200, says what it waits for in /readyz?verbose, and masks secrets in /configz."""
    for component, pod in daemon_pods(cluster):
        url = f"http://{pod['status']['podIP']}:{DAEMONS[component][1]}"
        for path in ("/healthz", "/readyz", "/readyz?verbose"):
            answer = plain.get(url + path)
            assert answer.status_code == 200, (component, path, answer.text)
        assert len(plain.get(url + "/readyz?verbose").text) > len(plain.get(url + "/readyz").text), component
        assert isinstance(plain.get(url + "/configz").json(), dict)


def test_logs_are_json_lines_without_secrets(cluster, called):
    """Every line of every daemon's and sidecar's log is JSON with ts, level, component and event, and no token is in any."""
    key = cluster.get("secrets", SYSTEM, "krypton-internal")["data"]
    pods = [(SYSTEM, pod, component) for component, pod in daemon_pods(cluster)]
    pods += [("default", pod, "krypton-proxy") for pod in cluster.ready_pods("default", "hello-sse")]
    for namespace, pod, container in pods:
        secrets = list(key.values()) + [entry.get("value") for box in pod["spec"]["containers"] for entry in box.get("env", [])
                                        if entry["name"] == "KRYPTON_TOKEN"]
        text = cluster.logs(namespace, pod["metadata"]["name"], container)
        assert text, (container, "has a log")
        for line in text.splitlines():
            assert {"ts", "level", "component", "event"} <= json.loads(line).keys(), line
        assert not [secret for secret in secrets if secret and secret in text], container


def test_no_daemon_met_conflicts_or_errors(cluster):
    """After all of this no daemon has logged a conflict (the object has been modified) or a line of level error."""
    for component, pod in daemon_pods(cluster):
        for line in cluster.logs(SYSTEM, pod["metadata"]["name"], component).splitlines():
            assert "Operation cannot be fulfilled" not in line and "has been modified" not in line, line
            assert json.loads(line)["level"] != "error", line


def test_kubectl_top_shows_agents(cluster, examples):
    """kubectl top pod shows both containers of an agent."""
    def top():
        try:
            return cluster.kubectl("top", "pod", "-n", "default", "-l", "krypton.ai/agent=hello-sse", "--containers")
        except Exception as failure:  # metrics of new pods come after a scrape or two
            return "metrics not available" in str(failure) and None
    said = wait_for(top, 60, "kubectl top knows the pod", every=1)
    assert " agent " in said and " krypton-proxy " in said, said


def test_daemons_are_small_at_rest(cluster):
    """At rest controller, gateway and scaler take less than 12 MB each, and a sidecar less than 3 MB, by their own account."""
    pods = [(component, pod, DAEMONS[component][0], 12) for component, pod in daemon_pods(cluster)]
    pods += [("krypton-proxy", pod, 8888, 3) for pod in cluster.ready_pods("default", "hello-a2a")]
    for component, pod, port, megabytes in pods:
        resident = next(float(line.split()[1]) for line in metrics_of(pod, port).splitlines() if line.startswith("process_resident_memory_bytes"))
        assert resident < megabytes * 1e6, (component, resident)
