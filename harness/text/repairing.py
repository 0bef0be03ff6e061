"""`repair`: the damage that is only white space or look-alikes, put right, and nothing else touched."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.text.channels import Passage, passages, raw_offsets
from harness.text.checking import chosen
from harness.text.edits import Edit, applied, composed
from harness.text.findings import findings
from harness.text.forms import ALTERED
from harness.text.provenance import Source
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable

STRATEGIES = ("restore", "collapse")


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
    return RepairResult(applied(output, edits), tuple(edits))


def _collapsed(text: str, symbols: SymbolTable) -> list[Edit]:
    edits = (
        Edit(found.start(), found.end(), found[0], "".join(found[0].split()))
        for found in _spaced("".join(symbols.by_char)).finditer(text)
    )
    return [edit for edit in edits if edit.old != edit.new]


@lru_cache(maxsize=64)
def _spaced(signs: str) -> re.Pattern[str]:
    """Symbols with all white space between and round them: one match where the pasted regex makes several."""
    listed = re.escape(signs)
    return re.compile(rf"(?:(?<!\s)\s+)?+[{listed}](?:\s*[{listed}])*+\s*+")


def _restored(text: str, source: Source, targets: Sequence[str], symbols: SymbolTable) -> list[Edit]:
    """Rounds until nothing is left: mending a short target can uncover a longer one round it."""
    edits: list[Edit] = []
    for _ in range(len(targets) + 1):
        mended = applied(text, edits)
        fresh = [
            Edit(start + low, start + high, mended[start + low : start + high], new)
            for start, _, damage in (finding.alignment for finding in findings(mended, source, targets, symbols))
            if 0 < damage.weight < ALTERED
            for low, high, new, _ in damage.changes
        ]
        if not fresh:
            break
        edits = composed(text, edits, fresh)
    return edits


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
