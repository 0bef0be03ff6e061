"""Intervals and bounds for one proportion, right near 100 % too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its bounds. `level` is two-sided coverage; for one-sided bounds, that of each side."""

    estimate: float
    low: float
    high: float
    level: float


def check_counts(successes: float, trials: float) -> None:
    """Refuse counts that no experiment can give; the caller, not a user, is at fault."""
    if trials < 0 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is not a count of successes")


def wilson(successes: float, trials: float, level: float = 0.95) -> Interval | None:
    """Wilson's score interval (1927), for showing a rate. None without trials: no data is not 0 %.

    Pure Python: pages and terminal summaries of a replay use it without loading scipy.
    """
    check_counts(successes, trials)
    if trials == 0:
        return None
    z = NormalDist().inv_cdf((1 + level) / 2)
    rate = successes / trials
    spread = z * z / trials
    centre = (rate + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (rate * (1 - rate) + spread / 4)) / (1 + spread)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return Interval(rate, low, high, level)


def exact_lower(successes: float, trials: float, alpha: float = 0.05) -> float:
    """Clopper–Pearson lower bound (1934): the rate at which `successes` or more has probability `alpha`.

    Counts may be fractions, those at an effective number of cases: the beta quantile joins the whole ones smoothly.
    """
    from scipy.special import betaincinv

    check_counts(successes, trials)
    if successes <= 0:
        return 0.0
    return float(betaincinv(successes, trials - successes + 1, alpha))


def exact_upper(successes: float, trials: float, alpha: float = 0.05) -> float:
    """Clopper–Pearson upper bound; 1.0 without trials, since anything is still possible."""
    return 1.0 - exact_lower(trials - successes, trials, alpha)


def exact_bounds(successes: int, trials: int, alpha: float = 0.05) -> Interval | None:
    """Both one-sided bounds, each wrong in at most `alpha` of samples. None without trials.

    300 of 300 gives 0.9901 and not 1: that is all 300 clean cases prove at 5 %.
    """
    check_counts(successes, trials)
    if trials == 0:
        return None
    return Interval(
        successes / trials,
        exact_lower(successes, trials, alpha),
        exact_upper(successes, trials, alpha),
        1 - alpha,
    )


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values (Benjamini & Hochberg 1995), in the order given.

    Keeping the slices at or below q keeps the expected share of false ones among them at q or less.
    """
    from scipy.stats import false_discovery_control

    if not p_values:
        return ()
    return tuple(float(p) for p in false_discovery_control(list(p_values)))
