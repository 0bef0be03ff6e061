"""What a bound rests on: the population it speaks for, what the cases of a domain have in common, which attempt it is.

The claim is about strings like these in fields like these, so whole domains are the sampling units; task and suite are
fixed parts of the mix and never clusters. How much the cases of a domain have in common is fixed before the run, from
earlier versions on the same cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from harness.decisions.run_summary import order_of
from harness.decisions.standing import Standing, standings
from harness.records.run import CaseResult, RunRecord
from harness.statistics.rates import (
    ASSUMED_CORRELATION,
    LEAST_DOMAINS,
    Answers,
    Size,
    are_uneven,
    informative_changes,
    informative_rate,
    pooled_correlation,
    size_of,
)

Population = Literal["domains", "suite"]

FIRST_ALPHA, LATER_ALPHA = 0.05, 0.0025
MOST_ATTEMPTS = 5
"""Five attempts at 5 % and four times 0.25 % pass falsely in one point more of cases than one does (union bound)."""

WELL_KNOWN_DOMAINS = 36
"""From here on the error stays within 6 % at a correlation of 0.05 and 8 % at 0.1; below, the verdict gives it."""

_MOST_VERSIONS = 6
"""The latest ones: a suite and its models change."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Correlation of two cases of a domain. `versions` are what it was estimated from; empty if it is assumed."""

    value: float
    versions: tuple[str, ...] = ()
    is_uneven: bool = False
    """Whether it is assumed since the domains are too unequal in size to show less."""


ASSUMED = Correlation(ASSUMED_CORRELATION)


def correlation_of(telling: Sequence[Answers], labels: Sequence[str]) -> Correlation:
    """What the versions `labels` tell; not less than is assumed where a few domains hold most cases."""
    found = pooled_correlation(telling)
    if found is None:
        return ASSUMED
    if found < ASSUMED_CORRELATION and any(map(are_uneven, telling)):
        return Correlation(ASSUMED_CORRELATION, is_uneven=True)
    return Correlation(found, tuple(dict.fromkeys(labels)))


@dataclass(frozen=True, slots=True)
class Ground:
    """One rule's ground. `alpha` is the error of a pass, `breach_alpha` that of a breach; both are one-sided."""

    domains: Mapping[str, str]
    """Domain by case key."""
    population: Population
    correlation: Correlation
    alpha: float = FIRST_ALPHA
    breach_alpha: float = FIRST_ALPHA
    pass_score: float | None = None
    """Critical Tango score of a sequential look; None for the one that belongs to `alpha`."""

    def speaks_for(self, keys: Sequence[str]) -> Population:
        """Domains only where there are twenty of them."""
        if self.population == "suite" or len({self.domains[key] for key in keys}) < LEAST_DOMAINS:
            return "suite"
        return "domains"

    def size(self, attempts: Mapping[str, int], between_attempts: float, alpha: float) -> Size:
        """The effective number of answers; `attempts` by case key."""
        keys = list(attempts)
        return size_of(
            [(attempts[key], self.domains[key]) for key in keys],
            self.correlation.value,
            alpha,
            between_attempts=between_attempts,
            by_domain=self.speaks_for(keys) == "domains",
        )


def earlier_versions(candidate: RunRecord, past: Sequence[RunRecord]) -> tuple[RunRecord, ...]:
    """The latest run of every other version whose answers are older than the candidate's, oldest first.

    Only runs that hold most of the candidate's cases unchanged, and complete ones.
    """
    first = candidate.evidence.oldest
    latest: dict[str, RunRecord] = {}
    for run in sorted(past, key=order_of):
        older = first is not None and run.evidence.newest is not None and run.evidence.newest <= first
        if run.label != candidate.label and not run.partial and older and same_suite(candidate.cases, run):
            latest.pop(run.label, None)
            latest[run.label] = run
    return tuple(latest.values())[-_MOST_VERSIONS:]


def same_suite(cases: Sequence[CaseResult], run: RunRecord, share: float = 0.9) -> bool:
    """Whether a run holds most of the cases unchanged. To edit a case or two does not make a new suite."""
    held = len(cases) if _are_alike(cases, run.cases) else len(unchanged(cases, run))
    return held >= share * len(cases) > 0


def unchanged(cases: Sequence[CaseResult], run: RunRecord) -> dict[str, CaseResult]:
    """The cases of a run that ask the same, by the key that they have among `cases`.

    By content: whoever renames a suite or its cases has asked them before all the same.
    """
    if _are_alike(cases, run.cases):
        return {case.key: other for case, other in zip(cases, run.cases, strict=True)}
    theirs = {case.key: case for case in run.cases}
    found = {key: theirs[key] for case in cases if _same(case, theirs.get(key := case.key))}
    if len(found) == len(cases):
        return found
    taken = {case.key for case in found.values()}
    free: dict[str, list[CaseResult]] = {}
    for case in reversed(run.cases):
        if case.key not in taken:
            free.setdefault(case.digest, []).append(case)
    for case in cases:
        if case.key not in found and free.get(case.digest):
            found[case.key] = free[case.digest].pop()
    return found


def _are_alike(cases: Sequence[CaseResult], others: Sequence[CaseResult]) -> bool:
    """The same cases under the same names in the same order, as in two runs of a suite that nobody edited."""
    return len(cases) == len(others) and all(
        case.id == other.id and case.suite == other.suite and case.digest == other.digest
        for case, other in zip(cases, others, strict=True)
    )


def _same(case: CaseResult, other: CaseResult | None) -> bool:
    return other is not None and other.digest == case.digest


def rate_correlation(metric: str, versions: Sequence[RunRecord]) -> Correlation:
    """From at least two earlier versions with a rate between 50 and 99.5 %, pooled; else 0.05 is assumed."""
    telling = [(run, answers) for run in versions if informative_rate(answers := _answers(metric, run))]
    if len(telling) < 2:
        return ASSUMED
    return correlation_of([answers for _, answers in telling], [run.label for run, _ in telling])


def difference_correlation(metric: str, versions: Sequence[RunRecord]) -> Correlation:
    """From the differences of each earlier version to the one before it; else 0.05 is assumed."""
    labels: list[str] = []
    telling = []
    for old, new in pairwise(versions):
        changes = _changes(metric, old, new)
        if informative_changes(changes):
            telling.append(changes)
            labels += [old.label, new.label]
    return correlation_of(telling, labels)


def _answers(metric: str, run: RunRecord) -> Answers:
    domains = {case.key: case.domain for case in run.cases}
    found = standings(metric, run.cases)
    return [(float(value == "good"), domains[key]) for key, value in found.items() if value != "unscored"]


_VALUE: dict[Standing, float] = {"good": 1.0, "bad": 0.0}


def _changes(metric: str, old: RunRecord, new: RunRecord) -> Answers:
    before, after = standings(metric, old.cases), standings(metric, new.cases)
    digests = {case.key: case.digest for case in old.cases}
    return [
        (_VALUE[after[case.key]] - _VALUE[before[case.key]], case.domain)
        for case in new.cases
        if digests.get(case.key) == case.digest
        and after.get(case.key, "unscored") != "unscored"
        and before.get(case.key, "unscored") != "unscored"
    ]
