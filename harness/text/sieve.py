"""The cheap look at a whole text that tells which targets can have a damaged mention in it at all.

All that damage may put in, take out or put in the place of a symbol is ASCII that is deleted here, or no ASCII at all.
So the ASCII letters and digits of a damaged mention stand in the *skeleton* of the text, side by side and in one case,
exactly as they stand in the skeleton of the target. If the skeleton of the text holds that of the target no more often
than there are verbatim mentions, then there is no damage to look for. Where this cannot tell (letters written as
homoglyphs, targets without an ASCII letter or digit) the answer is yes.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from harness.text.gaps import ADDRESS, TAG
from harness.text.glyphs import escaped
from harness.text.pattern import Pattern
from harness.text.symbols import REPLACING_SIGNS, SymbolTable

_ASCII_BLANKS = b"\t\n\v\f\r "
_MARKUP = b"*_`~[]"
_LOWER = bytes(range(256)).lower()
_ASCII = bytes(range(128))
_NOT_ASCII = bytes(range(128, 256))
_CODED = re.compile(r"%[0-9A-Fa-f]{2}|&[#A-Za-z]|\\|<[A-Za-z/!]|\]\(|\]\[")
_LEADS = re.compile(r"[&%\\]")
_CODE_LEADS = ("%", "&", "\\", "<", "]")
_SAMPLES = 512


@lru_cache(maxsize=64)
def _deleted(symbols: SymbolTable) -> bytes:
    signs = REPLACING_SIGNS + "".join(symbols.owners)
    return bytes({*_ASCII_BLANKS, *_MARKUP, *_NOT_ASCII, ord("\\"), *(ord(c) for c in signs if c.isascii())})


class Sieve:
    """One text, ready to be asked about many targets."""

    def __init__(self, text: str, patterns: Iterable[Pattern], symbols: SymbolTable) -> None:
        self._text = text
        self._symbols = symbols
        self._is_coded = any(lead in text for lead in _CODE_LEADS) and _CODED.search(text) is not None
        self._skeletons: tuple[bytes, ...] = ()
        if not _is_mostly_ascii(text):
            return
        encoded = text.encode("utf-8", "surrogatepass")
        if text.isascii() or not _has_exotics(encoded, patterns):
            self._skeletons = (encoded.translate(_LOWER, _deleted(symbols)),)
            if self._is_coded:
                self._skeletons += tuple(self._skeleton(_decoded(bare)) for bare in _bared(text))

    def may_hold(self, pattern: Pattern) -> bool:
        """Whether the text may hold the target in any form, damaged or not."""
        if not self._is_coded:
            text = self._text
            for forms in pattern.rare:
                if not any(form in text for form in forms):
                    return False
        if not self._skeletons or not pattern.is_sievable:
            return True
        wanted = self._skeleton(pattern.target)
        return any(wanted in skeleton for skeleton in self._skeletons)

    def may_hold_damage(self, pattern: Pattern, whole: int) -> bool:
        """The same for any mention but the `whole` verbatim ones. To be asked where `may_hold` is true."""
        if not self._skeletons or not pattern.is_sievable:
            return True
        wanted = self._skeleton(pattern.target)
        if not wanted or _overlaps_itself(wanted):
            return True
        return any(skeleton.count(wanted) != whole for skeleton in self._skeletons)

    def _skeleton(self, text: str) -> bytes:
        return text.encode("utf-8", "surrogatepass").translate(_LOWER, _deleted(self._symbols))


def _is_mostly_ascii(text: str) -> bool:
    """Judged by a sample. This settles the speed alone: both ways give the same findings."""
    if text.isascii():
        return True
    sample = text[:: max(1, len(text) // _SAMPLES)]
    return len(sample.encode("utf-8", "surrogatepass")) < 1.3 * len(sample)


def _has_exotics(encoded: bytes, patterns: Iterable[Pattern]) -> bool:
    """Whether a character that is not ASCII stands in the text that can stand for an ASCII one of a target."""
    forms = {char for pattern in patterns for char in pattern.exotics}
    foreign = encoded.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    return not forms.isdisjoint(foreign)


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


@lru_cache(maxsize=4096)
def _overlaps_itself(wanted: bytes) -> bool:
    return any(wanted.startswith(wanted[shift:]) for shift in range(1, len(wanted)))
