"""What the table of symbols makes: words with blanks of their own round one, and what a project's own joins."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from harness.text.chains import ENDS, HAN, SIGN_BETWEEN, Span, chain_of, left_end, lengths, right_end
from harness.text.characters import LINE_BREAK_SET, SPACES, is_cjk
from harness.text.keeping import later
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import is_code

_WORD = later(f"[{HAN}]+|[^{HAN}{ENDS}]+")
_INLINE = "".join(char for char in SPACES if char not in LINE_BREAK_SET)
_REACH = 200  # characters before and behind a symbol in which its words are looked for
_NUMBER = later(r"[+-]?[0-9][0-9.,]*%?")
_SENTENCE_END = ".,:;!?="


@lru_cache(maxsize=64)
def _spaced_symbol(signs: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(signs)}](?<=[{_INLINE}].)(?=[{_INLINE}])")


def _spaced_words(text: str, symbols: SymbolTable) -> Iterator[tuple[int, int]]:
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
    before, after = text[max(0, start - _REACH) : start], text[end : end + _REACH]
    head, tail = before.rstrip(_INLINE), after.lstrip(_INLINE)
    first, last = _WORD.match(head[::-1]), _WORD.match(tail)
    if first is None or last is None or head[-1] in _SENTENCE_END:
        return None
    left, right = first[0][::-1], last[0].rstrip(_SENTENCE_END)
    if not _are_words(left, right, text[start]):
        return None
    return start - len(before) + len(head) - len(left), end + len(after) - len(tail) + len(right)


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
    if "-" in before and after.isalpha() and after.islower():
        return False  # `907323-0 / seal`
    if sign == "/" and _WORD_AND_CODE.fullmatch(f"{before}/{after}"):
        return False  # `TGHU6094472 / 封号`
    if sign == "/" or (is_cjk(before[-1]) and is_cjk(after[0])):
        return True
    return all(word[0].isupper() or any(c.isdigit() for c in word) for word in (before, after))


_WORD_AND_CODE = later(f"[{HAN}]+/[A-Z]+-?[0-9]{{4,}}|[A-Z]+-?[0-9]{{4,}}/[{HAN}]+")
_IN_QUOTES = ("“”", "「」", "『』", "《》", '""', "``")
_SPACED_PAIR = later(f"([{HAN}]+)[^\\S\\n]+([-/／])[^\\S\\n]+([{HAN}]+)")


def _are_separators(text: str, start: int, end: int) -> bool:
    """Whether a slash between blanks parts the fields of a clause, as two others do there."""
    low = max(0, start - _NEAR)
    behind = _CLAUSE_END.search(text, end, end + 2 * _NEAR)
    high = behind.start() if behind else end + _NEAR
    if text.count(" / ", low, high) < _FIELDS:
        return False
    before = _CLAUSE_END.split(text[low:start])[-1]
    return len(_GROUP.findall(before + text[start:high])) >= _FIELDS


_FIELDS, _CLAUSE_END, _GROUP = 3, later("[;:，。；：、\n]|, "), later(r" / (?!\S{1,40} / )")
_NEAR = 200
"""Characters round two words that tell whether they are fields: to read all of a long text for each takes too long."""


def has_sign(text: str) -> bool:
    return SIGN_BETWEEN.search(text) is not None or is_code(text)


_APART = later(r"\s+[-/\u2013\u2014]\s+")


def spans_with_blanks(text: str, symbols: SymbolTable) -> Iterator[Span]:
    """Words round a symbol that has blanks of its own; a pair of Han runs ends as one without blanks does."""
    for start, end in _spaced_words(text, symbols):
        if _are_separators(text, start, end):
            continue
        pair = _SPACED_PAIR.fullmatch(text, start, end)
        if pair and text[start - 1 : start] + text[end : end + 1] in _IN_QUOTES:
            yield Span(start, end, kind="spaced")
        elif pair:
            left, right = lengths(text, [pair.span(1), pair.span(3)])
            low, open_left = left_end(text, *pair.span(1), pair[3], left)
            high, open_right = right_end(text, *pair.span(3), text[low : pair.end(1)], pair[2], own=right)
            yield Span(low, high, open_left, open_right, "spaced")
        elif " " in text[start:end]:
            codes = [one for one in _APART.split(text[start:end]) if has_sign(one)]
            yield Span(start, end, kind="spaced", alternates=tuple(codes))


_CAPITAL, _OF_A_NAME = "[A-ZÀ-ÖØ-Þ]", "[^\\s,;:!?()\\[\\]{}<>|*`'\"“”«»&]{0,40}"
_JOINED = later(rf"(?<![^\s|(\[“\"«]){_CAPITAL}{_OF_A_NAME}(?: & {_CAPITAL}{_OF_A_NAME})+(?<!\.)")
_INSIDE_A_NAME = later(rf"['’](?:(?={_CAPITAL}\w*[^\W\d_A-ZÀ-Þ])(?<=[A-Za-zÀ-ɏ].)|(?=[a-zà-ɏ]{{3}})(?<=[a-zà-ɏ].))")
_WITH_AN_APOSTROPHE = later(
    rf"(?<![\w’.@/\\-])(?<!\w')(?:[A-Za-zÀ-ɏ]{{1,7}}['’](?={_CAPITAL})"
    rf"|{_CAPITAL}[a-zà-ɏ]{{1,7}}(?<![Qq]u)(?<!ll|un)(?<!urd|uel|utt|est)['’](?=[a-z]))"
    rf"[A-Za-zÀ-ɏ]++(?:-{_CAPITAL}[A-Za-zÀ-ɏ]+)*(?![\w/@-])"
)
_LONGEST_HEAD, _LONGEST_NAME = 8, 80


def names_of_words(text: str) -> Iterator[Span]:
    """Names that a sign of prose holds together: `Ferro & Sons/Trustees`, `N'Diaye`, `Zhar'eth`."""
    if "&" in text:
        for found in _JOINED.finditer(text):
            words = found[0].split(" & ")
            codes = tuple(filter(has_sign, words))
            if len(codes) < len(words):  # `T-1000/2 & R2-D2/b` are two
                yield Span(*found.span(), kind="name", alternates=codes)
    for sign in _INSIDE_A_NAME.finditer(text):
        name = _WITH_AN_APOSTROPHE.search(text, max(0, sign.start() - _LONGEST_HEAD), sign.end() + _LONGEST_NAME)
        if name and name.start() < sign.start() < name.end():
            yield Span(*name.span(), kind="name")


@lru_cache(maxsize=64)
def _atoms_with(signs: str) -> re.Pattern[str]:
    """Runs that a project's own symbols do not end, though one of them may end an atom otherwise."""
    ends = "".join(char for char in ENDS[2:].replace("\\[", "[").replace("\\]", "]") if char not in signs)
    return re.compile(f"[^\\s{re.escape(ends)}]+")


def chains_of_own_signs(text: str, symbols: SymbolTable) -> Iterator[Span]:
    """Targets that only a symbol of the project's own makes, such as `X,Y`."""
    signs = "".join(char for char in symbols.by_char if char not in DEFAULT_SYMBOLS.by_char)
    if not signs:
        return
    for found in _atoms_with(signs).finditer(text):
        start, end = found.span()
        while start < end and not text[start].isalnum():
            start += 1
        while end > start and not text[end - 1].isalnum():
            end -= 1
        joints = [place for place in range(start + 1, end - 1) if text[place] in signs]
        if joints and all(text[place + 1] not in signs for place in joints):
            cuts = [start - 1, *joints, end]
            yield from chain_of(text, [(low + 1, high) for low, high in pairwise(cuts)])
