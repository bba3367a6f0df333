# SPDX-License-Identifier: Apache-2.0
"""Gateway and scaler among thousands of Agents that sleep: what do they do while nobody calls?"""

import time

import burst
from audit import Audit
from cluster import Cluster, Failed
from contestants import GATEWAY, SCALER, Contestant

SILENT_S, SETTLE_S = 20, 600  # lists are read and first words written; memory of both is given back


def _settle(daemons, audit):
    """The scaler says of each Agent once why it has the pods that it has."""
    end, heard = time.monotonic() + SETTLE_S, time.monotonic()
    while time.monotonic() - heard < SILENT_S:
        if time.monotonic() > end:
            raise Failed("they still write after %d s" % SETTLE_S)
        for daemon in daemons.values():
            daemon.check()
        if any(request.is_write and request.resource != "leases" for request in audit.take()):
            heard = time.monotonic()
        time.sleep(0.5)


def _measure(daemons, audit, seconds, say):
    _settle(daemons, audit)
    say("  they are silent")
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
