# SPDX-License-Identifier: Apache-2.0
"""All rows, round after round, the peers of a row one right after the other and in another order each round: what else the
machine does then falls on all alike, and ratios are taken within a round."""

import time
from statistics import median

import load
from peers import held_at
from processes import wait_until
from ratios import Ratio
from rows import crowded

_SHARE = 0.6


class Rounds:
    def __init__(self, rows, peers, backend_address, say):
        self.rows, self.peers, self.backend_address, self.say = rows, peers, backend_address, say
        self.began = None
        self.rates = {}
        self.seen = {row.title: {} for row in rows}  # title: {name of the series: [what load.measure said, a round each]}

    def find_rates(self):
        """60 % of what the slowest reaches, taken before the rounds, so that the arrivals are the same in all of them."""
        reached = {}
        for row in self.rows:
            for name in row.share_of:
                if name not in reached:
                    windows = [load.measure(self.peers[name], **row.load)["requests_per_s"] for _ in range(4)]
                    reached[name] = median(windows[1:])
                    self.say("%s reaches %d requests/s" % (name, reached[name]))
            if row.share_of:
                self.rates[row.title] = int(_SHARE * min(reached[name] for name in row.share_of))

    def run_one(self, number, count):
        self.began = self.began or time.monotonic()
        for row in self.rows:
            shift = number % len(row.peers)
            for name in row.peers[shift:] + row.peers[:shift]:
                self._measure(row, name, number)
        passed = time.monotonic() - self.began
        self.say("round %d of %d, %d s, %d s to go" % (number + 1, count, passed, passed / (number + 1) * (count - number - 1)))

    def minutes(self):
        return (time.monotonic() - self.began) / 60

    def _measure(self, row, name, number):
        peer, options = self.peers[name], dict(row.load)
        if row.share_of:
            options["rate"] = self.rates[row.title]
        if row.beside is None:
            self._keep(row, name, load.measure(peer, **options))
            return
        for is_crowded in ((False, True) if number % 2 else (True, False)):
            if is_crowded:
                self._keep(row, crowded(name), self._measure_crowded(row, peer, options))
            else:
                self._keep(row, name, load.measure(peer, **options))

    def _measure_crowded(self, row, peer, options):
        def silent():
            return held_at(self.backend_address)["silent"]

        with load.held(peer, **row.beside) as end:
            wait_until(lambda: silent() == row.beside["connections"], "silent requests at the backend")
            seen = load.measure(peer, **options)
        seen["lost"] += end["lost"]
        wait_until(lambda: silent() == 0, "their end")
        return seen

    def _keep(self, row, name, seen):
        self.seen[row.title].setdefault(name, []).append(seen)

    def series(self, row, name, figure):
        return [seen[figure] for seen in self.seen[row.title][name]]

    def results(self):
        """For each row what was seen, and each of its targets with the ratio: a dict fit for JSON."""
        return [{"title": row.title, "rate": self.rates.get(row.title),
                 "series": {name: self._summary(row, name) for name in self.seen[row.title]},
                 "targets": [self._judge(row, target) for target in row.targets]} for row in self.rows]

    def _summary(self, row, name):
        shown = {figure: median(self.series(row, name, figure))
                 for figure in ("cpu_us", "requests_per_s", "p50_us", "p99_us")}
        shown["went_wrong"] = sum(sum(self.series(row, name, figure)) for figure in ("failed", "lost", "torn"))
        shown["rounds"] = {figure: self.series(row, name, figure) for figure in row.figures}
        return shown

    def _judge(self, row, target):
        ours = crowded(row.peers[0]) if row.beside else row.peers[0]
        theirs = min(target.theirs, key=lambda name: median(self.series(row, name, target.figure)))
        ratio = Ratio(self.series(row, ours, target.figure), self.series(row, theirs, target.figure))
        reached = (ratio.median if target.is_by_median else ratio.high) <= target.limit
        return {"ours": ours, "theirs": theirs, "figure": target.figure, "limit": target.limit,
                "judged_by": "median" if target.is_by_median else "upper bound",
                "median": ratio.median, "low": ratio.low, "high": ratio.high, "reached": reached}
