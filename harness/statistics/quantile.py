"""Quantiles of measured times and speeds, with intervals that assume no distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of n values with the two-sided interval of its distribution.

    `low` or `high` is infinite where so few values prove no limit on that side, and `estimate` where that value itself
    never came (a request without an answer took for ever).
    """

    estimate: float
    low: float
    high: float
    level: float
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """New minus old; infinite limits where one side has none, and no estimate where one side has none."""

    estimate: float | None
    low: float
    high: float
    level: float


def quantile(values: Sequence[float], share: float, level: float = 0.95) -> Quantile | None:
    """The nearest-rank quantile, a value that was measured, between two order statistics. None without values.

    The interval holds for any distribution, with at least `level` (Conover, Practical Nonparametric Statistics, 3rd
    ed., section 3.2), if the values are independent. Above the 95th percentile it has a limit from 72 values on.
    """
    if not 0 < share < 1 or not 0 < level < 1:
        raise ValueError("share and level lie between 0 and 1")
    n = len(values)
    if n == 0:
        return None
    ordered = sorted(values)
    most = (1 - level) / 2
    below = _cumulative(n, share)
    # the r-th smallest lies above the quantile if fewer than r values lie below it, and else not
    low = max((rank for rank in range(1, n + 1) if below[rank - 1] <= most), default=None)
    high = min((rank for rank in range(1, n + 1) if 1 - below[rank - 1] <= most), default=None)
    return Quantile(
        estimate=ordered[math.ceil(share * n - 1e-9) - 1],
        low=-math.inf if low is None else ordered[low - 1],
        high=math.inf if high is None else ordered[high - 1],
        level=level,
        n=n,
    )


def difference(old: Quantile, new: Quantile) -> Difference:
    """New minus old from two independent samples, by the distances of the limits from the estimates.

    Square and add (Newcombe 1998; Zou & Donner, Statistics in Medicine 27, 2008): about the level of the two intervals.
    """
    if math.isinf(old.estimate) or math.isinf(new.estimate):
        return Difference(None, -math.inf, math.inf, new.level)
    change = new.estimate - old.estimate
    low = math.hypot(new.estimate - new.low, old.high - old.estimate)
    high = math.hypot(new.high - new.estimate, old.estimate - old.low)
    return Difference(change, change - low, change + high, new.level)


def _cumulative(n: int, share: float) -> list[float]:
    """P(at most k of n) for k = 0 ... n, each of n with chance `share`; by logarithms, so that no n is too large."""
    total, sums = 0.0, []
    for k in range(n + 1):
        ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        total += math.exp(ways + k * math.log(share) + (n - k) * math.log1p(-share))
        sums.append(min(total, 1.0))
    return sums
