"""One bound of one rule against the answers.

Pass, breach, or not enough evidence, and what would settle it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal

from harness.decisions.population import FIRST_ALPHA, LATER_ALPHA, Ground, Population
from harness.decisions.standing import Standing
from harness.records.policy import Bound
from harness.records.run import Looks
from harness.statistics.noninferiority import bound_level, non_inferior, settling_pairs
from harness.statistics.paired import mcnemar_exact, tango, tango_score
from harness.statistics.power import further_clean_cases
from harness.statistics.rates import Interval, Size, between_attempts, exact_lower, exact_upper
from harness.statistics.sequential import pair_boundary, rate_boundary

Result = Literal["PASS", "BREACH", "INSUFFICIENT_EVIDENCE"]
Answered = Mapping[str, Sequence[Standing]]
"""By case key, the standing of the case in each attempt that asked it."""

ALPHA = FIRST_ALPHA
"""Error of each bound of a first attempt, on its own side."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the answers say about one bound, in the metric's own direction.

    `low` and `high` are one-sided bounds of the rate, or of the difference (candidate - baseline), at `alpha` and the
    effective number of answers. Unscored ones count against a pass in the one and against a breach in the other.
    """

    result: Result
    estimate: float | None
    low: float | None
    high: float | None
    cases: int
    unscored: int
    better: int | None = None
    worse: int | None = None
    p_value: float | None = None
    further: int | None = None
    """Further cases that would settle it as a pass, all clean or all alike in both versions.

    At the level of a further attempt, which asking them is. None where it is settled, where the estimate is on the
    wrong side, and where no reasonable number would do.
    """
    reask: bool = False
    """Whether the unscored answers, asked again and all good, would settle it as a pass."""
    population: Population = "suite"
    size: Size | None = None
    alpha: float = ALPHA
    look: int | None = None
    """Cases after which a sequential run settled it."""


NO_DATA = Reading("INSUFFICIENT_EVIDENCE", None, None, None, 0, 0)


def read_rate(answers: Answered, bound: Bound, limit: float, ground: Ground, *, settle: bool = True) -> Reading:
    """`min` or `max` by exact bounds. A `max` on bad things is a `min` on good ones.

    Without `settle` nothing is worked out of what would settle it.
    """
    known = [standing for each in answers.values() for standing in each]
    if not known:
        return NO_DATA
    good, unscored, n = known.count("good"), known.count("unscored"), len(known)
    minimum = limit if bound == "min" else 1 - limit
    size = _rate_size(answers, ground, ground.alpha, against=("bad", "unscored"))
    low = exact_lower(*_scaled(good, n, size), ground.alpha)
    breach_size = _rate_size(answers, ground, ground.breach_alpha, against=("bad",))
    high = exact_upper(*_scaled(good + unscored, n, breach_size), ground.breach_alpha)
    result: Result = "PASS" if low >= minimum else "BREACH" if high < minimum else "INSUFFICIENT_EVIDENCE"
    scored = n - unscored
    estimate = good / scored if scored else None
    further, reask = None, False
    if settle and result == "INSUFFICIENT_EVIDENCE" and estimate is not None:
        reask = unscored > 0 and exact_lower(*_scaled(good + unscored, n, size), ground.alpha) >= minimum
        if estimate >= minimum and not reask:
            worth = size.effective / n
            further = _further(n, ground, lambda a: further_clean_cases(good + unscored, n, minimum, a, worth=worth))
    if bound == "max":
        low, high = 1 - high, 1 - low
        estimate = None if estimate is None else 1 - estimate
    return Reading(
        result,
        estimate,
        low,
        high,
        n,
        unscored,
        further=further,
        reask=reask,
        population=ground.speaks_for(list(answers)),
        size=size,
        alpha=ground.alpha,
    )


def read_difference(
    new: Answered, old: Mapping[str, Standing], bound: Bound, limit: float, ground: Ground, *, settle: bool = True
) -> Reading:
    """`max_drop` or `max_rise` by Tango's bounds over the cases that both have a part in.

    A bound is a little wider than a plain 5 % one where that would pass, or breach, too often.
    """
    shared = {key: each for key, each in new.items() if key in old and each}
    pairs = sum(len(each) for each in shared.values())
    if pairs == 0:
        return NO_DATA
    # against a pass: the candidate's unscored answers are bad and the baseline's good; against a breach the other way
    against_pass = _Flips.of(shared, old, unscored_new="bad", unscored_old="good")
    against_breach = _Flips.of(shared, old, unscored_new="good", unscored_old="bad")
    size = against_pass.size(ground, ground.alpha)
    low = against_pass.bounds(size, _pass_level(size, limit, ground)).low
    passed = against_pass.passes(size, limit, ground)
    breach_size = against_breach.size(ground, ground.breach_alpha)
    high = against_breach.bounds(breach_size, _breach_level(breach_size, limit, ground)).high
    result: Result = "PASS" if passed else "BREACH" if high < -limit else "INSUFFICIENT_EVIDENCE"
    scored = _Flips.of(shared, old, unscored_new=None, unscored_old=None)
    unscored = pairs - scored.pairs
    estimate = (scored.better - scored.worse) / scored.pairs if scored.pairs else None
    further, reask = None, False
    if settle and result == "INSUFFICIENT_EVIDENCE" and estimate is not None:
        alike = _Flips(scored.cases, scored.better, scored.worse, pairs)
        reask = unscored > 0 and alike.passes(size, limit, ground)
        if estimate > -limit and not reask:
            worth = size.effective / pairs
            better, worse = scored.better, scored.worse
            further = _further(pairs, ground, lambda a: settling_pairs(better, worse, pairs, limit, a, worth=worth))
    # one case is one pair, however often it was attempted
    better = sum(more > less for more, less, _ in scored.cases.values())
    worse = sum(more < less for more, less, _ in scored.cases.values())
    p_value = mcnemar_exact(better, worse)
    better, worse = scored.better, scored.worse
    if bound == "max_rise":
        low, high = -high, -low
        estimate = None if estimate is None else -estimate
    return Reading(
        result,
        estimate,
        low,
        high,
        pairs,
        unscored,
        better,
        worse,
        p_value,
        further,
        reask,
        ground.speaks_for(list(shared)),
        size,
        ground.alpha,
    )


def _further(cases: int, ground: Ground, needed: Callable[[float], int | None]) -> int | None:
    """What is needed at the level of the run that would ask them: a further attempt, unless the suite is fourfold."""
    first, later = needed(ground.alpha), needed(LATER_ALPHA)
    fourfold = None if first is None else max(first, 3 * cases + 1)
    return min((number for number in (later, fourfold) if number is not None), default=None)


def _rate_size(answers: Answered, ground: Ground, alpha: float, against: tuple[Standing, ...]) -> Size:
    counts = [(0, sum(each.count(one) for one in against), len(each)) for each in answers.values()]
    return ground.size({key: len(each) for key, each in answers.items()}, between_attempts(counts), alpha)


def _scaled(good: int, n: int, size: Size) -> tuple[float, float]:
    """The counts at the effective number of answers; whole ones stay whole."""
    return (good, n) if size.effective == n else (good / n * size.effective, size.effective)


def _pass_level(size: Size, limit: float, ground: Ground) -> float:
    if ground.pass_score is not None:
        return 2 * NormalDist().cdf(ground.pass_score) - 1
    return bound_level(max(1, int(size.effective)), limit, ground.alpha)


def _breach_level(size: Size, limit: float, ground: Ground) -> float:
    if ground.pass_score is not None:  # a look, whose boundary was found for the looks together
        return 1 - 2 * ground.breach_alpha
    return bound_level(max(1, int(size.effective)), -limit, ground.breach_alpha)


@dataclass(frozen=True, slots=True)
class _Flips:
    """Pairs of an attempt and the baseline: (better, worse, attempts) of every case, and their sums."""

    cases: Mapping[str, tuple[int, int, int]]
    better: int
    worse: int
    pairs: int

    @classmethod
    def of(
        cls,
        new: Answered,
        old: Mapping[str, Standing],
        *,
        unscored_new: Standing | None,
        unscored_old: Standing | None,
    ) -> _Flips:
        """None leaves out the answers that are unscored on that side."""
        cases: dict[str, tuple[int, int, int]] = {}
        for key, each in new.items():
            theirs = unscored_old if old[key] == "unscored" else old[key]
            ours = [unscored_new if one == "unscored" else one for one in each]
            kept = [one for one in ours if one is not None] if theirs is not None else []
            if kept:
                better = sum(one == "good" for one in kept) if theirs == "bad" else 0
                worse = sum(one == "bad" for one in kept) if theirs == "good" else 0
                cases[key] = (better, worse, len(kept))
        better, worse, pairs = (sum(column) for column in zip(*cases.values(), strict=True)) if cases else (0, 0, 0)
        return cls(cases, better, worse, pairs)

    def size(self, ground: Ground, alpha: float) -> Size:
        attempts = {key: count for key, (_, _, count) in self.cases.items()}
        return ground.size(attempts, between_attempts(list(self.cases.values())), alpha)

    def _at(self, size: Size) -> tuple[float, float, float]:
        if size.effective == self.pairs:
            return self.better, self.worse, self.pairs
        share = size.effective / self.pairs
        return self.better * share, self.worse * share, size.effective

    def passes(self, size: Size, limit: float, ground: Ground) -> bool:
        better, worse, pairs = self._at(size)
        if ground.pass_score is not None:
            return pairs >= 1 and tango_score(better, worse, pairs, -limit) > ground.pass_score
        return non_inferior(better, worse, pairs, limit, ground.alpha)

    def bounds(self, size: Size, level: float) -> Interval:
        interval = tango(*self._at(size), level)
        assert interval is not None, "there are pairs"
        return interval


@dataclass(frozen=True, slots=True)
class LookedAt:
    """The answers of a rule after each look that was reached, and the sizes of all the looks that were planned."""

    answers: tuple[tuple[int, Answered], ...]
    """(cases asked, the answers of the rule among them)."""
    sizes: tuple[int, ...]


def looked_at(looks: Looks, answers: Answered) -> LookedAt:
    """The beginnings of a run. Looks to come are as large as the share of the rule among the cases asked has it.

    Cases come in random order stratified by domain, so that the share is about the same at every look.
    """
    reached = [size for size in looks.sizes if size <= len(looks.asked)]
    found: list[tuple[int, Answered]] = []
    sizes: list[int] = []
    for size in reached:
        asked = frozenset(looks.asked[:size])
        some: Answered = {key: each for key, each in answers.items() if key in asked}
        if some and (not sizes or len(some) > sizes[-1]):
            found.append((size, some))
            sizes.append(len(some))
    if found:
        asked_then, some = found[-1]
        share = len(some) / asked_then
        for size in looks.sizes:
            expected = round(size * share)
            if size > asked_then and expected > sizes[-1]:
                sizes.append(expected)
    return LookedAt(tuple(found), tuple(sizes))


def first_answer(
    looks: Looks,
    answers: Answered,
    bound: Bound,
    limit: float,
    *,
    ground: Ground,
    read: Callable[[Answered, Ground], Reading],
) -> Reading:
    """The reading at the first look that settles the rule, else that at the last one.

    `read` gives the reading of some answers on a ground.
    """
    seen = looked_at(looks, answers)
    if not seen.answers:
        return NO_DATA
    strict = _strict(bound, limit, ground, seen.sizes)
    reading = NO_DATA
    for asked, some in seen.answers:
        reading = read(some, strict)
        if reading.result != "INSUFFICIENT_EVIDENCE":
            return replace(reading, look=asked)
    return reading


def _strict(bound: Bound, limit: float, ground: Ground, sizes: tuple[int, ...]) -> Ground:
    if bound in ("min", "max"):
        rates = rate_boundary(sizes, limit if bound == "min" else 1 - limit)
        return replace(ground, alpha=rates.passing, breach_alpha=rates.breaching)
    pairs = pair_boundary(sizes, limit)
    return replace(
        ground,
        alpha=1 - NormalDist().cdf(pairs.passing),
        breach_alpha=1 - NormalDist().cdf(pairs.breaching),
        pass_score=pairs.passing,
    )
