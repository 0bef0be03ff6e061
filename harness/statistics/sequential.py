"""Looks at a run while it is still going on: where it may stop, and how strict each look has to be for it.

Group-sequential tests with a constant nominal level (Pocock 1977; Jennison & Turnbull, Group Sequential Methods,
2000): the same level at every look, so much below 5 % that a rule which does not hold passes at one of them in 5 % of
runs at most. A breach ends a run as well and gets half of that. Boundaries of the one side count on the other side
never stopping the run, so both errors are upper bounds.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from harness.statistics.paired import tango_scores
from harness.statistics.power import allowed_failures, breaching_failures
from harness.statistics.rates import binomial_chances

if TYPE_CHECKING:
    import numpy as np

Key = TypeVar("Key")

PASS_ERROR = 0.05
BREACH_ERROR = 0.025
FIRST_LOOK, LOOK_EVERY, MOST_LOOKS = 100, 60, 20
_RUNS = 20_000
_SEED = 20260101
_STEPS = 24


def looks(cases: int) -> tuple[int, ...]:
    """Numbers of cases after which the run is looked at: 100, 160, ... and all of them; about twenty at most."""
    if cases < 1:
        return ()
    every = max(LOOK_EVERY, cases // MOST_LOOKS)
    return (*range(FIRST_LOOK, cases, every), cases)


def stratified_order(domains: Mapping[Key, str], seed: int) -> tuple[Key, ...]:
    """The cases in random order, so that every beginning holds each domain in its share.

    Each case gets its place within its domain, shuffled, plus a random offset, over the size of the domain.
    """
    generator = random.Random(seed)  # noqa: S311 (an order to be repeated, not a secret)
    members: dict[str, list[Key]] = {}
    for key in sorted(domains, key=str):
        members.setdefault(domains[key], []).append(key)
    placed: list[tuple[float, Key]] = []
    for domain in sorted(members):
        keys = members[domain]
        generator.shuffle(keys)
        placed += [((position + generator.random()) / len(keys), key) for position, key in enumerate(keys)]
    return tuple(key for _, key in sorted(placed, key=lambda one: one[0]))


@dataclass(frozen=True, slots=True)
class RateBoundary:
    """Nominal level of the exact bound at every look: `passing` for min, `breaching` for its breach."""

    sizes: tuple[int, ...]
    passing: float
    breaching: float


@lru_cache(maxsize=64)
def rate_boundary(sizes: tuple[int, ...], minimum: float) -> RateBoundary:
    """For a rate at exactly `minimum`, by recursion over every count of failures: no simulation."""
    return RateBoundary(
        sizes,
        passing=_level(lambda level: _chance_of_stop(sizes, minimum, level, breach=False), PASS_ERROR),
        breaching=_level(lambda level: _chance_of_stop(sizes, minimum, level, breach=True), BREACH_ERROR),
    )


def _level(chance: Callable[[float], float], error: float) -> float:
    low, high = error / 100, error
    if chance(high) <= error:
        return high
    for _ in range(_STEPS):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if chance(middle) <= error else (low, middle)
    return low


def _chance_of_stop(sizes: Sequence[int], minimum: float, level: float, *, breach: bool) -> float:
    import numpy as np

    alive: np.ndarray[tuple[int, ...], np.dtype[Any]] = np.ones(1)
    stopped, before = 0.0, 0
    for size in sizes:
        alive = np.convolve(alive, _failures_of(size - before, minimum))
        before = size
        if breach:
            least = breaching_failures(size, minimum, level)
            stop = slice(size + 1 if least is None else least, None)
        else:
            most = allowed_failures(size, minimum, level)
            stop = slice(0, 0 if most is None else most + 1)
        stopped += float(alive[stop].sum())
        alive[stop] = 0.0
    return stopped


@lru_cache(maxsize=64)
def _failures_of(cases: int, rate: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Chance of each number of failures of so many cases."""
    import numpy as np

    return binomial_chances(np.arange(cases + 1), cases, 1 - rate)


@dataclass(frozen=True, slots=True)
class PairBoundary:
    """Critical Tango scores, the same at every look: above `passing` it passes, below -`breaching` it breaches."""

    sizes: tuple[int, ...]
    passing: float
    breaching: float


@lru_cache(maxsize=64)
def pair_boundary(sizes: tuple[int, ...], margin: float) -> PairBoundary:
    """For a drop of exactly `margin`: 20,000 runs for each of several shares of pairs that differ, fixed seed.

    The critical score is what the largest score of a run exceeds in 5 % of runs (2.5 % for a breach), at the share
    where that is most, as far as 6 % of pairs turn better. Where more do, up to all, it is 5.6 % at most: below the
    6 % of a single reading, and to hold 5 % there too would cost a good model 20 requests more.
    """
    import numpy as np

    generator = np.random.default_rng(_SEED)
    steps = np.diff(np.array([0, *sizes]))
    passing = breaching = 0.0
    for share in (1 - margin) / 2 * (np.arange(13) / 24) ** 3:
        cells = [share, margin + share, 1 - margin - 2 * share]
        drawn = np.stack([generator.multinomial(step, cells, size=_RUNS) for step in steps], axis=1)
        counts = drawn.cumsum(axis=1).astype(float)
        scores = tango_scores(counts[..., 0], counts[..., 1], np.array(sizes, dtype=float), -margin)
        passing = max(passing, _exceeded(scores.max(axis=1), PASS_ERROR))
        breaching = max(breaching, _exceeded(-scores.min(axis=1), BREACH_ERROR))
    return PairBoundary(sizes, passing, breaching)


def _exceeded(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], error: float) -> float:
    """The least value that at most this share of the values exceeds."""
    import numpy as np

    ordered = np.sort(values)
    return float(ordered[len(ordered) - 1 - int(error * len(ordered))])
