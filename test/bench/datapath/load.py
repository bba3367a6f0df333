# SPDX-License-Identifier: Apache-2.0
"""The load generator: one measured window, or connections that are held meanwhile."""

import contextlib
import json
import os
import subprocess

from peers import BUILD
from processes import OTHER_CORE, SECONDS

WINDOW_SECONDS = float(os.environ.get("SECONDS", "0.5"))
if not 0.05 <= WINDOW_SECONDS <= 10:  # bash has a variable of that name, which may have been exported
    raise SystemExit("datapath: SECONDS=%g: must be from 0.05 to 10" % WINDOW_SECONDS)


def _command(peer, path, options):
    return [BUILD + "/bench/load", "--to=" + peer.address, "--path=" + peer.prefix + path, "--watch=" + ",".join(
        str(pid) for pid in peer.pids())] + ["--%s=%s" % (name.replace("_", "-"), value) for name, value in options.items()]


def _on_its_core():
    os.sched_setaffinity(0, {OTHER_CORE})


class Failed(Exception):
    """The load generator gave up; its own words."""


def measure(peer, path="/", seconds=None, **options):
    """What one window shows, with cpu_us and requests_per_s added."""
    window = "%dms" % round((seconds or WINDOW_SECONDS) * 1000)
    done = subprocess.run(_command(peer, path, {**options, "window": window}), capture_output=True, text=True, check=False,
                          timeout=120, preexec_fn=_on_its_core)
    if done.returncode != 0:
        raise Failed("load on %s: %s" % (peer.name, done.stderr.strip()))
    seen = json.loads(done.stdout)
    seen["requests_per_s"] = seen["requests"] / (seen["window_ns"] / 1e9)
    seen["cpu_us"] = sum(seen["cpu_ns"]) / 1000 / max(seen["requests"], 1)
    return seen


@contextlib.contextmanager
def held(peer, path="/", **options):
    """Connections that are there from the beginning of the block to its end. Yields a dict that has their end in it afterwards."""
    process = subprocess.Popen(_command(peer, path, options), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, preexec_fn=_on_its_core)
    seen = {}
    try:
        if process.stdout.readline() != "ready\n":
            raise Failed("load on %s: %s" % (peer.name, process.stderr.read().strip()))
        yield seen
        process.stdin.close()
        seen.update(json.loads(process.stdout.read()))
        process.wait(SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
