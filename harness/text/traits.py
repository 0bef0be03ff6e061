"""What the quick looks at a text need of a target. It costs less than the pattern, which most texts do not need."""

from functools import lru_cache

from harness.text.characters import SPACE_SET
from harness.text.forms import literal_forms
from harness.text.symbols import SymbolTable

_NEVER_SIEVED = frozenset("<>&%")
_RARE = 3


@lru_cache(maxsize=4096)
def stand_ins(target: str, symbols: SymbolTable) -> tuple[tuple[str, ...], ...]:
    """For each letter or sign of the target, all characters that can stand for it: the fewest first.

    No damage takes such a letter out, so a text that holds none of its stand-ins, plain or coded, holds no mention.
    """
    literals = set(target) - SPACE_SET - symbols.by_char.keys()
    return tuple(sorted((_stand_ins(char, symbols) for char in literals), key=len))


def rarest(target: str, symbols: SymbolTable) -> tuple[tuple[str, ...], ...]:
    return stand_ins(target, symbols)[:_RARE]


@lru_cache(maxsize=4096)
def exotics(target: str, symbols: SymbolTable) -> frozenset[str]:
    """The characters outside ASCII that can stand for an ASCII letter or sign of the target."""
    return frozenset().union(*(_exotics(char, symbols) for char in set(target) - symbols.by_char.keys()))


@lru_cache(maxsize=4096)
def is_sievable(target: str, symbols: SymbolTable) -> bool:
    """Whether the ASCII letters and digits of any mention are those of the target."""
    if target.isascii():
        return _NEVER_SIEVED.isdisjoint(target)
    return _NEVER_SIEVED.isdisjoint(target) and all(_keeps_to_ascii(char, symbols) for char in set(target))


@lru_cache(maxsize=4096)
def marker_offsets(target: str, symbols: SymbolTable) -> tuple[int, ...]:
    """Offsets of characters that would open a list item if they came first in a line."""
    markers = symbols.markers
    last = len(target) - 1
    return tuple(
        place
        for place, char in enumerate(target)
        if char in markers and (place == last or target[place + 1] in SPACE_SET)
    )


@lru_cache(maxsize=8192)
def _stand_ins(char: str, symbols: SymbolTable) -> tuple[str, ...]:
    return tuple(literal_forms(char, symbols))


@lru_cache(maxsize=8192)
def _exotics(char: str, symbols: SymbolTable) -> frozenset[str]:
    return frozenset(c for c in literal_forms(char, symbols) if not c.isascii()) if char.isascii() else frozenset()


@lru_cache(maxsize=8192)
def _keeps_to_ascii(char: str, symbols: SymbolTable) -> bool:
    """Whether nothing in ASCII can stand for a character that is not."""
    if char.isascii() or char in symbols.by_char:
        return True
    return not any(c.isascii() for c in literal_forms(char, symbols))
