"""Runs of text that hold a symbol between two other characters, cut to what belongs to the symbol."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from harness.text.characters import SPACES, ZERO_WIDTH, is_cjk
from harness.text.symbols import SymbolTable

QUOTES = "\"'`´“”„‟‘’‚‛«»‹›「」『』〝〞〟＂＇｢｣"
BRACKETS = "()[]{}<>（）［］｛｝＜＞〈〉《》【】〔〕〖〗〘〙〚〛⟨⟩｟｠"
CJK_PUNCTUATION = "，。、；：？！…‥—―・〜～｡､"
SEPARATORS = "|;•"
_DELIMITERS = SPACES + "\u200b\ufeff" + QUOTES + BRACKETS + CJK_PUNCTUATION + SEPARATORS

_TRAILING = frozenset(".,:!?*~=&_^")
_LEADING = frozenset(",:!?*=&^_")
_KEPT_SIGNS = frozenset("°℃℉™®©№Ωµ")
_OPTION = re.compile(r"--?[A-Za-z]")
_NUMBER_OR_VARIABLE = re.compile(r"(?:[0-9.,]+|[A-Za-z])(?:[-/+*×÷^](?:[0-9.,]+|[A-Za-z]))+")


class Span(NamedTuple):
    start: int
    end: int


@lru_cache(maxsize=64)
def _run_pattern(symbols: str) -> re.Pattern[str]:
    kept = "".join(char for char in dict.fromkeys(_DELIMITERS) if char not in symbols)
    return re.compile(f"(?:[^,{re.escape(kept)}]|(?<=[0-9]),(?=[0-9]))+")


@lru_cache(maxsize=64)
def joint_pattern(symbols: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(symbols)}]+")


def joined_runs(text: str, symbols: SymbolTable) -> Iterator[Span]:
    """The spans worth protecting that hold no white space, and pairs of Latin ones that are one space apart."""
    signs = "".join(symbols.by_char)
    pending: Span | None = None
    for run in _run_pattern(signs).finditer(text):
        if not any(sign in run[0] for sign in signs):
            continue
        spans = list(_targets_of(text, run.start(), run.end(), symbols))
        if not spans:
            continue
        first = spans[0]
        if pending is not None:
            if first.start == pending.end + 1 and text[pending.end] == " " and not is_cjk(text[first.start]):
                first = Span(pending.start, first.end)
            else:
                yield pending
            pending = None
        yield from spans[1:]
        if is_cjk(text[first.end - 1]):
            yield first
        else:
            pending = first
    if pending is not None:
        yield pending


def _targets_of(text: str, start: int, end: int, symbols: SymbolTable) -> Iterator[Span]:
    """The targets of one run: as far as its runs go, and cut to the nearest two CJK characters."""
    if _OPTION.match(text, start, end):
        return
    joints = [
        Span(found.start(), found.end())
        for found in joint_pattern("".join(symbols.by_char)).finditer(text, start, end)
        if found.start() > start and found.end() < end
    ]
    if not joints:
        return
    left = reach_left(text, joints[0].start, start)
    right = reach_right(text, joints[-1].end, end)
    if left == joints[0].start or right == joints[-1].end:
        return
    whole = _stripped(text, left, right, start, joints)
    if whole is None or _is_arithmetic(text, whole) or not _is_joined(text, whole, joints):
        return
    if _single_characters(text, whole, joints) and not _is_quoted(text, start, end):
        return
    yield whole
    yield from near_spans(text, whole, joints)


def reach_left(text: str, joint: int, limit: int) -> int:
    """Where the text beside a joint begins: its CJK run, or all that is not CJK."""
    place = joint
    kind = is_cjk(text[joint - 1])
    while place > limit and is_cjk(text[place - 1]) == kind:
        place -= 1
    return place


def reach_right(text: str, joint: int, limit: int) -> int:
    place = joint
    kind = is_cjk(text[joint])
    while place < limit and is_cjk(text[place]) == kind:
        place += 1
    return place


def near_spans(text: str, whole: Span, joints: list[Span]) -> Iterator[Span]:
    """The span with its CJK ends cut to two characters, and the same for each joint between two CJK runs."""
    inside = [joint for joint in joints if whole.start < joint.start and joint.end < whole.end]
    if not inside:
        return
    cut = Span(_near_left(text, inside[0].start, whole.start), _near_right(text, inside[-1].end, whole.end))
    if cut != whole:
        yield cut
    if len(inside) == 1:
        return
    for place, joint in enumerate(inside):
        low = inside[place - 1].end if place else whole.start
        high = inside[place + 1].start if place + 1 < len(inside) else whole.end
        if not (is_cjk(text[joint.start - 1]) and is_cjk(text[joint.end])):
            continue
        pair = Span(_near_left(text, joint.start, low), _near_right(text, joint.end, high))
        if pair.end - pair.start > joint.end - joint.start + 2 and pair not in (cut, whole):
            yield pair


def _near_left(text: str, joint: int, limit: int) -> int:
    if not is_cjk(text[joint - 1]):
        return limit
    return max(limit, joint - 2, reach_left(text, joint, limit))


def _near_right(text: str, joint: int, limit: int) -> int:
    if not is_cjk(text[joint]):
        return limit
    return min(limit, joint + 2, reach_right(text, joint, limit))


def _stripped(text: str, start: int, end: int, run_start: int, joints: list[Span]) -> Span | None:
    """The span without the punctuation of the sentence round it."""
    while start < end and _is_loose_head(text, start):
        start += 1
    while end > start and _is_loose_tail(text, start, end):
        end -= 1
    return Span(start, end) if start < end else None


def _is_loose_head(text: str, place: int) -> bool:
    char = text[place]
    following = text[place + 1] if place + 1 < len(text) else ""
    if char == "-":
        return not following.isdigit()
    if char == "_":
        return True
    return char in _LEADING or _is_ornament(char)


def _is_loose_tail(text: str, start: int, end: int) -> bool:
    char = text[end - 1]
    if char == "-":
        return True
    if char == "/":
        return "/" not in text[start : end - 1]
    return char in _TRAILING or _is_ornament(char)


def _is_ornament(char: str) -> bool:
    """Emoji and the like; joiners and variation selectors go with them."""
    if char.isascii() or char in _KEPT_SIGNS:
        return False
    return char in ZERO_WIDTH or char == "\ufe0f" or unicodedata.category(char) in ("So", "Sk")


def _is_joined(text: str, span: Span, joints: list[Span]) -> bool:
    """Whether one symbol alone stands between two other characters, or `://` does."""
    for joint in joints:
        if span.start < joint.start and joint.end < span.end:
            length = joint.end - joint.start
            if length == 1 or text[joint.start - 1 : joint.end] == "://":
                return any(char.isalnum() for char in text[span.start : span.end])
    return False


def _single_characters(text: str, span: Span, joints: list[Span]) -> bool:
    parts: list[str] = []
    start = span.start
    for joint in joints:
        parts.append(text[start : joint.start])
        start = joint.end
    parts.append(text[start : span.end])
    return all(len(part) == 1 and is_cjk(part) for part in parts)


def _is_quoted(text: str, start: int, end: int) -> bool:
    return start > 0 and end < len(text) and text[start - 1] in QUOTES and text[end] in QUOTES


def _is_arithmetic(text: str, span: Span) -> bool:
    """A sum: only numbers, single letters and operators, with `=` or another operator in it or beside it."""
    inner = text[span.start : span.end]
    parts = inner.split("=")
    if not all(_NUMBER_OR_VARIABLE.fullmatch(part) or part.replace(".", "").isalnum() for part in parts):
        return False
    if len(parts) > 1:
        return any(_NUMBER_OR_VARIABLE.fullmatch(part) for part in parts)
    if any(sign in inner for sign in "+*×÷^"):
        return True
    if not _NUMBER_OR_VARIABLE.fullmatch(inner):
        return False
    after = text[span.end : span.end + 3].lstrip()
    before = text[max(0, span.start - 3) : span.start].rstrip()
    return after[:1] in ("=", "≈") or before[-1:] in ("=", "+", "×", "*", "÷")
