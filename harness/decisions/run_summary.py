"""What identifies a run and its evidence, without its cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from harness.decisions.metrics import MOST_UNSCORED, Count, alignment_rate, answered_rate, unscored_rate
from harness.records.run import RunRecord


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as a verdict lists it. Times are ISO 8601 in UTC; `oldest` and `newest` date its answers."""

    label: str
    run_id: str
    mode: str
    partial: bool
    partial_reason: str | None
    oldest: str | None
    newest: str | None
    started: str
    suite_digest: str
    suites: frozenset[str]
    cases: int
    alignment: Count
    unscored: Count
    answered: Count
    """Of the cases with targets that were asked."""
    not_asked: int

    @classmethod
    def of(cls, run: RunRecord) -> RunSummary:
        return cls(
            label=run.label,
            run_id=run.run_id,
            mode=run.mode,
            partial=run.partial,
            partial_reason=run.partial_reason,
            oldest=run.evidence.oldest,
            newest=run.evidence.newest,
            started=run.started,
            suite_digest=run.suite_digest,
            suites=frozenset(case.suite for case in run.cases),
            cases=len(run.cases),
            alignment=alignment_rate(run.cases),
            unscored=unscored_rate(run.cases),
            answered=answered_rate(run.cases),
            not_asked=sum(not case.samples for case in run.cases),
        )

    @property
    def comparable(self) -> bool:
        """Whether at most 5 % of the cases asked are unscored, so that the rate says what the version does."""
        return self.answered.n == 0 or self.answered.k >= (1 - MOST_UNSCORED) * self.answered.n

    @property
    def order(self) -> tuple[str, str]:
        """Sorts runs of a version by when their answers were made, then by when they were judged."""
        return (utc(self.newest or self.started).isoformat(), utc(self.started).isoformat())


def utc(moment: str) -> datetime:
    """An ISO 8601 time as UTC; one without a zone is UTC already."""
    parsed = datetime.fromisoformat(moment)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def age_days(moment: str | None, now: datetime) -> float | None:
    """Days from a time to `now`; None if it is not known."""
    return None if moment is None else (now - utc(moment)).total_seconds() / 86_400
