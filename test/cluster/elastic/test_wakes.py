# SPDX-License-Identifier: Apache-2.0
"""Agents go to zero and come back, again and again, several side by side: nobody who asks is turned away."""

import os
import random
import threading
import time

import httpx

import agents
import gateway as gateways
from kube import wait_for

WAKES = int(os.environ.get("ELASTIC_WAKES", "20"))
SIDE_BY_SIDE = 10
WITHIN = 60  # seconds from one answer to the next time at zero
PATIENCE = 150  # the gateway's verdict comes first


class Counts:
    """desiredReplicas of all agents of a namespace, read for everybody at once."""

    def __init__(self, space):
        self._space, self._seen, self._is_over = space, {}, threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._is_over.wait(0.25):
            items = self._space.cluster.list("agents", self._space.name)
            self._seen = {item["metadata"]["name"]: item.get("status", {}).get("desiredReplicas") for item in items}

    def wait_zero(self, name):
        wait_for(lambda: self._seen.get(name) == 0, WITHIN, f"{name} is at zero", every=0.05)

    def close(self):
        self._is_over.set()
        self._thread.join(20)


class Sleeper:
    """One agent that is asked when it is at zero or up to three seconds later, so at any instant of its going, until that many pods
    of it have answered."""

    def __init__(self, space, gateway, counts, name, wakes):
        self.url, self.counts, self.name, self.wakes = gateway.agent(space.address(name)), counts, name, wakes
        self.answers, self.pods, self.failure = [], set(), None
        self._random = random.Random(name)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _ask(self):
        began = time.monotonic()
        try:
            with gateways.client(timeout=PATIENCE) as http:  # a connection of its own: any gateway may get it
                answer = http.get(self.url)
            if answer.status_code == 200:
                self.pods.add(answer.json()["pod"])
            self.answers.append((answer.status_code, answer.text[:300], time.monotonic() - began))
        except httpx.HTTPError as failure:
            self.answers.append((0, repr(failure), time.monotonic() - began))

    def _run(self):
        try:
            while len(self.pods) < self.wakes and all(answer[0] == 200 for answer in self.answers):
                self.counts.wait_zero(self.name)
                time.sleep(self._random.choice((0, self._random.uniform(0, 3))))
                self._ask()
        except AssertionError as failure:
            self.failure = str(failure)

    def wait(self):
        self._thread.join(self.wakes * (WITHIN + 60))
        return self


def test_agents_woken_again_and_again_answer_every_request(cluster, gateway, space):
    """Ten agents side by side go to zero and are woken again and again, whenever somebody asks: every request is answered, none with an
    error."""
    names = [space.make(agents.sleeper(f"again-{i}", scaleToZeroAfter="1s", drainTimeout="10s", startupTimeout="120s"))
             for i in range(SIDE_BY_SIDE)]
    counts = Counts(space)
    try:
        sleepers = [Sleeper(space, gateway, counts, name, WAKES // SIDE_BY_SIDE) for name in names]
        answers = [answer for sleeper in sleepers for answer in sleeper.wait().answers]
        wakes = sum(len(sleeper.pods) for sleeper in sleepers)
    finally:
        counts.close()
    assert not [sleeper.failure for sleeper in sleepers if sleeper.failure], [sleeper.failure for sleeper in sleepers]
    took = sorted(seconds for _, _, seconds in answers)
    print(f"# {len(answers)} requests, {wakes} wakes: the longest waited {took[-1]:.2f} s")
    lost = [answer for answer in answers if answer[0] != 200]
    assert not lost and wakes == WAKES, (wakes, lost[:5])
