# SPDX-License-Identifier: Apache-2.0
"""The API server answers nobody for a minute, under load. Run by its name, as `make soak` does; the gate has a shorter one."""

import os
import signal
import time

import pytest

import agents
from conftest import scripted
from kube import wait_for

AWAY = float(os.environ.get("ELASTIC_AWAY_SECONDS", "60"))
STATE = os.environ.get("KRYPTON_STATE_DIR", "/var/lib/krypton")
DAEMONS = ("controller", "gateway", "scaler")


def mixed(dice):
    return f"/stream?seconds={dice.uniform(1, 30):.2f}" if dice.random() < 0.4 else f"/sleep?ms={dice.randint(5, 300)}"


def restarts(cluster):
    return {pod["metadata"]["name"]: sum(s["restartCount"] for s in pod["status"]["containerStatuses"])
            for component in DAEMONS for pod in cluster.daemon_pods(component)}


@pytest.mark.seconds(600)
def test_an_api_server_that_is_away_costs_only_the_wakes_their_wait(cluster, space, wave):
    """The API server answers nobody for a minute: requests to running pods go on, wakes wait and are answered, no daemon restarts."""
    awake = space.make(scripted("awake", minReplicas=2, maxReplicas=4, concurrency=10), ready=2)
    asleep = [space.make(agents.sleeper(f"asleep-{i}", startupTimeout=f"{AWAY + 120:.0f}s")) for i in range(5)]
    for name in asleep:
        space.wait_asleep(name)
    before = restarts(cluster)
    with open(f"{STATE}/{os.environ['KRYPTON_CLUSTER']}/pid/kube-apiserver", encoding="ascii") as file:
        server = int(file.read().split()[0])
    load = wave(space.address(awake), mixed).set(15)
    time.sleep(3)
    os.kill(server, signal.SIGSTOP)
    try:
        wakes = [wave(space.address(name), lambda dice: "/").set(1) for name in asleep]
        time.sleep(AWAY)
        done = len(load.outcomes)
        assert not load.lost() and done and not [wake.outcomes for wake in wakes if wake.outcomes], load.lost()[:5]
    finally:
        os.kill(server, signal.SIGCONT)
    wait_for(lambda: all(wake.outcomes for wake in wakes), 120, "every wake is answered")
    time.sleep(20)  # what Kubernetes does about nodes that it has not heard of for a minute, it has done by now
    outcomes, woken = load.stop(), [outcome for wake in wakes for outcome in wake.stop()]
    print(f"# {len(outcomes)} requests, {done} of them by the end of {AWAY:.0f} s without an API server")
    assert not load.lost() and not [outcome.told() for outcome in woken if outcome.is_lost], (load.lost()[:5],)
    assert restarts(cluster) == before, (before, restarts(cluster))
