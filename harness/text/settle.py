"""Which of the readings hold: what the source itself holds is nobody's damage, and each place has one owner."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from harness.text.boundary import stands_alone
from harness.text.find import Damage
from harness.text.tables import ALTERED, CORRUPTED, LOOKALIKE
from harness.text.targets import Target


class Finding(NamedTuple):
    """A mention of a target. `wanted` is the text that was found: the target's own, or that of an alternate."""

    target: Target
    wanted: str
    start: int
    end: int
    damage: Damage
    severity: str = "damage"


class Source:
    """All the text that a model was given. Its parts are never joined: no span crosses two messages."""

    def __init__(self, source: str | Sequence[str]) -> None:
        self.parts: tuple[str, ...] = (source,) if isinstance(source, str) else tuple(source)
        self._known: dict[str, bool] = {}

    def holds(self, span: str) -> bool:
        """Whether `span` occurs somewhere in the source with the boundary rule kept on both sides."""
        found = self._known.get(span)
        if found is None:
            found = self._known[span] = any(_stands_in(part, span) for part in self.parts)
        return found

    def holds_in_some_case(self, span: str, but: str) -> bool:
        """The same, with the first letter in either case, unless that makes it the text `but`."""
        if self.holds(span):
            return True
        others = {span[:1].lower() + span[1:], span[:1].upper() + span[1:]} - {span, but}
        return any(map(self.holds, others))


def _stands_in(part: str, span: str) -> bool:
    start = part.find(span)
    while start >= 0:
        if stands_alone(part, start, start + len(span), span):
            return True
        start = part.find(span, start + 1)
    return False


def settle(
    damaged: list[Finding], whole: list[Finding], text: str, source: Source
) -> tuple[list[Finding], dict[str, str]]:
    """The damaged findings that hold, and the targets whose own findings lie in those of longer ones."""
    cover = _Cover((one.start, one.end, one.wanted) for one in whole)
    kept: list[Finding] = []
    within: dict[str, str] = {}
    for rivals in _rivals(damaged):
        taken = _Taken() if len(rivals) > 1 else None
        if taken:
            rivals.sort(key=_mildest)
        for number, finding in enumerate(rivals):
            start, end = finding.start, finding.end
            owner = taken.owner(start, end) if taken else None
            if owner is not None:
                outer = rivals[owner]
                covered = outer.start <= start and end <= outer.end
                if covered and outer.severity == "damage" and len(outer.wanted) > len(finding.wanted):
                    within.setdefault(finding.target.text, outer.target.text)
                continue
            span = text[start:end]
            owned = source.holds(span) if finding.target.given else source.holds_in_some_case(span, finding.wanted)
            if not owned and not cover.holds(start, end, finding.wanted):
                kept.append(finding)
                if taken:
                    taken.add(start, end, number)
    return kept, {text: outer for text, outer in within.items() if text != outer}


def _rivals(damaged: list[Finding]) -> Iterator[list[Finding]]:
    """The findings in groups, by place: what overlaps is in one group."""
    rivals: list[Finding] = []
    reach = 0
    for finding in sorted(damaged, key=_start):
        if rivals and finding.start >= reach:
            yield rivals
            rivals = []
        rivals.append(finding)
        reach = max(reach, finding.end)
    if rivals:
        yield rivals


def _start(finding: Finding) -> int:
    return finding.start


def rank(weight: int) -> int:
    """The place of a weight's verdict in VERDICTS."""
    return 4 if weight >= CORRUPTED else 3 if weight >= ALTERED else 2 if weight >= LOOKALIKE else 1 if weight else 0


def _mildest(finding: Finding) -> tuple[int, int, int, int, int]:
    damage = finding.damage
    return rank(damage.weight), -len(finding.wanted), damage.edits, damage.weight, finding.start


class _Taken:
    """Stretches without overlaps, each with its owner."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int, int]] = []

    def owner(self, start: int, end: int) -> int | None:
        """The owner of a stretch that overlaps this one."""
        place = bisect_right(self._spans, (start, end, -1))
        if place and self._spans[place - 1][1] > start:
            return self._spans[place - 1][2]
        if place < len(self._spans) and self._spans[place][0] < end:
            return self._spans[place][2]
        return None

    def add(self, start: int, end: int, owner: int) -> None:
        insort(self._spans, (start, end, owner))


class _Cover:
    """Stretches with owners, which may overlap."""

    def __init__(self, spans: Iterable[tuple[int, int, str]]) -> None:
        self._starts: list[int] = []
        self._reach: list[tuple[tuple[int, str], tuple[int, str]]] = []
        first = second = (-1, "")
        for start, end, owner in sorted(spans):
            if owner == first[1]:
                first = max(first, (end, owner))
            elif end > first[0]:
                first, second = (end, owner), first
            elif end > second[0]:
                second = (end, owner)
            self._starts.append(start)
            self._reach.append((first, second))

    def holds(self, start: int, end: int, but: str) -> bool:
        """Whether one stretch of another owner than `but` holds all of `start` to `end`."""
        place = bisect_right(self._starts, start)
        if not place:
            return False
        return any(reach >= end and owner != but for reach, owner in self._reach[place - 1])
