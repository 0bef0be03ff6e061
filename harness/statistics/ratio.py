"""A rate over trials that come in units, such as the strings of a case: how many independent trials it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Self

from harness.statistics.rates import Interval, student_quantile, wilson

_FEW, _MANY = 40, 1000
"""Fewer units than `_FEW` show their own spread badly (simulated: 95 % intervals of 20 clusters cover 87 %): each is
one trial. More than `_MANY` need no correction.
"""


@dataclass(frozen=True, slots=True)
class Squares:
    """Sums over units of k², kn and n², and how many units: what the variance of a ratio between units needs."""

    kk: int
    kn: int
    nn: int
    units: int

    @classmethod
    def of(cls, units: Sequence[tuple[int, int]]) -> Self:
        """From (k, n) of every unit; one without trials is none."""
        pairs = [(k, n) for k, n in units if n]
        return cls(sum(k * k for k, _ in pairs), sum(k * n for k, n in pairs), sum(n * n for _, n in pairs), len(pairs))


def effective_trials(k: int, n: int, squares: Squares, clusters: float | None = None) -> float:
    """How many independent trials tell as much as these n; never more than there are.

    Args:
        clusters: how many clusters there are, where a unit is a random group of them.
    """
    if n == 0:
        return 0.0
    trials = n / max(1.0, _design_effect(k, n, squares, clusters))
    return min(trials, squares.units) if squares.units < _FEW else trials


def ratio_interval(k: int, n: int, trials: float) -> Interval | None:
    """Wilson's 95 % interval of k / n at an effective number of trials. None without data."""
    # the formula holds for any positive weight of a trial, not for whole numbers alone
    return wilson(trials * (k / n), trials) if n else None


def _design_effect(k: int, n: int, squares: Squares, clusters: float | None) -> float:
    """How many times the variance is that of independent trials (Kish 1965), by the linearised variance of a ratio.

    Random groups of clusters estimate the same variance as the clusters (Wolter, "Introduction to Variance
    Estimation", chapter 2). Where every trial came out alike there is no variance to compare; then the trials of a
    unit count as one.
    """
    rate = k / n
    independent = rate * (1 - rate) / n
    if independent == 0 or squares.units < 2:
        return n / min(n, clusters) if clusters else squares.nn / n
    spread = squares.kk - 2 * rate * squares.kn + rate * rate * squares.nn
    between = spread / (n * n) * squares.units / (squares.units - 1)
    return between / independent * _few_units(squares.units)


def _few_units(units: int) -> float:
    """A variance that comes from few units makes wider intervals: Student's quantile (Korn & Graubard 1998)."""
    if units > _MANY:
        return 1.0
    return (student_quantile(units - 1, 0.025) / NormalDist().inv_cdf(0.975)) ** 2
