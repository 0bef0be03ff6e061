"""Power and size of the paired non-inferiority rule, by enumeration of every table it can meet."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING

from harness.statistics.paired import tango_score
from harness.statistics.rates import binomial_chances, special

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_NORMAL = NormalDist()
_TEETH = 60  # pairs, about two teeth of the saw at a margin of 3 points
_MOST_PAIRS = 20_000  # beyond this no suite of prompts is the answer


SIZE_LIMIT = 0.06
"""Largest chance of a false pass at exactly the margin, whatever the count of pairs and however often
they differ.
"""

_TARGET = 0.0598  # leaves room for what is between the points of the grid
_STRICT = 0.95  # of alpha, where alpha is a share of the 5 % and must not be exceeded
_STEPS = 120
_LARGEST_CHECKED = 2000  # pairs; above it Tango's size stays within half a point of 5 %


@lru_cache(maxsize=256)
def critical_score(pairs: int, margin: float, alpha: float = 0.05) -> float:
    """The score that a pass must exceed: the normal quantile, or more where that would pass too much.

    Tango's test is approximate. By enumeration its size at a nominal 5 % reaches 6.9 % at 52 pairs and a
    margin of 5 points, and more below 30 pairs; there the critical score is raised until it is 6 % at
    most. At a smaller `alpha`, that of a later attempt, it is raised until the size is `alpha` at most.

    A margin below 0 is that of a breach, seen from the old version: that it is better by more than the margin. Its size
    at a nominal 5 % reaches 14.5 % at three pairs, and 9.6 % at 103.
    """
    if pairs > _LARGEST_CHECKED:
        return _NORMAL.inv_cdf(1 - alpha)
    kept = _kept_steps().get(str(margin), {}).get(str(alpha), ())
    steps = kept[pairs - 1] if 0 < pairs <= len(kept) else search_steps(pairs, margin, alpha)
    nominal = _NORMAL.inv_cdf(1 - alpha)
    if not steps:
        return nominal
    loose, strict = nominal, 4 * nominal
    for step in bin(steps)[3:]:  # behind the first digit, which only says that there are steps
        middle = (loose + strict) / 2
        loose, strict = (loose, middle) if step == "1" else (middle, strict)
    return strict


def search_steps(pairs: int, margin: float, alpha: float) -> int:
    """The halvings of a search between the nominal critical score and four times that, as the digits of a number.

    0 where the nominal one does; else a first 1, and behind it 1 for each step in which the middle was strict enough.
    A stricter score passes less at every share of pairs that differ: each step looks only at the shares at which the
    last one that failed passed too much.
    """
    import numpy as np

    nominal = _NORMAL.inv_cdf(1 - alpha)
    target = _TARGET if alpha >= 0.05 else _STRICT * alpha
    shares = _shares(margin)
    failing = _fewest(pairs, margin, nominal)
    sizes = _pass_chances(failing, pairs, *_at_margin(shares, margin))
    if np.max(sizes) <= target:
        return 0
    shares = shares[sizes > target]
    passing: tuple[int, ...] | None = None
    loose, strict, steps = nominal, 4 * nominal, 1
    while strict - loose > 1e-4:
        middle = (loose + strict) / 2
        fewest = _fewest(pairs, margin, middle)
        if fewest not in (failing, passing):  # most steps end at the same table
            sizes = _pass_chances(fewest, pairs, *_at_margin(shares, margin))
            if np.max(sizes) <= target:
                passing = fewest
            else:
                failing, shares = fewest, shares[sizes > target]
        loose, strict = (loose, middle) if fewest == passing else (middle, strict)
        steps = 2 * steps + (fewest == passing)
    return steps


@cache
def _kept_steps() -> dict[str, dict[str, list[int]]]:
    """By margin and alpha the steps for 1, 2, 3 ... pairs: those of the usual policies, which need not be enumerated.

    Made by benchmarks/simulations/critical_scores.py; the tests enumerate some of them again.
    """
    steps: dict[str, dict[str, list[int]]] = json.loads(
        Path(__file__).with_name("critical_scores.json").read_text("utf-8")
    )
    return steps


def bound_level(pairs: int, margin: float, alpha: float = 0.05) -> float:
    """Two-sided level of the Tango interval whose lower bound is above -margin exactly when the rule
    passes; at a margin below 0, whose upper bound is below it exactly when it breaches.
    """
    return 2 * _NORMAL.cdf(critical_score(pairs, margin, alpha)) - 1


def non_inferior(better: float, worse: float, pairs: float, margin: float, alpha: float = 0.05) -> bool:
    """The rule: is rate(new) - rate(old) shown to be above -margin?

    Counts may be fractions: those at an effective number of pairs. The critical score is that of the whole pairs.
    """
    return pairs >= 1 and tango_score(better, worse, pairs, -margin) > critical_score(int(pairs), margin, alpha)


def passing_excess(pairs: int, margin: float, alpha: float = 0.05) -> tuple[int | None, ...]:
    """For each count of worse pairs, the fewest better pairs with which the rule passes.

    None if none does.
    """
    fewest = _fewest(pairs, margin, critical_score(pairs, margin, alpha))
    return (*fewest, *(None for _ in range(pairs + 1 - len(fewest))))


@lru_cache(maxsize=256)
def _fewest(pairs: int, margin: float, critical: float) -> tuple[int, ...]:
    fewest: list[int] = []
    better = 0
    for worse in range(pairs + 1):
        while better + worse <= pairs and tango_score(better, worse, pairs, -margin) <= critical:
            better += 1
        if better + worse > pairs:
            break
        fewest.append(better)
    return tuple(fewest)


def _pass_chances(fewest: tuple[int, ...], pairs: int, worse_rates: Floats, better_rates: Floats) -> Floats:
    """Chance of a pass for each pair of rates, over all tables."""
    import numpy as np

    if not fewest:
        return np.zeros(len(worse_rates))
    worse = np.arange(len(fewest))[:, None]
    # the count of worse pairs is binomial, and given it the better ones are binomial among the rest
    given = np.divide(better_rates, 1 - worse_rates, out=np.zeros(len(worse_rates)), where=worse_rates < 1)
    chances = binomial_chances(worse, pairs, worse_rates) * _at_least(fewest, pairs, np.minimum(given, 1.0))
    total: Floats = chances.sum(axis=0)
    return total


def _at_least(needed: Sequence[int], trials: int, rates: Floats) -> Floats:
    """For each number of trials from `trials` down by one, the chance of at least so many successes as are needed.

    One row a number of trials, one column a rate; `needed` does not fall. With one success more the chance loses that
    of exactly so many, with one trial less the rate times another such chance: each row is a sum of these.
    `scipy.special.bdtrc`, once a cell, takes twice as long.
    """
    import numpy as np

    steps: list[tuple[int, int, bool]] = []
    places, reached = [], 0
    for row, least in enumerate(needed):
        steps += [(trials - row, count, False) for count in range(reached, least)]
        reached = least
        places.append(len(steps))
        if reached and row + 1 < len(needed):
            steps.append((trials - row - 1, reached - 1, True))
    if not steps:
        return np.ones((len(places), len(rates)))
    left, counts, by_rate = (np.array(column)[:, None] for column in zip(*steps, strict=True))
    lost = binomial_chances(counts, left, rates) * np.where(by_rate, rates, 1.0)
    chances = 1 - np.concatenate([np.zeros((1, len(rates))), lost.cumsum(axis=0)])[places]
    held: Floats = np.clip(chances, 0.0, 1.0)
    return held


def _shares(margin: float) -> Floats:
    """Shares of better pairs, or of worse ones at a margin below 0, up to all that leave room for the others."""
    import numpy as np

    # fine near 0, where good models differ in few cases and where the size often peaks
    shares: Floats = (1 - abs(margin)) / 2 * (np.arange(_STEPS + 1) / _STEPS) ** 3
    return shares


def _at_margin(shares: Floats, margin: float) -> tuple[Floats, Floats]:
    """Rates of worse and of better pairs that differ by the margin."""
    return shares + max(margin, 0.0), shares + max(-margin, 0.0)


def power_of_non_inferiority(
    pairs: int, margin: float, worse_rate: float, better_rate: float, alpha: float = 0.05
) -> float:
    """Chance that the rule passes when pairs turn worse and better at these rates, over all tables."""
    import numpy as np

    if min(worse_rate, better_rate) < 0 or worse_rate + better_rate > 1:
        raise ValueError("rates of worse and better pairs must be shares that leave room for each other")
    fewest = _fewest(pairs, margin, critical_score(pairs, margin, alpha))
    return float(_pass_chances(fewest, pairs, np.array([worse_rate]), np.array([better_rate]))[0])


def size_at_margin(pairs: int, margin: float, alpha: float = 0.05, *, corrected: bool = True) -> float:
    """Largest chance of a false pass at a true drop of exactly `margin`, over how often pairs differ.

    At most `SIZE_LIMIT`; without the correction, the size of Tango's test as published.
    """
    import numpy as np

    critical = critical_score(pairs, margin, alpha) if corrected else _NORMAL.inv_cdf(1 - alpha)
    shares = _shares(margin)
    return float(np.max(_pass_chances(_fewest(pairs, margin, critical), pairs, *_at_margin(shares, margin))))


def pairs_for_margin(
    margin: float, worse_rate: float, better_rate: float, power: float = 0.8, alpha: float = 0.05
) -> int | None:
    """Fewest pairs, to within 1 %, that give this power, and so do larger numbers.

    None if 20,000 do not or the true drop is too large.
    """
    if worse_rate - better_rate >= margin:
        return None

    def enough(pairs: int) -> bool:
        return power_of_non_inferiority(pairs, margin, worse_rate, better_rate, alpha) >= power

    reach = 16
    while not enough(reach):
        reach *= 2
        if reach > _MOST_PAIRS:
            return None
    short = reach // 2
    while reach - short > max(1, reach // 100):
        middle = (short + reach) // 2
        short, reach = (short, middle) if enough(middle) else (middle, reach)
    # power runs in a saw-tooth: a few pairs more may have less of it
    further = reach
    while further <= reach + _TEETH:
        if not enough(further):
            reach = further + 1
        further += 1
    return reach


def settling_pairs(
    better: int, worse: int, pairs: int, margin: float, alpha: float = 0.05, *, worth: float = 1.0
) -> int | None:
    """Further pairs, all alike in both versions, after which the rule passes; None if 20,000 would not do.

    `worth` is the effective number of pairs that one pair counts for.
    """
    nominal = _NORMAL.inv_cdf(1 - alpha)

    def nearly(further: int) -> bool:
        count = worth * (pairs + further)
        return count >= 1 and tango_score(worth * better, worth * worse, count, -margin) > nominal

    short, reach = -1, 0
    while not nearly(reach):
        short, reach = reach, max(1, 2 * reach)
        if reach > _MOST_PAIRS:
            return None
    while reach - short > 1:
        middle = (short + reach) // 2
        short, reach = (short, middle) if nearly(middle) else (middle, reach)
    # the critical score is higher than the nominal one for some counts
    while not non_inferior(worth * better, worth * worse, worth * (pairs + reach), margin, alpha):
        reach += 1
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

    if not 0 < spread < 1:
        raise ValueError("spread is a correlation between 0 and 1")
    generator = np.random.default_rng(seed)
    precision = 1 / spread - 1
    quantiles = generator.random((runs, pairs))

    def aligned(rate: float) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        chance = special().betaincinv(rate * precision, (1 - rate) * precision, quantiles)
        drawn: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = generator.random((runs, pairs)) < chance**samples
        return drawn

    new, old = aligned(new_rate), aligned(old_rate)
    better = (new & ~old).sum(axis=1)
    worse = (old & ~new).sum(axis=1)
    fewest = passing_excess(pairs, margin, alpha)
    table = np.array([math.inf if value is None else value for value in fewest])
    return float((better >= table[worse]).mean())
