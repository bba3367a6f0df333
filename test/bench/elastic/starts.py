# SPDX-License-Identifier: Apache-2.0
"""One sleeping agent after another is woken, each beside the very same pod that a patch of a Deployment's replicas starts; then the
same agents' like once more while no hello gets through."""

import os
import time

import audit_log
from deaf import Deaf

BATCH = 8  # a multiple of four: half of its agents listen later
LATER = 500  # milliseconds: two agents of four listen that much later than they could: their sidecars wait for them
OF_KUBERNETES = (("kube-controller-manager", "replicasets"), ("kube-controller-manager", "pods"))
OF_A_WAKE = (("krypton-gateway", "agents/status"), ("krypton-controller", "deployments"), *OF_KUBERNETES)
OF_A_PATCH = (("python-httpx", "deployments/scale"), *OF_KUBERNETES)
SETTLE = 0.4  # seconds after a pod is ready, so that the next start has the machine to itself


def listen_after(number):
    return LATER * (number // 2 % 2)


def wake(stage, name):
    sent, first, listening, status = stage.ask(name)
    assert status == 200, f"{name}: {status}"
    pod = stage.pod(f"krypton.ai/agent={name}")
    time.sleep(SETTLE)
    return {"sent": sent, "first": first, "listening": listening, "ip": pod["status"]["podIP"], "sidecar": stage.sidecar_said(pod)}


def patch(stage, name):
    sent = stage.scale(name)
    pod = stage.pod(f"bench={name}")
    time.sleep(SETTLE)
    return {"sent": sent, "listening": stage.listening(pod["status"]["podIP"])}


def batches(count, label):
    for first in range(0, count, BATCH):
        yield [f"{label}-{i}" for i in range(first, min(first + BATCH, count))]


def with_hello(stage, count, say):
    """Pairs, the other one first each time."""
    log, pairs = audit_log.opened(), []
    for names in batches(count, "cold"):
        plain = ["plain-" + name for name in names]
        stage.sleepers(names, listen_after)
        for name, beside in zip(names, plain):
            stage.plain_deployment(name, beside)
        for i, (name, beside) in enumerate(zip(names, plain)):
            order = [(wake, name), (patch, beside)]
            seen = {do: do(stage, what) for do, what in (order if i % 2 else order[::-1])}
            pairs.append((listen_after(i), name, seen[wake], beside, seen[patch]))
        stage.clear(names, plain)
        say(f"{len(pairs)} of {count} pairs of cold starts")
    log.read()
    return [{
        "later": later, "start_ms": 1000 * (ours["first"] - ours["sent"]), "plain_ms": 1000 * (theirs["listening"] - theirs["sent"]),
        "handed_ms": 1000 * (ours["first"] - ours["listening"]),
        "both_ms": 1000 * (ours["first"] - max(ours["listening"], ours["sidecar"][0])),
        "told_ms": 1000 * (ours["first"] - ours["sidecar"][1]),
        "created_ms": 1000 * (log.created(name, ours["sent"]) - ours["sent"]),
        "plain_created_ms": 1000 * (log.created(beside, theirs["sent"]) - theirs["sent"]),
        "woken_ms": 1000 * (log.woken(name, ours["sent"]) - ours["sent"]),
        "steps_ms": log.steps(name, ours["sent"], OF_A_WAKE), "plain_steps_ms": log.steps(beside, theirs["sent"], OF_A_PATCH),
    } for later, name, ours, beside, theirs in pairs]


def without_hello(stage, count, say):
    log, starts = audit_log.opened(), []
    with Deaf(os.environ["NAME"], stage.gateway.host):
        for names in batches(count, "deaf"):
            stage.sleepers(names, lambda _: LATER)
            starts += [wake(stage, name) for name in names]
            stage.clear(names)
            say(f"{len(starts)} of {count} cold starts without a hello")
    log.read()
    seen = []
    for start in starts:
        published = log.published(start["ip"], start["sent"])
        seen.append({"start_ms": 1000 * (start["first"] - start["sent"]), "published_ms": 1000 * (published - start["sent"]),
                     "handed_ms": 1000 * (start["first"] - max(start["listening"], published))})
    return seen
