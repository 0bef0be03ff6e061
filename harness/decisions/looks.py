"""A run whose verdict may come early: each rule is read at every planned look, and the first answer stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist

from harness.decisions.bounds import NO_DATA, Answered, Reading
from harness.decisions.ground import Ground
from harness.records.policy import Bound
from harness.records.run import Looks
from harness.statistics.sequential import pair_boundary, rate_boundary

_NORMAL = NormalDist()


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
        alpha=1 - _NORMAL.cdf(pairs.passing),
        breach_alpha=1 - _NORMAL.cdf(pairs.breaching),
        pass_score=pairs.passing,
    )
