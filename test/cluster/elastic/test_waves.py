# SPDX-License-Identifier: Apache-2.0
"""Load that comes and goes through three gateways, while pods come, go and are replaced: nothing is lost, cut, or piled up."""

import os
import time

import agents
import gateway as gateways
from conftest import scripted
from kube import wait_for
from load import Wave

CONCURRENCY = 20
LONGEST_STREAM = float(os.environ.get("ELASTIC_STREAM_SECONDS", "20"))
STEP = float(os.environ.get("ELASTIC_STEP_SECONDS", "3"))
TURNS = int(os.environ.get("ELASTIC_TURNS", "1"))
SHORT_LIMIT = 1.5  # seconds: far below the long calls that it might have waited for, far above a hiccup of the machine


def mixed(dice):
    """Streams of 1 to LONGEST_STREAM seconds among short calls."""
    return f"/stream?seconds={dice.uniform(1, LONGEST_STREAM):.2f}" if dice.random() < 0.5 else f"/sleep?ms={dice.randint(20, 800)}"


def replicas(cluster, space, name):
    return cluster.status(space.name, name).get("readyReplicas", 0)


def is_replaced(cluster, space, name, number):
    wanted = {"name": "TURN", "value": str(number)}
    pods = cluster.ready_pods(space.name, name)
    return pods and all(wanted in box.get("env", []) for pod in pods for box in pod["spec"]["containers"] if box["name"] == "agent")


def turn(cluster, space, name, tide, number):
    """Up in steps, a rollout at the top, down in steps, of which the scaler makes fewer pods; down to nothing."""
    for height in (20, 80, 200):
        tide.set(height)
        time.sleep(STEP)
    wait_for(lambda: replicas(cluster, space, name) >= 8, 90, "200 requests in flight have eight pods or more")
    cluster.patch("agents", space.name, name, {"spec": {"env": agents.environment(TURN=number)}})
    wait_for(lambda: is_replaced(cluster, space, name, number), 120 + LONGEST_STREAM, "all pods that are ready are new ones")
    time.sleep(STEP)
    tide.set(40)
    wait_for(lambda: replicas(cluster, space, name) <= 5, 60 + LONGEST_STREAM, "40 in flight have five pods or fewer")
    tide.set(0)
    time.sleep(STEP)


def test_load_that_rises_and_falls_loses_and_cuts_nothing(cluster, gateway, space, wave):
    """In flight from 0 to 200 and back, streams among short calls by three gateways, with a rollout and fewer pods on the way: no
    request fails, no stream is cut, and no pod ever runs more than its concurrency."""
    name = space.make(scripted("tide", concurrency=CONCURRENCY, maxReplicas=10, startupTimeout="120s", timeout="60s",
                               drainTimeout=f"{LONGEST_STREAM + 40:.0f}s"), ready=1)
    tide = wave(space.address(name), mixed)
    for number in range(TURNS):
        turn(cluster, space, name, tide, number)
    outcomes = tide.stop(LONGEST_STREAM + 60)
    pods = {outcome.pod for outcome in outcomes}
    peak = max(outcome.running for outcome in outcomes)
    slowest = max(outcome.first_byte - outcome.began for outcome in outcomes if outcome.first_byte)
    print(f"# {len(outcomes)} requests by {len(pods)} pods, at most {peak} at once in one; the longest wait was {slowest:.1f} s")
    assert not tide.lost() and outcomes, (len(outcomes), len(tide.lost()), tide.lost()[:5])
    assert peak <= CONCURRENCY and len(pods) >= 12, (peak, len(pods))


def test_a_short_call_does_not_wait_beside_a_free_slot(cluster, space):
    """With two pods and 5 s calls among 10 ms calls, by three gateways, no short call waits while a slot is free anywhere."""
    name = space.make(scripted("mixed", minReplicas=2, maxReplicas=2, concurrency=4), ready=2)
    doors = [door for door, _ in gateways.pods(cluster)]
    # Six of eight slots by long calls, two short ones at a time: a slot is always free for whoever comes.
    long = [Wave(door, space.address(name), lambda dice: f"/sleep?ms={dice.randint(4000, 5000)}", seed=i) for i, door in enumerate(doors)]
    short = [Wave(door, space.address(name), lambda dice: "/sleep?ms=10", seed=i) for i, door in enumerate(doors[:2])]
    for one in long:
        one.set(2)
    wait_for(lambda: sum(one.running for one in long) == 6, 5, "six long calls run")
    for one in short:
        one.set(1)
    time.sleep(float(os.environ.get("ELASTIC_MIXED_SECONDS", "8")))
    calls = [outcome for one in short for outcome in one.stop()]
    others = [outcome for one in long for outcome in one.stop()]
    took = sorted(outcome.ended - outcome.began for outcome in calls)
    print(f"# {len(calls)} short calls among {len(others)} long ones: {took[len(took) // 2] * 1000:.0f} ms the median, "
          f"{took[-1] * 1000:.0f} ms the longest")
    assert not [outcome.told() for outcome in calls + others if outcome.is_lost]
    assert len(calls) > 50 and took[-1] < SHORT_LIMIT, (len(calls), took[-5:])


def test_a_slot_that_is_free_again_is_given_at_once(cluster, space):
    """A call that waits because both pods are full gets the first slot that any gateway's call leaves."""
    name = space.make(scripted("full", minReplicas=2, maxReplicas=2, concurrency=2), ready=2)
    one, other = [door for door, _ in gateways.pods(cluster)][:2]
    blocking = Wave(one, space.address(name), lambda dice: f"/sleep?ms={dice.choice((3000, 6000))}")
    blocking.set(4)
    wait_for(lambda: blocking.running == 4, 5, "four calls run")
    time.sleep(0.5)
    blocking.height = 0  # each of them asks once
    waiting = Wave(other, space.address(name), lambda dice: "/sleep?ms=10").set(1)
    waiting.height = 0
    calls, blockers = waiting.stop(), blocking.stop()
    free_since = max(min(outcome.ended for outcome in blockers), calls[0].began)
    late = calls[0].ended - free_since
    print(f"# answered {late * 1000:.0f} ms after the first slot was free")
    assert not calls[0].is_lost and not [b.told() for b in blockers if b.is_lost] and late < SHORT_LIMIT, (late, calls[0].told())
