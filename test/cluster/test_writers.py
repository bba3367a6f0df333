# SPDX-License-Identifier: Apache-2.0
"""Many hands: Krypton's three writers, people, and tools that apply a manifest again and again; and an API server that goes away."""

import contextlib
import json
import os
import re
import signal
import subprocess

import httpx
import pytest

import agents
import gateway as gateways
from kube import ROOT, SYSTEM, condition, holds_for, wait_for

STATE = os.environ.get("KRYPTON_STATE_DIR", "/var/lib/krypton")


def metric(cluster, component, pattern):
    """The sum of all series whose line matches, over the component's pods; 0 for none."""
    total = 0.0
    for pod in cluster.daemon_pods(component):
        port = {"controller": 8080}.get(component, 8081)
        text = httpx.get(f"http://{pod['status']['podIP']}:{port}/metrics", timeout=5).text
        total += sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(pattern, line))
    return total


def conflicts(cluster):
    return metric(cluster, "controller", "krypton_controller_api_conflicts_total ")


def test_all_writers_at_once_settle_on_what_the_agent_says(cluster, gateway, space):
    """Gateway, scaler and controller write under load while people scale, restart, undo and annotate and a tool applies the manifest
    again and again: nothing is lost, conflicts stay few, and in the end everything is as the Agent says."""
    manifest = agents.agent("many", minReplicas=1, maxReplicas=3, concurrency=2)
    name = space.make(manifest, ready=1)
    in_git = json.dumps({**manifest, "metadata": {"name": name, "namespace": space.name}})
    load = gateways.Load(gateway.agent(space.address(name), "/sleep?ms=30"), clients=5)
    before = conflicts(cluster)
    for turn in range(4):
        cluster.kubectl("-n", space.name, "scale", "deploy", name, f"--replicas={turn + 4}")
        cluster.kubectl("apply", "-f", "-", input=in_git)
        cluster.kubectl("-n", space.name, "annotate", "agent", name, f"note={turn}", "--overwrite")
        cluster.kubectl("-n", space.name, "rollout", "restart", "deploy", name)
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=gitops", "-f", "-", input=in_git)
        cluster.kubectl("-n", space.name, "rollout", "undo", "deploy", name)
    answers = load.stop()
    lost = [answer for answer in answers if answer[0] != 200]
    assert answers and not lost, (len(answers), lost[:3])

    def settled():
        agent, deployment = cluster.agent(space.name, name), cluster.get("deployments", space.name, name)
        wanted = agent["status"].get("desiredReplicas", 1)
        return (deployment["spec"]["replicas"] == wanted <= 3 and deployment["status"].get("readyReplicas") == wanted
                and condition(agent)["reason"] == "Ready" and agent["metadata"]["annotations"]["note"] == "3")
    wait_for(settled, 60, "the Deployment is as the Agent says")
    assert conflicts(cluster) - before < 20, conflicts(cluster) - before
    assert not [line for component in ("controller", "gateway", "scaler") for pod in cluster.daemon_pods(component)
                for line in cluster.logs(SYSTEM, pod["metadata"]["name"], component).splitlines()
                if "object has been modified" in line]


@pytest.fixture
def api_server(cluster):
    """Its process can be stopped, and goes on by SIGCONT; a stopped one answers nobody and cuts nothing."""
    pid = int(open(f"{STATE}/{os.environ['KRYPTON_CLUSTER']}/pid/kube-apiserver", encoding="ascii").read().split()[0])
    yield pid
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def test_running_agents_serve_while_the_api_server_is_away(cluster, gateway, space, api_server):
    """While the API server answers nobody, requests to running pods go on; a wake waits, and is answered when it is back; no daemon
    restarts, and what changed meanwhile is not missed."""
    awake = space.make(agents.agent("awake"), ready=1)
    asleep = space.make(agents.sleeper("asleep", startupTimeout="90s"))
    space.wait_asleep(asleep, 60)
    restarts = {pod["metadata"]["name"]: sum(c["restartCount"] for c in pod["status"]["containerStatuses"])
                for component in ("controller", "gateway", "scaler") for pod in cluster.daemon_pods(component)}
    os.kill(api_server, signal.SIGSTOP)
    load = gateways.Load(gateway.agent(space.address(awake)), clients=2)
    woken = gateways.Load(gateway.agent(space.address(asleep)), clients=1)
    holds_for(lambda: not [a for a in load.answers if a[0] != 200] and not woken.answers, 20, "running pods serve, the wake waits", every=1)
    os.kill(api_server, signal.SIGCONT)
    wait_for(lambda: woken.answers, 80, "the wake is answered")
    answers, wakes = load.stop(), woken.stop()
    assert answers and {status for status, _ in answers + wakes} == {200}, (len(answers), wakes[:2])
    later = space.make(agents.agent("later"), ready=1)
    assert gateway.get(space.address(later)).status_code == 200
    after = {pod["metadata"]["name"]: sum(c["restartCount"] for c in pod["status"]["containerStatuses"])
             for component in ("controller", "gateway", "scaler") for pod in cluster.daemon_pods(component)}
    assert after == restarts, (restarts, after)


@pytest.mark.seconds(180)
def test_a_restarted_api_server_is_followed_again(cluster, gateway, space, api_server):
    """The API server is killed and started anew: every watch goes on, and Agents made, changed and deleted after it are seen."""
    name = space.make(agents.agent("before"), ready=1)
    gone = space.make(agents.agent("gone"), ready=1)
    os.kill(api_server, signal.SIGKILL)
    assert gateway.get(space.address(name)).status_code == 200
    subprocess.run([ROOT / "hack/cluster/up.sh", "--name", os.environ["KRYPTON_CLUSTER"]], check=True, capture_output=True, timeout=150)
    cluster.delete("agents", space.name, gone)
    made = space.make(agents.agent("made"), ready=1)
    cluster.patch("agents", space.name, name, {"spec": {"env": agents.environment(COLOUR="green")}})
    wait_for(lambda: gateway.get(space.address(gone)).status_code == 404, 30, "the deleted Agent has no route")
    wait_for(lambda: gateway.get(space.address(made)).status_code == 200, 30, "the new Agent has a route")  # at each gateway's own time

    def is_green():
        return any(entry.get("value") == "green" for pod in cluster.ready_pods(space.name, name)
                   for entry in pod["spec"]["containers"][0].get("env", []))
    wait_for(is_green, 60, "the changed Agent has new pods")
