"""A target made ready for alignment: its visible characters, all that may stand for each, the spaces between."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from harness.text.characters import SPACE_SET
from harness.text.forms import Form, literal_forms, symbol_forms
from harness.text.gaps import GAP_STARTS
from harness.text.symbols import SymbolTable


class Atom(NamedTuple):
    """One visible character of a target. `space`: the target's own white space before it."""

    char: str
    space: str
    is_symbol: bool
    forms: dict[str, Form]
    doubles: dict[str, str]
    """For a symbol: the characters that double it, with the damage code of a look-alike or an empty string."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A target as atoms. `tails`: for each, what follows it without a space or symbol, empty for a symbol.

    Text that has just that tail leaves no choice.
    """

    target: str
    atoms: tuple[Atom, ...]
    tails: tuple[str, ...]


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
    return Pattern(target, tuple(atoms), _tails(atoms))


def _tails(atoms: list[Atom]) -> tuple[str, ...]:
    tail = ""
    tails: list[str] = []
    for atom in reversed(atoms):
        tails.append("" if atom.is_symbol else tail)
        solid = not (atom.is_symbol or atom.space or atom.char in GAP_STARTS)
        tail = atom.char + tail if solid else ""
    return tuple(tails[::-1])


@lru_cache(maxsize=8192)
def _atom(char: str, space: str, at_edge: bool, symbols: SymbolTable) -> Atom:
    symbol = symbols.by_char.get(char)
    if symbol is None:
        return Atom(char, space, False, literal_forms(char, symbols), {})
    doubles = {} if at_edge else {char: ""} | {c: symbol.code(c) for c in symbol.lookalikes}
    return Atom(char, space, True, symbol_forms(char, symbols, at_edge), doubles)
