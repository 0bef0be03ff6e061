"""Has the rate fallen? A detector that may be read every night without wearing out.

Each night gives, for each of a few bets on how far the rate fell, a factor whose mean is at most 1 while
the rate is what it was (a betting e-value: Waudby-Smith & Ramdas 2020). A bet's wealth is restarted every
night and summed, the Shiryaev–Roberts way: R <- (1 + R) x factor; the statistic is the mean of R over the
bets (Shin, Ramdas & Rinaldo, "E-detectors", 2022). Were the old rate known, the statistic minus the
number of nights would have mean 0 or less, so 60 quiet nights pass a threshold of 1200 with chance 60 /
1200 = 5 % at most. It is estimated, so that is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import stdev

from harness.statistics.proportion import check_counts

THRESHOLD = 1200.0
CEILING = 0.985
"""A baseline that happened to be spotless must not make the first ordinary failure an alarm."""

RATE_DOUBT = 0.2
"""Standard errors of the baseline's rate that are taken off it, for bets on prompts."""

NIGHT_DOUBT = 0.6
"""Standard deviations of the baseline's nights that are taken off their mean, for bets on it."""

FAILURE_RATIOS = (2.75, 5.5)
"""Bets on single prompts: failures are now this many times as frequent."""

STAKES = (0.5, 0.9)
"""Bets on the nightly mean, as shares of the largest stake that cannot go broke."""


@dataclass(frozen=True, slots=True)
class Detection:
    """The statistic after each night. Positions count nights from 0.

    `alarm` is the first night at or over the threshold. `since` is the most likely first night of the
    fall as seen from the alarm; both are None without an alarm.
    """

    statistics: tuple[float, ...]
    threshold: float
    alarm: int | None
    since: int | None

    @property
    def statistic(self) -> float:
        """The latest value; 0 before the first night."""
        return self.statistics[-1] if self.statistics else 0.0


def presumed_rate(successes: int, trials: int, ceiling: float = CEILING) -> float:
    """The rate taken as normal: (k + 1) / (m + 2) of the baseline nights, less a part of its standard error; at most
    the ceiling.

    A baseline that was lucky is believed for a year of nights: without the part taken off, twice as many quiet
    histories of 365 nights alarm.
    """
    check_counts(successes, trials)
    rate = (successes + 1) / (trials + 2)
    return min(rate - RATE_DOUBT * math.sqrt(rate * (1 - rate) / (trials + 2)), ceiling)


def presumed_mean(nights: Sequence[tuple[int, int]], ceiling: float = CEILING) -> float:
    """The rate taken as normal for bets on nightly means: that of the baseline less a part of the spread of its nights.

    Nights that hang together often do so for weeks: a rate that wanders by a point must not become an alarm.
    """
    scored = [(k, m) for k, m in nights if m]
    successes, trials = sum(k for k, _ in scored), sum(m for _, m in scored)
    if len(scored) < 2:
        return presumed_rate(successes, trials, ceiling)
    rate = min((successes + 1) / (trials + 2), ceiling)
    return max(0.0, rate - NIGHT_DOUBT * stdev(k / m for k, m in scored))


def prompt_factors(successes: int, trials: int, presumed: float) -> tuple[float, ...]:
    """Log factors of one night, one a bet, with every prompt a bet of its own.

    Mean at most 1 for independent prompts of any difficulties whose mean rate is `presumed` or more: each
    factor is linear in the outcome, and a product of means is largest when they are equal. Not so when
    the failures of one night come together.
    """
    check_counts(successes, trials)
    factors = []
    for ratio in FAILURE_RATIOS:
        failing = min((1 - presumed) * ratio, (1 - presumed + 1) / 2)
        success = math.log((1 - failing) / presumed)
        failure = math.log(failing / (1 - presumed))
        factors.append(successes * success + (trials - successes) * failure)
    return tuple(factors)


def mean_factors(successes: int, trials: int, presumed: float) -> tuple[float, ...]:
    """Log factors of one night with one bet on its mean.

    Safe however the prompts of a night hang together.
    """
    check_counts(successes, trials)
    if trials == 0:
        return tuple(0.0 for _ in STAKES)
    shortfall = (presumed - successes / trials) / (1 - presumed)
    return tuple(math.log1p(stake * shortfall) for stake in STAKES)


def detect(log_factors: Sequence[Sequence[float]], threshold: float = THRESHOLD, *, earliest: int = 0) -> Detection:
    """Fold the nights, oldest first; no alarm before the night `earliest`.

    Pure: the same nights give the same answer, however often they are read.
    """
    if not log_factors:
        return Detection((), threshold, None, None)
    bets = len(log_factors[0])
    restarted = [-math.inf] * bets  # log of R, the Shiryaev–Roberts sum
    best = [0.0] * bets  # log wealth from the most favourable start so far
    start = [0] * bets
    statistics: list[float] = []
    alarm = since = None
    for night, factors in enumerate(log_factors):
        for bet, factor in enumerate(factors):
            restarted[bet] = _log_one_plus(restarted[bet]) + factor
            if best[bet] <= 0.0:
                best[bet], start[bet] = 0.0, night
            best[bet] += factor
        statistic = math.fsum(math.exp(min(value, 700.0)) for value in restarted) / bets
        statistics.append(statistic)
        if alarm is None and night >= earliest and statistic >= threshold:
            alarm, since = night, start[max(range(bets), key=lambda bet: restarted[bet])]
    return Detection(tuple(statistics), threshold, alarm, since)


def _log_one_plus(log_value: float) -> float:
    """log(1 + exp(x)) without overflow."""
    return log_value + math.log1p(math.exp(-log_value)) if log_value > 0 else math.log1p(math.exp(log_value))
