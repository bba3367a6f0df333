# SPDX-License-Identifier: Apache-2.0
"""What the API server's audit log says of one agent: when its status was patched, its pod made, its address published."""

import calendar
import json
import os
import time

SLACK = 0.001  # between this machine's clock as two programs read it


def seconds_of(stamp):
    """Of 2026-01-02T03:04:05.678901Z, since 1970."""
    whole, _, rest = stamp.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + (rest or "0"))


class Audit:
    """Grows with the log. Names and addresses come again: what counts is the first after a moment."""

    def __init__(self, path):
        self._path, self._place, self._rest = path, 0, b""
        self._writes = {}  # by whom, what, for which agent or Deployment: (received, answered), each time
        self._published = {}  # of an address: when, each time

    def _note(self, event):
        about, at = event.get("objectRef", {}), seconds_of(event["stageTimestamp"])
        body = event.get("requestObject") or {}
        what, name = "/".join(filter(None, (about.get("resource"), about.get("subresource")))), about.get("name", "")
        if what == "replicasets":
            name = name.rsplit("-", 1)[0]
        elif what == "pods":
            name = body.get("metadata", {}).get("generateName", "").rsplit("-", 2)[0]
        elif what == "endpointslices":
            for endpoint in body.get("endpoints") or []:
                for address in endpoint["addresses"]:
                    self._published.setdefault(address, []).append(at)
        who = event.get("userAgent", "").split("/")[0]
        self._writes.setdefault((who, what, name), []).append((seconds_of(event["requestReceivedTimestamp"]), at))

    def read(self):
        with open(self._path, "rb") as file:
            file.seek(self._place)
            text = self._rest + file.read()
            self._place = file.tell()
        *lines, self._rest = text.split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["stage"] == "ResponseComplete" and event.get("responseStatus", {}).get("code", 500) < 300:
                self._note(event)
        return self

    def _written(self, what, name, *writers):
        return [answered for who in writers for _, answered in self._writes.get((who, what, name), [])]

    def woken(self, agent, since):
        return _first(self._written("agents/status", agent, "krypton-gateway", "krypton-scaler"), agent, since)

    def steps(self, name, since, kinds):
        """How long the way to a pod spends where: for each write, by who makes it and what, the wait until it is received, and until it
        is answered, ms. The next one is the first that is received after the one before was."""
        seen, last_received, last_answered = [], since, since
        for who, what in kinds:
            found = [write for write in self._writes.get((who, what, name), []) if write[0] >= last_received - SLACK]
            assert found, f"the audit log tells of no write of {what} by {who} for {name}"
            received, answered = min(found)
            seen += [1000 * (received - last_answered), 1000 * (answered - received)]
            last_received, last_answered = received, answered
        return seen

    def created(self, deployment, since):
        return _first(self._written("pods", deployment, "kube-controller-manager"), deployment, since)

    def published(self, address, since):
        return _first(self._published.get(address, []), address, since)


def _first(moments, name, since):
    """A log that lacks it is a fault of the bench."""
    found = [at for at in moments if at >= since]
    assert found, f"the audit log tells nothing of {name}"
    return min(found)


def opened():
    return Audit(os.environ["AUDIT"] + "/log")
