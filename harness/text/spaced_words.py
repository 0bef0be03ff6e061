"""Words around a spaced symbol, such as `Mon - Fri`: strings whose spaces are their own."""

import re
from collections.abc import Iterator
from functools import lru_cache

from harness.text.characters import LINE_BREAK_SET, SPACE_SET, SPACES, is_cjk
from harness.text.symbols import SymbolTable

_QUOTES = "\"'`´“”„‟‘’‚‛«»‹›「」『』〝〞〟＂＇｢｣"
_BRACKETS = "()[]{}<>（）［］｛｝＜＞〈〉《》【】〔〕〖〗〘〙〚〛⟨⟩｟｠"
_CJK_PUNCTUATION = "，。、；：？！…‥—―・〜～｡､"
_OTHER_PUNCTUATION = "،؛؟۔।॥։|;•"
_STOPS = frozenset(SPACES + "\u200b\ufeff" + _QUOTES + _BRACKETS + _CJK_PUNCTUATION + _OTHER_PUNCTUATION + ",")
"""What ends a word."""
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*%?")
_SENTENCE_END = frozenset(".,:;!?=")


@lru_cache(maxsize=64)
def _spaced_symbol(signs: str) -> re.Pattern[str]:
    blanks = "".join(char for char in SPACES if char not in LINE_BREAK_SET)
    return re.compile(f"[{re.escape(signs)}](?<=[{blanks}].)(?=[{blanks}])")


def spaced_words(text: str, symbols: SymbolTable) -> Iterator[tuple[int, int]]:
    """Where the words around a symbol begin and end, with white space on both sides, on one line."""
    start = end = -1
    for found in _spaced_symbol("".join(symbols.by_char)).finditer(text):
        words = _words(text, found.start(), found.end())
        if words is None:
            continue
        if words[0] < end:  # `A - B - C`
            end = words[1]
            continue
        if end >= 0:
            yield start, end
        start, end = words
    if end >= 0:
        yield start, end


def _words(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where the word before the symbol begins and the word after it ends, if the two make a target."""
    left = start
    while left > 0 and text[left - 1] in SPACE_SET:
        if text[left - 1] in LINE_BREAK_SET:
            return None
        left -= 1
    right = end
    while right < len(text) and text[right] in SPACE_SET:
        if text[right] in LINE_BREAK_SET:
            return None
        right += 1
    if left == 0 or right == len(text) or text[left - 1] in _STOPS or text[right] in _STOPS:
        return None
    if text[left - 1] in _SENTENCE_END:
        return None
    low, high = left, right
    while low > 0 and text[low - 1] not in _STOPS:
        low -= 1
    while high < len(text) and text[high] not in _STOPS:
        high += 1
    low, high = _script_start(text, left, low), _script_end(text, right, high)
    while high > right and text[high - 1] in _SENTENCE_END:
        high -= 1
    before, after = text[low:left], text[right:high]
    if not _are_words(before, after, text[start]):
        return None
    return low, high


@lru_cache(maxsize=1024)
def _are_words(before: str, after: str, sign: str) -> bool:
    if not any(c.isalnum() for c in before) or not any(c.isalnum() for c in after):
        return False
    if before[0] in "-/*#" or after[0] in "-/*#":
        return False
    if _NUMBER.fullmatch(before) or _NUMBER.fullmatch(after):
        return False
    if len(before) == len(after) == 1 and (before.islower() or after.islower()):
        return False
    if sign == "/" or (is_cjk(before[-1]) and is_cjk(after[0])):
        return True
    return all(word[0].isupper() or any(c.isdigit() for c in word) for word in (before, after))


def _script_start(text: str, end: int, limit: int) -> int:
    """Where the CJK run before `end` begins, or all that is not CJK."""
    place, kind = end, is_cjk(text[end - 1])
    while place > limit and is_cjk(text[place - 1]) == kind:
        place -= 1
    return place


def _script_end(text: str, start: int, limit: int) -> int:
    place, kind = start, is_cjk(text[start])
    while place < limit and is_cjk(text[place]) == kind:
        place += 1
    return place
