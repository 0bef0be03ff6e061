"""What can stand for one character of a target at one place of a text."""

from collections.abc import Iterator
from typing import NamedTuple

from harness.text.damage import Change
from harness.text.forms import ALTERED, LOOKALIKE, SPACED
from harness.text.glyphs import ESCAPE_STARTS, escaped
from harness.text.page import Page
from harness.text.pattern import Atom


class Reading(NamedTuple):
    """`tight`: holds only without white space on either side."""

    end: int
    weight: int
    tight: bool
    change: Change | None


def readings(page: Page, atom: Atom, start: int) -> list[Reading]:
    text = page.text
    char = text[start]
    form = atom.forms.get(char)
    if form is not None and not form.codes and not atom.is_symbol and char not in ESCAPE_STARTS:
        return [Reading(start + 1, 0, False, None)]
    if page.is_marker(start):
        return []
    found: list[Reading] = []
    if char in ESCAPE_STARTS:
        glyph = escaped(text, start)
        meant = atom.forms.get(glyph.char) if glyph else None
        if glyph is not None and meant is not None:
            change = Change(start, glyph.end, atom.char, ("escaped", *meant.codes))
            found.append(Reading(glyph.end, meant.weight + ALTERED, meant.tight, change))
            if glyph.char == atom.char and char != atom.char:
                form = None  # the backslash of an escape is no look-alike of a slash
    if form is not None:
        raw = Change(start, start + 1, atom.char, form.codes) if form.codes else None
        found.append(Reading(start + 1, form.weight, form.tight, raw))
    if atom.doubles and (char in atom.doubles or char in ESCAPE_STARTS):
        found[:0] = _doubled(page, atom, start)
    return found


def _doubled(page: Page, atom: Atom, start: int) -> Iterator[Reading]:
    text = page.text
    for middle, first, first_escaped in _halves(page, atom, start):
        for gap in page.gaps(middle):
            if gap.markup or gap.coded or gap.line_breaks:
                break
            following = text[gap.end : gap.end + 1]
            if following not in atom.doubles and following not in ESCAPE_STARTS:
                continue
            for end, second, second_escaped in _halves(page, atom, gap.end):
                looks = tuple(code for code in dict.fromkeys((first, second)) if code)
                escapes = first_escaped + second_escaped
                parted = ("space-left", "space-right") if gap.spaces else ()
                wide = ("wide-space",) if any(space != " " for space in gap.spaces) else ()
                blanks = (*parted, *wide, *(("zero-width",) if gap.zero_width else ()))
                codes = ("doubled", *looks, *blanks, *(("escaped",) if escapes else ()))
                weight = ALTERED * (1 + escapes) + (LOOKALIKE if looks else 0) + (SPACED if blanks else 0)
                yield Reading(end, weight, False, Change(start, end, atom.char, codes))


def _halves(page: Page, atom: Atom, start: int) -> Iterator[tuple[int, str, bool]]:
    char = page.text[start]
    if char in atom.doubles:
        yield start + 1, atom.doubles[char], False
    if char in ESCAPE_STARTS:
        glyph = escaped(page.text, start)
        if glyph is not None and glyph.char in atom.doubles:
            yield glyph.end, atom.doubles[glyph.char], True
