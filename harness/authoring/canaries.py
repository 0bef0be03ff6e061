"""Canaries: the few cases that tell a broken version from a whole one best, over all domains, tasks and languages."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from harness.errors import RecordError
from harness.records.case import NOT_IN_HEADLINE
from harness.records.run import GOOD, CaseResult, RunRecord
from harness.suite.folders import CANARY_HEADING

_OWN_WEIGHT, _GROUP_WEIGHT = 1.0, 2.0
"""One answer says little of a prompt: it counts half as much as the share of prompts like it."""
_PRIOR = 0.5
"""Added to right and wrong of each group, so that three of three is not certain."""
_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Canary:
    """A chosen case. `bits`: what its answer says, on average, about which of the two versions gave it (0 to 1)."""

    key: str
    domain: str
    task: str
    language: str
    bits: float


@dataclass(frozen=True, slots=True)
class Separation:
    """Share of right answers of two versions on some cases."""

    cases: int
    broken: float
    whole: float

    @property
    def gap(self) -> float:
        """How far the broken version is below the whole one."""
        return self.whole - self.broken


@dataclass(frozen=True, slots=True)
class CanaryTrial:
    """Canaries on two versions that they were not chosen on, beside all cases and beside chance."""

    canaries: Separation
    all_cases: Separation
    random_low: float
    random_high: float
    """The gap that the middle 95 of 100 random choices of as many cases have."""


def choose(broken: RunRecord, whole: RunRecord, count: int, *, suites: Collection[str] = ()) -> list[Canary]:
    """At most `count` cases that `whole` gets right: all domains, tasks and languages first, then the most informative.

    The information of a case is the Jensen-Shannon divergence of its two probabilities of a right answer (Lin 1991),
    each estimated from its own answer and from the cases of the same task, language and symbols.

    Raises:
        RecordError: the two runs share no case that both answered and `whole` got right, or `whole` is not the better.
    """
    pairs = _pairs(broken, whole)
    if pairs and (apart := _separation(pairs)).gap <= 0:
        raise RecordError(
            f"{whole.label} is right on {100 * apart.whole:.1f} % of the cases that both answered, {broken.label} on "
            f"{100 * apart.broken:.1f} %; accepted: first the broken version, then the whole one"
        )
    bits = _information(pairs)
    candidates = [
        (theirs, bits[theirs.key])
        for _, theirs in pairs
        # a pin is retired one day, and a canary that goes away starts a new baseline
        if theirs.outcome in GOOD and "pinned" not in theirs.tags and (not suites or theirs.suite in suites)
    ]
    if not candidates:
        raise RecordError(
            f"{broken.label} and {whole.label} share no case that both answered and {whole.label} got right; "
            "record the same suites for both"
        )
    left = {case.key: (case, value) for case, value in sorted(candidates, key=lambda one: one[0].key)}
    chosen: list[Canary] = []
    covered: set[str] = set()
    in_domain: Counter[str] = Counter()
    while left and len(chosen) < count:
        # first what covers most that is not covered yet; then domains by turns, so that none crowds the others out
        case, value = max(
            left.values(), key=lambda one: (len(_facets(one[0]) - covered), -in_domain[one[0].domain], one[1])
        )
        del left[case.key]
        covered |= _facets(case)
        in_domain[case.domain] += 1
        chosen.append(Canary(case.key, case.domain, case.task, case.language, value))
    return sorted(chosen, key=lambda canary: canary.key)


def _facets(case: CaseResult) -> frozenset[str]:
    return frozenset({f"domain {case.domain}", f"task {case.task}", f"language {case.language}"})


def _pairs(broken: RunRecord, whole: RunRecord) -> list[tuple[CaseResult, CaseResult]]:
    """Cases that both answered, with the same content, of suites that count for the headline."""
    ours = {case.key: case for case in broken.cases}
    return [
        (ours[case.key], case)
        for case in whole.cases
        if case.key in ours
        and ours[case.key].digest == case.digest
        and "unscored" not in (case.outcome, ours[case.key].outcome)
        and NOT_IN_HEADLINE not in case.tags
    ]


def _information(pairs: Sequence[tuple[CaseResult, CaseResult]]) -> dict[str, float]:
    right: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for ours, theirs in pairs:
        group = right[_group(theirs)]
        group[0] += ours.outcome in GOOD
        group[1] += theirs.outcome in GOOD
        group[2] += 1

    def chance(case: CaseResult, place: int) -> float:
        group = right[_group(case)]
        share = (group[place] + _PRIOR) / (group[2] + 2 * _PRIOR)
        return (_OWN_WEIGHT * (case.outcome in GOOD) + _GROUP_WEIGHT * share) / (_OWN_WEIGHT + _GROUP_WEIGHT)

    return {theirs.key: _divergence(chance(ours, 0), chance(theirs, 1)) for ours, theirs in pairs}


def _group(case: CaseResult) -> tuple[str, str, str]:
    return case.task, case.language, case.symbols


def _divergence(one: float, other: float) -> float:
    return _entropy((one + other) / 2) - (_entropy(one) + _entropy(other)) / 2


def _entropy(chance: float) -> float:
    return -sum(part * math.log2(part) for part in (chance, 1 - chance) if part > 0)


def validate(canaries: Collection[str], broken: RunRecord, whole: RunRecord, *, seed: int = 7) -> CanaryTrial:
    """How far apart two other versions are on the canaries, on all cases, and on as many cases drawn at random.

    Raises:
        RecordError: a run has none of the canaries.
    """
    pairs = _pairs(broken, whole)
    chosen = [pair for pair in pairs if pair[1].key in canaries]
    if not chosen:
        raise RecordError(f"{broken.label} and {whole.label} answered none of the canaries; record the same suites")
    drawer = random.Random(seed)  # noqa: S311 - reproducible draw, no secret
    gaps = sorted(_separation(drawer.sample(pairs, len(chosen))).gap for _ in range(_DRAWS))
    low, high = gaps[round(0.025 * _DRAWS)], gaps[round(0.975 * _DRAWS) - 1]
    return CanaryTrial(_separation(chosen), _separation(pairs), low, high)


def _separation(pairs: Sequence[tuple[CaseResult, CaseResult]]) -> Separation:
    shares = [sum(pair[place].outcome in GOOD for pair in pairs) / len(pairs) for place in (0, 1)]
    return Separation(len(pairs), shares[0], shares[1])


def selection_text(canaries: Sequence[Canary], broken: RunRecord, whole: RunRecord, command: str) -> str:
    """The text of `suites/NAME.cases`, with what it was chosen on."""
    lines = [
        f"# Chosen by information on {broken.label} {broken.run_id} and {whole.label} {whole.run_id}: {command}",
        "",
        *(canary.key for canary in canaries),
    ]
    return CANARY_HEADING + "".join(line + "\n" for line in lines)
