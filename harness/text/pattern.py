"""A target made ready for alignment: its visible characters, all that may stand for each, the spaces between."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from harness.text.characters import SPACE_SET
from harness.text.confusables import homoglyphs
from harness.text.gaps import GAP_STARTS
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
    tail: str = ""
    """For a letter or the like: what follows it without a space or symbol. Text that has just that leaves no choice."""


_RARE = 3


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A target and what the quick looks at a text need of it.

    `markers`: offsets of characters that would open a list item if they came first in a line. `rare`: the letters and
    signs that the fewest characters can stand for, each with all of those. `exotics`: the characters outside ASCII that
    can stand for an ASCII one. `is_sievable`: the target's ASCII letters and digits are those of any mention.
    """

    target: str
    atoms: tuple[Atom, ...]
    markers: tuple[int, ...]
    rare: tuple[tuple[str, ...], ...]
    exotics: frozenset[str]
    is_sievable: bool


@lru_cache(maxsize=4096)
def pattern_of(target: str, symbols: SymbolTable) -> Pattern:
    """Raises ValueError for an empty target."""
    if not target:
        raise ValueError("a target is empty; accepted is a string of at least one character")
    atoms: list[Atom] = []
    space = ""
    last = len(target) - 1
    for place, char in enumerate(target):
        at_edge = place in (0, last)
        if char in SPACE_SET and not at_edge:
            space += char
            continue
        atoms.append(_atom(char, space, at_edge, symbols))
        space = ""
    atoms = _with_tails(atoms)
    literals = [atom for atom in atoms if not atom.is_symbol]
    return Pattern(
        target,
        tuple(atoms),
        tuple(place for place, char in enumerate(target) if char in symbols.markers),
        tuple(sorted({tuple(atom.forms) for atom in literals}, key=len)[:_RARE]),
        frozenset(c for atom in literals if atom.char.isascii() for c in atom.forms if not c.isascii()),
        not any(c in target for c in "<>&%") and all(_keeps_to_ascii(atom) for atom in literals),
    )


def _with_tails(atoms: list[Atom]) -> list[Atom]:
    tail = ""
    made: list[Atom] = []
    for atom in reversed(atoms):
        made.append(replace(atom, tail=tail) if tail and not atom.is_symbol else atom)
        solid = not (atom.is_symbol or atom.space or atom.char in GAP_STARTS)
        tail = atom.char + tail if solid else ""
    return made[::-1]


def _atom(char: str, space: str, at_edge: bool, symbols: SymbolTable) -> Atom:
    symbol = symbols.by_char.get(char)
    if symbol is None:
        return Atom(char, space, False, _literal_forms(char, symbols), {})
    doubles = {} if at_edge else {char: ""} | {c: symbol.code(c) for c in symbol.lookalikes}
    return Atom(char, space, True, _symbol_forms(char, symbols, at_edge), doubles)


def _keeps_to_ascii(atom: Atom) -> bool:
    """Whether no ASCII letter or digit can stand for a character that is none."""
    return atom.char.isascii() or not any(c.isascii() and c.isprintable() for c in atom.forms)


@lru_cache(maxsize=256)
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


@lru_cache(maxsize=8192)
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
