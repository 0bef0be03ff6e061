"""Beta, Student's t and binomial distributions, to eleven digits as `scipy.special` has them.

Importing that takes a quarter of a second and 30 MB: as long as all else in a verdict of the gate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int, ...], np.dtype[Any]]

_TINY, _EPSILON = 1e-300, 2**-52
_MOST_TERMS = 100_000
"""Of the continued fraction: it needs about the square root of the larger parameter."""
_MOST_STEPS = 200
_LARGE = 40.0
_NORMAL = NormalDist()


def beta_cdf(x: float, a: float, b: float) -> float:
    """The chance of at most `x` under Beta(a, b); DLMF 8.17.22, by Lentz's method as Thompson and Barnett have it."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    power = a * math.log(x) + b * math.log1p(-x) - _log_beta(a, b)
    if x < (a + 1) / (a + b + 2):
        return math.exp(power) * _fraction(x, a, b) / a
    return 1 - math.exp(power) * _fraction(1 - x, b, a) / b


def _log_beta(a: float, b: float) -> float:
    """By Stirling's series where a parameter is large: three logarithms of gamma cancel, and the digits with them."""
    less, more = min(a, b), max(a, b)
    if more < _LARGE:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    rest = _beyond_stirling(more) - _beyond_stirling(a + b) - (more - 0.5) * math.log1p(less / more)
    if less < _LARGE:
        return math.lgamma(less) - less * math.log(a + b) + less + rest
    return less * math.log(less / (a + b)) + math.log(2 * math.pi / less) / 2 + _beyond_stirling(less) + rest


def _beyond_stirling(z: float) -> float:
    return (1 / 12 - (1 / 360 - 1 / (1260 * z * z)) / (z * z)) / z


def _fraction(x: float, a: float, b: float) -> float:
    front, back = 1.0, 1 - (a + b) * x / (a + 1)
    back = 1 / (back if abs(back) > _TINY else _TINY)
    found = back
    for m in range(1, _MOST_TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            back = 1 + term * back
            front = 1 + term / front
            back = 1 / (back if abs(back) > _TINY else _TINY)
            front = front if abs(front) > _TINY else _TINY
            found *= front * back
        if abs(front * back - 1) < _EPSILON:
            break
    return found


def beta_quantile(chance: float, a: float, b: float) -> float:
    """The x at which `beta_cdf` is `chance`, by Newton's steps within a bracket that only shrinks."""
    if chance <= 0 or chance >= 1:
        return float(chance >= 1)
    low, high, x = 0.0, 1.0, _near_quantile(chance, a, b)
    scale = _log_beta(a, b)
    for _ in range(_MOST_STEPS):
        excess = beta_cdf(x, a, b) - chance
        low, high = (low, x) if excess > 0 else (x, high)
        slope = (a - 1) * math.log(x) + (b - 1) * math.log1p(-x) - scale
        step = excess * math.exp(-slope) if slope > -600 else math.inf
        following = x - step
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - x) <= 2 * _EPSILON * x or high - low <= _EPSILON * low:
            return following
        x = following
    return x


def _near_quantile(chance: float, a: float, b: float) -> float:
    """A place to begin: Abramowitz and Stegun, 26.5.22, or for small parameters the first term of the series."""
    if a < 1 or b < 1:
        near = math.exp((math.log(chance) + math.log(a) + _log_beta(a, b)) / a) if a < 50 else 0.5
    else:
        y = -_NORMAL.inv_cdf(chance)
        third = (y * y - 3) / 6
        mean = 2 / (1 / (2 * a - 1) + 1 / (2 * b - 1))
        w = y * math.sqrt(max(mean + third, 0.0)) / mean
        w -= (1 / (2 * b - 1) - 1 / (2 * a - 1)) * (third + 5 / 6 - 2 / (3 * mean))
        near = a / (a + b * math.exp(min(2 * w, 700.0)))
    return min(max(near, 1e-12), 1 - 1e-12)


@lru_cache(maxsize=1024)  # every rule of a verdict has the same numbers of answers and domains
def t_quantile(chance: float, freedom: float) -> float:
    """Student's t: the value that is not exceeded with this chance."""
    if chance == 0.5:
        return 0.0
    tail = min(chance, 1 - chance)
    if freedom < 2:
        x = beta_quantile(2 * tail, freedom / 2, 0.5)
        value = math.sqrt(freedom * (1 - x) / x)
    else:  # from the other end, where few digits are lost
        x = beta_quantile(1 - 2 * tail, 0.5, freedom / 2)
        value = math.sqrt(freedom * x / (1 - x))
    return -value if chance < 0.5 else value


def binomial_cdf(most: int, trials: int, rate: float) -> float:
    """The chance of at most so many successes."""
    if most < 0 or most >= trials:
        return float(most >= 0)
    return 1 - beta_cdf(rate, most + 1, trials - most)


@lru_cache(maxsize=64)
def _log_factorials(most: int) -> Floats:
    """Logarithms of 0! to `most`!"""
    import numpy as np

    return np.array([math.lgamma(one + 1) for one in range(most + 1)])


def binomial_chances(counts: Floats, trials: Floats | int, rates: Floats | float) -> Floats:
    """Chance of each count of successes among so many trials, at each rate; the shapes are broadcast."""
    import numpy as np

    logs, failures, rate = _log_factorials(int(np.max(trials))), trials - counts, np.asarray(rates, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):  # at a rate of 0 or 1: no count times an endless logarithm
        of_counts = np.where(counts == 0, 0.0, counts * np.log(rate))
        of_failures = np.where(failures == 0, 0.0, failures * np.log1p(-rate))
    chances: Floats = np.exp(logs[trials] - logs[counts] - logs[failures] + of_counts + of_failures)
    return chances


def at_least(needed: Sequence[int], trials: int, rates: Floats) -> Floats:
    """For each number of trials from `trials` down by one, the chance of at least so many successes as are needed.

    One row a number of trials, one column a rate; `needed` does not fall. With one success more the chance loses that
    of exactly so many, with one trial less the rate times another such chance: each row is a sum of these.
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
