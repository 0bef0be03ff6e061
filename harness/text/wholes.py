"""Whole tokens: a run that is bounded on both sides is one target, however many scripts are mixed in it.

`chains` takes of `编号：京博-瓷00217/清` what it is sure of in any sentence. Where a blank, a quote, a colon or the
edge of a cell bounds the run, its edges are certain, and what is left of it belongs to the name. A whole is also called
what it is without its label, its mark, its key or the name before it.
"""

from collections.abc import Sequence
from itertools import pairwise

from harness.text.chains import HAN, ONE_OF_IT, Span, kept_cut, sentence_cut, touches
from harness.text.characters import is_cjk
from harness.text.keeping import later
from harness.text.spaced import has_sign
from harness.text.targets import DOCUMENTS, NUMBERED_NAME, OF_A_SENTENCE, PLATES, Target, kind_of

_OPENERS, _CLOSERS = "“\"「『'‘（([【《", "”\"」』'’）)]】》"
SET_OFF = frozenset((" ", "|", *_OPENERS))  # a line may begin with a sentence
_BEHIND = frozenset(("", "\n", " ", "|", *_CLOSERS))
_LEADS = frozenset("：:、")
_TEXT_ENDS = frozenset(("", "\n"))
_CLAUSE = frozenset("，。；、！？;,.")
_LONGEST = 28
_TOO_LONG = later(f"[{HAN}]{{8}}")
_MIXED = later(f"(?=.*[{HAN}]).*[A-Za-z0-9]")
_WORD_AND_TOKEN = later(f"[{HAN}][A-Za-z0-9#§$¥￥±+]|:")
_IN_A_CELL = later(f"[{HAN}]{{1,4}}(?<![号號码碼话話机機格寸间間期度量])[0-9]+[-/_]")  # not `房号3-201`
_PLACE = later("[教楼樓栋棟座馆館院库庫柜櫃架仓倉箱站桩墩塔井孔][A-Z0-9]{1,3}-[0-9]")  # `教3-205`
_OF_PARTS = later("[-/_][A-Z0-9]{1,2}(?:[组組排层層列段区區座栋棟室][0-9A-Z]{1,4}|之[0-9]{1,2})\\Z")
_SIDE_GOES_ON = later(f"(?=.*[A-Za-z0-9]).*[-/_·][{HAN}]{{1,4}}")
_WORD_BEHIND_A_TOKEN = later(f"[A-Za-z0-9][{HAN}]{{2}}")
_SHORT_TAIL = later("[0-9A-Z]{1,2}")
_TAIL = later(f"[A-Za-z0-9.]+[%‰℃]?[{HAN}]{{0,2}}")
_LONG_TAIL = later(f"[{HAN}]{{0,2}}[A-Za-z0-9.]+[%‰℃]?[{HAN}]{{0,2}}")
_ANY_TAIL = later(f"[{HAN}]{{0,3}}|[{HAN}]{{0,2}}[A-Za-z0-9.#%+-]+[{HAN}]?|_[A-Za-z0-9{HAN}]{{1,6}}")
_TAIL_OF_A_PLACE = later(f"(?!.*[0-9][天日月年小时分次元人个個時])[{HAN}]{{0,6}}[A-Za-z0-9]{{1,6}}[{HAN}]{{1,6}}")
"""`测试/登录h5用例`, `网盘/猫粮详情页8张图`"""
_FOLDERS = later(
    f"(?=.*[A-Za-z0-9])(?=.*[A-Za-z0-9{HAN}]{{5}})(?!.*[0-9]/[0-9])[A-Za-z0-9_-]{{0,12}}[{HAN}][A-Za-z0-9_{HAN}-]{{1,12}}"
    f"(?:/[A-Za-z0-9_{HAN}-]{{2,14}}){{2,6}}"
)
"""`合同/2024年度/XX公司框架协议`"""
_FOLDER_OF_TWO = later(f"[A-Za-z0-9{HAN}]{{2,10}}/[{HAN}]{{1,8}}_[0-9]{{3,8}}[{HAN}]{{0,4}}")  # `养护照/桥南_0715上午`
_LONG_WORD = later(f".*[{HAN}]{{6}}[^{HAN}]*")
_PREDICATES = "漏响亮掉断爆死热冷高低满空松卡慢快烫脏旧新好差贵准对错能会可应想愿怕失丢被次个個件只台支条條份年月日天"
"""One character that a sentence says of a code (`泵 XX-12漏，`), or counts with."""
_OF_A_CODE = later("[A-Z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*[-_][0-9]{1,6}")
_TIMES = later("[0-9.]+(?:[次遍%L]|[mμµk]?g|m[Ll]|min)")
_HAS_A_TOKEN = later(".*[A-Za-z0-9]")
_ALONE = later(
    # words and a number are not one: `体温36.5`, `安装numpy1.26.4`, `1.完成A项目`, `A.正确`
    f"(?![^-/_.]*[0-9](?:\\.[0-9]+)+[^-/_.]*\\Z|(?:[0-9]+|[A-Za-z])\\.[{HAN}])"
    f"(?=.*[{HAN}])(?=.*[A-Za-z0-9])(?=.{{4,16}}\\Z)[A-Za-z0-9{HAN}]+(?:[-/_.&~][A-Za-z0-9{HAN}]+)+(?<![-/_.&~]的)"
    f"|[A-Za-z0-9{HAN}]{{1,6}}[A-Za-z]\\([+-]{{1,2}}\\)"
)
_PAIR_IN_A_CELL = later(f"[{HAN}]{{1,4}}[-/·][{HAN}]{{1,4}}")
_LENIENT = frozenset(("range", "date", "time", "number"))
_BY_ITSELF = frozenset(("phone", "unit", "date", "time"))


def whole_of(before: str, run: str, after: str, spans: list[Span]) -> list[Span]:
    """The spans of a run, or the one that holds them all. `|` is beside a run that is all of a cell or value."""
    if not spans:
        bounded = _ALONE if before in SET_OFF and after in _BEHIND else None
        bounded = _PAIR_IN_A_CELL if before == after == "|" and not _MIXED.match(run) else bounded
        is_whole = bounded and bounded.fullmatch(run) and not OF_A_SENTENCE.search(run)
        return [Span(0, len(run), kind="code")] if is_whole else spans
    first, last = spans[0], spans[-1]
    low, high = first.start, last.end
    if len(spans) == 1 and high == len(run) and (low == 0 or before not in SET_OFF):
        return spans
    is_bounded = before in SET_OFF and after in _BEHIND
    if before in SET_OFF and (after in _BEHIND or after in _CLAUSE) and _FOLDER_OF_TWO.fullmatch(run):
        return spans if OF_A_SENTENCE.search(run) else [Span(0, len(run), kind="path")]
    if is_bounded and _FOLDERS.fullmatch(run) and not OF_A_SENTENCE.search(run):
        return [Span(0, len(run), kind="path", alternates=(run[run[: run.rfind("/")].rfind("/") + 1 :],))]
    if len(run) > _LONGEST or any(one.kind not in ("", "code") for one in spans):
        return spans
    end = len(run.rstrip(".:;,"))
    after = after if end == len(run) else run[end]
    if not _MIXED.match(run) or _TOO_LONG.search(run):
        return spans
    is_cell = before == after == "|"
    is_name = not _WORD_AND_TOKEN.search(run, 0, low + 1) or (_IN_A_CELL if is_cell else _PLACE).match(run)
    is_begun = before in SET_OFF
    if low > 0 and is_begun and is_name and not OF_A_SENTENCE.search(run[:low]):
        low = 0
    if high < end and _is_tail(
        run,
        last.start,
        high,
        end,
        after,
        is_begun=is_begun,
        is_led=is_begun or before in _LEADS,
    ):
        high = end
    apart = any(
        one.end < other.start or kind_of(run[other.start : other.end]) in _BY_ITSELF for one, other in pairwise(spans)
    )
    if apart or ((low, high) == (first.start, last.end) and (len(spans) == 1 or low > 0 or not is_begun)):
        return spans
    whole = run[low:high]
    kind = kind_of(whole)
    if kind in _LENIENT and kind_of(run[first.start : last.end]) == "code":
        return spans  # `12A-3条`
    pieces = dict.fromkeys(text for one in spans for text in (run[one.start : one.end], *one.alternates))
    # an end behind Han would stand for the whole: a blank before it is the writer's elsewhere
    others = [one for one in pieces if one != whole and not (whole.endswith(one) and is_cjk(whole[-len(one) - 1]))]
    opened = low > 0 and first.open_left, high < end and last.open_right
    return [Span(low, high, *opened, "code" if kind == "cjk-pair" else kind, tuple(others))]


def _is_tail(run: str, low: int, high: int, end: int, after: str, *, is_begun: bool, is_led: bool) -> bool:
    """Whether what is behind the last span belongs to the name.

    `is_begun`: a blank or bracket is before the run. `is_led`: so it is, or a colon.
    """
    tail = run[high:end]
    if kind_of(run[low:high]) == "unit":
        return False  # `20-30g/亩兑水30kg`
    is_place = is_begun and after in _BEHIND and "/" in run[:high] and _TAIL_OF_A_PLACE.fullmatch(tail) is not None
    is_document = is_led and after in _CLAUSE and tail.endswith(DOCUMENTS) and run[high - 1].isascii()
    if (is_place or is_document) and not OF_A_SENTENCE.search(tail):
        return True
    if OF_A_SENTENCE.search(tail) or _TIMES.fullmatch(tail) or _LONG_WORD.fullmatch(run, max(0, high - 6), end):
        return False
    if after in _BEHIND and (is_begun or after not in _TEXT_ENDS):
        begins_with_han = tail[0] > "\u2e7f"
        return (
            is_begun
            and _ANY_TAIL.fullmatch(tail) is not None
            and not _WORD_BEHIND_A_TOKEN.match(run, high - 1)
            and (begins_with_han or _HAS_A_TOKEN.match(run, 0, high) is not None)
        )
    if (
        is_begun
        and after in _CLAUSE
        and (
            _SHORT_TAIL.fullmatch(tail)
            or (_OF_A_CODE.fullmatch(run, low, high) and ONE_OF_IT.fullmatch(tail) and tail not in _PREDICATES)
        )
    ):
        return True  # `帮助/邮箱/配置V4`, `漂目 BX-7目，`
    if after not in _CLAUSE and not (after in _TEXT_ENDS and _SHORT_TAIL.fullmatch(tail)):
        return False
    if _SIDE_GOES_ON.fullmatch(run, 0, high) and (_LONG_TAIL if is_begun else _TAIL).fullmatch(tail):
        return True
    return _OF_PARTS.search(run, max(0, high - 3), end) is not None


_LONGEST_TOKEN = 200  # code points: a text in which all is joined is not read again for each piece
_MAY_GO_ON = frozenset({"code", "identifier", "path", "email"})
_JOINS = ("#", ":", "?", "@", "^")
_ORDER = later("[A-Z]{1,4}[0-9]{4}")  # `WG1931#六人`, but not `A3#楼`
_VALUE = "[A-Za-z_][\\w.]*=[\\w.$%{}-]+"
_GOES_ON = later(
    rf"@\{{[0-9a-z.]{{1,16}}\}}|\^\{{[a-z]{{0,8}}\}}|:[0-9][0-9A-Za-z._-]*(?<![._-])(?![\w:/])|\?{_VALUE}(?:&{_VALUE})*|#[0-9]{{2,}}(?![\w-])"
    rf"|#?(?<=[0-9]#)[{HAN}]{{1,4}}(?=[\s，。；、,）)]|\Z)"
)
"""A revision of git, a port or version, a query, a number, and what is named behind a code: `YR-8806#米白`."""


def joined(text: str, targets: list[Target]) -> list[Target]:
    """The targets, those of one token as one: `erp@10.2.7.19:3306`, `page_view#首页-v4`, `三街-199号/B座`.

    What it was joined of is protected with it.
    """
    kept: list[Target] = []
    for one in targets:
        target, last = one, kept[-1] if kept else None
        if last and one.end <= last.end:
            kept[-1] = last._replace(alternates=(*last.alternates, one.text))
            continue
        is_near = last is not None and one.end - last.start <= _LONGEST_TOKEN
        if last and is_near and last.kind in _MAY_GO_ON and (one.kind in _MAY_GO_ON or one.kind == "cjk-pair"):
            between = text[last.end : one.start]
            is_place = between == ":" and one.kind == "path" and one.text[0] in "/~"  # `nas-02:/vol1/备份`
            if between == "#" or is_place or (not between and (one.text[0] in "#@" or is_cjk(one.text[0]))):
                others = (last.text, *last.alternates, one.text, *one.alternates)
                target = _until(text, kept.pop(), one.end, others)._replace(open_right=one.open_right)
        is_tag = target.kind == "version" and text.startswith("^{", target.end)  # `v3.4.0^{}`
        if (target.kind in _MAY_GO_ON or is_tag) and (
            text[target.end : target.end + 1] in _JOINS
            or (target.text[-1] == "#" and ("-" in target.text or _ORDER.match(target.text)))
        ):
            more = _GOES_ON.match(text, target.end)
            if more and more.end() - target.start <= _LONGEST_TOKEN:
                target = _until(text, target, more.end(), (target.text, *target.alternates))
        kept.append(target)
    return kept


def _until(text: str, target: Target, end: int, others: tuple[str, ...]) -> Target:
    return target._replace(text=text[target.start : end], end=end, open_right=False, alternates=others)


BESIDE_A_CELL = frozenset(("", *"\n \t|,：:*="))
_CELL_BEGINS, _CELL_ENDS = later(r"[|：:=][ *]*\Z|\t\Z"), later(r"\**(?=[\t\n]| *(?:\||\Z))")


def is_cell(text: str, low: int, high: int) -> bool:
    """Whether a run is all that is in a cell of a table, or all of a value behind its key."""
    if "," in (text[high : high + 1], text[low - 1 : low]):
        return is_row(text, low)
    begins = _CELL_BEGINS.search(text, max(0, low - 8), low)
    return begins is not None and _CELL_ENDS.match(text, high) is not None


def is_row(text: str, place: int) -> bool:
    """Whether the line has as many commas as the next one or the one before: values in a list of rows."""
    low, high = max(0, place - _ROW), min(len(text), place + _ROW)
    lines = text[low:high].split("\n")  # a longer row does not count: each cell of it would be counted through
    number = text.count("\n", low, place)
    if (number == 0 and low > 0) or (number == len(lines) - 1 and high < len(text)):
        return False
    commas = lines[number].count(",")
    near = [*lines[max(0, number - 1) : number], *lines[number + 1 : number + 2]]
    return commas > 1 and any(line.count(",") == commas for line in near)


_ROW = 600

IN_BRACKETS = later(
    f"[(（](?:([{HAN}]{{1,3}}|[A-Z][版型款类级]|[{HAN}]{{0,2}}[×x]?[0-9]{{1,3}}[{HAN}%a-z]{{0,3}})|[A-Za-z0-9+-]{{1,4}})[)）]"
    "(?=[\\s，。；、,）)|]|\\Z)"
)
"""`證-7(光碟)`"""

_TOUCHING = later(
    "\\("
    "((?=[^()]*[0-9])(?=[^()]*[A-Za-z])[A-Za-z0-9#.+/-]{2,12}|[A-Z]{2,5}(?:[-/][A-Z]{1,5})?|[A-Z][a-z][A-Z]"
    "|[0-9]{1,2}#|[0-9]+[:/×][0-9]+|[0-9.]+[×x][0-9.]+[a-zμ]{0,2}"
    "|(?:(?![A-Z])[^\\W\\d_\u2e80-\uffff]){1,5}(?:(?:[^\\W\\d_A-Z]{1,3})?\\.)?|#[0-9]{1,2}"
    "|[^\\x00-\u02af\u2000-\u303f\u3400-\u9fff\uff00-\uff65]{1,7}\\.?[0-9]{0,3})"
    "\\)(?=[\\s，。；、,)）|;:\"'”»」』،؛\u3041-\u30ff\uac00-\ud7a3\u0e01-\u0e5b]|[.!?](?!\\w)|\\Z)"
)
"""A bracket that touches a code and says which: `KS-PT204(기모)`, `HbA1c(NGSP)`, `7700-148/W(verz.)`."""
_STRONG = later("[A-Z0-9#][A-Z0-9#./+-]+")
_UNSIGNED = later(
    "(?<![^\\W_])(?![0-9]+[A-Za-z]{1,3}\\Z|[a-z0-9]+\\Z)(?=[A-Za-z]*[0-9])[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*\\Z"
)
_OF_A_NUMBER = 6
_A_PLURAL = frozenset(("s", "es", "n", "e", "in", "en", "a", "x", "y", "t", "r"))
_OF_CODES = frozenset(("code", "standard", "version", "name", "unit", "path", "phone"))


def in_touching_bracket(text: str, high: int, run: str, spans: Sequence[Span]) -> tuple[int, int] | None:
    """Where in a run a code begins that the bracket behind it belongs to, and where the bracket ends in the text.

    A call (`log10(x)`, `get_user2(ID)`) is none, nor is a word with a remark (`COVID-19(pandemic)`).
    """
    found = _TOUCHING.match(text, high)
    if found is None or found[1] in _A_PLURAL:
        return None
    is_strong = _STRONG.fullmatch(found[1]) is not None
    if not spans:
        token = _UNSIGNED.search(run) if is_strong else None
        return (token.start(), found.end()) if token and token.end() - token.start() > 3 else None
    last = spans[-1]
    whole = run[last.start :]
    if last.end != len(run) or (last.kind or kind_of(whole)) not in _OF_CODES or whole[0] in "/~.\\":
        return None
    if "-" not in whole and "/" not in whole and not (whole.isupper() and whole.isascii()):
        return None
    digits = sum(map(str.isdigit, whole))
    if digits and (digits >= _OF_A_NUMBER or any(map(str.isalpha, whole))):
        return last.start, found.end()
    is_in_capitals = is_strong or any(map(str.isupper, found[1]))
    return (last.start, found.end()) if is_in_capitals and any(map(str.isupper, whole)) else None


def plain_behind_han(text: str, start: int, end: int) -> Span | None:
    """What `chains_in` finds in the most usual run, words and a plain code: `型号ZX-2000`."""
    found = _PLAIN_BEHIND_HAN.fullmatch(text, start, end)
    if found is None:
        return None
    low = found.start(1)
    side = text[start : found.start(2)]
    cut = kept_cut(side) if len(side) < _LONG_SIDE else sentence_cut(side)
    return Span(low, end, start + cut < low, touches(text, end))


_LONG_SIDE = 64
_PLAIN_BEHIND_HAN = later(f"[{HAN}]++(?<![{PLATES}])([A-Za-z][A-Za-z0-9]++)((?:[-/][A-Za-z0-9]++)+)")


def also_called(inner: str) -> tuple[str, ...]:
    """What a target is called without the mark of a hashtag, the name before its number, or what its header holds."""
    header = _HEADER.match(inner) if ":" in inner else None
    if header or inner[0] == "?":
        return (header[0] if header else inner[1:],)
    label = _AHEAD_OF_A_CODE.match(inner)
    rest = inner[label.end() :] if label else inner.strip("#@")
    return (rest,) if rest != inner and (has_sign(rest) or _BELOW_ZERO.fullmatch(rest)) else ()


_HEADER = later("[A-Z][A-Za-z]*(?:-[A-Z][A-Za-z]*)+(?=:[^:]+\\Z)")  # `X-Req-Sign:md5`
_BELOW_ZERO = later("-[0-9]{3,}")
_AHEAD_OF_A_CODE = later(
    rf"{NUMBERED_NAME.pattern}|"
    r"N[oO]\.(?=[A-Z0-9])|[0-9.]{1,6} ?(?=[mkμn]?(?:g|mol|IU|Bq)/[A-Za-z]{1,3}\Z)"
    r"|[A-Z]{2,4}(?=[0-9]+(?:[A-Z]-[0-9]+/[0-9]|-[0-9]+-[0-9]|[a-z]{1,3}/))"
    r"|[a-z]{2,12}/(?=[a-z]+(?:-[a-z0-9]+)*-(?=[a-z]*\d)[a-z0-9]+\Z)|"
    r"-(?=[A-Z][A-Z0-9]+[-/][A-Z0-9])|[A-Z]{2,3}:(?=[A-Z0-9]+[-/_])|[A-Za-z_]+:(?=-[0-9]{3,}\Z)|"
    r"(?i:doi|hdl|isbn|issn|arxiv|pmid):(?=[0-9])"
)
"""`NO.ILCDUB-2024/0773`, `errCode:-601034`, and the hyphen that a row of a message begins with."""

_NAME_AHEAD = later(f"[{HAN}]{{2,8}}(?=[A-Z]+-[0-9]+[A-Z0-9]*/)")
_KEY_OF_PARTS = later(r"[A-Za-z]\w*(?:[.-]\w+)+|[A-Za-z]\w*_\w+")


def without_its_name(inner: str) -> tuple[str, ...]:
    """The code of a name and a code, since a blank between is the writer's: `氣炸鍋AF-35L/黑`."""
    name = _NAME_AHEAD.match(inner)
    return (inner[name.end() :],) if name else ()


def key_of(inner: str) -> tuple[str, ...]:
    key = inner.partition("=")[0]
    return (key,) if _KEY_OF_PARTS.fullmatch(key) else ()
