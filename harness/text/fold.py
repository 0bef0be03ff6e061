"""A text reduced to its letters and digits, each folded to one representative of all that may stand for it.

White space, signs, marks and markup fall away, so every damaged form of a target has the target's own *skeleton*. The
fold merges more than the rules do (`1 I l i L` are one): what it brings together, `explain` looks at closely.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import compress
from typing import NamedTuple

from harness.text.characters import LINE_BREAKS
from harness.text.glyphs import ESCAPE_STARTS, TAKEN_OUT, coded
from harness.text.symbols import BETWEEN_LATIN, SymbolTable, is_fullwidth
from harness.text.tables import LETTER, role
from harness.text.unicode_data import letter_places


class Fold(dict[int, str | None]):
    """Code point -> representative, or None for what falls away; filled in as characters are met.

    A fine fold merges what differs in case, width, accents or normal form. It turns letters of another script that look
    like ASCII into STRANGER; a text or target that holds one is folded again, coarsely: transitive look-alikes merge
    half of the alphabet, and most texts need none of that.
    """

    def __init__(self, symbols: SymbolTable, *, coarse: bool) -> None:
        super().__init__()
        self.coarse = coarse
        self.symbols = symbols
        self._signs = frozenset(symbols.owners) - BETWEEN_LATIN

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        if char == STRANGER:
            return STRANGER
        found = None if char in self._signs or role(char) != LETTER else self._representative(char)
        self[code] = found
        return found

    def _representative(self, char: str) -> str:
        plain = _plain(char)
        root = _roots().get(plain, plain)
        if self.coarse or root not in _ascii_roots():
            return root
        return plain if plain.isascii() else STRANGER


STRANGER = "\ufdd0"


@lru_cache(maxsize=64)
def fold_of(symbols: SymbolTable, coarse: bool) -> Fold:
    """The table for `str.translate`; one for each table of symbols, since its look-alikes fall away."""
    return Fold(symbols, coarse=coarse)


@lru_cache(maxsize=1)
def _ascii_roots() -> frozenset[str]:
    return frozenset(_roots().get(char, char) for char in "abcdefghijklmnopqrstuvwxyz0123456789")


def _plain(char: str) -> str:
    if is_fullwidth(char):
        char = chr(ord(char) - 0xFEE0)
    char = unicodedata.normalize("NFD", char)[0]
    value = unicodedata.digit(char, -1)
    if value >= 0:
        return str(value)
    upper = char.upper()
    folded = (upper if len(upper) == 1 else char).casefold()
    return folded if len(folded) == 1 else char.lower()[0]


@lru_cache(maxsize=1)
def _roots() -> dict[str, str]:
    """Plain letter -> representative, for the letters of Unicode's confusables: two classes that share one are one."""
    classes: dict[int, list[str]] = {}
    for char, (number, _) in letter_places().items():
        classes.setdefault(number, []).append(_plain(char))
    parent: dict[str, str] = {}

    def root(char: str) -> str:
        while (above := parent.setdefault(char, char)) != char:
            char = above
        return char

    for members in classes.values():
        for member in members[1:]:
            parent[root(member)] = root(members[0])
    return {char: root(char) for char in list(parent)}


_FENCE = re.compile("```|~~~")
_BREAK = re.compile(f"[{LINE_BREAKS}]")
_LONGEST_LINE, _AHEAD = 1000, 200


class Skeleton(NamedTuple):
    """The folded letters of a text, and for each where it begins and ends in that text."""

    letters: str
    starts: list[int]
    ends: list[int]


_WORTH_A_LOOK = 500
_LEADS = "&%\\<]"
_SAMPLES = 64
_HAN = "\u3400-\u9fff\uac00-\ud7a3"
_HAN_RUNS = re.compile(f"[{_HAN}][{_HAN}，。、；：？！“”…]*")
_COMPATIBLE = re.compile("[\uf900-\ufaff\U0002f800-\U0002fa1f]")
_ASCII_RUN = re.compile("[a-z0-9]+")


@lru_cache(maxsize=4096)
def _forms(letter: str) -> str:
    """A letter that is not ASCII, and all that fold to it."""
    root = _roots().get(letter, letter)
    return letter + "".join(char for char in letter_places() if _roots().get(_plain(char)) == root)


_ASCII = bytes(range(128))
_FEW = 16


def as_signs(text: str) -> str:
    """`text` with hyphens for the words that look like a symbol where they stand between Latin letters: `TCP一IP`."""
    if BETWEEN_LATIN.isdisjoint(text):
        return text
    return _LIKE_SIGNS.sub("-", text)


_LIKE_SIGNS = re.compile(f"(?:(?<=[A-Za-z0-9])|(?<=[A-Za-z0-9] ))[{''.join(sorted(BETWEEN_LATIN))}](?= ?[A-Za-z0-9])")


def _folded(text: str, fold: Fold) -> str:
    """`text.translate(fold)`; typographic signs, which are few and make that slow, are replaced one by one."""
    if not text.isascii():
        encoded = text.encode("utf-8", "surrogatepass")
        foreign = encoded.translate(None, _ASCII)
        if len(foreign) * 4 < len(encoded):
            distinct = set(foreign.decode("utf-8", "surrogatepass"))
            if len(distinct) <= _FEW:
                for char in distinct:
                    folded = fold[ord(char)] or ""
                    # what would be folded once more below is left to that: `一` has a representative that is a sign
                    if folded.translate(fold) == folded:
                        text = text.replace(char, folded)
    return text.translate(fold)


class Page:
    """One text under check, folded as far as it is asked for."""

    def __init__(self, text: str, symbols: SymbolTable, *, coarse: bool = False) -> None:
        self.text = text
        self.symbols = symbols
        self._coarse = coarse
        self._fold: Fold | None = None
        self._letters = ""

    @property
    def fold(self) -> Fold:
        """The fold that the text needs: the coarse one if it holds a letter of another script that looks like ASCII."""
        if self._fold is None:
            fold = fold_of(self.symbols, self._coarse)
            letters = _folded(as_signs(self.text), fold)
            if STRANGER in letters:
                fold = fold_of(self.symbols, True)
                letters = _folded(as_signs(self.text), fold)
            self._fold, self._letters = fold, letters
        return self._fold

    @property
    def letters(self) -> str:
        """The skeleton of the text as it stands."""
        return self._letters if self.fold else ""

    def is_free_of(self, skeletons: Sequence[str]) -> bool:
        """Whether a cheap look shows that none of the fine skeletons is in the text. Chinese is slow to fold."""
        text = self.text
        if self._coarse or text.isascii() or len(text) < _WORTH_A_LOOK or any(lead in text for lead in _LEADS):
            return False
        sample = text[:: len(text) // _SAMPLES + 1]
        if sum(char >= "\u3000" for char in sample) * 2 < len(sample) or _COMPATIBLE.search(text):
            return False
        rest = _folded(_HAN_RUNS.sub("\u4e2d", as_signs(text)), fold_of(self.symbols, False))
        if STRANGER in rest:
            return False
        for skeleton in skeletons:
            if STRANGER in skeleton or not skeleton:
                return False
            runs = _ASCII_RUN.findall(skeleton)
            if runs:
                if max(runs, key=len) in rest:
                    return False
            elif all(any(form in text for form in _forms(letter)) for letter in skeleton):
                return False
        return True

    def in_code(self, start: int, end: int) -> bool:
        """Whether a span stands in a fenced block, between backticks, or in a quoted string of its line."""
        if bisect_right(self._fences, start) % 2:
            return True
        low = bisect_right(self._breaks, start)
        high = bisect_right(self._breaks, end - 1)
        before = self.text[self._breaks[low - 1] + 1 if low else 0 : start][-_LONGEST_LINE:]
        behind = self.text[end : self._breaks[high] if high < len(self._breaks) else None][:_AHEAD]
        bare, escaped = before.replace('\\"', ""), before.count('\\"')  # JSON inside JSON has quotes of both sorts
        return (
            any(bare.count(mark) % 2 and mark in behind for mark in "`\"'")
            or (escaped % 2 == 1 and '\\"' in behind)
        )

    @cached_property
    def _fences(self) -> list[int]:
        return [found.start() for found in _FENCE.finditer(self.text)]

    @cached_property
    def _breaks(self) -> list[int]:
        return [found.start() for found in _BREAK.finditer(self.text)]

    @cached_property
    def plain(self) -> Skeleton:
        """The skeleton of the text as it stands."""
        kept = map(self.fold.__getitem__, map(ord, as_signs(self.text)))
        starts = list(compress(range(len(self.text)), kept))
        return Skeleton(self.letters, starts, [place + 1 for place in starts])

    @cached_property
    def decoded(self) -> Skeleton | None:
        """The skeleton with entities and codes decoded and tags and addresses out; None where the text has none."""
        pieces = decoded_pieces(self.text)
        if pieces is None:
            return None
        fold = self.fold
        letters: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        for piece, low, high in pieces:
            width = (high - low) // len(piece)
            for place, char in enumerate(piece):
                folded = fold[ord(char)]
                if folded is not None:
                    letters.append(folded)
                    starts.append(low + place * width)
                    ends.append(low + (place + 1) * width)
        return Skeleton("".join(letters), starts, ends)


def decoded_pieces(text: str) -> list[tuple[str, int, int]] | None:
    """The text in pieces as they read: plain stretches, and single characters for their codes."""
    pieces: list[tuple[str, int, int]] = []
    place = 0
    found_one = False
    for lead in _lead_places(text):
        if lead < place:
            continue
        glyph = coded(text, lead) if text[lead] in ESCAPE_STARTS else None
        end = glyph.end if glyph else 0
        if glyph is None:
            markup = TAKEN_OUT.match(text, lead)
            end = markup.end() if markup else 0
        if not end:
            continue
        found_one = True
        if place < lead:
            pieces.append((text[place:lead], place, lead))
        if glyph:
            pieces.append((glyph.char, lead, end))
        place = end
    if not found_one:
        return None
    if place < len(text):
        pieces.append((text[place:], place, len(text)))
    return pieces


def _lead_places(text: str) -> list[int]:
    """Where a code, a tag or an address may begin."""
    places: list[int] = []
    for lead in _LEADS:
        place = text.find(lead)
        while place >= 0:
            places.append(place)
            place = text.find(lead, place + 1)
    places.sort()
    return places
