"""Where a damaged mention may begin: a look at the first few characters, before any alignment."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from harness.text.characters import SPACES, ZERO_WIDTH
from harness.text.gaps import GAP_STARTS
from harness.text.glyphs import ESCAPE_STARTS
from harness.text.pattern import Atom, Pattern

_SHORT = 500
"""Up to this length a look at every character costs less than to compile a pattern of the target."""
_DEPTH = 4
_GAP = frozenset(SPACES + ZERO_WIDTH + "*_`~[")
"""What a gap is made of, character by character. A closing bracket may lead to an address: it is left unread."""
_ESCAPES = r"\\&%"
_ASTRAL = "\U00010000-\U0010ffff"


def damaged_starts(text: str, pattern: Pattern) -> Iterator[int]:
    """Every place where the first characters of a mention may stand, and some where none does."""
    if len(text) > _SHORT:
        return (found.start() for found in _opening(pattern).finditer(text))
    first = pattern.atoms[0].forms
    return (place for place, char in enumerate(text) if char in first or char in ESCAPE_STARTS)


@lru_cache(maxsize=2048)
def _opening(pattern: Pattern) -> re.Pattern[str]:
    """Nested look-ahead of fixed depth and bounded width: it cannot backtrack further than that.

    A place passes as soon as what follows needs more than one character to read: an escape, a tag, a long gap.
    """
    atoms = pattern.atoms[:_DEPTH]
    first = _set(atoms[0].forms)
    if len(pattern.atoms) == 1 or atoms[0].is_symbol:
        return re.compile(f"[{first}{_ESCAPES}]")
    literal = {char for atom in atoms for char in atom.forms}
    gap = f"[{_set(_GAP - literal)}]{{0,32}}+"
    unread = f"[{_set(GAP_STARTS)}]"
    ahead = ""
    for place in range(len(atoms) - 1, 0, -1):
        atom = atoms[place]
        if atom.is_symbol:
            ahead = f"{gap}(?:[{_set(_after_symbol(pattern.atoms, place))}]|{unread})"
        else:
            ahead = f"{gap}(?:[{_set(atom.forms)}]{ahead}|{unread})"
    return re.compile(f"[{first}{_ESCAPES}](?:(?<=[{_ESCAPES}])|(?={ahead}))")


def _after_symbol(atoms: tuple[Atom, ...], place: int) -> set[str]:
    """What may stand for a symbol, or for what follows it where symbols were dropped."""
    chars: set[str] = set()
    for atom in atoms[place:]:
        chars |= set(atom.forms)
        if not atom.is_symbol:
            break
    return chars


def _set(chars: Collection[str]) -> str:
    """The inside of a character class. Code points past U+FFFF go in as one range: `re` tries those one by one."""
    inside = "".join(re.escape(char) for char in sorted(chars) if char <= "\uffff")
    return inside + _ASTRAL if any(char > "\uffff" for char in chars) else inside
