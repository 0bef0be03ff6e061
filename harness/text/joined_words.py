"""Targets without white space, such as `Sikalastic-609`, and pairs of them that are one space apart."""

import re
import unicodedata
from collections.abc import Iterator

from harness.text.characters import ZERO_WIDTH_SET, is_alphanumeric, is_cjk, is_latin_or_digit
from harness.text.runs import QUOTES, Chain, Span, chains, near_spans, runs
from harness.text.symbols import SymbolTable

_TRAILING = frozenset(".,:!?*~=&_^")
_LEADING = frozenset(",:!?*=&^_")
_NEIGHBOURS = 3
"""How many characters on either side of a run can decide whether it is a sum or quoted."""
_UNIT_SIGNS = frozenset("°℃℉™®©№")
_NUMBER_OR_VARIABLE = re.compile(r"(?:[0-9.,]+|[A-Za-z])(?:[-/+*×÷^](?:[0-9.,]+|[A-Za-z]))+")
_OPERATOR = re.compile(r"(?:[=+×÷]\s?|\*\s)\Z")


def joined_words(text: str, symbols: SymbolTable) -> Iterator[Span]:
    pending: Chain | None = None
    for chain in _cut_chains(text, symbols):
        if pending is None:
            pending = chain
        elif _are_a_pair(text, pending, chain):
            pending = Chain(Span(pending.span.start, chain.span.end), pending.joints + chain.joints)
        else:
            yield from _spans(text, pending)
            pending = chain
    if pending is not None:
        yield from _spans(text, pending)


def _cut_chains(text: str, symbols: SymbolTable) -> Iterator[Chain]:
    """The chains of all runs that are targets. A run that comes again between the same neighbours is not read again."""
    known: dict[tuple[str, int, int], tuple[Chain, ...]] = {}
    for run in runs(text, symbols):
        low = max(0, run.start - _NEIGHBOURS)
        key = (text[low : run.end + _NEIGHBOURS], run.start - low, run.end - low)
        found = known.get(key)
        if found is None:
            cuts = (without_ornament(text, chain) for chain in chains(text, run, symbols))
            found = known[key] = tuple(_moved(cut, -low) for cut in cuts if cut is not None and _is_target(text, cut))
        for chain in found:
            yield _moved(chain, low)


def _moved(chain: Chain, by: int) -> Chain:
    span, joints = chain
    return Chain(Span(span.start + by, span.end + by), tuple(Span(one.start + by, one.end + by) for one in joints))


def _spans(text: str, chain: Chain) -> Iterator[Span]:
    yield chain.span
    yield from near_spans(text, chain)


def _are_a_pair(text: str, one: Chain, other: Chain) -> bool:
    """Two Latin runs, one space apart."""
    if other.span.start != one.span.end + 1 or text[one.span.end] != " ":
        return False
    sides = text[one.joints[-1].end : one.span.end] + text[other.span.start : other.joints[0].start]
    return all(is_latin_or_digit(char) or not is_alphanumeric(char) for char in sides)


def without_ornament(text: str, chain: Chain) -> Chain | None:
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
