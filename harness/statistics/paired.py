"""Two versions on the same cases: what the discordant pairs say."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from harness.statistics.rates import Interval

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_HALVINGS = 60  # of an interval of length at most 2: below the spacing of floats


def check_pairs(better: float, worse: float, pairs: float) -> None:
    if min(better, worse) < 0 or better + worse > pairs:
        raise ValueError(f"{better} better and {worse} worse of {pairs} pairs is not a paired table")


def tango_score(better: float, worse: float, pairs: float, difference: float) -> float:
    """Score statistic of H0: rate(new) - rate(old) = `difference`; positive when the data are above it.

    Tango, Statistics in Medicine 17 (1998), eq. 24–26. The variance is that of the restricted maximum
    likelihood estimate, so tables without a single discordant pair still have an interval of some width.
    At ±1 the variance is 0 and the statistic is infinite, or 0 when the data are there.
    """
    excess = better - worse - pairs * difference
    slope = (2 * pairs - better + worse) * difference - better - worse
    root = math.sqrt(max(0.0, slope * slope + 8 * pairs * worse * difference * (1 - difference)))
    restricted = (root - slope) / (4 * pairs)
    variance = pairs * (2 * restricted + difference * (1 - difference))
    if variance <= 0:
        return 0.0 if excess == 0 else math.copysign(math.inf, excess)
    return excess / math.sqrt(variance)


def tango_scores(better: Floats, worse: Floats, pairs: Floats, difference: float) -> Floats:
    """`tango_score` of many tables at once."""
    import numpy as np

    excess = better - worse - pairs * difference
    slope = (2 * pairs - better + worse) * difference - better - worse
    root = np.sqrt(np.maximum(0.0, slope * slope + 8 * pairs * worse * difference * (1 - difference)))
    variance = pairs * ((root - slope) / (2 * pairs) + difference * (1 - difference))
    scores: Floats = np.where(excess == 0, 0.0, np.copysign(np.inf, excess))
    np.divide(excess, np.sqrt(np.maximum(variance, 0.0)), out=scores, where=variance > 0)
    return scores


def tango(better: float, worse: float, pairs: float, level: float = 0.95) -> Interval | None:
    """Score interval for rate(new) - rate(old) from `pairs` cases seen by both. None without pairs.

    `better` counts the cases that only the new version has right, `worse` those that only the old one has.
    For a one-sided test at 5 % take a bound of the 90 % interval. Counts may be fractions: those at an effective
    number of pairs.
    """
    check_pairs(better, worse, pairs)
    if pairs == 0:
        return None
    z = NormalDist().inv_cdf((1 + level) / 2)
    estimate = (better - worse) / pairs
    low = -1.0 if worse == pairs else -_upper_bound(worse, better, pairs, z)
    high = 1.0 if better == pairs else _upper_bound(better, worse, pairs, z)
    return Interval(estimate, low, high, level)


def _upper_bound(better: float, worse: float, pairs: float, z: float) -> float:
    """The difference above the estimate at which the score statistic is -z, found by halving."""
    inside, outside = (better - worse) / pairs, 1.0
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if tango_score(better, worse, pairs, middle) > -z:
            inside = middle
        else:
            outside = middle
    return inside


def mcnemar_exact(better: int, worse: int) -> float:
    """Two-sided exact McNemar p-value: is a discordant pair as likely to fall on either side?

    1.0 without discordant pairs: nothing speaks against it. No verdict rests on this p-value alone.
    """
    discordant = better + worse
    check_pairs(better, worse, discordant)
    tail = sum(math.comb(discordant, count) for count in range(min(better, worse) + 1))
    return min(1.0, 2 * tail / (1 << discordant))
