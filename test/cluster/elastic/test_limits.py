# SPDX-License-Identifier: Apache-2.0
"""Limits that somebody changes while the agent is at work."""

from conftest import scripted
from kube import wait_for


def short(dice):
    return f"/sleep?ms={dice.randint(300, 900)}"


def test_limits_that_change_under_load_are_followed_and_cost_no_request(cluster, space, wave):
    """maxReplicas lowered and raised, minReplicas raised and another concurrency, each while five requests are always in flight:
    the pods follow, and no request fails."""
    name = space.make(scripted("bounded", concurrency=2, maxReplicas=4, drainTimeout="30s"), ready=1)

    def change(**limits):
        cluster.patch("agents", space.name, name, {"spec": limits})

    def pods(count, per_pod=2):
        """So many, all of them ready and of that concurrency."""
        ready = cluster.ready_pods(space.name, name)
        told = [env["value"] for pod in ready for box in pod["spec"]["containers"] for env in box.get("env", [])
                if env["name"] == "KRYPTON_CONCURRENCY"]
        return len(cluster.pods(space.name, name)) == len(ready) == count and told == [str(per_pod)] * count

    tide = wave(space.address(name), short).set(5)
    wait_for(lambda: pods(3), 60, "five in flight at two each are three pods")
    change(maxReplicas=2)
    wait_for(lambda: pods(2), 90, "at most two are allowed")
    change(maxReplicas=4)
    wait_for(lambda: pods(3), 60, "a third is allowed again")
    change(concurrency=8)
    wait_for(lambda: pods(1, 8), 120, "five in flight at eight each are one pod")
    change(minReplicas=2)
    wait_for(lambda: pods(2, 8), 60, "two are the least")
    outcomes = tide.stop(30)
    print(f"# {len(outcomes)} requests, {len({outcome.pod for outcome in outcomes})} pods")
    assert len(outcomes) > 50 and not tide.lost(), (len(outcomes), tide.lost()[:5])
