"""The mildest way to read a stretch of text as a damaged target."""

from collections.abc import Iterator
from typing import NamedTuple

from harness.text.characters import blocks_after, blocks_before
from harness.text.crossings import Crossing, between, instead
from harness.text.gaps import Gap
from harness.text.page import Page
from harness.text.pattern import LOOKALIKE, Atom, Pattern
from harness.text.readings import Change, readings


class Alignment(NamedTuple):
    """A mention. `weight` sums the edits by kind (see `pattern`); 0 is verbatim."""

    start: int
    end: int
    weight: int
    changes: tuple[Change, ...]

    @property
    def edits(self) -> int:
        mask = LOOKALIKE - 1
        return (self.weight >> 40) + (self.weight >> 20 & mask) + (self.weight & mask)


class _Route(NamedTuple):
    """How far a reading has come: its weight, and its changes as a chain from the last to the first."""

    weight: int
    trace: "_Trace"


_Trace = tuple["_Trace", Change] | None
_Layer = dict[tuple[int, bool], _Route]
"""For one atom: where its reading ends and whether it is tight -> the mildest route there."""


def align(page: Page, pattern: Pattern, start: int) -> Alignment | None:
    """The mildest mention of the pattern that begins at `start`, if there is one."""
    atoms = pattern.atoms
    if not may_begin(page, pattern, start):
        return None
    layers: dict[int, _Layer] = {}
    _read(page, atoms, 0, Gap(start), _Route(0, None), layers=layers)
    while layers and (place := min(layers)) < len(atoms) - 1:
        for (position, tight), route in layers.pop(place).items():
            for gap in page.gaps(position):
                if gap.end < len(page.text) and not (tight and gap.spaces):
                    for following, crossing in _crossings(atoms, place, gap):
                        cost, codes, new = crossing
                        trace = (route.trace, Change(position, gap.end, new, codes)) if codes else route.trace
                        _read(page, atoms, following, gap, _Route(route.weight + cost, trace), layers=layers)
    last = atoms[-1].char
    ends = [
        (route, end)
        for (end, _), route in layers.get(len(atoms) - 1, {}).items()
        if not blocks_after(page.text, end, last)
    ]
    if not ends:
        return None
    route, end = min(ends, key=lambda found: found[0].weight)
    return Alignment(start, end, route.weight, _unwind(route.trace))


def may_begin(page: Page, pattern: Pattern, start: int) -> bool:
    """Whether neither the word before nor a backslash that belongs to it keeps a mention from beginning here."""
    first = pattern.atoms[0]
    if blocks_before(page.text, start, first.char):
        return False
    return not (first.is_symbol and page.is_escaped(start))


def _crossings(atoms: tuple[Atom, ...], place: int, gap: Gap) -> Iterator[tuple[int, Crossing]]:
    """The atoms that a gap may lead to: the next one, and those behind it if the symbols between were dropped."""
    following = place + 1
    crossing = between(atoms[place], atoms[following], gap)
    while True:
        if crossing is not None:
            yield following, crossing
        if not atoms[following].is_symbol or following + 1 >= len(atoms):
            return
        following += 1
        crossing = instead(atoms[place + 1 : following + 1], gap)


def _read(
    page: Page, atoms: tuple[Atom, ...], place: int, gap: Gap, route: _Route, *, layers: dict[int, _Layer]
) -> None:
    """Enter all that can stand for the atom behind the gap. A word that goes on as in the target is read at one go."""
    atom = atoms[place]
    for end, more, tight, change in readings(page, atom, gap.end):
        if tight and gap.spaces:
            continue
        ahead = len(atom.tail) if atom.tail and page.text.startswith(atom.tail, end) else 0
        layer = layers.setdefault(place + ahead, {})
        total = route.weight + more
        known = layer.get((end + ahead, tight))
        if known is None or total < known.weight:
            layer[end + ahead, tight] = _Route(total, (route.trace, change) if change else route.trace)


def _unwind(trace: _Trace) -> tuple[Change, ...]:
    changes: list[Change] = []
    while trace is not None:
        trace, change = trace
        changes.append(change)
    return tuple(reversed(changes))
