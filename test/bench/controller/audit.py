# SPDX-License-Identifier: Apache-2.0
"""The API server's audit log, read as it grows: who asked for what, when, and with what result."""

import calendar
import json
import time

READS = ("get", "list", "watch")


def seconds_of(stamp):
    """Of 2026-01-02T03:04:05.678901Z, since 1970."""
    whole, _, rest = stamp.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + (rest or "0"))


class Request:
    """One request, when it was answered (a watch: when it began)."""

    __slots__ = ("agent", "verb", "resource", "name", "code", "received", "ended")

    def __init__(self, event):
        about = event.get("objectRef", {})
        self.agent, self.verb = event.get("userAgent", ""), event["verb"]
        self.resource = "/".join(part for part in (about.get("resource", event["requestURI"].split("?")[0]),
                                                   about.get("subresource")) if part)
        self.name = about.get("name", "")
        self.code = event.get("responseStatus", {}).get("code", 0)
        self.received, self.ended = event["requestReceivedTimestamp"], event["stageTimestamp"]

    def is_write(self):
        return self.verb not in READS


class Audit:
    """take() gives what has come since it was last asked."""

    def __init__(self, path):
        self._path, self._file, self._rest = path, None, b""

    def take(self):
        if self._file is None:
            try:
                self._file = open(self._path, "rb")  # pylint: disable=consider-using-with
            except FileNotFoundError:
                return []
        lines = (self._rest + self._file.read()).split(b"\n")
        self._rest = lines.pop()
        taken = []
        for line in lines:
            event = json.loads(line)
            # A watch is counted as it begins, since it ends with its client; all else as it ends.
            if event["stage"] == ("ResponseStarted" if event["verb"] == "watch" else "ResponseComplete"):
                taken.append(Request(event))
        return taken

    def close(self):
        if self._file is not None:
            self._file.close()
