"""`repair` and `repair_stream`: what can be put right without guessing, as edits, at once or chunk by chunk."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, overload

from harness.text import joints
from harness.text.channels import (
    REASONING_TAGS,
    Passage,
    masked,
    opening_reasoning,
    passages,
    tag_pair,
    tags_of,
    tags_unknown_to,
)
from harness.text.checking import Judge, refuse_other_types
from harness.text.find import longest_mention
from harness.text.fold import Page, pattern_of
from harness.text.mentions import DAMAGE_CODES, Finding
from harness.text.symbols import ALTERED, BETWEEN_LATIN, CORRUPTED, DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import Target


class Edit(NamedTuple):
    """One change. Offsets are code points of the text as it was given."""

    start: int
    end: int
    old: str
    new: str


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made. They must be in order and without overlaps."""
    pieces: list[str] = []
    place = 0
    for edit in edits:
        pieces += (text[place : edit.start], edit.new)
        place = edit.end
    pieces.append(text[place:])
    return "".join(pieces)


def composed(text: str, first: Sequence[Edit], second: Sequence[Edit]) -> list[Edit]:
    """One list that does to `text` what `first` and then `second` do; the offsets of `second` are those in between.

    Edits of the two that touch become one.
    """
    if not first:
        return list(second)
    between = applied(text, first)
    marks: list[tuple[int, int, int, Edit | None]] = [(edit.start, edit.end, 0, edit) for edit in second]
    shift = 0
    for edit in first:
        grown = len(edit.new) - (edit.end - edit.start)
        marks.append((edit.start + shift, edit.end + shift + grown, grown, None))
        shift += grown
    marks.sort(key=lambda mark: mark[:2])
    result: list[Edit] = []
    shift = place = 0
    while place < len(marks):
        low, high = marks[place][:2]
        before, inner = shift, []
        while place < len(marks) and marks[place][0] <= high:
            _, end, grown, later = marks[place]
            high, shift = max(high, end), shift + grown
            if later is not None:
                inner.append(Edit(later.start - low, later.end - low, later.old, later.new))
            place += 1
        start, stop = low - before, high - shift
        result.append(Edit(start, stop, text[start:stop], applied(between[low:high], inner)))
    return result


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
    strings, or of what holds them, that are the answer. Raises ValueError for another strategy or channel, TypeError
    where source or output is not text.
    """
    refuse_other_types(source, output)
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


_ROUNDS_OF_JOINTS = 5  # a joint has no target of its own that would give it a round


def restored(text: str, judge: Judge, channel: str = "text", escapes: bool = False) -> list[Edit]:
    """Rounds until nothing is left: mending a short target can uncover a longer one round it."""
    edits: list[Edit] = []
    for _ in range(len(judge.targets) + (_ROUNDS_OF_JOINTS if judge.is_open else 1)):
        mended = applied(text, edits)
        fresh = _apart(
            Edit(finding.start + low, finding.start + high, mended[finding.start + low : finding.start + high], new)
            for finding in judge.findings(mended, channel)
            if is_mended(finding, escapes)
            for low, high, new in _changes(finding)
        )
        if not fresh:
            break
        edits = composed(text, edits, fresh)
    return edits


def _apart(edits: Iterable[Edit]) -> list[Edit]:
    """In order, and each place once: two joints may share one, as `a+ @ b` and `@ b` do."""
    kept: list[Edit] = []
    for edit in sorted(set(edits)):
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return kept


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


_IS_MILD = frozenset(DAMAGE_CODES[: DAMAGE_CODES.index("dropped")])


def _placed(changes: list[Edit], passage: Passage, output: str) -> list[Edit]:
    """The changes of a passage in the offsets of the whole output, encoded where the passage is a JSON string."""
    placed: list[Edit] = []
    for change in changes:
        start, end = passage.place(change.start), passage.place(change.end)
        new = passage.encoded(change.new, plain=output.isascii())
        placed.append(Edit(start, end, output[start:end], new))
    return placed


_BEHIND = 12  # how much text behind a mention can decide whether it is one
_BEHIND_DAMAGE = 220  # how much of the line behind a damaged mention can show that it is in code
_CONTEXT = 1000  # how much of the line before a mention can show that it is in code


@overload
def repair_stream(
    source: str | Sequence[str],
    chunks: Iterable[str],
    targets: Sequence[str | Target] | None = None,
    *,
    symbols: SymbolTable = DEFAULT_SYMBOLS,
    strict_kinds: Collection[str] = (),
    reasoning: Sequence[str] = REASONING_TAGS,
) -> Iterator[str]: ...


@overload
def repair_stream(
    source: str | Sequence[str],
    chunks: AsyncIterable[str],
    targets: Sequence[str | Target] | None = None,
    *,
    symbols: SymbolTable = DEFAULT_SYMBOLS,
    strict_kinds: Collection[str] = (),
    reasoning: Sequence[str] = REASONING_TAGS,
) -> AsyncIterator[str]: ...


def repair_stream(
    source: str | Sequence[str],
    chunks: Iterable[str] | AsyncIterable[str],
    targets: Sequence[str | Target] | None = None,
    *,
    symbols: SymbolTable = DEFAULT_SYMBOLS,
    strict_kinds: Collection[str] = (),
    reasoning: Sequence[str] = REASONING_TAGS,
) -> Iterator[str] | AsyncIterator[str]:
    """The chunks of a text answer with its targets put right, as `repair` does it.

    Text is passed on as soon as no mention can begin in it any more, and what is passed on, joined, is
    `repair(source, "".join(chunks), targets).text`. At most six times the longest target and 2 KB are held back.
    The chunks may come from a plain or an asynchronous iterator; what comes back is of the same sort. Empty chunks are
    left out. Raises TypeError where the source is not text, and on the way for a chunk that is not: the pieces of an
    answer are texts, and where an API sends a piece without any it is for the caller to leave out.
    """
    refuse_other_types(source)
    mender = StreamMender(Judge(source, targets, symbols, strict_kinds), reasoning)
    if isinstance(chunks, AsyncIterable):
        return _mended_async(mender, chunks)
    return _mended(mender, chunks)


def _mended(mender: "StreamMender", chunks: Iterable[str]) -> Iterator[str]:
    try:
        for chunk in chunks:
            if ready := mender.feed(chunk):
                yield ready
    except Exception:  # a connection that broke: what came before is part of the answer
        if rest := mender.close():
            yield rest
        raise
    if rest := mender.close():
        yield rest


async def _mended_async(mender: "StreamMender", chunks: AsyncIterable[str]) -> AsyncIterator[str]:
    try:
        async for chunk in chunks:
            if ready := mender.feed(chunk):
                yield ready
    except Exception:
        if rest := mender.close():
            yield rest
        raise
    if rest := mender.close():
        yield rest


def _may_become(begun: str, opening: str) -> bool:
    """Whether more text can make a tag of what has begun."""
    return opening.startswith(begun) if opening.startswith("[") else opening.lower().startswith(begun.lower())


class StreamMender:
    """Takes text in and gives it back mended: `feed` as often as there is any, then `close`."""

    def __init__(self, judge: Judge, reasoning: Sequence[str] = REASONING_TAGS) -> None:
        self._judge = judge
        self._longest = max(map(longest_mention, judge.wanted), default=0)
        if judge.is_open:
            self._longest = max(self._longest, joints.LONGEST)
        self._letters = max(map(len, judge.wanted), default=0)
        self._head = max((_head_length(text, judge.symbols) for text in judge.wanted), default=0)
        names = tags_unknown_to(judge.source.parts, reasoning)
        self._tags = tags_of(names) if names else None
        self._openings = tuple(tag_pair(name)[0] for name in names)
        self._longest_closing = max((len(tag_pair(name)[1]) for name in names), default=0)
        self._state = "start" if names else "answer"
        self._context = ""
        self._pending = ""
        self._fence_is_open = False
        self._worth_a_look = 0
        """How long the pending text must be: what is held back for long is looked at again when it has grown."""

    def feed(self, chunk: str) -> str:
        """The text that is ready now. Raises TypeError for a chunk that is not text."""
        if not isinstance(chunk, str):
            raise TypeError(
                f"chunk: found {type(chunk).__name__}; accepted: text, such as chunk.choices[0].delta.content or ''"
            )
        self._pending = "".join((self._pending, chunk))  # Markup of Jinja escapes what is added to it
        before = ""
        if self._state == "start":
            self._look_for_reasoning()
        if self._state == "reasoning":
            before = self._passed_reasoning()
        if self._state == "answer" or not self._pending or self._pending.isspace():
            return before + self._ready()
        return before

    def close(self) -> str:
        """What is left once the answer is complete."""
        if self._state == "reasoning":
            rest, self._pending = self._pending, ""
            return rest
        self._state = "answer"
        return self._passed_on(len(self._pending))

    def _look_for_reasoning(self) -> None:
        begun = self._pending.lstrip()
        if not begun or self._tags is None:
            return
        tag = self._tags.match(begun)
        if tag is not None and tag["opening"]:
            self._state = "reasoning"
        elif not any(_may_become(begun, opening) for opening in self._openings):
            self._state = "answer"

    def _passed_reasoning(self) -> str:
        assert self._tags is not None
        end = next((tag.end() for tag in self._tags.finditer(self._pending) if tag["closing"]), None)
        if end is not None:
            self._state, self._context = "answer", "\n"
        else:
            end = max(0, len(self._pending) - self._longest_closing)
        passed, self._pending = self._pending[:end], self._pending[end:]
        return passed

    def _ready(self) -> str:
        if not self._judge.wanted and not self._judge.is_open:
            ready, self._pending = self._pending, ""
            return ready
        if len(self._pending) < self._worth_a_look:
            return ""
        cut, is_clean = self._cut()
        ready = self._passed_on(cut, is_clean=is_clean) if cut > 0 else ""
        held = len(self._pending)
        self._worth_a_look = min(held + held // 16, 2 * self._longest + 1)
        return ready

    def _cut(self) -> tuple[int, bool]:
        """How much of the pending text no later text can change, and whether it is known to hold no damage."""
        shift = len(self._context)
        page = Page(self._context + self._pending, self._judge.symbols)
        size = len(page.text)
        cut = min(size - _BEHIND, self._begun(page))
        if self._judge.is_open:
            cut = min(cut, joints.open_end(page.text, size))
        whole, damaged = self._judge.candidates(page)
        broken = [(one.start, one.end) for one in damaged]
        if self._judge.is_open:
            broken = [joints.reach_of(page.text, start, end) for start, end in broken]
        spans = sorted([(one.start, one.end) for one in whole] + broken)
        for start, end in broken:
            if end > size - _BEHIND_DAMAGE:
                cut = min(cut, start)
        for start, end in reversed(spans):
            if start < cut < end:
                cut = start
        if len(self._pending) > 2 * self._longest and cut - shift <= 0:
            cut = size - self._longest  # overlapping forms without an end: a text made to be held back
        return cut - shift, not damaged and not self._fence_is_open

    def _begun(self, page: Page) -> int:
        """Where the first mention may begin that the end of the text leaves open."""
        size = len(page.text)
        letters = page.letters[-self._letters - 1 :]
        starts = page.plain.starts
        open_ones = self._longest_beginning(page, letters)
        if letters and letters[-1] in BETWEEN_LATIN:  # a sign after all, if a Latin letter follows
            shorter = self._longest_beginning(page, letters[:-1])
            open_ones = max(open_ones, shorter + 1 if shorter else 0)
        place = starts[len(starts) - open_ones] if open_ones else size
        if self._head:
            last = starts[len(starts) - open_ones - 1] if len(starts) > open_ones else -1
            place = max(last + 1, place - self._head)
        return max(place, size - self._longest)

    def _longest_beginning(self, page: Page, letters: str) -> int:
        """How many of the last letters may be the beginning of a target."""
        most = 0
        for text in self._judge.wanted:
            skeleton = pattern_of(text, page.fold).skeleton
            for length in range(min(len(skeleton), len(letters)), most, -1):
                if letters.endswith(skeleton[:length]):
                    most = length
                    break
        return most

    def _passed_on(self, cut: int, *, is_clean: bool = False) -> str:
        """The first `cut` characters of what is pending, mended; they become the context of the rest."""
        shift = len(self._context)
        prefix = "```\n" if self._fence_is_open else ""
        shift += len(prefix)
        window = prefix + self._context + self._pending
        end = shift + cut
        edits = [
            Edit(edit.start - shift, edit.end - shift, edit.old, edit.new)
            for edit in (() if is_clean else restored(window, self._judge))
            if edit.start >= shift and edit.end <= end
        ]
        ready = applied(self._pending[:cut], edits)
        seen = self._context + self._pending[:cut]
        self._pending = self._pending[cut:]
        low = max(seen.rfind("\n", 0, max(0, len(seen) - 200)), len(seen) - _CONTEXT, 0)
        gone, self._context = seen[:low], seen[low:]
        self._fence_is_open ^= gone.count("```") % 2 == 1
        return ready


def _head_length(text: str, symbols: SymbolTable) -> int:
    head = pattern_of(text, Page("", symbols).fold).parts.head
    return 2 * len(head) + 80 if head else 0
