# SPDX-License-Identifier: Apache-2.0
"""Gateway and scaler among thousands of Agents that sleep: what do they do while nobody calls?"""

import time

import burst
from audit import Audit
from cluster import Cluster
from contestants import GATEWAY, SCALER, Contestant

SETTLE_S = 20  # lists are read, memory of them is given back


def _measure(daemons, audit, seconds, say):
    for _ in range(SETTLE_S):
        for daemon in daemons.values():
            daemon.check()
        time.sleep(1)
    audit.take()
    cpu, began = {name: daemon.cpu_seconds() for name, daemon in daemons.items()}, time.monotonic()
    told, peak = began, dict.fromkeys(daemons, 0)
    while (passed := time.monotonic() - began) < seconds:
        for name, daemon in daemons.items():
            daemon.check()
            peak[name] = max(peak[name], daemon.resident_bytes())
        if time.monotonic() - told > 60:
            told = time.monotonic()
            say("  idle for %d s of %d" % (passed, seconds))
        time.sleep(0.5)
    requests = list(audit.take())
    return {name: {"cpu_percent": 100 * (daemon.cpu_seconds() - cpu[name]) / passed, "resident_bytes": peak[name],
                   "listed": burst.listed([request for request in requests if daemon.sent(request)])}
            for name, daemon in daemons.items()}


def run(count, seconds, shown, say):
    cluster, daemons = Cluster(), {}
    try:
        cluster.create_agents(("agent-%05d" % n for n in range(count)), burst.AT_ZERO)
        audit = Audit(cluster.audit_path)
        try:
            for name in (GATEWAY, SCALER):
                daemons[name] = Contestant(name, cluster)
            shown.update(agents=count, seconds=seconds, daemons=_measure(daemons, audit, seconds, say))
        finally:
            for daemon in daemons.values():
                daemon.stop()
            audit.close()
    finally:
        cluster.close()
