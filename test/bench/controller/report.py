# SPDX-License-Identifier: Apache-2.0
"""What was measured, for people: a table on standard output, with the targets beside."""

from statistics import median

from contestants import GO, OURS
from ratios import Ratio

MB = 1e6
# figure: (its name, how it is shown, ours at most this much of theirs)
BURST = {"children_s": ("all children exist", "%.1f s", 1.1), "reported_s": ("all are reported", "%.1f s", None),
         "cpu_s": ("CPU of the controller", "%.1f s", 0.25), "peak_bytes": ("its peak RSS", "%.1f MB", 0.25),
         "requests": ("API requests", "%d", 1.0), "server_cpu_s": ("CPU of the API server", "%.1f s", None),
         "refused": ("refused (4xx, 5xx less 404)", "%d", None)}
REQUESTS_OF_ONE = 8


def _word(reached):
    return "reached" if reached else "MISSED"


def _text(form, figure, value):
    return form % (value / MB if figure == "peak_bytes" else value)


def _burst(results):
    rounds = results["rounds"]
    print("\n== %d Agents at zero that are there when the controller starts: medians of %d rounds, and the ratio within a round" % (
        results["burst"], len(rounds)))
    print("%-30s %12s %22s %8s %17s  %s" % ("", OURS, GO, "ratio", "its bounds", "target"))
    for figure, (title, form, limit) in BURST.items():
        ours, theirs = ([seen[name][figure] for seen in rounds] for name in (OURS, GO))
        line = "%-30s %12s %22s" % (title, _text(form, figure, median(ours)), _text(form, figure, median(theirs)))
        if min(theirs) > 0:
            ratio = Ratio(ours, theirs)
            line += " %8.3f %8.3f %8.3f" % (ratio.median, ratio.low, ratio.high)
            if limit is not None:
                line += "  <= %.2f  %s" % (limit, _word(ratio.median <= limit))
        print(line)
    last = rounds[-1]
    for name in (OURS, GO):
        print("%-30s %s" % ("by verb, " + name, ", ".join("%s %d" % row for row in sorted(last[name]["by_verb"].items()))))
    for name in (OURS, GO):
        one = last[name]["one_more"]
        print("\n== One Agent more, %s: %d requests%s" % (name, one["requests"], "" if name != OURS else ", target <= %d  %s" % (
            REQUESTS_OF_ONE, _word(one["requests"] <= REQUESTS_OF_ONE))))
        for verb, resource, count in one["listed"]:
            print("   %2d  %-7s %s" % (count, verb, resource))


def _line(title, value, target, reached):
    print("%-62s %12s  %-10s %s" % (title, value, target, _word(reached)))


def _at_rest(rest):
    title = "at rest for %d s: " % rest["seconds"]
    _line(title + "writes other than Leases", rest["writes"], "0", rest["writes"] == 0)
    _line(title + "CPU", "%.2f %%" % rest["cpu_percent"], "< 1 %", rest["cpu_percent"] < 1)
    _line(title + "RSS", "%.1f MB" % (rest["resident_bytes"] / MB), "<= 48 MB", rest["resident_bytes"] <= 48 * MB)


def _many(shown):
    print("\n== %s among %d Agents" % (OURS, shown["agents"]))
    if "at_rest" in shown:
        _at_rest(shown["at_rest"])
    for what, title, limit in (("changes_ms", "one of them changed, until its Deployment's apply", 250),
                               ("faults_ms", "a pod's fault, until the Agent's reason", 1000)):
        if what in shown:
            seen = shown[what]
            _line("%s, p99 of %d" % (title, seen["count"]), "%.0f ms" % seen["p99"], "<= %d ms" % limit, seen["p99"] <= limit)
            print("%-62s %12s" % ("   p50", "%.0f ms" % seen["p50"]))


def show(results):
    print("%(cpu)s, %(cores)d cores, Linux %(kernel)s, %(time)s" % results["machine"])
    if results.get("rounds"):
        _burst(results)
    if results.get("many"):
        _many(results["many"])
    for failure in results["failures"]:
        print("failed: " + failure)
