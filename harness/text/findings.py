"""All mentions of all targets in one text, each stretch of damage given to the target that it fits best."""

from collections.abc import Sequence
from typing import NamedTuple

from harness.text.alignment import Alignment, align, may_begin
from harness.text.anchors import damaged_starts
from harness.text.characters import blocks_after
from harness.text.forms import ALTERED, LOOKALIKE
from harness.text.mentions import Mention, in_order
from harness.text.page import Page
from harness.text.pattern import Pattern, pattern_of
from harness.text.provenance import Source
from harness.text.sieve import Sieve
from harness.text.stretches import Cover, Taken
from harness.text.symbols import SymbolTable
from harness.text.traits import marker_offsets


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
    wanted = [target for target in targets if target]
    sieve = Sieve(text, wanted, symbols)
    kept: list[Finding] = []
    damaged: list[Finding] = []
    for target in filter(sieve.may_hold, wanted):
        whole = _verbatim(page, target)
        kept.extend(Finding(target, alignment) for alignment in whole)
        if sieve.may_hold_damage(target, [(one.start, one.end) for one in whole]):
            for alignment in _aligned(page, pattern_of(target, symbols), whole):
                (damaged if alignment.weight else kept).append(Finding(target, alignment))
    if damaged:
        kept.extend(_settle(damaged, kept, text, source))
    kept.sort(key=lambda finding: finding.alignment.start)
    return kept


def _verbatim(page: Page, target: str) -> list[Alignment]:
    text, last = page.text, target[-1]
    markers = marker_offsets(target, page.symbols)
    found: list[Alignment] = []
    start = text.find(target)
    while start >= 0:
        end = start + len(target)
        if (
            not blocks_after(text, end, last)
            and may_begin(page, target[0], start)
            and not any(page.is_marker(start + offset) for offset in markers)
        ):
            found.append(Alignment(start, end, 0, ()))
            start = text.find(target, end)
        else:
            start = text.find(target, start + 1)
    return found


def _aligned(page: Page, pattern: Pattern, whole: list[Alignment]) -> list[Alignment]:
    """Mentions that are not the target as it stands, ordinary wraps among them; the mildest where they overlap."""
    taken = Taken()
    for one in whole:
        taken.add(one.start, one.end)
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
