"""What lies between two characters of a mention: white space, zero-width characters and markup."""

import re
from typing import NamedTuple

from harness.text.characters import BLANK_SET, LINE_BREAK_SET, SPACE_SET, SPACES, ZERO_WIDTH
from harness.text.glyphs import coded

_BLANKS = re.compile(f"[{SPACES}{ZERO_WIDTH}]+")
_ZERO_WIDTHS = re.compile(f"[{ZERO_WIDTH}]+")
_TAG = r"<[A-Za-z/!][^<>]{0,400}>"
_ADDRESS = r"\]\([^()\n]{0,400}\)|\]\[[^\[\]\n]{0,100}\]"
TAG, ADDRESS = re.compile(_TAG), re.compile(_ADDRESS)
"""Tags, and the part of a link that is not its text."""
_MARKUP = re.compile(rf"\*{{1,64}}|_{{1,64}}|`{{1,64}}|~~|{_TAG}|{_ADDRESS}|[\[\]]")
_LONGEST = 16
"""Markup tokens and coded blanks in one gap, so that a hostile text cannot make one gap as long as itself."""

GAP_STARTS = BLANK_SET | frozenset("*_`~<[]&%\\")


class Gap(NamedTuple):
    """A stretch of the text from a known start. `spaces`: its white space decoded, in order, zero-width left out."""

    end: int
    spaces: str = ""
    zero_width: bool = False
    markup: int = 0
    coded: int = 0
    lone_star: bool = False

    @property
    def line_breaks(self) -> int:
        return count_line_breaks(self.spaces)


def count_line_breaks(spaces: str) -> int:
    """Line breaks in a run of white space; a carriage return with its line feed is one."""
    if spaces in ("", " ", "  "):
        return 0
    return sum(char in LINE_BREAK_SET for char in spaces.replace("\r\n", "\n"))


def gaps_from(text: str, start: int) -> tuple[Gap, ...]:
    """All gaps that begin at `start`, shortest first; the first is empty. A run of blanks is never cut."""
    gap = Gap(start)
    found = [gap]
    while len(found) <= _LONGEST and gap.end < len(text):
        longer = _longer(text, gap)
        if longer is None:
            break
        gap = longer
        found.append(gap)
    return tuple(found)


def _longer(text: str, gap: Gap) -> Gap | None:
    char = text[gap.end]
    if char in BLANK_SET:
        run = _BLANKS.match(text, gap.end)
        assert run is not None
        blanks = run[0]
        spaces = _ZERO_WIDTHS.sub("", blanks)
        zero_width = gap.zero_width or len(spaces) < len(blanks)
        return Gap(run.end(), gap.spaces + spaces, zero_width, gap.markup, gap.coded, gap.lone_star)
    if char not in GAP_STARTS:
        return None
    glyph = coded(text, gap.end)
    if glyph is not None and glyph.char in BLANK_SET:
        spaces = gap.spaces + (glyph.char if glyph.char in SPACE_SET else "")
        zero_width = gap.zero_width or glyph.char not in SPACE_SET
        return Gap(glyph.end, spaces, zero_width, gap.markup, gap.coded + 1, gap.lone_star)
    if text.startswith(("\\ ", "\\\n"), gap.end):
        return Gap(
            gap.end + 2, gap.spaces + text[gap.end + 1], gap.zero_width, gap.markup, gap.coded + 1, gap.lone_star
        )
    mark = _MARKUP.match(text, gap.end)
    if mark is None or _stands_alone(text, mark.start(), mark.end()):
        return None
    lone_star = gap.lone_star or mark[0] == "*"
    return Gap(mark.end(), gap.spaces, gap.zero_width, gap.markup + 1, gap.coded, lone_star)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Emphasis between two blanks is none in Markdown: it is a bullet, a product or a rule."""
    if text[start] not in "*_~":
        return False
    before = start == 0 or text[start - 1] in BLANK_SET
    after = end == len(text) or text[end] in BLANK_SET
    return before and after
