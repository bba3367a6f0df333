# SPDX-License-Identifier: Apache-2.0
"""Many agents are woken within one second on one node: what of their wait is Krypton's."""

import audit_log
from stage import SPACE


def run(stage, count, say):
    log, names = audit_log.opened(), [f"crowd-{i}" for i in range(count)]
    stage.sleepers(names)
    say(f"{count} agents are woken within a second")
    answers = stage.ask_spread(names, 1.0)
    log.read()
    seen = []
    for name, (sent, first, listening, status) in zip(names, answers):
        woken = log.woken_after(name, sent)
        seen.append({"status": status, "total_ms": 1000 * (first - sent), "patched_ms": 1000 * (woken - sent) if woken else None,
                     "created_ms": 1000 * (log.created[name] - sent) if name in log.created else None,
                     "handed_ms": 1000 * (first - listening) if listening else None})
    stage.clear(names)
    assert not stage.cluster.list("pods", SPACE)
    return seen
