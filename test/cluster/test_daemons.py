# SPDX-License-Identifier: Apache-2.0
"""Each daemon is killed in turn while a stream runs: the stream goes on, or its own gateway's death is its only cut."""

import os
import signal

import pytest

import agents
import gateway as gateways
from gateway import Stream, inflight
from kube import SYSTEM, container_pid, is_ready, restarts, wait_for

EVENTS = 32
STREAM = f"/stream?n={EVENTS}&interval_ms=250"


@pytest.fixture
def streaming(cluster, space):
    """An agent with one pod."""
    name = space.make(agents.agent("streaming", maxReplicas=1), ready=1)
    return space.address(name), cluster.ready_pods(space.name, name)[0]


def pod_now(cluster, pod):
    return cluster.get("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])


def kill_container(cluster, pod, container):
    """kill -9; returns when the kubelet has started it again."""
    before = restarts(pod_now(cluster, pod), container)
    os.kill(container_pid(pod_now(cluster, pod), container), signal.SIGKILL)
    wait_for(lambda: restarts(pod_now(cluster, pod), container) > before, 30, f"container {container} runs again")


def goes_on(stream, while_doing):
    """The stream has events before and after, and ends whole."""
    stream.wait_events(3)
    while_doing()
    assert stream.end is None, f"the stream ended: {stream.end}"
    stream.wait_end()
    assert stream.ended_whole() and stream.numbers() == list(range(1, EVENTS + 1)), (stream.end, stream.text[-200:])


def wait_ready(cluster, component, replicas):
    wait_for(lambda: len(cluster.daemon_pods(component)) == replicas, 40, f"{replicas} ready pods of {component}")


@pytest.mark.parametrize("component", ["controller", "scaler"])
def test_a_stream_goes_on(cluster, gateway, streaming, component):
    """A stream goes on when this daemon is killed, and so do new requests"""
    address, _ = streaming
    stream = Stream(gateway.agent(address, STREAM))

    def kill():
        kill_container(cluster, cluster.daemon_pods(component)[0], component)
        assert gateway.get(address).status_code == 200
    goes_on(stream, kill)
    wait_ready(cluster, component, 1)


@pytest.mark.parametrize("component", ["controller", "scaler"])
def test_a_stream_goes_on_when_the_pod_is_deleted_by_force(cluster, gateway, streaming, component):
    """A stream goes on when the pod of this daemon is deleted by force"""
    address, _ = streaming
    stream = Stream(gateway.agent(address, STREAM))
    old = cluster.daemon_pods(component)[0]["metadata"]["name"]

    def delete():
        cluster.kubectl("-n", SYSTEM, "delete", "pod", old, "--force", "--grace-period=0")
        wait_for(lambda: [p for p in cluster.daemon_pods(component) if p["metadata"]["name"] != old], 40, "its successor is ready")
    goes_on(stream, delete)


def test_a_killed_controller_leaves_agents_to_be_woken_and_made(cluster, gateway, space):
    """After its death the controller takes up again: a new Agent becomes ready."""
    kill_container(cluster, cluster.daemon_pods("controller")[0], "controller")
    space.make(agents.agent("after-death"), ready=1, within=60)


def test_another_gateways_death_does_not_touch_a_stream(cluster, streaming):
    """A stream goes on when another gateway is killed."""
    address, _ = streaming
    wait_ready(cluster, "gateway", 2)
    (own, _), (_, other) = gateways.pods(cluster)
    stream = Stream(own.agent(address, STREAM))
    goes_on(stream, lambda: kill_container(cluster, other, "gateway"))
    wait_ready(cluster, "gateway", 2)


def test_its_own_gateways_death_is_a_visible_cut(cluster, streaming):
    """A stream whose own gateway is killed ends abnormally, never as if it were whole, and the agent's slot is free again."""
    address, pod = streaming
    wait_ready(cluster, "gateway", 2)
    own, victim = min(gateways.pods(cluster), key=lambda found: restarts(found[1], "gateway"))
    stream = Stream(own.agent(address, STREAM)).wait_events(3)
    kill_container(cluster, victim, "gateway")
    assert stream.wait_end(5) != "complete" and not stream.ended_whole(), stream.end
    wait_for(lambda: inflight(pod) == 0, 5, "the agent's slot is free again")
    wait_ready(cluster, "gateway", 2)
    assert own.get(address).status_code == 200, "the same gateway serves again"


def test_a_rollout_of_the_gateways_cuts_no_stream_and_loses_no_request(cluster, gateway, streaming):
    """kubectl rollout restart of the gateways cuts no stream of theirs, and requests by the Service are all answered."""
    address, _ = streaming
    wait_ready(cluster, "gateway", 2)
    old = gateways.pods(cluster)
    streams = [Stream(own.agent(address, STREAM)).wait_events(1) for own, _ in old]
    load = gateways.Load(gateway.agent(address), clients=1)
    cluster.kubectl("-n", SYSTEM, "rollout", "restart", "deploy/krypton-gateway")
    cluster.kubectl("-n", SYSTEM, "rollout", "status", "deploy/krypton-gateway", "--timeout=60s", timeout=70)
    for stream in streams:
        stream.wait_end()
        assert stream.ended_whole(), (stream.end, stream.text[-200:])
    load.stop()
    assert not load.lost() and len(load.answers) > 20, (len(load.answers), load.lost()[:3])
    gone = {pod["metadata"]["name"] for _, pod in old}
    wait_for(lambda: not gone & {p["metadata"]["name"] for p in cluster.list("pods", SYSTEM)}, 30, "the old gateways have ended")


def test_a_killed_sidecar_is_a_visible_cut_and_the_pod_serves_again(cluster, gateway, streaming):
    """A stream whose sidecar is killed ends abnormally; the pod serves again when the kubelet has restarted it."""
    address, pod = streaming
    stream = Stream(gateway.agent(address, STREAM)).wait_events(3)
    kill_container(cluster, pod, "krypton-proxy")
    assert stream.wait_end(5) != "complete", stream.end
    assert gateway.get(address).status_code == 200


def test_a_killed_agent_is_a_visible_cut_and_the_pod_serves_again(cluster, gateway, streaming):
    """A stream whose agent crashes ends abnormally; requests meanwhile wait, and are answered when the kubelet has restarted it."""
    address, pod = streaming
    stream = Stream(gateway.agent(address, STREAM)).wait_events(3)
    os.kill(container_pid(pod_now(cluster, pod), "agent"), signal.SIGKILL)
    assert stream.wait_end(5) != "complete", stream.end
    assert gateway.get(address).status_code == 200
    wait_for(lambda: restarts(pod_now(cluster, pod), "agent") == 1, 10, "the kubelet has restarted the agent once")


def test_gateways_serve_while_the_controller_and_the_scaler_are_away(cluster, gateway, streaming):
    """With neither controller nor scaler the gateways serve on from their last table."""
    address, _ = streaming
    deployments = ("krypton-controller", "krypton-scaler")
    for name in deployments:
        cluster.kubectl("-n", SYSTEM, "scale", "deploy", name, "--replicas=0")
    try:
        wait_for(lambda: not cluster.daemon_pods("controller") and not cluster.daemon_pods("scaler"), 30, "both are away")
        answers = gateways.together(10, lambda _: gateway.get(address).status_code)
        assert answers == [200] * 10, answers
        stream = Stream(gateway.agent(address, "/stream?n=5&interval_ms=100"))
        stream.wait_end()
        assert stream.ended_whole()
    finally:
        for name in deployments:
            cluster.kubectl("-n", SYSTEM, "scale", "deploy", name, "--replicas=1")
    wait_ready(cluster, "controller", 1)
    wait_ready(cluster, "scaler", 1)
