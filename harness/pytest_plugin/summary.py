"""The terminal summary: a table for each model version. 80 columns, no colour needed, Chinese widths counted."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from harness.decisions import metrics
from harness.statistics.proportion import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from harness.decisions.metrics import Count
    from harness.pytest_plugin.session import VerbatimSession
    from harness.records.run import CaseResult, Mode, RunRecord

_NAME = 20


def write_summary(session: VerbatimSession, reporter: pytest.TerminalReporter) -> None:
    """Write the section `verbatim`."""
    if session.records:
        reporter.section("verbatim", "=")
    for record in session.records:
        for line in summary_lines(record, session.mode):
            reporter.write_line(line)
        reporter.write_line("")
    for line in session.verdicts:
        reporter.write_line(line)
    for note in session.notes:
        reporter.write_line(note)


def summary_lines(record: RunRecord, mode: Mode) -> list[str]:
    """One model version: the headline, what lies beside it, and the slices. `mode` is that of this session."""
    cases = record.cases
    aligned = metrics.alignment_rate(cases)
    lines = [f"{record.label}  {_evidence(record, mode)}"]
    if record.partial:
        lines.append(f"  partial: {record.partial_reason}")
    lines.append(f"  alignment rate   {_rate(aligned)}")
    lines.append(f"  fidelity         {_rate(metrics.fidelity(cases))}")
    lines.append(f"  mention rate     {_rate(metrics.mention_rate(cases))}")
    if any(not case.targets for case in cases):
        lines.append(f"  checks passed    {_rate(metrics.check_rate(cases))}")
    if metrics.over_correction_rate(cases).n:
        lines.append(f"  over-correction  {_rate(metrics.over_correction_rate(cases))}")
    unscored = metrics.unscored_rate(cases)
    if unscored.k:
        lines.append(f"  unscored         {unscored.k} of {unscored.n}{_reasons(cases)}")
    lines += _slices(cases)
    return lines


def _evidence(record: RunRecord, mode: Mode) -> str:
    oldest, newest = record.evidence.oldest, record.evidence.newest
    if oldest is None or newest is None:
        return f"({mode})"
    days = oldest[:10] if oldest[:10] == newest[:10] else f"{oldest[:10]} to {newest[:10]}"
    return f"({mode}, answers of {days})"


def _rate(count: Count) -> str:
    interval = wilson(count.k, count.n)
    if interval is None or count.rate is None:
        return "no data"
    return f"{count.rate:7.1%}  [{interval.low:.1%}, {interval.high:.1%}]  {count.k} of {count.n}"


def _reasons(cases: Sequence[CaseResult]) -> str:
    from collections import Counter

    reasons = Counter(s.reason for c in cases if c.outcome == "unscored" for s in c.samples if s.reason)
    return "  (" + ", ".join(f"{reason} {number}" for reason, number in reasons.most_common(4)) + ")"


def _slices(cases: Sequence[CaseResult]) -> list[str]:
    with_targets = [case for case in cases if case.targets]
    exposures = sorted({case.exposure for case in with_targets})
    places: dict[tuple[str, str], list[CaseResult]] = {}
    for case in with_targets:
        places.setdefault((case.suite, case.domain), []).append(case)
    lines: list[str] = []
    if len(exposures) > 1:
        lines += ["", _header("exposure")]
        lines += [_row(name, [c for c in with_targets if c.exposure == name]) for name in exposures]
    lines += ["", _header("suite / domain")] if places else []
    suite = None
    for (name, domain), here in sorted(places.items()):
        if name != suite:
            lines.append(f"  {name}")
            suite = name
        lines.append(_row(f"  {domain}", here))
    return lines


def _header(name: str) -> str:
    return f"  {_padded(name)} aligned  95% interval     damaged omitted failed unscored"


def _row(name: str, cases: Sequence[CaseResult]) -> str:
    count = metrics.alignment_rate(cases)
    interval = wilson(count.k, count.n)
    rate = f"{count.rate:7.1%}" if count.rate is not None else "no data"
    shown = f"[{interval.low:6.1%},{interval.high:7.1%}]" if interval else ""
    outcomes = [case.outcome for case in cases]
    counts = "".join(
        f"{outcomes.count(outcome) or '.':>{width}}"  # type: ignore[arg-type]
        for outcome, width in (("damaged", 8), ("omitted", 8), ("failed", 7), ("unscored", 9))
    )
    return f"  {_padded(name)} {rate}  {shown:<16}{counts}"


def _padded(text: str) -> str:
    """To the width of the first column, cut if it is longer; Chinese characters are two columns wide."""
    kept, width = "", 0
    for char in text:
        wide = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if width + wide > _NAME:
            break
        kept, width = kept + char, width + wide
    return kept + " " * (_NAME - width)
