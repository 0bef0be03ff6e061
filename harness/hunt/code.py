"""A string to hunt with, as parts between symbols: what the shrinker and the rule can take to pieces."""

import unicodedata
from dataclasses import dataclass, replace

ALPHABETS: dict[str, str] = {
    "lower": "abcdefghkmnprstuvwxyz",
    "upper": "ABCDEFGHKMNPRSTUVWXYZ",
    "digits": "1234567890",
    "han": "一二山水木大小中上下口台图岛区",
    "kana": "アイカキサシタツナニハマヤラワ",
    "hangul": "가나다라마바사자차카타하",
    "cyrillic": "бгджзиклмнпфцчшэюя",
    "hebrew": "אבגדהחטלמנקש",
}
"""No character here looks like a symbol or like a letter of another alphabet, so that every damage has one name."""

ZERO_LED = "zero-led"
"""Digits with a zero in front, which a model may take for a number."""

STYLES = (*ALPHABETS, ZERO_LED)

_SCRIPTS = {
    "CJK": "han",
    "HIRAGANA": "kana",
    "KATAKANA": "kana",
    "HANGUL": "hangul",
    "CYRILLIC": "cyrillic",
    "HEBREW": "hebrew",
}


def style_of_char(char: str) -> str:
    """One of ALPHABETS, or `other`."""
    if char.isdecimal():
        return "digits"
    name = unicodedata.name(char, "")
    if name.startswith("LATIN"):
        return "upper" if char.isupper() else "lower"
    return _SCRIPTS.get(name.partition(" ")[0], "other")


def style_of(text: str) -> str:
    """One of STYLES, or `mixed` if it takes several."""
    styles = {style_of_char(char) for char in text}
    if len(styles) != 1:
        return "mixed"
    style = styles.pop()
    return ZERO_LED if style == "digits" and len(text) > 1 and text[0] == "0" else style


def plainest(style: str, length: int) -> str:
    """The least string of a style: `aaa`, `111`, `011`."""
    if style == ZERO_LED:
        return "0" + "1" * (length - 1)
    return ALPHABETS[style][0] * length


_RANK = {style: rank for rank, style in enumerate(ALPHABETS)}


@dataclass(frozen=True, slots=True)
class Code:
    """`parts` joined by `symbols`; where `spaced` is true the symbol has a legitimate space on either side."""

    parts: tuple[str, ...]
    symbols: tuple[str, ...]
    spaced: tuple[bool, ...]

    def __post_init__(self) -> None:
        if len(self.parts) != len(self.symbols) + 1 or len(self.spaced) != len(self.symbols) or not self.symbols:
            raise ValueError(f"{len(self.parts)} parts do not go with {len(self.symbols)} symbols")
        if not all(self.parts):
            raise ValueError("a part is empty")

    @property
    def text(self) -> str:
        """The string itself."""
        pieces = [self.parts[0]]
        for symbol, spaced, part in zip(self.symbols, self.spaced, self.parts[1:], strict=True):
            pieces += [f" {symbol} " if spaced else symbol, part]
        return "".join(pieces)

    @property
    def size(self) -> tuple[int, int, int]:
        """What "smaller" means: length, then symbols, then how far the characters are from plain."""
        return len(self.text), len(self.symbols), sum(map(_rank, self.parts)) + self.symbols.count("/")

    def window(self, first: int, count: int) -> "Code":
        """`count` symbols from the `first` (0-based), with the parts round them."""
        return Code(
            self.parts[first : first + count + 1],
            self.symbols[first : first + count],
            self.spaced[first : first + count],
        )

    def with_part(self, place: int, part: str) -> "Code":
        """The same with another part."""
        return replace(self, parts=(*self.parts[:place], part, *self.parts[place + 1 :]))

    def with_symbol(self, place: int, symbol: str) -> "Code":
        """The same with another symbol."""
        return replace(self, symbols=(*self.symbols[:place], symbol, *self.symbols[place + 1 :]))

    def merged(self, kept: int) -> "Code":
        """The same length with one symbol: every other one becomes a letter."""
        before, after = [self.parts[0]], [self.parts[kept + 1]]
        for place, spaced in enumerate(self.spaced):
            if place != kept:
                letters = "aaa" if spaced else "a"
                (before if place < kept else after).extend((letters, self.parts[place + 1]))
        return Code(("".join(before), "".join(after)), (self.symbols[kept],), (self.spaced[kept],))


PLAIN_CODE = Code(("a", "a"), ("-",), (False,))


def _rank(part: str) -> int:
    total = 0
    for char in part:
        style = style_of_char(char)
        alphabet = ALPHABETS.get(style, "")
        place = alphabet.find(char)
        total += 100 * _RANK.get(style, len(_RANK)) + (place if place >= 0 else 99)
    return total
