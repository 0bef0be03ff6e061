"""How long the two sides of a pair of Chinese words are, where no blank says so: `周五团建改到千岛湖/梅峰，`.

Both sides are weighed together: where a word is likely to begin or end (`seams`), and how alike two things are that
somebody joins by a slash. No list of words is asked. Where the odds leave it open, the shorter side is taken: a piece
of the string that has its symbol still shows the damage, and a word of the sentence in it would be wrong.

The weights are those of a logistic regression on some 480 pairs in prompts that were marked by hand.
"""

import base64
import re
from functools import lru_cache
from itertools import pairwise
from math import exp

from harness.text.keeping import later
from harness.text.seam_data import FACTORS, PATTERNS, STEP, TABLE

_ROW, _ROWS, _FIRST_ROW, _FIRST = 94, 40, 0xB0, 0xA1


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, int], bytes, bytes]:
    places = {}
    for number in range(_ROW * _ROWS):
        coded = bytes((_FIRST_ROW + number // _ROW, _FIRST + number % _ROW))
        places[coded.decode("gb2312", "replace")] = number
    table = base64.b85decode(TABLE.replace("\n", ""))
    return places, table[: _ROW * _ROWS], table[_ROW * _ROWS :]


@lru_cache(maxsize=32768)
def _between(one: str, other: str) -> tuple[bool, int | None]:
    """Whether two characters are common inside words, and what both say of a seam between; None if one is unknown."""
    places, weights, common = _table()
    first, second = places.get(one), places.get(other)
    if first is None or second is None:
        return False, None
    weight = (weights[first] >> 4) + (weights[second] & 15) - 16
    for factor in FACTORS:
        mixed = (first * 4096 + second) * factor & 0xFFFFFFFF
        mixed = (mixed ^ mixed >> 15) * FACTORS[1] & 0xFFFFFFFF
        place = (mixed ^ mixed >> 13) % (8 * len(common))
        if not common[place >> 3] >> (place & 7) & 1:
            return False, weight
    return True, weight


@lru_cache(maxsize=8192)
def seams(run: str) -> tuple[float, ...]:
    """For each character of a run of Han the log odds that a word begins with it; 0 where nothing is known."""
    found = [*map(_between, run, run[1:]), (False, None)]
    odds = [0.0] if run else []
    before = False
    for (is_common, weight), (behind, _) in pairwise(found):
        if weight is None:
            odds.append(0.0)
        else:
            odds.append(STEP * (weight + PATTERNS[4 * is_common + 2 * before + behind]))
        before = is_common
    return tuple(odds)


LONGEST = 6
"""Characters of a side."""
OPEN, AT_A_CLAUSE, CLOSED = 0, 1, 2
"""What is beyond the run: a letter or digit, the punctuation of a sentence, or a blank, a quote, a bracket, a colon."""
_BY_EDGE = (0.0, 0.4, 2.7)
_CLOSED_THREE = 1.2  # three characters in bounds are hardly ever a word and one more
_BY_LENGTH = (-0.8, 1.1, 0.7, 0.2, -0.3, -1.0)
_SEAM, _SEAM_INSIDE = 0.36, -0.2
_GOES_ON, _WITHOUT_MATE = -0.8, -0.35
_FUNCTIONAL = frozenset("的了在和与及或跟并把被将从到对为以请是有中用按给由至向往等各后前时里不都也还就")
"""Characters that join words more often than they are in one."""
_BESIDE_FUNCTIONAL, _WITH_FUNCTIONAL = 0.7, -1.6
_SAME_LENGTH, _EACH_LONGER, _ONE_ALONE = 0.1, -0.8, -1.0
_SAME_LAST, _SAME_FIRST, _BUILT_ALIKE = 1.5, 1.4, 1.0
_SURE = 0.65
_PLACES, _PLACE = frozenset("部楼樓舍室科处局馆館站"), 1.5
"""`财务部`, `教学楼`: a word of two characters is before them."""


def _alone(run: str, edge: int, *, is_left: bool) -> list[float]:
    """The weight of each length of a side by itself; the run ends (or begins) at the joint."""
    odds = seams(run)
    size = len(run)
    weights = []
    inside = 0.0
    is_functional = False
    for length in range(1, min(size, LONGEST) + 1):
        place = size - length if is_left else length
        is_functional = is_functional or run[place if is_left else place - 1] in _FUNCTIONAL
        weight = _BY_LENGTH[length - 1] + _SEAM_INSIDE * inside + (_WITH_FUNCTIONAL if is_functional else 0.0)
        if length == size:
            weight += _BY_EDGE[edge] + (_CLOSED_THREE if edge == CLOSED and size == 3 else 0.0)
        else:
            weight += 0.0 if is_left else _GOES_ON
            weight += _PLACE if is_left and length == 3 and run[-1] in _PLACES else 0.0
            weight += _SEAM * odds[place] + (_BESIDE_FUNCTIONAL if run[place - is_left] in _FUNCTIONAL else 0.0)
            inside += max(0.0, odds[place])
        weights.append(weight)
    return weights


_LENGTHS = range(1, LONGEST + 1)
_BY_LENGTHS = [
    [_EACH_LONGER * abs(one - other) + (_ONE_ALONE if (one == 1) != (other == 1) else 0.0) for other in _LENGTHS]
    for one in _LENGTHS
]
"""The weight of two sides of these lengths, less one."""


def _likeliest(shares: list[float]) -> int:
    """The likeliest length, of those that are sure enough not to be too long."""
    sure = [length for length in range(len(shares)) if sum(shares[length:]) >= _SURE]
    return max(sure, key=shares.__getitem__) + 1


def _shares(weights: list[float]) -> list[float]:
    top = max(weights)
    found = [exp(weight - top) for weight in weights]
    total = sum(found)
    return [share / total for share in found]


@lru_cache(maxsize=4096)
def length_of_side(run: str, edge: int, *, is_left: bool) -> int:
    """How long a side is beside one that has other characters than Han."""
    weights = _alone(run, edge, is_left=is_left)
    if not is_left:
        weights = [weight + _WITHOUT_MATE * number for number, weight in enumerate(weights)]
    return _likeliest(_shares(weights))


@lru_cache(maxsize=4096)
def lengths_of_pair(left: str, left_edge: int, right: str, right_edge: int) -> tuple[int, int]:
    """How long two sides are, each in a run of Han that touches the joint."""
    rows, columns = _alone(left, left_edge, is_left=True), _alone(right, right_edge, is_left=False)
    last = left[-1]
    columns = [weight + _SAME_LAST if char == last else weight for weight, char in zip(columns, right, strict=False)]
    weights = [
        row + column + by
        for row, by_lengths in zip(rows, _BY_LENGTHS, strict=False)
        for column, by in zip(columns, by_lengths, strict=False)
    ]
    width = len(columns)
    for number in range(min(len(rows), width)):
        place = number * width + number
        weights[place] += _SAME_LENGTH + (_SAME_FIRST if left[-number - 1] == right[0] else 0.0)
        weights[place] += _BUILT_ALIKE if right[number] == last else 0.0
    shares = _shares(weights)
    of_left = [sum(shares[start : start + width]) for start in range(0, len(shares), width)]
    of_right = [sum(shares[start::width]) for start in range(width)]
    return _likeliest(of_left), _likeliest(of_right)


_LOCANTS = re.compile("(?:(?<![A-Za-z0-9.-])[0-9]{1,2}|,[0-9]{1,2}|,[NOSP]['′]?|\\A[NOSPDL]|[αβγ])\\Z")
_SUBSTANCE = re.compile(
    "(?=..)[甲乙丙丁戊己庚辛壬癸一二三四五六七八九十氯溴碘氟硝氨羟羧磺酰异叔仲正环联聚氧基苯酚酮醛酸酯醇烷烯炔醚胺腈脲肼肟咪唑吡啶嘧呋喃噻吩茚萘蒽菲哌嗪吗啉喹吲哚]{1,11}[烷烯炔醇酚醛酮酸酯醚胺腈苯脲肼肟唑啶喃吩茚萘蒽菲嗪啉哚]"
)
"""`1,2-二氯乙烷`, `4-硝基苯酚`: a name of chemistry ends where its characters do."""

_ONLY_HAN = re.compile("[\u3400-\u9fff]{1,4}")


def length_behind(mate: str, run: str, edge: int, *, is_sure: bool) -> int:
    """How long the last side of a chain is that begins with this run, behind a side that is not the first of Han.

    `is_sure`: a code begins the chain, so that three characters at the end of a clause are whole.
    """
    substance = _SUBSTANCE.match(run) if _LOCANTS.search(mate) else None
    if substance:
        return substance.end()
    if run[0] == "第" and edge != OPEN and len(run) < 5:  # `K.331/第三乐章，`
        return len(run)
    if _ONLY_HAN.fullmatch(mate):  # `3#-机房/电池间`
        if len(mate) == 1 and (edge == OPEN or len(run) > _OF_ONE_WORD):
            return 1  # `CX-黑/白缺货`
        is_whole = is_sure and len(mate) > 1 and edge != OPEN and len(run) < 4
        return len(run) if is_whole else lengths_of_pair(mate, CLOSED, run, edge)[1]
    return length_of_side(run, edge, is_left=False)


_HAN_RUN = later("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
SURELY = 2.0
"""Odds of a seam, as a logarithm, that are beyond doubt."""
PERHAPS = 0.5


def behind_seams(name: str, least: float) -> tuple[str, ...]:
    """A name without the words before it that may be a label: `照片水电-客厅.jpg`. A blank there is the writer's."""
    run = _HAN_RUN.match(name)
    odds = seams(run[0]) if run and run.end() < len(name) else ()
    return tuple(name[place:] for place, one in enumerate(odds) if one >= least)


def shorter_pairs(left: str, joined: str, right: str) -> tuple[str, ...]:
    """A pair without a label before it, or a word behind it: `馆藏南馆-密集架`, `哈利/赫敏对白`."""
    heads, tails = [left], [right]
    if len(left) > 2 and _HAN_RUN.fullmatch(left):
        # a label has two characters and leaves two before another word: of `水吧台/岛台` nothing is cut off
        alike = len(left) - len(right)  # with as many characters as the right side
        odds = enumerate(seams(left)[: len(left) - (len(left) > _LABEL_AND_ONE or not right[0].isascii())])
        # of four characters the last two may be the word: `钳工-老魏` of `责任钳工-老魏`
        heads += [
            left[place:]
            for place, one in odds
            if place > 1
            and (one >= PERHAPS or (place == 2 and len(left) == _TWO_WORDS) or (place == alike and one > 0))
        ]
    if len(right) > 2 and _HAN_RUN.fullmatch(right):
        tails += [
            right[:place]
            for place, one in enumerate(seams(right))
            if place > (len(right) > _LABEL_AND_ONE) and one >= PERHAPS
        ]
    own: tuple[str, ...] = ()
    if joined[0] == "·" and len(joined) > 1:  # `周·安-Marie` and `安-Marie` of `人周·安-Marie`
        heads += [left[place:] for place in range(1, len(left)) if left[place:] not in heads]
        own = (joined[1:] + right,)
    return (*[head + joined + tail for head in heads for tail in tails][1:_MOST_PAIRS], *own)


_OF_ONE_WORD, _TWO_WORDS, _MOST_PAIRS, _LABEL_AND_ONE = 2, 4, 8, 3  # `收口灰-RAL7016`, `周二-四上课`

PLACES = (
    "路街巷弄馆館楼樓栋棟幢厅廳教站场場园園苑村镇鄉乡寓仓倉库庫桥橋洞井室部組组队隊班院县縣店厂廠矿坝渠港卷册冊闸閘"
    "一二三四五六七八九十"
)
AT_A_PLACE = later(
    f"[{PLACES}]-[0-9]|(?![重量差减少亏缺数])[\u4e00-\u9fff]-[0-9.]+"
    "(?:(?:g|kg|mL|ml|min|h|T)(?![A-Za-z])|[折孔期版集季届桌床栋])"
)
"""Behind a place a hyphen and a number are no number below zero: `四教-4302`, `科技馆-4D`, `五花肉-500g`."""

_UNSPACED = "\u0e01-\u0e5b\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"
_OF_UNSPACED = later(f"[{_UNSPACED}]")
_UNSPACED_SEAM = later(f"(?<=[{_UNSPACED}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[{_UNSPACED}])")
_ENDS_IN_A_LETTER = later(f"[-/][{_UNSPACED}]+[A-Z0-9]{{1,2}}\\Z")  # `5-12/อาคารB`


def unspaced_seams(inner: str) -> list[int]:
    """Where a word of Thai, Lao, Myanmar or Khmer touches a token: `รุ่นXK-900/2ราคา`. A blank there is the writer's."""
    if not _OF_UNSPACED.search(inner):
        return []
    seams = [one.start() for one in _UNSPACED_SEAM.finditer(inner)]
    return seams[:-1] if _ENDS_IN_A_LETTER.search(inner) else seams
