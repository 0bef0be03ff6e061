"""A target made ready for alignment: its visible characters, all that may stand for each, the spaces between."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from harness.text.characters import BLANK_SET, SPACE_SET, is_cjk
from harness.text.damage import Damage
from harness.text.forms import Form, literal_forms, symbol_forms
from harness.text.gaps import GAP_STARTS
from harness.text.glyphs import ESCAPE_STARTS
from harness.text.symbols import SymbolTable

_NO_SIGNS: frozenset[str] = frozenset()
_NEVER_A_STEP = BLANK_SET | ESCAPE_STARTS
"""Characters of a target that are read in more than one way."""


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

    Text that has just that tail leaves no choice. `steps` and `known` belong to `habits`: the target as words and, with
    an empty word, symbols with what may look like each; and its damaged forms so far.
    """

    target: str
    atoms: tuple[Atom, ...]
    tails: tuple[str, ...]
    steps: tuple[tuple[str, frozenset[str]], ...]
    known: dict[str, Damage] = field(default_factory=dict)


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
    return Pattern(target, tuple(atoms), _tails(atoms), _steps(atoms, symbols))


def _steps(atoms: list[Atom], symbols: SymbolTable) -> tuple[tuple[str, frozenset[str]], ...]:
    """Empty for a target whose damaged forms depend on more than themselves."""
    if atoms[0].is_symbol or atoms[-1].is_symbol:
        return ()
    steps: list[tuple[str, frozenset[str]]] = []
    word = ""
    for atom in atoms:
        if atom.char in _NEVER_A_STEP:
            return ()
        if word and (atom.is_symbol or atom.space or is_cjk(atom.char) != is_cjk(word[-1])):
            steps.append((word, _NO_SIGNS))
            word = ""
        if atom.is_symbol:
            steps.append(("", _looks(atom.char, symbols)))
        else:
            word += atom.char
    return (*steps, (word, _NO_SIGNS))


def _tails(atoms: list[Atom]) -> tuple[str, ...]:
    tail = ""
    tails: list[str] = []
    for atom in reversed(atoms):
        tails.append("" if atom.is_symbol else tail)
        solid = not (atom.is_symbol or atom.space or atom.char in GAP_STARTS)
        tail = atom.char + tail if solid else ""
    return tuple(tails[::-1])


@lru_cache(maxsize=256)
def _looks(symbol: str, symbols: SymbolTable) -> frozenset[str]:
    """The symbol and its look-alikes, but for those that may open an escape."""
    return frozenset(symbol + symbols.by_char[symbol].lookalikes) - ESCAPE_STARTS


@lru_cache(maxsize=8192)
def _atom(char: str, space: str, at_edge: bool, symbols: SymbolTable) -> Atom:
    symbol = symbols.by_char.get(char)
    if symbol is None:
        return Atom(char, space, False, literal_forms(char, symbols), {})
    doubles = {} if at_edge else {char: ""} | {c: symbol.code(c) for c in symbol.lookalikes}
    return Atom(char, space, True, symbol_forms(char, symbols, at_edge), doubles)
