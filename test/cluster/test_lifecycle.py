# SPDX-License-Identifier: Apache-2.0
"""Agents over time: they scale, drain, are deleted and put right, and at rest nothing is written."""

import json
import time

import pytest

import agents
import gateway as gateways
from gateway import Stream, inflight, together
from kube import Failed, SYSTEM, condition, holds_for, wait_for

CHILDREN = ("deployments", "replicasets", "pods", "services", "serviceaccounts", "endpointslices")


def pod_names(cluster, space, name):
    return {pod["metadata"]["name"] for pod in cluster.ready_pods(space.name, name)}


def test_two_agents_do_not_mix(cluster, gateway, space):
    """Each of two agents is answered by its own pods only."""
    names = [space.make(agents.agent(name)) for name in ("left", "right")]
    for name in names:
        space.wait_ready(name, 1)
    for name in names:
        own = pod_names(cluster, space, name)
        answered = {gateway.get(space.address(name)).json()["pod"] for _ in range(10)}
        assert answered == own, (answered, own)


def test_requests_go_to_the_pod_with_the_fewest_in_flight(cluster, gateway, space):
    """With two pods of concurrency 1 two requests at once go to different pods, and a third to none that is full."""
    name = space.make(agents.agent("pair", minReplicas=2, maxReplicas=2, concurrency=1), ready=2)
    pods = cluster.ready_pods(space.name, name)
    one = gateways.pods(cluster)[0][0]
    both = [Stream(one.agent(space.address(name), "/sleep?ms=1500")) for _ in range(2)]
    wait_for(lambda: [inflight(pod) for pod in pods] == [1, 1], 5, "each pod runs one")
    assert all(request.wait_end() == "complete" and request.status == 200 for request in both)
    stream = Stream(one.agent(space.address(name), "/stream?n=0&interval_ms=200")).wait_events(1)
    free = [pod["metadata"]["name"] for pod in pods if inflight(pod) == 0]
    answered = {one.get(space.address(name)).json()["pod"] for _ in range(12)}
    assert answered == set(free) and len(free) == 1, (answered, free)
    stream.leave()


def test_two_gateways_share_the_slots_of_a_pod(cluster, space):
    """A slot that one gateway took is not given away by the other, whose request waits and is answered."""
    name = space.make(agents.agent("shared", maxReplicas=1, concurrency=1), ready=1)
    pod = cluster.ready_pods(space.name, name)[0]
    (one, _), (other, _) = gateways.pods(cluster)
    first = Stream(one.agent(space.address(name), "/sleep?ms=1200"))
    wait_for(lambda: inflight(pod) == 1, 5, "the slot is taken by way of one gateway")
    answer = other.get(space.address(name))
    assert answer.status_code == 200, answer.text
    assert first.wait_end() == "complete" and first.status == 200


def test_an_agent_scales_up_under_load_and_loses_nothing(cluster, gateway, space):
    """Under load an agent scales up to maxReplicas, every request is answered, and it scales down after the stable window."""
    name = space.make(agents.agent("grows", maxReplicas=3, concurrency=4), ready=1)
    load = gateways.Load(gateway.agent(space.address(name), "/sleep?ms=200"), clients=12)
    space.wait_ready(name, 3, 40)
    wait_for(lambda: [inflight(pod) > 0 for pod in cluster.ready_pods(space.name, name)] == [True] * 3, 10, "each of the three works")
    wait_for(lambda: cluster.status(space.name, name)["desiredReplicas"] == 3, 10, "status.desiredReplicas is 3")
    load.stop()
    assert not load.lost(), load.lost()[:3]
    space.wait_ready(name, 1, 40)


def test_a_stream_outlives_the_deletion_of_its_pod(cluster, gateway, space):
    """A stream whose pod is deleted runs to its end, while new requests are answered elsewhere."""
    name = space.make(agents.agent("drained"), ready=1)
    pod = cluster.ready_pods(space.name, name)[0]
    stream = Stream(gateway.agent(space.address(name), "/stream?n=25&interval_ms=300")).wait_events(2)
    cluster.delete("pods", space.name, pod["metadata"]["name"])
    load = gateways.Load(gateway.agent(space.address(name)), clients=1)
    stream.wait_end()
    assert stream.ended_whole() and stream.numbers() == list(range(1, 26)), (stream.end, stream.text[-200:])
    load.stop()
    assert not load.lost() and load.answers, load.lost()[:3]
    assert json.loads(load.answers[-1][1])["pod"] != pod["metadata"]["name"]


def test_streams_outlive_a_scale_down(cluster, gateway, space):
    """A scale-down cuts no stream: the pod that has to go finishes what it runs."""
    name = space.make(agents.agent("shrinks", minReplicas=2, maxReplicas=2), ready=2)
    pods = cluster.ready_pods(space.name, name)
    one = gateways.pods(cluster)[0][0]
    streams = [Stream(one.agent(space.address(name), "/stream?n=35&interval_ms=300")) for _ in range(2)]
    wait_for(lambda: [inflight(pod) for pod in pods] == [1, 1], 5, "each pod streams")
    cluster.patch("agents", space.name, name, {"spec": {"minReplicas": 1}})
    wait_for(lambda: len(cluster.ready_pods(space.name, name)) == 1, 30, "one pod is on its way out")
    assert not any(stream.end for stream in streams), "the streams still run when the scale-down begins"
    for stream in streams:
        stream.wait_end()
        assert stream.ended_whole() and len(stream.numbers()) == 35, (stream.end, stream.text[-200:])


def test_the_emptiest_pod_goes_first(cluster, gateway, space):
    """A scale-down takes the pod that runs nothing, and is no fault in the Agent's condition."""
    name = space.make(agents.agent("empties", minReplicas=2, maxReplicas=2), ready=2)
    pods, reasons = cluster.ready_pods(space.name, name), set()
    stream = Stream(gateway.agent(space.address(name), "/stream?n=200&interval_ms=300")).wait_events(1)
    busy = [pod["metadata"]["name"] for pod in pods if inflight(pod) == 1]
    assert len(busy) == 1, [inflight(pod) for pod in pods]
    cluster.patch("agents", space.name, name, {"spec": {"minReplicas": 1}})

    def is_down():
        available = condition(cluster.get("agents", space.name, name))
        reasons.add((available["status"], available["reason"]))
        return cluster.status(space.name, name)["desiredReplicas"] == 1 and pod_names(cluster, space, name) == set(busy)
    wait_for(is_down, 30, "the idle pod goes")
    assert not stream.end and reasons <= {("True", "Ready"), ("True", "Scaling")}, (stream.end, reasons)
    logs = [cluster.logs(SYSTEM, pod["metadata"]["name"], "scaler") for pod in cluster.daemon_pods("scaler")]
    assert any("pod.retired" in log and name in log for log in logs), "the scaler says that it retired the pod"


def test_streams_outlive_a_rollout_of_their_agent(cluster, gateway, space):
    """kubectl rollout restart of an agent cuts no stream and loses no request."""
    name = space.make(agents.agent("rolled"), ready=1)
    stream = Stream(gateway.agent(space.address(name), "/stream?n=25&interval_ms=300")).wait_events(1)
    load = gateways.Load(gateway.agent(space.address(name)), clients=1)
    cluster.kubectl("-n", space.name, "rollout", "restart", "deploy", name)
    cluster.kubectl("-n", space.name, "rollout", "status", "deploy", name, "--timeout=60s", timeout=70)
    stream.wait_end()
    load.stop()
    assert stream.ended_whole() and not load.lost(), (stream.end, load.lost()[:3])
    annotations = cluster.get("deployments", space.name, name)["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in annotations, "somebody's annotation survives"


def test_a_drained_pod_ends_completed(cluster, gateway, space):
    """A deleted pod of an agent that heeds SIGTERM ends with exit code 0 in both containers, soon after its work."""
    name = space.make(agents.agent("ends"), ready=1)
    pod = cluster.ready_pods(space.name, name)[0]["metadata"]["name"]
    assert space.exit_codes(pod) == {"agent": 0, "krypton-proxy": 0}


def test_an_agent_that_ignores_sigterm_is_killed_and_its_proxy_is_not(cluster, space):
    """An agent that ignores SIGTERM lasts until the end of the grace and is killed, which one Event tells of; krypton-proxy has
    ended with 0 by itself."""
    name = space.make(agents.python_agent("ignores", agents.SUMMING), ready=1)
    pod = cluster.ready_pods(space.name, name)[0]["metadata"]["name"]
    assert space.exit_codes(pod, gracePeriodSeconds=6) == {"agent": 137, "krypton-proxy": 0}
    event = wait_for(lambda: next((e for e in cluster.events(space.name, name) if e["reason"] == "AgentIgnoresSigterm"), None), 10,
                     "an Event of the agent's end")
    assert event["type"] == "Warning" and pod in event["message"] and "exit code 137" in event["message"], event


def test_a_manual_scale_is_put_right_with_an_event(cluster, space):
    """A manual kubectl scale is put right, and an Event on the Agent names the field to use."""
    name = space.make(agents.agent("scaled"), ready=1)
    cluster.kubectl("-n", space.name, "scale", "deploy", name, "--replicas=3")
    wait_for(lambda: cluster.get("deployments", space.name, name)["spec"]["replicas"] == 1, 15, "replicas is 1 again")
    event = wait_for(lambda: next((e for e in cluster.events(space.name, name) if "Replicas" in e["message"]
                                   and e["reason"] == "DriftRepaired"), None), 10, "an Event of the repair")
    assert "minReplicas" in event["message"] or "maxReplicas" in event["message"], event["message"]
    assert event["firstTimestamp"] and event["lastTimestamp"] and event["count"] >= 1, event


def test_deleted_children_come_back(cluster, space):
    """A Deployment, Service or ServiceAccount that somebody deletes is made again."""
    name = space.make(agents.agent("robbed"), ready=1)
    before = {plural: cluster.get(plural, space.name, name)["metadata"]["uid"] for plural in ("deployments", "services", "serviceaccounts")}
    for plural in before:
        cluster.delete(plural, space.name, name)
    for plural, uid in before.items():
        wait_for(lambda: (cluster.get(plural, space.name, name) or {"metadata": {"uid": uid}})["metadata"]["uid"] != uid, 15,
                 f"{plural} {name} is there again")


def test_a_change_of_the_spec_reaches_the_pods(cluster, gateway, space):
    """A changed env reaches new pods without a lost request, and observedGeneration follows."""
    name = space.make(agents.agent("changed"), ready=1)
    load = gateways.Load(gateway.agent(space.address(name)), clients=1)
    generation = cluster.patch("agents", space.name, name, {"spec": {"env": agents.environment(COLOUR="blue")}})["metadata"]["generation"]

    def has_colour(pod):
        box = next(box for box in pod["spec"]["containers"] if box["name"] == "agent")
        return {"name": "COLOUR", "value": "blue"} in box.get("env", [])
    wait_for(lambda: [has_colour(pod) for pod in cluster.ready_pods(space.name, name)] == [True], 40, "one new pod, no old one")
    load.stop()
    assert not load.lost(), load.lost()[:3]
    wait_for(lambda: cluster.status(space.name, name).get("observedGeneration") == generation, 10, "observedGeneration follows")


def test_the_api_server_refuses_broken_agents(cluster, space):
    """A broken Agent is refused with the field's path and what to write instead."""
    for spec, path, words in (({"port": 8888}, "spec.port", "8888"), ({"mode": "sometimes"}, "spec.mode", "serverless"),
                              ({"minReplicas": 5, "maxReplicas": 2}, "spec", "maxReplicas"), ({"timeout": "300"}, "spec.timeout", "90s"),
                              ({"mode": "always-on", "minReplicas": 0}, "spec", "minReplicas")):
        with pytest.raises(Failed) as refused:
            cluster.kubectl("-n", space.name, "create", "-f", "-", input=json.dumps(agents.agent("broken", **spec)))
        assert path in str(refused.value) and words in str(refused.value), (spec, str(refused.value))
    assert cluster.agent(space.name, "broken") is None


def leftovers(cluster, space, name):
    left = {plural: [found["metadata"]["name"] for found in cluster.list(plural, space.name, labels=f"krypton.ai/agent={name}")]
            for plural in CHILDREN}
    left["agents"] = [name] if cluster.agent(space.name, name) else []
    return {plural: names for plural, names in left.items() if names}


def test_a_deleted_agent_leaves_nothing(cluster, gateway, space):
    """kubectl delete agent ends, and leaves no Deployment, Service, ServiceAccount, pod or EndpointSlice; its route is 404."""
    name = space.make(agents.agent("gone"), ready=1)
    assert cluster.agent(space.name, name)["metadata"]["finalizers"] == ["krypton.ai/cleanup"]
    assert set(leftovers(cluster, space, name)) == {"agents", *CHILDREN}, "they are there before"
    cluster.kubectl("-n", space.name, "delete", "agent", name, "--timeout=40s")
    wait_for(lambda: not leftovers(cluster, space, name), 40, "nothing of it is left: " + str(leftovers(cluster, space, name)))
    wait_for(lambda: gateway.get(space.address(name)).status_code == 404, 5, "its route is gone")


def test_a_namespace_with_agents_can_be_deleted(cluster):
    """A namespace with a running and a sleeping agent goes at once, with no finalizer in its way."""
    space = agents.Space(cluster, "krypton-test-goes")
    space.make(agents.sleeper("sleeps"))
    space.make(agents.agent("runs"), ready=1)
    cluster.kubectl("delete", "namespace", space.name, "--timeout=60s", timeout=70)


def versions(cluster):
    """resourceVersion of all that Krypton makes or writes to, but for Leases."""
    found = {}
    for plural in ("agents", "events", *CHILDREN):
        for item in cluster.list(plural):
            about = item.get("involvedObject", {})
            mine = (plural == "agents" or "krypton.ai/agent" in item["metadata"].get("labels", {})
                    or about.get("kind") == "Agent")
            if mine:
                found[plural, item["metadata"].get("namespace"), item["metadata"]["name"]] = item["metadata"]["resourceVersion"]
    return found


def difference(before, after):
    return {key: (before.get(key), after.get(key)) for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def settle(cluster):
    """Waits until nothing has been written for two seconds: agents of the tests before are gone."""
    last = {"versions": None, "since": 0.0}

    def quiet():
        now = versions(cluster)
        if now != last["versions"]:
            last.update(versions=now, since=time.monotonic())
        return time.monotonic() - last["since"] > 4 and now
    return wait_for(quiet, 90, "nothing is being written any more", every=0.5)


def test_at_rest_nothing_is_written(cluster, examples, space):
    """At rest nothing is written but Leases: no resourceVersion changes in 20 s."""
    for name in ("hello-serverless", "hello-mcp-serverless"):
        examples.wait_asleep(name, 90)
    before = settle(cluster)
    holds_for(lambda: not difference(before, versions(cluster)), 20, "no resourceVersion changes", every=2)


def test_a_restarted_controller_replaces_no_pod_and_writes_nothing(cluster, examples, space):
    """A restarted controller replaces no pod and writes nothing."""
    before = settle(cluster)
    old = {pod["metadata"]["uid"] for pod in cluster.daemon_pods("controller")}
    cluster.kubectl("-n", SYSTEM, "rollout", "restart", "deploy/krypton-controller")
    cluster.kubectl("-n", SYSTEM, "rollout", "status", "deploy/krypton-controller", "--timeout=60s", timeout=70)
    new = wait_for(lambda: [p for p in cluster.daemon_pods("controller") if p["metadata"]["uid"] not in old], 30, "the new controller")
    lease = wait_for(lambda: holder(cluster) == new[0]["metadata"]["name"], 30, "it holds the Lease")
    assert lease and not difference(before, versions(cluster))
    # It works: what it is asked to do happens.
    name = space.make(agents.agent("after-restart"), ready=1)
    changed = difference(before, versions(cluster))
    assert not [key for key in changed if key[1:2] != (space.name,)], changed


def holder(cluster):
    return (cluster.get("leases", SYSTEM, "krypton-controller") or {"spec": {}})["spec"].get("holderIdentity", "").split("_")[0]
