"""One case as a page shows it: what was asked and what came back, cut into marked stretches."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from harness.records.case import texts_of
from harness.records.run import CaseResult, MentionRecord, SampleResult
from harness.reporting.marks import SEVERITY, Span, Stretch, marked, occurrences

_compact = json.JSONEncoder(separators=(",", ":")).encode
_CONTEXT = 12
"""Characters shown on either side of a mention in the list of mentions."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation."""

    role: str
    text: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A target and one of its mentions, or its absence (then `text` is empty)."""

    target: tuple[Stretch, ...]
    verdict: str
    text: tuple[Stretch, ...] = ()
    codes: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One sample. `digest` (16 hex digits of SHA-256) ties a reader's ruling to these very words."""

    sample: int
    outcome: str
    reason: str
    text: tuple[Stretch, ...]
    raw: tuple[Stretch, ...]
    calls: tuple[tuple[str, tuple[Stretch, ...]], ...]
    findings: tuple[Finding, ...]
    checks: tuple[tuple[str, bool, str], ...]
    digest: str


def turns(case: CaseResult, limit: int | None = None) -> tuple[Turn, ...]:
    """The conversation with the targets marked."""
    found = []
    for message in case.messages:
        text = "\n".join(texts_of((message,)))
        role = str(message.get("role", ""))
        found.append(Turn(role, marked(text, occurrences(text, case.targets), limit=limit)))
    return tuple(found)


def answers(case: CaseResult, limit: int | None = None) -> tuple[Answer, ...]:
    """Every sample of the case."""
    return tuple(_answer(case, sample, limit) for sample in case.samples)


def answer_digest(sample: SampleResult) -> str:
    """What a ruling was given on: the answer as it was judged, tool calls included."""
    calls = [[call.name, call.arguments] for call in sample.tool_calls]
    content = _compact([sample.output, calls])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _answer(case: CaseResult, sample: SampleResult, limit: int | None) -> Answer:
    in_text = [mention for mention in _mentions(sample) if mention.tool_call is None]
    return Answer(
        sample=sample.sample,
        outcome=sample.outcome,
        reason=sample.reason or "",
        text=marked(sample.output, _spans(sample.output, in_text), limit=limit),
        raw=() if sample.raw_output is None else marked(sample.raw_output, limit=limit),
        calls=tuple(
            (
                call.name,
                marked(
                    call.arguments,
                    _spans(call.arguments, [m for m in _mentions(sample) if m.tool_call == index]),
                    limit=limit,
                ),
            )
            for index, call in enumerate(sample.tool_calls)
        ),
        findings=_findings(case, sample),
        checks=tuple((check.check, check.passed, check.detail) for check in sample.checks),
        digest=answer_digest(sample),
    )


def _mentions(sample: SampleResult) -> list[MentionRecord]:
    return [mention for mentions in sample.mentions.values() for mention in mentions]


def _spans(text: str, mentions: list[MentionRecord]) -> list[Span]:
    """Spans of mentions in `text`. Offsets of a JSON answer count in a decoded string, so there its encoded
    forms are looked up instead."""
    spans: list[Span] = []
    for mention in mentions:
        mark = mention.verdict if mention.verdict in SEVERITY else "altered"
        if mention.path is None and text[mention.start : mention.end] == mention.text:
            spans.append(Span(mention.start, mention.end, mark))
            continue
        forms = {json.dumps(mention.text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
        spans += occurrences(text, sorted(forms | {form.replace("/", "\\/") for form in forms}), mark)
    return spans


def _findings(case: CaseResult, sample: SampleResult) -> tuple[Finding, ...]:
    if sample.outcome == "unscored":
        return ()
    found: list[Finding] = []
    for target in case.targets:
        shown = marked(target)
        mentions = sample.mentions.get(target, ())
        if not mentions:
            found.append(Finding(shown, sample.verdicts.get(target, "absent")))
        for mention in mentions:
            found.append(Finding(shown, mention.verdict, _context(sample, mention), mention.damage, _where(mention)))
    return tuple(found)


def _context(sample: SampleResult, mention: MentionRecord) -> tuple[Stretch, ...]:
    mark = mention.verdict if mention.verdict in SEVERITY else "altered"
    text = sample.output
    if mention.path is not None or mention.tool_call is not None:
        return marked(mention.text, [Span(0, len(mention.text), mark)])
    left, right = max(0, mention.start - _CONTEXT), min(len(text), mention.end + _CONTEXT)
    before = ("…" if left else "") + text[left : mention.start].replace("\n", " ")
    after = text[mention.end : right].replace("\n", " ") + ("…" if right < len(text) else "")
    whole = before + mention.text + after
    return marked(whole, [Span(len(before), len(before) + len(mention.text), mark)])


def _where(mention: MentionRecord) -> str:
    if mention.tool_call is not None:
        return f"#{mention.tool_call + 1} {mention.path or ''}".rstrip()
    return mention.path or ""


def packed(stretches: tuple[Stretch, ...]) -> list[Any]:
    """Stretches in as little JSON as a script can paint: a string is plain text, `[kind, text]` a piece,
    `[mark, [pieces]]` a mark."""
    out: list[Any] = []
    for stretch in stretches:
        inner: list[Any] = [piece.text if not piece.kind else [piece.kind, piece.text] for piece in stretch.pieces]
        out += [[stretch.mark, inner]] if stretch.mark else inner
    return out
