"""Stretches of a text that are spoken for."""

from bisect import bisect_right, insort
from collections.abc import Iterable


class Taken:
    """Stretches without overlaps."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    def is_free(self, start: int, end: int) -> bool:
        place = bisect_right(self._spans, (start, end))
        if place and self._spans[place - 1][1] > start:
            return False
        return place == len(self._spans) or self._spans[place][0] >= end

    def __bool__(self) -> bool:
        return bool(self._spans)

    def __contains__(self, span: tuple[int, int]) -> bool:
        place = bisect_right(self._spans, span)
        return place > 0 and self._spans[place - 1] == span

    def add(self, start: int, end: int) -> None:
        insort(self._spans, (start, end))


class Cover:
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
