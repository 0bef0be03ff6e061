"""From the outcomes of every night to an alarm: the baseline, what to bet on, the detector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import Literal

from harness.statistics.rates import check_counts

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

    Nights that depend on each other often do so for weeks: a rate that wanders by a point must not become an alarm.
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

    Safe however the prompts of a night depend on each other.
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


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Cochran's Q over the nights. `ratio` is about 1 for independent prompts; `p_value` is one-sided."""

    ratio: float
    p_value: float


def night_dispersion(outcomes: Sequence[Sequence[bool]]) -> Dispersion | None:
    """Cochran's Q test (1950): rows are nights, columns the prompts, the same in each row.

    Conditions on how often each prompt succeeded, so prompts may differ in difficulty. None when it
    cannot say anything: fewer than two nights, or every prompt always right or always wrong.
    """
    nights = len(outcomes)
    if nights < 2:
        return None
    if len({len(night) for night in outcomes}) != 1:
        raise ValueError("every night needs the same prompts")
    by_night = [sum(night) for night in outcomes]
    by_prompt = [sum(column) for column in zip(*outcomes, strict=True)]
    total = sum(by_night)
    expected = nights * total - sum(count * count for count in by_prompt)
    if expected == 0:
        return None
    observed = nights * sum(count * count for count in by_night) - total * total
    statistic = (nights - 1) * observed / expected
    return Dispersion(statistic / (nights - 1), chi_square_tail(statistic, nights - 1))


def chi_square_tail(value: float, freedom: int) -> float:
    """The chance of `value` or more under a chi-square distribution; Abramowitz and Stegun, 26.4.4 and 26.4.5.

    `scipy.special.chdtrc` gives the same to 12 digits, and takes 0.2 s to import: as long as all else in `drift`.
    """
    if value <= 0:
        return 1.0
    half = value / 2
    first = freedom % 2 / 2  # the powers of an odd number are halves
    powers = [first + step for step in range(freedom // 2)]
    terms = [math.exp(power * math.log(half) - half - math.lgamma(power + 1)) for power in powers]
    return math.fsum([math.erfc(math.sqrt(half)) if first else 0.0, *terms])


Bets = Literal["prompts", "nightly mean"]
Outcomes = Sequence[bool | None]
"""One night: whether each prompt was right, in the same order every night; None where it is unknown."""

DISPERSION_LEVEL = 0.15
"""Nights that depend on each other raise false alarms many times over, and ten nights show it badly: suspect early."""

PATIENT_NIGHTS, PATIENT_LEVEL = 30, 0.5
"""Whoever gives the baseline 30 nights would rather wait than be called: the doubt is on the side of the mean."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The nights after the baseline.

    `presumed` is the rate taken as normal; positions count from the baseline's end.
    """

    bets: Bets
    presumed: float
    baseline: tuple[tuple[int, int], ...]
    """(right, known) of each baseline night."""
    counts: tuple[tuple[int, int], ...]
    dispersion_ratio: float | None
    detection: Detection


def watch_nights(
    nights: Sequence[Outcomes], baseline: int, *, ceiling: float = CEILING, threshold: float = THRESHOLD
) -> Watched:
    """Watch all nights after the first `baseline` ones.

    Bets are on single prompts, which is quick, unless the baseline shows that prompts of a night fail together. An
    alarm by prompts is held against all the calm nights before the fall, which tell that better than the
    baseline alone: if they depend on each other, the watch goes on by the nightly mean from that night. Nothing that
    was said of an earlier night ever changes.
    """
    counts = [(sum(map(bool, night)), sum(right is not None for right in night)) for night in nights]
    first, later = counts[:baseline], counts[baseline:]
    dispersion = _dispersion(nights[:baseline])
    level = PATIENT_LEVEL if baseline >= PATIENT_NIGHTS else DISPERSION_LEVEL
    earliest = 0
    if not _hang_together(dispersion, level):
        presumed = presumed_rate(sum(k for k, _ in first), sum(m for _, m in first), ceiling)
        found = detect([prompt_factors(k, m, presumed) for k, m in later], threshold)
        calm = _dispersion(nights[: baseline + found.since]) if found.since else None
        if found.alarm is None or not _hang_together(calm, level):
            return Watched("prompts", presumed, tuple(first), tuple(later), _ratio(dispersion), found)
        dispersion, earliest = calm, found.alarm
    presumed = presumed_mean(first, ceiling)
    found = detect([mean_factors(k, m, presumed) for k, m in later], threshold, earliest=earliest)
    return Watched("nightly mean", presumed, tuple(first), tuple(later), _ratio(dispersion), found)


HARDLY_ANY = 0.2
"""Share of wrong prompts, at most, on every baseline night for which a night with more than half wrong is an alarm."""

ENOUGH_PROMPTS = 20
"""With fewer, more than half of them wrong may be bad luck."""


def collapsed(watched: Watched) -> int | None:
    """The first night with more than half of its prompts wrong, where hardly any was on each night of the baseline.

    A bet on the nightly mean cannot win enough in one night, however bad it is, to be an alarm by itself.
    """
    if most_wrong(watched.baseline) > HARDLY_ANY:
        return None
    for night, (right, known) in enumerate(watched.counts):
        if known >= ENOUGH_PROMPTS and 2 * (known - right) > known:
            return night
    return None


def most_wrong(counts: Sequence[tuple[int, int]]) -> float:
    """The largest share of wrong prompts among nights of (right, known); 1 without a night that tells."""
    return max(((known - right) / known for right, known in counts if known), default=1.0)


def _dispersion(nights: Sequence[Outcomes]) -> Dispersion | None:
    """Over the prompts that every one of these nights tells about."""
    known = [column for column in zip(*nights, strict=True) if None not in column]
    return night_dispersion([[bool(right) for right in night] for night in zip(*known, strict=True)]) if known else None


def _hang_together(dispersion: Dispersion | None, level: float) -> bool:
    return dispersion is not None and dispersion.p_value < level


def _ratio(dispersion: Dispersion | None) -> float | None:
    return None if dispersion is None else dispersion.ratio


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
    fail together, so a night counts no more than a third of an alarm or so: a single outage is not an alarm.
    """
    most = math.log(threshold) / _NIGHTS_NEEDED
    first = nights[:baseline]
    usual = presumed_rate(sum(k for k, _ in first), sum(m for _, m in first), ANSWERED_CEILING) if first else ANSWERED
    factors = []
    for position, (answered, asked) in enumerate(nights):
        presumed = ANSWERED if position < baseline else max(usual, ANSWERED)
        factors.append([min(factor, most) for factor in prompt_factors(answered, asked, presumed)])
    return detect(factors, threshold)


OUTLYING_NIGHTS = 3
"""With nothing changed, three nights above all ten of the baseline are one case in 286 (13 choose 3), a night."""


def outlying(values: Sequence[float], baseline: int, least: float = 0.0) -> bool:
    """Whether each of the last three values is above every one of the baseline, by more than `least`."""
    latest = values[baseline:][-OUTLYING_NIGHTS:]
    if len(values) < baseline or len(latest) < OUTLYING_NIGHTS:
        return False
    return min(latest) > max(values[:baseline]) + least


_USUAL_NIGHTS = 10
_FEWEST_NIGHTS = 3
_UNUSUAL = 5


def unusual(counts: Sequence[int]) -> tuple[int, ...]:
    """Nights with more than five times as many changes as on any of the last ten nights; three are needed first."""
    return tuple(
        night
        for night in range(_FEWEST_NIGHTS, len(counts))
        if counts[night] > _UNUSUAL * max(counts[max(0, night - _USUAL_NIGHTS) : night])
    )
