# SPDX-License-Identifier: Apache-2.0
"""What many connections cost: each peer anew, asked by nobody else. Resident memory, and beside it what its memory cgroup is
charged, in which the kernel's sockets are."""

import time

import load
import peers
from processes import descriptors, wait_until

IDLE, STREAMS = 5000, 2000
MB, KIB = 1e6, 1024

# A limit on the whole, or (gateway) on what is added to its idle figure: the sidecar's increments.
LIMITS = {"krypton-proxy": {"idle": 2.5, "connections": 5.0, "streams": 5.0}}
INCREMENTS = {"gateway": {"connections": 2.5, "streams": 2.5}}
KIB_A_STREAM = 10
MANY_STREAMS = 10000
_SPARE_DESCRIPTORS = 400  # of a proxy that has two a stream


def _settled(process):
    """Resident bytes, once they have stopped to change."""
    last, end = -1, time.monotonic() + 10
    while (now := process.resident_bytes()) != last and time.monotonic() < end:
        last = now
        time.sleep(0.3)
    return now


def _figures(process):
    return {"resident_bytes": _settled(process), "cgroup_bytes": process.group.usage()}


def _one(make, backend_address, pick):
    """Idle, with connections, with streams: two processes, as memory that was given back is seldom returned."""
    shown = {}
    for what, options in (("connections", {"kind": "idle", "path": "/", "connections": IDLE}),
                          ("streams", {"kind": "streams", "path": "/events/1000", "connections": STREAMS})):
        peer = make(backend_address, has_group=True)
        try:
            process = pick(peer)
            shown["idle"] = _figures(process)
            with load.held(peer, **options) as end:
                shown[what] = _figures(process)
            shown[what]["lost"] = end["lost"]
            shown["no_cgroup"] = process.group.why
        finally:
            peer.stop()
    return shown


def _limit_of(name, what):
    if what in LIMITS.get(name, {}):
        return LIMITS[name][what], False
    return INCREMENTS.get(name, {}).get(what), True


def _judged(name, shown):
    targets = []
    for what in ("idle", "connections", "streams"):
        limit, is_increment = _limit_of(name, what)
        if limit is None:
            continue
        found = (shown[what]["resident_bytes"] - (shown["idle"]["resident_bytes"] if is_increment else 0)) / MB
        targets.append({"what": what, "limit_mb": limit, "is_increment": is_increment, "mb": found,
                        "reached": found <= limit and shown[what].get("lost", 0) == 0})
    return targets


MAKERS = (
    ("krypton-proxy", peers.sidecar, lambda peer: peer.processes[0]),
    ("gateway", peers.chain, lambda peer: peer.processes[0]),
    ("nginx", peers.nginx, lambda peer: peer.processes[0]),
    ("haproxy", peers.haproxy, lambda peer: peer.processes[0]),
    ("Go", peers.goproxy, lambda peer: peer.processes[0]),
    ("libmicrohttpd", peers.mhdproxy, lambda peer: peer.processes[0]),
)


def connections(backend_address, say):
    results = []
    for name, make, pick in MAKERS:
        try:
            shown = _one(make, backend_address, pick)
        except (load.Failed, RuntimeError) as error:
            results.append({"name": name, "failed": str(error), "targets": []})
            say("memory of %s: %s" % (name, error))
            continue
        results.append({"name": name, **shown, "targets": _judged(name, shown)})
        say("memory of %s: %.1f, %.1f, %.1f MB" % (name, *(shown[what]["resident_bytes"] / MB
                                                          for what in ("idle", "connections", "streams"))))
    return results


def many_streams(backend_address, say):
    """10,000 streams through gateway and sidecar (fewer where descriptors do not suffice), held until each has had several
    events."""
    count = min(MANY_STREAMS, (descriptors() - _SPARE_DESCRIPTORS) // 200 * 100)
    peer = peers.chain(backend_address, has_group=True)
    try:
        before = [_figures(process) for process in peer.processes]
        with load.held(peer, "/events/2000", kind="streams", connections=count) as end:
            time.sleep(6)
            wait_until(lambda: peers.held_at(backend_address)["streams"] == count, "all streams at the backend")
            during = [_figures(process) for process in peer.processes]
    finally:
        peer.stop()
    parts = []
    for name, first, then in zip(("gateway", "krypton-proxy"), before, during):
        charged = [figures["cgroup_bytes"] for figures in (first, then)]
        kib = (then["resident_bytes"] - first["resident_bytes"]) / count / KIB
        parts.append({"name": name, "kib_a_stream": kib, "limit_kib": KIB_A_STREAM,
                      "cgroup_kib_a_stream": None if None in charged else (charged[1] - charged[0]) / count / KIB,
                      "reached": kib <= KIB_A_STREAM and end["lost"] == 0})
    say("%d streams: %d lost, %d events" % (count, end["lost"], end["requests"]))
    return {"streams": count, "descriptors": descriptors(), "lost": end["lost"], "open_at_the_end": end["open"], "events": end["requests"],
            "p50_us": end["p50_us"], "p99_us": end["p99_us"], "parts": parts}
