"""Text cut into pieces for a page: what is plain, what is a target or a damage, and every character that the
eye cannot see spelled out as its code point. Pieces are values; templates and scripts only paint them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.records.conversation import AnswerResult, Part
from harness.show.figures import cells, markdown_table, pad, plural
from harness.show.sinks import code
from harness.show.words import spoken, translated, word
from harness.text import Mention
from harness.text.visible import is_hidden, show

PLAIN, BLANK, CODE, GAP = "", "b", "u", "gap"
"""Kinds of pieces: as it is; a blank drawn as a sign; a code point in words; a count of what is left out."""

SEVERITY = ("target", "verbatim", "note", "spaced", "lookalike", "altered", "corrupted")
"""What a mark says; where two overlap, the later one is shown."""

_CALM = ("", "target", "verbatim")
_CONTROLS = re.compile("[\\x00-\\x09\\x0b-\\x1f\\x7f]")
"""What is invisible in ASCII."""
_SIGNS = {" ": "␣", "\t": "⇥", "\n": "⏎"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text of one kind; a code point carries its `U+XXXX` in `text`."""

    text: str
    kind: str = PLAIN


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text to be marked: code points `start` to `end`, `mark` one of SEVERITY."""

    start: int
    end: int
    mark: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Pieces under one mark; `mark` is empty for plain text."""

    pieces: tuple[Piece, ...]
    mark: str = ""


@lru_cache(maxsize=4096)
def is_invisible(character: str) -> bool:
    """Whether a reader would not see it, or would see its neighbours moved. Plain blanks and line ends may stay."""
    return character not in " \n" and is_hidden(character)


@lru_cache(maxsize=4096)
def is_lookalike(character: str) -> bool:
    """Whether it passes for a symbol, so that only its code point tells them apart."""
    return show(character, lookalikes=True) != show(character)


def pieces(text: str, *, blanks: bool = False) -> tuple[Piece, ...]:
    """Cut `text` so that every invisible character is a piece of its own; `blanks` draws plain ones too,
    and puts the code point behind a look-alike of `-` or `/`."""
    if not blanks and not _has_invisible(text):
        return (Piece(text),) if text else ()
    cut: list[Piece] = []
    start = 0
    for position, character in enumerate(text):
        after: tuple[Piece, ...]
        if blanks and character in _SIGNS:
            after = (Piece(_SIGNS[character], BLANK),)
        elif is_invisible(character):
            after = (Piece(f"U+{ord(character):04X}", CODE),)
        elif blanks and is_lookalike(character):
            after = (Piece(character), Piece(f"U+{ord(character):04X}", CODE))
        else:
            continue
        if start < position:
            cut.append(Piece(text[start:position]))
        cut += after
        start = position + 1
    if start < len(text):
        cut.append(Piece(text[start:]))
    return tuple(cut)


def _has_invisible(text: str) -> bool:
    if text.isascii():
        return _CONTROLS.search(text) is not None
    return any(map(is_invisible, set(text)))


def marked(text: str, spans: Iterable[Span] = (), *, limit: int | None = None) -> tuple[Stretch, ...]:
    """`text` with its spans marked. Beyond `limit` characters, what is far from any damage is left out and
    counted in a GAP piece, so that one huge answer cannot fill a page."""
    if len(text) > _REMEMBERED:
        return _marked(text, tuple(spans), limit)
    return _marked_before(text, tuple(spans), limit)


_REMEMBERED = 4000
"""Characters of a text whose pieces are kept: a prompt is on the page of each night that asked it."""


def _marked(text: str, spans: tuple[Span, ...], limit: int | None) -> tuple[Stretch, ...]:
    flat = _flatten(text, spans)
    if limit is not None and len(text) > limit:
        flat = _shorten(flat, limit)
    out: list[Stretch] = []
    for chunk, mark in flat:
        if mark == GAP:
            out.append(Stretch((Piece(chunk, GAP),)))
        else:
            out.append(Stretch(pieces(chunk, blanks=mark not in _CALM), mark))
    return tuple(out)


_marked_before = lru_cache(maxsize=1024)(_marked)


def occurrences(text: str, wanted: Sequence[str], mark: str = "target") -> list[Span]:
    """Where any of `wanted` is in `text`, as it is."""
    found: list[Span] = []
    for needle in wanted:
        start = text.find(needle) if needle else -1
        while start >= 0:
            found.append(Span(start, start + len(needle), mark))
            start = text.find(needle, start + len(needle))
    return found


def _flatten(text: str, spans: Iterable[Span]) -> list[tuple[str, str]]:
    """Disjoint chunks in order, each with the worst mark that covers it."""
    size = len(text)
    spans = list(spans)
    if not spans:
        return [(text, "")] if text else []
    edges: list[tuple[int, int, int]] = []
    for span in spans:
        start, end = max(0, span.start), min(size, span.end)
        if start < end:
            rank = SEVERITY.index(span.mark)
            edges += [(start, 1, rank), (end, -1, rank)]
    cuts: list[tuple[int, str]] = [(0, "")]
    covering = [0] * len(SEVERITY)
    position = 0
    for edge, change, rank in sorted(edges):
        if position < edge:
            worst = max((r for r, count in enumerate(covering) if count), default=None)
            mark = "" if worst is None else SEVERITY[worst]
            if cuts[-1][1] != mark:
                cuts.append((position, mark))
            position = edge
        covering[rank] += change
    if position < size and cuts[-1][1]:
        cuts.append((position, ""))
    ends = [start for start, _ in cuts[1:]] + [size]
    return [(text[start:end], mark) for (start, mark), end in zip(cuts, ends, strict=True) if start < end]


_MARK = 30
"""Characters that a mark takes in a page beside its text: its name, its blanks as signs, its brackets."""


def _shorten(chunks: list[tuple[str, str]], limit: int) -> list[tuple[str, str]]:
    """Damage and the rest have `limit` characters each, so that much of the one cannot crowd out the other. A
    long chunk keeps its ends, which are what is beside a mark."""
    near = max(20, limit // (2 * (1 + sum(1 for _, mark in chunks if mark))))
    used = {True: 0, False: 0}
    kept: list[tuple[str, str]] = []
    for chunk, mark in chunks:
        damage = mark not in _CALM
        if used[damage] >= limit:
            kept.append((str(len(chunk)), GAP))
        elif len(chunk) > 2 * near + 20:
            used[damage] += 2 * near + _MARK * damage
            kept += [(chunk[:near], mark), (str(len(chunk) - 2 * near), GAP), (chunk[-near:], mark)]
        else:
            used[damage] += len(chunk) + _MARK * damage
            kept.append((chunk, mark))
    merged: list[tuple[str, str]] = []
    for chunk, mark in kept:
        if mark == GAP and merged and merged[-1][1] == GAP:
            merged[-1] = (str(int(merged[-1][0]) + int(chunk)), GAP)
        else:
            merged.append((chunk, mark))
    return merged


_LONGEST = 120
"""Characters of a target or mention in a line."""


def answer_json(result: AnswerResult) -> dict[str, Any]:
    """`verdicts` and `mentions` by target; `within` and `unscored` where there is something to say."""
    found: dict[str, Any] = {
        "verdicts": result.verdicts,
        "mentions": {
            target: [mention_json(part, mention) for part, mention in mentions]
            for target, mentions in result.mentions.items()
        },
    }
    if result.within:
        found["within"] = result.within
    if result.unscored:
        found["unscored"] = "only_reasoning"
    return found


def mention_json(part: Part, mention: Mention) -> dict[str, Any]:
    """Offsets are code points of the part, or of the decoded JSON string at `path` in it."""
    plain: dict[str, Any] = {
        "start": mention.start,
        "end": mention.end,
        "text": mention.text,
        "verdict": mention.verdict,
        "severity": mention.severity if mention.damage else None,  # what is verbatim is neither
        "damage": list(mention.damage),
    }
    if mention.path is not None:
        plain["path"] = mention.path
    if mention.reach is not None:
        plain["reach"] = list(mention.reach)
    if part.place:
        plain["part"] = part.pointer
    return plain


def answer_lines(result: AnswerResult) -> list[str]:
    """One line a target, and under it what is not verbatim, with its severity and place."""
    if result.unscored:
        return [translated("unscored: the answer holds nothing but reasoning")]
    if not result.verdicts:
        return [translated("nothing to protect: no target was given, and the source holds none")]
    width = min(40, max(cells(_shown(target)) for target in result.verdicts))
    lines = []
    for target, verdict in result.verdicts.items():
        lines.append(f"{pad(_shown(target), width)}  {_verdict(result, target, verdict)}")
        for part, mention in result.mentions[target]:
            if mention.verdict != "verbatim":
                codes = ", ".join(mention.damage)
                where = " ".join([*map(show, _where(part, mention)), _place(part, mention)])
                lines.append(f"  {pad(_in_words(mention.severity), 6)}  {_mention(mention)}  {codes}  {where}")
    return [*lines, "", summary(result)]


def answer_markdown(result: AnswerResult) -> str:
    """A table with one row a mention that is not verbatim, and one a target that has none."""
    rows = [[_in_words(name) for name in ("target", "verdict", "severity", "became", "codes", "where")]]
    for target, verdict in result.verdicts.items():
        shown = [(part, one) for part, one in result.mentions[target] if one.verdict != "verbatim"]
        if not shown:
            rows.append([code(target), _verdict(result, target, verdict), "", "", "", ""])
        for part, one in shown:
            codes = ", ".join(one.damage)
            where = " ".join([*map(code, _where(part, one)), _place(part, one)])
            rows.append([code(target), _in_words(verdict), _in_words(one.severity), code(one.text), codes, where])
    if len(rows) == 1:
        return "\n".join([*answer_lines(result), ""])
    return "\n".join([summary(result), "", *markdown_table(rows), ""])


def summary(result: AnswerResult) -> str:
    """How many targets are damaged, absent and verbatim, and how many notes there are."""
    damaged = sum(verdict not in ("verbatim", "absent") for verdict in result.verdicts.values()) + len(result.within)
    absent = sum(verdict == "absent" for verdict in result.verdicts.values()) - len(result.within)
    notes = sum(mention.severity == "note" for mention in _all(result))
    text = f"{plural(len(result.verdicts), 'target')}: {damaged} damaged, {absent} not mentioned"
    return translated(f"{text}; {plural(notes, 'note')}, not counted" if notes else text)


def _all(result: AnswerResult) -> Iterator[Mention]:
    return (mention for mentions in result.mentions.values() for _, mention in mentions)


def _verdict(result: AnswerResult, target: str, verdict: str) -> str:
    outer = result.within.get(target)
    return _in_words(verdict) if outer is None else translated(f"damaged within {_shown(outer)}")


_CHINESE = {
    "damage": "damaged",
    "note": "answer-note",
    "target": "answer-target",
    "verdict": "answer-verdict",
    "severity": "answer-severity",
    "became": "answer-became",
    "codes": "damage-code",
    "where": "answer-where",
}
"""Keys of words.toml where they are not the word itself."""


def _in_words(name: str) -> str:
    """A verdict, a severity or the head of a column. In English, as --json has it; in sentences it may be a name."""
    return word(_CHINESE.get(name, name), "zh") if spoken() == "zh" else name


def _mention(mention: Mention) -> str:
    text = show(mention.text, lookalikes=True)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _shown(text: str) -> str:
    text = show(text).replace("␣", " ")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _where(part: Part, mention: Mention) -> list[str]:
    """The pointers to the text that holds it: foreign text, since keys of JSON are a model's."""
    return [place for place in (part.pointer, mention.path) if place]


def _place(part: Part, mention: Mention) -> str:
    """Where it is in that text: characters count from 1, as an editor has them."""
    if mention.path is not None:
        return translated(f"characters {mention.start + 1}–{mention.end}")
    line = part.text.count("\n", 0, mention.start) + 1
    column = mention.start - (part.text.rfind("\n", 0, mention.start) + 1) + 1
    return translated(f"line {line}, character {column}")
