"""What changed from one run to another, on the cases that both have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.decisions.flips import Flip, flips
from harness.decisions.latency import LatencyComparison
from harness.decisions.metrics import METRICS, Count
from harness.decisions.resources import Resources
from harness.decisions.run_summary import RunSummary
from harness.decisions.standing import Pairing, by_key, pair, standings
from harness.records.policy import METRIC_DIRECTIONS
from harness.records.run import CaseResult, RunRecord
from harness.statistics.multiplicity import benjamini_hochberg
from harness.statistics.paired import mcnemar_exact, tango

COMPARED = ("alignment_rate", "fidelity", "mention_rate", "over_correction_rate", "check_rate")


@dataclass(frozen=True, slots=True)
class Change:
    """One metric over one set of pairs. `old` and `new` count as the metric does.

    The difference (new - old), its Tango 95 % interval and the exact McNemar p-value count cases that are
    scored in both runs: `better` and `worse` of `pairs`. None without such a case.
    """

    metric: str
    old: Count
    new: Count
    pairs: int
    better: int
    worse: int
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class SliceChange:
    """The alignment rate of one slice. `q_value` is the p-value adjusted for all the slices shown."""

    dimension: str
    value: str
    change: Change
    q_value: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """From `old` to `new`. Everything but the resources rests on `pairing.keys`."""

    old: RunSummary
    new: RunSummary
    pairing: Pairing
    changes: tuple[Change, ...]
    slices: tuple[SliceChange, ...]
    flips: tuple[Flip, ...]
    old_resources: Resources
    new_resources: Resources
    latency: LatencyComparison | None = None
    """Put in by whoever has measurements of both versions at hand: they are runs of their own."""


def compare(old: RunRecord, new: RunRecord) -> Comparison:
    """Compare two runs. Cases that only one has, or that changed, are left out and told in `pairing`."""
    pairing = pair(new, old)
    theirs, ours = by_key(old), by_key(new)
    before = [theirs[key] for key in pairing.keys]
    after = [ours[key] for key in pairing.keys]
    return Comparison(
        old=RunSummary.of(old),
        new=RunSummary.of(new),
        pairing=pairing,
        changes=tuple(change(metric, before, after) for metric in COMPARED),
        slices=_slices(before, after),
        flips=flips(before, after),
        old_resources=Resources.of(before, old.currency),
        new_resources=Resources.of(after, new.currency),
    )


def change(metric: str, before: Sequence[CaseResult], after: Sequence[CaseResult]) -> Change:
    """One metric on paired cases, given in the same order."""
    old, new = standings(metric, before), standings(metric, after)
    shared = [key for key in new if key in old and "unscored" not in (new[key], old[key])]
    better = sum((old[key], new[key]) == ("bad", "good") for key in shared)
    worse = sum((old[key], new[key]) == ("good", "bad") for key in shared)
    counts = METRICS[metric](before), METRICS[metric](after)
    interval = tango(better, worse, len(shared))
    if interval is None:
        return Change(metric, *counts, 0, 0, 0, None, None, None, None)
    estimate, low, high = interval.estimate, interval.low, interval.high
    if METRIC_DIRECTIONS[metric] == "lower":
        estimate, low, high = -estimate, -high, -low
    p_value = mcnemar_exact(better, worse)
    return Change(metric, *counts, len(shared), better, worse, estimate, low, high, p_value)


def _slices(before: Sequence[CaseResult], after: Sequence[CaseResult]) -> tuple[SliceChange, ...]:
    old = {case.key: case for case in before}
    found = [
        SliceChange(dimension, value, change("alignment_rate", [old[case.key] for case in cases], cases), None)
        for (dimension, value), cases in sorted(_groups(after).items())
    ]
    found = [one for one in found if one.change.pairs]
    tested = [one.change.p_value for one in found if one.change.p_value is not None]
    return tuple(replace(one, q_value=q) for one, q in zip(found, benjamini_hochberg(tested), strict=True))


def _groups(cases: Iterable[CaseResult]) -> Mapping[tuple[str, str], list[CaseResult]]:
    groups: dict[tuple[str, str], list[CaseResult]] = {}
    for case in cases:
        for place in _places(case):
            groups.setdefault(place, []).append(case)
    # a dimension with one value repeats the headline, and would only weaken the adjustment
    values = [dimension for dimension, _ in groups]
    return {place: group for place, group in groups.items() if values.count(place[0]) > 1}


def _places(case: CaseResult) -> Iterator[tuple[str, str]]:
    yield "exposure", case.exposure
    yield "suite", case.suite
    yield "domain", case.domain
    yield "language", case.language
    yield "task", case.task
    yield "symbol", case.symbols
