"""Words joined by a slash or a hyphen, and tokens with another sign, cut where Han, kana or Hangul touches a token.

Such an edge is uncertain: a blank put exactly there is never damage. `sides` weighs how long a side of a pair is where
Han touches it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from harness.text.characters import AHEAD, SIGNS, trimmed
from harness.text.keeping import later
from harness.text.sides import (
    AT_A_CLAUSE,
    AT_A_PLACE,
    CLOSED,
    LONGEST,
    OPEN,
    PERHAPS,
    PLACES,
    SURELY,
    behind_seams,
    length_behind,
    length_of_side,
    lengths_of_pair,
    seams,
    shorter_pairs,
)
from harness.text.targets import (
    AMOUNT,
    BELOW_ZERO,
    CASES,
    CLAUSE_BEGINS,
    CONJUNCTIONS,
    LABELS,
    MEASURES,
    NO_VERBS,
    PARTICLES_BEFORE_A_BLANK,
    PLATES,
    VERBS,
    any_of,
    is_code,
    kind_of,
    pairs_of,
)

HAN = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003fffd"
)
"""Han, kana and Hangul, for a character class."""
ENDS = "\\s，。；：！？、…（）［］｛｝〔〕【】《》〈〉「」『』“”„‟‘’‚‛«»‹›،؛؟।॥\"'`()\\[\\]{}<>|,;!?*"
IDEOGRAPHS = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_JOINTS = "/／\\-\u2010\u2011\u2012\u2013\u2212\uff0d"
SIGN_BETWEEN = later(rf"[{SIGNS}_](?<=[^\s_{SIGNS}].)(?:(?<=_)_*|(?<!_)[{SIGNS}]?)(?=[^\s_{SIGNS}])", re.DOTALL)
HAN_RUN = later(f"[{HAN}]+")
_RUN = later(f"[{HAN}]+|[^{HAN}]+")
_JOINT = later(
    f"[{re.escape(_JOINTS)}_](?:(?<=[^{_JOINTS}][{re.escape(_JOINTS)}])(?=[^{_JOINTS}]|(?<=/)-[0-9])"
    f"|(?<=[{HAN}]_)(?=[A-Za-z0-9{HAN}])|(?<=[A-Za-z0-9]_)(?=[{HAN}]))"
    f"|·(?:(?<=[{HAN}]·)(?=[A-Za-z0-9])|(?<=[A-Za-z0-9]·)(?=[{HAN}])|(?<=/[{HAN}]·)(?=[{HAN}])|(?<=[{HAN}]·)(?=[{HAN}]{{1,4}}-[A-Za-z]))"
)
_LETTER_PAIR = later(r"[a-z][/\\][a-z]|\d+\*\d+[-+/]\d+")
_KANA_TAIL, _KANA_HEAD = later("[\u30a1-\u30ff\uff66-\uff9f]+\\Z"), later("[\u30a1-\u30ff\uff66-\uff9f]+")
"""Katakana words are wholes: another script ends them."""
_NUMBERED = later(f"[{HAN}]{{1,4}}[0-9]")
_MEASURE = later(any_of(MEASURES))
_UNIT_NAME = "kWh|MWh|kW|kg|km|mol|m[²³]?|[㎡㎥]|L|mL|h|s|min|d|GB|MB|次|人|年|月|日|天|小时|架次"
_UNIT_BEHIND = later(f"[0-9.,]*(?:{_UNIT_NAME})(?![A-Za-z0-9])")
_VERB = later(f"(?!{any_of(NO_VERBS)}){any_of(sorted({*VERBS, *LABELS}, key=len, reverse=True))}")
_SEAM = later(
    f"[{CONJUNCTIONS}]|(?<!目)的(?![士确])|(?<![公海英千百邻鄰故乡鄉])[里裡](?![程面弄斯氏])|(?<![存现所潜实正内外自現實])在(?![线職职校途建库線庫])|"
    f"{any_of(word for word in VERBS if len(word) > 1)}"
)
_PRICE = later("(?<![单單多公次纪紀状狀])[元円圓원]\\Z")
_COUNT_OF = later(f"[0-9](?:{'|'.join(MEASURES)}){{2}}\\Z")  # `24粒/盒`, as it is without its slash
_OF_NUMBERS = "℃℉°‰@ΦφØ±~×·²³Ωμ"
_BREAK = later(
    f"\\A([{HAN}]{{1,2}}[0-9]+[路号號线線楼樓层層室栋座区區段])(?=[{HAN}]{{4,}}\\Z)|\\A([A-Z][款型座区區级級版])(?=[{HAN}]{{2,}}[0-9])|\\A([{HAN}]{{1,4}}[0-9]+)(?=[{HAN}]{{2,}}[A-Za-z])|\\A([^+]+)(?=\\+[{HAN}]{{2}})"
    f"|\\A([0-9]+(?>{'|'.join(MEASURES)}))(?=[A-Za-z0-9{HAN}])"
    f"|\\A([0-9A-Za-z.:%+#_{_OF_NUMBERS}]+(?:\\([0-9A-Z]{{1,3}}\\))?)(?=[{HAN}]+[0-9A-Za-z.:%{_OF_NUMBERS}]+\\Z)|\\A([A-Za-z][码款型面座区版]?)(?=[{HAN}]{{1,4}}[0-9]+(?:{'|'.join(MEASURES)})\\Z)|\\A([A-Za-z])(?=[{HAN}]{{5}})|\\A([0-9]+#)(?=[{HAN}]{{3}})|\\A([^{HAN}]{{2,}})(?=[{HAN}]{{2,}}[0-9][0-9.,]*[{HAN}]{{1,3}}\\Z)"
    f"|\\A([^{CONJUNCTIONS}的]+)(?=[{CONJUNCTIONS}的])|\\A([{HAN}]{{2,4}})(?=[按用由给至从到为是把将在][A-Za-z0-9])|\\A([^\u3041-\u3096]+)(?=[とや](?![\u3041-\u3096]))"
    f"|\\A([0-9A-Za-z.:%{_OF_NUMBERS}]{{2,}})(?=[{HAN}])|\\A([0-9])(?=[{HAN}]{{2,}})|\\A([{HAN}]+)(?=[0-9][0-9.:*×x]*\\Z)"
    f"|\\A([{HAN}]{{2,4}}?)(?=(?:[{HAN}]{{2}})?{AMOUNT}\\Z)|\\A([{HAN}]{{2,4}})(?=[A-Za-z0-9.:+#_]+[{HAN}]+[0-9A-Za-z.]+\\Z)"
    f"|\\A([{HAN}]{{2}})[{HAN}]{{3,}}|\\A([{HAN}]{{2}})[{HAN}]{{2}}(?=[A-Za-z])"
)
"""Where a chain ends inside a middle side: behind a token that Han follows, before digits, in a long run of Han."""
_PRICE_AT_END = later(f"(?<=[{HAN}])[0-9][0-9.,]*(?:[A-Za-zμ]{{1,2}}|[{HAN}])\\Z")
_LABELLED_CODE = later(f"([{HAN}]{{2,}})[A-Z]{{1,4}}[0-9]*")  # `阿強/車牌VX-8821`: it begins behind the label
_PROSE_DASHES = later(r"[^\W\d_]+(?:--[^\W\d_]+)+")
_LABELLED_NUMBER = later(f"([{IDEOGRAPHS}]{{2,5}})(?<![{PLACES}座舍柜架])-[1-9]\\d{{2,}}(?![A-Za-z0-9.])")
"""One word of Han and a number with a hyphen: `错误码-1001`."""
_DEGREES, _BELOW_ZERO = later(r"\d+(?:\.\d+)?(?=[℃℉°])"), later(r"-\d+(?:\.\d+)?.")
_PLAIN_NUMBER = later(
    r"[A-Za-z]{3,}[0-9]{1,4}(?:\.[0-9]+)*|[±+-]?\d+(?:\.\d+)?(?:[%‰°℃℉]|[A-Za-zμµΩ]{1,3}[²³]?)?|"
    r"\d+(?:\.\d+)?(?:[x×*]\d+(?:\.\d+)?){1,2}[a-z]{0,2}|\d{1,3}(?:,\d{3})+(?:\.\d+)?"
)
_CALL = later(r"[A-Za-z_$][A-Za-z0-9_$]*(?:(?:\.|::|#)[A-Za-z_$][A-Za-z0-9_$]*)*\(\)")
_NAME_OF_CODE = later("[._$#]|::|[a-z][A-Z]|[A-Z]{2}[a-z]")
_PLATE = later(f"(?:[{PLATES}][A-HJ-NP-Z]·|(?![新黑青云贵])[{PLATES}][A-HJ-NP-Z])[A-HJ-NP-Z0-9]{{5,6}}")
_TOKEN, _HANDLE, _ONE_OR_TWO = later(f"[^{HAN}\\s]+"), later("@[A-Za-z]"), later(r"\d{1,2}(?!\d)")
_THE_NUMBERED = later(r"(?<![A-Za-z0-9])[0-9]{1,4}#\Z")  # `3#楼`
_MIXED_END = later(f"[{HAN}]{{1,6}}[A-Za-z0-9]+(?:[_.-][A-Za-z0-9]+)*")
_MIXED = later(f"(?=[A-Za-z0-9_.-]*[{HAN}])(?=[{HAN}]*[A-Za-z0-9])[{HAN}A-Za-z0-9_.-]{{2,24}}")
_MANUAL = later(r"(?:[a-z][a-z0-9_.-]+|[A-Z_]{2,})\([0-9][a-z]?\)")  # `fcntl(2)`, also written with a blank
_BESIDE_HAN = later(f"[{HAN}]'[A-Za-z]|[A-Za-z]'[{HAN}]|\\A[{HAN}]+\\\\[a-z]+\\Z")
"""A quote between Han and a letter, or a command such as `\\set` that a sentence touches."""
_SENTENCE_SEAM = later(r"(?:[a-z]{2,}|[A-Z][a-z]{0,4})[.?!][A-Z][a-z]+|[A-Z][A-Za-z]+\.(?:js|py|io|net|ai)[0-9][0-9.]*")
_ABBREVIATION = later(r"(?:[A-Za-z]\.)+[A-Za-z]?|Ph\.?D\.?")
_KEY_OF_PARTS = later("[a-z][a-z0-9_]*(?::[a-z0-9_]+){2,}")  # `lock:order:88213`
_LABELLED = later(r"[a-z][a-z-]*:(?=[A-Za-z])")  # `color:red`: what is behind the key is the value


class Span(NamedTuple):
    """A stretch of the text that is a target, and whether its edges are uncertain."""

    start: int
    end: int
    open_left: bool = False
    open_right: bool = False
    kind: str = ""
    alternates: tuple[str, ...] = ()


def touches(text: str, place: int) -> bool:
    """Whether a character of a script without blanks is at this place: the edge beside it is uncertain."""
    return 0 <= place < len(text) and text[place] > "\u2e7f" and HAN_RUN.match(text, place) is not None


def chains_in(text: str, start: int, end: int) -> Iterator[Span]:
    """Sides joined by a slash or a hyphen, and tokens with another sign between two characters."""
    inner = text[start:end]
    if inner.isascii() and inner[:1].isalnum():  # nothing of it is a word of the sentence
        if not _JOINT.search(text, start + 1, end):
            yield from _tokens(text, start, end)
        elif _is_target(text, start, end, inner):
            yield Span(start, end, touches(text, start - 1), touches(text, end), alternates=pairs_of(inner))
        return
    joints = [at for one in _JOINT.finditer(text, start, end) if start < (at := one.start()) < end - 1]
    if "/" in inner and "_" in inner:  # `旧单据/新单据_a`
        joints = [one for one in joints if text[one] != "_" or not touches(text, one - 1)]
    for one in [one for one in joints if text[one] == "-" and _is_minus(text, start, one)]:
        joints.remove(one)
        if degrees := _DEGREES.match(text, one + 1):
            yield Span(one, degrees.end(), True, False, "number")
    cuts = [start - 1, *joints, end]
    sides = [(low + 1, high) for low, high in pairwise(cuts)]
    if len(sides) > 2 and (whole := _mixed_path(text, start, sides)):
        yield whole
        yield from _tokens(text, whole.end, end)
        return
    code = _LABELLED_NUMBER.match(text, start, end) if len(sides) == 2 and "-" in inner else None
    in_brackets = code and text[start - 1 : start] in tuple("（(【[「") and text[end : end + 1] in tuple("）)】]」")
    if code and not in_brackets and max(seams(code[1])) < SURELY:
        yield Span(code.end(1), code.end(), True, touches(text, code.end()), "code")
        return
    chain: list[tuple[int, int]] = []
    for low, high in sides:
        if low == start or high == end:  # only a middle side is cut
            chain.append((low, high))
            continue
        side = text[low:high]
        is_before_number = text[high] == "-" and text[high + 1].isdigit()
        price = _PRICE_AT_END.search(side) if text[low - 1] == "-" and text[high] == "/" else None
        if price and price.start() and _MEASURE.match(text, high + 1):
            stop = low + price.start()  # `水稻-倒伏面积12.6亩/户`
            yield from chain_of(text, [*chain, (low, high)], stop=stop)
            chain = [(stop, high)]
            continue
        is_tied = text[low - 1] in "-_" and text[high] in "-_" and _is_tied(side, text[low - 2])
        breaks = not is_tied and (
            ((is_before_number or _is_between_codes(text, low, high)) and _LABELLED_CODE.fullmatch(side))
            or _BREAK.search(side)
        )
        if not breaks:
            chain.append((low, high))
            continue
        stop = low + breaks.end(breaks.lastindex or 0)
        yield from chain_of(text, [*chain, (low, high)], stop=stop)
        chain = [(stop, high)]
    yield from chain_of(text, chain)


def _is_between_codes(text: str, low: int, high: int) -> bool:
    """`玄关/餐边柜E0/ENF`: words on one side, codes on the other."""
    return text[low - 1] == text[high] == "/" and touches(text, low - 2) and text[high + 1].isascii()


_OF_A_CODE = f"(?![的了在是の{CONJUNCTIONS}])[{HAN}]"
_TIED_ON_BOTH_SIDES = later(f"(?:{_OF_A_CODE}){{0,2}}[A-Za-z0-9]+(?:{_OF_A_CODE})?")


def _is_tied(side: str, before: str) -> bool:
    """`TX-2024冬-0098` and `QL-右3-07`, but not `导游-小马138-0931-7720`."""
    return _TIED_ON_BOTH_SIDES.fullmatch(side) is not None and (before.isascii() or side[0].isascii())


def _mixed_path(text: str, start: int, sides: list[tuple[int, int]]) -> Span | None:
    """`k8s集群A/命名空间b2/服务c3`: with Han and Latin mixed in each of three parts, they are one path."""
    last = _MIXED_END.match(text, *sides[-1])
    if last is None or any(text[high] != "/" for _, high in sides[:-1]):
        return None
    if not all(_MIXED.fullmatch(text, *side) for side in sides[:-1]):
        return None
    start += verbs_cut(text[start : sides[0][1]])
    end = last.end()
    return Span(start, end, touches(text, start - 1), touches(text, end), alternates=pairs_of(text[start:end]))


def _is_minus(text: str, start: int, joint: int) -> bool:
    """`温度-20`, `增长-5%`: a number below zero."""
    if touches(text, joint - 1) and _OF_A_HUNDRED.match(text, joint + 1):
        return True
    return bool(_ONE_OR_TWO.match(text, joint + 1)) and text.endswith(BELOW_ZERO, start, joint)


_OF_A_HUNDRED = later(r"\d{1,3}(?:\.\d+)?[%‰℃°]|\d{1,2}度(?![假角])|\d+\.\d+[A-Za-z]{0,3}(?![\w.-])")


def chain_of(text: str, sides: list[tuple[int, int]], stop: int | None = None) -> Iterator[Span]:
    """One target of the sides; with `stop`, the last one ends there and what is behind it belongs to another chain."""
    first, last = sides[0], sides[-1]
    if len(sides) == 1:
        yield from _tokens(text, *first)
        return
    own = lengths(text, sides)
    low, open_left = left_end(text, *first, text[sides[1][0] : last[1]], own[0])
    before = (max(low, sides[-2][0]), sides[-2][1])
    high, open_right = right_end(text, *last, text[before[0] : before[1]], text[last[0] - 1], own=own[1])
    if low > first[0]:
        yield from _tokens(text, first[0], low)
    high = min(high, stop or high)
    low = ahead.end() if (ahead := AHEAD.match(text, low, high)) else low
    inner = text[low:high]
    if _is_target(text, low, high, inner):
        if inner[-1] in "℃℉°" and "-" in inner:
            high -= 1
            inner = inner[:-1]
        others = (
            *pairs_of(inner),
            *shorter_pairs(text[low : first[1]], text[first[1] : last[0]], text[last[0] : high]),
        )
        if open_left and inner[-1].isascii():  # `编号证-07`
            others += behind_seams(inner, PERHAPS)
        opened = open_left or low == 0 or text.endswith(CLAUSE_BEGINS, 0, low), open_right  # `选红色/蓝色`
        others += _anchor(text[low : first[1]], text[first[1] : last[0]], text[last[0] : high], opened)
        if (
            len(sides) == 2
            and not AT_A_PLACE.match(text, first[1] - 1)
            and text[first[1]] == "-"
            and (
                _OPTION.search(inner)
                or (
                    _SIGNED.fullmatch(text, last[0], high)
                    and (text[last[0]].isalpha() or _BEHIND_JOINT.fullmatch(text, low, first[1]))
                    and (_OF_ONE if text[last[0]].islower() else _OF_TWO).search(text[low : first[1]])
                )
            )
        ):
            others += (text[first[1] : high],)  # a blank before the sign is the writer's
        yield Span(low, high, open_left, open_right, alternates=others)
    if high < last[1] and stop is None:
        yield from _tokens(text, high, last[1])


_SIGNED = later("(?!0[0-9])[0-9][A-Za-z0-9.]*|[a-z][A-Za-z0-9]*|X[a-z]+[0-9]+[kmgt]")
_OF_ONE, _OF_TWO = later(f"[{IDEOGRAPHS}]\\Z"), later(f"[{IDEOGRAPHS}]{{2}}\\Z")
"""What a hyphen may begin by itself behind a word: `返回码-2`, `选项-xvf`, `JVM参数-Xms2g`."""
_OPTION = later(
    f"[{HAN}]-XX:[-+A-Za-z]|(?:选项|選項|参数|參數|开关|標誌|标志|[{CONJUNCTIONS}加用宏库])-[A-Za-z][A-Za-z0-9:=_.+-]*\\Z"
)
"""`并加-XX:+UseG1GC`, `选项-C`, `与-Wall`."""


def _anchor(left: str, joint: str, right: str, opened: tuple[bool, bool]) -> tuple[str, ...]:
    """A pair with two characters of each side that may hold a word of the sentence, since its edge is uncertain."""
    one = left[-2:] if opened[0] and _BEHIND_JOINT.fullmatch(left) else left
    other = right[:2] if opened[1] and _BEHIND_JOINT.fullmatch(right) else right
    return (one + joint + other,) if len(one) + len(other) < len(left) + len(right) else ()


def _is_target(text: str, low: int, high: int, inner: str) -> bool:
    if is_dull(inner):
        return False
    if inner[0].isascii() and inner[0].isalnum() and inner[-1].isalnum():
        return True
    parts = _JOINT.split(inner)
    if all(len(part) == 1 and HAN_RUN.match(part) for part in parts):
        if kind_of(inner) == "unit":
            return True
        if len(parts) > 2 and "/" not in inner:
            return True  # `氮-磷-钾`
        quotes = text[low - 1 : low] + text[high : high + 1]
        return len(quotes) == 2 and quotes[0] in "“\"「『'‘（(" and quotes[1] in "”\"」』'’）)"
    return (
        parts[-1] not in CONJUNCTIONS
        and any(map(str.isalnum, parts[0]))
        and any(char.isalnum() or "\u3380" <= char <= "\u33df" or char in "℃℉" for char in parts[-1])
    )


_JOINED = later(r"[^\W_]+(?:[-_][^\W_]+)*")


def is_dull(inner: str) -> bool:
    return not _JOINED.fullmatch(inner) and bool(
        (_LETTER_PAIR.fullmatch(inner) and kind_of(inner) != "unit")
        or _SENTENCE_SEAM.fullmatch(inner)
        or _ABBREVIATION.fullmatch(inner)
        or ("--" in inner and _PROSE_DASHES.fullmatch(inner))
        or (inner[-1] == ")" and _MANUAL.fullmatch(inner))
        or (("'" in inner or "\\" in inner) and _BESIDE_HAN.search(inner))
        or not any(map(str.isalnum, inner))
    )


_BEFORE_JOINT, _BEHIND_JOINT = later(f"[{IDEOGRAPHS}]+\\Z"), later(f"[{IDEOGRAPHS}]+")
_CONTEXT = LONGEST + 2


def _edge(text: str, place: int) -> int:
    """What is beyond a run of Han. A text that begins with it begins with the thing itself."""
    if place < 0:
        return CLOSED
    if place == len(text) or text[place] in "，。；！？,;!?":
        return AT_A_CLAUSE
    return OPEN if text[place].isalnum() or text[place] in "{}" else CLOSED


_WHOLE = 4  # characters of a side before another script that its edge is enough for: nothing beside it says otherwise


def lengths(text: str, sides: list[tuple[int, int]]) -> tuple[int, int]:
    """How long the first and the last side of a chain are, of the runs of Han that touch its joints; 0 for no Han."""
    (low, high), (start, end) = sides[0], sides[-1]
    left = None if text[high - 1].isascii() else _BEFORE_JOINT.search(text[low:high])
    right = None if text[start].isascii() else _BEHIND_JOINT.match(text, start, end)
    if left is None and right is None:
        return 0, 0
    cut = verbs_cut(text[low:high]) if left else 0
    if left and cut > left.start():
        left = _BEFORE_JOINT.search(text[low + cut : high])
    first, last = (left[0] if left else "")[-_CONTEXT:], (right[0] if right else "")[:_CONTEXT]
    left_edge = OPEN if left is None or left.start() else CLOSED if cut else _edge(text, low - 1)
    right_edge = _edge(text, end) if right is not None and right.end() == end else OPEN
    if len(last) > 2 and right_edge != OPEN and last[-1] in "里裡裏的第吗嗎":
        last, right_edge = last[:-1], OPEN
    if len(sides) == 2 and first and last:
        if left_edge == right_edge == CLOSED and not cut and len(first) <= _WHOLE >= len(last):
            return len(first), len(last)  # the whole of a cell, bracket or line
        sizes = lengths_of_pair(first, left_edge, last, right_edge)
        is_mark = sizes == (1, 1) and len(first) > 1 and right_edge != OPEN and text[high] == "-"
        return (2, 1) if is_mark else sizes  # `虫情粉虱-低`
    if left_edge == CLOSED and right is None and not cut and len(first) <= _WHOLE and "的" not in first:
        return len(first), 0  # `评审记录/PX产品验证清单`
    is_own = left is None and text[start - 2].isascii() and (len(sides) == 2 or text[start - 1] == "/")
    if is_own and right_edge != OPEN and len(last) < _WHOLE + right_edge - 1:
        return 0, len(last)  # `FM-103.9/立体声`
    return (
        length_of_side(first, left_edge, is_left=True) if first else 0,
        length_behind(text[slice(*sides[-2])], last, right_edge, is_sure=left is None) if last else 0,
    )


def left_end(text: str, low: int, high: int, other: str, own: int) -> tuple[int, bool]:
    """Where the first side of a chain begins, and whether that edge is uncertain. `own`: the length of its Han."""
    if text[low:high].isascii():
        return low, touches(text, low - 1)
    cut = (verbs_cut if own else sentence_cut)(text[low:high])
    certain = cut > 0 or not touches(text, low - 1)
    low += cut
    side = text[low:high]
    runs = [one.span() for one in _RUN.finditer(side)]
    last = runs[-1]
    if not HAN_RUN.match(side[last[0]]):
        if len(runs) == 1:
            return low, not certain
        before, token = side[runs[-2][0] : runs[-2][1]], side[last[0] : last[1]]
        if token[0] in ")）" and len(runs) > 2:
            return low + runs[-3][0], runs[-3][0] > 0 or not certain  # `JJG(交通)051-2009`
        is_short = len(token) <= 6 and (len(token) == 1 or not token.isalpha())  # `千川ROI-1.8`
        is_short |= _PLATE.fullmatch(before[-1] + token) is not None  # `苏E·39K2D/新能源`
        if before[-1] in PLATES and is_short and (len(runs) == 2 == len(before) + 1 or token.isupper()):
            return low + last[0] - 1, len(before) > 1
        mate = _NUMBERED.match(other)
        if token.isdigit() and len(token) < 4 and mate:  # `郑单958/先玉335`
            size = length_of_side(before[-_CONTEXT:], CLOSED if cut else OPEN, is_left=True)
            return low + last[0] - size, size < last[0] or not certain
        return low + last[0], True
    kana = _KANA_TAIL.search(side)
    if kana and kana.end() - kana.start() > 1:
        return low + kana.start(), kana.start() > 0 or not certain
    length = last[1] - last[0]
    is_unit = (
        _UNIT_BEHIND.match(other) or _COUNT_OF.search(side + other) or (_PRICE.search(side) and _MEASURE.match(other))
    )
    if is_unit and side.endswith(MEASURES):
        unit = next(word for word in MEASURES if side.endswith(word))
        digits = re.search(r"(?:[0-9]{1,4}[年月]){0,2}[0-9][0-9.,]*\Z", side[: -len(unit)])
        start = high - len(unit) - (len(digits[0]) if digits else 0)
        return start, touches(text, start - 1)
    if len(runs) == 1:
        own = own or (length if length < 5 else 2)
        return high - own, own < length or not certain
    token = side[runs[-2][0] : runs[-2][1]]
    short = (
        len(token) == 1 or (len(token) <= 3 and token.isupper() and length < 2) or any(map(str.isdigit, token))
    )  # `L型`
    is_apart = length > 1 and (
        _QUANTITY.fullmatch(token) or (token[-1].isalpha() and max(seams(side[-length:])) > SURELY)
    )  # `161kV龙潭-松树`, `PCA泵接三通-A口`
    if (
        length <= 4
        and short
        and not is_apart
        and token.translate(_OF_A_TOKEN).isalnum()
        and (len(runs) == 2 or length <= 2)
    ):
        if _YEAR.fullmatch(token):  # `2024新款-加厚`
            return low + last[0], True
        begun = runs[-2][0] - (side[max(0, runs[-2][0] - 1)] in "第제")
        begun = runs[-3][0] if token[0] == "_" and len(runs) > 2 else begun  # `汇聚_3#楼-5F`
        return low + begun, begun > 0 or not certain
    return high - (own or min(2, length)), True


_YEAR, _QUANTITY = later("(?:19|20)[0-9]{2}"), later(AMOUNT)
_OF_A_TOKEN = str.maketrans("", "", "#._")


def verbs_cut(side: str) -> int:
    """Where a side begins behind the verbs, labels and particles that it opens with, or 0."""
    cut = 0
    while verb := _VERB.match(side, cut):
        left = len(side) - verb.end()
        if left == 0 or (left == 1 and HAN_RUN.match(side, verb.end())):
            break
        cut = verb.end()
    return min(cut, len(side) - 1)


def sentence_cut(side: str) -> int:
    """The same, also behind those in the middle and conjunctions."""
    cut = verbs_cut(side)
    for one in _SEAM.finditer(side, cut + 1):
        if len(side) - one.end() >= 2 or not HAN_RUN.fullmatch(side[one.end() :] or "x"):
            cut = max(cut, one.end())
    return min(cut, len(side) - 1)


kept_cut = lru_cache(maxsize=4096)(sentence_cut)


def right_end(text: str, low: int, high: int, other: str, joint: str, *, own: int) -> tuple[int, bool]:
    """Where the last side of a chain ends, and whether that edge is uncertain. `other` is the side before it."""
    if HAN_RUN.match(text[low]):
        if "\uac00" <= text[high - 1] <= "\ud7a3":
            han = len(other) - _TAIL.search(other).start()  # type: ignore[union-attr]
            particle = _KOREAN_PARTICLE.search(text, low + max(1, han), high)  # `AB-가` is its own word
        else:
            particle = None if _HIRAGANA.search(other) else _PARTICLE.search(text, low + 1, high)
        stop = particle.start() if particle else high  # `KX-200/改の図面`
        is_tied = joint == "_" or (joint == "-" and not _NO_CODE.fullmatch(other)) or text[low] >= "\uac00"
        tied = _TIED.match(text, low, stop) if is_tied else None
        if tied and (joint == "_" or tied[1]):
            is_whole = _SHORT_PART.fullmatch(text, tied.start(1), stop) and _edge(text, stop) != OPEN  # `集散B区，`
            if is_whole:
                return stop, False
            end = tied.end() - bool(_BEFORE_MORE.match(text, tied.end() - 1))
            # `srv-财务02`, `DI_夹紧到位`, and `DO_气缸伸出互锁。`, which may be more than the name
            may_go_on = not tied[1] and text[end : end + 1] in _AFTER_A_SENTENCE
            return end, may_go_on or touches(text, end)
        return _right_end_of_han(text, low, stop, other, own)
    side = text[low:high]
    compound = _COMPOUND.match(text, low, high)
    if compound or side.isascii():  # `2.35元/㎡·月`
        end = compound.end() if compound else high
        return end, touches(text, end)
    runs = [one.span() for one in _RUN.finditer(side)]
    first = runs[0]
    if len(runs) > 1:
        token, run = side[: first[1]], side[runs[1][0] : runs[1][1]]
        measure = _MEASURE.match(run)
        in_groups = joint == "-" == text[low - len(other) - 2]  # `3-2-1402室`
        if joint == "-" and _edge(text, high) != OPEN:
            is_alone = in_groups or text[low - len(other) - 2] + text[high : high + 1] in ("()", "（）")
            is_group = is_alone and not measure and _SHORT_GROUP.fullmatch(side)  # `SH-PD-03仓，`, `(JS-II型)`
            is_short = (
                other.isdigit() or HAN_RUN.search(other) or "_" in side or _FLOOR.fullmatch(other + "-" + side)
            ) and _SHORT_PART.fullmatch(side)
            if is_group or is_short:
                return high, False  # `双十一-老客召回-A组，`
        # `G7001/G7004次`, `D6204/1次`
        is_code = (
            token[0].isalpha()
            or in_groups
            or re.search("[A-Za-z(]" if joint == "-" else "[A-Z][0-9]{4,}\\Z|[a-z]{3}[0-9]+\\Z", other)
        )
        is_when = run[0] in "时時" and not re.fullmatch("[0-9.:]{1,5}", other)  # `返回值-1时`, but not `5-8时`
        if measure and token[-1].isdigit() and not is_code and not is_when:
            return low + first[1] + measure.end(), low + first[1] + measure.end() < high or touches(text, high)
        is_word = HAN_RUN.search(other) or (len(token) == 1 and run in _SIDES_OF_ONE)  # `GW-0.12/B面`, `I/O的`
        if joint == "/" and is_word and token.isalnum() and len(runs) == 2 and not run.startswith(CASES):
            beyond = _edge(text, high)
            if beyond == CLOSED and text[high] != "：":
                return high, False  # `评审记录/PX产品验证清单`
            size = length_of_side(run[:_CONTEXT], beyond, is_left=False)
            is_one = size == 1 and ONE_OF_IT.match(run) is not None
            return low + first[1] + is_one, True  # `A款/M码的`, `申通/0093到了`
        return low + first[1], True
    return high, touches(text, high)


def _right_end_of_han(text: str, low: int, high: int, other: str, own: int) -> tuple[int, bool]:
    if plate := _PLATE.match(text, low, high):  # `BP-0123/京N·6X88Q`
        return plate.end(), touches(text, plate.end())
    side = text[low:high]
    kana = _KANA_HEAD.match(side)
    if kana and kana.end() > 1:
        return low + kana.end(), kana.end() < len(side) or touches(text, high)
    runs = [one.span() for one in _RUN.finditer(side)]
    first = runs[0]
    numbered = None if ":" in other else _NUMBERED_SIDE.match(side)  # `22:00-次日6:00`
    run = side[: first[1]]
    measure = _MEASURE.match(side, numbered.end()) if numbered else None
    is_like = side[0] in "第제" or re.search("[0-9]" if measure else "[0-9]\\Z", other)
    if numbered and (numbered.end() == len(side) or is_like):
        is_whole = side[0] == "第" and len(side) - numbered.end() < 3 and _edge(text, high) != OPEN  # `第3单元，`
        place = high if is_whole else low + (measure or numbered).end()
        return place, place < high or touches(text, high)
    is_counted = other[-1:] in ("%", "‰", "元", "円") or (other[:1].isdigit() and other.endswith(MEASURES))
    unit = _MEASURE.match(run) if is_counted else None
    if unit and (unit.end() == len(run) or seams(run)[unit.end()] > 0 or other[-1] in "%‰"):
        own = unit.end()  # `3天/次需总监审批`
    if run[-1] == "起" and other[-1].isdigit() and _MEASURE.fullmatch(run[:-1]):
        own = len(run) - 1  # `48.5/件起`
    own = own or (len(run) if len(run) < 5 and len(runs) == 1 else 2)
    return low + own, own < len(side) or touches(text, high)


_COMPOUND = later(rf"[A-Za-z\u3380-\u33df²³]{{1,3}}·{any_of(MEASURES)}")
_NUMBERED_SIDE = later(f"[{HAN}]{{1,2}}[0-9]+(?:\\.[0-9]+)?(?:[A-Z](?![A-Za-z]))?")
_AFTER_A_SENTENCE = ("", *"，。；！？、：,;!?\n")
_NO_CODE = later("[0-9:.,]*")
_ONE_HAN = (
    "(?![的中里在是有被了时時后後前上下再也都就则即可到从為为等内外间起止吗嗎呢吧着过又并且将把让给请用按见转轉"
    "传傳查取换換做修测測验驗删刪改调調走停坏壞缺错錯打拉投买買卖賣寄退收发發审審签簽交填跑连連读讀写寫装裝唱演弹彈跳说說讲講拍画畫播喝吃"
    f"{CONJUNCTIONS}{''.join(PARTICLES_BEFORE_A_BLANK)}])[{HAN}]"
)
_FLOOR = later("[A-Z]?[0-9]{1,2}[A-Z]?-[A-Z][区區座栋棟幢厅廳]")  # `3F-A区`
ONE_OF_IT = later(_ONE_HAN)
_SHORT_PART = later(f"(?:[A-Za-z0-9]+_)?(?:[A-Za-z]|[0-9]{{1,2}}){_ONE_HAN}")
_SHORT_GROUP = later(f"(?:[A-Z]{{0,3}}[0-9]{{0,4}}[A-Z]?)(?=[{IDEOGRAPHS}]){_ONE_HAN}[0-9]?")
_JOINING = "里裡时時按报報改用到在至是为為共占达達见見送补補加減减发發由从從向給给接转轉换換需要有无無如若当當须須应應"
"""What joins a code to the next in a sentence: `N-Boc-哌嗪按1:1.2`, `web-华东报UNREACHABLE`."""
_TIED = later(
    f"(?:(?![的被{CONJUNCTIONS}])[{HAN}]){{1,8}}"
    f"((?<![{HAN}]{{5}})(?<![{_JOINING}])(?![0-9.]+(?:{'|'.join(MEASURES)}))[A-Za-z0-9_.]*[A-Za-z0-9]|(?![{HAN}])|(?=[的被{CONJUNCTIONS}]))"
)
"""Han that a hyphen or an underscore ties to a code, and what is behind it in turn."""
_BEFORE_MORE = later(f"(?<=[{HAN}])[{_JOINING}](?=[A-Za-z0-9])")
"""`dwd_订单_明细按dt=2024-05-01分区`: the sentence goes on."""
_SIDES_OF_ONE = tuple("面款码轴座栋区型级동")
_HIRAGANA = later("[\u3041-\u3096]")
_PARTICLE = later("(?<![\u3041-\u3096])[をはがにへもとので](?![\u3041-\u3096])")
"""A particle of Japanese between words that are not in hiragana."""
_TAIL, _KOREAN_PARTICLE = later(f"[{HAN}]*\\Z"), later(f"{any_of(PARTICLES_BEFORE_A_BLANK)}\\Z")


def _tokens(text: str, low: int, high: int) -> Iterator[Span]:
    """Tokens without slash or hyphen: identifiers, versions, decimals, times, and what has a sign in it."""
    for found in _TOKEN.finditer(text, low, high):
        start, end = found.span()
        numbered = _THE_NUMBERED.search(found[0]) if text[end - 1] == "#" and touches(text, end) else None
        if numbered:
            yield Span(start + numbered.start(), end, touches(text, start - 1), True, "code")
            continue
        start, end = trimmed(text, start, end)
        label = None if _KEY_OF_PARTS.fullmatch(text, start, end) else _LABELLED.match(text, start, end)
        start = label.end() if label else start
        inner = text[start:end]
        if inner[-1:] in ("℃", "℉") and _BELOW_ZERO.fullmatch(inner):
            yield Span(start, end - 1, touches(text, start - 1), kind="number")  # ` -20℃`
            continue
        if inner.endswith("()"):  # `model.fit()` is also named without its brackets; `print()` may be any word
            if _CALL.fullmatch(inner) and _NAME_OF_CODE.search(inner):
                yield Span(start, end, touches(text, start - 1), touches(text, end), "identifier", (inner[:-2],))
            continue
        if end - start < 3 or is_dull(inner) or (_PLAIN_NUMBER.fullmatch(inner) and not is_code(inner)):
            continue
        if not (SIGN_BETWEEN.search(inner) or is_code(inner) or _HANDLE.match(inner)):
            continue
        if _PLATE.fullmatch(text, start - 1, end):  # `皖HA8888`, but not `北京A12345号楼`
            start -= start - 2 < low or seams(text[start - 2 : start])[-1] > PERHAPS
        yield Span(start, end, touches(text, start - 1), touches(text, end))
