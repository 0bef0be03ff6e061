"""Has one prompt broken for good, and do answers fail to come? Two detectors beside that of the pooled rate.

At temperature 0 nights repeat each other: one prompt of sixty that breaks for good moves the rate by 1.7 points, and
the pooled detector never sees it. Each prompt that was right in all baseline nights is therefore watched by itself: the
bet is that it now fails nine nights in ten, against one failure in (nights + 2). The statistic is the mean over these
prompts of their Shiryaev–Roberts sums, so that sixty of them alarm no more often than one would (Shin, Ramdas &
Rinaldo, "E-detectors", 2022).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.statistics.edetector import Detection, detect, presumed_rate, prompt_factors

PROMPT_THRESHOLD = 3000.0
UNANIMOUS_NIGHTS = 10
"""Baseline nights in which a prompt must have been right every time."""

BROKEN = 0.9
"""Failing nights, as a share, of a prompt that is broken."""

UNSCORED_THRESHOLD = 10_000.0
ANSWERED, ANSWERED_CEILING = 0.95, 0.97
"""Share of prompts answered that is taken as normal, at least and at most: leaving 5 % out for good is not health, and
a baseline that was answered in full must not make the first time-outs an alarm.
"""

_NIGHTS_NEEDED = 2.5
"""A night counts at most threshold^(1/2.5): one bad night, or two, are an outage; the third is an alarm."""


@dataclass(frozen=True, slots=True)
class PromptWatch:
    """Positions count nights from the end of the baseline and prompts from 0.

    `broken` are the prompts whose own sum is over the threshold at the alarm, or that lead it; `since` is the first
    night of the run of failures of the worst one.
    """

    watched: int
    statistics: tuple[float, ...]
    threshold: float
    alarm: int | None
    since: int | None
    broken: tuple[int, ...]

    @property
    def statistic(self) -> float:
        """The latest value; 0 before the first night."""
        return self.statistics[-1] if self.statistics else 0.0


def watch_prompts(
    nights: Sequence[Sequence[bool | None]], baseline: int, threshold: float = PROMPT_THRESHOLD
) -> PromptWatch:
    """Watch the prompts that were right in all of at least ten baseline nights; None is a night without an answer."""
    columns = list(zip(*nights[:baseline], strict=True))
    steady = [
        prompt
        for prompt, column in enumerate(columns)
        if False not in column and sum(right is not None for right in column) >= UNANIMOUS_NIGHTS
    ]
    sums = dict.fromkeys(steady, 0.0)
    gains = {prompt: _gains(sum(right is not None for right in columns[prompt])) for prompt in steady}
    start: dict[int, int] = {}
    statistics: list[float] = []
    alarm = since = None
    broken: tuple[int, ...] = ()
    for position, night in enumerate(nights[baseline:]):
        for prompt in steady:
            right = night[prompt]
            if right is None:
                continue
            if right or prompt not in start:
                start[prompt] = position + 1 if right else position
            sums[prompt] = min((1.0 + sums[prompt]) * gains[prompt][right], 1e300)
        statistic = math.fsum(sums.values()) / len(steady) if steady else 0.0
        statistics.append(statistic)
        if alarm is None and statistic >= threshold:
            alarm = position
            worst = max(steady, key=sums.__getitem__)
            broken = tuple(prompt for prompt in steady if sums[prompt] >= min(threshold, sums[worst]))
            since = min(start.get(worst, position), position)
    return PromptWatch(len(steady), tuple(statistics), threshold, alarm, since, broken)


def _gains(nights: int) -> tuple[float, float]:
    """Factors of a failing and of a right night: the chance under the bet over the one presumed."""
    failing = 1 / (nights + 2)
    return BROKEN / failing, (1 - BROKEN) / (1 - failing)


def flipped(nights: Sequence[Sequence[bool | None]], baseline: int, least: int = 2) -> tuple[int, ...]:
    """Prompts that were right in all baseline nights and wrong in all of the last `least` nights: worth a look."""
    recent = nights[baseline:][-least:]
    if len(recent) < least or not baseline:
        return ()
    before, after = zip(*nights[:baseline], strict=True), zip(*recent, strict=True)
    return tuple(
        prompt
        for prompt, (first, last) in enumerate(zip(before, after, strict=True))
        if False not in first and True in first and all(right is False for right in last)
    )


def watch_unscored(
    nights: Sequence[tuple[int, int]], baseline: int, threshold: float = UNSCORED_THRESHOLD
) -> Detection:
    """The detector on (answered, asked) of every night, those of the baseline and unreadable ones included.

    Baseline nights are held against 95 % answered; later ones against what the baseline had, up to 97 %. Answers
    fail together, so a night counts no more than a third of an alarm or so: a single outage is none.
    """
    most = math.log(threshold) / _NIGHTS_NEEDED
    first = nights[:baseline]
    usual = presumed_rate(sum(k for k, _ in first), sum(m for _, m in first), ANSWERED_CEILING) if first else ANSWERED
    factors = []
    for position, (answered, asked) in enumerate(nights):
        presumed = ANSWERED if position < baseline else max(usual, ANSWERED)
        factors.append([min(factor, most) for factor in prompt_factors(answered, asked, presumed)])
    return detect(factors, threshold)
