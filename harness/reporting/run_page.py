"""The page of one run: verdict first, then where it fails, then every answer."""

from __future__ import annotations

import json

from markupsafe import Markup

from harness.decisions.latency import speeds
from harness.decisions.words.latency import speed_cells
from harness.records.run import RunRecord
from harness.reporting import charts, evidence
from harness.reporting.labels import Rulings
from harness.reporting.marks import plain
from harness.reporting.page import data_block
from harness.reporting.page import render as render_page
from harness.reporting.rows import rows
from harness.reporting.summary import BAD, DIMENSIONS, OUTCOMES, Slice, slices, summarise
from harness.reporting.vocabulary import WORDS
from harness.reporting.words import for_script

_WITHOUT_SCRIPT = 20
"""Failing cases that a browser without JavaScript shows."""
_LIMIT = 1000
_BARS = 20

_SCRIPT_WORDS = (
    *("aligned", "damaged", "omitted", "failed", "passed", "unscored"),
    *("verbatim", "spaced", "lookalike", "altered", "absent"),
    *("source", "output", "sample", "tool-call", "empty", "left-out", "before-repair", "check", "reason"),
    *("link", "not-held", "shown", "ruling", "good", "poor"),
)


def render(
    record: RunRecord,
    *,
    lang: str = "auto",
    index_href: str | None = None,
    rulings: Rulings | None = None,
) -> str:
    """One self-contained HTML page. `lang` is `en`, `zh`, or `auto` for the browser's; a button switches.

    Readers' rulings are shown apart from every rate.
    """
    failing = [case for case in record.cases if case.outcome in BAD]
    summary = summarise(record)
    dimensions = [(name, slices(record.cases, name)) for name in DIMENSIONS]
    return render_page(
        "run.html.j2",
        styles=("page.css", "cases.css"),
        scripts=("page.js", "ruling.js", "cases.js"),
        lang=lang,
        run=record,
        summary=summary,
        bar=_bar(summary.outcomes),
        dimensions=dimensions,
        chart=_chart(dict(dimensions)["domain"]),
        charts_available=charts.available(),
        install=charts.INSTALL,
        failing=[
            (case, evidence.turns(case, _LIMIT), evidence.answers(case, _LIMIT)) for case in failing[:_WITHOUT_SCRIPT]
        ],
        failing_more=max(0, len(failing) - _WITHOUT_SCRIPT),
        speeds=[(one.prompt, one.quantity, speed_cells(one)) for one in speeds(record.latency)]
        if record.latency
        else [],
        runtimes=_distinct(record, "runtime"),
        resolved_models=_distinct(record, "resolved_model"),
        recipe=_readable(record.recipe),
        configuration=_readable(record.configuration),
        words=WORDS,
        index_href=index_href,
        rulings=rulings,
        data=_data(record, rulings),
    )


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
    told = "; ".join(f"{bar.name} {bar.note}" for bar in bars)
    return charts.intervals(bars, label=f"{WORDS['chart-slices'][0]}: {told}")


def _distinct(record: RunRecord, field: str) -> list[str]:
    return sorted({value for case in record.cases for s in case.samples if (value := getattr(s, field))})


def _readable(value: object) -> str:
    """JSON over several lines, invisible characters spelled out."""
    return plain(json.dumps(value, ensure_ascii=False, indent=2)) if value else ""
