"""Power and size of the paired non-inferiority rule, by enumeration of every table it can meet."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

from harness.statistics.paired import tango_score

if TYPE_CHECKING:
    import numpy as np


@lru_cache(maxsize=64)
def passing_excess(pairs: int, margin: float, alpha: float = 0.05) -> tuple[int | None, ...]:
    """For each count of worse pairs, the fewest better pairs with which the rule passes; None if none does.

    The rule: Tango's one-sided lower bound for the difference lies above -margin; that is, the score
    statistic at -margin lies above z.
    """
    z = NormalDist().inv_cdf(1 - alpha)
    fewest: list[int | None] = []
    better = 0
    for worse in range(pairs + 1):
        while better + worse <= pairs and tango_score(better, worse, pairs, -margin) <= z:
            better += 1
        if better + worse > pairs:
            fewest += [None] * (pairs + 1 - worse)
            break
        fewest.append(better)
    return tuple(fewest)


def power_of_non_inferiority(
    pairs: int, margin: float, worse_rate: float, better_rate: float, alpha: float = 0.05
) -> float:
    """Chance that the rule passes when pairs turn worse and better at these rates, over all tables."""
    import numpy as np
    from scipy.stats import binom

    if min(worse_rate, better_rate) < 0 or worse_rate + better_rate > 1:
        raise ValueError("rates of worse and better pairs must be shares that leave room for each other")
    fewest = np.array([value for value in passing_excess(pairs, margin, alpha) if value is not None])
    worse = np.arange(len(fewest))
    # the count of worse pairs is binomial, and given it the better ones are binomial among the rest
    given = better_rate / (1 - worse_rate) if worse_rate < 1 else 0.0
    return float(np.sum(binom.pmf(worse, pairs, worse_rate) * binom.sf(fewest - 1, pairs - worse, given)))


def size_at_margin(pairs: int, margin: float, alpha: float = 0.05, steps: int = 60) -> float:
    """Largest chance of a false pass at a true drop of exactly `margin`, over how often pairs differ.

    Tango's test is approximate: this reaches 6 % for some counts of pairs at a nominal 5 %.
    """
    widest = (1 - margin) / 2
    # fine near 0, where good models differ in few cases and where the size peaks
    shares = [widest * (step / steps) ** 3 for step in range(steps + 1)]
    return max(power_of_non_inferiority(pairs, margin, margin + q, q, alpha) for q in shares)


def pairs_for_margin(
    margin: float, worse_rate: float, better_rate: float, power: float = 0.8, alpha: float = 0.05
) -> int | None:
    """Fewest pairs, to within 1 %, that give this power.

    None if 20,000 do not or the true drop is too large.
    """
    if worse_rate - better_rate >= margin:
        return None

    def enough(pairs: int) -> bool:
        return power_of_non_inferiority(pairs, margin, worse_rate, better_rate, alpha) >= power

    reach = 16
    while not enough(reach):
        reach *= 2
        if reach > 20_000:
            return None
    short = reach // 2
    while reach - short > max(1, reach // 100):
        middle = (short + reach) // 2
        short, reach = (short, middle) if enough(middle) else (middle, reach)
    return reach


def settling_pairs(better: int, worse: int, pairs: int, margin: float, alpha: float = 0.05) -> int | None:
    """Further pairs, all alike in both versions, after which the rule passes; None if 20,000 would not do."""
    z = NormalDist().inv_cdf(1 - alpha)
    if pairs and tango_score(better, worse, pairs, -margin) > z:
        return 0

    def passes(further: int) -> bool:
        return tango_score(better, worse, pairs + further, -margin) > z

    reach = 1
    while not passes(reach):
        reach *= 2
        if reach > 20_000:
            return None
    short = reach // 2
    while reach - short > 1:
        middle = (short + reach) // 2
        short, reach = (short, middle) if passes(middle) else (middle, reach)
    return reach


def simulated_power(
    pairs: int,
    samples: int,
    margin: float,
    *,
    new_rate: float,
    old_rate: float,
    spread: float,
    runs: int = 2000,
    seed: int = 20260101,
    alpha: float = 0.05,
) -> float:
    """Power of the rule over several samples a case (pass^n), which no enumeration gives: by simulation.

    Each case has a difficulty of its own, drawn once and shared by both versions: its chance of success is
    Beta-distributed with mean `new_rate` or `old_rate`, at the same quantile. `spread` in (0, 1) is the
    correlation of two samples of a case: near 0 all cases are alike, near 1 a case is all right or all wrong.
    """
    import numpy as np
    from scipy.stats import beta

    if not 0 < spread < 1:
        raise ValueError("spread is a correlation between 0 and 1")
    generator = np.random.default_rng(seed)
    precision = 1 / spread - 1
    quantiles = generator.random((runs, pairs))

    def aligned(rate: float) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        chance = beta.ppf(quantiles, rate * precision, (1 - rate) * precision)
        drawn: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = generator.random((runs, pairs)) < chance**samples
        return drawn

    new, old = aligned(new_rate), aligned(old_rate)
    better = (new & ~old).sum(axis=1)
    worse = (old & ~new).sum(axis=1)
    fewest = passing_excess(pairs, margin, alpha)
    table = np.array([math.inf if value is None else value for value in fewest])
    return float((better >= table[worse]).mean())
