# SPDX-License-Identifier: Apache-2.0
"""Our controller among thousands of Agents: at rest, one of them changed, and a pod's fault until the Agent tells of it."""

import collections
import queue
import threading
import time

import burst
from audit import seconds_of
from cluster import AGENTS, PODS, Cluster, Failed
from contestants import OURS, Contestant

BOUND_S = 30  # for one change, or one fault
CHANGES, FAULTS = 30, 50
BACK_OFF = {"waiting": {"reason": "ImagePullBackOff",
                        "message": 'Back-off pulling image "registry.example.com/agent:1": ErrImagePull: no such host'}}


def percentile(values, permille):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * permille // 1000)]


def summary(values):
    return {"count": len(values), "p50": percentile(values, 500), "p99": percentile(values, 990), "max": max(values),
            "all": values}


def at_rest(contestant, progress, seconds, say):
    """Nothing happens; what does it do?"""
    before, cpu, began, peak, told = len(progress.requests), contestant.cpu_seconds(), time.monotonic(), 0, time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        progress.look()
        contestant.check()
        peak = max(peak, contestant.resident_bytes())
        if time.monotonic() - told > 60:
            told = time.monotonic()
            say("  at rest for %d s of %d, %.1f MB" % (passed, seconds, contestant.resident_bytes() / 1e6))
        time.sleep(0.5)
    progress.look()
    requests = progress.requests[before:]
    return {"seconds": passed, "writes": sum(request.is_write() for request in requests),
            "cpu_percent": 100 * (contestant.cpu_seconds() - cpu) / passed, "resident_bytes": peak,
            "listed": burst.listed(requests)}


class Everything:
    """All requests, whoever's, in their order."""

    def __init__(self, progress):
        self.audit, self.unread = progress.audit, collections.deque()

    def until(self, is_it, what):
        end = time.monotonic() + BOUND_S
        while time.monotonic() < end:
            self.unread.extend(self.audit.take())
            while self.unread:
                if is_it(request := self.unread.popleft()):
                    return request
            time.sleep(0.02)
        raise Failed("%s: not within %d s" % (what, BOUND_S))


def changes(cluster, contestant, progress, count):
    """From the change's answer to the Deployment's apply: both by the API server's clock."""
    found, everything = [], Everything(progress)
    for number in range(CHANGES):
        name = "agent-%05d" % (number * count // CHANGES)
        cluster.merge(AGENTS + "/" + name, {"spec": {"image": "registry.example.com/agent:%d" % (number + 2)}})
        change = everything.until(
            lambda request: request.name == name and request.resource == "agents" and not contestant.sent(request), "the change")
        apply = everything.until(
            lambda request: request.name == name and request.resource == "deployments" and contestant.sent(request), "the apply")
        everything.until(
            lambda request: request.name == name and request.resource == "agents/status" and contestant.sent(request), "its report")
        found.append(seconds_of(apply.received) - seconds_of(change.ended))
    return summary([1000 * value for value in found])


def _pod(agent):
    containers = [{"name": "agent", "image": "registry.example.com/agent:1"}, {"name": "krypton-proxy", "image": "proxy:1"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": agent + "-1-a", "labels": {"krypton.ai/agent": agent}},
            "spec": {"serviceAccountName": agent, "automountServiceAccountToken": False, "containers": containers}}


def _fault():
    return {"status": {"containerStatuses": [
        {"name": "agent", "image": "registry.example.com/agent:1", "imageID": "", "ready": False, "restartCount": 0, "state": BACK_OFF},
        {"name": "krypton-proxy", "image": "proxy:1", "imageID": "", "ready": False, "restartCount": 0, "state": {"running": {}}}]}}


def _reason(agent):
    return next((entry["reason"] for entry in agent.get("status", {}).get("conditions", []) if entry["type"] == "Available"), None)


def faults(cluster, progress, count):
    """From before the pod's status is sent until a watch brings the Agent with the reason."""
    names = ["faulty-%02d" % n for n in range(FAULTS)]
    cluster.create_agents(names, {"image": "registry.example.com/agent:1"})
    progress.wait(count + FAULTS)
    for name in names:
        cluster.request("POST", PODS, _pod(name))
    progress.wait(count + FAULTS)
    version = cluster.request("GET", AGENTS + "?limit=1")["metadata"]["resourceVersion"]
    told, found = queue.Queue(), []

    def follow():
        for _, agent in cluster.watch_agents(version, 300):
            if _reason(agent) == "ImagePullFailed":
                told.put((agent["metadata"]["name"], time.monotonic()))

    threading.Thread(target=follow, daemon=True).start()
    for name in names:
        began = time.monotonic()
        cluster.merge("%s/%s-1-a/status" % (PODS, name), _fault())
        try:
            while (said := told.get(timeout=BOUND_S))[0] != name:
                pass
        except queue.Empty:
            raise Failed("the fault of %s: not on the Agent within %d s" % (name, BOUND_S)) from None
        found.append(1000 * (said[1] - began))
    return summary(found)


def run(count, rest_seconds, shown, say):
    """Fills `shown` as it goes, so that what fails takes nothing of before with it."""
    cluster = Cluster()
    try:
        cluster.create_agents(("agent-%05d" % n for n in range(count)), burst.AT_ZERO)
        contestant = Contestant(OURS, cluster, "--leader-elect")
        try:
            progress = burst.Progress(cluster, contestant, say)
            progress.wait(count)
            shown.update(agents=count, peak_bytes=contestant.peak_bytes())
            say("  all %d Agents have what they need, %.1f MB at the most" % (count, shown["peak_bytes"] / 1e6))
            shown["at_rest"] = at_rest(contestant, progress, rest_seconds, say)
            say("  at rest: %(writes)d writes, %(cpu_percent).2f %% CPU" % shown["at_rest"])
            shown["changes_ms"] = changes(cluster, contestant, progress, count)
            say("  changes: p99 %.0f ms" % shown["changes_ms"]["p99"])
            shown["faults_ms"] = faults(cluster, progress, count)
            say("  faults: p99 %.0f ms" % shown["faults_ms"]["p99"])
            progress.audit.close()
        finally:
            contestant.stop()
    finally:
        cluster.close()
