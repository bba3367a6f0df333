# SPDX-License-Identifier: Apache-2.0
"""The controller on a real API server that has no other controllers, beside the same job by Go's controller-runtime. Each
contestant gets an API server made anew, so that neither profits; requests and times are those of its audit log. Figures on a
shared machine differ: read the ratios, which are taken within a round, and their spread."""

import argparse
import json
import os
import platform
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../datapath"))

import burst  # noqa: E402
import many  # noqa: E402
import report  # noqa: E402
from cluster import Failed  # noqa: E402
from contestants import BUILD, GO, OURS  # noqa: E402

PARTS = ("burst", "many")


def say(text):
    print(time.strftime("%H:%M:%S ") + text, file=sys.stderr, flush=True)


def number(name, fallback):
    text = os.environ.get(name, str(fallback))
    if not text.isdigit() or int(text) < 1:
        print("controller bench: %s=%s: must be a number from 1" % (name, text), file=sys.stderr)
        sys.exit(2)
    return int(text)


def read_arguments():
    parser = argparse.ArgumentParser(
        prog="controller", description=__doc__,
        epilog="Environment: ROUNDS (3), BURST Agents made at once (2000), AGENTS at rest (5000), AT_REST seconds of it (600), "
               "MINUTES after which no round begins (60), NAME of the cluster (krypton-bench-ctl), BUILD (build). Results: a "
               "table on standard output, BUILD/bench/controller.json. Needs root, and make bench-controller-programs.")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone (again: or this one)")
    return parser.parse_args()


def machine():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "?")
    return {"kernel": platform.release(), "cpu": model, "cores": os.cpu_count(), "load": os.getloadavg(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def run_rounds(rounds, count, results):
    """The first of a round is another one each time. Only complete rounds are kept."""
    results["rounds"] = []
    end = time.monotonic() + 60 * number("MINUTES", 60)
    for turn in range(rounds):
        if time.monotonic() > end:
            say("no more rounds: MINUTES are over")
            break
        order, seen = [OURS, GO] if turn % 2 == 0 else [GO, OURS], {}
        for name in order:
            say("round %d of %d: %s, %d Agents at once" % (turn + 1, rounds, name, count))
            seen[name] = burst.run(name, count, say)
            say("  %.1f s, %.1f CPU s, %.1f MB, %d requests" % (seen[name]["children_s"], seen[name]["cpu_s"],
                                                            seen[name]["peak_bytes"] / 1e6, seen[name]["requests"]))
        results["rounds"].append(seen)


def part(results, what, do):
    """A part that fails is said, and does not take the other with it."""
    try:
        do()
    except (Failed, OSError, ValueError) as error:
        say("%s: %s" % (what, error))
        results["failures"].append("%s: %s" % (what, error))


def run(parts, results):
    rounds, count, agents, rest = number("ROUNDS", 3), number("BURST", 2000), number("AGENTS", 5000), number("AT_REST", 600)
    results["burst"] = count
    if "burst" in parts:
        part(results, "burst", lambda: run_rounds(rounds, count, results))
    if "many" in parts:
        say("%d Agents at rest" % agents)
        part(results, "many", lambda: many.run(agents, rest, results.setdefault("many", {}), say))


def main():
    arguments = read_arguments()
    if os.geteuid() != 0:
        print("controller bench: must be root: it makes network namespaces", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    results = {"machine": machine(), "failures": []}
    try:
        run(arguments.only or PARTS, results)
    finally:
        os.makedirs(BUILD + "/bench", exist_ok=True)
        with open(BUILD + "/bench/controller.json", "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    report.show(results)
    return 1 if results["failures"] else 0


sys.exit(main())
