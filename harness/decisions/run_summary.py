"""What identifies a run and its evidence, without its cases."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from statistics import median

from pydantic import TypeAdapter

from harness.decisions.metrics import MOST_UNSCORED, Count, alignment_rate, answered_rate, unscored_rate
from harness.records.case import texts_of
from harness.records.run import CaseResult, RunRecord, SampleResult

CLOCKS = timedelta(hours=1)
"""So much may the clocks of two machines differ."""
_LEAP = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d):60([.,]\d+)?(.*)\Z")
"""A time with second 60, which ISO 8601 allows and `datetime` does not."""

Order = tuple[str, str, str]


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

    @classmethod
    def from_json(cls, content: bytes) -> RunSummary:
        """As `to_json` wrote it. Raises ValueError."""
        return _as_json().validate_json(content)

    def to_json(self) -> bytes:
        """For a file beside the records, which may be deleted at any time."""
        return _as_json().dump_json(self)

    @property
    def comparable(self) -> bool:
        """Whether at most 5 % of the cases asked are unscored, so that the rate says what the version does."""
        return self.answered.n == 0 or self.answered.k >= (1 - MOST_UNSCORED) * self.answered.n

    def ahead_of(self, now: datetime) -> bool:
        """Whether its answers are dated after now, by a clock that was wrong: nobody knows when it was run."""
        return is_ahead_of(self.newest or self.started, now)

    @property
    def order(self) -> Order:
        """As `order_of` the run itself."""
        return order_from(self.newest, self.started, self.run_id)


@cache
def _as_json() -> TypeAdapter[RunSummary]:
    return TypeAdapter(RunSummary)


@cache
def summary_rules() -> bytes:
    """Changes with what a summary counts, and how."""
    files = resources.files("harness.decisions")
    return b"".join((files / name).read_bytes() for name in ("metrics.py", "run_summary.py"))


@dataclass(frozen=True, slots=True)
class Head:
    """What a record says before its cases. It decides which records are read, and nothing else rests on it."""

    path: Path
    run_id: str
    mode: str
    partial: bool
    suite_digest: str
    started: str
    oldest: str | None
    newest: str | None
    cases: int

    @classmethod
    def of(cls, path: Path, run: RunRecord) -> Head:
        """The same of a whole run."""
        return cls(
            path=path,
            run_id=run.run_id,
            mode=run.mode,
            partial=run.partial,
            suite_digest=run.suite_digest,
            started=run.started,
            oldest=run.evidence.oldest,
            newest=run.evidence.newest,
            cases=len(run.cases),
        )

    @property
    def order(self) -> tuple[str, str, str]:
        """As `order_of` the run itself."""
        return order_from(self.newest, self.started, self.run_id)

    def is_ahead(self, now: datetime) -> bool:
        """Whether its answers are dated after now."""
        return is_ahead_of(self.newest or self.started, now)

    def is_before(self, moment: datetime | None, now: datetime) -> bool:
        """Whether its answers are older than that, and none is dated in the future."""
        return moment is not None and self.oldest is not None and utc(self.oldest) < moment and not self.is_ahead(now)


def order_of(run: RunRecord) -> Order:
    """Sorts runs of a version by when their answers were made, then by when they were judged.

    Two runs of one second are in the order of their ids: which one counts must not depend on the disk.
    """
    return order_from(run.evidence.newest, run.started, run.run_id)


def order_from(newest: str | None, started: str, run_id: str) -> Order:
    """The same, of a run that was not read."""
    return utc(newest or started).isoformat(), utc(started).isoformat(), run_id


def is_ahead_of(moment: str, now: datetime) -> bool:
    """Whether a time is later than now, by more than clocks differ."""
    return utc(moment) > now + CLOCKS


def utc(moment: str) -> datetime:
    """An ISO 8601 time as UTC; one without a zone is UTC already, and a leap second begins the next minute."""
    leap = _LEAP.match(moment)
    parsed = datetime.fromisoformat(f"{leap[1]}:59{leap[3]}" if leap else moment)
    if leap:
        parsed = parsed.replace(microsecond=0) + timedelta(seconds=1)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def oldest_that_counts(max_age_days: float | None, now: datetime) -> datetime | None:
    """The moment before which answers are too old; None for no limit, and for one before the calendar begins."""
    if max_age_days is None:
        return None
    try:
        return now - timedelta(days=max_age_days) - CLOCKS
    except OverflowError:
        return None


def age_days(moment: str | None, now: datetime) -> float | None:
    """Days from a time to `now`; None if it is not known."""
    return None if moment is None else (now - utc(moment)).total_seconds() / 86_400


@dataclass(frozen=True, slots=True)
class Resources:
    """Per answer, over the samples that say; None where none does. Latencies are seconds."""

    samples: int
    median_latency_s: float | None
    p95_latency_s: float | None
    prompt_tokens: float | None
    completion_tokens: float | None
    cost_per_1000: float | None
    currency: str | None

    @classmethod
    def of(cls, cases: Iterable[CaseResult], currency: str | None) -> Resources:
        samples = [sample for case in cases for sample in case.samples]
        latencies = sorted(_given(samples, "latency_s"))
        cost = _mean(_given(samples, "cost"))
        return cls(
            samples=len(samples),
            median_latency_s=median(latencies) if latencies else None,
            # nearest rank: a latency that was measured, not one in between
            p95_latency_s=latencies[math.ceil(0.95 * len(latencies)) - 1] if latencies else None,
            prompt_tokens=_mean(_given(samples, "prompt_tokens")),
            completion_tokens=_mean(_given(samples, "completion_tokens")),
            cost_per_1000=None if cost is None else 1000 * cost,
            currency=currency,
        )


def mean_latency(cases: Iterable[CaseResult]) -> float | None:
    """Seconds an answer took on average; None where none says. Of many requests the mean gives the sum."""
    return _mean(_given((sample for case in cases for sample in case.samples), "latency_s"))


def _given(samples: Iterable[SampleResult], field: str) -> list[float]:
    return [value for sample in samples if (value := getattr(sample, field)) is not None]


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def has_repair(run: RunRecord) -> bool:
    """Whether the answers of a run passed through `repair` before they were judged."""
    return bool(run.configuration.get("repair"))


def residual_rate(run: RunRecord) -> Count:
    """Over scored cases with targets of a run with repair: those still damaged after it."""
    scored = [case.outcome for case in run.cases if case.targets and case.outcome != "unscored"]
    return Count(scored.count("damaged"), len(scored)) if has_repair(run) else Count(0, 0)


def collateral_rate(run: RunRecord) -> Count:
    """Over answers of a run with repair that were clean as they came: those that it changed all the same.

    Clean is an answer in which nothing worth protecting is damaged, be it a target of the case or another string of
    the prompt. Tool calls have no part: what came before repair is not kept of them.
    """
    if not has_repair(run):
        return Count(0, 0)
    k = n = 0
    for case in run.cases:
        for sample in case.samples:
            if sample.outcome == "unscored" or sample.tool_calls or not _was_clean(case, sample):
                continue
            n += 1
            k += sample.raw_output is not None
    return Count(k, n)


def _was_clean(case: CaseResult, sample: SampleResult) -> bool:
    from harness.text import check, extract_targets  # here: what lists runs and nights checks no text

    answer = sample.output if sample.raw_output is None else sample.raw_output
    sources = texts_of(case.messages)
    protected = {found.text for source in sources for found in extract_targets(source)}
    channel = "text" if case.channel == "tool" else case.channel
    verdicts = check(sources, answer, sorted(protected.union(case.targets)), channel=channel).verdicts
    return all(verdict in ("verbatim", "absent") for verdict in verdicts.values())
