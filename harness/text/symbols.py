"""The tables: symbols and their look-alikes, what is written instead of a plain character, and what may stand for what.

All of it is data, so that a project can add symbols of its own. A weight counts edits by kind in one number: one edit
of a worse kind outweighs a million of a milder one, so weights compare as verdicts do.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html.entities import html5
from typing import NamedTuple

from harness.text.characters import BLANK_SET, IGNORABLE_SET, is_alphanumeric
from harness.text.keeping import later, once
from harness.text.unicode_data import DASHES, are_homoglyphs, sign_lookalikes

_NO_HYPHENS = "\u2053\u301c\u3030\u30a0"  # swung and wavy dashes, which are tildes, and a double hyphen
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


def other_width(char: str) -> str:
    """ASCII for its full-width form, and kana for their half-width one; the character itself for all others."""
    if is_fullwidth(char):
        return chr(ord(char) - 0xFEE0)
    return unicodedata.normalize("NFKC", char) if "\uff66" <= char <= "\uff9d" else char


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

    @once
    def _hash(self) -> int:
        """Kept, since every cache of patterns and forms asks for it."""
        return hash(self.symbols)

    @once
    def by_char(self) -> dict[str, Symbol]:
        return {symbol.char: symbol for symbol in self.symbols}

    @once
    def owners(self) -> dict[str, tuple[Symbol, ...]]:
        """For a symbol or look-alike: the symbols that it can stand for."""
        found: dict[str, tuple[Symbol, ...]] = {}
        for symbol in self.symbols:
            for char in symbol.char + symbol.lookalikes:
                found[char] = (*found.get(char, ()), symbol)
        return found

    @once
    def replacing(self) -> frozenset[str]:
        return frozenset(REPLACING_SIGNS) - set(self.by_char)

    @once
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

ESCAPE_STARTS = frozenset("\\&%")

_ENTITY = later(r"&(?:amp;)?(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));")
_BACKSLASH_CODE = later(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\})")
_PERCENT = later(r"(?:%[0-9A-Fa-f]{2}){1,4}")
_MOST_BACKSLASHES = 4

_TAG = r"<[A-Za-z/!][^<>]{0,400}>"
_ADDRESS = r"\]\([^()\n]{0,400}\)|\]\[[^\[\]\n]{0,100}\]"
_COMMAND = r"\\(?:text(?:tt|bf|it|rm|sf)?|math(?:rm|tt|bf|it|sf)|[mh]box)\{"
TAKEN_OUT = later(f"{_TAG}|{_ADDRESS}|{_COMMAND}")
"""Markup that holds letters: tags, the part of a link that is not its text, and LaTeX round a piece of text."""
MARKUP = later(rf"\*{{1,64}}|_{{1,64}}|`{{1,64}}|~~|{_TAG}|{_ADDRESS}|{_COMMAND}|[\[\]{{}}$]")


class Glyph(NamedTuple):
    char: str
    end: int


def coded(text: str, start: int) -> Glyph | None:
    """The character coded at `start` by an entity, a percent code or a numeric backslash code, if there is one."""
    lead = text[start]
    if lead == "&":
        return _entity(text, start)
    if lead == "%":
        return _percent(text, start)
    if lead == "\\":
        found = _BACKSLASH_CODE.match(text, start)
        if found:
            return _from_code(int(found[1] or found[2] or found[3], 16), found.end())
    return None


def escaped(text: str, start: int) -> Glyph | None:
    """The character at `start` if it is written in any of the coded forms or behind backslashes."""
    found = coded(text, start)
    if found is not None or text[start] != "\\":
        return found
    behind = start + 1
    while behind < len(text) and text[behind] == "\\" and behind - start < _MOST_BACKSLASHES:
        behind += 1
    if behind < len(text) and not text[behind].isalnum() and text[behind] not in BLANK_SET:
        return Glyph(text[behind], behind + 1)
    return Glyph("\\", start + 2) if behind - start > 1 else None


def _from_code(code: int, end: int) -> Glyph | None:
    return Glyph(chr(code), end) if code <= 0x10FFFF else None


def _entity(text: str, start: int) -> Glyph | None:
    found = _ENTITY.match(text, start)
    if not found:
        return None
    if found[1]:
        return _from_code(int(found[1]), found.end())
    if found[2]:
        return _from_code(int(found[2], 16), found.end())
    char = html5.get(found[3] + ";", "")
    return Glyph(char, found.end()) if len(char) == 1 else None


def _percent(text: str, start: int) -> Glyph | None:
    found = _PERCENT.match(text, start)
    if not found:
        return None
    octets = bytes.fromhex(found[0].replace("%", ""))
    for length in range(1, len(octets) + 1):
        try:
            return Glyph(octets[:length].decode("utf-8"), start + 3 * length)
        except UnicodeDecodeError:
            continue
    return None


SPACED = 1
LOOKALIKE = 1 << 20
ALTERED = 1 << 40
CORRUPTED = 1 << 60

QUOTES = "'\"`´‘’‚‛“”„‟′″‴‵‶‷‹›«»「」『』〝〞〟＂＇｀｢｣ʹʺʻʼʽˈˊˋ՚׳״᾽᾿῾❛❜❝❞"

ELLIPSES = {"…": "...", "⋯": "...", "‥": ".."}
"""One sign that stands for several of a target."""


@lru_cache(maxsize=8192)
def stands_for_several(sign: str) -> str:
    """The signs that one sign may stand for: `...` for `…`, and for `≠` its other normal form; empty for most."""
    if sign in ELLIPSES:
        return ELLIPSES[sign]
    apart = unicodedata.normalize("NFD", sign)
    return apart if apart != sign and role(sign) == SIGN else ""


MARK, LETTER, SIGN = "mark", "letter", "sign"


class Form(NamedTuple):
    """A sign that may stand for another. `tight`: only without white space beside it."""

    weight: int
    codes: tuple[str, ...]
    tight: bool = False


@lru_cache(maxsize=8192)
def role(char: str) -> str:
    """MARK for what belongs to the letter before it, LETTER for a letter or number, SIGN for all else."""
    if ("\u1160" <= char <= "\u11ff" and char not in IGNORABLE_SET) or char in "\uff9e\uff9f":
        return MARK  # vowels and finals of Hangul in its decomposed form, voicing of half-width kana
    if char in QUOTES:
        return SIGN  # some, such as the apostrophe of Ukrainian, are letters to Unicode
    kind = unicodedata.category(char)[0]
    if kind == "M":
        return SIGN if char in IGNORABLE_SET else MARK
    return LETTER if kind in "LN" and char not in IGNORABLE_SET else SIGN


@lru_cache(maxsize=1024)
def sign_forms(char: str, symbols: SymbolTable, at_edge: bool) -> dict[str, Form]:
    """All that may stand for a sign. At the edge of a target nothing may replace it: there would be no mention left."""
    forms: dict[str, Form] = {}
    own = symbols.by_char.get(char)
    if not at_edge:
        for sign in REPLACING_SIGNS if own is None else symbols.replacing:
            forms[sign] = Form(ALTERED, ("replaced",), True)
    if own is not None:
        for other in symbols.symbols:
            if other.char != char:
                for c in other.lookalikes:
                    forms[c] = Form(ALTERED + LOOKALIKE, ("swapped", other.code(c)), True)
        for other in symbols.symbols:
            forms[other.char] = Form(ALTERED, ("swapped",), True)
    for c, code in _lookalikes_of(char, symbols):
        forms[c] = Form(LOOKALIKE, (code,))
    forms[char] = Form(0, ())
    return forms


@lru_cache(maxsize=1024)
def _lookalikes_of(char: str, symbols: SymbolTable) -> tuple[tuple[str, str], ...]:
    """The look-alikes of a sign with their codes. Outside the table of symbols, ASCII never stands for ASCII."""
    own = symbols.by_char.get(char)
    if own is not None:
        return tuple((c, own.code(c)) for c in own.lookalikes)
    found: dict[str, str] = {}
    for symbol in symbols.owners.get(char, ()):
        for c in symbol.char + symbol.lookalikes:
            found[c] = symbol.code(c)
    if "!" <= char <= "~":
        found.setdefault(chr(ord(char) + 0xFEE0), "fullwidth")
    elif is_fullwidth(char):
        found.setdefault(chr(ord(char) - 0xFEE0), "fullwidth")
    for c in sign_lookalikes(char):
        found.setdefault(c, "sign-lookalike")
    if char in QUOTES:
        found |= dict.fromkeys(QUOTES, "quote-lookalike")
    return tuple((c, code) for c, code in found.items() if c != char and not (c.isascii() and char.isascii()))


@lru_cache(maxsize=1024)
def doubles(char: str, symbols: SymbolTable, at_edge: bool) -> dict[str, str]:
    """The characters that double a sign, with the damage code of a look-alike or an empty string."""
    return {} if at_edge else {char: ""} | dict(_lookalikes_of(char, symbols))


@lru_cache(maxsize=16384)
def letter_form(wanted: str, char: str) -> Form | None:
    """How `char` stands for the letter or digit `wanted`; None if it does not."""
    found: Form | None = None
    for same in _cases(wanted):
        weight, codes = (0, ()) if same == wanted else (ALTERED, ("case",))
        code = _likeness(same, char)
        if code is not None:
            form = Form(weight + (LOOKALIKE if code else 0), (*codes, *((code,) if code else ())))
            if found is None or form.weight < found.weight:
                found = form
    return found


MICRO = {"μ": "u", "µ": "u"}
"""`10uF` for `10μF`."""


def _likeness(wanted: str, char: str) -> str | None:
    if char == wanted:
        return ""
    if char.isascii() and wanted.isascii():
        return None
    if unicodedata.normalize("NFC", char) == unicodedata.normalize("NFC", wanted):
        return "normal-form"
    if other_width(char) == wanted or other_width(wanted) == char:
        return "fullwidth"
    value = unicodedata.digit(wanted, -1)
    if (
        (value >= 0 and unicodedata.digit(char, -2) == value)
        or are_homoglyphs(wanted, char)
        or MICRO.get(wanted) == char
    ):
        return "homoglyph"
    return None


_MORE_CASES = {"Σ": "ς", "σ": "ς", "ß": "ẞ"}  # cases that one character's own methods do not lead to


@lru_cache(maxsize=4096)
def _cases(char: str) -> tuple[str, ...]:
    """`char` first, then the same letter in its other cases."""
    found = [char]
    for other in (char.lower(), char.upper(), char.title(), char.casefold(), *_MORE_CASES.get(char, "")):
        if len(other) == 1 and other not in found:
            found.append(other)
    return tuple(found)


def without_accents(cluster: str) -> str | None:
    """The letter of an accented Latin, Greek or Cyrillic cluster; None if the cluster is not such a cluster."""
    apart = unicodedata.normalize("NFD", cluster)
    if len(apart) > 1 and apart[0] < "\u0530" and all("\u0300" <= mark <= "\u036f" for mark in apart[1:]):
        return apart[0]
    return None


def _wide(kana: str) -> str:
    return unicodedata.normalize("NFKC", kana)


@lru_cache(maxsize=8192)
def letter_for(wanted: str, on: str, char: str, marks: str) -> tuple[int, tuple[str, ...]] | None:
    """Weight and codes of a letter of the text, written plainly or as a code, for a letter of the target."""
    weight = 0
    codes: tuple[str, ...] = ()
    if len(char) > 1:
        glyph = coded(char, 0)
        if glyph is None:
            return None
        char, weight, codes = glyph.char, ALTERED, ("escaped",)
    if char == wanted and marks == on:
        return weight, codes
    one, other = unicodedata.normalize("NFC", wanted + on), unicodedata.normalize("NFC", char + marks)
    if one == other:
        return weight + LOOKALIKE, (*codes, "normal-form")
    if (on or marks) and "\uff66" <= max(char, wanted) <= "\uff9d" and _wide(wanted + on) == _wide(char + marks):
        return weight + LOOKALIKE, (*codes, "fullwidth", "normal-form")  # kana with its voicing mark
    if marks == on:
        form = letter_form(wanted, char)
    else:
        form = letter_form(one, other) if len(one) == len(other) == 1 else None
        if form is not None:
            codes = (*codes, "normal-form")
    if form is not None:
        return weight + form.weight, (*codes, *form.codes)
    bare = without_accents(wanted + on)
    form = letter_form(bare, char) if bare is not None and not marks else None
    return None if form is None else (weight + ALTERED + form.weight, (*codes, "accents", *form.codes))
