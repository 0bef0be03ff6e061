"""The options that a team weighs, side by side: a prompt, a repair, a fine-tune, a larger model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from harness.decisions.compare import answered_by_all
from harness.decisions.metrics import METRICS, Count, alignment_rate
from harness.decisions.run_summary import Resources, RunSummary
from harness.decisions.standing import by_key, standings
from harness.records.run import CaseResult, RunRecord
from harness.statistics.permutation import Gain, GapTest, gap_test


@dataclass(frozen=True, slots=True)
class Gap:
    """Alignment on trained minus untrained cases, by the exposure of one version."""

    trained: Count
    untrained: Count

    @property
    def difference(self) -> float | None:
        """None unless there are cases of both kinds."""
        if self.trained.rate is None or self.untrained.rate is None:
            return None
        return self.trained.rate - self.untrained.rate


@dataclass(frozen=True, slots=True)
class Option:
    """One column of the table. All rates are over the cases that every option has and answered."""

    run: RunSummary
    """With the version's own counts over everything that it was asked: its share answered, its own n."""
    answered: int
    """Cases that all options answered, those without targets included."""
    alignment: Count
    gap: Gap
    base: str | None
    base_gap: Gap | None
    """The same split of the same cases for the model this one is derived from, to see what is mere difficulty."""
    gain: GapTest | None
    """What was gained over the base on trained cases minus on untrained ones, within the suites that hold both.

    None without a base or without cases of both kinds.
    """
    rates: dict[str, Count]
    resources: Resources


def options(runs: Sequence[RunRecord]) -> tuple[Option, ...]:
    """The table, in the order given. Rates count the cases (same id and content) that all runs have and answered."""
    tables = [by_key(run) for run in runs]
    shared = [
        key
        for key, case in tables[0].items()
        if all(key in table and table[key].digest == case.digest for table in tables[1:])
    ]
    answered = answered_by_all(runs, shared)
    return tuple(_option(run, runs, shared, answered) for run in runs)


def shared_alignment(runs: Sequence[RunRecord]) -> dict[str, Count]:
    """The alignment rate of each version, by label, over the cases that all of them have and answered.

    What an index may put side by side. Empty with fewer than two runs.
    """
    if len(runs) < 2:
        return {}
    tables = [by_key(run) for run in runs]
    keys = [
        key
        for key, case in tables[0].items()
        if all(key in table and table[key].digest == case.digest for table in tables[1:])
    ]
    answered = answered_by_all(runs, keys)
    return {
        run.label: alignment_rate([table[key] for key in answered]) for run, table in zip(runs, tables, strict=True)
    }


def _option(run: RunRecord, runs: Sequence[RunRecord], shared: Sequence[str], answered: Sequence[str]) -> Option:
    table = by_key(run)
    cases = [table[key] for key in answered]
    base = next((other for label in run.lineage for other in runs if other.label == label), None)
    if base is None and run is not runs[0]:
        base = runs[0]
    trained = {case.key for case in cases if case.exposure != "untrained"}
    base_cases = [] if base is None else [by_key(base)[key] for key in answered]
    return Option(
        run=RunSummary.of(run),
        answered=len(answered),
        alignment=alignment_rate(cases),
        gap=_gap(cases, trained),
        base=None if base is None else base.label,
        base_gap=None if base is None else _gap(base_cases, trained),
        gain=None if base is None else gain(base_cases, cases),
        rates={name: metric(cases) for name, metric in METRICS.items() if name != "alignment_rate"},
        resources=Resources.of([table[key] for key in shared], run.currency),
    )


def gain(before: Sequence[CaseResult], after: Sequence[CaseResult]) -> GapTest | None:
    """Difference in differences on paired cases, given in the same order; None without cases of both kinds."""
    old, new = standings("alignment_rate", before), standings("alignment_rate", after)
    return gap_test(
        [
            Gain(
                float((new[case.key] == "good") - (old[case.key] == "good")),
                case.suite,
                case.domain,
                case.exposure != "untrained",
            )
            for case in after
            if case.key in old and case.key in new and "unscored" not in (old[case.key], new[case.key])
        ]
    )


def _gap(cases: Iterable[CaseResult], trained: Collection[str]) -> Gap:
    """A leaked string counts as trained: whatever its domain, it says nothing about generalising."""
    found = list(cases)
    return Gap(
        trained=alignment_rate([case for case in found if case.key in trained]),
        untrained=alignment_rate([case for case in found if case.key not in trained]),
    )
