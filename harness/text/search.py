"""Strings in texts: one, many at once, and those of the source."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from operator import add

from harness.text.characters import stands_alone
from harness.text.keeping import kept

try:
    from ahocorasick_rs import AhoCorasick
except ImportError:  # an optional library: without it few strings are looked for one by one
    AhoCorasick = None

AT_ONCE = 16
"""From so many strings on they are looked for in one pass, where the library for that is installed."""
MANY = 256
"""From so many on, to look through a whole text for each takes longer than to walk it once, character by character."""


def all_places(text: str, one: str) -> list[int]:
    """Where a string is in a text; its places may overlap."""
    found: list[int] = []
    place = text.find(one) if one else -1
    while place >= 0:
        found.append(place)
        place = text.find(one, place + 1)
    return found


def places_of(text: str, strings: tuple[str, ...]) -> dict[str, list[int]]:
    """The strings that are in a text, each with its places; they may overlap. In one pass where they are many.

    Without the library the pass is ours: at each place, by the two characters there, strings of few lengths may begin.
    """
    if len(strings) >= AT_ONCE and AhoCorasick is not None:
        with suppress(UnicodeEncodeError):  # half an emoji, as a cut stream or JSON has: the library takes UTF-8 alone
            places: dict[str, list[int]] = {}
            for number, start, _ in _automaton(strings).find_matches_as_indexes(text, overlapping=True):
                places.setdefault(strings[number], []).append(start)
            return places
    if len(strings) < MANY:
        return {one: found for one in strings if (found := all_places(text, one))}
    places = {one: all_places(text, one) if len(one) == 1 else [] for one in strings}
    sizes = _sizes_by_head(strings)
    for start, head in enumerate(map(add, text, text[1:])):
        for size in sizes.get(head, ()):
            if (one := text[start : start + size]) in places and len(one) == size:  # at the end a piece may be shorter
                places[one].append(start)
    return {one: found for one, found in places.items() if found}


@lru_cache(maxsize=8)
def _sizes_by_head(strings: tuple[str, ...]) -> dict[str, set[int]]:
    """How long the strings are that begin with these two characters."""
    sizes: dict[str, set[int]] = {}
    for one in strings:
        sizes.setdefault(one[:2], set()).add(len(one))
    return sizes


@kept(64, few=8)
def _automaton(strings: tuple[str, ...]) -> "AhoCorasick":
    "".join(strings).encode()  # the library leaves out, without a word, what is not UTF-8
    return AhoCorasick(strings)


_LONGEST_KEPT = 256  # a longer span is met once


class Source:
    """All the text that a model was given. Its parts are never joined: no span crosses two messages."""

    def __init__(self, source: str | Sequence[str]) -> None:
        self.parts: tuple[str, ...] = (source,) if isinstance(source, str) else tuple(source)
        self._known: dict[str, bool] = {}

    def holds(self, span: str) -> bool:
        """Whether `span` occurs somewhere in the source with the boundary rule kept on both sides."""
        found = self._known.get(span)
        if found is None:
            found = any(_stands_in(part, span) for part in self.parts)
            if len(span) < _LONGEST_KEPT:
                self._known[span] = found
        return found

    def learn(self, spans: Iterable[str]) -> None:
        """Look for many spans at once, so that `holds` and `holds_in_some_case` need not look for each."""
        asked = [span for span in spans if len(span) < _LONGEST_KEPT and span not in self._known]
        rests = tuple(dict.fromkeys([span[1:] for span in asked if len(span) > 1]))
        held = {rest for part in self.parts for rest in places_of(part, rests)}
        for span in asked:
            first, rest = span[0], span[1:]
            if rest and rest not in held:
                self._known.update(dict.fromkeys((span, first.lower() + rest, first.upper() + rest), False))

    def holds_beside(self, span: str, target: str) -> bool:
        """The same, but not in the target itself: `\\srv` is in `\\\\srv`."""
        if span not in target or 2 * len(span) < len(target) or not self.holds(span):
            return self.holds(span)
        return any(_stands_in(part, span) for whole in self.parts for part in whole.split(target))

    def holds_in_some_case(self, span: str, but: str) -> bool:
        """The same, with the first letter in either case, unless that makes it the text `but`."""
        first, rest = span[:1], span[1:]
        if span not in self._known and not any(rest in part for part in self.parts):  # most damage
            if len(span) < _LONGEST_KEPT:
                self._known[span] = False
            return False
        if self.holds_beside(span, but):
            return True
        others = (case + rest for case in (first.lower(), first.upper()) if case != first)
        return any(other != but and self.holds(other) for other in others)


def _stands_in(part: str, span: str) -> bool:
    start = part.find(span)
    while start >= 0:
        if stands_alone(part, start, start + len(span), span):
            return True
        start = part.find(span, start + 1)
    return False
