# SPDX-License-Identifier: Apache-2.0
"""Ratios that are paired within a round: median, and bounds by resampling the rounds."""

import random
from statistics import median

RESAMPLES = 2000
_SEED = 20240229


class Ratio:
    """Of ours to a peer's, round by round. low and high: 95 % bounds of the median."""

    def __init__(self, ours, theirs):
        ratios = [a / b for a, b in zip(ours, theirs) if b > 0]
        chance = random.Random(_SEED)
        medians = sorted(median(chance.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
        self.median = median(ratios)
        self.low, self.high = medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975) - 1]
