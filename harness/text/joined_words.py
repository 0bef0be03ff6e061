"""Targets without white space, such as `Sikalastic-609`, and pairs of them that are one space apart."""

import re
import unicodedata
from collections.abc import Iterator

from harness.text.characters import ZERO_WIDTH_SET, is_cjk
from harness.text.runs import QUOTES, Chain, Span, chains, near_spans
from harness.text.symbols import SymbolTable

_TRAILING = frozenset(".,:!?*~=&_^")
_LEADING = frozenset(",:!?*=&^_")
_UNIT_SIGNS = frozenset("°℃℉™®©№")
_NUMBER_OR_VARIABLE = re.compile(r"(?:[0-9.,]+|[A-Za-z])(?:[-/+*×÷^](?:[0-9.,]+|[A-Za-z]))+")
_OPERATOR = re.compile(r"(?:[=+×÷]\s?|\*\s)\Z")


def joined_words(text: str, symbols: SymbolTable) -> Iterator[Span]:
    pending: Chain | None = None
    for chain in chains(text, symbols):
        cut = _stripped(text, chain)
        if cut is None or not _is_target(text, cut):
            continue
        if pending is not None and _are_a_pair(text, pending.span, cut.span):
            cut = Chain(Span(pending.span.start, cut.span.end), pending.joints + cut.joints)
        elif pending is not None:
            yield from _spans(text, pending)
        pending = cut
    if pending is not None:
        yield from _spans(text, pending)


def _spans(text: str, chain: Chain) -> Iterator[Span]:
    yield chain.span
    yield from near_spans(text, chain)


def _are_a_pair(text: str, one: Span, other: Span) -> bool:
    """Two Latin runs, one space apart."""
    if other.start != one.end + 1 or text[one.end] != " ":
        return False
    return not is_cjk(text[one.end - 1]) and not is_cjk(text[other.start])


def _stripped(text: str, chain: Chain) -> Chain | None:
    """The chain without the punctuation of the sentence round it, and without the joints lost with that."""
    start, end = chain.span
    while start < end and _is_loose_head(text, start):
        start += 1
    while end > start and _is_loose_tail(text, start, end):
        end -= 1
    joints = tuple(joint for joint in chain.joints if start < joint.start and joint.end < end)
    return Chain(Span(start, end), joints) if joints else None


def _is_loose_head(text: str, place: int) -> bool:
    char = text[place]
    if char == "-":
        return not text[place + 1 : place + 2].isdigit()
    if char == "~":
        return text[place + 1 : place + 2] != "/"
    return char in _LEADING or _is_ornament(char)


def _is_loose_tail(text: str, start: int, end: int) -> bool:
    char = text[end - 1]
    if char == "/":
        return "/" not in text[start : end - 1]
    return char == "-" or char in _TRAILING or _is_ornament(char)


def _is_ornament(char: str) -> bool:
    """Emoji and the like; joiners and variation selectors go with them. Signs of units are none."""
    if char.isascii() or char in _UNIT_SIGNS or "\u3300" <= char <= "\u33ff":
        return False
    return char in ZERO_WIDTH_SET or char == "\ufe0f" or unicodedata.category(char) in ("So", "Sk")


def _is_target(text: str, chain: Chain) -> bool:
    """Whether one symbol alone, or `://`, stands between two other characters, and it is neither sum nor loose pair."""
    span = chain.span
    inner = text[span.start : span.end]
    if not any(char.isalnum() for char in inner):
        return False
    if not any(joint.end - joint.start == 1 for joint in chain.joints) and "://" not in inner:
        return False
    if _is_arithmetic(text, span):
        return False
    return not _is_all_single(text, chain) or _is_quoted(text, span)


def _is_all_single(text: str, chain: Chain) -> bool:
    """Whether every part is one CJK character."""
    start = chain.span.start
    for joint in (*chain.joints, Span(chain.span.end, chain.span.end)):
        if joint.start - start != 1 or not is_cjk(text[start]):
            return False
        start = joint.end
    return True


def _is_quoted(text: str, span: Span) -> bool:
    return span.start > 0 and text[span.start - 1] in QUOTES and text[span.end : span.end + 1] in (*QUOTES,)


def _is_arithmetic(text: str, span: Span) -> bool:
    """A sum: only numbers, single letters and operators, with `=` or another operator in it or beside it."""
    inner = text[span.start : span.end]
    parts = inner.split("=")
    if not all(_NUMBER_OR_VARIABLE.fullmatch(part) or part.replace(".", "").isalnum() for part in parts):
        return False
    if len(parts) > 1:
        return any(_NUMBER_OR_VARIABLE.fullmatch(part) for part in parts)
    if not _NUMBER_OR_VARIABLE.fullmatch(inner):
        return False
    if any(sign in inner for sign in "+*×÷^"):
        return True
    after = text[span.end : span.end + 3].lstrip()
    return after[:1] in ("=", "≈") or _OPERATOR.search(text[max(0, span.start - 3) : span.start]) is not None
