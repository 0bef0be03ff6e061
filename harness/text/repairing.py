"""`repair`: the damage that is only white space or look-alikes, put right, and nothing else touched."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.text.channels import Passage, passages
from harness.text.checking import Judge
from harness.text.edits import Edit, applied, composed
from harness.text.reasoning import REASONING_TAGS, masked, opening_reasoning
from harness.text.settle import Finding
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.tables import ALTERED, CORRUPTED
from harness.text.targets import Target

STRATEGIES = ("restore", "collapse")


@dataclass(frozen=True, slots=True)
class RepairResult:
    text: str
    edits: tuple[Edit, ...]


def repair(
    source: str | Sequence[str],
    output: str,
    targets: Sequence[str | Target] | None = None,
    *,
    strategy: str = "restore",
    channel: str = "text",
    symbols: SymbolTable = DEFAULT_SYMBOLS,
    strict_kinds: Collection[str] = (),
    reasoning: Sequence[str] = REASONING_TAGS,
    escapes: bool = False,
    only: Collection[str] | None = None,
) -> RepairResult:
    """`output` with its targets put right.

    `restore` undoes the damage that is `spaced` or `lookalike`, of the targets given or of those of
    `extract_targets(source)`, and leaves every other character alone; with `escapes` also a sign that was written as
    its escape, such as `\\/` or `&#47;`. `collapse` is the plain regex that takes the white space from round every
    symbol, whatever it belongs to. `only` has, for a JSON output that is more than an answer, the JSON Pointers of the
    strings, or of what holds them, that are the answer. Raises ValueError for another strategy or channel.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy {strategy!r} is not known; accepted are {', '.join(STRATEGIES)}")
    judge = Judge(source, targets if strategy == "restore" else (), symbols, strict_kinds)
    visible = masked(output, opening_reasoning(output, judge.source.parts, reasoning))
    edits: list[Edit] = []
    for passage in passages(visible, channel):
        text = passage.text
        if only is not None:
            if not _is_under(passage.path, only):
                continue
            text = masked(text, opening_reasoning(text, judge.source.parts, reasoning))
        changes = _collapsed(text, symbols) if strategy == "collapse" else restored(text, judge, channel, escapes)
        edits.extend(_placed(changes, passage, visible))
    return RepairResult(applied(output, edits), tuple(edits))


def _is_under(path: str | None, pointers: Collection[str]) -> bool:
    outer = (path or "").partition("#")[0]
    return any(outer == pointer or outer.startswith(f"{pointer}/") for pointer in pointers)


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


def restored(text: str, judge: Judge, channel: str = "text", escapes: bool = False) -> list[Edit]:
    """Rounds until nothing is left: mending a short target can uncover a longer one round it."""
    edits: list[Edit] = []
    for _ in range(len(judge.targets) + 1):
        mended = applied(text, edits)
        fresh = [
            Edit(finding.start + low, finding.start + high, mended[finding.start + low : finding.start + high], new)
            for finding in judge.findings(mended, channel)[0]
            if is_mended(finding, escapes)
            for low, high, new in _changes(finding)
        ]
        if not fresh:
            break
        edits = composed(text, edits, fresh)
    return edits


def _changes(finding: Finding) -> list[tuple[int, int, str]]:
    """What to put in place of what; a mention in the other normal form is replaced as a whole, its marks included."""
    changes = finding.damage.changes
    if any("normal-form" in change.codes for change in changes):
        return [(0, finding.end - finding.start, finding.wanted)]
    return [(change.start, change.end, change.new) for change in changes]


def is_mended(finding: Finding, escapes: bool = False) -> bool:
    """Whether a repair puts this right."""
    weight = finding.damage.weight
    if not weight or finding.severity != "damage" or weight >= CORRUPTED:
        return False
    if weight < ALTERED:
        return True
    return escapes and all(
        "escaped" in change.codes and len(change.new) == 1 and not change.new.isalnum()
        for change in finding.damage.changes
        if not _IS_MILD.issuperset(change.codes)
    )


_IS_MILD = frozenset(
    {
        *("space-left", "space-right", "cjk-boundary", "space-inside", "wide-space", "zero-width", "line-break"),
        *("hyphen-lookalike", "slash-lookalike", "quote-lookalike", "sign-lookalike", "fullwidth", "homoglyph"),
        *("normal-form", "space-kind"),
    }
)


def _placed(changes: list[Edit], passage: Passage, output: str) -> list[Edit]:
    """The changes of a passage in the offsets of the whole output, encoded where the passage is a JSON string."""
    placed: list[Edit] = []
    for change in changes:
        start, end = passage.place(change.start), passage.place(change.end)
        new = passage.encoded(change.new, plain=output.isascii())
        placed.append(Edit(start, end, output[start:end], new))
    return placed
