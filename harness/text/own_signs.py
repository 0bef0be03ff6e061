"""Targets that only the symbols make which a project has added."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from harness.text.chains import ENDS, Span, chain_of
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable


@lru_cache(maxsize=64)
def _atoms_with(signs: str) -> re.Pattern[str]:
    """Runs that a project's own symbols do not end, though one of them may end an atom otherwise."""
    ends = "".join(char for char in ENDS[2:].replace("\\[", "[").replace("\\]", "]") if char not in signs)
    return re.compile(f"[^\\s{re.escape(ends)}]+")


def chains_of_own_signs(text: str, symbols: SymbolTable) -> Iterator[Span]:
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
