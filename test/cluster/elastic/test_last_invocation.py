# SPDX-License-Identifier: Apache-2.0
"""What the Agent's status tells of its invocations, by three gateways that know nothing of each other."""

import calendar
import json
import threading
import time

import agents
import gateway as gateways
from kube import wait_for
from load import Wave

SPAN = 61  # seconds of load: a whole minute of it
MOST = 7  # writes in any minute, by all gateways together
TURN = 15  # seconds until a burst's last invocation is told by whoever had it


class Told:
    """Each lastInvocationAt that the API server has taken for one agent, and when: a watch from what it is now on."""

    def __init__(self, cluster, space, name):
        self.seen, self._url = [], cluster.path("agents", space.name)
        self._http, self._last = cluster.http, cluster.status(space.name, name).get("lastInvocationAt")
        version = cluster.agent(space.name, name)["metadata"]["resourceVersion"]
        self._params = {"watch": "1", "fieldSelector": f"metadata.name={name}", "resourceVersion": version, "timeoutSeconds": str(4 * SPAN)}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with self._http.stream("GET", self._url, params=self._params, timeout=None) as answer:
            for line in answer.iter_lines():
                stamp = json.loads(line)["object"].get("status", {}).get("lastInvocationAt")
                if stamp != self._last:
                    self._last = stamp
                    self.seen.append((time.time(), calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ"))))

    def most_in_a_minute(self):
        return max(sum(1 for at, _ in self.seen if since <= at < since + 60) for since, _ in self.seen)


def test_a_minute_of_load_is_told_in_seven_writes(cluster, space):
    """Under load by three gateways lastInvocationAt is there with the first invocation, is written seven times a minute at the most, and
    in the end says when the last one came."""
    name = space.make(agents.agent("told"), ready=1)
    told = Told(cluster, space, name)
    began = time.time()
    load = [Wave(door, space.address(name), lambda _: "/", seed=i) for i, (door, _) in enumerate(gateways.pods(cluster))]
    for one in load:
        one.set(1)
    wait_for(lambda: told.seen, 2, "the first invocation is told")
    time.sleep(began + SPAN - time.time())
    outcomes = [outcome for one in load for outcome in one.stop()]
    last = time.time() - (time.monotonic() - max(outcome.began for outcome in outcomes))
    wait_for(lambda: told.seen[-1][1] >= int(last) - 1, TURN, "the last invocation is told")
    print(f"# {len(outcomes)} invocations in {SPAN} s, {len(told.seen)} writes, {told.most_in_a_minute()} in the busiest minute")
    assert not [outcome.told() for outcome in outcomes if outcome.is_lost]
    assert len(load) == 3 and told.most_in_a_minute() <= MOST, told.seen
