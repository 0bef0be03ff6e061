"""Signs of the source that no target holds as they stand, which the answer has apart or as a look-alike.

Where a string begins and ends, nobody says, and the scanner may be wrong: it takes a word too much
(`NO.ILCDUB-2024/0773`), it finds nothing (`炮二平五/马8进7`), and an answer may name a part alone. A joint is what is
left to hold on to: a sign with the word at each side of it, or two characters of Han. Where the answer has a blank at
the sign, and the source has the same without one, and nowhere with it, the string is damaged, whatever its edges are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from harness.text.characters import is_cjk, later
from harness.text.mentions import Source

LONGEST = 100
"""Code points that a joint takes at most in an answer: two words, up to three signs, and the blanks beside them."""

_WORD = 40
_BLANKS = " \t\u00a0\u2002-\u200a\u202f\u3000"
_SIGNS = "-/_\\\\·•#@"
_ALIKE = str.maketrans("–—−‑‐﹣－／＿", "-------/_")
_HAN = "\u3041-\u9fff\uac00-\ud7a3"
_LETTER = rf"[^\W_{_HAN}]"

_HINTS = (
    *(pair for sign in "-/_\\·•#@" for pair in (f"{sign} ", f" {sign}")),
    *map(chr, _ALIKE),
    *"\t\u00a0\u202f\u3000",
)
"""A text that holds none of these has no joint apart: to look for each of them takes a microsecond."""

_APART = later(
    rf"(?<=[^\W_])(?:(?P<before>[{_BLANKS}]{{1,3}})(?P<sign>[{_SIGNS}]{{1,3}})(?P<behind>[{_BLANKS}]{{0,3}})"
    rf"|(?P<tight>[{_SIGNS}]{{1,3}})(?P<after>[{_BLANKS}]{{1,3}})|(?P<alike>[{''.join(map(chr, _ALIKE))}]))(?=[^\W_])"
)
_LEFT = later(rf"(?:{_LETTER}+|[{_HAN}]{{1,2}})\Z")
_RIGHT = later(rf"{_LETTER}+|[{_HAN}]{{1,2}}")
_OPEN_END = later(
    rf"(?:{_LETTER}+|[{_HAN}]{{1,2}})(?:[{_BLANKS}]{{0,3}}[{_SIGNS}]{{0,3}}[{_BLANKS}]{{0,3}}{_LETTER}*)\Z"
)


class Joint(NamedTuple):
    """What stands in an answer from `start` to `end`, and what the source has for it."""

    start: int
    end: int
    wanted: str
    place: int
    """Where the source has it, in code points of the text (or message) that holds it."""


def may_be_apart(text: str) -> bool:
    """Whether an answer is worth a look: False for most of them, at once."""
    return any(hint in text for hint in _HINTS)


def joints_apart(text: str, source: Source) -> Iterator[Joint]:
    """The joints of the source that `text` has apart, by place; one and the next may share a word."""
    for found in _APART.finditer(text):
        start, end = found.span()
        left = _LEFT.search(text, max(0, start - _WORD - 1), start)
        right = _RIGHT.match(text, end, end + _WORD + 1)
        if left is None or right is None or max(len(left[0]), len(right[0])) > _WORD:
            continue
        sign = found["sign"] or found["tight"] or found["alike"].translate(_ALIKE)
        wanted = left[0] + sign + right[0]
        if not _is_damage(left[0], sign, right[0], found):
            continue
        span = text[left.start() : right.end()]
        if source.holds(wanted) and not _is_in(source, span) and not _goes_on_as_another(text, left, right, source):
            place = next(part.index(wanted) for part in source.parts if wanted in part)
            yield Joint(left.start(), right.end(), wanted, place)


_BEFORE = later(rf"({_LETTER}{{1,40}}+)[{_BLANKS}]{{0,3}}([{_SIGNS}]{{1,3}}+)[{_BLANKS}]{{0,3}}\Z")
_BEHIND = later(rf"[{_BLANKS}]{{0,3}}([{_SIGNS}]{{1,3}}+)[{_BLANKS}]{{0,3}}({_LETTER}{{1,40}}+)")


def _goes_on_as_another(text: str, left: re.Match[str], right: re.Match[str], source: Source) -> bool:
    """Whether it is a part of a longer code that the source does not have: half of a string is not put right."""
    start, word = left.start(), left[0]
    while found := _BEFORE.search(text, max(0, start - LONGEST), start):
        if _is_code(found[1]) and not _is_in(source, found[1] + found[2] + word):
            return True
        start, word = found.start(), found[1]
    end, word = right.end(), right[0]
    while found := _BEHIND.match(text, end):
        if _is_code(found[2]) and not _is_in(source, word + found[1] + found[2]):
            return True
        end, word = found.end(), found[2]
    return False


def _is_in(source: Source, joint: str) -> bool:
    return any(joint in part for part in source.parts)


def _is_code(word: str) -> bool:
    return word.isupper() or any(map(str.isdigit, word))


def _is_damage(left: str, sign: str, right: str, found: re.Match[str]) -> bool:
    """Whether it is neither a sum, nor a range, nor a blank where a token may end beside Han."""
    if left.isdigit() and right.isdigit():
        return False  # `5 - 3`, `10–20`
    from_han, to_han = is_cjk(left[-1]), is_cjk(right[0])
    if found["alike"]:
        return not (from_han and to_han) and not (found["alike"] in "–—" and (left + right).isalpha())
    before, behind = found["before"], found["behind"] or found["after"]
    if from_han and to_han:
        return bool(before and behind) and sign != "-"
    if sign == "-" and ((from_han and len(left) < 2) or (to_han and len(right) < 2)):
        return False  # `第 55 单 - 55 元`
    return not (from_han and not behind) and not (to_han and not before)  # `接口 /api`


def open_end(text: str) -> int:
    """Where a joint may begin that the end of `text` leaves open; its length where none can."""
    found = _OPEN_END.search(text, max(0, len(text) - LONGEST))
    return found.start() if found else len(text)
