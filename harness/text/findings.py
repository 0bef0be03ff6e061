"""All mentions of all targets in one text, each stretch of damage given to the target that it fits best."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from harness.text.alignment import Alignment, Page
from harness.text.anchors import damaged_starts
from harness.text.mentions import Mention, in_order
from harness.text.pattern import ALTERED, LOOKALIKE, Pattern, pattern_of
from harness.text.provenance import Source
from harness.text.symbols import SymbolTable


@dataclass(frozen=True, slots=True)
class Finding:
    target: str
    alignment: Alignment

    def mention(self, text: str, path: str | None) -> Mention:
        found = self.alignment
        codes = {code for change in found.changes for code in change.codes}
        span = text[found.start : found.end]
        return Mention(found.start, found.end, span, _verdict(found.weight), in_order(codes), path)


class Taken:
    """Spans that are spoken for, without overlaps, in order."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def is_free(self, start: int, end: int) -> bool:
        place = bisect_right(self._starts, start)
        if place and self._ends[place - 1] > start:
            return False
        return place >= len(self._starts) or self._starts[place] >= end

    def covers(self, start: int, end: int) -> bool:
        place = bisect_right(self._starts, start)
        return place > 0 and self._ends[place - 1] >= end

    def add(self, start: int, end: int) -> None:
        place = bisect_right(self._starts, start)
        self._starts.insert(place, start)
        self._ends.insert(place, end)


def findings(text: str, source: Source, targets: Sequence[str], symbols: SymbolTable) -> list[Finding]:
    """The findings of all targets, by place."""
    page = Page(text, symbols)
    whole: dict[str, Taken] = {}
    kept: list[Finding] = []
    damaged: list[Finding] = []
    for target in targets:
        if not target:
            continue
        pattern = pattern_of(target, symbols)
        taken = whole[target] = Taken()
        for alignment in _verbatim(page, pattern):
            taken.add(alignment.start, alignment.end)
            kept.append(Finding(target, alignment))
        wrapped: list[Finding] = []
        for start in damaged_starts(page, pattern):
            if taken.is_free(start, start + 1):
                read = page.align(pattern, start)
                if read is not None and taken.is_free(read.start, read.end):
                    (damaged if read.weight else wrapped).append(Finding(target, read))
        for finding in wrapped:
            if taken.is_free(finding.alignment.start, finding.alignment.end):
                taken.add(finding.alignment.start, finding.alignment.end)
                kept.append(finding)
    kept.extend(_settle(damaged, whole, text, source))
    kept.sort(key=lambda finding: finding.alignment.start)
    return kept


def _verbatim(page: Page, pattern: Pattern) -> list[Alignment]:
    text, target = page.text, pattern.target
    found: list[Alignment] = []
    start = text.find(target)
    while start >= 0:
        end = start + len(target)
        bounded = page.is_bounded(start, end, target[0], target[-1])
        if bounded and not any(page.is_marker(start + offset) for offset in pattern.markers):
            found.append(Alignment(start, end, 0, ()))
            start = text.find(target, end)
        else:
            start = text.find(target, start + 1)
    return found


def _settle(damaged: list[Finding], whole: dict[str, Taken], text: str, source: Source) -> list[Finding]:
    """Rules 3 and 4: drop what the source holds, and give each overlapping stretch to one target."""
    taken = Taken()
    kept: list[Finding] = []
    for finding in sorted(damaged, key=_mildest):
        start, end = finding.alignment.start, finding.alignment.end
        if not taken.is_free(start, end) or not whole[finding.target].is_free(start, end):
            continue
        if source.holds(text[start:end]):
            continue
        if any(spans.covers(start, end) for target, spans in whole.items() if target != finding.target):
            continue
        taken.add(start, end)
        kept.append(finding)
    return kept


def _mildest(finding: Finding) -> tuple[int, int, int, int, int]:
    found = finding.alignment
    return _rank(found.weight), found.edits, -len(finding.target), found.weight, found.start


def _rank(weight: int) -> int:
    return 3 if weight >= ALTERED else 2 if weight >= LOOKALIKE else 1 if weight else 0


def _verdict(weight: int) -> str:
    return ("verbatim", "spaced", "lookalike", "altered")[_rank(weight)]
