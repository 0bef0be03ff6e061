"""Changes to a text as a list, so that every byte outside them is known to be untouched."""

from collections.abc import Sequence
from typing import NamedTuple


class Edit(NamedTuple):
    """One change. Offsets are code points of the text as it was given."""

    start: int
    end: int
    old: str
    new: str


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made. They must be in order and without overlaps."""
    pieces: list[str] = []
    place = 0
    for edit in edits:
        pieces += (text[place : edit.start], edit.new)
        place = edit.end
    pieces.append(text[place:])
    return "".join(pieces)


def composed(text: str, first: Sequence[Edit], second: Sequence[Edit]) -> list[Edit]:
    """One list that does to `text` what `first` and then `second` do; the offsets of `second` are those in between.

    Edits of the two that touch become one.
    """
    if not first:
        return list(second)
    between = applied(text, first)
    marks: list[tuple[int, int, int, Edit | None]] = [(edit.start, edit.end, 0, edit) for edit in second]
    shift = 0
    for edit in first:
        grown = len(edit.new) - (edit.end - edit.start)
        marks.append((edit.start + shift, edit.end + shift + grown, grown, None))
        shift += grown
    marks.sort(key=lambda mark: mark[:2])
    result: list[Edit] = []
    shift = place = 0
    while place < len(marks):
        low, high = marks[place][:2]
        before, inner = shift, []
        while place < len(marks) and marks[place][0] <= high:
            _, end, grown, later = marks[place]
            high, shift = max(high, end), shift + grown
            if later is not None:
                inner.append(Edit(later.start - low, later.end - low, later.old, later.new))
            place += 1
        start, stop = low - before, high - shift
        result.append(Edit(start, stop, text[start:stop], applied(between[low:high], inner)))
    return result
