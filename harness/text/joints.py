"""Signs of the source that no target holds as they are, which the answer has apart or as a look-alike.

Where a string begins and ends, nobody says, and the scanner may be wrong: it takes a word too much
(`NO.ILCDUB-2024/0773`), it finds nothing (`炮二平五/马8进7`), and an answer may name a part alone. A joint is what is
left to hold on to: a sign with the word at each side of it, or two characters of Han. Where the answer has a blank at
the sign, and the source has the same without one, and nowhere with it, the string is damaged, whatever its edges are.
The same holds for what no sign is needed to see: `0. 9%`, and letters, digits and signs in full width.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from harness.text.characters import LINE_BREAKS, SPACE_SET, is_cjk
from harness.text.keeping import later
from harness.text.search import Source
from harness.text.targets import OF_A_SENTENCE

LONGEST = 100
"""Code points that a joint takes at most in an answer: two words, up to three signs, and the blanks beside them."""

_WORD, _MOST = 40, 3
_BLANKS = " \t\u00a0\u2002-\u200d\u2060\ufeff\u202f\u3000"
_BLANK_SET = SPACE_SET - frozenset(LINE_BREAKS) | frozenset("\u200b\u200c\u200d\u2060\ufeff")
_SIGNS = "-/_\\\\·•#@"
_BESIDE = "%*$~&+"  # may be between a sign and its word: `EU-%/B2B`, `*2/*17`
_ALIKE = str.maketrans("–—−‑‐‒―﹣－／⁄∕＿∙⋅‧・", "---------///_····")
_HAN = "\u3041-\u9fff\uac00-\ud7a3"
_LETTER = rf"[^\W_{_HAN}]"

_OTHERS = "".join(map(chr, _ALIKE))
_RUN = later(
    f"[{_SIGNS}{_OTHERS}](?:(?<=[{_OTHERS}])|(?<=[{_BLANKS}].)[{_SIGNS}]{{0,2}}|[{_SIGNS}]{{0,2}}(?=[{_BLANKS}]))"
)
"""A look-alike, or signs with a blank beside them; first the sign, since it is what is rare."""
_MARKS = "√✓✔✗✘"
_WORDS = rf"(?:{_LETTER}+|[{_HAN}]{{1,2}}|[{_MARKS}])"
_IN_BRACKETS = rf"(?:[{_HAN}A-Z][(（][{_HAN}]{{1,6}}[)）]|[{_HAN}A-Za-z0-9]》|[{_HAN}][”\"]|[0-9]{{1,4}}['′″])"
"""`聚丙烯(均聚)/PP`, but not `(售价-成本)/2`."""
_LEFT = later(rf"(?:{_WORDS}(?:[-/_]?[{_BESIDE}]{{1,2}})?|{_IN_BRACKETS})\Z")
_RIGHT = later(rf"[{_BESIDE}]{{0,2}}[-/_]?{_WORDS}")
_OF_TOKEN = rf"[{_SIGNS}{_OTHERS}{_BESIDE}{_MARKS}.=％＋＝＊＃＠＆＄．]|{_LETTER}"
_OPEN_END = later(
    rf"(?:(?:{_OF_TOKEN})+|[{_HAN}]{{1,2}}|{_IN_BRACKETS})(?:[{_BLANKS}]{{0,3}}[{_SIGNS}{_OTHERS}]{{0,3}}[{_BLANKS}]{{0,3}}(?:{_OF_TOKEN})*)\Z"
)
_OPEN_START = later(
    rf"(?:{_OF_TOKEN}){{0,{_WORD}}}[{_BLANKS}]{{0,3}}[{_SIGNS}{_OTHERS}]{{0,3}}[{_BLANKS}]{{0,3}}"
    rf"(?:(?:{_OF_TOKEN}){{1,{_WORD}}}|[{_HAN}]{{1,2}})?"
)


class Joint(NamedTuple):
    """What an answer has from `start` to `end`, and what the source has for it."""

    start: int
    end: int
    wanted: str
    place: int
    """Where the source has it, in code points of the text (or message) that holds it."""


def joints_apart(
    text: str, source: Source, taken: Sequence[tuple[int, int]] = (), *, is_value: bool = False
) -> Iterator[Joint]:
    """The joints of the source that `text` has apart; one and the next may share a word.

    What overlaps a place that is `taken` is left out: what becomes of it is decided there. `is_value`: the text is a
    string of JSON.
    """
    places = sorted(taken) if taken else ()
    reach = list(accumulate((end for _, end in places), max)) if taken else ()

    def is_free(low: int, high: int) -> bool:
        ahead = bisect_left(places, (high + 1,)) if places else 0
        return not ahead or reach[ahead - 1] < low

    def is_held(low: int, high: int) -> bool:
        """Whether the source has the sign between these two characters: many sentences go on in small letters."""
        around = text[low - 1 : low] + text[low:high].strip().replace("．", ".") + text[high : high + 1]
        if around not in held:
            held[around] = _is_in(source, around)
        return held[around] and is_free(low, high)

    held: dict[str, bool] = {}
    begins = may_begin(text, is_free)
    if is_value:
        begins.add("")
    if not begins:
        return
    for look, signs in _LOOKS:
        asked = look(text, is_held if look is _at_points else is_free) if not begins.isdisjoint(signs) else ()
        for start, end, wanted, (low, high) in asked:
            if source.holds(wanted) and not _is_in(source, text[start:end]):
                if look is _at_signs and _goes_on_as_another(text, (start, low), (high, end), source):
                    continue
                part = next(part for part in source.parts if wanted in part)
                place = part.index(wanted)
                is_named = look not in (_in_slots, _as_a_whole) or text[start - 1 : start] == "`"
                if not is_named and not _is_a_name(wanted, part, place):
                    continue
                yield Joint(start, end, wanted, place)


_Place = tuple[int, int, str, tuple[int, int]]
"""Start and end of what may be a joint, what it would be, and where in it the blank or look-alike is."""
_Free = Callable[[int, int], bool]  # whether nothing that is taken touches a stretch of the text


def _at_signs(text: str, is_free: _Free) -> Iterator[_Place]:
    for found in _RUN.finditer(text):
        run, (low, high) = found[0], found.span()
        start, end = low, high
        while low - start < _MOST and text[start - 1 : start] in _BLANK_SET:
            start -= 1
        while end - high < _MOST and text[end : end + 1] in _BLANK_SET:
            end += 1
        sign = run.translate(_ALIKE)
        is_alike = sign != run
        if (is_alike and end - start > 1) or (not is_alike and end - start == len(run)) or not is_free(start, end):
            continue
        left = _LEFT.search(text, max(0, start - _WORD - 1), start)
        right = _RIGHT.match(text, end, end + _WORD + 1)
        if left is None or right is None or max(len(left[0]), len(right[0])) > _WORD:
            continue
        if left[0].isdecimal() and right[0].isdecimal():
            continue  # `5 - 3`, `10–20`
        if run == "_" and _EMPHASIS.search(text, max(0, left.start() - 2), left.start()):
            continue  # `_not_ found`
        if is_alike:
            if not _is_another_sign(left[0], run, right[0]):
                continue
        elif not _is_apart(left[0], run, right[0], before=start < low, behind=high < end):
            continue
        yield left.start(), right.end(), left[0] + sign + right[0], (start, end)


_EMPHASIS = later(r"(?<!\w)_\Z")
_BEGINS = later(
    rf"[@~](?<![\w.].)(?<![\w.] .)"
    rf"(?:(?<=@)[{_BLANKS}]{{1,3}}(?:{_LETTER}{{3,40}}|[{_HAN}]{{2}})|(?<=~)[{_BLANKS}]{{1,3}}\$\w)"
)
_IN_A_NUMBER = later(rf"\.(?:[{_BLANKS}]{{1,3}}|(?<=[{_BLANKS}].))(?=[0-9])")
_DIGITS_BEFORE, _UNIT_BEHIND = later(rf"[0-9]{{1,12}}[{_BLANKS}]?\Z"), later(r"[0-9]{1,12}(?:[A-Za-zμ]{1,6}|[%‰°℃])")
_LINE_BEGINS = later(r"(?:\A|\n)[ *#|>-]{0,8}\Z")


def _at_a_mark(text: str, is_free: _Free) -> Iterator[_Place]:
    """`@ name`, `~ $file`."""
    for found in _BEGINS.finditer(text):
        start, end = found.span()
        if is_free(start, end):
            yield start, end, "".join(found[0].split()), (start, end)


def _in_numbers(text: str, is_free: _Free) -> Iterator[_Place]:
    """`0. 9%`; not `1. 5 g of salt`, where a line begins."""
    for found in _IN_A_NUMBER.finditer(text):
        left = _DIGITS_BEFORE.search(text, max(0, found.start() - 14), found.start())
        right = _UNIT_BEHIND.match(text, found.end())
        if left is None or right is None or _LINE_BEGINS.search(text, max(0, left.start() - 9), left.start()):
            continue
        start, end = left.start(), right.end()
        if is_free(start, end):
            yield start, end, "".join(text[start:end].split()), (start, end)


_IN_WIDTH = "０-９Ａ-Ｚａ-ｚ％＋＝＊＃＠＆＄＿"
_WIDE = later(f"[{_IN_WIDTH}]|(?<=[0-9])．(?=[0-9])")
_WIDE_TOKEN = later(f"[0-9A-Za-z{_IN_WIDTH}．%+=*#@&$_./-]+")


def _in_full_width(text: str, is_free: _Free) -> Iterator[_Place]:
    """`0.9％`, `Ａ12`: in full width, but for what is so in any Chinese sentence."""
    for found in _WIDE_TOKEN.finditer(text):
        if _WIDE.search(found[0]):
            start, end = found.start(), found.start() + len(found[0].rstrip("．."))
            wanted = unicodedata.normalize("NFKC", text[start:end])
            is_one = 1 < end - start <= LONGEST and wanted != text[start:end]
            is_one &= not wanted.strip("#").isdecimal()
            if is_one and is_free(start, end):
                yield start, end, wanted, (start, end)


_SEAM = later(
    rf"(?<![0-9])．(?=\w)|[.=+&](?:(?<=[{_BLANKS}].)|(?<=[^\s.=+&].)(?=[{_BLANKS}]))"
    rf"|:(?<=[{_BLANKS}].)(?=[^\s:/\\)(|-])"
    rf"|\[(?<=[A-Za-z0-9_][{_BLANKS}].)(?=[^\s\]\[]{{1,40}}\])(?![0-9, -]+\]|[^\]]*\]\()"
)


def _at_points(text: str, is_free: _Free) -> Iterator[_Place]:
    """`common.btn . ok`, `rt =30ms`, `T+ 1`: a blank at a point, or on one side of a sign that formatting gives two."""
    for found in _SEAM.finditer(text):
        sign, (low, high) = found[0], found.span()
        start, end = low, high
        while low - start < _MOST and text[start - 1 : start] in _BLANK_SET:
            start -= 1
        while end - high < _MOST and text[end : end + 1] in _BLANK_SET:
            end += 1
        before, behind = start < low, high < end
        is_alike = sign == "．"
        sign = "." if is_alike else sign
        if (before == behind if sign != "." else is_alike and end - start > 1) or not is_free(start, end):
            continue
        left, right = _LEFT.search(text, max(0, start - _WORD - 1), start), _WORDS_BEHIND.match(text, end, end + _WORD)
        if left is None or right is None:
            continue
        if is_alike or _is_at_a_point(
            text, (left.start(), start), (end, right.end()), sign, before=before, behind=behind
        ):
            yield left.start(), right.end(), left[0] + sign + right[0], (start, end)


_WORDS_BEHIND = later(rf"['\"]?{_WORDS}")
_OF_A_NAME_BEFORE = later(r"[\w)）}][-_:/\\](?![-_:/\\])\w*\Z|[)）]\Z")
_OF_PARTS_BEFORE, _OF_PARTS_BEHIND = later(r"\w[._]\w*\Z"), later(r"\w{1,20}?[._]\w")


def _is_at_a_point(
    text: str, left: tuple[int, int], right: tuple[int, int], sign: str, *, before: bool, behind: bool
) -> bool:
    """Whether a blank before or behind a point or `=` is damage, and not where a sentence or a token may end."""
    from_han, to_han = is_cjk(text[left[1] - 1]), is_cjk(text[right[0]])
    if before and not behind and from_han and not (to_han and sign == "."):
        # `修改 .env`, `公式 =SUM(A1)`, `电话 +86`, and not `盘点-华东 .xlsx`
        return sign in ".:" and _OF_A_NAME_BEFORE.search(text, max(0, left[0] - 20), left[1]) is not None
    if sign != ".":
        return before or not to_han  # `Pro+ 手机`
    word = text[slice(*left)]
    if word.isdecimal() or (len(word) == 1 and not from_han):
        return False  # `1. 打开`, `A. 正确`
    if before or (not to_han and not from_han and not text[right[0]].isupper()):
        return True
    return (
        _OF_PARTS_BEFORE.search(text, max(0, left[0] - 20), left[1]) is not None
        or _OF_PARTS_BEHIND.match(text, right[0]) is not None
    )


_INSIDE = later(rf"[(（\[](?<=\w.)[{_BLANKS}]{{1,3}}(?=\w)|(?<=\w)[{_BLANKS}]{{1,3}}[)）\]]")


def _between_words(
    pattern: re.Pattern[str], text: str, is_free: _Free
) -> Iterator[tuple[re.Match[str], re.Match[str], re.Match[str]]]:
    """What the pattern finds, with the words before and behind it."""
    for found in pattern.finditer(text):
        start, end = found.span()
        left, right = _LEFT.search(text, max(0, start - _WORD - 1), start), _RIGHT.match(text, end, end + _WORD + 1)
        if left and right and is_free(start, end):
            yield left, found, right


_ESCAPED = later(r"(?<=[\w.%-])\\_(?=[\w.%-])")


def _escaped(text: str, is_free: _Free) -> Iterator[_Place]:
    """`门店\\_日销`: as Markdown escapes it."""
    for left, found, right in _between_words(_ESCAPED, text, is_free):
        yield left.start(), right.end(), left[0] + "_" + right[0], found.span()


def _in_brackets(text: str, is_free: _Free) -> Iterator[_Place]:
    """`时长( 分钟)`, where Han is at the bracket."""
    for found in _INSIDE.finditer(text):
        start, end = found.span()
        left, right = _LEFT.search(text, max(0, start - _WORD - 1), start), _RIGHT.match(text, end, end + _WORD + 1)
        bracket = found[0].strip()
        if bracket in "(（[":
            words = left[0] + right[0] if left and right else ""
        else:
            words, right = left[0] if left else "", None
        if left and words and any(map(is_cjk, words)) and is_free(start, end):
            stop = right.end() if right else end
            yield left.start(), stop, left[0] + bracket + (right[0] if right else ""), (start, end)


_MIXED = later(r"（[^（）()\n，。；！？]{1,40}\)|\([^（）()\n，。；！？]{1,40}）")
_QUOTED_VALUE = later(
    rf"[=@\[](?:[‘’“”][{_BLANKS}]?|['\"](?:[{_BLANKS}]|(?=[^\s‘’“”'\"]{{1,40}}[{_BLANKS}’”])))([^\s‘’“”'\"]{{1,40}}+)[{_BLANKS}]?[‘’“”'\"]"
)


def _in_pairs(text: str, is_free: _Free) -> Iterator[_Place]:
    """`（分钟)`: a bracket of one width closed by one of another."""
    for found in _MIXED.finditer(text):
        start, end = found.span()
        left = _LEFT.search(text, max(0, start - _WORD - 1), start)
        if left and is_free(start, end):
            for brackets in ("()", "（）"):
                yield left.start(), end, left[0] + brackets[0] + found[0][1:-1] + brackets[1], (start, end)


def _in_quotes(text: str, is_free: _Free) -> Iterator[_Place]:
    """`dt=‘20240630’`, `dt=' 20240630'`."""
    for found in _QUOTED_VALUE.finditer(text):
        start, end = found.span()
        if is_free(start, end):
            for quote in "'\"":
                yield start, end, found[0][0] + quote + found[1] + quote, (start, end)


_APOSTROPHE = later(rf"(?:[{_BLANKS}]['’][{_BLANKS}]?|(?<=[A-Za-z])['’][{_BLANKS}])(?=[A-Za-z])")


def _at_apostrophes(text: str, is_free: _Free) -> Iterator[_Place]:
    """`O' Brien`, where the source has `O'Brien`."""
    for left, found, right in _between_words(_APOSTROPHE, text, is_free):
        if left[0].isascii() and right[0].isascii():
            quote = "’" if "’" in found[0] else "'"
            yield left.start(), right.end(), left[0] + quote + right[0], found.span()


_ARROW = later(rf"(?:[–－−]>(?<=\w..)|(?:-[{_BLANKS}]>|->[{_BLANKS}]|[{_BLANKS}]->)(?<=\w...))(?=\w)")


def _at_arrows(text: str, is_free: _Free) -> Iterator[_Place]:
    """`USART1- >BRR`, `p-> next`; not `A -> B`."""
    for left, found, right in _between_words(_ARROW, text, is_free):
        if left[0].isascii() and right[0].isascii():
            yield left.start(), right.end(), left[0] + "->" + right[0], found.span()


_PARTED = later(f"(?:(?<=[{_HAN}])[{_BLANKS}](?=[!-~])|(?<=[!-~])[{_BLANKS}](?=[{_HAN}]))")
_BLANK_BETWEEN = later(f"[{_BLANKS}](?:(?<![A-Za-z0-9].)|(?![A-Za-z0-9]))(?:(?<![{_HAN}].)|(?![{_HAN}]))")
_A_LETTER = later("[A-Za-z#@&]")  # `前 100 名` is how a number is written
_NO_COUNT = later("(?<![0-9])(?:0[0-9]{2,}|[0-9]{4,}(?! ?年))")  # `“日报 0901 起”`
_IN_A_SLOT = "[^`\"'“”「」『』，。；！？\n]"
_SLOT = later(rf"(?:(?<!\w)[`\"']|[“「『])({_IN_A_SLOT}{{3,{2 * _WORD}}}+)[`\"'”」』](?!\w)")
_OPEN_SLOT = later(rf"(?:(?<!\w)[`\"']|[“「『]){_IN_A_SLOT}*[{_BLANKS}]{_IN_A_SLOT}*\Z")
_NAMED_BEFORE = later(r"(?:[叫为為名称稱夹夾录錄表段列量支库庫群号號签簽件]|[A-Za-z] )\Z")
_ROOTED = later(r"[~.]{0,2}/|[A-Za-z]:[\\/]|\\\\")
_NAMED_BEHIND = later("的?(?:文件|目录|目錄|资料夹|資料夾|数据表|工作表|表|字段|欄位|这|那|[一两三]|里|中|下)")


def _in_slots(text: str, is_free: _Free) -> Iterator[_Place]:
    """`"AI 产品部"`, `` `订单 ID` ``: all that is in quotes, with a blank between Han and what is ASCII."""
    for found in _SLOT.finditer(text):
        yield from _parted(text, *found.span(1), is_free)


def _as_a_whole(text: str, is_free: _Free) -> Iterator[_Place]:
    """A string of JSON."""
    if len(text) <= 2 * _WORD:
        yield from _parted(text, 0, len(text), is_free)


def _parted(text: str, start: int, end: int, is_free: _Free) -> Iterator[_Place]:
    is_name = _A_LETTER.search(text, start, end) or text[start - 1 : start] == "`" or _NO_COUNT.search(text, start, end)
    if is_name and _PARTED.search(text, start, end) and is_free(start, end):
        yield start, end, _BLANK_BETWEEN.sub("", text[start:end]), (start, end)


_QUOTES = ("“”", "「」", "『』", '""', "``", "''")
_TOO_LONG = later("(?!.*[/\\\\]).{25}")


def _is_a_name(wanted: str, part: str, place: int) -> bool:
    """Whether a source has it as a string by itself, and no sentence: between blanks or signs, or behind `目录名叫`."""
    if OF_A_SENTENCE.search(wanted) or _TOO_LONG.search(wanted):
        return False
    before, behind = part[place - 1 : place], part[place + len(wanted) : place + len(wanted) + 1]
    if not _A_LETTER.search(wanted) and before + behind not in _QUOTES:
        return False  # a number that nobody set off
    begins = not before.isalnum() or _ROOTED.match(wanted) or _NAMED_BEFORE.search(part, max(0, place - 2), place)
    return bool(begins and (not behind.isalnum() or _NAMED_BEHIND.match(part, place + len(wanted))))


_LOOKS = (
    (_at_signs, frozenset(_SIGNS + _OTHERS)),
    (_at_a_mark, frozenset("@~")),
    (_in_numbers, frozenset(".")),
    (_in_full_width, frozenset(map(chr, range(0xFF00, 0xFF60)))),
    (_at_points, frozenset(".．=+&:[")),
    (_in_brackets, frozenset("(")),
    (_in_pairs, frozenset("（")),
    (_in_quotes, frozenset("'")),
    (_escaped, frozenset("e")),
    (_at_apostrophes, frozenset("a")),
    (_at_arrows, frozenset(">")),
    (_in_slots, frozenset("`")),
    (_as_a_whole, frozenset(("",))),
)
"""Each with the signs of which it asks for one."""
_NO_NUMBER = "".join(rf"(?<!\W[0-9]{{{digits}}}\.)" for digits in range(1, 5))  # `-2019. 防水层`: `_is_at_a_point`
_MAY_BE = later(
    f"[{_SIGNS}{_OTHERS}~.．=+&{_IN_WIDTH}](?:(?<=[{_OTHERS}．{_IN_WIDTH}])|(?<=[{_BLANKS}][{_SIGNS}.])"
    rf"|(?<=[{_SIGNS}~])(?=[{_SIGNS}]{{0,2}}[{_BLANKS}])|(?<=\.)(?=[{_BLANKS}]{{1,3}}(?:([0-9])|[^{_BLANKS}A-Z0-9]))(?(1)|{_NO_NUMBER})"
    rf"|(?<=[=+&])(?:(?<=[{_BLANKS}].)(?![{_BLANKS}])|(?<![{_BLANKS}].)(?=[{_BLANKS}])))"
)
_MAY_HOLD = (
    *[(form.strip(), (form,), "(") for form in ("( ", " )", "（ ", " ）", "[ ", " ]")],
    ("=", ("=‘", "=“", "=”", "='", '="'), "'"),
    ("@", ("@‘", "@“", "@'"), "'"),
    ("[", ("[‘", "[“", "['", '["'), "'"),
    ("[", (" [",), "["),
    (":", (" :",), ":"),
    ("_", ("\\_",), "e"),
    *[(quote, (f" {quote}", f"{quote} ", f"{quote}\u200b"), "a") for quote in "'’"],
    (">", ("- >", "–>", "－>", "−>", "-> ", " ->"), ">"),
)
"""What a text is asked for where it has the first, and the sign that stands for it."""


def may_begin(text: str, is_free: _Free = lambda low, high: True) -> set[str]:
    """The signs of a text that a look would look at: in most answers none has a blank beside it, or is a look-alike."""
    found = {found[0] for found in _MAY_BE.finditer(text) if is_free(*found.span())}
    for sign, forms, sign_of_look in _MAY_HOLD:
        if sign in text and any(map(text.__contains__, forms)):
            found.add(sign_of_look)
    if any(map(text.__contains__, "`\"'“「『")) and _PARTED.search(text):
        found.add("`")
    if ("（" in text and ")" in text) or ("(" in text and "）" in text):
        found.add("（")
    return found


_STEPS = 3  # to each side: a stream holds back no more of what is behind
_BEFORE = later(rf"({_LETTER}{{1,40}}+)[{_BLANKS}]{{0,3}}([{_SIGNS}]{{1,3}}+)[{_BLANKS}]{{0,3}}\Z")
_BEHIND = later(rf"[{_BLANKS}]{{0,3}}([{_SIGNS}]{{1,3}}+)[{_BLANKS}]{{0,3}}({_LETTER}{{1,40}}+)")


def _goes_on_as_another(text: str, left: tuple[int, int], right: tuple[int, int], source: Source) -> bool:
    """Whether it is a part of a longer code that the source does not have: half of a string is not put right."""
    start, word = left[0], text[slice(*left)]
    for _ in range(_STEPS):
        if (found := _BEFORE.search(text, max(0, start - LONGEST), start)) is None:
            break
        if _is_code(found[1]) and not _is_in(source, found[1] + found[2] + word):
            return True
        start, word = found.start(), found[1]
    end, word = right[1], text[slice(*right)]
    for _ in range(_STEPS):
        if (found := _BEHIND.match(text, end)) is None:
            break
        if _is_code(found[2]) and not _is_in(source, word + found[1] + found[2]):
            return True
        end, word = found.end(), found[2]
    return False


def _is_in(source: Source, joint: str) -> bool:
    return any(joint in part for part in source.parts)


def _is_code(word: str) -> bool:
    return word.isupper() or any(map(str.isdigit, word))


def _is_another_sign(left: str, run: str, right: str) -> bool:
    """Whether another dash or slash is damage, and not the dash of a sentence."""
    if run in "∙⋅‧・":
        return True
    return not (is_cjk(left[-1]) and is_cjk(right[0])) and not (run in "–—" and (left + right).isalpha())


def _is_apart(left: str, run: str, right: str, *, before: bool, behind: bool) -> bool:
    """Whether a blank before or behind a sign is damage, and no sum, nor where a token may end beside Han."""
    if len(left) == len(right) == 1 and before and behind and (left + right).isascii():
        return False  # `b / 2`, `n - 1`
    is_closed = left[-1] in ')）》”"'
    left = left.rstrip(")）》'′″”\"")
    from_han, to_han = is_cjk(left[-1]), is_cjk(right[0])
    if from_han and to_han and is_closed:
        return behind
    if from_han and to_han and run != "_":
        return run in "·•" or (run in "@#" and behind) or (before and behind and run != "-" and len(left + right) > 2)
    if run == "-" and ((from_han and len(left) < 2) or (to_han and len(right) < 2)):
        return False  # `第 55 单 - 55 元`
    if run == "-" and not behind and (left + right).isascii() and right.islower():
        return False  # `cksum -a`, where the source has `cksum-a.sh`
    if run == "_" and to_han:
        return from_han or behind  # `门店 _日销`
    return (behind or not from_han) and (before or not to_han)  # `接口 /api`


def open_end(text: str, end: int) -> int:
    """Where a joint may begin that the end of `text`, or the `end` given, leaves open; the end where none can."""
    low = max(0, end - LONGEST)
    found, slot = _OPEN_END.search(text, low, end), _OPEN_SLOT.search(text, low, end)
    return min(found.start() if found else end, slot.start() if slot else end)


def reach_of(text: str, start: int, end: int) -> tuple[int, int]:
    """How far a joint may go that is one only when the damage from `start` to `end` is mended: `3\\ ｂmod`."""
    behind = _OPEN_START.match(text, end)
    return open_end(text, start), behind.end() if behind else end
