"""A target made ready for alignment: its visible characters with all that may stand for each, and the spaces between."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from harness.text.characters import SPACE_SET
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


@dataclass(frozen=True, slots=True)
class Atom:
    """One visible character of a target. `space`: the target's own white space before it."""

    char: str
    space: str
    is_symbol: bool
    forms: dict[str, Form]
    doubles: dict[str, str]
    """For a symbol: the characters that double it, with the damage code of a look-alike or an empty string."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`markers`: offsets of characters that would open a list item if they came first in a line."""

    target: str
    atoms: tuple[Atom, ...]
    markers: tuple[int, ...]


@lru_cache(maxsize=4096)
def pattern_of(target: str, symbols: SymbolTable) -> Pattern:
    atoms: list[Atom] = []
    space = ""
    last = len(target) - 1
    for place, char in enumerate(target):
        at_edge = place in (0, last)
        if char in SPACE_SET and not at_edge:
            space += char
            continue
        is_symbol = char in symbols.by_char
        forms = _symbol_forms(char, symbols, at_edge) if is_symbol else _literal_forms(char, symbols)
        doubles: dict[str, str] = {}
        if is_symbol and not at_edge:
            symbol = symbols.by_char[char]
            doubles = {char: ""} | {c: symbol.code(c) for c in symbol.lookalikes}
        atoms.append(Atom(char, space, is_symbol, forms, doubles))
        space = ""
    markers = tuple(place for place, char in enumerate(target) if char in symbols.markers)
    return Pattern(target, tuple(atoms), markers)


def _symbol_forms(char: str, symbols: SymbolTable, at_edge: bool) -> dict[str, Form]:
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


def _literal_forms(char: str, symbols: SymbolTable) -> dict[str, Form]:
    forms: dict[str, Form] = {}
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
    for owner in symbols.owners.get(char, ()):
        for c in owner.char + owner.lookalikes:
            if not (c.isascii() and char.isascii()):
                _put(forms, c, Form(LOOKALIKE, (owner.code(c),)))
    return forms


def _cases(char: str) -> list[str]:
    """`char` first, then the same letter in its other cases."""
    found = [char]
    for other in (char.lower(), char.upper(), char.title(), char.casefold()):
        if len(other) == 1 and other not in found:
            found.append(other)
    return found


def _put(forms: dict[str, Form], char: str, form: Form) -> None:
    if char not in forms or form.weight < forms[char].weight:
        forms[char] = form
