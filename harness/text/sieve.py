"""The cheap look at a whole text that tells which targets can have a damaged mention in it at all.

All that damage may put in, take out or put in the place of a symbol is ASCII that is deleted here, or no ASCII at all.
So the ASCII letters and digits of a damaged mention stand in the *skeleton* of the text, side by side and in one case,
exactly as they stand in the skeleton of the target. If the skeleton of the text holds that of the target no more often
than there are verbatim mentions, then there is no damage to look for. Where this cannot tell (letters written as
homoglyphs, targets without an ASCII letter or digit) the answer is yes.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from harness.text.gaps import ADDRESS, TAG
from harness.text.glyphs import escaped
from harness.text.symbols import REPLACING_SIGNS, SymbolTable
from harness.text.traits import exotics, is_sievable, rarest, stand_ins

_ASCII_BLANKS = b"\t\n\v\f\r "
_MARKUP = b"*_`~[]"
_LOWER = bytes(range(256)).lower()
_ASCII = bytes(range(128))
_NOT_ASCII = bytes(range(128, 256))
_CODED = re.compile(r"%[0-9A-Fa-f]{2}|&[#A-Za-z]|\\|<[A-Za-z/!]|\]\(|\]\[")
_LEADS = re.compile(r"[&%\\]")
_CODE_LEADS = ("%", "&", "\\", "<", "]")
_SAMPLES = 512
_FEW = 16


@lru_cache(maxsize=64)
def _deleted(symbols: SymbolTable) -> bytes:
    signs = REPLACING_SIGNS + "".join(symbols.owners)
    return bytes({*_ASCII_BLANKS, *_MARKUP, *_NOT_ASCII, ord("\\"), *(ord(c) for c in signs if c.isascii())})


class Sieve:
    """One text, ready to be asked about many targets."""

    def __init__(self, text: str, targets: Iterable[str], symbols: SymbolTable) -> None:
        self._text = text
        self._symbols = symbols
        self._is_coded = any(lead in text for lead in _CODE_LEADS) and _CODED.search(text) is not None
        self._skeletons: tuple[bytes, ...] = ()
        if not _is_mostly_ascii(text) or (self._is_coded and _is_tangled(text)):
            return
        encoded = _encoded(text)
        if text.isascii() or not _has_exotics(encoded, targets, symbols):
            self._skeletons = self._skeletons_of(text, encoded)

    def may_hold(self, target: str) -> bool:
        """Whether the text may hold the target in any form, damaged or not."""
        text = self._text
        if target in text:
            return True
        if not self._is_coded and not _holds_one_of_each(text, rarest(target, self._symbols)):
            return False
        if not self._skeletons or not is_sievable(target, self._symbols):
            return True
        wanted = self._skeleton(target)
        return any(wanted in skeleton for skeleton in self._skeletons)

    def may_hold_damage(self, target: str, whole: Sequence[tuple[int, int]]) -> bool:
        """The same for any mention but those in `whole`, in order. To be asked where `may_hold` is true."""
        if self._skeletons and is_sievable(target, self._symbols) and (wanted := self._skeleton(target)):
            if not whole or any(skeleton.count(wanted) > len(whole) for skeleton in self._skeletons):
                return True
            if not self._is_coded:
                return False
            # a whole mention in a tag or address is not in every skeleton, and so can make up for a damaged one
            rest = _rest(self._text, whole)
            return any(wanted in skeleton for skeleton in self._skeletons_of(rest, _encoded(rest)))
        if not whole or self._is_coded:
            return True
        return _holds_one_of_each(_rest(self._text, whole), stand_ins(target, self._symbols))

    def _skeletons_of(self, text: str, encoded: bytes) -> tuple[bytes, ...]:
        plain = (self._bones(encoded),)
        return plain + tuple(self._skeleton(_decoded(bare)) for bare in _bared(text)) if self._is_coded else plain

    def _skeleton(self, text: str) -> bytes:
        return self._bones(_encoded(text))

    def _bones(self, encoded: bytes) -> bytes:
        return encoded.translate(_LOWER, _deleted(self._symbols))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _holds_one_of_each(text: str, choices: Iterable[tuple[str, ...]]) -> bool:
    for forms in choices:
        for form in forms:
            if form in text:
                break
        else:
            return False
    return True


def _rest(text: str, whole: Sequence[tuple[int, int]]) -> str:
    """What is left of the text without the spans, tags and addresses still in one piece.

    No mention overlaps a verbatim one of its own target.
    """
    pieces: list[str] = []
    place = 0
    for start, end in whole:
        pieces.append(text[place:start])
        place = end
    pieces.append(text[place:])
    return "\0".join(pieces)


def _is_mostly_ascii(text: str) -> bool:
    """Judged by a sample. This settles the speed alone: both ways give the same findings."""
    if text.isascii():
        return True
    sample = text[:: max(1, len(text) // _SAMPLES)]
    return len(_encoded(sample)) < 1.3 * len(sample)


def _has_exotics(encoded: bytes, targets: Iterable[str], symbols: SymbolTable) -> bool:
    """Whether a character that is not ASCII stands in the text that can stand for an ASCII one of a target."""
    foreign = _distinct(encoded.translate(None, _ASCII).decode("utf-8", "surrogatepass"))
    return not all(exotics(target, symbols).isdisjoint(foreign) for target in targets)


def _distinct(text: str) -> set[str]:
    """The characters of a text. Typography repeats a few, so each is taken out at one go while they are few."""
    found: set[str] = set()
    while text and len(found) < _FEW:
        found.add(text[0])
        text = text.replace(text[0], "")
    return found.union(text)


def _is_tangled(text: str) -> bool:
    """Whether addresses may overlap: in `][TCP](u)/IP` one begins at either bracket."""
    if "][" not in text or not any("][" in found[0] for found in ADDRESS.finditer(text)):
        return False
    return text.count("](") + text.count("][") > 1


def _bared(text: str) -> set[str]:
    """The text without its tags, without the addresses of its links, without both, and as it is.

    Each is needed: what looks like a tag or an address can hold a mention that has the other in it.
    """
    plain = ADDRESS.sub("", text)
    return {text, plain, TAG.sub("", text), TAG.sub("", plain)}


def _decoded(text: str) -> str:
    """The text with its coded characters put in."""
    pieces: list[str] = []
    place = 0
    while True:
        found = _LEADS.search(text, place)
        if found is None:
            pieces.append(text[place:])
            return "".join(pieces)
        glyph = escaped(text, found.start())
        pieces.append(text[place : found.start()])
        pieces.append(glyph.char if glyph else found[0])
        place = glyph.end if glyph else found.end()
