"""All mentions of all targets in one text, each stretch of damage given to the target that it fits best."""

from collections.abc import Sequence
from typing import NamedTuple

from harness.text.alignment import Alignment, align, may_begin
from harness.text.anchors import damaged_starts
from harness.text.characters import blocks_after
from harness.text.mentions import Mention, in_order
from harness.text.page import Page
from harness.text.pattern import ALTERED, LOOKALIKE, Pattern, pattern_of
from harness.text.provenance import Source
from harness.text.sieve import Sieve
from harness.text.stretches import Cover, Taken
from harness.text.symbols import SymbolTable


class Finding(NamedTuple):
    target: str
    alignment: Alignment

    def mention(self, text: str, path: str | None) -> Mention:
        found = self.alignment
        if not found.weight:
            return Mention(found.start, found.end, text[found.start : found.end], "verbatim", (), path)
        codes = {code for change in found.changes for code in change.codes}
        span = text[found.start : found.end]
        return Mention(found.start, found.end, span, _VERDICT[_rank(found.weight)], in_order(codes), path)


_VERDICT = ("verbatim", "spaced", "lookalike", "altered")


def findings(text: str, source: Source, targets: Sequence[str], symbols: SymbolTable) -> list[Finding]:
    """The findings of all targets, by place."""
    page = Page(text, symbols)
    patterns = [pattern_of(target, symbols) for target in targets if target]
    sieve = Sieve(text, patterns, symbols)
    kept: list[Finding] = []
    damaged: list[Finding] = []
    for pattern in filter(sieve.may_hold, patterns):
        taken = Taken()
        whole = _verbatim(page, pattern)
        for alignment in whole:
            taken.add(alignment.start, alignment.end)
            kept.append(Finding(pattern.target, alignment))
        if sieve.may_hold_damage(pattern, len(whole)):
            for alignment in _aligned(page, pattern, taken):
                (damaged if alignment.weight else kept).append(Finding(pattern.target, alignment))
    if damaged:
        kept.extend(_settle(damaged, kept, text, source))
    kept.sort(key=lambda finding: finding.alignment.start)
    return kept


def _verbatim(page: Page, pattern: Pattern) -> list[Alignment]:
    text, target = page.text, pattern.target
    last = target[-1]
    found: list[Alignment] = []
    start = text.find(target)
    while start >= 0:
        end = start + len(target)
        if (
            not blocks_after(text, end, last)
            and may_begin(page, pattern, start)
            and not any(page.is_marker(start + offset) for offset in pattern.markers)
        ):
            found.append(Alignment(start, end, 0, ()))
            start = text.find(target, end)
        else:
            start = text.find(target, start + 1)
    return found


def _aligned(page: Page, pattern: Pattern, taken: Taken) -> list[Alignment]:
    """Mentions that are not the target as it stands, ordinary wraps among them; the mildest where they overlap."""
    found: list[Alignment] = []
    for start in damaged_starts(page.text, pattern):
        if taken.is_free(start, start + 1):
            alignment = align(page, pattern, start)
            if alignment is not None and taken.is_free(alignment.start, alignment.end):
                found.append(alignment)
    kept: list[Alignment] = []
    for alignment in sorted(found, key=lambda one: (one.weight, one.start)):
        if taken.is_free(alignment.start, alignment.end):
            kept.append(alignment)
            if not alignment.weight:
                taken.add(alignment.start, alignment.end)
    return kept


def _settle(damaged: list[Finding], whole: list[Finding], text: str, source: Source) -> list[Finding]:
    """Rules 3 and 4: drop what the source holds, and give each overlapping stretch to one target."""
    cover = Cover([(one.alignment.start, one.alignment.end, one.target) for one in whole])
    taken = Taken()
    kept: list[Finding] = []
    for finding in sorted(damaged, key=_mildest):
        start, end = finding.alignment.start, finding.alignment.end
        if not taken.is_free(start, end) or source.holds(text[start:end]):
            continue
        if not cover.holds(start, end, finding.target):
            taken.add(start, end)
            kept.append(finding)
    return kept


def _mildest(finding: Finding) -> tuple[int, int, int, int, int]:
    found = finding.alignment
    return _rank(found.weight), found.edits, -len(finding.target), found.weight, found.start


def _rank(weight: int) -> int:
    return 3 if weight >= ALTERED else 2 if weight >= LOOKALIKE else 1 if weight else 0
