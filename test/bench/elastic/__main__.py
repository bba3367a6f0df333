# SPDX-License-Identifier: Apache-2.0
"""How fast agents come from zero, one by one and all at once, and what thousands cost that stay there. Run by run.sh, which brings the
cluster. Figures on a shared machine differ: read the ratios, which are taken within a pair, and their spread."""

import argparse
import json
import os
import platform
import sys
import time

import report

BUILD = os.environ.get("BUILD", "build")


def say(text):
    print(time.strftime("%H:%M:%S ") + text, file=sys.stderr, flush=True)


def number(name, fallback):
    text = os.environ.get(name, str(fallback))
    if not text.isdigit() or int(text) < 1:
        print("elastic bench: %s=%s: must be a number from 1" % (name, text), file=sys.stderr)
        sys.exit(2)
    return int(text)


def machine():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "?")
    return {"kernel": platform.release(), "cpu": model, "cores": os.cpu_count(), "load": os.getloadavg(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def run_starts(results):
    import starts  # pylint: disable=import-outside-toplevel
    from stage import Stage  # pylint: disable=import-outside-toplevel
    count = number("STARTS", 200)
    results["hello"] = starts.with_hello(Stage(), count, say)
    results["deaf"] = starts.without_hello(Stage(), count, say)


def run_crowd(results):
    import crowd  # pylint: disable=import-outside-toplevel
    from stage import Stage  # pylint: disable=import-outside-toplevel
    results["crowd"] = crowd.run(Stage(), number("CROWD", 50), say)


def run_idle(results):
    os.environ["NAME"] += "-idle"  # an API server of its own
    import idle  # pylint: disable=import-outside-toplevel
    results["agents"], results["at_rest"] = number("AGENTS", 5000), number("AT_REST", 120)
    results["idle"] = idle.run(results["agents"], results["at_rest"], say)


PARTS = {"starts": run_starts, "crowd": run_crowd, "idle": run_idle}


def main():
    parser = argparse.ArgumentParser(prog="elastic", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone (again: or this one)")
    chosen = parser.parse_args().only or list(PARTS)
    results = {"machine": machine(), "failures": []}
    for name in chosen:
        try:
            PARTS[name](results)
        except (AssertionError, KeyError, OSError, RuntimeError) as error:  # said, and it does not take the others with it
            say("%s: %r" % (name, error))
            results["failures"].append("%s: %r" % (name, error))
        os.makedirs(BUILD + "/bench", exist_ok=True)
        with open(BUILD + "/bench/elastic.json", "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    report.show(results)
    return 1 if results["failures"] else 0


sys.exit(main())
