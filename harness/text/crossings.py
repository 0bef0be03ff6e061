"""What may lie between two neighbouring characters of a target, at what weight, and what belongs there."""

from functools import lru_cache

from harness.text.characters import LINE_BREAK_SET, is_cjk, is_latin_or_digit
from harness.text.forms import ALTERED, LOOKALIKE, SPACED
from harness.text.gaps import Gap, count_line_breaks
from harness.text.pattern import Atom

Crossing = tuple[int, tuple[str, ...], str]
"""Weight, damage codes and remedy of a gap."""


def between(before: Atom, after: Atom, gap: Gap) -> Crossing | None:
    """The crossing from one atom to the next; None where no mention can have such a gap."""
    own, spaces = after.space, gap.spaces
    if spaces == own and not gap.zero_width and not gap.markup and not gap.coded:
        return 0, (), ""
    weight, codes = _aside(gap)
    new = own
    if spaces == own:
        return weight, codes, new
    if not own:
        if gap.line_breaks > 1:
            return None
        return weight + SPACED, (*codes, *_inserted(before, after, spaces)), new
    if not spaces:
        return weight + ALTERED, (*codes, "closed-up"), new
    if gap.line_breaks > max(1, count_line_breaks(own)):
        return None
    beside_symbol = before.is_symbol or after.is_symbol
    single_break = spaces == "\r\n" or (len(spaces) == 1 and spaces in LINE_BREAK_SET)
    if single_break and len(own) == 1 and not beside_symbol:
        return weight, codes, spaces
    extra = _extra(own, spaces)
    if extra is not None:
        return weight + SPACED, (*codes, *_inserted(before, after, extra)), new
    kinds = ("space-kind", *(("line-break",) if gap.line_breaks else ()))
    length = len(spaces.replace("\r\n", "\n"))
    if length < len(own):
        kinds = kinds if _extra(spaces, own) is None else ()
        return weight + ALTERED, (*codes, "closed-up", *kinds), new
    if length > len(own):
        weight += SPACED
        kinds = (*kinds, *_inserted(before, after, spaces))
    return weight + LOOKALIKE, (*codes, *kinds), new


def instead(skipped: tuple[Atom, ...], gap: Gap) -> Crossing | None:
    """The same for a gap that stands for one or more symbols: all of `skipped` but its last atom."""
    if gap.line_breaks or (gap.lone_star and gap.markup == 1 and not gap.spaces):
        return None
    own = "".join(atom.space for atom in skipped)
    new = "".join(atom.space + atom.char for atom in skipped[:-1]) + skipped[-1].space
    weight, codes = _aside(gap)
    weight += ALTERED * (len(skipped) - 1)
    spaces = gap.spaces
    wide = ("wide-space",) if any(c != " " for c in spaces) else ()
    if len(spaces) > len(own):
        return weight, (*codes, "to-space", *wide, *(("dropped",) if len(skipped) > 2 else ())), new
    if spaces == own:
        return weight, (*codes, "dropped"), new
    if len(spaces) < len(own):
        return weight + ALTERED, (*codes, "dropped", "closed-up"), new
    return weight + LOOKALIKE, (*codes, "dropped", "space-kind"), new


def _aside(gap: Gap) -> tuple[int, tuple[str, ...]]:
    """Weight and codes of what a gap holds besides white space."""
    codes: tuple[str, ...] = ()
    if gap.zero_width:
        codes += ("zero-width",)
    if gap.markup:
        codes += ("markup",)
    if gap.coded:
        codes += ("escaped",)
    return SPACED * gap.zero_width + ALTERED * (gap.markup + gap.coded), codes


@lru_cache(maxsize=4096)
def _side(before: str, after: str) -> str:
    if (is_cjk(before) and is_latin_or_digit(after)) or (is_cjk(after) and is_latin_or_digit(before)):
        return "cjk-boundary"
    return "space-inside"


def _inserted(before: Atom, after: Atom, spaces: str) -> tuple[str, ...]:
    places = ("space-left",) * after.is_symbol + ("space-right",) * before.is_symbol
    return (places or (_side(before.char, after.char),)) + _kinds(spaces)


def _kinds(spaces: str) -> tuple[str, ...]:
    if spaces == " ":
        return ()
    wide = ("wide-space",) * any(c != " " and c not in LINE_BREAK_SET for c in spaces)
    return wide + ("line-break",) * any(c in LINE_BREAK_SET for c in spaces)


def _extra(own: str, spaces: str) -> str | None:
    """What is left of `spaces` once the target's own are taken out in order, or None if they are not in it."""
    left: list[str] = []
    place = 0
    for char in spaces:
        if place < len(own) and char == own[place]:
            place += 1
        else:
            left.append(char)
    return "".join(left) if place == len(own) else None
