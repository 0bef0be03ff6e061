"""The page of two runs: the verdict, what flipped, and how sure the difference is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from harness.decisions.compare import Comparison, SliceChange
from harness.decisions.flips import Flip
from harness.decisions.gate import GateVerdict, RuleVerdict
from harness.decisions.options import options
from harness.decisions.standing import by_key
from harness.records.run import CaseResult, RunRecord
from harness.reporting import charts, evidence, figures
from harness.reporting.figures import Rate
from harness.reporting.page import render as render_page
from harness.reporting.vocabulary import WORDS

_WITH_TEXTS = 150
"""Flips shown with source and answers; a promotion that flips more has other questions first."""
_LIMIT = 1200
_BARS = 16


@dataclass(frozen=True, slots=True)
class Judgement:
    """A gate's verdict, when it was given (ISO 8601) and where its policy stands."""

    verdict: GateVerdict
    when: str
    policy: str


def render(
    comparison: Comparison,
    old: RunRecord,
    new: RunRecord,
    *,
    judged: Judgement | None = None,
    lang: str = "auto",
    index_href: str | None = None,
) -> str:
    """One self-contained HTML page. `old` and `new` are the records that `comparison` was made of; with
    `judged`, the gate's verdict stands on top and its rules follow."""
    gate = judged.verdict if judged else None
    before, after = by_key(old), by_key(new)
    kinds = list(dict.fromkeys(flip.kind for flip in comparison.flips))
    return render_page(
        "compare.html.j2",
        styles=("page.css", "cases.css", "compare.css"),
        scripts=("page.js", "filter.js"),
        lang=lang,
        comparison=comparison,
        headline=comparison.changes[0],
        gate=gate,
        judged=judged,
        rules=[(rule, needed(rule), read(rule)) for rule in gate.rules] if gate else [],
        kinds=[(kind, sum(flip.kind == kind for flip in comparison.flips)) for kind in kinds],
        flips=[_shown(flip, before, after) for flip in comparison.flips[:_WITH_TEXTS]],
        flips_more=comparison.flips[_WITH_TEXTS:],
        gaps=_gaps(old, new),
        chart=_chart(comparison.slices),
        charts_available=charts.available(),
        install=charts.INSTALL,
        index_href=index_href,
        p_value=figures.p_value,
        p_phrase=p_phrase,
        results=_results(gate),
        words=WORDS,
    )


def needed(verdict: RuleVerdict) -> str:
    """What the bound asks for, in signs: `≥ 95.0%`, or `> −3.0` points."""
    if verdict.bound == "min":
        return f"≥ {figures.percent(verdict.limit)}"
    if verdict.bound == "max":
        return f"≤ {figures.percent(verdict.limit)}"
    sign, limit = (">", -verdict.limit) if verdict.bound == "max_drop" else ("<", verdict.limit)
    return f"{sign} {figures.points(limit)}"


def read(verdict: RuleVerdict) -> tuple[str, str]:
    """Estimate and one-sided bounds of a rule, as rates or as points."""
    write = figures.percent if verdict.bound in ("min", "max") else figures.points
    reading = verdict.reading
    if reading.low is None or reading.high is None:
        return figures.NO_DATA, figures.NO_DATA
    return write(reading.estimate), f"{write(reading.low)} … {write(reading.high)}"


def p_phrase(value: float | None) -> str:
    """`= 0.031` or `< 0.001`, to follow a `p`."""
    text = figures.p_value(value)
    return text if text.startswith("<") else f"= {text}"


def _shown(flip: Flip, before: Mapping[str, CaseResult], after: Mapping[str, CaseResult]) -> dict[str, Any]:
    old, new = before[flip.key], after[flip.key]
    return {
        "flip": flip,
        "turns": evidence.turns(new, _LIMIT),
        "old": evidence.answers(old, _LIMIT),
        "new": evidence.answers(new, _LIMIT),
    }


def _gaps(old: RunRecord, new: RunRecord) -> list[tuple[str, Rate, Rate, float | None]]:
    """Trained and untrained alignment of both runs, split by the exposure of the new one.

    The old run on the same split shows how much of a gap is mere difficulty of the cases.
    """
    option = options((old, new))[1]
    both = [(old.label, option.base_gap), (new.label, option.gap)]
    return [
        (label, Rate.of(gap.trained), Rate.of(gap.untrained), gap.difference)
        for label, gap in both
        if gap is not None and gap.trained.n and gap.untrained.n
    ]


def _results(gate: GateVerdict | None) -> list[tuple[str, int]]:
    counts = Counter(rule.result for rule in gate.rules) if gate else Counter[str]()
    return [(name, counts[name]) for name in ("BREACH", "INSUFFICIENT_EVIDENCE", "PASS") if counts[name]]


def _chart(slices: tuple[SliceChange, ...]) -> Markup:
    rows = [
        charts.Bar(
            one.value,
            one.change.difference,
            one.change.low,
            one.change.high,
            f"{figures.points(one.change.difference)} ({one.change.pairs})",
        )
        for one in slices
        if one.dimension == "domain"
        and one.change.difference is not None
        and one.change.low is not None
        and one.change.high is not None
    ]
    rows.sort(key=lambda bar: bar.value)
    told = "; ".join(f"{bar.name} {bar.note}" for bar in rows[:_BARS])
    return charts.intervals(rows[:_BARS], label=f"{WORDS['chart-changes'][0]}: {told}", signed=True)
