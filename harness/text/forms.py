"""All that may stand for one character of a target, and at what weight."""

from functools import lru_cache
from typing import NamedTuple

from harness.text.confusables import homoglyphs
from harness.text.symbols import SymbolTable, is_fullwidth

SPACED = 1
LOOKALIKE = 1 << 20
ALTERED = 1 << 40
"""Weights of one edit. Sums compare as verdicts do: one edit of a worse kind outweighs a million of a milder one."""


class Form(NamedTuple):
    """A character that may stand for an atom. `tight`: only without white space beside it."""

    weight: int
    codes: tuple[str, ...]
    tight: bool = False


@lru_cache(maxsize=256)
def symbol_forms(char: str, symbols: SymbolTable, at_edge: bool) -> dict[str, Form]:
    forms: dict[str, Form] = {}
    if not at_edge:
        for sign in symbols.replacing:
            forms[sign] = Form(ALTERED, ("replaced",), True)
    for other in symbols.symbols:
        if other.char != char:
            for c in other.lookalikes:
                forms[c] = Form(ALTERED + LOOKALIKE, ("swapped", other.code(c)), True)
    for other in symbols.symbols:
        forms[other.char] = Form(ALTERED, ("swapped",), True)
    own = symbols.by_char[char]
    for c in own.lookalikes:
        forms[c] = Form(LOOKALIKE, (own.code(c),))
    forms[char] = Form(0, ())
    return forms


@lru_cache(maxsize=8192)
def literal_forms(char: str, symbols: SymbolTable) -> dict[str, Form]:
    forms: dict[str, Form] = {}
    for owner in symbols.owners.get(char, ()):
        for c in owner.char + owner.lookalikes:
            if not (c.isascii() and char.isascii()):
                _put(forms, c, Form(LOOKALIKE, (owner.code(c),)))
    for same in _cases(char):
        base = 0 if same == char else ALTERED
        codes = () if same == char else ("case",)
        _put(forms, same, Form(base, codes))
        if "!" <= same <= "~":
            _put(forms, chr(ord(same) + 0xFEE0), Form(base + LOOKALIKE, (*codes, "fullwidth")))
        elif is_fullwidth(same):
            _put(forms, chr(ord(same) - 0xFEE0), Form(base + LOOKALIKE, (*codes, "fullwidth")))
        for c in homoglyphs(same):
            _put(forms, c, Form(base + LOOKALIKE, (*codes, "homoglyph")))
    return forms


_MORE_CASES = {"Σ": "ς", "σ": "ς", "ß": "ẞ"}
"""Cases that one character's own methods do not lead to."""


def _cases(char: str) -> list[str]:
    """`char` first, then the same letter in its other cases."""
    found = [char]
    for other in (char.lower(), char.upper(), char.title(), char.casefold(), *_MORE_CASES.get(char, "")):
        if len(other) == 1 and other not in found:
            found.append(other)
    return found


def _put(forms: dict[str, Form], char: str, form: Form) -> None:
    if char not in forms or form.weight < forms[char].weight:
        forms[char] = form
