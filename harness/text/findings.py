"""All mentions of all targets in one text, each stretch of damage given to the target that it fits best."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.text.alignment import Alignment, may_begin
from harness.text.anchors import damaged_starts
from harness.text.characters import blocks_after
from harness.text.damage import WHOLE
from harness.text.forms import ALTERED, LOOKALIKE
from harness.text.habits import aligned
from harness.text.mentions import Mention
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
        start, end, damage = self.alignment
        return Mention(start, end, text[start:end], _VERDICT[_rank(damage.weight)], damage.codes, path)


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
                (damaged if alignment.damage.weight else kept).append(Finding(target, alignment))
    if damaged:
        kept.extend(_settle(damaged, kept, text, source))
    kept.sort(key=_start)
    return kept


def _start(finding: Finding) -> int:
    return finding.alignment.start


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
            found.append(Alignment(start, end, WHOLE))
            start = text.find(target, end)
        else:
            start = text.find(target, start + 1)
    return found


def _aligned(page: Page, pattern: Pattern, whole: list[Alignment]) -> list[Alignment]:
    """Mentions that are not the target as it stands, ordinary wraps among them. Nothing overlaps a wrap."""
    found: list[Alignment] = []
    following = iter((*whole, Alignment(len(page.text), len(page.text), WHOLE)))
    ahead = next(following)
    for start in damaged_starts(page.text, pattern):
        while ahead.end <= start:
            ahead = next(following)
        if start < ahead.start:
            alignment = aligned(page, pattern, start)
            if alignment is not None and alignment.end <= ahead.start:
                found.append(alignment)
    wraps = Taken()
    for one in found:
        if not one.damage.weight and wraps.is_free(one.start, one.end):
            wraps.add(one.start, one.end)
    if not wraps:
        return found
    return [one for one in found if (one.start, one.end) in wraps or wraps.is_free(one.start, one.end)]


def _settle(damaged: list[Finding], whole: list[Finding], text: str, source: Source) -> list[Finding]:
    """Rules 3 and 4: drop what the source holds, and give each overlapping stretch to one target."""
    cover = Cover([(one.alignment.start, one.alignment.end, one.target) for one in whole])
    kept: list[Finding] = []
    for rivals in _rivals(damaged):
        taken = Taken()
        if len(rivals) > 1:
            rivals.sort(key=_mildest)
        for finding in rivals:
            start, end, _ = finding.alignment
            if taken and not taken.is_free(start, end):
                continue
            if not source.holds(text[start:end]) and not cover.holds(start, end, finding.target):
                kept.append(finding)
                taken.add(start, end)
    return kept


def _rivals(damaged: list[Finding]) -> Iterator[list[Finding]]:
    """The findings in groups, by place: what overlaps is in one group."""
    rivals: list[Finding] = []
    reach = 0
    for finding in sorted(damaged, key=_start):
        start, end, _ = finding.alignment
        if rivals and start >= reach:
            yield rivals
            rivals = []
        rivals.append(finding)
        reach = max(reach, end)
    if rivals:
        yield rivals


def _mildest(finding: Finding) -> tuple[int, int, int, int, int]:
    start, _, damage = finding.alignment
    return _rank(damage.weight), damage.edits, -len(finding.target), damage.weight, start


def _rank(weight: int) -> int:
    return 3 if weight >= ALTERED else 2 if weight >= LOOKALIKE else 1 if weight else 0
