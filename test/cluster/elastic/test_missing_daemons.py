# SPDX-License-Identifier: Apache-2.0
"""A part of Krypton is away, or an agent's pod, while somebody waits or load runs: who waits is served when it is back, the rest never
notices."""

import os
import signal
import time

import agents
import gateway as gateways
from conftest import scripted, upgrade
from gateway import Stream
from kube import SYSTEM, container_pid, wait_for
from load import ask_each

LATE = float(os.environ.get("ELASTIC_LATE_SECONDS", "10"))


def mixed(dice):
    return f"/stream?seconds={dice.uniform(1, 5):.2f}" if dice.random() < 0.4 else f"/sleep?ms={dice.randint(5, 300)}"


def scale(cluster, component, count):
    cluster.kubectl("-n", SYSTEM, "scale", "deploy", f"krypton-{component}", f"--replicas={count}")
    selector = f"app.kubernetes.io/component={component}"
    wait_for(lambda: len(cluster.daemon_pods(component)) == len(cluster.list("pods", SYSTEM, labels=selector)) == count, 60,
             f"{count} pods of the {component} are ready, and none is on its way out")


def test_a_controller_that_is_late_costs_its_callers_only_the_wait(cluster, gateway, space):
    """With no controller, requests to a sleeping agent are held until it is back and then answered; where startupTimeout is over
    before that, the answer is 504, then and not later."""
    patient = space.make(agents.sleeper("patient", startupTimeout="120s"))
    hasty = space.make(agents.sleeper("hasty", startupTimeout="4s"))
    for name in (patient, hasty):
        space.wait_asleep(name)
    scale(cluster, "controller", 0)
    try:
        held = [Stream(gateway.agent(space.address(patient)), timeout=150) for _ in range(5)]
        began = time.monotonic()
        refused = gateway.get(space.address(hasty))
        took = time.monotonic() - began
        assert refused.status_code == 504 and 3.9 < took < 8, (refused.status_code, took, refused.text)
        time.sleep(max(0, LATE - took))
        assert not [one.end for one in held if one.end], "all are held"
    finally:
        scale(cluster, "controller", 1)
    for one in held:
        assert one.wait_end(60) == "complete" and one.status == 200, (one.status, one.end, one.text[:300])


def test_who_waits_while_the_scaler_is_away_is_served(cluster, gateway, space):
    """With no scaler a sleeping agent wakes all the same, and who waits because every pod is full gets a new pod when it is back."""
    asleep = space.make(agents.sleeper("asleep", startupTimeout="60s"))
    full = space.make(scripted("full", concurrency=1, maxReplicas=2), ready=1)
    space.wait_asleep(asleep)
    scale(cluster, "scaler", 0)
    try:
        stream = Stream(gateway.agent(space.address(full), "/stream?seconds=60")).wait_events(1)
        waiting = Stream(gateway.agent(space.address(full), "/sleep?ms=1"))
        assert gateway.get(space.address(asleep)).status_code == 200
        assert waiting.end is None, (waiting.status, waiting.text)
    finally:
        scale(cluster, "scaler", 1)
    assert waiting.wait_end(28) == "complete" and waiting.status == 200, (waiting.status, waiting.end, waiting.text)
    assert stream.end is None, stream.end
    stream.leave()


def test_a_killed_scaler_forgets_nobody_who_waits(cluster, gateway, space):
    """The scaler is killed while requests wait for a first pod and for a second one: all are answered."""
    slow = space.make(scripted("slow", {"START_SECONDS": 4}, mode="serverless", minReplicas=0, concurrency=1, maxReplicas=2,
                               startupTimeout="60s"))
    space.wait_asleep(slow)
    waiting = [Stream(gateway.agent(space.address(slow), "/sleep?ms=1500")) for _ in range(4)]
    wait_for(lambda: cluster.status(space.name, slow).get("desiredReplicas"), 10, "it is woken")
    os.kill(container_pid(cluster.daemon_pods("scaler")[0], "scaler"), signal.SIGKILL)
    for one in waiting:
        assert one.wait_end(60) == "complete" and one.status == 200, (one.status, one.end, one.text[:300])
    wait_for(lambda: len(cluster.daemon_pods("scaler")) == 1, 60, "the scaler is back")


def test_a_pod_deleted_by_hand_under_load_loses_nothing(cluster, space, wave):
    """Under load a pod is deleted by kubectl: nothing fails, no stream is cut, and pods stay within their concurrency."""
    name = space.make(scripted("robbed", minReplicas=2, maxReplicas=4, concurrency=10), ready=2)
    load = wave(space.address(name), mixed).set(14)
    time.sleep(2)
    victim = cluster.ready_pods(space.name, name)[0]["metadata"]["name"]
    cluster.kubectl("-n", space.name, "delete", "pod", victim, "--wait=false")
    wait_for(lambda: victim not in {pod["metadata"]["name"] for pod in cluster.pods(space.name, name)}, 60, "it is gone")
    outcomes = load.stop()
    assert not load.lost() and victim in {outcome.pod for outcome in outcomes}, (len(outcomes), load.lost()[:5])
    assert max(outcome.running for outcome in outcomes) <= 10


def test_a_helm_upgrade_under_load_loses_nothing(cluster, space, wave):
    """A helm upgrade that replaces all pods of controller, gateways and scaler under load fails no request and cuts no stream, and an
    agent is woken meanwhile."""
    name = space.make(scripted("upgraded", concurrency=10, maxReplicas=4), ready=1)
    asleep = space.make(agents.sleeper("woken", startupTimeout="60s", scaleToZeroAfter="1s"))
    space.wait_asleep(asleep)
    before = {pod["metadata"]["name"] for component in ("controller", "gateway", "scaler") for pod in cluster.daemon_pods(component)}
    load = wave(space.address(name), mixed).set(20)
    wakes = wave(space.address(asleep), lambda dice: "/").set(1)
    upgrade(cluster, "--set-string", f"podAnnotations.krypton\\.ai/turn={time.time():.0f}")
    after = {pod["metadata"]["name"] for component in ("controller", "gateway", "scaler") for pod in cluster.daemon_pods(component)}
    outcomes, woken = load.stop(), wakes.stop()
    assert not before & after, before & after
    assert not load.lost() and not wakes.lost() and woken, (len(outcomes), load.lost()[:5], wakes.lost()[:5])
    assert max(outcome.running for outcome in outcomes) <= 10
    again = ask_each(gateways.service(cluster), [(space.address(name), "/sleep?ms=1")] * 5)
    assert not [outcome.told() for outcome in again if outcome.is_lost]
