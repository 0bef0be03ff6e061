"""The tables of symbols and look-alikes: data, so that a project can add symbols of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from harness.text.characters import BLANK_SET, is_alphanumeric
from harness.text.unicode_data import DASHES

_NO_HYPHENS = "\u2053\u301c\u3030\u30a0"
"""Swung and wavy dashes, which are tildes, and a double hyphen."""
HYPHEN_LOOKALIKES = "".join(
    dict.fromkeys(
        "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u00ad\u30fc\uff70\u2043\u02d7\u05be\u2500"
        + "".join(char for char in DASHES if char not in _NO_HYPHENS)
        + "\u2796\u2501\u1806\u2e3a\u2027\u4e00"
    )
)
SLASH_LOOKALIKES = "\uff0f\u2044\u2215\u29f8\u2571\u27cb\\\uff3c\u30ce"
BETWEEN_LATIN = frozenset("一ノ")
"""Look-alikes only between Latin letters or digits: `一` and `ノ` are words and letters otherwise."""
REPLACING_SIGNS = "_-/\\~～〜:.·・、,+|｜=#&@"
"""Signs that models put in the place of another. Brackets, quotes and operators never are."""

_CODES = {"-": "hyphen-lookalike", "/": "slash-lookalike"}


def is_fullwidth(char: str) -> bool:
    return "\uff01" <= char <= "\uff5e"


@dataclass(frozen=True, slots=True)
class Symbol:
    """One protected symbol and the characters that look like it."""

    char: str
    lookalikes: str

    def code(self, lookalike: str) -> str:
        """Damage code of `lookalike` standing for this symbol; an added symbol has the codes of other characters."""
        return _CODES.get(self.char) or ("fullwidth" if is_fullwidth(lookalike) else "homoglyph")


@dataclass(frozen=True)
class SymbolTable:
    """The symbols that every rule is about. A symbol of the table is never a mere replacing sign."""

    symbols: tuple[Symbol, ...]

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Kept, since every cache of patterns and forms asks for it."""
        return hash(self.symbols)

    @cached_property
    def by_char(self) -> dict[str, Symbol]:
        return {symbol.char: symbol for symbol in self.symbols}

    @cached_property
    def owners(self) -> dict[str, tuple[Symbol, ...]]:
        """For a symbol or look-alike: the symbols that it can stand for."""
        found: dict[str, tuple[Symbol, ...]] = {}
        for symbol in self.symbols:
            for char in symbol.char + symbol.lookalikes:
                found[char] = (*found.get(char, ()), symbol)
        return found

    @cached_property
    def replacing(self) -> frozenset[str]:
        return frozenset(REPLACING_SIGNS) - set(self.by_char)

    @cached_property
    def markers(self) -> frozenset[str]:
        """Characters that open a list item or a line of dialogue when white space follows."""
        hyphen = self.by_char.get("-")
        return frozenset("-" + (hyphen.lookalikes if hyphen else "")) | (set(self.by_char) & set("+*"))

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> "SymbolTable":
        """The default table with `mapping` added, such as `{"_": {"lookalikes": ["＿"]}}`.

        A key that is in the table already gets further look-alikes. Raises ValueError naming the key.
        """
        merged = {symbol.char: symbol.lookalikes for symbol in DEFAULT_SYMBOLS.symbols}
        for key, value in mapping.items():
            _check_symbol(key)
            known = merged.get(key, "")
            merged[key] = known + "".join(c for c in _lookalikes(key, value) if c not in known)
        return cls(tuple(Symbol(char, lookalikes) for char, lookalikes in merged.items()))


def _check_symbol(key: object) -> None:
    if not isinstance(key, str) or len(key) != 1 or key in BLANK_SET or is_alphanumeric(key):
        raise ValueError(
            f"symbols: key {key!r} is not a symbol; accepted is one character, no letter, digit or white space"
        )


def _lookalikes(key: str, value: object) -> list[str]:
    if not isinstance(value, Mapping):
        raise ValueError(f'symbols.{key}: found {value!r}; accepted is a table such as {{lookalikes = ["＿"]}}')
    for name in value:
        if name != "lookalikes":
            raise ValueError(f"symbols.{key}.{name}: unknown key; accepted is lookalikes")
    given = value.get("lookalikes", [])
    if isinstance(given, str) or not isinstance(given, (list, tuple)):
        raise ValueError(f"symbols.{key}.lookalikes: found {given!r}; accepted is a list of single characters")
    chars: list[str] = []
    for item in given:
        if (
            not isinstance(item, str)
            or len(item) != 1
            or item in BLANK_SET
            or (is_alphanumeric(item) and item.isascii())
        ):
            raise ValueError(
                f"symbols.{key}.lookalikes: found {item!r}; accepted is one character, "
                "no white space, no ASCII letter or digit"
            )
        if item == key:
            raise ValueError(f"symbols.{key}.lookalikes: a symbol is not a look-alike of itself")
        if item not in chars:
            chars.append(item)
    return chars


DEFAULT_SYMBOLS = SymbolTable((Symbol("-", HYPHEN_LOOKALIKES), Symbol("/", SLASH_LOOKALIKES)))
