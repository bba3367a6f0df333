# SPDX-License-Identifier: Apache-2.0
"""Many agents are woken within one second on one node: what of their wait is Krypton's."""

import audit_log


def run(stage, count, say):
    log, names = audit_log.opened(), [f"crowd-{i}" for i in range(count)]
    stage.sleepers(names)
    say(f"{count} agents are woken within a second")
    answers = stage.ask_spread(names, 1.0)
    log.read()
    seen = []
    for name, (sent, first, listening, status) in zip(names, answers):
        if status == 200:
            started, noticed = stage.sidecar_said(stage.pod(f"krypton.ai/agent={name}"))
            seen.append({"total_ms": 1000 * (first - sent), "patched_ms": 1000 * (log.woken(name, sent) - sent),
                         "created_ms": 1000 * (log.created(name, sent) - sent), "handed_ms": 1000 * (first - listening),
                         "both_ms": 1000 * (first - max(listening, started)), "told_ms": 1000 * (first - noticed)})
    stage.clear(names)
    return {"asked": count, "answered": seen}
