"""How a form of long tokens is described, which of them a text may hold, and where the first of each is."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from harness.text.keeping import later


class Form(NamedTuple):
    """A kind of long token: how it is read, and what a text must hold for one to be in it.

    One of the `signs` has to be there (`/ ` and `- `: one that is not between two letters or digits), the text `held`,
    and what `hint` finds; with `0` in `needs` a digit, and with `字` a character beyond ASCII. In each token there is
    what `anchor` finds: only the words, or lines, that hold it are looked at.
    """

    kind: str
    signs: Sequence[str]
    pattern: re.Pattern[str]
    held: str
    hint: re.Pattern[str] | None
    anchor: re.Pattern[str] | None
    has_blanks: bool
    needs: str


def form(
    kind: str,
    signs: Sequence[str],
    *patterns: str,
    held: str = "",
    hint: str = "",
    word: str = "",
    line: str = "",
    needs: str = "",
) -> Form:
    """`word` and `line` are the anchor of a token without blanks, and of one that may hold some."""
    anchor = word or line
    return Form(
        kind,
        signs,
        later("".join(patterns)),
        held,
        later(hint or anchor) if hint or anchor else None,
        later(anchor) if anchor else None,
        not word,
        needs,
    )


def first_of(form: Form, text: str, place: int, high: int = 0) -> re.Match[str] | None:
    """The first token of a form from this place on. `high` is where its words before this place were looked at to."""
    search, anchor = form.pattern.search, form.anchor
    if anchor is None:
        return search(text, place)
    while (sign := anchor.search(text, place)) is not None:
        at = sign.start()
        low = max(text.rfind("\n", place, at) + 1, place)
        if not form.has_blanks:
            low = max(text.rfind(" ", low, at) + 1, low)
        if at >= high:
            end = (_BREAK if form.has_blanks else _BLANK).search(text, at)
            high = end.end() if end else len(text)
        found = search(text, low, high)
        if found:
            return found
        place = high
    return None


_BREAK, _BLANK = later("\n"), later("[ \n]")


_AS_IN_A_TOKEN = {
    **{sign: (sign, later(rf"\{sign}(?=\S)")) for sign in ".,:"},
    "'": ("'", later("'(?<![A-Za-z0-9]')")),
    **{f"{sign} ": (sign, later(f"{sign}(?:(?![A-Za-z0-9])|(?<![A-Za-z0-9]{sign}))")) for sign in "/-"},
}
"""How a long token has these signs; in a sentence a point is behind its last word, and an apostrophe in a word."""
_DIGIT = later(r"\d")
_MOST_KEPT = 4096


class Gates:
    """Tells which forms a text may hold, each known by its place. Sets of forms are numbers with a bit for each."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._forms = forms
        by_sign: dict[str, int] = {}
        for rank, one in enumerate(forms):
            for sign in one.signs:
                by_sign[sign] = by_sign.get(sign, 0) | 1 << rank
        self._of_others = {sign: bits for sign, bits in by_sign.items() if not sign.isascii()}
        self._others = later(f"[{''.join(self._of_others)}]")
        self._by_sign = [item for item in by_sign.items() if item[0].isascii() and item[0] not in _AS_IN_A_TOKEN]
        self._in_a_token = [(*_AS_IN_A_TOKEN[sign], bits) for sign, bits in by_sign.items() if sign in _AS_IN_A_TOKEN]
        self._without_digits, self._of_ascii = (
            sum(1 << rank for rank, one in enumerate(forms) if need not in one.needs) for need in "0字"
        )
        self._kept: dict[int, list[tuple[int, str, re.Pattern[str] | None]]] = {}

    def by_signs(self, text: str) -> int:
        """The forms that the signs of a text, its digits and its script allow."""
        bits = 0
        for sign, more in self._by_sign:
            if sign in text:
                bits |= more
        for sign, pattern, more in self._in_a_token:
            if sign in text and pattern.search(text):
                bits |= more
        if text.isascii():
            bits &= self._of_ascii
        else:
            for sign in self._others.findall(text):
                bits |= self._of_others[sign]
        if bits & ~self._without_digits and not _DIGIT.search(text):
            bits &= self._without_digits
        return bits

    def forms_for(self, text: str) -> list[int]:
        """The places of those that a text may hold."""
        bits = self.by_signs(text)
        forms = self._kept.get(bits)
        if forms is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            forms = [(rank, one.held, one.hint) for rank, one in enumerate(self._forms) if bits >> rank & 1]
            self._kept[bits] = forms
        return [rank for rank, held, hint in forms if held in text and (hint is None or hint.search(text))]
