"""Two versions on the same cases: what the discordant pairs say, and tests that shuffle labels.

Shuffling answers whether new failures crowd into one slice, and whether training shows only where it was trained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import TYPE_CHECKING

from harness.statistics.rates import Interval

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


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


_SEED = 20260101
_SHUFFLES = 9_999
_ENOUGH = 200
_MOST_CELLS = 20_000_000
"""Shuffles times marked cases times slices: about a second."""

LEAST_MARKED = 3
"""Fewer marked cases in a slice are not a crowd: a slice of one case would be the most crowded of all."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The slice in which marked cases crowd most, `marked` of its `size`, and how often chance does as much.

    `p_value` allows for the choice of the slice among all of them: it is that of the largest standardised count.
    """

    slice: str
    marked: int
    size: int
    p_value: float


def crowding(slices: Mapping[str, Sequence[int]], marked: Sequence[int], cases: int) -> Crowd | None:
    """Do the marked cases crowd into a slice? Slices hold positions of cases, from 0, and may overlap.

    The count of a slice is standardised as under random marks (hypergeometric); the p-value is that of the largest one
    over the slices with three marked cases or more, by shuffling the marks over all cases (9,999 times, fixed seed;
    fewer where that would take over a second, or where 200 shuffles have already done as much: Besag & Clifford
    1991). None where no slice has three, or the marks are everywhere.
    """
    places = set(marked)
    count = len(places)
    names = [name for name in sorted(slices) if LEAST_MARKED <= len(slices[name]) < cases]
    if count < LEAST_MARKED or count >= cases:
        return None
    if all(len(places.intersection(slices[name])) < LEAST_MARKED for name in names):
        return None
    import numpy as np  # here: where nothing crowds, as where nothing newly broke, a verdict does without

    chosen = np.array(sorted(places), dtype=np.intp)
    member = np.zeros((cases, len(names)))
    for column, name in enumerate(names):
        member[list(slices[name]), column] = 1.0
    sizes = member.sum(axis=0)
    share = sizes / cases
    spread = np.sqrt(count * share * (1 - share) * (cases - count) / (cases - 1))

    def largest(hits: Matrix) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], Matrix]:
        scores = np.where(hits >= LEAST_MARKED, (hits - count * share) / spread, -np.inf)
        return scores.max(axis=1), scores

    hits = member[chosen].sum(axis=0)[None, :]
    observed, scores = largest(hits)
    if not np.isfinite(observed[0]):
        return None
    shuffles = max(199, min(_SHUFFLES, _MOST_CELLS // (count * len(names))))
    generator = np.random.default_rng(_SEED)
    as_much = done = 0
    while done < shuffles and as_much < _ENOUGH:
        drawn = generator.choice(cases, size=count, replace=False, shuffle=False)
        as_much += int(largest(member[drawn].sum(axis=0)[None, :])[0][0] >= observed[0] - 1e-9)
        done += 1
    best = int(scores[0].argmax())
    p_value = as_much / done if as_much == _ENOUGH else (as_much + 1) / (done + 1)
    return Crowd(names[best], int(hits[0, best]), int(sizes[best]), p_value)


@dataclass(frozen=True, slots=True)
class Gain:
    """What one case gained, new minus old (-1, 0 or 1), or its value alone; its suite, its domain, was it trained."""

    value: float
    suite: str
    domain: str
    trained: bool


@dataclass(frozen=True, slots=True)
class GapTest:
    """Trained minus untrained within the suites that hold both. `p_value` is one-sided, by whole domains.

    None where fewer than two domains can change places: no domain is trained, or none is not.
    """

    difference: float
    trained: int
    untrained: int
    domains: int
    p_value: float | None


def gap_test(gains: Sequence[Gain]) -> GapTest | None:
    """Is the gain larger on trained domains than on untrained ones of the same suites? None without both.

    Suites are weighted by trained x untrained / all, as in a regression with a term for each suite. Training is
    assigned by domain, so whole domains change places: over all ways to choose as many trained ones, or 9,999
    random ones. A case that counts as trained in an untrained domain (its string leaked) is left out: it can
    change places with nothing.
    """
    import numpy as np

    trained_domains = _trained_domains(gains)
    kept = [gain for gain in gains if gain.trained == (gain.domain in trained_domains)]
    both = {gain.suite for gain in kept if gain.trained} & {gain.suite for gain in kept if not gain.trained}
    kept = [gain for gain in kept if gain.suite in both]
    if not kept:
        return None
    suites, domains = sorted(both), sorted({gain.domain for gain in kept})
    sums = np.zeros((len(domains), len(suites)))
    counts = np.zeros((len(domains), len(suites)))
    for gain in kept:
        place = domains.index(gain.domain), suites.index(gain.suite)
        sums[place] += gain.value
        counts[place] += 1
    labels = np.array([domain in trained_domains for domain in domains])

    def difference(trained: Matrix) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        n, x = trained @ counts, trained @ sums
        m, y = counts.sum(axis=0) - n, sums.sum(axis=0) - x
        weight = n * m / (n + m)
        means = np.divide(x, n, out=np.zeros_like(x), where=n > 0) - np.divide(y, m, out=np.zeros_like(y), where=m > 0)
        total: np.ndarray[tuple[int], np.dtype[np.float64]] = weight.sum(axis=1)
        found: np.ndarray[tuple[int], np.dtype[np.float64]] = np.zeros(len(total))
        np.divide((weight * means).sum(axis=1), total, out=found, where=total > 0)
        return found

    observed = float(difference(labels[None, :].astype(float))[0])
    chosen = int(labels.sum())
    n = sum(gain.trained for gain in kept)
    p_value = None
    if 0 < chosen < len(domains):
        others = difference(_labellings(len(domains), chosen))
        exact = math.comb(len(domains), chosen) <= _SHUFFLES
        as_much = int((others >= observed - 1e-9).sum())
        p_value = as_much / len(others) if exact else (as_much + 1) / (len(others) + 1)
    return GapTest(observed, n, len(kept) - n, len(domains), p_value)


def _trained_domains(gains: Sequence[Gain]) -> frozenset[str]:
    """Domains of which most cases are trained; a leaked string does not make its domain a trained one."""
    balance: dict[str, int] = {}
    for gain in gains:
        balance[gain.domain] = balance.get(gain.domain, 0) + (1 if gain.trained else -1)
    return frozenset(domain for domain, more in balance.items() if more > 0)


def _labellings(domains: int, chosen: int) -> Matrix:
    """All ways to choose so many of the domains, or 9,999 random ones; one a row."""
    import numpy as np

    if math.comb(domains, chosen) <= _SHUFFLES:
        picks = np.array(list(combinations(range(domains), chosen)))
    else:
        order = np.random.default_rng(_SEED).random((_SHUFFLES, domains)).argsort(axis=1)
        picks = order[:, :chosen]
    rows = np.zeros((len(picks), domains))
    np.put_along_axis(rows, picks, 1.0, axis=1)
    return rows
