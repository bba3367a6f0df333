# SPDX-License-Identifier: Apache-2.0
"""Sidecars' hellos that are lost, doubled, late, forged, or of a pod that is gone: they may cost time, never a request."""

import os

import agents
import gateway as gateways
from conftest import scripted
from deaf import Deaf
from kube import wait_for


def token_of(cluster, space, name):
    """The agent's, as its pods carry it."""
    boxes = cluster.get("deployments", space.name, name)["spec"]["template"]["spec"]["containers"]
    proxy = next(box for box in boxes if box["name"] == "krypton-proxy")
    return next(entry["value"] for entry in proxy["env"] if entry["name"] == "KRYPTON_TOKEN")


def say(door, space, name, token, ip):
    """A hello for a pod of that address, as gateways tell each other of it. The answer's status."""
    return gateways.plain.post(f"{door.ops}/_krypton/hello", params={"namespace": space.name, "name": name, "pod_ip": ip},
                               headers={"Krypton-Token": token}).status_code


def test_an_agent_wakes_without_any_hello(cluster, gateway, space):
    """When no hello gets through, sleeping agents are woken and answered all the same."""
    names = [space.make(agents.sleeper(f"unheard-{i}", startupTimeout="60s")) for i in range(3)]
    for name in names:
        space.wait_asleep(name)
    with Deaf(os.environ["KRYPTON_CLUSTER"], gateway.host):
        answers = gateways.together(3, lambda i: gateways.client().get(gateway.agent(space.address(names[i]))).status_code)
    assert answers == [200] * 3, answers


def test_hellos_that_say_what_is_not_so_change_nothing(cluster, space, wave):
    """Doubled and late hellos, forged ones for another agent's pod, and those of a pod that is gone, under load: each request is
    answered, and by a pod of its own agent."""
    one = space.make(scripted("one", concurrency=4, maxReplicas=2, minReplicas=2))
    other = space.make(scripted("other", maxReplicas=1))
    space.wait_ready(one, 2)
    space.wait_ready(other, 1)
    old = cluster.ready_pods(space.name, one)[0]
    load = wave(space.address(one), lambda dice: f"/sleep?ms={dice.randint(1, 200)}").set(6)
    strangers = [pod["status"]["podIP"] for pod in cluster.ready_pods(space.name, other)]
    cluster.kubectl("-n", space.name, "delete", "pod", old["metadata"]["name"], "--wait=false")
    wait_for(lambda: old["metadata"]["name"] not in {pod["metadata"]["name"] for pod in cluster.pods(space.name, one)}, 60, "it is gone")
    space.wait_ready(one, 2)
    token, said = token_of(cluster, space, one), []
    for _ in range(8):
        for door, _ in gateways.pods(cluster):
            own = [pod["status"]["podIP"] for pod in cluster.ready_pods(space.name, one)]
            said += [say(door, space, one, token, ip) for ip in own + strangers + [old["status"]["podIP"]]]
            assert [say(door, space, one, "0" * 64, ip) for ip in own] == [403, 403]
    assert set(said) == {204}, said
    outcomes, mine = load.stop(), {pod["metadata"]["name"] for pod in cluster.pods(space.name, one)} | {old["metadata"]["name"]}
    assert not load.lost() and {outcome.pod for outcome in outcomes} <= mine, (load.lost()[:5], {o.pod for o in outcomes} - mine)


def test_a_pod_that_is_gone_before_it_is_used_costs_only_the_wait(cluster, gateway, space):
    """A woken pod that is killed as soon as it has said hello: who waits is answered by its successor."""
    name = space.make(scripted("fleeting", {"START_SECONDS": 2}, mode="serverless", minReplicas=0, startupTimeout="90s"))
    space.wait_asleep(name)
    waiting = gateways.Stream(gateway.agent(space.address(name), "/sleep?ms=1"), timeout=120)
    pod = wait_for(lambda: next((pod for pod in cluster.pods(space.name, name) if pod["status"].get("podIP")), None), 60,
                   "its pod has an address", every=0.05)
    token = token_of(cluster, space, name)
    assert [say(door, space, name, token, pod["status"]["podIP"]) for door, _ in gateways.pods(cluster)] == [204] * 3
    cluster.kubectl("-n", space.name, "delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force")
    assert waiting.wait_end(80) == "complete" and waiting.status == 200, (waiting.status, waiting.end, waiting.text[:300])
    answered = cluster.ready_pods(space.name, name) or cluster.pods(space.name, name)
    assert pod["metadata"]["name"] not in {found["metadata"]["name"] for found in answered}
