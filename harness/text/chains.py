"""Words joined by a slash or a hyphen, and tokens with another sign, cut where Han, kana or Hangul touches a token.

Such an edge is uncertain: a blank put exactly there is never damage. A side of a pair that is long or uncertain is
taken at the two characters next to the joint, since nothing here knows where a Chinese word begins.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from harness.text.characters import AHEAD, SIGNS, is_latin, later, trimmed
from harness.text.targets import (
    ACTS,
    BELOW_ZERO,
    CONJUNCTIONS,
    FIELDS,
    LABELS,
    MEASURES,
    NO_VERBS,
    PLATES,
    PREDICATES,
    SMALL_WORDS,
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
ENDS = "\\s，。；：！？、…（）【】《》〈〉「」『』“”„‟‘’‚‛«»‹›،؛؟\"'`()\\[\\]{}<>|,;!?*"
_JOINTS = "/／\\-\u2010\u2011\u2012\u2013\u2212\uff0d"
SIGN_BETWEEN = later(rf"(?<=[^\s_{SIGNS}])(?:[{SIGNS}]{{1,2}}|_+)(?=[^\s_{SIGNS}])|(?<=\d)[%‰]?[~～](?=\d)")
HAN_RUN = later(f"[{HAN}]+")
_RUN = later(f"[{HAN}]+|[^{HAN}]+")
_JOINT = later(f"(?<=[^{_JOINTS}])[{re.escape(_JOINTS)}](?=[^{_JOINTS}])")
_LETTER_PAIR = later(r"[a-z][/\\][a-z]|[A-Za-z]=|\d+(?:[-+*/]\d+)*=.*|\d+\*\d+[-+/]\d+")
_KANA_TAIL, _KANA_HEAD = later("[\u30a1-\u30ff\uff66-\uff9f]+\\Z"), later("[\u30a1-\u30ff\uff66-\uff9f]+")
"""Katakana words are wholes: another script ends them."""
_NAMED_BY_NUMBER = later(f"[{HAN}]{{1,4}}[0-9]+")
_NUMBERED = later(f"[{HAN}]{{1,4}}[0-9]")
_MEASURE = later(any_of(MEASURES))
_UNIT_NAME = "kWh|MWh|kW|kg|km|mol|m[²³]?|L|mL|h|s|min|d|GB|MB|次|人|年|月|日|天|小时|架次"
_UNIT_BEHIND = later(f"[0-9.,]*(?:{_UNIT_NAME})(?![A-Za-z0-9])")
_UNIT_BEFORE = later(f"(?:[0-9](?:mg|g|kg|m|L|mL|km|{_UNIT_NAME})|[0-9%‰]|[元次人])\\Z")
_VERB = later(f"(?!{any_of(NO_VERBS)}){any_of(sorted({*VERBS, *LABELS}, key=len, reverse=True))}")
_ACT = later(f"{any_of(ACTS)}(?!人员|[师员者]|商(?![品务用场业]))")
"""What people do with things, but for those who do it: a `设计师` has no part in what is designed."""
_SEAM = later(
    f"[{CONJUNCTIONS}]|(?<!目)的(?![士确])|(?<![公海英千百邻鄰故乡鄉])[里裡](?![程面弄斯氏])|(?<![存现所潜实正内外自現實])在(?![线職职校途建库線庫])|"
    f"{any_of(word for word in VERBS if len(word) > 1)}"
)
_COUNT_OF = later(f"[0-9](?:{'|'.join(MEASURES)}){{2}}\\Z")
"""`24粒/盒`, as it is without its slash."""
_STOP = later(
    f"([能会会是可要好])不\\1|还是|或者|[两三四五六七八九几](?:班|栏|类|组|方|者|侧|端|边|种|个|项|条|款)"
    f"|[{CONJUNCTIONS}为為是的在后後时時已未须須予]|(?:之|以)[后前间內内]|各(?=[一二两三半自])|也(?=[可能会要行是有不])|都(?=[可能会要行是有不])|然后|以便|从而|(?<![平人日月年])均|不(?![动動锈鏽同良合限])|[改换換调調][为為成至到]|"
    f"溶于|加入|采用|出现|进行|发生|需要|可以|无法|导致|(?:{'|'.join(PREDICATES)})\\Z"
)
_PERIODS = later("[日天年月周时分秒/]+")
"""`日/周/月` and `年/月` are periods beside each other, and no unit."""
_COUNTED = later(f"[0-9.,]+(?:{'|'.join(MEASURES)})")
_AMOUNT = (
    "[0-9][0-9.,]*(?:[nμµmck]?[gLlmsVAW]|IU|U|h|min|mol|[kM]?Pa|[kMG]?Hz|[kMGT]B|km|"
    "[℃%‰元件个次片台套张只袋盒箱瓶人天])"
)
_BREAK = later(
    f"\\A([{HAN}]{{1,4}}[0-9]+)(?=[{HAN}]{{2,}}[A-Za-z])"
    f"|\\A([0-9]+(?:{'|'.join(MEASURES)}))(?=[A-Za-z0-9])"
    f"|\\A([0-9A-Za-z.%+#_]+)(?=[{HAN}]+[0-9A-Za-z.]+\\Z)|\\A([^{HAN}]{{2,}})(?=[{HAN}]{{2,}}[0-9][0-9.,]*[{HAN}]{{1,3}}\\Z)"
    f"|\\A([^{CONJUNCTIONS}的]+)(?=[{CONJUNCTIONS}的])|\\A([{HAN}]{{2,4}})(?=[按用由给至从到为是把将][A-Za-z0-9])|\\A([^\u3041-\u3096]+)(?=[とや](?![\u3041-\u3096]))"
    f"|\\A([0-9A-Za-z.%]{{2,}})(?=[{HAN}])|\\A([0-9])(?=[{HAN}]{{2,}})|\\A([{HAN}]+)(?=[0-9][0-9.*×x]*\\Z)"
    f"|\\A([{HAN}]{{2,4}}?)(?=(?:[{HAN}]{{2}})?{_AMOUNT}\\Z)|\\A([{HAN}]{{2,4}})(?=[A-Za-z0-9.+#_]+[{HAN}]+[0-9A-Za-z.]+\\Z)"
    f"|\\A([{HAN}]{{2}})[{HAN}]{{3,}}|\\A([{HAN}]{{2}})[{HAN}]{{2}}(?=[A-Za-z])"
)
"""Where a chain ends inside a middle side: behind a token that Han follows, before digits, in a long run of Han."""
LIBRARY = later(r"(?<![A-Za-z0-9_.-])[A-Z][A-Za-z]+\.(?:js|py|io|net|ai|rs|go)\Z")
"""`Node.js` is the name of a thing, and no file."""
_PROSE_DASHES = later(r"[^\W\d_]+(?:--[^\W\d_]+)+")
_LONG_NUMBER = later(r"\d{3,}(?![A-Za-z0-9.])")
_ONE_OR_TWO = later(r"\d{1,2}(?!\d)")
_PLAIN_NUMBER = later(
    r"[A-Za-z]{3,}[0-9]{1,4}(?:\.[0-9]+)*|[±+-]?\d+(?:\.\d+)?(?:[%‰°]|[A-Za-zμµΩ]{1,3}[²³]?)?|"
    r"\d+(?:\.\d+)?(?:[x×*]\d+(?:\.\d+)?){1,2}[a-z]{0,2}|\d{1,3}(?:,\d{3})+(?:\.\d+)?"
)
_CALL = later(r"[A-Za-z_$][A-Za-z0-9_$]*(?:\.[A-Za-z_$][A-Za-z0-9_$]*)*\(\)")
_NAME_OF_CODE = later("[._$]|[a-z][A-Z]|[A-Z]{2}[a-z]")
_TOKEN = later(f"[^{HAN}\\s]+")
_HANDLE = later("@[A-Za-z]")
_PLATE = later("[A-Z][·•‧・]?[A-HJ-NP-Z0-9]{5,6}")
_WORDS_TOO, _PLATE_LABELS = "新黑青贵云吉宁", ("车", "牌", "号")
"""Provinces that are everyday words: `新A12345` is a plate behind a label alone."""
_PLATE_BEFORE = later(f"[^{HAN}]|[车牌号为是{CONJUNCTIONS}]")
_MIXED = later(f"(?=[A-Za-z0-9_.-]*[{HAN}])(?=[{HAN}]*[A-Za-z0-9])[{HAN}A-Za-z0-9_.-]{{2,24}}")
_MIXED_END = later(f"[{HAN}]{{1,6}}[A-Za-z0-9]+(?:[_.-][A-Za-z0-9]+)*")
_MANUAL = later(r"[a-z][a-z0-9_.-]+\([0-9][a-z]?\)")
"""`fcntl(2)`: a page of the manual, which is also written with a blank."""
_BESIDE_HAN = later(f"[{HAN}]'[A-Za-z]|[A-Za-z]'[{HAN}]|\\A[{HAN}]+\\\\[a-z]+\\Z")
"""A quote between Han and a letter, or a command such as `\\set` that a sentence touches."""
_SENTENCE_SEAM = later(r"(?:[a-z]{2,}|[A-Z][a-z]{0,4})[.?!][A-Z][a-z]+|[A-Z][A-Za-z]+\.(?:js|py|io|net|ai)[0-9][0-9.]*")
_ABBREVIATION = later(r"(?:[A-Za-z]\.)+[A-Za-z]?|Ph\.?D\.?")
_LABELLED = later(r"[a-z][a-z-]*:(?=[A-Za-z])")
"""`color:red`: what is behind the key is the value."""


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


INSIDE_A_FOLDER = later("(?<=[^\\s/]/)[下里中内](?:面|边)?的")
"""`data/raw/下的文件`: where a folder ends, and the sentence goes on."""


def chains_in(text: str, start: int, end: int) -> Iterator[Span]:
    """Sides joined by a slash or a hyphen, and tokens with another sign between two characters."""
    folder = INSIDE_A_FOLDER.search(text, start + 1, end)
    if folder:
        slash = folder.start() - 1
        for span in chains_in(text, start, slash):
            yield span._replace(end=slash + 1, open_right=True) if span.end == slash else span
        yield from chains_in(text, folder.end(), end)
        return
    joints = [one.start() for one in _JOINT.finditer(text, start, end) if start < one.start() < end - 1]
    joints = [one for one in joints if not _is_minus(text, start, one)]
    cuts = [start - 1, *joints, end]
    sides = [(low + 1, high) for low, high in pairwise(cuts)]
    whole = _mixed_path(text, sides)
    if whole:
        yield from _tokens(text, start, whole.start)
        yield whole
        yield from _tokens(text, whole.end, end)
        return
    chain: list[tuple[int, int]] = []
    for number, (low, high) in enumerate(sides):
        middle = 0 < number < len(sides) - 1
        side = text[low:high]
        code = _LONG_NUMBER.match(side)
        if (
            code
            and number == 1
            and len(sides) == 2
            and text[low - 1] == "-"
            and touches(text, low - 2)
            and low - start > 2
            and text[start] not in "#@"
            and not (_FIELD.match(text, start) or _ACT.match(text, start))
        ):
            yield Span(low - 1, low + code.end(), True, touches(text, low + code.end()), "code")  # `错误码-1001`
            chain = []
            continue
        breaks = middle and not _COUNTED.fullmatch(side) and _BREAK.search(side)
        if not breaks:
            chain.append((low, high))
            continue
        stop = low + breaks.end(breaks.lastindex or 0)
        yield from chain_of(text, [*chain, (low, high)], stop=stop)
        chain = [(stop, high)]
    if chain:
        yield from chain_of(text, chain)


def _mixed_path(text: str, sides: list[tuple[int, int]]) -> Span | None:
    """`k8s集群A/命名空间b2/服务c3`: where Han and Latin are mixed in each of three parts, they are one path, and words
    of the sentence can be before and behind it alone."""
    if len(sides) < 3 or any(text[high] != "/" for _, high in sides[:-1]):
        return None
    if not all(_MIXED.fullmatch(text, *side) and not _STOP.search(text, *side) for side in sides[:-1]):
        return None
    first, last = sides[0], sides[-1]
    if text[first[0]].isascii():
        low, open_left = first[0], touches(text, first[0] - 1)
    else:
        low, open_left = left_end(text, *first, text[sides[1][0] : last[1]])
    named = _MIXED_END.match(text, *last)
    if named is None:
        return None
    measure = _MEASURE.match(text, named.end(), last[1]) if text[named.end() - 1].isdigit() else None
    high = measure.end() if measure else named.end()
    alternates = pairs_of(text[low:high])
    return Span(low, high, open_left, high < last[1] or touches(text, high), alternates=alternates)


def _is_minus(text: str, start: int, joint: int) -> bool:
    """`温度-20`, `增长-5%`: a number below zero."""
    if text[joint] != "-":
        return False
    if touches(text, joint - 1) and _OF_A_HUNDRED.match(text, joint + 1):
        return True
    return bool(_ONE_OR_TWO.match(text, joint + 1)) and text[start:joint].endswith(BELOW_ZERO)


_OF_A_HUNDRED = later(r"\d{1,3}(?:\.\d+)?[%‰℃°]|\d+\.\d+(?![\w.-])")


def chain_of(text: str, sides: list[tuple[int, int]], stop: int | None = None) -> Iterator[Span]:
    """One target of the sides; with `stop`, the last one ends there and what is behind it belongs to another chain."""
    first, last = sides[0], sides[-1]
    if len(sides) == 1:
        yield from _tokens(text, *first)
        return
    low, open_left = left_end(text, *first, text[sides[1][0] : last[1]])
    before = (max(low, sides[-2][0]), sides[-2][1])
    high, open_right = right_end(text, *last, text[before[0] : before[1]], text[last[0] - 1])
    if low > first[0]:
        yield from _tokens(text, first[0], low)
    if stop is not None:
        high = stop if _NAMED_BY_NUMBER.fullmatch(text, last[0], stop) else min(high, stop)
    ahead = AHEAD.match(text, low, high)
    low = ahead.end() if ahead else low
    inner = text[low:high]
    if _is_target(text, low, high, inner):
        if inner[-1] in "℃℉°" and "-" in inner:
            high -= 1
            inner = inner[:-1]
        command = _COMMAND.search(inner)
        yield Span(low, high, open_left, open_right, alternates=(command[0],) if command else pairs_of(inner))
    if high < last[1] and stop is None:
        yield from _tokens(text, high, last[1])


_COMMAND = later(f"(?<=\\A[{HAN}])/[a-z]{{3,}}\\Z")
"""`宏/cast`: the command of a chat or game behind one word."""


def _is_target(text: str, low: int, high: int, inner: str) -> bool:
    if is_dull(inner):
        return False
    if inner[0].isascii() and inner[0].isalnum() and inner[-1].isalnum():
        return True
    parts = _JOINT.split(inner)
    if all(len(part) == 1 and HAN_RUN.match(part) for part in parts):
        if kind_of(inner) == "unit" and not _PERIODS.fullmatch(inner):
            return True
        quotes = text[low - 1 : low] + text[high : high + 1]
        return len(quotes) == 2 and quotes[0] in "“\"「『'‘（(" and quotes[1] in "”\"」』'’）)"
    return any(char.isalnum() for char in parts[0]) and any(map(_is_letter_or_unit, parts[-1]))


def _is_letter_or_unit(char: str) -> bool:
    return char.isalnum() or "\u3380" <= char <= "\u33df"


_JOINED = later(r"[^\W_]+(?:[-_][^\W_]+)*")


def is_dull(inner: str) -> bool:
    return not _JOINED.fullmatch(inner) and bool(
        (_LETTER_PAIR.fullmatch(inner) and kind_of(inner) != "unit")
        or _SENTENCE_SEAM.fullmatch(inner)
        or _ABBREVIATION.fullmatch(inner)
        or _PROSE_DASHES.fullmatch(inner)
        or _MANUAL.fullmatch(inner)
        or _BESIDE_HAN.search(inner)
        or not any(map(str.isalnum, inner))
    )


def left_end(text: str, low: int, high: int, other: str) -> tuple[int, bool]:
    """Where the first side of a chain begins, and whether that edge is uncertain."""
    if text[low:high].isascii():
        return low, touches(text, low - 1)
    tag = max(text.rfind("#", low, high), text.rfind("@", low, high))
    is_tag = tag >= low and high - tag <= _LONGEST_TAG and not is_latin(text[max(0, tag - 1)])
    if is_tag and HAN_RUN.fullmatch(text, tag + 1, high):
        return tag, touches(text, tag - 1)
    behind = sentence_cut(text[low:high], other)
    cut = _field_cut(text[low:high], behind, other)
    if cut > behind:  # `萃取用乙酸乙酯/石油醚`
        cut += sentence_cut(text[low + cut : high])
    certain = behind > 0 or not (touches(text, low + cut - 1) or text[low + cut - 1 : low + cut].isalnum())
    low += cut
    side = text[low:high]
    runs = [one.span() for one in _RUN.finditer(side)]
    last = runs[-1]
    inner_cut = _field_cut(side[last[0] :], 0, other) if len(runs) > 1 and HAN_RUN.match(side[last[0]]) else 0
    if inner_cut:  # `U8模块库存核算/存货核算`
        cut = last[0] + inner_cut
        low += cut
        side = text[low:high]
        runs = [last := (0, len(side))]
    if not HAN_RUN.match(side[last[0]]):
        if len(runs) == 1:
            return low, not certain
        before, token = side[runs[-2][0] : runs[-2][1]], side[last[0] : last[1]]
        is_plate = len(before) == 1 and len(runs) == 2 and before in PLATES and len(token) <= 6
        is_numbered = (
            token.isdigit() and len(token) < 4 and len(runs) == 2 and len(before) <= 4 and _NUMBERED.match(other)
        )
        return (low, False) if is_plate or is_numbered else (low + last[0], True)
    kana = _KANA_TAIL.search(side)
    if kana and kana.end() - kana.start() > 1:
        return low + kana.start(), kana.start() > 0 or not certain
    length = last[1] - last[0]
    if (_UNIT_BEHIND.match(other) or _COUNT_OF.search(side + other)) and side.endswith(MEASURES):
        unit = next(word for word in MEASURES if side.endswith(word))
        digits = re.search(r"(?:[0-9]{1,4}[年月]){0,2}[0-9][0-9.,]*\Z", side[: -len(unit)])
        start = high - len(unit) - (len(digits[0]) if digits else 0)
        return start, touches(text, start - 1)
    if len(runs) == 1:
        own, is_open = _own_start(side, other, text[high], certain, cut > 0)
        return low + own, is_open
    token = side[runs[-2][0] : runs[-2][1]]
    if token[-1] == "_" and token.isascii() and length <= 4:
        return low + runs[-2][0], len(runs) > 2 or not certain  # `t_订单-主表`
    short = len(token) == 1 or (len(token) <= 3 and token.isupper()) or any(map(str.isdigit, token))  # `L型`
    if length <= 4 and short and token.rstrip("#").isalnum() and (len(runs) == 2 or length <= 2):
        return low + runs[-2][0], len(runs) > 2 or not certain
    return high - min(2, length), True


_NUMERAL = "[一二三四五六七八九十两甲乙丙丁]"
_OF_NUMERAL = later(f"{_NUMERAL}{{1,2}}([{HAN}])")
_SO_MANY = later(f"(?:[一两三几每这那某]|[0-9]+)(?:份|个|种|款|套|条|张|批|篇|次|台|些|项)(?=[{HAN}]{{2}})")
_ALWAYS_BEFORE = later(f"(?!{any_of(NO_VERBS)})[穿买吃喝找去往放住把将让被需含请]")
_BEFORE_A_SIDE = later(f"(?!{any_of(NO_VERBS)})[{SMALL_WORDS}](?=[{HAN}]{{2}})")


def _mate(other: str) -> str:
    """The Han at the start of the other side, without what its sentence says behind it."""
    run = HAN_RUN.match(other)
    stop = _STOP.search(run[0], 1) if run else None
    return run[0][: stop.start() if stop else None] if run else ""


def _own_start(side: str, other: str, joint: str, certain: bool, is_cut: bool) -> tuple[int, bool]:
    """Where a side of nothing but Han begins, and whether that edge is uncertain. Its mate tells where words of the
    sentence are before it."""
    length = len(side)
    numeral = _OF_NUMERAL.match(other)
    own = re.search(f"{_NUMERAL}{{1,2}}{numeral[1]}\\Z", side) if numeral else _SO_MANY.match(side)
    if own:  # `焊缝等级一级/二级`, `一份安全/环保交底`
        start = own.start() if numeral else own.end()
        return start, start > 0 or not certain
    mate = _mate(other)
    same = _negated(other, side)
    if same:
        return length - same, length > same or not certain  # `口径含税/不含税`
    if mate and length == len(mate) + 1 and mate[0] != side[0] and _BEFORE_A_SIDE.match(side):
        return 1, True  # `带雨伞/雨衣`
    if length > 2 and _ALWAYS_BEFORE.match(side):
        start, _ = _own_start(side[1:], other, joint, certain, True)
        return 1 + start, True  # `穿园服/运动鞋`
    if length == 4 and len(mate) in (2, 3) and not is_cut:
        return 2, True  # `港口宁波-汉堡`: as likely a field and its value
    is_name = (certain or is_cut) and length <= _LONGEST_SIDE and _is_name(side, other, joint)
    if length < _LONG_SIDE or is_name:
        return 0, not certain
    return length - (_mirrored(side, other) or 2), True


_LONGEST_TAG = 14
_FIELD, _LABEL = later(any_of(FIELDS)), later(any_of(LABELS))


def _field_cut(side: str, cut: int, other: str) -> int:
    """Where the value begins behind the name of a field, unless both sides of a pair are built alike."""
    field = _FIELD.match(side, cut)
    if field is None:
        return cut
    run, mate = HAN_RUN.match(side, cut), HAN_RUN.match(other)
    rest = len(side) - field.end()
    if rest == 0 or (rest == 1 and not other[:1].isascii()):
        return cut
    if run is not None and mate is not None and run.end() == len(side) and _are_alike(run[0], mate[0]):
        return cut
    label = _LABEL.match(side, field.end())
    return label.end() if label and len(side) - label.end() > 1 else field.end()


def _are_alike(one: str, other: str) -> bool:
    """`订单管理` and `库存管理`: equally long, and long ones end alike. A predicate belongs to the sentence."""
    if len(one) != len(other) or other.endswith(PREDICATES):
        return False
    return len(one) < _LONG_SIDE or one[-1] == other[-1]


_LONG_SIDE, _LONGEST_SIDE = 5, 6


def _mirrored(side: str, other: str) -> int:
    """How long a side is that ends as its mate does, up to four: `铝扣板/石膏板对比`; 0 for none."""
    place = other[:4].find(side[-1], 1) + 1
    return place if HAN_RUN.match(other[:place]) and place > 1 else 0


def sentence_cut(side: str, other: str = "") -> int:
    """Where a side begins behind verbs, labels, conjunctions and particles, or 0.

    With the other side, also behind what people do with such things (`购买雨伞/雨衣`), unless the two are of one length
    (`采购部门/财务部门`).
    """
    if side.isascii():
        return 0
    cut = 0
    mate = _mate(other)
    while verb := _VERB.match(side, cut):
        left = len(side) - verb.end()
        if left == 0 or (left == 1 and HAN_RUN.match(side, verb.end())):
            break
        cut = verb.end()
    while other and len(side) - cut != len(mate) and (act := _ACT.match(side, cut)) and len(side) - act.end() > 1:
        field = _FIELD.match(side, cut)
        if field and field.end() > act.end():
            break  # `处理人电务/工务`
        cut = act.end()
    for one in _SEAM.finditer(side, cut + 1):
        if len(side) - one.end() >= 2 or not HAN_RUN.fullmatch(side[one.end() :] or "x"):
            cut = max(cut, one.end())
    return min(cut, len(side) - 1)


def right_end(text: str, low: int, high: int, other: str, joint: str) -> tuple[int, bool]:
    """Where the last side of a chain ends, and whether that edge is uncertain. `other` is the side before it."""
    if HAN_RUN.match(text[low]):
        particle = None if _HIRAGANA.search(other) else _PARTICLE.search(text, low + 1, high)
        return _right_end_of_han(text, low, particle.start() if particle else high, other)  # `KX-200/改の図面`
    side = text[low:high]
    if side.isascii():
        return high, touches(text, high)
    runs = [one.span() for one in _RUN.finditer(side)]
    first = runs[0]
    if len(runs) > 1:
        token, run = side[: first[1]], side[runs[1][0] : runs[1][1]]
        if token[-1] == "_":  # `ALM-26529_射频单元驻波`
            whole = len(runs) == 2 and len(run) <= 8
            place = low + first[1] + (len(run) if whole else 2)
            return place, not whole or touches(text, place)
        measure = _MEASURE.match(run)
        in_groups = joint == "-" == text[low - len(other) - 2]  # `3-2-1402室`
        is_code = token[0].isalpha() or in_groups or (joint == "-" and re.search("[A-Za-z(]", other))  # `G7001/G7004次`
        if measure and token[-1].isdigit() and not is_code:
            return low + first[1] + measure.end(), low + first[1] + measure.end() < high or touches(text, high)
        mirrored = re.fullmatch(f"[A-Za-z0-9]{{1,3}}#?([{HAN}])", other)
        if mirrored and run[0] == mirrored[1]:
            return low + first[1] + 1, len(side) > first[1] + 1
        if other.endswith(MEASURES) and _UNIT_BEHIND.fullmatch(token):
            return low + first[1], True  # `元/kWh单独列表`
        if run in PREDICATES or _STOP.match(run):
            return low + first[1], True  # `女款/M码的` is cut below, `A款/XL的` here
        stop = _STOP.search(run, 1) or _PARTICLE.search(run, 1)
        if stop and joint == "/" and HAN_RUN.search(other):
            return low + first[1] + stop.start(), True
        if joint == "/" and HAN_RUN.search(other) and len(run) <= 4 and len(runs) == 2 and token.isalnum():
            return high, touches(text, high)
        if joint == "/" and re.fullmatch(f"[{HAN}]+", other) and token.isalpha() and len(run) >= 4:
            return low + first[1] + 2, True  # `评审记录/PX产品验证清单`
        return low + first[1], True
    return high, touches(text, high)


def _right_end_of_han(text: str, low: int, high: int, other: str) -> tuple[int, bool]:
    side = text[low:high]
    kana = _KANA_HEAD.match(side)
    if kana and kana.end() > 1:
        return low + kana.end(), kana.end() < len(side) or touches(text, high)
    runs = [one.span() for one in _RUN.finditer(side)]
    first = runs[0]
    numbered = re.match(f"[{HAN}]{{1,2}}[0-9]+", side)
    run = side[: first[1]]
    if side[-1] == "#" and len(runs) == 2 and runs[1] == (len(side) - 1, len(side)) and len(run) <= 8:
        return high, False
    if _LOCANTS.fullmatch(other) and text[low - 1] == "-" and len(runs) == 1 and len(run) <= 12:
        stop = _STOP.search(run, 2)
        return (low + stop.start(), stop[0] not in CONJUNCTIONS) if stop else (high, touches(text, high))
    if numbered and (
        numbered.end() == len(side) or _MEASURE.match(side, numbered.end()) or re.search("[0-9]\\Z", other)
    ):
        measure = _MEASURE.match(side, numbered.end())
        place = low + (measure.end() if measure else numbered.end())
        return place, place < high or touches(text, high)
    own = _short_side(run, other, text[low - 1])
    if own:
        return low + own, True
    unit = _MEASURE.match(run) if _UNIT_BEFORE.search(other) else None
    if unit:
        return low + unit.end(), low + unit.end() < high or touches(text, high)
    stop = _STOP.search(run, 1)
    stopped = stop is not None and (stop.start() >= 2 or stop[0] in CONJUNCTIONS or other.isascii())
    whole = stop.start() if stop and stopped else len(run) if len(runs) == 1 else 0
    if whole == 4 and (
        re.fullmatch(f"[{HAN}]{{{2 if stopped else '2,3'}}}", other)
        or (other.isascii() and text[low - 1] == "/" and not stopped)
    ):
        return low + 2, True  # `同比/环比变动`, `台中/高雄据点的`, `Wi-Fi/蓝牙权限`
    if stop and stopped and (whole <= 4 or whole == len(other)):
        return low + whole, stop[0] not in CONJUNCTIONS
    if len(run) <= 4:
        if len(runs) == 1:
            return high, touches(text, high)
        token = side[runs[1][0] : runs[1][1]]
        if token.isdigit() and len(runs) == 2 and re.search(r"\d\Z", other):
            return low + runs[1][1], False
        return low + min(2, first[1]), True
    certain = len(runs) == 1 and not touches(text, high)
    if certain and not stopped and len(run) <= _LONGEST_SIDE and _is_name(run, other, text[low - 1]):
        return high, False
    return low + ((HAN_RUN.fullmatch(other[-1:]) and _mirrored(other, run)) or 2), True


def _short_side(run: str, other: str, joint: str) -> int:
    """How much of a side is its own where its mate says so: `P-7733-右成对`, `饭前/饭后服`; 0 where it does not."""
    if other.isascii() and joint == "-" and run[0] in "左右上下" and len(run) > 2:
        return 1
    same = _negated(run, other)
    return 2 if len(run) == 3 and len(other) == 2 and run[0] == other[0] else same + 1 if same else 0


def _negated(no: str, yes: str) -> int:
    """How many characters of the end of one side the other side denies."""
    if no[:1] not in ("不", "非", "无", "未"):
        return 0
    return next((size for size in (4, 3, 2) if len(no) > size and yes.endswith(no[1 : size + 1])), 0)


def _is_name(side: str, other: str, joint: str) -> bool:
    """Whether a side of five or six Han with a certain edge is a name as a whole: a hyphen joins names, and sides that
    end in the same character are built alike (`买卖合同纠纷/保证合同纠纷`)."""
    mate = HAN_RUN.match(other)
    if joint in "/／" or len(side) > _LONG_SIDE:
        return mate is not None and mate[0][-1] == side[-1] and len(mate[0]) >= len(side) - 1
    return True


_HIRAGANA = later("[\u3041-\u3096]")
_PARTICLE = later("(?<![\u3041-\u3096])[をはがにへもとので](?![\u3041-\u3096])")
"""A particle of Japanese between words that are not in hiragana."""
_LOCANTS = later("(?:[0-9]{1,2}['′]?|[NOSP])(?:,(?:[0-9]{1,2}['′]?|[NOSP]))+")
"""`N,N` and `1,2` before the name of a compound."""


def _tokens(text: str, low: int, high: int) -> Iterator[Span]:
    """Tokens without slash or hyphen: identifiers, versions, decimals, times, and what has a sign in it."""
    for found in _TOKEN.finditer(text, low, high):
        start, end = found.span()
        if text[start] == "-" and start > low and re.match(r"-\d{3,}\Z", text[start:end]):
            yield Span(start, end, True, touches(text, end), "code")
            continue
        start, end = trimmed(text, start, end)
        label = _LABELLED.match(text, start, end)
        start = label.end() if label else start
        inner = text[start:end]
        if inner.endswith("()"):  # `model.fit()` is also named without its brackets; `print()` may be any word
            if _CALL.fullmatch(inner) and _NAME_OF_CODE.search(inner):
                yield Span(start, end, touches(text, start - 1), touches(text, end), "identifier", (inner[:-2],))
            continue
        if start > low and text[start - 1] in PLATES and _PLATE.fullmatch(inner):
            before = text[start - 2 : start - 1]
            is_word = text[start - 1] in _WORDS_TOO and "·" not in inner and before not in _PLATE_LABELS
            if (not before or _PLATE_BEFORE.match(before)) and not is_word:
                yield Span(start - 1, end, False, touches(text, end), "code")  # `皖HA8888`
                continue
        if end - start < 3 or is_dull(inner) or (_PLAIN_NUMBER.fullmatch(inner) and not is_code(inner)):
            continue
        if not (SIGN_BETWEEN.search(inner) or is_code(inner) or _HANDLE.match(inner)):
            continue
        if ("’" in inner or "'" in inner) and not re.search(r"\d|[^\w’']", inner):
            continue
        yield Span(start, end, touches(text, start - 1), touches(text, end))
