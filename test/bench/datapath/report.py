# SPDX-License-Identifier: Apache-2.0
"""What was measured, for people: tables on standard output."""

from memory import IDLE, MANY_STREAMS, MB, STREAMS

_FIGURES = {"cpu_us": "CPU a request", "p50_us": "p50", "p99_us": "p99"}


def _heading(text):
    print("\n== %s" % text)


def _word(reached):
    return "reached" if reached else "MISSED"


def rounds(results, count, seconds):
    _heading("In %d rounds of %g s a peer: medians; CPU is of the proxy alone, us a request (an event)" % (count, seconds))
    print("%-36s %-28s %9s %9s %9s %9s  %s" % ("", "", "CPU us", "p50 us", "p99 us", "per s", "gone wrong"))
    for row in results:
        title = row["title"] + (" (%d/s)" % row["rate"] if row["rate"] else "")
        for name, shown in row["series"].items():
            print("%-36s %-28s %9.1f %9.0f %9.0f %9.0f  %s" % (title, name, shown["cpu_us"], shown["p50_us"], shown["p99_us"],
                                                               shown["requests_per_s"], shown["went_wrong"] or ""))
            title = ""


def targets(results):
    _heading("Targets: ratio within a round, median and its 95 % bounds; reached where the upper bound is (m: the median)")
    print("%-36s %-14s %-38s %7s %17s %7s" % ("", "figure", "ours / theirs", "median", "95 % bounds", "target"))
    for row in results:
        for judged in row["targets"]:
            print("%-36s %-14s %-38s %7.3f %8.3f %8.3f %7.2f %s%s" % (
                row["title"], _FIGURES[judged["figure"]], judged["ours"] + " / " + judged["theirs"], judged["median"],
                judged["low"], judged["high"], judged["limit"], _word(judged["reached"]),
                " (m)" if judged["judged_by"] == "median" else ""))


def _mb(figures, which):
    return "-" if figures[which] is None else "%.1f" % (figures[which] / MB)


def memory(results):
    _heading("Resident memory in MB, in brackets its memory cgroup's charge: idle / %d idle connections / %d streams" % (
        IDLE, STREAMS))
    for shown in results:
        if "failed" in shown:
            print("%-16s failed: %s" % (shown["name"], shown["failed"]))
            continue
        print("%-16s" % shown["name"] + " ".join(
            "%8s %9s" % (_mb(shown[what], "resident_bytes"), "(%s)" % _mb(shown[what], "cgroup_bytes"))
            for what in ("idle", "connections", "streams")) + (
                "  " + shown["no_cgroup"] if shown["no_cgroup"] else "") + "".join(
                    "  %d %s lost" % (shown[what]["lost"], what) for what in ("connections", "streams") if shown[what]["lost"]))
    for shown in results:
        for target in shown["targets"]:
            print("%-16s %-12s %5s%.1f MB, target %s%.1f  %s" % (
                shown["name"], target["what"], "", target["mb"], "idle + " if target["is_increment"] else "",
                target["limit_mb"], _word(target["reached"])))


def many_streams(shown):
    _heading("%d streams through gateway and sidecar: %d lost, %d open at the end, %d events, p50 %.0f us, p99 %.0f us" % (
        shown["streams"], shown["lost"], shown["open_at_the_end"], shown["events"], shown["p50_us"], shown["p99_us"]))
    if shown["streams"] < MANY_STREAMS:
        print("not %d: a process may have %d descriptors here, and a stream takes two" % (MANY_STREAMS, shown["descriptors"]))
    for part in shown["parts"]:
        charged = part["cgroup_kib_a_stream"]
        print("%-16s %5.1f KiB a stream (cgroup: %s), target %d  %s" % (
            part["name"], part["kib_a_stream"], "-" if charged is None else "%.1f" % charged, part["limit_kib"],
            _word(part["reached"])))


def missed(results):
    """How many targets were, of how many."""
    judged = [target for row in results.get("rounds", []) for target in row["targets"]]
    judged += [target for shown in results.get("memory", []) for target in shown["targets"]]
    judged += results.get("many_streams", {}).get("parts", [])
    return sum(not target["reached"] for target in judged), len(judged)
