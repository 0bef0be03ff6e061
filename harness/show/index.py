"""The index over all versions: where each is now, how it got there, and every run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from markupsafe import Markup
from pydantic import Field

from harness.decisions.metrics import MOST_UNSCORED, Count, answered_rate
from harness.decisions.run_summary import utc
from harness.records import Record
from harness.records.run import RunRecord
from harness.show import charts
from harness.show.charts import Mark, Point, clip
from harness.show.html import render as render_page
from harness.show.rates import Rate, percent, summarise
from harness.show.words import told


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
    fidelity: tuple[int, int] = (0, 0)
    search: tuple[int, int] = (0, 0)
    """Strings that are found when pasted into a search."""
    answered: tuple[int, int] = (0, 0)
    lineage: tuple[str, ...] = ()
    recipe: dict[str, Any] | None = None
    median_s: float | None = None
    cost: float | None = None
    currency: str | None = None
    contradictions: tuple[str, ...] = Field(default=(), exclude_if=lambda value: not value)
    """Where the record is not what its answers give."""

    @classmethod
    def of(cls, record: RunRecord, contradictions: tuple[str, ...] = ()) -> IndexLine:
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
            fidelity=_pair(summary.fidelity),
            search=_pair(summary.search),
            answered=_pair(Rate.of(answered_rate(record.cases))),
            lineage=record.lineage,
            recipe=record.recipe,
            median_s=summary.resources.median_latency_s,
            cost=record.totals.cost,
            currency=record.currency,
            contradictions=contradictions,
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
    def comparable(self) -> bool:
        """Whether at most 5 % of its cases are unscored."""
        return self.unscored <= MOST_UNSCORED * self.cases

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


@lru_cache(maxsize=4096)
def rate(count: tuple[int, int]) -> Rate:
    """A stored count with its interval; kept, since the index asks for each of a run a dozen times."""
    return Rate.of(Count(*count))


def _pair(value: Rate) -> tuple[int, int]:
    return value.k, value.n


Kind = Literal["new-version", "suite-changed", "promoted", "drift-alarm"]


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """Something at the time of a run. `detail` is a version, or what changed."""

    when: str
    model: str
    run_id: str
    kind: Kind
    detail: str


def by_model(lines: Iterable[IndexLine]) -> dict[str, list[IndexLine]]:
    """Runs of each model, oldest evidence first."""
    groups: dict[str, list[IndexLine]] = {}
    for line in sorted(lines, key=lambda one: (one.when, one.started)):
        groups.setdefault(line.model, []).append(line)
    return groups


def current(lines: Iterable[IndexLine]) -> list[IndexLine]:
    """The latest complete run of each version (the latest partial one if none is), best rate first."""
    latest: dict[str, IndexLine] = {}
    for line in sorted(lines, key=lambda one: (not one.partial, one.when, one.started)):
        latest[line.label] = line
    return sorted(latest.values(), key=lambda one: (-(one.rate.value or -1.0), one.label))


def usual_suite(now: Sequence[IndexLine]) -> str:
    """The digest of the cases that most versions were last run on, of equally many the newest.

    A run of a few cases, or the canaries of last night, makes all other versions not comparable otherwise.
    """
    versions = Counter(line.suite_digest for line in now if not line.partial)
    order = sorted(now, key=lambda line: (versions[line.suite_digest], line.when, line.started))
    return order[-1].suite_digest if order else ""


def events(lines: Sequence[IndexLine], baselines: Mapping[str, str] | None = None) -> list[HistoryEvent]:
    """New versions, changed suites and what is the baseline now, latest first.

    `baselines` is model name to `name@version` or run id. Drift alarms come from the drift verdict.
    """
    found: list[HistoryEvent] = []
    for model, runs in by_model(line for line in lines if not line.partial).items():
        seen: set[str] = set()
        before: IndexLine | None = None
        for line in runs:
            if line.version not in seen:
                seen.add(line.version)
                found.append(_event(line, "new-version", line.version))
            if before is not None and before.suite_digest != line.suite_digest:
                found.append(_event(line, "suite-changed", line.suite_digest[:12]))
            before = line
        reference = (baselines or {}).get(model)
        promoted = [line for line in runs if reference in (line.label, line.run_id)]
        if promoted:
            found.append(_event(promoted[-1], "promoted", promoted[-1].version))
    return sorted(found, key=lambda event: event.when, reverse=True)


def _event(line: IndexLine, kind: Kind, detail: str) -> HistoryEvent:
    return HistoryEvent(line.when, line.model, line.run_id, kind, detail)


_MODELS = 12
"""Lines that can still be distinguished; further models are in the table."""
_SIGNS = {"new-version": "◆", "promoted": "★", "drift-alarm": "▲", "suite-changed": "▮"}


def trend(lines: Sequence[IndexLine], events: Sequence[HistoryEvent], *, since: str | None = None) -> Markup:
    """Draw the complete runs of each model, one line a model. Nothing without a run.

    Args:
        since: the first day that is drawn, ISO 8601.
    """
    models = {
        model: [line for line in runs if line.rate.n and (since is None or line.when[:10] >= since)][-400:]
        for model, runs in by_model(line for line in lines if not line.partial).items()
    }
    dated = {model: [line for line in runs if moment(line) is not None] for model, runs in models.items()}
    models = {model: runs for model, runs in dated.items() if runs}
    if not models:
        return Markup("")
    latest = sorted(models, key=lambda model: models[model][-1].when, reverse=True)[:_MODELS]
    shown = {model: models[model] for model in sorted(latest)}
    listed = "; ".join(f"{model} {percent(runs[-1].rate.value)}" for model, runs in shown.items())
    points = _points(shown, usual_suite(current(lines)))
    names = [clip(model, 24) for model in shown]
    return charts.over_time(points, _marks(points, events), names, label=told("trend", listed))


_MONTH_DAYS = 31


def month_before(lines: Sequence[IndexLine]) -> str | None:
    """The first day of the month that ends with the newest run; None where no run is older than that."""
    days = sorted(line.when[:10] for line in lines if not line.partial and line.rate.n)
    if not days:
        return None
    try:
        first = str(date.fromisoformat(days[-1]) - timedelta(days=_MONTH_DAYS))
    except (ValueError, OverflowError):  # the time of a record that another program wrote
        return None
    return first if days[0] < first else None


def moment(line: IndexLine) -> datetime | None:
    """When its answers were given; None for a time that another program wrote, and nobody can read."""
    try:
        return utc(line.when)
    except (ValueError, OverflowError):
        return None


def _points(models: Mapping[str, Sequence[IndexLine]], usual: str) -> list[Point]:
    """One a run whose rate and time are known, those of a model in the order of time."""
    found = [
        Point(
            place,
            line.suite_digest,
            line.suite_digest != usual,
            _run_of(line),
            at,
            line.rate.value,
            line.rate.low,
            line.rate.high,
            f"{clip(line.label, 60)}: {line.rate} ({line.rate.bounds}), {line.when[:10]}",
        )
        for place, runs in enumerate(models.values())
        for line in runs
        if (at := moment(line)) is not None
        and line.rate.value is not None
        and line.rate.low is not None
        and line.rate.high is not None
    ]
    return sorted(found, key=lambda point: (point.line, point.t))


def _run_of(one: IndexLine | HistoryEvent) -> str:
    """With the model: two models may hold runs with one id, as copies of a record do."""
    return f"{one.model} {one.run_id}"


def _marks(points: Sequence[Point], events: Sequence[HistoryEvent]) -> list[Mark]:
    at = {point.run: point for point in points}
    signs: dict[str, str] = {}
    versions: dict[str, str] = {}
    for event in reversed(events):
        run = _run_of(event)
        if run in at and _SIGNS[event.kind] not in signs.get(run, ""):
            signs[run] = signs.get(run, "") + _SIGNS[event.kind]
            if event.kind in ("new-version", "promoted"):
                versions[run] = clip(event.detail, 12)
    return [Mark(at[run].t, at[run].v, sign, f"{sign} {versions.get(run, '')}".strip()) for run, sign in signs.items()]


_BARS = 20
_MOST = 20
"""Rows of a list before it is folded, cut or scrolls in a box of its own."""
_RUNS = 1000
"""Listed on the page, newest first."""


def render(
    lines: Sequence[IndexLine],
    *,
    lang: str = "auto",
    baselines: Mapping[str, str] | None = None,
    drift: Mapping[str, str] | None = None,
    alarms: Sequence[HistoryEvent] = (),
    comparisons: Sequence[tuple[str, str]] = (),
    unreadable: Sequence[str] = (),
    shared: Mapping[str, tuple[int, int]] | None = None,
    verdicts: Mapping[str, Any] | None = None,
) -> str:
    """One HTML page.

    `verdicts` holds by model what was judged last: `label`, `against`, `verdict`, `href`, `command` and `why`.

    `shared` is the alignment of each `model@version` on the cases that all of them answered.

    `drift` is the state of each `model@version` as the drift verdict words it, `alarms` its events;
    `comparisons` are titles and addresses of compare pages; `unreadable` says which records were left out.
    """
    happened = sorted([*events(lines, baselines), *alarms], key=lambda event: event.when, reverse=True)
    now = current(lines)
    promoted = {(event.model, event.run_id) for event in happened if event.kind == "promoted"}
    since = month_before(lines)
    return render_page(
        "index.html.j2",
        styles=("page.css", "index.css"),
        scripts=("page.js", "filter.js"),
        lang=lang,
        lines=sorted(lines, key=lambda line: (line.when, line.started), reverse=True),
        now=now,
        promoted=promoted,
        drift=drift or {},
        runs_of=Counter(line.label for line in lines),
        models=sorted({line.model for line in lines}),
        happened=happened,
        trend=trend(lines, happened, since=since),
        apart=len({line.suite_digest for line in lines if not line.partial and line.rate.n}) > 1,
        whole_trend=trend(lines, happened) if since else Markup(""),
        state=_state(now, happened, drift or {}, verdicts or {}),
        standing=_standing(now),
        usual_suite=usual_suite(now),
        most_runs=_RUNS,
        most=_MOST,
        marked=len({line.suite_digest for line in now}) > 1 or not all(line.comparable for line in now),
        comparisons=comparisons,
        unreadable=unreadable,
        contradictions=[line.contradictions[0] for line in lines if line.contradictions],
        shared=shared or {},
        shared_n=max((n for _, n in (shared or {}).values()), default=0),
        rate=rate,
        recipe=recipe_line,
    )


@dataclass(frozen=True, slots=True)
class ModelState:
    """What a release manager asks of a model first."""

    model: str
    promoted: str
    drifting: str
    """The promoted version's drift verdict, or that of the version with the worst one."""
    verdict: Any
    """What was judged last, or None."""


_WORST_FIRST = ("DRIFT", "CANNOT SEE", "INCONCLUSIVE", "QUIET")


def _state(
    now: Sequence[IndexLine],
    happened: Sequence[HistoryEvent],
    drift: Mapping[str, str],
    verdicts: Mapping[str, Any],
) -> list[ModelState]:
    """Models of which something is known beside their runs, those with an alarm first."""
    found = []
    for model in sorted({line.model for line in now}):
        promoted = next((event.detail for event in happened if event.model == model and event.kind == "promoted"), "")
        known = {drift[line.label] for line in now if line.model == model and line.label in drift}
        drifting = next((verdict for verdict in _WORST_FIRST if verdict in known), "")
        if promoted or drifting or model in verdicts:
            found.append(ModelState(model, promoted, drifting, verdicts.get(model)))
    return sorted(found, key=lambda one: one.drifting not in ("DRIFT", "CANNOT SEE"))


_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{20,}\b")


def recipe_line(recipe: Mapping[str, object] | None) -> str:
    """A recipe in one short line."""
    if not recipe:
        return ""
    values = {
        key: _DIGEST.sub(r"\1…", str(value)) for key, value in recipe.items() if not isinstance(value, dict | list)
    }
    return charts.clip(", ".join(f"{key} {value}" for key, value in values.items()), 80)


def _noted(line: IndexLine, usual: str) -> str:
    """`97.6% (244/250)`, and a sign where the rate does not compare with the others."""
    mark = "" if line.comparable and line.suite_digest == usual else " ≠"
    return f"{line.rate} ({line.rate.k}/{line.rate.n}){mark}"


def _standing(now: Sequence[IndexLine]) -> Markup:
    usual = usual_suite(now)
    bars = [
        charts.Bar(line.label, value, line.rate.low, line.rate.high, _noted(line, usual))
        for line in now
        if (value := line.rate.value) is not None and line.rate.low is not None and line.rate.high is not None
    ][:_BARS]
    listed = "; ".join(f"{bar.name} {bar.note}" for bar in bars)
    return charts.intervals(bars, label=told("chart-versions", listed))
