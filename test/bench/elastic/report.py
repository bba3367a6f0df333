# SPDX-License-Identifier: Apache-2.0
"""What was measured, for people: a table on standard output, with the targets beside."""

from statistics import median

from ratios import Ratio

MB = 1e6


def percentile(values, permille):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * permille // 1000)]


def _word(reached):
    return "reached" if reached else "MISSED"


def _row(title, values, p50=None, p99=None):
    half, most = median(values), percentile(values, 990)
    word = ""
    if p50 is not None:
        word = "<= %g" % p50 + (", %g" % p99 if p99 is not None else "")
        word = "%-12s %s" % (word, _word(half <= p50 and (p99 is None or most <= p99)))
    print("%-66s %9.1f %9.1f %9.1f  %s" % (title, half, most, max(values), word))


def _ratio(title, ours, theirs, limit):
    seen = Ratio(ours, theirs)
    of_medians = median(ours) / median(theirs)
    print("%-66s %9.3f %9.3f %9.3f  <= %-8g  %s   (of the medians: %.3f)" % (
        title, seen.median, seen.low, seen.high, limit, _word(seen.median <= limit), of_medians))


def _steps(title, writes, steps):
    """Each write of the way to a pod: the wait until the API server receives it, and its answer."""
    print(title)
    for i, write in enumerate(writes):
        _row("   until %s is received" % write, [step[2 * i] for step in steps])
        _row("   its answer", [step[2 * i + 1] for step in steps])


def _starts(hello):
    def of(figure, later=None):
        return [start[figure] for start in hello if later is None or (start["later"] > 0) == later]
    print("\n== %d cold starts one by one, each beside the same pod started by a patch; ms  %9s %9s %9s" % (len(hello), "p50", "p99", "most"))
    _row("request until the wake's patch is answered", of("woken_ms"))
    _row("request until the pod's object exists", of("created_ms"), 30)
    _row("patch of replicas until the pod's object exists", of("plain_created_ms"))
    by_kubernetes = ("its ReplicaSet's update", "the pod")
    _steps("where a wake spends the time until then, by the audit log:", ("the patch of the Agent's status",
           "the apply of its Deployment", *by_kubernetes), of("steps_ms"))
    _steps("and a patch of replicas:", ("the patch of /scale", *by_kubernetes), of("plain_steps_ms"))
    for later, whose in ((False, "an agent that listens at once"), (True, "an agent that its sidecar waits for")):
        if not of("start_ms", later):
            continue
        print("%s:" % whose)
        _row("   request to first byte", of("start_ms", later))
        _row("   patch of replicas until that pod's port accepts", of("plain_ms", later))
        _row("   port accepts until first byte, with the hello", of("handed_ms", later), *((15, 60) if later else ()))
        _row("   port accepts and krypton-proxy runs, until first byte", of("both_ms", later))
        _row("   krypton-proxy sees the port accept, until first byte", of("told_ms", later))
    print("%-66s %9s %9s %9s" % ("ratios within a pair: median, and its bounds", "median", "low", "high"))
    _ratio("whole cold start, an agent that listens at once", of("start_ms", False), of("plain_ms", False), 1.15)
    if of("start_ms", True):
        _ratio("whole cold start, an agent that its sidecar waits for", of("start_ms", True), of("plain_ms", True), 1.15)
    _ratio("until the pod's object exists", of("created_ms"), of("plain_created_ms"), 1.5)


def _deaf(starts):
    print("\n== %d cold starts with no hello; ms%s%9s %9s %9s" % (len(starts), " " * 32, "p50", "p99", "most"))
    _row("request to first byte", [start["start_ms"] for start in starts])
    _row("request until the pod's address is published", [start["published_ms"] for start in starts])
    _row("later of port and address, until first byte", [start["handed_ms"] for start in starts], 10, 50)


def _crowd(crowd):
    seen, asked = crowd["answered"], crowd["asked"]
    print("\n== %d agents woken within a second; ms%s%9s %9s %9s" % (asked, " " * 29, "p50", "p99", "most"))
    print("%-66s %9d  all  %s" % ("answered", len(seen), _word(len(seen) == asked)))
    for figure, title in (("total_ms", "request to first byte"), ("patched_ms", "request until the wake's patch is answered"),
                          ("created_ms", "request until the pod's object exists"), ("handed_ms", "port accepts until first byte"),
                          ("both_ms", "port accepts and krypton-proxy runs, until first byte"),
                          ("told_ms", "krypton-proxy sees the port accept, until first byte")):
        _row(title, [one[figure] for one in seen])
    for figure, since in (("handed_ms", "port accepts"), ("both_ms", "both run")):
        share = 100 * sum(one["patched_ms"] + one[figure] for one in seen) / sum(one["total_ms"] for one in seen)
        print("%-66s %7.2f %%  < 5 %%  %s" % ("share of request to patch, and %s to first byte" % since, share, _word(share < 5)))


def _idle(agents, seconds, seen):
    print("\n== %d Agents at zero, %d s at rest" % (agents, seconds))
    for program, one in seen.items():
        asked = [what for what in one["asked"] if not what.startswith("watch ") and not what.endswith(" leases")]
        for title, value, target, reached in (
                ("CPU", "%.2f %%" % one["cpu_percent"], "< 1 %", one["cpu_percent"] < 1),
                ("RSS", "%.1f MB" % (one["resident_bytes"] / MB), "<= 32 MB", one["resident_bytes"] <= 32 * MB),
                ("requests but watches and Leases", ", ".join(asked) or "none", "none", not asked)):
            print("%-66s %9s  %-9s %s" % (program + ": " + title, value, target, _word(reached and one["runs"])))


def show(results):
    print("%(cpu)s, %(cores)d cores, Linux %(kernel)s, %(time)s" % results["machine"])
    if "hello" in results:
        _starts(results["hello"])
    if "deaf" in results:
        _deaf(results["deaf"])
    if "crowd" in results:
        _crowd(results["crowd"])
    if "idle" in results:
        _idle(results["agents"], results["at_rest"], results["idle"])
    for failure in results["failures"]:
        print("failed: " + failure)
