"""What every page shares: templates that escape all they get, and a policy that lets nothing in or out."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from harness.decisions.compare import Comparison, Flip, Option, SliceChange, options
from harness.decisions.gate import GateVerdict, RuleVerdict
from harness.decisions.latency import speeds
from harness.decisions.standing import by_key, under_own_suites
from harness.records.case import HELD_OUT
from harness.records.run import CaseResult, RunRecord
from harness.show import charts, evidence, rates
from harness.show.comparison import disagreements, in_reading_order, is_quiet, speed_cells
from harness.show.evidence import Rulings, ShownAnswer, ShownMessage, rows
from harness.show.rates import BAD, DIMENSIONS, OUTCOMES, Rate, Slice, slices, summarise
from harness.show.run import OneCase, spells
from harness.show.verdicts import basis, headlines, worst_slices
from harness.show.words import both, for_script, known, said, say, told, words
from harness.text.visible import show

if TYPE_CHECKING:
    from jinja2 import Environment


_PACKAGE = "harness.show"
_SURROGATES = re.compile("[\ud800-\udfff]")
_JSON_ESCAPES = {c: f"\\u{ord(c):04x}" for c in "<>&'\u2028\u2029"}


@cache
def environment() -> Environment:
    """Jinja with autoescape always on and undefined names refused."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    jinja = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.globals.update(say=say, said=said, known=known, both=both, figures=rates, visible=_visible)
    jinja.globals.update(kept_part=kept_part, is_word=lambda key: key in words())
    jinja.filters.update(plain=_cell, percent=rates.percent, moment=rates.moment, number=rates.number)
    return jinja


_PARTS: dict[Any, Markup] = {}
"""Of pages: nights of one version have most of their failing cases and rates in common."""
_MOST_PARTS = 1024
_LONGEST_PART = 20_000


def kept_part(name: str, *values: Any) -> Markup:
    """A macro of `parts.html.j2`, filled once for the same values, which are hashable."""
    part = _PARTS.get((name, values))
    if part is None:
        part = getattr(environment().get_template("parts.html.j2").module, name)(*values)
        if len(part) <= _LONGEST_PART:
            if len(_PARTS) >= _MOST_PARTS:
                _PARTS.clear()
            _PARTS[name, values] = part
    return part


def render(template: str, *, styles: tuple[str, ...], scripts: tuple[str, ...] = (), **values: Any) -> str:
    """Fill a template. Style sheets and scripts are put into the page and named in its policy by hash."""
    style = "".join(asset(name) for name in styles)
    script = "".join(asset(name) for name in scripts)
    page = (
        environment()
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704 - package data, never a run's content
            script=Markup(script),  # noqa: S704
            policy=content_policy(style, script),
            **values,
        )
    )
    try:
        page.encode()
    except UnicodeEncodeError:  # a half of a character
        return page.encode("utf-8", "replace").decode("utf-8")
    return page


@cache
def asset(name: str) -> str:
    """A style sheet or script of the package."""
    return resources.files(_PACKAGE).joinpath("static", name).read_text("utf-8")


@cache
def templates_digest() -> str:
    """Changes whenever the look of a page does."""
    found = hashlib.sha256()
    package = resources.files(_PACKAGE)
    for folder in (package, package.joinpath("templates"), package.joinpath("static")):
        for file in sorted(folder.iterdir(), key=lambda one: one.name):
            if file.is_file():
                found.update(file.read_bytes())
    return found.hexdigest()[:16]


def content_policy(style: str, script: str) -> str:
    """Nothing may be fetched, sent, framed or run but the very style and script that the page carries."""
    rules = ["default-src 'none'", f"style-src '{_hash(style)}'", "base-uri 'none'", "form-action 'none'"]
    if script:
        rules.insert(1, f"script-src '{_hash(script)}'")
    return "; ".join(rules)


def data_block(value: Any) -> Markup:
    """JSON that is safe inside a script element: no `<`, no line separators, no lone surrogates."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character, escape in _JSON_ESCAPES.items():
        text = text.replace(character, escape)  # six searches are many times faster than one `translate`
    safe = _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return Markup(safe)  # noqa: S704 - escaped on the lines above


def _hash(content: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _visible(text: str) -> str:
    return show(text, lookalikes=True)


def _cell(value: object) -> str:
    return show(str(value), blanks=False)


_WITHOUT_SCRIPT = 20
"""Failing cases that a browser without JavaScript shows."""
_LIMIT = 1000
_BARS = 20

_SCRIPT_WORDS = (
    *("aligned", "damaged", "omitted", "failed", "passed", "unscored"),
    *("verbatim", "spaced", "lookalike", "altered", "corrupted", "absent", "note", "within"),
    *("source", "output", "sample", "tool-call", "empty", "left-out", "before-repair", "check", "reason", "colon"),
    "reasoning",
    *("link", "not-held", "not-listed", "samples-not-shown", "shown", "ruling", "good", "poor"),
)


def run_page(
    record: RunRecord,
    *,
    lang: str = "auto",
    index_href: str | None = None,
    rulings: Rulings | None = None,
    contradictions: Sequence[str] = (),
) -> str:
    """One self-contained HTML page. `lang` is `en`, `zh`, or `auto` for the browser's; a button switches.

    Readers' rulings are shown apart from every rate.
    """
    failing = [case for case in record.cases if case.outcome in BAD]
    summary = summarise(record)
    dimensions = [(name, slices(record.cases, name)) for name in DIMENSIONS]
    return render(
        "run.html.j2",
        styles=("page.css", "cases.css"),
        scripts=("page.js", "ruling.js", "cases.js"),
        lang=lang,
        run=record,
        contradictions=contradictions,
        summary=summary,
        bar=_bar(summary.outcomes),
        dimensions=dimensions,
        chart=_chart(dict(dimensions)["domain"]),
        filters=[
            (name, tuple(row.name for row in sorted(found, key=lambda row: row.name.lower())))
            for name, found in dimensions
            if name != "suite"
        ],
        failing=[kept_part("failing_case", _failing_case(case)) for case in failing[:_WITHOUT_SCRIPT]],
        failing_more=max(0, len(failing) - _WITHOUT_SCRIPT),
        speeds=[(one.prompt, one.quantity, speed_cells(one)) for one in speeds(record.latency)]
        if record.latency
        else [],
        runtimes=_distinct(record, "runtime"),
        resolved_models=_distinct(record, "resolved_model"),
        recipe=_readable(record.recipe),
        configuration=_readable(record.configuration),
        words=words(),
        index_href=index_href,
        rulings=rulings,
        data=_data(record, rulings),
    )


class _FailingCase(NamedTuple):
    """What a browser without JavaScript shows of a case."""

    key: str
    outcome: str
    domain: str
    language: str
    task: str
    samples: range
    turns: tuple[ShownMessage, ...]
    answers: tuple[ShownAnswer, ...]


def _failing_case(case: CaseResult) -> _FailingCase:
    turns, answers = evidence.turns(case, _LIMIT), evidence.answers(case, _LIMIT)
    samples = range(len(case.samples))
    return _FailingCase(case.key, case.outcome, case.domain, case.language, case.task, samples, turns, answers)


def _data(record: RunRecord, rulings: Rulings | None) -> Markup:
    return data_block(
        {
            "run": {"id": record.run_id},
            "words": for_script(*_SCRIPT_WORDS),
            "cases": rows(record, rulings),
        }
    )


def _bar(outcomes: dict[str, int]) -> list[tuple[str, int, int]]:
    """Outcome, count and start of each part of the bar under the headline, good ones first."""
    parts, start = [], 0
    for outcome in ("aligned", "passed", *OUTCOMES[:4]):
        count = outcomes.get(outcome, 0)
        if count:
            parts.append((outcome, count, start))
            start += count
    return parts


def _chart(domains: tuple[Slice, ...]) -> Markup:
    bars = [
        charts.Bar(row.name, value, row.rate.low, row.rate.high, f"{row.rate} ({row.rate.k}/{row.rate.n})")
        for row in domains
        if (value := row.rate.value) is not None and row.rate.low is not None and row.rate.high is not None
    ][:_BARS]
    listed = "; ".join(f"{bar.name} {bar.note}" for bar in bars)
    return charts.intervals(bars, label=told("chart-slices", listed))


def _distinct(record: RunRecord, field: str) -> list[str]:
    return sorted({value for case in record.cases for s in case.samples if (value := getattr(s, field))})


def _readable(value: object) -> str:
    """JSON over several lines, invisible characters spelled out."""
    if not value:
        return ""
    return "\n".join(show(line, blanks=False) for line in json.dumps(value, ensure_ascii=False, indent=2).split("\n"))


_WITH_TEXTS = 150
"""Flips shown with source and answers; a promotion that flips more has other questions first."""
_LIMIT_COMPARE_PAGE = 1200
_BARS_COMPARE_PAGE = 16


@dataclass(frozen=True, slots=True)
class Judgement:
    """A gate's verdict, when it was given (ISO 8601) and where its policy is."""

    verdict: GateVerdict
    when: str
    policy: str


def compare_page(
    comparison: Comparison,
    old: RunRecord,
    new: RunRecord,
    *,
    judged: Judgement | None = None,
    lang: str = "auto",
    index_href: str | None = None,
    contradictions: Sequence[str] = (),
) -> str:
    """One self-contained HTML page. `old` and `new` are the records that `comparison` was made of; with
    `judged`, the gate's verdict is on top and its rules follow."""
    gate = judged.verdict if judged else None
    before, after = map(by_key, under_own_suites((old, new)))
    option = options((old, new))[1]
    ordered = in_reading_order(comparison.flips)
    kinds = list(dict.fromkeys(flip.kind for flip in ordered))
    return render(
        "compare.html.j2",
        styles=("page.css", "cases.css", "compare.css"),
        scripts=("page.js", "filter.js"),
        lang=lang,
        comparison=comparison,
        contradictions=contradictions,
        headline=comparison.changes[0],
        contradicted=disagreements(comparison.changes),
        gate=gate,
        judged=judged,
        rules=[(rule, needed(rule), read(rule)) for rule in gate.rules] if gate else [],
        kinds=[(kind, sum(flip.kind == kind for flip in comparison.flips)) for kind in kinds],
        flips=[_shown(flip, before, after) for flip in ordered[:_WITH_TEXTS]],
        flips_more=ordered[_WITH_TEXTS:],
        quiet=sum(map(is_quiet, ordered[:_WITH_TEXTS])),
        search=next((one for one in comparison.changes if one.metric == "search_hit_rate" and one.pairs), None),
        gaps=_gaps(option, old.label, new.label),
        chart=_chart_of_compare_page(comparison.slices),
        index_href=index_href,
        p_value=rates.p_value,
        p_phrase=p_phrase,
        results=_results(gate),
        top=[_cell(line) for line in headlines(gate)] if gate else [],
        basis=[_cell(line) for line in basis(gate)] if gate else [],
        worst=[_cell(line) for line in worst_slices(gate)] if gate else [],
        gain=option.gain,
        next_step=gate.next if gate else None,
        words=words(),
    )


def case_page(
    found: OneCase,
    past: Mapping[str, Sequence[RunRecord]],
    *,
    hrefs: Mapping[tuple[str, str], str] | None = None,
    lang: str = "auto",
    index_href: str | None = None,
) -> str:
    """One case in any number of versions side by side, each with its outcomes over the runs of the version.

    Args:
        past: the runs of each version, by label.
        hrefs: the page of each run that has one, by label and run id.
    """
    first = next(case for case in found.results if case is not None)
    shown = [
        {
            "label": record.label,
            "href": (hrefs or {}).get((record.label, record.run_id)),
            "case": case,
            "day": (record.evidence.newest or record.started)[:10],
            "answers": evidence.answers(case, _LIMIT_COMPARE_PAGE) if case else (),
            "spells": spells(found.key, past.get(record.label, ())),
        }
        for record, case in zip(found.records, found.results, strict=True)
    ]
    return render(
        "case.html.j2",
        styles=("page.css", "cases.css", "case.css"),
        scripts=("page.js",),
        lang=lang,
        first=first,
        held_out=HELD_OUT in first.tags,
        turns=evidence.turns(first, 2 * _LIMIT_COMPARE_PAGE),
        shown=shown,
        index_href=index_href,
    )


def needed(verdict: RuleVerdict) -> str:
    """What the bound asks for, in signs: `≥ 95.0%`, or `> −3.0` points."""
    if verdict.bound == "min":
        return f"≥ {rates.percent(verdict.limit)}"
    if verdict.bound == "max":
        return f"≤ {rates.percent(verdict.limit)}"
    sign, limit = (">", -verdict.limit) if verdict.bound == "max_drop" else ("<", verdict.limit)
    return f"{sign} {rates.points(limit)}"


def read(verdict: RuleVerdict) -> tuple[str, str]:
    """Estimate and one-sided bounds of a rule, as rates or as points."""
    write = rates.percent if verdict.bound in ("min", "max") else rates.points
    reading = verdict.reading
    if reading.low is None or reading.high is None:
        return rates.NO_DATA, rates.NO_DATA
    return write(reading.estimate), f"{write(reading.low)} … {write(reading.high)}"


def p_phrase(value: float | None) -> str:
    """`= 0.031` or `< 0.001`, to follow a `p`."""
    text = rates.p_value(value)
    return text if text.startswith("<") else f"= {text}"


def _shown(flip: Flip, before: Mapping[str, CaseResult], after: Mapping[str, CaseResult]) -> dict[str, Any]:
    old, new = before[flip.key], after[flip.key]
    return {
        "flip": flip,
        "quiet": is_quiet(flip),
        "before": old,
        "after": new,
        "turns": evidence.turns(new, _LIMIT_COMPARE_PAGE),
        "old": evidence.answers(old, _LIMIT_COMPARE_PAGE),
        "new": evidence.answers(new, _LIMIT_COMPARE_PAGE),
    }


def _gaps(option: Option, old: str, new: str) -> list[tuple[str, Rate, Rate, float | None]]:
    """Trained and untrained alignment of both runs, split by the exposure of the new one.

    The old run on the same split shows how much of a gap is mere difficulty of the cases.
    """
    both = [(old, option.base_gap), (new, option.gap)]
    return [
        (label, Rate.of(gap.trained), Rate.of(gap.untrained), gap.difference)
        for label, gap in both
        if gap is not None and gap.trained.n and gap.untrained.n
    ]


def _results(gate: GateVerdict | None) -> list[tuple[str, int]]:
    counts = Counter(rule.result for rule in gate.rules) if gate else Counter[str]()
    return [(name, counts[name]) for name in ("BREACH", "INSUFFICIENT_EVIDENCE", "PASS") if counts[name]]


def _chart_of_compare_page(slices: tuple[SliceChange, ...]) -> Markup:
    rows = [
        charts.Bar(
            one.value,
            one.change.difference,
            one.change.low,
            one.change.high,
            f"{rates.points(one.change.difference)} ({one.change.pairs})",
        )
        for one in slices
        if one.dimension == "domain"
        and one.change.difference is not None
        and one.change.low is not None
        and one.change.high is not None
    ]
    rows.sort(key=lambda bar: bar.value)
    listed = "; ".join(f"{bar.name} {bar.note}" for bar in rows[:_BARS_COMPARE_PAGE])
    return charts.intervals(rows[:_BARS_COMPARE_PAGE], label=told("chart-changes", listed), signed=True)
