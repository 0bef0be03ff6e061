"""What was damaged in one way is damaged in that way again, so each damaged form of a target is aligned once.

Where a mention is no worse than a look-alike, the visible characters of the text stand for those of the target one by
one. From a given start there is then one such reading at most, it outweighs no other, and where target and span begin
and end with what is no symbol, the span alone decides about it: blanks are never cut, and whether a symbol inside opens
a list item shows inside. `tests/text/test_shortcuts.py` holds this against an alignment at every place.
"""

from harness.text.alignment import Alignment, align, may_begin
from harness.text.characters import BLANK_SET, blocks_after
from harness.text.forms import ALTERED
from harness.text.page import Page
from harness.text.pattern import Pattern

_MOST = 32
"""Forms kept of one target: habits are few, and a process may meet thousands of targets."""
_LONGEST = 100
"""A longer span is aligned each time."""


def aligned(page: Page, pattern: Pattern, start: int) -> Alignment | None:
    """As `align`, which it asks for each form that it does not know yet."""
    end = _end(page.text, pattern, start) if pattern.steps else 0
    if not end or blocks_after(page.text, end, pattern.target[-1]):
        return align(page, pattern, start)
    span = page.text[start:end]
    damage = pattern.known.get(span)
    if damage is not None:
        return Alignment(start, end, damage) if may_begin(page, pattern.target[0], start) else None
    found = align(page, pattern, start)
    if found is not None and found.end == end and found.damage.weight < ALTERED and end - start <= _LONGEST:
        if len(pattern.known) >= _MOST:
            pattern.known.clear()
        pattern.known[span] = found.damage
    return found


def _end(text: str, pattern: Pattern, start: int) -> int:
    """Where the mention ends if it is the target but for blanks and look-alike symbols, else 0."""
    place = start
    try:
        for word, signs in pattern.steps:
            while text[place] in BLANK_SET:
                place += 1
            if word:
                if not text.startswith(word, place):
                    return 0
                place += len(word)
            elif text[place] in signs:
                place += 1
            else:
                return 0
    except IndexError:
        return 0
    return place
