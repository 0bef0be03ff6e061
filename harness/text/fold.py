"""Texts and targets reduced to their letters and digits, each folded to one of all that may stand for it.

White space, signs, marks and markup fall away, so every damaged form of a target has the target's own *skeleton*. The
fold merges more than the rules do (`1 I l i L` are one): what it brings together, `explain` looks at closely.
"""

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import compress, groupby
from typing import NamedTuple

from harness.text.characters import LINE_BREAKS
from harness.text.explain import Change, Sides, side
from harness.text.keeping import kept, later, once
from harness.text.symbols import (
    BETWEEN_LATIN,
    ESCAPE_STARTS,
    LETTER,
    LOOKALIKE,
    MARK,
    MICRO,
    TAKEN_OUT,
    SymbolTable,
    coded,
    other_width,
    role,
    without_accents,
)
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

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__

    @once
    def kept(self) -> bytes:
        """For `bytes.translate`: whether it keeps a character; `?` is what `str.encode` puts for all beyond ASCII."""
        return bytes(code == ord("?") or self[code] is not None for code in range(128)) + bytes(128)

    @once
    def ascii_forms(self) -> dict[str, str]:
        """The characters of ASCII by what they are folded to."""
        forms: dict[str, str] = {}
        for code in range(128):
            letter = self[code]
            if letter is not None:
                forms[letter] = chr(code) + forms.get(letter, "")  # small letters first: texts are full of them
        return forms

    @once
    def in_utf8(self) -> tuple[bytes, bytes]:
        """For `bytes.translate`, where all of a text beyond ASCII is kept as it is."""
        table = bytes(ord(self[code] or "\0") for code in range(128)) + bytes(range(128, 256))
        return table, bytes(code for code in range(128) if self[code] is None)

    @once
    def _kept(self) -> str:
        """ASCII, and the Han and kana that are folded to themselves, for a character class."""
        letters = (ord(char) for char in (*letter_places(), *self._signs))
        others = {code for code in letters if code in _HAN and self[code] != chr(code)}
        return "\x00-\x7f" + _without(_HAN, others) + _ranges(code for code in _KANA if self[code] == chr(code))

    @once
    def _all_kept(self) -> re.Pattern[str]:
        return re.compile(f"[{self._kept}]*")

    @once
    def quiet(self) -> re.Pattern[str]:
        """Text of those, and of the usual signs beyond ASCII, which fall away."""
        signs = _ranges(code for block in _SIGNS for code in block if self[code] is None)
        return re.compile(f"[{self._kept}{signs}]*")

    def levelled(self, text: str) -> str | None:
        """The text with all letters beyond ASCII, Han and kana replaced, one for one, by what they are folded to.

        None where they are of too many kinds, or stay as they are.
        """
        return self._replaced(text, self.quiet) if not text.isascii() else text

    def without_signs(self, level: str) -> str | None:
        """A levelled text with blanks for its signs beyond ASCII."""
        return self._replaced(level, self._all_kept) if not level.isascii() else level

    def _replaced(self, text: str, alike: re.Pattern[str]) -> str | None:
        place = 0
        for _ in range(_MOST_KINDS):
            found = alike.match(text, place)
            place = found.end() if found else 0
            if place == len(text):
                return text
            to = self[ord(text[place])] or " "
            if self._all_kept.fullmatch(to) is None:
                return None
            text = text.replace(text[place], to)
        return None

    def letters_of(self, plain: str) -> str:
        """The folded letters of what `without_signs` gives; in bytes, which takes a third of the time."""
        return plain.encode().translate(*self.in_utf8).decode()

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
_MOST_KINDS = 24
"""Characters beyond ASCII of so many kinds are replaced in a whole text at once, which is faster than one by one."""
_HAN, _KANA = range(0x4E00, 0xA000), range(0x3041, 0x3100)
_SIGNS = (range(0x80, 0x100), range(0x2000, 0x2070), range(0x3000, 0x3040), range(0xFF00, 0xFFF0))


def _ranges(codes: Iterable[int]) -> str:
    """Ascending code points as the inside of a character class."""
    runs = groupby(enumerate(codes), key=lambda numbered: numbered[1] - numbered[0])
    spans = [[chr(code) for _, code in run] for _, run in runs]
    return "".join(f"{span[0]}-{span[-1]}" for span in spans)


def _without(block: range, others: Iterable[int]) -> str:
    """A block but for some of its code points, as `_ranges` gives it."""
    spans, start = "", block.start
    for code in (*sorted(others), block.stop):
        if start < code:
            spans += f"{chr(start)}-{chr(code - 1)}"
        start = code + 1
    return spans


@lru_cache(maxsize=64)
def fold_of(symbols: SymbolTable, coarse: bool) -> Fold:
    """The table for `str.translate`; one for each table of symbols, since its look-alikes fall away."""
    return Fold(symbols, coarse=coarse)


@lru_cache(maxsize=1)
def _ascii_roots() -> frozenset[str]:
    return frozenset(_roots().get(char, char) for char in "abcdefghijklmnopqrstuvwxyz0123456789")


def _plain(char: str) -> str:
    char = MICRO.get(char, other_width(char))
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
    han = {root(char): char for char in parent if ord(char) in _HAN}  # which most texts hold, and kana fewer
    return {char: han.get(root(char), root(char)) for char in list(parent)}


_FENCE = later("```|~~~")
_BREAK = later(f"[{LINE_BREAKS}]")
_LONGEST_LINE, _AHEAD = 1000, 200


class Skeleton(NamedTuple):
    """The folded letters of a text, and for each where it begins in that text, and ends where not one place on.

    The places are arrays: a list takes nine times as much for an answer of millions of letters.
    """

    letters: str
    starts: Sequence[int]
    ends: Sequence[int] | None = None

    def end(self, place: int) -> int:
        return self.starts[place] + 1 if self.ends is None else self.ends[place]


SHORT = 2000
"""To fold a text below so many characters is as cheap as any look at it, such as one for rare letters."""
_LEADS = later(r"[&%\\<\]]")

_BETWEEN_LATIN = {
    char: later(f"{char}(?:(?<=[A-Za-z0-9].)|(?<=[A-Za-z0-9] .))(?= ?[A-Za-z0-9])", re.DOTALL) for char in BETWEEN_LATIN
}


def as_signs(text: str) -> str:
    """`text` with hyphens for the words that look like a symbol where they are between Latin letters: `TCP一IP`."""
    if not text.isascii():
        for char, pattern in _BETWEEN_LATIN.items():
            if char in text:
                text = pattern.sub("-", text)
    return text


def ascii_of(text: str) -> str:
    """What a search for a character of ASCII has to look at: in a text that is mostly beyond it, less is faster."""
    head = text[:_SAMPLE]
    return text.encode("ascii", "ignore").decode() if len(head.encode("ascii", "ignore")) < len(head) / 2 else text


_SAMPLE = 200

_NO_DIGITS = bytes(set(range(128)) - set(b"0123456789"))


def digits_of(text: str) -> str:
    """The digits of ASCII in order."""
    return text.encode("ascii", "ignore").translate(None, _NO_DIGITS).decode()


class Page:
    """One text under check, folded as far as it is asked for."""

    _fold: Fold | None = None
    _letters = ""
    _unsigned: str | None = None
    _digits: str | None = None

    def __init__(self, text: str, symbols: SymbolTable, *, is_text: bool = True, coarse: bool = False) -> None:
        self.text = text
        self.symbols = symbols
        self.is_text = is_text
        """Whether it is as it was written, and not decoded from JSON or the arguments of a tool."""
        self.fine = fold_of(symbols, False)
        self._coarse = coarse
        self._level: str | None = text
        self._is_levelled = text.isascii() and not coarse
        self.is_short = len(text) < SHORT
        signs = text if self.is_short else ascii_of(text)
        self.is_plain = not (
            coarse or "&" in signs or "%" in signs or "\\" in signs or "<" in signs or "]" in signs  # _LEADS
        )
        """Whether it holds no entity, code, tag or address, and needs the fine fold alone as far as is known."""

    def level(self) -> str | None:
        """What `Fold.levelled` makes of it."""
        if not self._is_levelled:
            self._is_levelled = True
            self._level = None if self._coarse else self.fine.levelled(self.text)
        return self._level

    @property
    def fold(self) -> Fold:
        """The fold that the text needs: the coarse one if it holds a letter of another script that looks like ASCII."""
        if self._fold is None:
            fold = fold_of(self.symbols, True) if self._coarse else self.fine
            self._read = as_signs(self.text)
            level = self.level() if self._read == self.text or self._coarse else fold.levelled(self._read)
            self._unsigned = None if level is None else fold.without_signs(level)
            letters = self._read.translate(fold) if self._unsigned is None else fold.letters_of(self._unsigned)
            if STRANGER in letters:
                fold = fold_of(self.symbols, True)
                letters = self._read.translate(fold)
            self._fold, self._letters = fold, letters
        return self._fold

    @property
    def letters(self) -> str:
        """The skeleton of the text as it is."""
        return self._letters if self.fold else ""

    def digits(self) -> str:
        """The digits of a plain text in order; empty where they take more than a look."""
        if self._digits is None:
            level = self.level()
            self._digits = "" if level is None else digits_of(level)
        return self._digits

    def may_hold(self, skeletons: Sequence[str]) -> Sequence[str]:
        """Those of the fine skeletons whose letters may all be in the text, by a look that is cheaper than to fold it.

        A text that a cheap look cannot see through may hold all of them.
        """
        level = None if self.is_short or not skeletons or not self.is_plain else self.level()
        if level is None:
            return skeletons
        forms = self.fine.ascii_forms
        known: dict[str, bool] = {STRANGER: True}
        held = []
        for skeleton in skeletons:
            for letter in reversed(skeleton):  # codes end in digits, which are rare
                is_there = known.get(letter)
                if is_there is None:
                    is_there = known[letter] = any(form in level for form in forms.get(letter, letter))
                if not is_there:
                    break
            else:
                held.append(skeleton)
        return held

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

    @once
    def backslashes(self) -> int:
        """The most in a row, up to two."""
        return 2 if "\\\\" in self.text else int("\\" in self.text)

    def in_prose(self, start: int, end: int) -> bool:
        return self.is_text and not self.in_code(start, end)

    @once
    def _fences(self) -> list[int]:
        return [found.start() for found in _FENCE.finditer(self.text)]

    @once
    def _breaks(self) -> list[int]:
        return [found.start() for found in _BREAK.finditer(self.text)]

    @once
    def plain(self) -> Skeleton:
        """The skeleton of the text as it is."""
        fold, unsigned = self.fold, self._unsigned
        if unsigned is None or fold.coarse:
            kept: Iterable[object] = map(fold.__getitem__, map(ord, self._read))
        else:
            kept = unsigned.replace("?", " ").encode("ascii", "replace").translate(fold.kept)
        return Skeleton(self.letters, array("I", compress(range(len(self.text)), kept)))

    @once
    def decoded(self) -> Skeleton | None:
        """The skeleton with entities and codes decoded and tags and addresses out; None where the text has none."""
        pieces = None if self.is_plain else decoded_pieces(self.text)
        if pieces is None:
            return None
        fold = self.fold
        begins, stops = array("I"), array("I")
        for piece, low, high in pieces:  # a piece of another length is one character, from its code
            is_plain = high - low == len(piece)
            begins.extend(range(low, high) if is_plain else (low,))
            stops.extend(range(low + 1, high + 1) if is_plain else (high,))
        text = "".join([piece for piece, _, _ in pieces])
        kept = bytes(fold[ord(char)] is not None for char in text)
        return Skeleton(text.translate(fold), array("I", compress(begins, kept)), array("I", compress(stops, kept)))


def decoded_pieces(text: str) -> list[tuple[str, int, int]] | None:
    """The text in pieces as they read: plain stretches, and single characters for their codes."""
    pieces: list[tuple[str, int, int]] = []
    place = 0
    for found in _LEADS.finditer(text):
        lead = found.start()
        if lead < place:
            continue
        glyph = coded(text, lead) if text[lead] in ESCAPE_STARTS else None
        end = glyph.end if glyph else 0
        if glyph is None:
            markup = TAKEN_OUT.match(text, lead)
            end = markup.end() if markup else 0
        if not end:
            continue
        if place < lead:
            pieces.append((text[place:lead], place, lead))
        if glyph:
            pieces.append((glyph.char, lead, end))
        place = end
    if not place:
        return None
    if place < len(text):
        pieces.append((text[place:], place, len(text)))
    return pieces


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
    head: str
    accented: int
    """How many letters have an accent that can be lost."""
    ends_marked: bool
    """Whether marks can belong to the last letter, in one normal form or another."""

    def sides(self, number: int) -> Sides:
        """What is beside the gap behind letter `number`."""
        behind = self.letters[number + 1] if number + 1 < len(self.letters) else " "
        return Sides(side(self.letters[number]), side(behind))


NO_FORMS = ("", "")


class Pattern:
    """A target to be looked for. It is taken apart only where something other than the target itself was met.

    Attributes:
        marker_offsets: the places of what would open a list item if it came first in a line.
        may_be_no_mention: whether the target as it is may be the mark of a list there, or escaped.
        digits: its digits in order; empty where a text may hold the target in another form without just these digits.
        unescaped: the target with its entities and codes read, and with its `\\n` and the like read; empty for neither.
    """

    __slots__ = (
        *("_fold", "_letters", "_skeleton", "digits", "known", "known_coded"),
        *("marker_offsets", "may_be_no_mention", "text", "unescaped"),
    )

    def __init__(self, text: str, fold: Fold) -> None:
        self.text = text
        self._fold = fold
        self._skeleton: str | None = None
        is_coded = "\\" in text or "&" in text or "%" in text  # any of ESCAPE_STARTS
        self.unescaped = _unescaped_forms(text) if is_coded else NO_FORMS
        self.digits = digits_of(text)
        if self.digits and not text.isascii():
            is_all_digits = self.digits == digits_of(self.skeleton) and BETWEEN_LATIN.isdisjoint(text)
            self.digits = self.digits if is_all_digits and STRANGER not in self.skeleton else ""
        self.marker_offsets = _marker_offsets(text, fold.symbols)
        self.may_be_no_mention = bool(self.marker_offsets) or text[:1] in fold.symbols.by_char
        self.known: dict[str, Damage | None] = {}
        self.known_coded: dict[str, Damage | None] = {}
        self._letters: Letters | None = None

    @property
    def skeleton(self) -> str:
        """Its folded letters; not asked for where the digits of a text tell that all mentions in it are whole."""
        if self._skeleton is None:
            self._skeleton = as_signs(self.text).translate(self._fold)
        return self._skeleton

    @property
    def parts(self) -> Letters:
        if self._letters is None:
            self._letters = _taken_apart(self.text, as_signs(self.text), self._fold)
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
    for char, meant in zip(text, read, strict=True):
        if fold[ord(meant)] is not None:
            letters.append(char)
            marks.append("")
            gaps.append("")
        elif letters and not gaps[-1] and role(char) == MARK:
            marks[-1] += char
        else:
            gaps[-1] += char
    accented, ends_marked = 0, False
    if not text.isascii():
        accented = sum(without_accents(letter + on) is not None for letter, on in zip(letters, marks, strict=True))
        ends_marked = bool(letters) and len(unicodedata.normalize("NFD", letters[-1] + marks[-1])) > 1
    return Letters(tuple(letters), tuple(marks), tuple(gaps[1:]), gaps[0], accented, ends_marked)


@kept(4096, few=64)
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
    return tuple([found.start() for found in _BEFORE_A_BLANK.finditer(text) if found[0] in symbols.markers])


_BEFORE_A_BLANK = re.compile(r"\S(?=\s|\Z)")
