"""One case as a page shows it: what was asked and what came back, cut into marked stretches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from harness.errors import RecordError
from harness.files import json_lines
from harness.records import Record
from harness.records.case import HELD_OUT, texts_of
from harness.records.run import CaseResult, MentionRecord, RunRecord, SampleResult
from harness.show import rates
from harness.show.marked_text import GAP, SEVERITY, Piece, Span, Stretch, marked, occurrences
from harness.show.rates import BAD, damage_codes
from harness.text.visible import show

_safe = partial(show, blanks=False)
_compact = json.JSONEncoder(separators=(",", ":")).encode
_CONTEXT = 12
"""Characters shown on either side of a mention in the list of mentions."""
_CALM = ("verbatim", "note")
_LABEL_LIMIT = 10_000
"""Bytes of a label: names and a digest."""


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One message of the conversation."""

    role: str
    text: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class ShownMention:
    """A target and one of its mentions, or its absence (then `text` is empty)."""

    target: tuple[Stretch, ...]
    verdict: str
    text: tuple[Stretch, ...] = ()
    codes: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """One sample. `digest` (16 hex digits of SHA-256) ties a reader's ruling to these very words."""

    sample: int
    outcome: str
    reason: str
    text: tuple[Stretch, ...]
    raw: tuple[Stretch, ...]
    reasoning: tuple[Stretch, ...]
    calls: tuple[tuple[str, tuple[Stretch, ...]], ...]
    findings: tuple[ShownMention, ...]
    checks: tuple[tuple[str, bool, str], ...]
    digest: str
    left_out: int = 0
    """Mentions, targets, calls and checks that the run record has and a page has not."""


_REASONING = 2000
"""Characters of reasoning that a page holds of an answer: it is not judged, and may be longer than all else."""
_LISTED = 40
"""Mentions and absent targets, calls, and checks that a page lists of one answer, of each."""
_SAMPLES = 20
_TURNS = 100
_SHORT = 400
"""Characters of the detail of a check in such a list."""
_STRING = 160
"""Characters of a target and of a mention in such a list: the text above it holds all of them, marked."""


def turns(case: CaseResult, limit: int | None = None) -> tuple[ShownMessage, ...]:
    """The end of the conversation with the targets marked; nothing of a case that is held out of training."""
    found: list[ShownMessage] = []
    if HELD_OUT in case.tags:
        return ()
    before = sum(len(text) for message in case.messages[:-_TURNS] for text in texts_of((message,)))
    if before:
        found.append(ShownMessage("…", (Stretch((Piece(str(before), GAP),)),)))
    for message in case.messages[-_TURNS:]:
        text = "\n".join(texts_of((message,)))
        role = str(message.get("role", ""))
        found.append(ShownMessage(role, marked(text, occurrences(text, case.targets), limit=limit)))
    return tuple(found)


def answers(case: CaseResult, limit: int | None = None) -> tuple[ShownAnswer, ...]:
    """The samples of the case, failing ones first where there are many; nothing of a case that is held out."""
    return tuple(_answer(case, sample, limit) for sample in shown_samples(case))


def shown_samples(case: CaseResult) -> tuple[SampleResult, ...]:
    """The samples that a page holds."""
    if HELD_OUT in case.tags:
        return ()
    if len(case.samples) <= _SAMPLES:
        return case.samples
    kept = sorted(case.samples, key=lambda sample: sample.outcome not in BAD)[:_SAMPLES]
    return tuple(sorted(kept, key=lambda sample: sample.sample))


def answer_digest(sample: SampleResult) -> str:
    """What a ruling was given on: the answer as it was judged, tool calls included."""
    calls = [[call.name, call.arguments] for call in sample.tool_calls]
    content = _compact([sample.output, calls])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _answer(case: CaseResult, sample: SampleResult, limit: int | None) -> ShownAnswer:
    mentions = [mention for found in sample.mentions.values() for mention in found]
    in_text = [mention for mention in mentions if mention.tool_call is None]
    by_call: dict[int, list[MentionRecord]] = {}
    for mention in mentions:
        if mention.tool_call is not None:
            by_call.setdefault(mention.tool_call, []).append(mention)
    listed = _LISTED if limit is None else max(5, min(_LISTED, limit // _BYTES_OF_A_MENTION))
    findings, more = _findings(case, sample, listed)
    calls, checks = sample.tool_calls[:_LISTED], sample.checks[:_LISTED]
    return ShownAnswer(
        sample=sample.sample,
        outcome=sample.outcome,
        reason=sample.reason or "",
        text=marked(sample.output, _spans(sample.output, in_text), limit=limit),
        raw=() if sample.raw_output is None else marked(sample.raw_output, limit=limit),
        reasoning=marked(sample.reasoning, limit=_REASONING if limit is None else min(limit, _REASONING))
        if sample.reasoning
        else (),
        calls=tuple(
            (
                call.name,
                marked(call.arguments, _spans(call.arguments, by_call.get(index, [])), limit=limit),
            )
            for index, call in enumerate(calls)
        ),
        findings=findings,
        checks=tuple((check.check, check.passed, _short(check.detail)) for check in checks),
        digest=answer_digest(sample),
        left_out=more + len(sample.tool_calls) - len(calls) + len(sample.checks) - len(checks),
    )


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def _spans(text: str, mentions: list[MentionRecord]) -> list[Span]:
    """Spans of mentions in `text`. Offsets of a JSON answer count in a decoded string, so there its encoded
    forms are looked up instead: of the first different ones, since each takes a search of the text."""
    spans: list[Span] = []
    elsewhere: dict[tuple[str, str], None] = {}
    for mention in mentions:
        mark = _mark(mention)
        if mention.path is None and text[mention.start : mention.end] == mention.text:
            spans.append(Span(mention.start, mention.end, mark))
        else:
            elsewhere[mention.text, mark] = None
    for wanted, mark in list(elsewhere)[:_LISTED]:
        forms = {json.dumps(wanted, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
        spans += occurrences(text, sorted(forms | {form.replace("/", "\\/") for form in forms}), mark)
    return spans


def _mark(mention: MentionRecord) -> str:
    if mention.is_note:
        return "note"
    return mention.verdict if mention.verdict in SEVERITY else "altered"


def _findings(case: CaseResult, sample: SampleResult, most: int) -> tuple[tuple[ShownMention, ...], int]:
    """What became of each target, mention by mention, and how many there are beside those that are listed.

    Where there are more than `most`, what is wrong is listed first.
    """
    if sample.outcome == "unscored":
        return (), 0
    found: list[tuple[str, str, MentionRecord | None]] = []
    for target in case.targets:
        mentions = sample.mentions.get(target, ())
        verdict = sample.verdicts.get(target, "absent")
        if target in sample.within:
            found.append((target, "within", None))
        elif not mentions or verdict == "absent":  # a note beside it is not a mention
            found.append((target, verdict, None))
        found += [(target, "note" if one.is_note else one.verdict, one) for one in mentions]
    listed = found
    if len(found) > most:
        worst_first = sorted(range(len(found)), key=lambda place: found[place][1] in _CALM)[:most]
        listed = [found[place] for place in sorted(worst_first)]
    shown = []
    for target, verdict, one in listed:
        name = marked(target, limit=_STRING)
        if one is not None:
            shown.append(ShownMention(name, verdict, _context(sample, one), one.damage, _where(one)))
        elif verdict == "within":
            shown.append(ShownMention(name, verdict, marked(sample.within[target], limit=_STRING)))
        else:
            shown.append(ShownMention(name, verdict))
    return tuple(shown), len(found) - len(listed)


def _context(sample: SampleResult, mention: MentionRecord) -> tuple[Stretch, ...]:
    mark = _mark(mention)
    text = sample.output
    if mention.path is not None or mention.tool_call is not None:
        return marked(mention.text, [Span(0, len(mention.text), mark)], limit=_STRING)
    left, right = max(0, mention.start - _CONTEXT), min(len(text), mention.end + _CONTEXT)
    before = ("…" if left else "") + text[left : mention.start].replace("\n", " ")
    after = text[mention.end : right].replace("\n", " ") + ("…" if right < len(text) else "")
    whole = before + mention.text + after
    return marked(whole, [Span(len(before), len(before) + len(mention.text), mark)], limit=_STRING)


def _where(mention: MentionRecord) -> str:
    """Tool call and path, and how sure the model was of the signs, in signs that need no language."""
    if mention.tool_call is not None:
        return f"#{mention.tool_call + 1} {mention.path or ''}".rstrip()
    sure = "" if mention.probability is None else f"p {mention.probability:.2g}"
    return " ".join(filter(None, (mention.path, sure)))


def packed(stretches: tuple[Stretch, ...]) -> list[Any]:
    """Stretches in as little JSON as a script can paint: a string is plain text, `[kind, text]` a piece,
    `[mark, [pieces]]` a mark."""
    out: list[Any] = []
    for stretch in stretches:
        inner: list[Any] = [piece.text if not piece.kind else [piece.kind, piece.text] for piece in stretch.pieces]
        out += [[stretch.mark, inner]] if stretch.mark else inner
    return out


SCHEMA = 1


class Label(Record):
    """One line of `labels.jsonl`, as a page exports it."""

    schema_version: Literal[1] = Field(alias="schema")
    run: str
    reader: str = Field(min_length=1, max_length=80)
    case: str
    sample: int
    answer: str
    """First 16 hex digits of the answer's digest: a ruling counts only for the words that were read."""
    ruling: Literal["good", "bad"]
    at: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two readers over the answers that both ruled on. `kappa` is None where chance alone would agree."""

    first: str
    second: str
    both: int
    agreed: int
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Rulings:
    """All rulings on the answers of one run: by (case key, sample), then by reader."""

    by_answer: dict[tuple[str, int], dict[str, str]]
    other_answers: int
    """Rulings given on other words than this run holds, and left out."""

    @property
    def readers(self) -> list[tuple[str, int, int]]:
        """Each reader with the numbers of good and bad."""
        given = [pair for rulings in self.by_answer.values() for pair in rulings.items()]
        return [
            (name, given.count((name, "good")), given.count((name, "bad")))
            for name in sorted({name for name, _ in given})
        ]

    @property
    def pairs(self) -> list[Agreement]:
        """Every two readers who share an answer."""
        names = [name for name, _, _ in self.readers]
        return [pair for a, b in combinations(names, 2) if (pair := self._pair(a, b)).both]

    def _pair(self, first: str, second: str) -> Agreement:
        shared = [(r[first], r[second]) for r in self.by_answer.values() if first in r and second in r]
        return Agreement(first, second, len(shared), sum(a == b for a, b in shared), kappa(shared))


def kappa(rulings: list[tuple[str, str]]) -> float | None:
    """Cohen's kappa (1960): agreement beyond chance, (po - pe) / (1 - pe). None if it is not defined."""
    if not rulings:
        return None
    n = len(rulings)
    observed = sum(a == b for a, b in rulings) / n
    expected = sum(
        sum(a == word for a, _ in rulings) * sum(b == word for _, b in rulings) for word in ("good", "bad")
    ) / (n * n)
    return None if expected >= 1 else (observed - expected) / (1 - expected)


def read_labels(paths: Iterable[Path]) -> list[Label]:
    """All lines of all files. A line that is not a ruling is an error with file, line and field."""
    found: list[Label] = []
    for path in paths:
        hint = "accepted: a labels.jsonl that a run page exported"
        lines = json_lines(path, RecordError, limit=_LABEL_LIMIT, hint=hint)
        found += [_label(path, number, value) for number, value in lines]
    return found


def match(record: RunRecord, labels: Iterable[Label]) -> Rulings:
    """The labels that belong to this run's answers; a reader's latest ruling on an answer counts."""
    digests = {(case.key, sample.sample): answer_digest(sample) for case in record.cases for sample in case.samples}
    by_answer: dict[tuple[str, int], dict[str, str]] = {}
    other = 0
    for label in sorted(labels, key=lambda one: one.at):
        place = (label.case, label.sample)
        if digests.get(place) == label.answer:
            by_answer.setdefault(place, {})[label.reader] = label.ruling
        elif label.run == record.run_id:
            other += 1
    return Rulings(by_answer, other)


def _label(path: Path, number: int, value: Any) -> Label:
    try:
        return Label.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "the line"
        raise RecordError(
            f"{path}:{number}: {field}: {first['msg']}. A line is as a run page exports it: schema, run, reader, "
            "case, sample, answer, ruling (good or bad) and at."
        ) from error


_BUDGET = 600_000
"""Characters of evidence a page of up to 500 cases may hold; more cases may hold `_EACH` more, one by one."""
_EACH = 1_000
_MOST = 12_000_000
_BYTES_OF_A_MENTION = 100
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
                answer["v"] = [[_safe(reader), ruling] for reader, ruling in given.items()]
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
    for sample in shown_samples(case):
        texts += [
            sample.output,
            sample.raw_output or "",
            (sample.reasoning or "")[:_REASONING],
            *(call.arguments for call in sample.tool_calls[:_LISTED]),
        ]
    listed = [
        _BYTES_OF_A_MENTION * (len(case.targets) + sum(map(len, sample.mentions.values())))
        for sample in shown_samples(case)
    ]
    return [*(len(text) if text.isascii() else 2 * len(text) for text in texts), *listed]


def _row(case: CaseResult, limit: int, currency: str | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "k": _safe(case.key),
        "d": _safe(case.domain),
        "l": _safe(case.language),
        "t": _safe(case.task),
        "y": case.symbols,
        "x": case.exposure,
        "o": case.outcome,
    }
    codes = sorted(set(damage_codes(case)))
    latency = max((s.latency_s for s in case.samples if s.latency_s is not None), default=None)
    if codes:
        row["c"] = codes
    if case.tags:
        row["g"] = [_safe(tag) for tag in case.tags]
    if latency is not None:
        row["s"] = round(latency, 3)
    if HELD_OUT in case.tags:
        return row
    if limit:
        row["m"] = [[_safe(turn.role), packed(turn.text)] for turn in turns(case, limit)]
        shown = answers(case, limit)
        row["a"] = [
            _answer_of_rows(answer, sample, currency) for answer, sample in zip(shown, shown_samples(case), strict=True)
        ]
        if len(shown) < len(case.samples):
            row["e"] = len(case.samples) - len(shown)
    elif case.targets:
        row["n"] = [_safe(_short(target)) for target in case.targets[:_LISTED]]
    return row


def _answer_of_rows(answer: ShownAnswer, sample: SampleResult, currency: str | None) -> dict[str, Any]:
    packed_answer: dict[str, Any] = {
        "n": answer.sample,
        "o": answer.outcome,
        "h": answer.digest,
        "t": packed(answer.text),
        "u": _usage(sample, currency),
    }
    if answer.reason:
        packed_answer["r"] = _safe(answer.reason)
    if answer.raw:
        packed_answer["w"] = packed(answer.raw)
    if answer.reasoning:
        packed_answer["z"] = packed(answer.reasoning)
    if answer.calls:
        packed_answer["c"] = [[_safe(name), packed(text)] for name, text in answer.calls]
    if answer.findings:
        packed_answer["f"] = [
            [packed(f.target), f.verdict, packed(f.text), " ".join(f.codes), _safe(f.where)] for f in answer.findings
        ]
    if answer.left_out:
        packed_answer["e"] = answer.left_out
    if answer.checks:
        packed_answer["k"] = [[_safe(name), passed, _safe(detail)] for name, passed, detail in answer.checks]
    return packed_answer


def _usage(sample: SampleResult, currency: str | None) -> str:
    """Latency, tokens, cost and date on one line, in signs that need no language."""
    parts = []
    if sample.latency_s is not None:
        parts.append(rates.seconds(sample.latency_s))
    if sample.prompt_tokens is not None or sample.completion_tokens is not None:
        parts.append(f"{rates.number(sample.prompt_tokens)} → {rates.number(sample.completion_tokens)} tokens")
    if sample.cost is not None:
        parts.append(rates.money(sample.cost, currency))
    if sample.recorded_at:
        parts.append(rates.moment(sample.recorded_at))
    return " · ".join(parts)
