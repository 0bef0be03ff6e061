"""Text made safe and visible for a terminal or a page: one line, no character that hides or commands."""

import unicodedata
from functools import lru_cache

from harness.text.characters import SPACE_SET
from harness.text.symbols import DEFAULT_SYMBOLS

_SIGNS = {" ": "␣", "\t": "⇥", "\n": "⏎"}
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))
_JOINING = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters and marks that are drawn as nothing


def show(text: str, *, blanks: bool = True, lookalikes: bool = False) -> str:
    """`text` on one line with its blanks visible: `␣`, `⇥`, `⏎`, anything else that hides as `<U+00A0>`.

    Without `blanks`, U+0020 stays as it is: for sentences of ours that quote foreign names. With `lookalikes`, a
    look-alike of a symbol is followed by its code point: `–<U+2013>`.
    """
    if text.isascii() and text.isprintable():  # most of what is shown: not looked at character by character
        shown = text.replace("\\", "\\<U+005C>") if lookalikes else text
        return shown.replace(" ", _SIGNS[" "]) if blanks else shown
    return "".join(char if char == " " and not blanks else _shown(char, lookalikes) for char in text)


@lru_cache(maxsize=10_000)
def _shown(char: str, lookalikes: bool) -> str:
    if "!" <= char <= "~":
        return f"{char}<U+005C>" if lookalikes and char == "\\" else char
    if char in _SIGNS:
        return _SIGNS[char]
    if is_hidden(char):
        return f"<U+{ord(char):04X}>"
    if lookalikes and char in DEFAULT_SYMBOLS.owners:
        return f"{char}<U+{ord(char):04X}>"
    return char


def is_hidden(char: str) -> bool:
    """Whether `char` is blank, invisible, a control or unassigned."""
    if char in SPACE_SET or unicodedata.category(char) in _HIDDEN or char in _JOINING:
        return True
    return 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF


def context(text: str, start: int, end: int, width: int = 20, *, lookalikes: bool = False) -> str:
    """The span with up to `width` characters on either side, made visible, with `…` where the text is cut."""
    low, high = max(0, start - width), min(len(text), end + width)
    head = "…" if low else ""
    tail = "…" if high < len(text) else ""
    return head + show(text[low:high], lookalikes=lookalikes) + tail
