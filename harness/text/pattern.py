"""A target as it is looked for: its folded letters, and taken apart where something other than itself was met."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from harness.text.explain import Change, Sides, side
from harness.text.fold import NO_DIGITS, Fold, as_signs, decoded_pieces
from harness.text.symbols import BETWEEN_LATIN, LOOKALIKE, MARK, SymbolTable, role, without_accents


class Damage(NamedTuple):
    """All changes of a mention. `weight` sums the edits by kind (see `tables`); 0 is verbatim."""

    weight: int
    changes: tuple[Change, ...]

    @property
    def edits(self) -> int:
        mask = LOOKALIKE - 1
        return (self.weight >> 40) + (self.weight >> 20 & mask) + (self.weight & mask)


WHOLE = Damage(0, ())


class Letters(NamedTuple):
    """A target in pieces: its letters, the marks on each, and what lies before, between and behind them."""

    letters: tuple[str, ...]
    marks: tuple[str, ...]
    gaps: tuple[str, ...]
    """`gaps[i]` is what follows letter i and its marks; the last is the tail."""
    sides: tuple[Sides, ...]
    head: str
    accented: int
    """How many letters have an accent that can be lost."""
    ends_marked: bool
    """Whether marks can belong to the last letter, in one normal form or another."""


NO_FORMS = ("", "")
_DIGITS = re.compile("[0-9]+")


class Pattern:
    """A target to be looked for. It is taken apart only where something other than the target itself was met.

    Attributes:
        skeleton: its folded letters.
        marker_offsets: the places of what would open a list item if it came first in a line.
        digits: its digits in order, where they are those of the target and no word that looks like a sign is in it.
        unescaped: the target with its entities and codes read, and with its `\\n` and the like read; empty for neither.
    """

    __slots__ = (
        *("_fold", "_letters", "_read", "digits", "known", "known_coded"),
        *("marker_offsets", "skeleton", "text", "unescaped"),
    )

    def __init__(self, text: str, fold: Fold) -> None:
        self.text = text
        self._fold = fold
        if text.isascii() and not fold.coarse:  # in bytes, which takes a third of the time
            written = text.encode()
            folded = written.translate(*fold.in_utf8)
            self._read, self.skeleton = text, folded.decode()
            digits = written.translate(None, NO_DIGITS)
            self.digits = digits.decode() if digits == folded.translate(None, NO_DIGITS) else ""
        else:
            self._read = as_signs(text)
            self.skeleton = self._read.translate(fold)
            self.digits = "".join(_DIGITS.findall(text))
            if self.digits != "".join(_DIGITS.findall(self.skeleton)) or not BETWEEN_LATIN.isdisjoint(text):
                self.digits = ""
        is_coded = "\\" in text or "&" in text or "%" in text  # any of ESCAPE_STARTS
        self.unescaped = _unescaped_forms(text) if is_coded else NO_FORMS
        self.marker_offsets = _marker_offsets(text, fold.symbols)
        self.known: dict[str, Damage | None] = {}
        self.known_coded: dict[str, Damage | None] = {}
        self._letters: Letters | None = None

    @property
    def parts(self) -> Letters:
        if self._letters is None:
            self._letters = _taken_apart(self.text, self._read, self._fold)
        return self._letters

    @property
    def is_bare(self) -> bool:
        """Whether it is all from its first letter to its last, and what is between them tells how it is to be read."""
        parts = self.parts
        return not (parts.head or parts.gaps[-1] or parts.ends_marked or "\\" in self.text)


def _taken_apart(text: str, read: str, fold: Fold) -> Letters:
    """`read` is the text as it is folded: with hyphens for the words that look like one."""
    letters: list[str] = []
    marks: list[str] = []
    gaps: list[str] = [""]
    keeps = fold.keeps
    for char, meant in zip(text, read, strict=True):
        if keeps[meant]:
            letters.append(char)
            marks.append("")
            gaps.append("")
        elif letters and not gaps[-1] and role(char) == MARK:
            marks[-1] += char
        else:
            gaps[-1] += char
    if text.isascii():
        sides: tuple[Sides, ...] = (_LATIN,) * (len(letters) - 1) + (_LATIN_END,) * bool(letters)
        return Letters(tuple(letters), tuple(marks), tuple(gaps[1:]), sides, gaps[0], 0, False)
    around = [*map(side, letters), " "]
    return Letters(
        tuple(letters),
        tuple(marks),
        tuple(gaps[1:]),
        tuple(map(Sides, around, around[1:])),
        gaps[0],
        sum(without_accents(letter + on) is not None for letter, on in zip(letters, marks, strict=True)),
        bool(letters) and len(unicodedata.normalize("NFD", letters[-1] + marks[-1])) > 1,
    )


_LATIN, _LATIN_END = Sides("l", "l"), Sides("l", " ")


@lru_cache(maxsize=4096)
def pattern_of(text: str, fold: Fold) -> Pattern:
    return Pattern(text, fold)


def _unescaped_forms(text: str) -> tuple[str, str]:
    pieces = decoded_pieces(text) or []
    read = "".join(piece for piece, _, _ in pieces)
    controlled = _CONTROL.sub(lambda found: _CONTROLS[found[1]], text)
    forms = read if pieces and read != text else "", controlled if controlled != text else ""
    return forms if any(forms) else NO_FORMS


_CONTROL = re.compile(r"\\([nrtbf])")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _marker_offsets(text: str, symbols: SymbolTable) -> tuple[int, ...]:
    """Offsets of characters that would open a list item if they came first in a line."""
    if text[-1:] not in symbols.markers and text.split(None, 1) == [text]:
        return ()  # most targets: no blank in them
    last = len(text) - 1
    return tuple(
        place
        for place, char in enumerate(text)
        if char in symbols.markers and (place == last or text[place + 1].isspace())
    )
