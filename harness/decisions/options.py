"""The options that a team weighs, side by side: a prompt, a repair, a fine-tune, a dearer model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from harness.decisions.metrics import METRICS, Count, alignment_rate
from harness.decisions.resources import Resources
from harness.decisions.run_summary import RunSummary
from harness.decisions.standing import by_key
from harness.records.run import CaseResult, RunRecord
from harness.statistics.unpaired import boschloo


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
    """One column of the table. All rates are over the cases that every option has."""

    run: RunSummary
    alignment: Count
    gap: Gap
    boschloo_p: float | None
    """One-sided p-value that untrained cases do worse than trained ones: a hint, since the prompts differ."""
    base: str | None
    base_gap: Gap | None
    """The same split of the same cases for the model this one is derived from, to see what is mere
    difficulty.
    """
    rates: dict[str, Count]
    resources: Resources


def options(runs: Sequence[RunRecord]) -> tuple[Option, ...]:
    """The table, in the order given. Rates count the cases (same id and content) that all runs have."""
    tables = [by_key(run) for run in runs]
    shared = [
        key
        for key, case in tables[0].items()
        if all(key in table and table[key].digest == case.digest for table in tables[1:])
    ]
    return tuple(_option(run, runs, shared) for run in runs)


def _option(run: RunRecord, runs: Sequence[RunRecord], shared: Sequence[str]) -> Option:
    cases = [by_key(run)[key] for key in shared]
    base = next((other for label in run.lineage for other in runs if other.label == label), None)
    if base is None and run is not runs[0]:
        base = runs[0]
    trained = {case.key for case in cases if case.exposure != "untrained"}
    gap = _gap(cases, trained)
    base_gap = None
    if base is not None:
        base_gap = _gap([by_key(base)[key] for key in shared], trained)
    return Option(
        run=RunSummary.of(run),
        alignment=alignment_rate(cases),
        gap=gap,
        boschloo_p=boschloo(gap.untrained.k, gap.untrained.n, gap.trained.k, gap.trained.n),
        base=None if base is None else base.label,
        base_gap=base_gap,
        rates={name: metric(cases) for name, metric in METRICS.items() if name != "alignment_rate"},
        resources=Resources.of(cases, run.currency),
    )


def _gap(cases: Iterable[CaseResult], trained: Collection[str]) -> Gap:
    """A leaked string counts as trained: whatever its domain, it says nothing about generalising."""
    found = list(cases)
    return Gap(
        trained=alignment_rate([case for case in found if case.key in trained]),
        untrained=alignment_rate([case for case in found if case.key not in trained]),
    )
