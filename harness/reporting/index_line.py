"""One run as the index needs it: small enough that 400 of them are nothing, and kept beside the pages as JSON."""

from __future__ import annotations

from typing import Any

from harness.decisions.metrics import Count
from harness.records.record import Record
from harness.records.run import RunRecord
from harness.reporting.figures import Rate
from harness.reporting.summary import summarise


class IndexLine(Record):
    """Rates are (k, n); times ISO 8601; costs in the record's currency."""

    label: str
    model: str
    version: str
    run_id: str
    mode: str
    partial: bool
    started: str
    newest: str | None
    suite_digest: str
    cases: int
    alignment: tuple[int, int]
    trained: tuple[int, int]
    untrained: tuple[int, int]
    checks: tuple[int, int]
    unscored: int
    lineage: tuple[str, ...] = ()
    recipe: dict[str, Any] | None = None
    median_s: float | None = None
    cost: float | None = None
    currency: str | None = None

    @classmethod
    def of(cls, record: RunRecord) -> IndexLine:
        """Fold a whole run into its line."""
        summary = summarise(record)
        return cls(
            label=record.label,
            model=record.model,
            version=record.version,
            run_id=record.run_id,
            mode=record.mode,
            partial=record.partial,
            started=record.started,
            newest=record.evidence.newest,
            suite_digest=record.suite_digest,
            cases=len(record.cases),
            alignment=_pair(summary.alignment),
            trained=_pair(summary.gap.trained),
            untrained=_pair(summary.gap.untrained),
            checks=_pair(summary.checks),
            unscored=summary.outcomes.get("unscored", 0),
            lineage=record.lineage,
            recipe=record.recipe,
            median_s=summary.resources.median_latency_s,
            cost=record.totals.cost,
            currency=record.currency,
        )

    @property
    def when(self) -> str:
        """The evidence's date, or that of the run where no answer carries one."""
        return self.newest or self.started

    @property
    def rate(self) -> Rate:
        """The alignment rate with its interval."""
        return rate(self.alignment)

    @property
    def counts(self) -> dict[str, Count]:
        """Its rates by the names of the metrics and slices."""
        return {
            "alignment_rate": Count(*self.alignment),
            "trained": Count(*self.trained),
            "untrained": Count(*self.untrained),
            "check_rate": Count(*self.checks),
        }

    @property
    def gap(self) -> float | None:
        """Trained minus untrained; None unless both have cases."""
        trained, untrained = rate(self.trained).value, rate(self.untrained).value
        return None if trained is None or untrained is None else trained - untrained

    @property
    def href(self) -> str:
        """The run's page, from the index."""
        return f"{self.label}/{self.run_id}.html"


def rate(count: tuple[int, int]) -> Rate:
    """A stored count with its interval."""
    return Rate.of(Count(*count))


def _pair(value: Rate) -> tuple[int, int]:
    return value.k, value.n
