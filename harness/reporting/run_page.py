"""The page of one run: verdict first, then where it fails, then every answer."""

from __future__ import annotations

import json

from harness.records.run import RunRecord
from harness.reporting import evidence
from harness.reporting.page import render as render_page
from harness.reporting.summary import BAD, DIMENSIONS, OUTCOMES, slices, summarise

_WITHOUT_SCRIPT = 100
"""Failing cases that a browser without JavaScript shows."""
_LIMIT = 4000


def render(record: RunRecord, *, lang: str = "auto") -> str:
    """One self-contained HTML page. `lang` is `en`, `zh`, or `auto` for the browser's; a button switches."""
    failing = [case for case in record.cases if case.outcome in BAD]
    return render_page(
        "run.html.j2",
        styles=("page.css",),
        lang=lang,
        run=record,
        summary=summarise(record),
        outcomes=OUTCOMES,
        dimensions=[(name, slices(record.cases, name)) for name in DIMENSIONS],
        failing=[
            (case, evidence.turns(case, _LIMIT), evidence.answers(case, _LIMIT))
            for case in failing[:_WITHOUT_SCRIPT]
        ],
        failing_more=max(0, len(failing) - _WITHOUT_SCRIPT),
        runtimes=_distinct(record, "runtime"),
        resolved_models=_distinct(record, "resolved_model"),
        recipe=_readable(record.recipe),
        configuration=_readable(record.configuration),
    )


def _distinct(record: RunRecord, field: str) -> list[str]:
    return sorted({value for case in record.cases for s in case.samples if (value := getattr(s, field))})


def _readable(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) if value else ""
