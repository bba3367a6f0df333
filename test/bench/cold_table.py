#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the JSON lines of hack/clients/cold_start.py --json and prints each part's median and spread."""

import json
import statistics
import sys

PARTS = [
    ("patched", "patch: the gateway set desiredReplicas"),
    ("created", "pod: the controller scaled, the pod was created"),
    ("scheduled", "scheduled"),
    ("started", "started: the agent's container"),
    ("listening", "agent listening, request sent on"),
    ("first_byte", "first byte"),
]


def main() -> None:
    starts = [json.loads(line)["at_ms"] for line in sys.stdin]
    if not starts:
        sys.exit("cold_table: no starts on standard input")
    before = [0.0] * len(starts)
    print(f"  {'took':>8} {'at':>8}   part (from the part before; least to most)")
    for key, what in PARTS:
        at = [max(start.get(key, last), last) for start, last in zip(starts, before)]
        took = [now - last for now, last in zip(at, before)]
        print(f"  {statistics.median(took):5.0f} ms {statistics.median(at):5.0f} ms   {what} ({min(took):.0f} to {max(took):.0f})")
        before = at


if __name__ == "__main__":
    main()
