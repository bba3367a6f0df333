# SPDX-License-Identifier: Apache-2.0
"""Many Agents at once: an API server made anew has them before the contestant starts; it runs until all of them have what
they need and it has been silent for a while. And what one more Agent then costs."""

import time
from collections import Counter

from audit import Audit, seconds_of
from cluster import AGENTS, Cluster, Failed
from contestants import Contestant

CHILDREN = ("serviceaccounts", "services", "deployments")
AT_ZERO = {"image": "registry.example.com/agent:1", "mode": "serverless", "minReplicas": 0}
SILENCE_S = 2
BOUND_S = 900


def is_counted(request):
    """Leases and the watches' renewals are rest, not work."""
    return request.resource != "leases"


class Progress:
    """What a contestant has done, by the audit log. wait() returns when `count` Agents have all and it is silent."""

    def __init__(self, cluster, contestant, say):
        self.contestant, self.say = contestant, say
        self.audit = Audit(cluster.audit_path)
        self.requests = []  # of the contestant
        self.made = {resource: {} for resource in CHILDREN}  # name: when it was answered
        self.reported = {}
        self.busy = time.monotonic()

    def look(self):
        for request in self.audit.take():
            if not self.contestant.sent(request) or not is_counted(request):
                continue
            self.requests.append(request)
            self.busy = time.monotonic()
            if request.code == 201 and request.resource in self.made:
                self.made[request.resource][request.name] = request.ended
            elif request.code == 200 and request.resource == "agents/status":
                self.reported[request.name] = request.ended

    def is_complete(self, count):
        return len(self.reported) >= count and all(len(names) >= count for names in self.made.values())

    def wait(self, count):
        end, told = time.monotonic() + BOUND_S, time.monotonic()
        while True:
            self.look()
            self.contestant.check()
            now = time.monotonic()
            if self.is_complete(count) and now - self.busy > SILENCE_S:
                return
            if now > end:
                raise Failed("after %d s only %s of %d Agents are reported" % (BOUND_S, len(self.reported), count))
            if now - told > 15:
                told = now
                self.say("  %d Deployments, %d reports of %d" % (len(self.made["deployments"]), len(self.reported), count))
            time.sleep(0.1)

    def children_at(self):
        return max(seconds_of(stamp) for names in self.made.values() for stamp in names.values())

    def reported_at(self):
        return max(map(seconds_of, self.reported.values()))


def listed(requests):
    """[(verb, resource, how often)], in the order in which they first came."""
    return [(*what, count) for what, count in Counter((request.verb, request.resource) for request in requests).items()]


def by_verb(requests):
    return dict(Counter(request.verb for request in requests))


def one_more(cluster, progress, count, name="one-more"):
    """What is asked for when one Agent is made."""
    before = len(progress.requests)
    cluster.request("POST", AGENTS, {"apiVersion": "krypton.ai/v1alpha1", "kind": "Agent", "metadata": {"name": name},
                                     "spec": AT_ZERO})
    progress.wait(count + 1)
    requests = progress.requests[before:]
    return {"requests": len(requests), "listed": listed(requests)}


def run(name, count, say):
    """One contestant with an API server of its own."""
    cluster = Cluster()
    try:
        began = time.monotonic()
        cluster.create_agents(("agent-%05d" % n for n in range(count)), AT_ZERO)
        say("  %d Agents made in %d s" % (count, time.monotonic() - began))
        server = cluster.server_cpu_seconds()
        contestant = Contestant(name, cluster)
        try:
            progress = Progress(cluster, contestant, say)
            progress.wait(count)
            seen = {
                "children_s": progress.children_at() - contestant.started,
                "reported_s": progress.reported_at() - contestant.started,
                "cpu_s": contestant.cpu_seconds(), "peak_bytes": contestant.peak_bytes(),
                "server_cpu_s": cluster.server_cpu_seconds() - server,
                "requests": len(progress.requests), "by_verb": by_verb(progress.requests),
                "refused": sum(request.code >= 400 and request.code != 404 for request in progress.requests),
                "listed": listed(progress.requests),
            }
            seen["one_more"] = one_more(cluster, progress, count)
            progress.audit.close()
            return seen
        finally:
            contestant.stop()
    finally:
        cluster.close()
