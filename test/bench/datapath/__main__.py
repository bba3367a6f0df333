# SPDX-License-Identifier: Apache-2.0
"""The data path beside other proxies, on loopback: the proxy under test has one core, backend and load generator the other.
What gates is CPU a request, taken from the process's own clock in the instants that begin and end a window; requests a second
are limited by the load generator and only shown. Figures on a shared machine differ: read the ratios and their bounds."""

import argparse
import json
import os
import platform
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "../.."))

import load  # noqa: E402
import memory  # noqa: E402
import peers  # noqa: E402
import processes  # noqa: E402
import report  # noqa: E402
import rows  # noqa: E402
from rounds import Rounds  # noqa: E402

MAKERS = {rows.OURS: peers.sidecar, rows.ENGINE: peers.engine, rows.NGINX: peers.nginx, rows.HAPROXY: peers.haproxy,
          rows.GO: peers.goproxy, rows.MHD: peers.mhdproxy, rows.NGINX_CHAIN: peers.nginx_chain}


def say(text):
    print(time.strftime("%H:%M:%S ") + text, file=sys.stderr, flush=True)


def read_arguments():
    parser = argparse.ArgumentParser(
        prog="datapath", description=__doc__,
        epilog="Environment: ROUNDS (30), SECONDS of a window (0.5), MINUTES after which no round begins (60), BUILD (build). "
               "Results: tables on standard output, BUILD/bench/datapath.json.")
    parser.add_argument("--only", metavar="WORD", action="append",
                        help="rows whose title has this word (again: or this one); see --list")
    parser.add_argument("--list", action="store_true", help="the rows, and nothing else")
    return parser.parse_args()


def chosen(title, words):
    return not words or any(word.lower() in title.lower() for word in words)


def make_peers(wanted, backend_address):
    made = {}
    for name, make in MAKERS.items():
        if name in wanted:
            made[name] = make(backend_address)
    if {rows.CHAIN, rows.LOUD, rows.QUIET} & wanted:
        made.update((peer.name, peer) for peer in peers.gateways(backend_address))
    return made


def run_rounds(some, backend_address, results, count):
    """What is complete is in the results after each round, whatever becomes of the next one."""
    wanted = {name for row in some for name in row.peers}
    rounds = Rounds(some, make_peers(wanted, backend_address), backend_address, say)
    rounds.find_rates()
    for number in range(count):
        rounds.run_one(number, count)
        results.update(rounds=rounds.results(), rounds_count=number + 1)
        if rounds.minutes() > float(os.environ.get("MINUTES", "60")):
            say("no more rounds: MINUTES are over")
            break


def machine():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "?")
    return {"kernel": platform.release(), "cpu": model, "cores": os.cpu_count(), "load": os.getloadavg(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def part(results, what, do):
    """A part that fails is said, and does not take the others with it."""
    backend_address, _ = peers.backend()
    try:
        do(backend_address)
    except (RuntimeError, load.Failed, OSError, ValueError) as error:
        say("%s: %s" % (what, error))
        results["failures"].append("%s: %s" % (what, error))
    finally:
        processes.stop_all()


def run(words):
    results = {"machine": machine(), "window_seconds": load.WINDOW_SECONDS, "failures": []}
    some = [row for row in rows.ROWS if chosen(row.title, words)]
    if some:
        part(results, "rounds", lambda address: run_rounds(some, address, results, int(os.environ.get("ROUNDS", "30"))))
    if chosen("memory", words):
        part(results, "memory", lambda address: results.update(memory=memory.connections(address, say)))
    if chosen("10000 streams", words):
        part(results, "10000 streams", lambda address: results.update(many_streams=memory.many_streams(address, say)))
    return results


def show(results):
    print("%(cpu)s, %(cores)d cores, Linux %(kernel)s, %(time)s" % results["machine"])
    if "rounds" in results:
        report.rounds(results["rounds"], results["rounds_count"], results["window_seconds"])
        report.targets(results["rounds"])
    if "memory" in results:
        report.memory(results["memory"])
    if "many_streams" in results:
        report.many_streams(results["many_streams"])
    print("\n%d of %d targets missed" % report.missed(results))
    for failure in results["failures"]:
        print("failed: " + failure)


def main():
    arguments = read_arguments()
    if arguments.list:
        print("\n".join([row.title for row in rows.ROWS] + ["memory", "10000 streams"]))
        return 0
    if len(os.sched_getaffinity(0)) < 2:
        print("datapath: two cores are needed, one of them for the proxy alone", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    processes.raise_descriptors()
    try:
        results = run(arguments.only)
    finally:
        processes.stop_all()
    os.makedirs(peers.BUILD + "/bench", exist_ok=True)
    with open(peers.BUILD + "/bench/datapath.json", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    show(results)
    return 1 if results["failures"] else 0


sys.exit(main())
