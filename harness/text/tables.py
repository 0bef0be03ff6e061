"""What may stand for one character of a target: the sign tables, letters that look alike, and the weight of each.

A weight counts edits by kind in one number: one edit of a worse kind outweighs a million of a milder one, so weights
compare as verdicts do. The tables of Unicode are in `unicode_data`.
"""

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from harness.text.characters import IGNORABLE_SET
from harness.text.symbols import REPLACING_SIGNS, SymbolTable, is_fullwidth
from harness.text.unicode_data import are_homoglyphs, sign_lookalikes

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
    if "\u1160" <= char <= "\u11ff" and char not in IGNORABLE_SET:
        return MARK  # vowels and finals of Hangul in its decomposed form
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
    for c, code in _lookalikes(char, symbols):
        forms[c] = Form(LOOKALIKE, (code,))
    forms[char] = Form(0, ())
    return forms


@lru_cache(maxsize=1024)
def _lookalikes(char: str, symbols: SymbolTable) -> tuple[tuple[str, str], ...]:
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
    return {} if at_edge else {char: ""} | dict(_lookalikes(char, symbols))


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


def _likeness(wanted: str, char: str) -> str | None:
    if char == wanted:
        return ""
    if char.isascii() and wanted.isascii():
        return None
    if unicodedata.normalize("NFC", char) == unicodedata.normalize("NFC", wanted):
        return "normal-form"
    if (is_fullwidth(char) and ord(char) - 0xFEE0 == ord(wanted)) or (
        is_fullwidth(wanted) and ord(wanted) - 0xFEE0 == ord(char)
    ):
        return "fullwidth"
    value = unicodedata.digit(wanted, -1)
    if (value >= 0 and unicodedata.digit(char, -2) == value) or are_homoglyphs(wanted, char):
        return "homoglyph"
    return None


_MORE_CASES = {"Σ": "ς", "σ": "ς", "ß": "ẞ"}
"""Cases that one character's own methods do not lead to."""


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
