"""A text reduced to its letters and digits, each folded to one representative of all that may stand for it.

White space, signs, marks and markup fall away, so every damaged form of a target has the target's own *skeleton*. The
fold merges more than the rules do (`1 I l i L` are one): what it brings together, `explain` looks at closely.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import compress
from typing import NamedTuple

from harness.text.characters import LINE_BREAKS, later
from harness.text.symbols import BETWEEN_LATIN, ESCAPE_STARTS, LETTER, TAKEN_OUT, SymbolTable, coded, other_width, role
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
        self.keeps = _Keeps(self)

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__

    @cached_property
    def ascii_kept(self) -> bytes:
        """For `bytes.translate`: whether it keeps a character of ASCII."""
        return bytes(self[code] is not None for code in range(128)) + bytes(128)

    @cached_property
    def in_utf8(self) -> tuple[bytes, bytes]:
        """For `bytes.translate`, where all of a text beyond ASCII is kept as it is."""
        table = bytes(ord(self[code] or "\0") for code in range(128)) + bytes(range(128, 256))
        return table, bytes(code for code in range(128) if self[code] is None)

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


class _Keeps(dict[str, bool]):
    """Whether a fold keeps a character."""

    def __init__(self, fold: Fold) -> None:
        super().__init__()
        self._fold = fold

    def __missing__(self, char: str) -> bool:
        kept = self[char] = self._fold[ord(char)] is not None
        return kept


STRANGER = "\ufdd0"


@lru_cache(maxsize=64)
def fold_of(symbols: SymbolTable, coarse: bool) -> Fold:
    """The table for `str.translate`; one for each table of symbols, since its look-alikes fall away."""
    return Fold(symbols, coarse=coarse)


@lru_cache(maxsize=1)
def _ascii_roots() -> frozenset[str]:
    return frozenset(_roots().get(char, char) for char in "abcdefghijklmnopqrstuvwxyz0123456789")


def _plain(char: str) -> str:
    char = other_width(char)
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


_FENCE = later("```|~~~")
_BREAK = later(f"[{LINE_BREAKS}]")
_LONGEST_LINE, _AHEAD = 1000, 200


class Skeleton(NamedTuple):
    """The folded letters of a text, and for each where it begins in that text, and ends where not one place on."""

    letters: str
    starts: list[int]
    ends: list[int] | None = None

    def end(self, place: int) -> int:
        return self.starts[place] + 1 if self.ends is None else self.ends[place]


_WORTH_A_LOOK, _WORTH_A_LOOK_IN_ASCII = 500, 4000
"""From so many characters on a cheap look comes before the fold, which for ASCII is cheap itself."""
_LEADS = "&%\\<]"
_BLOCKS = (0x00, 0x20, 0x30, 0xFF)
"""First bytes of the blocks that most texts keep to, beside Han and Hangul: Latin, punctuation, kana, full-width."""
_HAN = range(0x4E00, 0xA000)
_USUAL = bytes((*_BLOCKS, *range(0x4E, 0xA0), *range(0xAC, 0xD7)))


class _StandIns(NamedTuple):
    """What a letter of a fine skeleton may be written as in a text that keeps to the usual blocks."""

    narrow: dict[str, str]
    """Characters of Latin-1, by letter."""
    wide: dict[str, str]
    """All others."""
    strangers: str
    """Characters that ask for the coarse fold."""


def _is_usual(letter: str) -> bool:
    """Whether all that stands for a letter is in `_StandIns`. A first letter of Hangul has hundreds of syllables."""
    return ord(letter) >> 8 in _BLOCKS or ord(letter) in _HAN


@lru_cache(maxsize=64)
def _stand_ins(fold: Fold) -> _StandIns:
    narrow: dict[str, str] = {}
    wide: dict[str, str] = {}
    strangers = ""
    usual = [chr(block << 8 | low) for block in _BLOCKS for low in range(256)]
    for char in (*usual, *(char for char in letter_places() if ord(char) in _HAN)):
        letter = fold[ord(char)]
        if letter == STRANGER:
            strangers += char
        elif letter is not None:
            forms = narrow if char <= "\xff" else wide
            forms[letter] = forms.get(letter, "") + char
    return _StandIns(narrow, wide, strangers)


_ASCII = bytes(range(128))
_FEW, _SAMPLE = 16, 1000
_PORTION = 16384
"""Characters that are encoded at once: what stays in the processor's cache is twice as fast."""


def latin_of(text: str) -> str:
    """The characters of Latin-1 that are in a text."""
    return text if text.isascii() else text.encode("latin-1", "ignore").decode("latin-1")


_SIGN_BETWEEN_LATIN = later(
    f"[{''.join(BETWEEN_LATIN)}](?:(?<=[A-Za-z0-9].)|(?<=[A-Za-z0-9] .))(?= ?[A-Za-z0-9])", re.DOTALL
)


def as_signs(text: str) -> str:
    """`text` with hyphens for the words that look like a symbol where they are between Latin letters: `TCP一IP`."""
    if text.isascii() or ("一" not in text and "ノ" not in text):
        return text
    return _SIGN_BETWEEN_LATIN.sub("-", text)


def _places_of(sign: str, text: str) -> Iterator[int]:
    place = text.find(sign)
    while place >= 0:
        yield place
        place = text.find(sign, place + 1)


def _few_beyond_ascii(text: str) -> set[str]:
    """The characters beyond ASCII of a long text, where they are few; empty otherwise."""
    if len(text) < _WORTH_A_LOOK or text.isascii():
        return set()
    foreign = text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")
    distinct = set(foreign[:_SAMPLE])
    if len(distinct) <= _FEW:
        distinct = set(foreign)
    return distinct if len(distinct) <= _FEW else set()


def _folded(text: str, fold: Fold) -> str:
    """`text.translate(fold)`; what is beyond ASCII makes that slow, and is replaced first where it is few."""
    if len(text) < _WORTH_A_LOOK or text.isascii():
        return text.translate(fold)
    folded = {char: fold[ord(char)] or "" for char in _few_beyond_ascii(text)}
    # what would be folded once more is left to `translate`: `一` has a representative that is a sign
    changed = [char for char, to in folded.items() if to != char and to.translate(fold) == to]
    for char in changed:
        text = text.replace(char, folded[char])
    if not folded or fold.coarse or not all(to == char or char in changed for char, to in folded.items()):
        return text.translate(fold)
    return text.encode("utf-8", "surrogatepass").translate(*fold.in_utf8).decode("utf-8", "surrogatepass")


_NO_DIGITS = bytes(set(range(128)) - set(b"0123456789"))
QUIET = later(
    f"[\\x00-\\x7f{chr(_HAN.start)}-{chr(_HAN.stop - 1)}"
    "\u00b7\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u3001\u3002\u3008-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]*"
)
"""Text in which no character stands for a digit but the digits of ASCII, and none asks for the coarse fold."""


class Page:
    """One text under check, folded as far as it is asked for."""

    def __init__(self, text: str, symbols: SymbolTable, *, coarse: bool = False) -> None:
        self.text = text
        self.symbols = symbols
        self._coarse = coarse
        self._fold: Fold | None = None
        self._letters = ""
        self.is_short = len(text) < (_WORTH_A_LOOK_IN_ASCII if text.isascii() else _WORTH_A_LOOK)
        """Whether to fold it is as cheap as any look at it."""
        signs = text if self.is_short else self._latin
        self.is_plain = not (
            coarse or "&" in signs or "%" in signs or "\\" in signs or "<" in signs or "]" in signs  # _LEADS
        )
        """Whether it holds no entity, code, tag or address, and needs the fine fold alone as far as is known."""

    @cached_property
    def _latin(self) -> str:
        return latin_of(self.text)

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
        """The skeleton of the text as it is."""
        return self._letters if self.fold else ""

    def digits(self) -> str:
        """The digits of a plain text in order, where nothing else in it can stand for one; empty otherwise."""
        text = self.text
        is_quiet = text.isascii() or QUIET.fullmatch(text)
        return text.encode("ascii", "ignore").translate(None, _NO_DIGITS).decode() if is_quiet else ""

    def may_hold(self, skeletons: Sequence[str]) -> Sequence[str]:
        """Those of the fine skeletons whose letters may all be in the text, by a look that is cheaper than to fold it.

        A text that a cheap look cannot see through may hold all of them.
        """
        text = self.text
        if self.is_short or not skeletons or not self.is_plain:
            return skeletons
        known: dict[str, bool] = {}
        held = []
        for skeleton in skeletons:
            for letter in skeleton:
                is_there = known.get(letter)
                if is_there is None:
                    is_there = known[letter] = not self._lacks(letter, self._latin, text)
                if not is_there:
                    break
            else:
                held.append(skeleton)
        return held if len(held) == len(skeletons) or self._is_usual else skeletons

    def is_all_of(self, skeleton: str, spans: Sequence[tuple[int, int, object]]) -> bool:
        """Whether nothing outside the spans can stand for the fine skeleton: one of its letters is nowhere else.

        Again a look that is cheaper than to fold the text; where it cannot tell, the answer is no.
        """
        text = self.text
        if len(spans) == 1:
            start, end, _ = spans[0]
            rest = f"{text[:start]}\n{text[end:]}"
        else:
            ends = [0, *(span[1] for span in spans)]
            starts = [*(span[0] for span in spans), len(text)]
            rest = "\n".join(text[start:end] for start, end in zip(ends, starts, strict=True))
        latin = latin_of(rest)
        for letter in reversed(skeleton):  # codes end in digits, which are rare
            if self._lacks(letter, latin, rest):
                return self.is_plain and self._is_usual
        return False

    def _lacks(self, letter: str, latin: str, text: str) -> bool:
        """Whether a letter is not in a text, given also as its characters of Latin-1, in any form."""
        narrow, wide, _ = _stand_ins(fold_of(self.symbols, False))
        for form in narrow.get(letter, ""):
            if form in latin:
                return False
        if text is latin:  # ASCII
            return letter != STRANGER
        if letter == STRANGER or not _is_usual(letter):
            return False
        return all(form not in text for form in wide.get(letter, "" if letter in narrow else letter))

    @cached_property
    def _is_usual(self) -> bool:
        """Whether the text keeps to the blocks for which `_StandIns` knows all forms."""
        text = self.text
        if text.isascii():
            return True
        if any(char in text for char in _stand_ins(fold_of(self.symbols, False)).strangers):
            return False
        return not any(
            text[place : place + _PORTION].encode("utf-16-le", "surrogatepass")[1::2].translate(None, _USUAL)
            for place in range(0, len(text), _PORTION)
        )

    def in_code(self, start: int, end: int) -> bool:
        """Whether a span is in a fenced block, between backticks, or in a quoted string of its line."""
        if bisect_right(self._fences, start) % 2:
            return True
        low = bisect_right(self._breaks, start)
        high = bisect_right(self._breaks, end - 1)
        before = self.text[self._breaks[low - 1] + 1 if low else 0 : start][-_LONGEST_LINE:]
        behind = self.text[end : self._breaks[high] if high < len(self._breaks) else None][:_AHEAD]
        bare, escaped = before.replace('\\"', ""), before.count('\\"')  # JSON inside JSON has quotes of both sorts
        return any(bare.count(mark) % 2 and mark in behind for mark in "`\"'") or (escaped % 2 == 1 and '\\"' in behind)

    @cached_property
    def _fences(self) -> list[int]:
        return [found.start() for found in _FENCE.finditer(self.text)]

    @cached_property
    def _breaks(self) -> list[int]:
        return [found.start() for found in _BREAK.finditer(self.text)]

    @cached_property
    def plain(self) -> Skeleton:
        """The skeleton of the text as it is."""
        text, fold = as_signs(self.text), self.fold
        for char in _few_beyond_ascii(text):
            text = text.replace(char, "a" if fold.keeps[char] else " ")
        is_kept = fold.keeps.__getitem__
        kept = text.encode().translate(fold.ascii_kept) if text.isascii() else list(map(is_kept, text))
        return Skeleton(self.letters, list(compress(range(len(text)), kept)))

    @cached_property
    def decoded(self) -> Skeleton | None:
        """The skeleton with entities and codes decoded and tags and addresses out; None where the text has none."""
        pieces = None if self.is_plain else decoded_pieces(self.text)
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
    return sorted(place for lead in _LEADS for place in _places_of(lead, text))
