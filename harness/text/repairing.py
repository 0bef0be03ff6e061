"""`repair`: the damage that is only white space or look-alikes, put right, and nothing else touched."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.text.channels import Passage, passages, raw_offsets
from harness.text.checking import chosen
from harness.text.findings import findings
from harness.text.pattern import ALTERED
from harness.text.provenance import Source
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable

STRATEGIES = ("restore", "collapse")

_ROUNDS = 8
"""Mending a short target can uncover a longer one round it; nested targets are rarely more than two deep."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change. Offsets are code points of the output as it was given."""

    start: int
    end: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RepairResult:
    text: str
    edits: tuple[Edit, ...]


def repair(
    source: str | Sequence[str],
    output: str,
    targets: Sequence[str] | None = None,
    *,
    strategy: str = "restore",
    channel: str = "text",
    symbols: SymbolTable = DEFAULT_SYMBOLS,
) -> RepairResult:
    """`output` with its targets put right.

    `restore` mends `spaced` and `lookalike` mentions of the targets (by default those of `extract_targets(source)`)
    and leaves every other character alone. `collapse` is the plain regex that takes the white space from round every
    symbol, whatever it belongs to. Raises ValueError for another strategy or channel.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy {strategy!r} is not known; accepted are {', '.join(STRATEGIES)}")
    wanted = chosen(source, targets, symbols) if strategy == "restore" else ()
    given = Source(source)
    edits: list[Edit] = []
    for passage in passages(output, channel):
        if strategy == "collapse":
            changes = _collapsed(passage.text, symbols)
        else:
            changes = _restored(passage.text, given, wanted, symbols)
        edits.extend(_placed(changes, passage, output))
    return RepairResult(_applied(output, edits), tuple(edits))


def _collapsed(text: str, symbols: SymbolTable) -> list[Edit]:
    signs = "".join(symbols.by_char)
    return [
        Edit(found.start(), found.end(), found[0], "".join(found[0].split()))
        for found in _spaced(signs).finditer(text)
        if len(found[0].split()) != 1 or found[0] != found[0].strip()
    ]


@lru_cache(maxsize=64)
def _spaced(signs: str) -> re.Pattern[str]:
    """Symbols with all white space between and round them: one match where the pasted regex makes several."""
    listed = re.escape(signs)
    return re.compile(rf"(?:(?<!\s)\s+)?+[{listed}](?:\s*[{listed}])*+\s*+")


def _restored(text: str, source: Source, targets: Sequence[str], symbols: SymbolTable) -> list[Edit]:
    edits: list[Edit] = []
    for _ in range(_ROUNDS):
        mended = _applied(text, edits)
        fresh = [
            Edit(change.start, change.end, mended[change.start : change.end], change.new)
            for finding in findings(mended, source, targets, symbols)
            if 0 < finding.alignment.weight < ALTERED
            for change in finding.alignment.changes
        ]
        if not fresh:
            break
        edits = _composed(text, edits, fresh)
    return edits


def _composed(text: str, first: list[Edit], second: list[Edit]) -> list[Edit]:
    """One list for two rounds: the second list's offsets are those of the text that the first list made."""
    marks: list[tuple[int, int, str]] = [(edit.start, edit.end, edit.new) for edit in first]
    shift = 0
    places: list[tuple[int, int, int, int, str]] = []
    for start, end, new in marks:
        places.append((start + shift, start + shift + len(new), start, end, new))
        shift += len(new) - (end - start)
    result: list[Edit] = []
    index = 0
    shift = 0
    for edit in sorted(second, key=lambda edit: edit.start):
        while index < len(places) and places[index][1] <= edit.start and places[index][0] < edit.start:
            low, high, start, end, new = places[index]
            result.append(Edit(start, end, text[start:end], new))
            shift = end - high
            index += 1
        low_edge, pieces = edit.start + shift, edit.new
        high_shift = shift
        while index < len(places) and places[index][0] < edit.end:
            low, high, start, end, new = places[index]
            if low < edit.start:
                low_edge = start
                pieces = new[: edit.start - low] + pieces
            if high > edit.end:
                pieces += new[edit.end - low :]
                high_shift = end - edit.end
            else:
                high_shift = end - high
            index += 1
        high_edge = edit.end + high_shift
        if index and places[index - 1][1] > edit.end:
            high_shift = places[index - 1][3] - places[index - 1][1]
        shift = high_shift
        result.append(Edit(low_edge, high_edge, text[low_edge:high_edge], pieces))
    for _, _, start, end, new in places[index:]:
        result.append(Edit(start, end, text[start:end], new))
    return result


def _placed(changes: list[Edit], passage: Passage, output: str) -> list[Edit]:
    """The changes of a passage in the offsets of the whole output, encoded where the passage is a JSON string."""
    if passage.path is None or not changes:
        return changes
    encoded = output[passage.start : passage.end]
    offsets = raw_offsets(encoded)
    placed: list[Edit] = []
    for change in changes:
        start, end = passage.start + offsets[change.start], passage.start + offsets[change.end]
        new = json.dumps(change.new, ensure_ascii=output.isascii())[1:-1]
        placed.append(Edit(start, end, output[start:end], new))
    return placed


def _applied(text: str, edits: Sequence[Edit]) -> str:
    if not edits:
        return text
    pieces: list[str] = []
    place = 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        pieces += (text[place : edit.start], edit.new)
        place = edit.end
    pieces.append(text[place:])
    return "".join(pieces)
