"""The mildest way to read a stretch of text as a damaged target."""

from collections.abc import Iterator
from typing import NamedTuple

from harness.text.characters import blocks_after, blocks_before
from harness.text.crossings import Crossing, between, instead
from harness.text.damage import Change, Damage
from harness.text.forms import LOOKALIKE
from harness.text.gaps import Gap
from harness.text.glyphs import ESCAPE_STARTS
from harness.text.mentions import in_order
from harness.text.page import Page
from harness.text.pattern import Atom, Pattern
from harness.text.readings import readings


class Alignment(NamedTuple):
    """A mention."""

    start: int
    end: int
    damage: Damage


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
    if not may_begin(page, pattern.target[0], start):
        return None
    text = page.text
    layers: dict[int, _Layer] = {}
    _read(page, pattern, 0, Gap(start), _Route(0, None), layers=layers)
    while layers and (place := min(layers)) < len(atoms) - 1:
        for (position, tight), route in layers.pop(place).items():
            for gap in page.gaps(position):
                if gap.end == len(text) or (tight and gap.spaces):
                    break
                for following, (cost, codes, new) in _crossings(atoms, place, gap, text[gap.end]):
                    trace = (route.trace, Change(position, gap.end, new, codes)) if codes else route.trace
                    _read(page, pattern, following, gap, _Route(route.weight + cost, trace), layers=layers)
    last = atoms[-1].char
    ends = [
        (route, end) for (end, _), route in layers.get(len(atoms) - 1, {}).items() if not blocks_after(text, end, last)
    ]
    if not ends:
        return None
    route, end = min(ends, key=lambda found: found[0].weight)
    return Alignment(start, end, _damage(route, start))


def may_begin(page: Page, first: str, start: int) -> bool:
    """Whether neither the word before nor a backslash that belongs to it keeps a mention from beginning here.

    `first` is the first character of the target.
    """
    if blocks_before(page.text, start, first):
        return False
    return not (first in page.symbols.by_char and page.is_escaped(start))


def _crossings(atoms: tuple[Atom, ...], place: int, gap: Gap, char: str) -> Iterator[tuple[int, Crossing]]:
    """The atoms that a gap with `char` behind it may lead to.

    They are the next one, and those behind it if the symbols between were dropped.
    """
    is_coded = char in ESCAPE_STARTS
    following = place + 1
    if is_coded or char in atoms[following].forms:
        crossing = between(atoms[place], atoms[following], gap)
        if crossing is not None:
            yield following, crossing
    while atoms[following].is_symbol and following + 1 < len(atoms):
        following += 1
        if is_coded or char in atoms[following].forms:
            crossing = instead(atoms[place + 1 : following + 1], gap)
            if crossing is not None:
                yield following, crossing


def _read(page: Page, pattern: Pattern, place: int, gap: Gap, route: _Route, *, layers: dict[int, _Layer]) -> None:
    """Enter all that can stand for the atom behind the gap. A word that goes on as in the target is read at one go."""
    atom, tail = pattern.atoms[place], pattern.tails[place]
    for end, more, tight, change in readings(page, atom, gap.end):
        if tight and gap.spaces:
            continue
        ahead = len(tail) if tail and page.text.startswith(tail, end) else 0
        layer = layers.setdefault(place + ahead, {})
        total = route.weight + more
        known = layer.get((end + ahead, tight))
        if known is None or total < known.weight:
            layer[end + ahead, tight] = _Route(total, (route.trace, change) if change else route.trace)


def _damage(route: _Route, start: int) -> Damage:
    weight, trace = route
    changes: list[Change] = []
    while trace is not None:
        trace, (low, high, new, codes) = trace
        changes.append(Change(low - start, high - start, new, codes))
    mask = LOOKALIKE - 1
    edits = (weight >> 40) + (weight >> 20 & mask) + (weight & mask)
    return Damage(weight, edits, in_order({code for change in changes for code in change.codes}), tuple(changes[::-1]))
