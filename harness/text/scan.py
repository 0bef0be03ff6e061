"""One scanner over a source: the strings worth protecting when nobody has listed them."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from harness.text.boundary import stands_alone
from harness.text.chains import ENDS, HAN, Span, chain_of, left_end, right_end
from harness.text.kinds import kind_of
from harness.text.spaced_words import spaced_words
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import Target
from harness.text.tokens import read, spans_in

_SUM = re.compile(r"(?:\d[\d.,]*|[A-Za-z])[-+*/](?:\d[\d.,]*|[A-Za-z])")
_KEY = re.compile(f"(?:[^\\W\\d_]{{2}}|[{HAN}]) *\\Z")
_EQUALS = "=≈≠≤≥"
_TIMES = "+*×÷"
_SPACED_PAIR = re.compile(f"([{HAN}]+)[^\\S\\n]+([-/／])[^\\S\\n]+([{HAN}]+)")


def scan(source: str | Sequence[str], symbols: SymbolTable = DEFAULT_SYMBOLS) -> tuple[Target, ...]:
    """The targets of a source in order, each text once, at its first place.

    Args:
        source: one text, or one a message: a target never crosses two of them.
    """
    found: dict[str, Target] = {}
    for text in (source,) if isinstance(source, str) else source:
        for target in _scanned(text, symbols):
            found.setdefault(target.text, target)
    return tuple(found.values())


def _scanned(text: str, symbols: SymbolTable) -> tuple[Target, ...]:
    """Kept, since a system prompt is scanned again with every row of a log: many short ones, few long ones."""
    return _short(text, symbols) if len(text) <= _SHORT else _long(text, symbols)


def _targets(text: str, symbols: SymbolTable) -> tuple[Target, ...]:
    spans = [*spans_in(text), *_own_blanks(text, symbols), *_own_signs(text, symbols)]
    spans.sort(key=lambda span: (span.start, -span.end))
    kept: list[Target] = []
    end = 0
    for span in spans:
        if span.start < end or span.end - span.start < 2:
            continue
        inner = text[span.start : span.end]
        if not stands_alone(text, span.start, span.end, inner):
            continue  # no mention of it could be found there
        end = span.end
        if _is_sum(text, span.start, span.end):
            continue
        kind = span.kind or kind_of(inner)
        kept.append(Target(inner, kind, span.start, span.end, span.open_left, span.open_right, False, span.alternates))
    return tuple(kept)


_SHORT = 4096
_short = lru_cache(maxsize=2048)(_targets)
_long = lru_cache(maxsize=32)(_targets)


def forget() -> None:
    """Drop what is kept of earlier sources, so that a benchmark times the scan itself."""
    for kept in (_short, _long, kind_of, read):
        kept.cache_clear()


def _is_sum(text: str, start: int, end: int) -> bool:
    """`5-3` in `5-3 = 2`, `x = 5-3` or `2*5-3`; what follows a key (`ratio = 3/4`) is a value."""
    if not _SUM.fullmatch(text, start, end):
        return False
    after = text[end : end + 8].lstrip(" ")
    if after[:1] and after[0] in _EQUALS:
        return True
    before = text[max(0, start - 24) : start].rstrip(" ")
    if before.endswith("return") and re.fullmatch(r"[a-z]\W[a-z]", text[start:end]):
        return True
    if not before or before[-1] not in _EQUALS:
        return before[-1:] in tuple(_TIMES) and before[-2:-1].isalnum()
    return not _KEY.search(before[:-1])


def _own_blanks(text: str, symbols: SymbolTable) -> Iterator[Span]:
    """Words round a symbol that has blanks of its own; a pair of Han runs ends as one without blanks does."""
    for start, end in spaced_words(text, symbols):
        pair = _SPACED_PAIR.fullmatch(text, start, end)
        if pair:
            low, open_left = left_end(text, *pair.span(1), pair[3])
            high, open_right = right_end(text, *pair.span(3), text[low : pair.end(1)], pair[2])
            yield Span(low, high, open_left, open_right, "spaced")
        elif " " in text[start:end]:
            yield Span(start, end, kind="spaced")


@lru_cache(maxsize=64)
def _atoms_with(signs: str) -> re.Pattern[str]:
    """Runs that a project's own symbols do not end, though one of them may end an atom otherwise."""
    ends = "".join(char for char in ENDS[2:].replace("\\[", "[").replace("\\]", "]") if char not in signs)
    return re.compile(f"[^\\s{re.escape(ends)}]+")


def _own_signs(text: str, symbols: SymbolTable) -> Iterator[Span]:
    """Targets that only a symbol of the project's own makes, such as `X,Y`."""
    signs = "".join(char for char in symbols.by_char if char not in DEFAULT_SYMBOLS.by_char)
    if not signs:
        return
    for found in _atoms_with(signs).finditer(text):
        start, end = found.span()
        while start < end and not text[start].isalnum():
            start += 1
        while end > start and not text[end - 1].isalnum():
            end -= 1
        joints = [place for place in range(start + 1, end - 1) if text[place] in signs]
        if joints and all(text[place + 1] not in signs for place in joints):
            cuts = [start - 1, *joints, end]
            yield from chain_of(text, [(low + 1, high) for low, high in pairwise(cuts)])
