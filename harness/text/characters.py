"""Classes of characters that all rules share, and where a mention may begin and end."""

import unicodedata
from functools import lru_cache

from harness.text.keeping import later
from harness.text.unicode_data import IGNORABLE

LINE_BREAKS = "\n\v\f\r\x85\u2028\u2029"
SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028"
    "\u2029\u202f\u205f\u3000"
)
SPACE_SET = frozenset(SPACES)
IGNORABLE_SET = frozenset(chr(code) for low, high in IGNORABLE for code in range(low, high + 1))
"""Characters that show as nothing: Unicode's Default_Ignorable_Code_Point and Bidi_Control, U+00AD among them."""
LINE_BREAK_SET = frozenset(LINE_BREAKS)
_KEYCAP = "\u20e3"
_COMPLETES = frozenset("\u3099\u309a") | frozenset(map(chr, range(0x1160, 0x1200)))
_LONGEST_CLUSTER = 32  # how far a letter is looked for under a stack of marks
BLANK_SET = SPACE_SET | IGNORABLE_SET

EMOJI = "\u2190-\u21ff\u2460-\u24ff\u25a0-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
"""Emoji, arrows, bullets and numbers in circles, for a character class: a token ends at them."""
BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"

SIGNS = (
    "!-,./:-@\\[\\\\\\]^`{-~\u00a1-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u05be\u1806\u2010-\u2027"
    "\u2030-\u205e\u20a0-\u20bf\u2190-\u2bff\u2e00-\u2e5d\u3001-\u3003\u3008-\u3020\u30fb\ufe30-\ufe6b\uff01-\uff0f"
    "\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffe6-"
)
"""Signs, for a character class. They are listed: marks, which Hindi or decomposed text is full of, are letters here."""

_HEAD_MARKS = ".,:;!?*~=&^+#_·%"
_TAIL_MARKS = ".,:;!?*~=&^_·#+-—–@$\\×÷"
_SIGNED = later(r"\+\d+[-/]")
_ENDING = later(r"\.(?:[A-Za-z]+[0-9]{0,2}|7z)(?![A-Za-z0-9_])")
ORNAMENT = later(f"[{EMOJI}{BIDI}\u200b\u200d\u2060\ufe0f\ufeff]")
"""With the selectors of emoji, marks of direction and invisible blanks: round a token they do not belong to it."""
AHEAD = later("[nN][°º]|№|[￥¥€£₹₩$](?=\\d)")
"""What is also written with a blank before the token: `n° 12/3`, `￥ 1,299.00/台`."""
_DUNDER = later(r"__[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*__\.[a-z]|_[a-z][a-z0-9-]*\.(?:(?:s[ac]ss|html|py)(?!\w)|_[a-z])")
"""`__init__.py` and `_sip._tcp`, whose underscores are no emphasis."""

_CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00016fe2\U00016fe3\U00016ff0\U00016ff1\U00020000-\U0003fffd"
    "\u3031-\u3035\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001aff0-\U0001afff\U0001b000-\U0001b16f"
    "\u1100-\u11ff\u302e\u302f\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc"
)
"""Han, kana and Hangul, a line each, for a character class."""
_UNSPACED = (
    "\u0e01-\u0e5b\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f\U000116d0-\U000116ff"
)
"""Thai, Lao, Myanmar (with its extended blocks) and Khmer (with its symbols)."""
_IS_CJK = later(f"[{_CJK}]")
_NEVER_JOINING = later(f"[{_CJK}{_UNSPACED}]")


@lru_cache(maxsize=8192)
def is_cjk(char: str) -> bool:
    """Whether `char` is written as Han, kana or Hangul."""
    return _IS_CJK.match(char) is not None


@lru_cache(maxsize=8192)
def is_alphanumeric(char: str) -> bool:
    """Unicode L*, M* or Nd; `²`, `½` and Roman numerals are none of these."""
    category = unicodedata.category(char)
    return category[0] in "LM" or category == "Nd"


@lru_cache(maxsize=8192)
def is_joining(char: str) -> bool:
    """Whether `char` can be part of a longer word on either side: a letter or digit of a script with word spaces."""
    return is_alphanumeric(char) and _NEVER_JOINING.match(char) is None


@lru_cache(maxsize=8192)
def is_latin_or_digit(char: str) -> bool:
    """A Latin letter or a decimal digit: what a model separates from CJK text with a space."""
    if char.isascii():
        return char.isalnum()
    return unicodedata.category(char) == "Nd" or (char.isalpha() and "LATIN" in unicodedata.name(char, ""))


def blocks_before(text: str, start: int, first: str) -> bool:
    """Whether a mention whose target begins with `first` cannot begin at `start`: the word before runs into it.

    A mark counts as the character that it is on, so that an emoji with its variation selector does not block.
    """
    if start == 0 or not is_joining(first):
        return False
    place = start - 1
    char = text[place]
    if not is_joining(char):
        return False
    lowest = max(0, start - _LONGEST_CLUSTER)
    while place > lowest and unicodedata.category(text[place])[0] == "M":
        if text[place] == _KEYCAP:
            return False
        place -= 1
    return is_joining(text[place])


def blocks_after(text: str, end: int, last: str) -> bool:
    """The same for the end of a mention whose target ends with `last`.

    A voicing mark of kana or a vowel or final of Hangul makes another letter of what is before it: `が` is not `か`.
    """
    if end >= len(text):
        return False
    return (is_joining(last) and is_joining(text[end])) or (text[end] in _COMPLETES and is_cjk(last))


_OPENING = frozenset("([{<（［｛＜〈《「『【〔\"'“‘")
NEVER_JOINS = frozenset(" \n\t()[]\"':;!?`。，；：！？、（）《》“”")
"""What is most often beside a mention, with Han, and never continues a word or number."""
_MOST_BEFORE, _MOST_BEHIND = 3, 2


def stands_alone(text: str, start: int, end: int, target: str) -> bool:
    """Whether neither edge of the span, which stands for `target`, runs on into a longer word or number."""
    if (not start or (before := text[start - 1]) in NEVER_JOINS or "\u4e00" <= before <= "\u9fff") and (
        end >= len(text)
        or (behind := text[end]) in NEVER_JOINS
        or "\u4e00" <= behind <= "\u9fff"
        or behind in "-/"
        or (behind in ".," and not (target[-1].isdecimal() and text[end + 1 : end + 2].isdecimal()))
    ):
        return True
    if blocks_before(text, start, target[0]) or blocks_after(text, end, target[-1]):
        return False
    if start and _number_runs_on_left(text, start, target):
        return False
    return not (end < len(text) and _number_runs_on_right(text, end, target))


def _number_runs_on_left(text: str, start: int, target: str) -> bool:
    before = text[start - 1]
    if target[0].isdecimal():
        if before == ".":
            return start > 1 and text[start - 2].isdecimal()
        if before == ",":
            return start > 1 and _is_group(text, start - 1)
        if before in "-−":
            return start == 1 or text[start - 2] in BLANK_SET or text[start - 2] in _OPENING
        return False
    return target[1:2].isdecimal() and not target[0].isalnum() and is_latin_or_digit(before)


def _number_runs_on_right(text: str, end: int, target: str) -> bool:
    if not target[-1].isdecimal():
        return False
    behind = text[end]
    if behind == ".":
        return text[end + 1 : end + 2].isdecimal()
    return behind == "," and _is_group(text, end)


def _is_group(text: str, comma: int) -> bool:
    """Whether a comma groups a number: one to three digits before it, exactly three behind it."""
    before = comma
    while before > 0 and comma - before < 4 and text[before - 1].isdecimal():
        before -= 1
    behind = text[comma + 1 : comma + 4]
    return (
        0 < comma - before < 4
        and len(behind) == 3
        and behind.isdecimal()
        and not text[comma + 4 : comma + 5].isdecimal()
    )


def is_inflected(text: str, start: int, end: int, target: str) -> bool:
    """Whether what runs on is only an ending of two letters at most, or a beginning of three.

    The part of the target beside it must be a word: two letters at least, and no digit at that edge.
    """
    if (start and _number_runs_on_left(text, start, target)) or (
        end < len(text) and _number_runs_on_right(text, end, target)
    ):
        return False
    behind = end
    if blocks_after(text, end, target[-1]):
        while behind < len(text) and behind - end <= _MOST_BEHIND and _is_letter(text[behind]):
            behind += 1
        runs_on = behind == end or blocks_after(text, behind, "a")
        if runs_on or behind - end > _MOST_BEHIND or not is_word(target[::-1]):
            return False
    before = start
    if blocks_before(text, start, target[0]):
        while before > 0 and start - before <= _MOST_BEFORE and _is_letter(text[before - 1]):
            before -= 1
        runs_on = before == start or blocks_before(text, before, "a")
        if runs_on or start - before > _MOST_BEFORE or not is_word(target):
            return False
    return True


def _is_letter(char: str) -> bool:
    return char.isalpha() and is_joining(char)


def is_word(target: str) -> bool:
    """Whether the target begins with a word, to which an ending or a beginning may be added."""
    return len(target) > 1 and target[:2].isalpha()


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    if start < end and _is_plain(first := text[start]) and first not in "nN" and _is_plain(text[end - 1]):
        return start, end
    ahead = AHEAD.match(text, start, end)
    start = ahead.end() if ahead else start
    while start < end and (text[start] in _HEAD_MARKS + "-" or ORNAMENT.match(text[start])):
        following = text[start + 1 : start + 2]
        if text[start] == "+" and _SIGNED.match(text, start, end):
            break
        if text[start] == "." and following.isalnum() and _ENDING.search(text, start, end):
            break
        if text[start] == "-" and (following.isascii() or not following.isalpha()):
            break  # an option or a sign of a number
        if text[start] == "#" and following.isalnum() and (start == 0 or not is_latin(text[start - 1])):
            break
        if text[start] == "_" and _DUNDER.match(text, start, end):
            break
        start += 1
    while (
        end > start
        and not _is_numbered_or_tagged(text, start, end)
        and (text[end - 1] in _TAIL_MARKS or ORNAMENT.match(text[end - 1]))
    ):
        end -= 1
    return start, end


def _is_plain(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff" or (char.isascii() and char.isalnum())


def is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _is_numbered_or_tagged(text: str, start: int, end: int) -> bool:
    """`CNC-3#`, and `#大模型-评测#`."""
    if text[end - 1] != "#" or end - start < 3:
        return False
    if text[end - 2].isupper() and "/" in text[start:end]:
        return True  # `R/W#`
    return text[end - 2].isdecimal() or (text[start] == "#" and text[end - 2].isalnum())
