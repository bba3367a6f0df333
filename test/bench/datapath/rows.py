# SPDX-License-Identifier: Apache-2.0
"""The table of what is measured in rounds, and what each figure must reach."""

from dataclasses import dataclass, field

OURS, ENGINE, NGINX, HAPROXY, GO, MHD = "krypton-proxy", "bare engine", "nginx", "haproxy", "Go", "libmicrohttpd"
CHAIN, NGINX_CHAIN = "gateway + sidecar", "nginx + nginx"
LOUD, QUIET = "gateway, log info", "gateway, log warn"
SILENT = 2000


@dataclass
class Target:
    """ours / theirs must not be above limit. More than one of theirs: the better one. is_by_median: else the upper bound
    of the median is what must not be above it."""
    theirs: tuple
    limit: float
    figure: str = "cpu_us"
    is_by_median: bool = False


@dataclass
class Row:
    title: str
    peers: tuple  # the first one is ours
    load: dict = field(default_factory=dict)
    targets: tuple = ()
    figures: tuple = ("cpu_us",)
    share_of: tuple = ()   # open loop: 60 % of what the slowest of these reaches
    beside: dict = None    # measured twice: alone, and with these connections held beside


def crowded(name):
    """What a peer is called where connections are held beside."""
    return "%s, %d silent" % (name, SILENT)


THREE = (OURS, NGINX, HAPROXY)
BETTER = (Target((NGINX, HAPROXY), 1.05),)
ALL = (OURS, ENGINE, NGINX, HAPROXY, GO, MHD)
FASTER = (Target((NGINX,), 0.85), Target((GO,), 0.27))
METRICS = (Target((ENGINE,), 1.10),)  # what the sidecar adds: admission, headers, metrics

ROWS = (
    Row("GET 128 B, 64 connections", ALL, targets=FASTER + METRICS),
    Row("GET 128 B, fixed arrivals", ALL, targets=FASTER, share_of=ALL),
    Row("GET 128 B, 1 connection", THREE, {"connections": 1}, BETTER),
    Row("GET 128 B, 16 connections", THREE, {"connections": 16}, BETTER),
    Row("GET 128 B, 256 connections", THREE, {"connections": 256}, BETTER),
    Row("GET 128 B, 1000 connections", THREE, {"connections": 1000}, BETTER),
    Row("POST 1 KiB, 64 connections", THREE, {"method": "POST", "body_bytes": 1024}, BETTER),
    Row("POST 64 KiB, 64 connections", THREE, {"method": "POST", "body_bytes": 65536}, BETTER),
    Row("answer of 1 MiB, 16 connections", THREE, {"path": "/large", "connections": 16}, BETTER),
    Row("two in a row, fixed arrivals", (CHAIN, NGINX_CHAIN), targets=(Target((NGINX_CHAIN,), 1.05, "p50_us"),),
        figures=("p50_us", "p99_us", "cpu_us"), share_of=(CHAIN, NGINX_CHAIN)),
    Row("an event's delay, 64 streams", (OURS, NGINX), {"kind": "streams", "path": "/events/20"},
        (Target((NGINX,), 1.00, "p50_us", True), Target((NGINX,), 1.00, "p99_us", True)), ("p50_us", "p99_us", "cpu_us")),
    Row("an event's delay, two in a row", (CHAIN, NGINX_CHAIN), {"kind": "streams", "path": "/events/20"},
        (Target((NGINX_CHAIN,), 1.00, "p50_us", True), Target((NGINX_CHAIN,), 1.00, "p99_us", True)),
        ("p50_us", "p99_us", "cpu_us")),
    Row("GET 128 B beside %d silent ones" % SILENT, (OURS, NGINX),
        beside={"kind": "silent", "path": "/silent", "connections": SILENT}, targets=(Target((OURS,), 1.05),)),
    Row("gateway: a log line each", (LOUD, QUIET), targets=(Target((QUIET,), 1.10),)),
)
