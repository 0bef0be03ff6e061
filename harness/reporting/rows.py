"""The cases of a run as data for the page's script, small enough that 500 of them stay under a megabyte."""

from __future__ import annotations

from typing import Any

from harness.records.run import CaseResult, RunRecord, SampleResult
from harness.reporting import figures
from harness.reporting.evidence import Answer, answers, packed, turns
from harness.reporting.labels import Rulings
from harness.reporting.marks import plain
from harness.reporting.summary import BAD, damage_codes

_BUDGET = 600_000
"""Characters of evidence a page of up to 500 cases may hold; more cases may hold `_EACH` more, one by one."""
_EACH = 1_000
_MOST = 12_000_000
_STEPS = ((4000, 4000), (4000, 1000), (2000, 300), (1000, 0), (400, 0), (100, 0))
"""Limits in characters a text, for failing cases and for the others; 0 keeps no evidence."""


def rows(record: RunRecord, rulings: Rulings | None = None) -> list[dict[str, Any]]:
    """One row a case."""
    failing_limit, other_limit = limits(record.cases)
    found = []
    for case in record.cases:
        row = _row(case, failing_limit if _shown(case) else other_limit, record.currency)
        for answer in row.get("a", ()):
            given = rulings.by_answer.get((case.key, answer["n"])) if rulings else None
            if given:
                answer["v"] = [[plain(reader), ruling] for reader, ruling in given.items()]
        found.append(row)
    return found


def limits(cases: tuple[CaseResult, ...]) -> tuple[int, int]:
    """How much of each text fits: what failed is cut last."""
    room = min(_MOST, _BUDGET + _EACH * max(0, len(cases) - 500))
    lengths = [(_shown(case), _lengths(case)) for case in cases]
    for failing_limit, other_limit in _STEPS:
        size = sum(min(length, failing_limit if shown else other_limit) for shown, texts in lengths for length in texts)
        if size <= room:
            return failing_limit, other_limit
    return _STEPS[-1]


def _shown(case: CaseResult) -> bool:
    return case.outcome in BAD


def _lengths(case: CaseResult) -> list[int]:
    """Sizes of what a page would hold, in bytes of UTF-8 as near as a count of characters tells."""
    texts = [str(message.get("content") or "") for message in case.messages]
    for sample in case.samples:
        texts += [sample.output, sample.raw_output or "", *(call.arguments for call in sample.tool_calls)]
    return [len(text) if text.isascii() else 2 * len(text) for text in texts]


def _row(case: CaseResult, limit: int, currency: str | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "k": plain(case.key),
        "d": plain(case.domain),
        "l": plain(case.language),
        "t": plain(case.task),
        "y": case.symbols,
        "x": case.exposure,
        "o": case.outcome,
    }
    codes = sorted(set(damage_codes(case)))
    latency = max((s.latency_s for s in case.samples if s.latency_s is not None), default=None)
    if codes:
        row["c"] = codes
    if case.tags:
        row["g"] = [plain(tag) for tag in case.tags]
    if latency is not None:
        row["s"] = round(latency, 3)
    if limit:
        row["m"] = [[plain(turn.role), packed(turn.text)] for turn in turns(case, limit)]
        shown = answers(case, limit)
        row["a"] = [_answer(answer, sample, currency) for answer, sample in zip(shown, case.samples, strict=True)]
    elif case.targets:
        row["n"] = [plain(target) for target in case.targets]
    return row


def _answer(answer: Answer, sample: SampleResult, currency: str | None) -> dict[str, Any]:
    packed_answer: dict[str, Any] = {
        "n": answer.sample,
        "o": answer.outcome,
        "h": answer.digest,
        "t": packed(answer.text),
        "u": _usage(sample, currency),
    }
    if answer.reason:
        packed_answer["r"] = plain(answer.reason)
    if answer.raw:
        packed_answer["w"] = packed(answer.raw)
    if answer.calls:
        packed_answer["c"] = [[plain(name), packed(text)] for name, text in answer.calls]
    if answer.findings:
        packed_answer["f"] = [
            [packed(f.target), f.verdict, packed(f.text), " ".join(f.codes), plain(f.where)] for f in answer.findings
        ]
    if answer.checks:
        packed_answer["k"] = [[plain(name), passed, plain(detail)] for name, passed, detail in answer.checks]
    return packed_answer


def _usage(sample: SampleResult, currency: str | None) -> str:
    """Latency, tokens, cost and date on one line, in signs that need no language."""
    parts = []
    if sample.latency_s is not None:
        parts.append(figures.seconds(sample.latency_s))
    if sample.prompt_tokens is not None or sample.completion_tokens is not None:
        parts.append(f"{figures.number(sample.prompt_tokens)} → {figures.number(sample.completion_tokens)} tokens")
    if sample.cost is not None:
        parts.append(figures.money(sample.cost, currency))
    if sample.recorded_at:
        parts.append(figures.moment(sample.recorded_at))
    return " · ".join(parts)
