"""A protected string: what it is, of which kind, how sure its edges are, and the words that tell."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from harness.text.keeping import later

STRICT_KINDS = frozenset(
    {
        *("path", "file", "url", "email", "code", "standard", "version", "uuid", "hash", "cidr", "cas", "mime"),
        *("unit", "spaced", "placeholder", "option", "identifier", "phone"),
    }
)
"""Extracted targets of these kinds are judged as given ones are: everything that is not verbatim is damage."""

LENIENT_KINDS = frozenset({"name", "cjk-pair", "range", "date", "time", "number"})
"""Everyday language looks like these, so that only inserted blanks and look-alikes are damage."""

KINDS = STRICT_KINDS | LENIENT_KINDS


class Target(NamedTuple):
    """One string that must come back code point for code point.

    Attributes:
        text: the string.
        kind: one of KINDS.
        start, end: where it was found, in code points of the text (or message) that holds it; -1 for a given target.
        open_left, open_right: the edge is uncertain, since the target touches a run of Han, kana or Hangul there. A
            blank exactly at such an edge is never damage.
        given: listed by the case, and so judged strictly, whatever its kind.
        alternates: shorter strings that are protected with it and not counted beside it: the last two parts of a long
            path, the pairs of a chain.
    """

    text: str
    kind: str
    start: int = -1
    end: int = -1
    open_left: bool = False
    open_right: bool = False
    given: bool = False
    alternates: tuple[str, ...] = ()


_BODIES = (
    "AASHTO ABNT ACI AISC ANSI API ASCE ASHRAE ASME ASTM AWS AWWA BS CECS CISPR CJJ CJ CNS CSA DB[0-9]* DGJ DIN DL EIA "
    "EN ETSI FIPS GA GBJ GBZ GB GJB GOST HG HJ ICAO ICC IEC IEEE IETF IFRS IPC ISA ISO ITU JB JC JEDEC JGJ JG JIS JJG "
    "JTG JT JR KS MIL NACE NBR NEMA NEN NFPA NF NB NIST NY QB QC Q RFC SAE SASO SB(?=/) SH SJ SL SN SY TB "
    "TCVN TIA UL UNE WS YB YC YD YY ДСТУ СНиП СП DBJ DS/EN IRAM JASO NEN-EN NS-EN NZS PN-EN QCVN SANS SFS-EN SNI "
    "SS-EN T/[A-Z]{2,8} UNE-EN VDE VDI СТБ"
)
_BODIES_OF_TRADES = (
    "AQ BB CB CH CY DA DY DZ EJ FZ GA GC GM GY HB HS HY JJF LB LD LS LY MH MT MZ QJ QX RB SC SF SW TD TY WB WH WW XB "
    "XF YS YZ ZY"
)
_BODIES_OF_WORDS = (
    "IS(?= [0-9]{3,5}[:-])",
    "AS(?! AS)",
    "JIS [A-Z]",
    "KS [A-Z]",
    "ÖNORM [A-Z]",
    *(f"{one}(?=/[TZ] )" for one in _BODIES_OF_TRADES.split()),
    "ГОСТ(?: (?:Р|РВ|ISO|IEC|EN|ИСО|МЭК)(?: МЭК)?)?",
)


def by_heads(patterns: Iterable[str], before: str = "") -> str:
    """Any of the patterns, which begin with a plain letter each: grouped by it, since few are tried then.

    None of the characters `before` may be in front of it.
    """
    groups: dict[str, list[str]] = {}
    for pattern in patterns:
        groups.setdefault(pattern[0], []).append(pattern[1:])
    look = {head: f"(?<![{before}]{head})" if before else "" for head in groups}
    begun = (f"{head}{look[head]}(?:{'|'.join(rest)})" for head, rest in groups.items())
    return f"(?:{'|'.join(begun)})"


def standard(before: str = "") -> str:
    """A pattern of what may come one blank before the number of a standard: `GB/T`, `DIN EN ISO`, `ASTM`.

    None of the characters `before` may be in front of it.
    """
    return (
        by_heads((*_BODIES.split(), *_BODIES_OF_WORDS), before)
        + "(?:[/_][A-Z]{1,6}){0,3}(?: (?:EN|ISO|IEC|STD|Std|Guide|TR|TS)(?:/[A-Z]{2,4})?){0,2}"
    )


_SCALED = "(?:[nμµmcdhkMG]?(?:m|g|L|l|mol|IU|Pa|J|W|Wh|N|V|A|Hz|bit|bps|B|b|eq|Bq|Ω))"
_UNIT = (
    f"(?:{_SCALED}(?:[·*]{_SCALED}|·d|·h)?|mmHg|°C|℃|°F|K|Ω|%|‰|s|ms|min|h|hr|d|y|a|IU|U|rad|sr|lb|oz|gal|ft|in|mi|ppm|rpm|dB(?:\\(A\\))?|"
    "[元円圓次人日天年月周週时時分秒个個件台套吨噸斤米升度户戶篇架回泊晚趟日월일회원㎎-㏄㎀-㎍]|day|days|week|wk|month|mo|year|yr|hour|dose|小时|分钟|架次|个月|万元|人次|人天|工日|平方米|立方米)"
)
_WORD = "[^\\W\\dA-Z_\u2e80-\uffff][^\\W\\d_\u2e80-\uffff]{0,7}"
"""The short name of a unit in any language: `12 mm/ot`, `120 р/шт`."""
_POWER = "(?:[²³]|\\^?-?[0-9])?"
_COUNT = "[+±-]?[0-9][0-9.,]*"
_PER = (
    "[笔单盒袋瓶箱包桶罐卷板排日次天人杯份筆笔隻只株束栋間间亩畝片粒支颗顆张張面条條级級层層点點件台套个個㎡건개명인대]"
)


class _Rule(NamedTuple):
    """What gives a kind: a pattern of the whole text, a class of characters that the text begins with (empty for any),
    and signs of which it holds one each."""

    kind: str
    heads: str
    signs: tuple[str, ...]
    pattern: re.Pattern[str]


def _rule(kind: str, pattern: str, *signs: str, heads: str = "") -> _Rule:
    return _Rule(kind, heads, signs, later(pattern))


_UNIT_HEADS = "+±0-9A-Za-zμµΩ°℃%‰㎎-㏄㎀-㎍一월일회원-"
_RULES = (
    _rule("url", r"(?:[A-Za-z][A-Za-z0-9+.-]*://|www\.)\S+", ":.", heads="A-Za-z"),
    _rule("email", r"[^@\s/]+@(?!\dx\.)[^@\s/]+\.[A-Za-z]{2,}", "@"),
    _rule("uuid", r"\{?[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}?", "-", heads="{0-9A-Fa-f"),
    _rule(
        "placeholder",
        r"\{\{[^{}\n]+\}\}|\$?\{[^{}\n]+\}|%\([A-Za-z_][\w.-]*\)[sdifr]|%(?:[0-9]+\$)?(?:ll?|z)?[sdifu@]|%[A-Za-z_.]+%|:[a-z_]+|</?[0-9]+\s?/?>|&[a-z]+;",
        heads="{$%:<&",
    ),
    _rule("option", r"--?[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?:=\S+)?", heads="-"),
    _rule("path", r"[A-Za-z]:[\\/][^\n]+", ":", heads="A-Za-z"),
    _rule("path", r"(?:\\\\|~?/|\.{1,2}[\\/])[^\n]+", heads="\\\\~/."),
    _rule("path", r"[^\s/\\]+(?:[\\/][^\s/\\]+){2,}[\\/]?\.[A-Za-z][A-Za-z0-9]{0,5}", "/\\", "."),
    _rule("path", r"[^/\\\n]*(?:[/\\][^/\\\n]*)+\.[A-Za-z][A-Za-z0-9]{0,5}", "/\\", "."),
    _rule(
        "date",
        r"[0-9]{4}(?P<sign>[-/.])(?:0?[1-9]|1[0-2])(?P=sign)(?:0?[1-9]|[12][0-9]|3[01])(?:[T ][0-9].*)?"
        r"|(?:1[5-9]|2[01])[0-9]{2}-(?:0[1-9]|1[0-2])"
        r"|(?:0?[1-9]|[12][0-9]|3[01])(?P<mark>[-/.])(?:0?[1-9]|[12][0-9]|3[01])(?P=mark)(?:(?:1[6-9]|2[01])[0-9]{2}|[0-9]{2})",
        "-/.",
        heads="0-9",
    ),
    _rule("cas", r"[1-9][0-9]{1,6}-[0-9]{2}-[0-9]", "-", heads="0-9"),
    _rule("range", r"(?:ISO|HB) [0-9]{2,3}-(?!(?:19|20)[0-9]{2}\Z)[0-9]{3,6}", "-", heads="HI"),  # `ISO 100-6400`
    _rule("standard", rf"{standard()}[ -]?[A-Z]{{0,2}}[0-9][0-9A-Za-z./:+ -]*", heads="A-ZÖГДС"),
    _rule("standard", r"(?:GB|JGJ|DL|YY|WS|QB|JT|HJ|SJ|NY|JB|HG|SH|YD|CJ|JC|JG|SL|TB|JR|SB)/T", "/", heads="A-Z"),
    _rule(
        "mime",
        r"(?:application|audio|font|image|message|model|multipart|text|video)/[A-Za-z0-9.+-]+(?:;.*)?",
        "/",
        heads="a-z",
    ),
    _rule("cidr", r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:]+)/\d{1,3}", "/", ".:", heads="0-9A-Fa-f:"),
    _rule(
        "unit",
        r"(?!([A-Za-z])-[0-9]+/\1-[0-9])"
        rf"(?:{_COUNT}(?:[-–~～]{_COUNT})? ?)?{_UNIT}{_POWER}(?:/(?>(?:{_COUNT})?{_UNIT}{_POWER}(?=/|·d\Z|\Z)))+(?:·d)?"
        rf"|{_COUNT}(?>(?:(?:[-–~～]{_COUNT})?{_UNIT}|{_WORD}|%)(?=/))"
        rf"(?:/(?>(?:{_COUNT}(?:{_UNIT}|{_WORD})|{_WORD}{_POWER}|{_UNIT}{_POWER}|{_PER})(?=/|\Z)))+"
        rf"|{_COUNT}[€£¥₽₫]/[^\W\d_]{{1,8}}"
        rf"|(?:{_COUNT} ?)?{_UNIT}{_POWER}/\({_UNIT}{_POWER}(?:[·*]{_UNIT}{_POWER})*\)|{_COUNT}/{_COUNT} ?{_UNIT}",
        "/",
        heads=_UNIT_HEADS,
    ),
    _rule(
        "unit",
        rf"(?:(?:{_COUNT} ?)?[粒片支颗袋瓶包枚块张册卷件个杯份碗分角箱盒]|(?:{_COUNT} ?)?[万萬亿]?[元円圓원])/{_PER}"
        rf"(?:·{_PER})?",
        "/",
        heads="+±0-9一원-",
    ),
    _rule("unit", r"(?:[0-9.]+ ?)?dB\([A-Z]\)", "(", heads="0-9.d"),
    _rule("time", r"[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?(?:[-–~][0-2]?[0-9]:[0-5][0-9])?", ":", heads="0-9"),
    _rule(
        "phone",
        r"\+\d[\d -]{7,18}|(?:0\d{2,3}-\d{4}-?|0\d-\d{3,4}-?|1\d\d-\d{4}-|[48]00-\d{3}-)\d{3,4}|1[3-9]\d{9}",
        heads="+0-9",
    ),
    _rule(
        "hash", r"(?=.*[0-9])(?=.*[a-f])[0-9a-f]{7,64}|(?:sha(?:1|256|512)|md5)[:-][0-9A-Fa-f]{8,}", heads="0-9a-fsm"
    ),
    _rule("version", r"[vV]?[0-9]+(?:\.[0-9]+){2,}(?:[-+.][0-9A-Za-z.]+)?", ".", heads="vV0-9"),
    _rule("version", r"[vV][0-9]+(?:\.[0-9]+)*(?:[-+][0-9A-Za-z.]+)?", heads="vV"),
    _rule(
        "range",
        r"(?:[0-9]{4}年)?[0-9]{1,2}月[0-9]{1,2}[日号]?[-–—~～](?:[0-9]{1,2}月)?[0-9]{1,2}[日号]?"
        r"|[+-]?[0-9][0-9.,:]*(?:[%‰℃°]?|[^\W\d_]{1,3}[%‰℃°]?(?=.*[^0-9.,()]\Z))[-–—~～〜][+-]?[0-9][0-9.,:]*[^\s0-9/-]{0,6}",
        heads="+0-9-",
    ),
    _rule("number", r"[+-]?[0-9][0-9.,/:*×-]*(?:[eE][+-]?[0-9]+|[%‰])?", heads="+0-9-"),
    _rule("file", r"[^/\\\n]*[^/\\\s.]\.[A-Za-z][A-Za-z0-9]{0,5}", "."),
    _rule(
        "identifier",
        r"@?[A-Za-z_$][A-Za-z0-9$]*(?:[_.:][A-Za-z0-9_$]+)+(?:\(\))?|@[A-Za-z0-9_.-]+",
        "_.:@",
        heads="@A-Za-z_$",
    ),
    _rule("path", r"[^\s/\\×]+(?:[/\\][^\s/\\×]+){2,}[/\\]?", "/\\"),
)
"""The first that fits the whole text gives the kind."""


@lru_cache(maxsize=1024)
def _rules_for(head: str, *held: bool) -> tuple[_Rule, ...]:
    """The rules that a text may fit which begins with `head`, by which of `_TELLING` are in it: few of them."""
    signs = {sign for sign, is_held in zip(_TELLING, held, strict=True) if is_held}
    return tuple(
        rule
        for rule in _RULES
        if (not rule.heads or re.match(f"[{rule.heads}]", head)) and all(signs & {*some} for some in rule.signs)
    )


_TELLING = "/\\.:@_-("
_CJK = later("[\u2e80-\u2fdf\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_CJK_WORDS = later(f"{_CJK.pattern}{{1,12}}(?:[-\u2010-\u2013\u2212]{_CJK.pattern}{{1,12}})+")
_PAIR = later(r"[^/／\s]{1,12}(?:[/／][^/／\s]{1,12})+")
_WORDS = later(r"[^\W\d_]+(?:(?:['’&/\\+-][^\W\d_]+)+|\(e?[sn]\))")
_SPACED, _OF_LETTERS = later(r"\s[-/\u2013\u2014]\s"), later("[A-Za-z]/[A-Za-z]")
_WITH_GREEK = later("[A-Z]{2,}-[α-ω][A-Z]?")  # `TNF-α`
_COUNTED = later("[0-9]{1,3}-(?:[a-z]{2,}(?:-[a-z]{3,})?|k?Wh|mAh|[kM]?W|[kMG]?Hz|[KMGT]B)")
"""`8-bit`, `5-tuple`, `10-kWh` and `72-year-old` are words."""
_PRICES = later("[0-9][0-9.,]*[kKmM]?[-–][$€£¥￥₩₹][0-9][0-9.,]*[kKmM]?")
"""`44-£120`: its first sign does not belong to it."""
_LETTER_UNITS = later("m/[shz]|g/[LlmtdK]|[Ll]/[shd]|[vw]/[vw]|c/c|[NAVW]/m|J/K")
"""Units of two letters; any other two letters with a slash are an abbreviation or a sum."""
_DAY_OF_A_YEAR = later(r"(?:0?[1-9]|1[0-2])\.(?:0?[1-9]|[12][0-9]|3[01])")  # `11.8-11.11`
_GROUPS = later(r"(?!\d{4}-\d\d-\d\d\Z)\d+(?:\.\d+)?(?:-\d+(?:\.\d+)?)+")
_CODE = later(
    "(?<![A-Za-z0-9])(?:[A-Z0-9]{4,64}|[a-z]{1,5}[0-9]{6,12}|[0-9a-f]{7,64}|0x[0-9A-Fa-f]{4,64}|[A-Z]{1,3}[0-9]{1,4}x[0-9]{2,4}(?:x[0-9]{1,4})?"
    "|(?![0-9x]+(?![A-Za-z0-9]))(?=(?:[A-Za-z]*[0-9]+[A-Za-z]+){2})[A-Za-z0-9]{12,40})(?![A-Za-z0-9])"
)
"""The last one is an identifier that a machine made: `wx8d21f0c9b3a47e5f`."""
_LIBRARY = later(r"[A-Z][A-Za-z]+\.(?:js|io|net|ai|rs)")  # `Node.js` is the name of a thing, and no file
_FILE_LIKE = later(r"\.(?:com|org|net|cn|io|dev)\Z")

OF_SUMS = "-+*/"
_SUM = later(r"(?:\d[\d.,]*|[A-Za-z])[-+*/](?:\d[\d.,]*|[A-Za-z])")
_KEY = later(f"(?:[^\\W\\d_]{{2}}[0-9]*|{_CJK.pattern}) *\\Z")
_EQUALS = "=≈≠≤≥"
_TIMES = "+*×÷"


def is_sum(text: str, start: int, end: int) -> bool:
    """`5-3` in `5-3 = 2`, `x = 5-3` or `2*5-3`; what follows a key (`ratio = 3/4`) is a value."""
    if not _SUM.fullmatch(text, start, end):
        return False
    if text[start].isdecimal() and kind_of(text[start:end]) == "code":
        return False  # `J2 = 43045-0412`
    after = text[end : end + 8].lstrip(" ")
    if after[:1] and after[0] in _EQUALS:
        return True
    before = text[max(0, start - 24) : start].rstrip(" ")
    if not before or before[-1] not in _EQUALS:
        return before[-1:] in tuple(_TIMES) and before[-2:-1].isalnum()
    return not _KEY.search(before[:-1])


@lru_cache(maxsize=4096)
def kind_of(text: str) -> str:
    """One of KINDS, for a target that is nothing but this text."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)  # marks are no letters for the rules
    if len(text.split()) > 1 and _SPACED.search(text):
        return "spaced"
    if len(text) == 3 and _OF_LETTERS.fullmatch(text):  # `N/A` and `a/b` could be newton, ampere or year
        return "unit" if _LETTER_UNITS.fullmatch(text) else "name"
    if text[:1].isdigit() and _COUNTED.fullmatch(text):
        return "name"
    kind = _by_rule(text) if 0 < len(text) <= 400 else ""
    if kind in ("range", "number", "identifier") and _is_of_digits(text, kind):
        return "code"
    if kind == "file" and (_FILE_LIKE.search(text) or _is_attribute(text)):
        return "code" if _is_of_digits(text, "identifier") else "identifier"  # `CN202310412786.X`
    if kind == "file" and _LIBRARY.fullmatch(text):
        return "name"
    if kind and not (kind == "path" and _is_chain(text)):
        return kind
    if not text.isascii() and _CJK.search(text):
        if _CJK_WORDS.fullmatch(text):
            return "cjk-pair"
        if re.search(r"[/／]", text) and not re.search(r"[\\_]", text) and _PAIR.fullmatch(text):
            return _kind_of_pair(text)
    elif _WORDS.fullmatch(text):
        in_capitals = text.isupper() or _WITH_GREEK.fullmatch(text)
        return "code" if in_capitals and "/" not in text and len(text) > 3 else "name"
    return "code"


def _kind_of_pair(text: str) -> str:
    is_of_words = not re.search(r"[A-Za-z0-9]{3,}", text) or all(map(_CJK.search, re.split("[/／]", text)))
    is_of_parts = "-" in text and re.search("[A-Za-z0-9]", text)  # `G3-南门/桥下`
    is_of_parts = is_of_parts or re.match(f"[{PLATES}][A-Z]·", text)  # `豫A·3F771/挂`
    return "cjk-pair" if is_of_words and not is_of_parts else "code"


def _is_attribute(text: str) -> bool:
    """Whether what is behind the dot is the ending of no file: `s3.Object`."""
    return (
        text.isascii() and _ATTRIBUTE.fullmatch(text) is not None and text.rpartition(".")[2].lower() not in EXTENSIONS
    )


_ATTRIBUTE = later(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+")


def _by_rule(text: str) -> str:
    head = text[0]
    if head.isdigit() and _PRICES.fullmatch(text):
        return "range"
    if "\u3400" <= head <= "\u9fff":
        head = "一"  # no rule tells them apart
    a, b, c, d = "/" in text, "\\" in text, "." in text, ":" in text  # in the order of _TELLING
    for rule in _rules_for(head, a, b, c, d, "@" in text, "_" in text, "-" in text, "(" in text):
        if rule.pattern.fullmatch(text):
            return rule.kind
    return ""


_LONG_PART, _MODEL = (
    later("[0-9]{3,}:"),
    later("[0-9]{1,2}(?:[A-Z][a-z])?-[0-9]{4,5}[A-Z]{1,3}|[0-9]{3,6}-(?:[0-9]{1,2}|[0-9]{5,8})[A-Z]{1,3}"),
)
_OF_A_PLACE = later("[0-9]+([栋棟幢座车車柜櫃架桌])-[0-9]+(?!\\1).*")  # `6栋-503B`, `07车-12F`; `3栋-5栋` is a range
_CODE_IN_CAPITALS = later("[A-Z]{1,8}_[0-9]{3,}")  # `OA_5031`
_TAGGED, _VOYAGE = later(r":[0-9]+\.[0-9]"), later(r"[A-Z]\.[0-9]{3,}[A-Z]")  # `nginx:1.25.3`, `V.2417E`


def _is_of_digits(text: str, kind: str) -> bool:
    """Whether it is a code that looks like a number or name: `10.4.2/3:7`, `5000-01-220`, `arXiv:2305.10403v3`."""
    if kind == "identifier":
        return (
            sum(map(str.isdigit, text)) > 4
            or _CODE_IN_CAPITALS.fullmatch(text) is not None
            or _TAGGED.search(text) is not None
            or _VOYAGE.fullmatch(text) is not None
        )
    if kind == "range" and (_LONG_PART.match(text) or _MODEL.fullmatch(text) or _OF_A_PLACE.fullmatch(text)):
        return True  # `5410:2004-1`, `7-7840HS`, `6204-2RS`
    if _GROUPS.fullmatch(text):
        return _is_part_number(text.split("-"))
    has_signs = kind == "number" and len(set(text) & set("-./:")) > 1
    return has_signs and sum(map(str.isdigit, text)) > 4 and "e" not in text.lower()


def _is_part_number(groups: list[str]) -> bool:
    """Numbers that are no range: long ones in groups, a zero ahead, a second number that is smaller."""
    if len(groups) > 2:
        is_room = len(groups[-1]) == 4 and groups[-1][:2] not in ("19", "20")  # `8-2-3047`, but not `8-2-2024`
        return sum(map(len, groups)) > 6 or (groups[0][0] == "0" and len(groups[0]) > 1) or is_room
    first, second = groups
    if first[0] == "0" and "." in second and len(first.partition(".")[0]) > 1:
        return True  # `00-5412.8`
    if all(map(_DAY_OF_A_YEAR.fullmatch, groups)):
        return False
    is_falling = float(first) > float(second)
    if "." in first + second:
        return is_falling or abs(len(first.partition(".")[2]) - len(second.partition(".")[2])) > 1  # `88.204-91`
    if len(first) > 1 and len(second) - len(first) > 2 and second[-1] != "0":
        return True  # `88-31906`
    has_zero = any(len(group) > (2 if len(first) <= len(second) else 1) and group[0] == "0" for group in groups)
    is_even = len(first) == len(second) < 5 and not is_falling  # `0600-0800`
    return (has_zero and not is_even) or (len(first) > 4 and is_falling)


def is_code(text: str) -> bool:
    """Whether a code without any sign is in it: `NCT04280705`, a hash, an article number."""
    return any(map(_has_digits, _CODE.findall(text)))


def _has_digits(run: str) -> bool:
    digits = sum(map(run.count, "0123456789"))
    if digits == len(run):
        return digits >= 10
    if run.isupper():
        return (digits >= 3 and len(run) > 5) or _MIXED.search(run) is not None
    return digits > 0


_MIXED = later("(?<![A-Z0-9])[A-Z]0[0-9]{3}(?![A-Z0-9])|[A-Z][0-9]+[A-Z]|[0-9][A-Z]+[0-9]")


def pairs_of(inner: str) -> tuple[str, ...]:
    """What is protected with a chain: its sides that are codes by themselves, and the pairs of three and more."""
    parts = _SIDES.split(inner)
    if len(parts) < 2 or "\\" in inner:
        return ()
    if not _CJK.search(inner) and "×" not in inner:
        return tuple(parts) if all(map(_HOST_AND_PORT.fullmatch, parts)) else ()
    codes = [one for one in parts if _CODE_OF_PARTS.fullmatch(one) and kind_of(one) in _OF_CODES]
    chain = _LINKS.split(inner)  # with what is between them
    if len(chain) < 5:
        return tuple(codes)
    links = zip(chain[::2], chain[1::2], chain[2::2], strict=False)
    return (*(f"{one}/{other}" for one, sign, other in links if sign == "/" and one and other), *codes)


_SIDES, _LINKS, _HOST_AND_PORT = later("[/／×~～（）]"), later("([/／×])"), later(r"(?:\d+\.){3}\d+:\d+")
_CODE_OF_PARTS = later("(?=.*[0-9])[\\w.]+(?:[-:_·][\\w.]+)+|[A-Z]+-[A-Z][A-Za-z]+")
_OF_CODES = frozenset({"code", "standard", "version", "phone", "cas", "name", "identifier"})


def _is_chain(text: str) -> bool:
    """`玄关/鞋柜/岩板` and `A款/黑色/XL` are words in a row, and no path; so is `and/or/not`."""
    parts = re.split(r"[/\\]", text.strip("/\\"))
    if text[0] in "/\\~." or "\\" in text or "." in parts[-1] or re.match("[A-Za-z]:", text):
        return False
    return all(len(part) <= 4 for part in parts) and any(_CJK.search(part) for part in parts)


_TRADITIONAL = str.maketrans(
    "与业个为义书于产亿从关册写准划则删制动务区单压历参发号后吗吨图复夹对导将万层岁岗帮应开张异录径志总户执报择换据"
    "数时条标栋检楼气汇没温点烦码称简纪级纲约纸线细结给统续编缩联脚节范见规计议讲许论设访证译试该误说请读课调败账"
    "货购资转载较辑达运还这选递释里钟错问页项预题验档内采",
    "與業個為義書於產億從關冊寫準劃則刪製動務區單壓歷參發號後嗎噸圖複夾對導將萬層歲崗幫應開張異錄徑誌總戶執報擇換據"
    "數時條標棟檢樓氣匯沒溫點煩碼稱簡紀級綱約紙線細結給統續編縮聯腳節範見規計議講許論設訪證譯試該誤說請讀課調敗帳"
    "貨購資轉載較輯達運還這選遞釋裡鐘錯問頁項預題驗檔內採",
)
"""The characters of the words below that are written otherwise in Hong Kong and Taiwan."""


def any_of(words: Iterable[str]) -> str:
    """A pattern of the words in their order. What they begin with is asked first: most places begin none of them."""
    words = tuple(words)
    return f"(?=[{''.join(sorted({word[0] for word in words}))}])(?:{'|'.join(words)})"


def _words(text: str) -> tuple[str, ...]:
    words = {*text.split(), *text.translate(_TRADITIONAL).split()}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


VERBS = _words(
    "改一下 改下 查一下 查下 跑一下 试一下 试下 发一下 传一下 跳过 忽略 排除 更新 补传 重传 回传 补发 重发 转存 覆盖 "
    "恢复 还原 追加 录入 填报 扫描 拍照 预览 播放 加载 打开 读取 查看 保存 保存到 另存为 存为 存成 删除 编辑 修改 "
    "运行 执行 下载 上传 发送 发给 导出 导入 写入 写到 合并 检查 核对 解析 分析 翻译 总结 整理 复制 移动 重命名 改名 "
    "改名为 重命名为 命名为 命名 压缩 解压 打印 转换 附上 参考 参照 参见 详见 另见 见 请 把 将 用 在 从 到 向 给 "
    "帮 帮我 帮忙 请问 烦请 劳烦 敬请 ファイル フォルダ フォルダー 添付ファイル "
    "麻烦 我 看 看看 看一下 看下 一下 读 读一下 写 存 文件 文件名 附 附件 附件为 附件是 目录 文件夹 路径 脚本 名为 叫 "
    "叫做 是 为 的 里的 中的 这个 開啟 開啓 儲存 檔案 資料夾 繳交 建立 开启 那个 该 一个 给予 后 和 与 及 或 跟 以及 "
    "还有 选择 选用 采用 使用 应用 审核 审阅 转给 交给 提交 替换 写在 记录在 存于 位于 不要 想要 只要 提到 提及 涉及 "
    "包括 包含 含有 显示 更换 改用 换用 买入 卖出 放行 关闭 开通 登录 登陆 前往 抵达 用于 属于 对于 由于 写成 写作 "
    "写为 标为 记为 译为 译成 改成 改为 换成 关于 按照 根据 依据 调用 请求 访问 通知 告知 联系 提供 列出 生成 起草 "
    "编写 撰写 确认 校对 转发 拆分 提取 创建 清理 调试 编译 浏览 分享 阅读 查找 核实 润色 概括"
)
"""Verbs, labels and particles that come before a file or a term and do not belong to it."""

NO_VERBS = _words(
    "买家 卖家 买方 卖方 住宅 住院 住户 住房 住所 住址 放射 放大 放电 放款 找平层 "
    "买卖 找平 找零 需求 需方 含量 含水 含税 含氧 将军 被告 被子 被动 往复 往返 往来 去离子 去皮 让利 让步 把手 把关 "
    "穿透 穿线 吃水 "
    "确认单 确认书 确认函 确认表 确认件 校对稿 转发量 提取物 提取液 提取率 创建人 创建时间 清理记录 清理方案 调试记录 "
    "调试报告 编译器 编译原理 浏览器 浏览量 分享会 阅读理解 阅读材料 阅读量 核实表 "
    "更新日志 更新说明 更新记录 更新内容 更新计划 更新包 恢复计划 恢复方案 扫描件 录入表 填报表 播放列表 播放量 "
    "审核表 审核单 审核意见 审核报告 审核记录 审核要点 提交记录 提交材料 替换件 替换记录 "
    "运行图 运行记录 运行日志 修改记录 修改单 下载量 打印机 编辑部 保存期 执行力 执行器 发送量 导入表 导出表 用例 "
    "用户 用途 用例 用量 用电 用水 用地 在线 在途 在建 后台 后勤 后续 后端 到货 到期 到账 到岗 请示 请假 请款 请购 "
    "ファイル名 ファイル一覧 ファイル形式 ファイル共有 ファイルサーバ ファイルシステム ファイルサイズ フォルダ名 "
    "見積 見本 見出 請求書 請求額 請求先 請求明細 参考資料 在庫 用語 整理券 保存版 "
    "附录 附图 附表 附加 附属 附近 附着 附则 附注 附带 附页 附言 附錄 附圖 "
    "要求 要素 要点 要件 要闻 要务 要约 要害 命名规范 命名规则 命名空间 "
    "看板 跟踪 跟单 从业 向导 给水 给排水 给付 读者 读数 写字楼 存货 存量 存款 存档 是否 我方 叫号 为民 及格 帮扶"
)
"""Words that begin like a verb of VERBS and are none: `用户ID列表.csv`."""

HEADS = _words(
    "開啟 開啓 接口 路径 目录 文件夹 文件 地址 读取 打开 访问 请求 调用 查看 写入 保存到 日志 在 到 从 把 将 "
    "下载 上传 执行 运行 删除 编辑"
)
"""Words behind which a slash begins a path, though there is no blank between."""

TAILS = _words(
    "报错 返回 傳回 接口 请求 失败 超时 出错 目录 文件 文件夹 下面 下的 里面 里的 中的 的 下 里 中 是 有 会 没 不 "
    "吗 了 时 后 和 与 或 并 可 能 为 正常 异常 路径 页面 服务"
)
"""How a word begins that touches the end of a path and does not belong to it."""

PARTICLES = _words("を は が に で と の へ も から まで より です")
"""What Japanese puts behind a token, with more behind it: `/var/log/syslogを確認`."""

CASES = _words("を は が に で へ から まで より です")
"""Those of them that are in no name."""

PARTICLES_BEFORE_A_BLANK = _words("을 를 은 는 이 가 에 에서 의 로 으로 와 과 도 만 까지 부터 입니다")
"""What Korean puts behind a token; other words that begin like one are part of it: `/data/v2도면`."""

TAIL_SEAMS = _words(
    "目录下 目录里 目录中 目录的 文件夹下 文件夹里 文件夹中 文件夹的 下的 下面 下所有 里的 里面 中的 内的 的内容 "
    "的文件 的图片 的数据 的资料 的所有 没有 是否 不存在 返回 傳回 报错 失败 这个 那个 "
    "发给 发我 发到 传给 传到 移到 移动到 复制到 拷贝到 拷到 同步到 备份到 上传到 导出到 导入到 改名 重命名 打包 删掉 "
    "给我"
)
"""Where a path ends inside its last run of Han, though more Han follows."""

BELOW_ZERO = _words(
    "楼层 地下 温度 温 最低 最高 零下 标高 高程 海拔 偏差 误差 设定 低于 高于 降到 降至 升至 "
    "达到 为 至 到 约 达 是 让球 涨跌 涨跌幅 涨幅 跌幅"
)
"""Words behind which a hyphen and one or two digits are a negative number."""

CONJUNCTIONS = "与與和及或跟"

OF_A_SENTENCE = later(
    f"[的了已吗嗎呢吧是在把被将將请請我你您他她它们們这那這不没沒也都就还還并並而但若如则則各取转轉接按由给給从從到{CONJUNCTIONS}"
    f"\u3041-\u3096\uac00-\ud7a3]|等于|多少|{any_of(word for word in VERBS if len(word) > 1)}"
)
"""What a sentence has, and the name of a thing has not."""

PLATES = "沪京粤津渝苏浙皖闽鲁豫鄂湘川贵云陕甘青藏新蒙辽吉黑桂琼赣晋冀宁滬粵蘇閩魯貴雲陝遼瓊贛晉寧"
"""First character of a number plate."""

AMOUNT = (
    "[0-9][0-9.,]*(?:[nμµmck]?[gLlmsVAW]|IU|U|h|min|mol|[kM]?Pa|[kMG]?Hz|[kMGT]B|km|"
    "[℃%‰元件个次片台套张只袋盒箱瓶人天株亩斤吨份条块根颗包粒支])"
)

MEASURES = _words(
    "号线 号楼 号厅 号机 号门 号库 号桌 批次 批 轮 针 "
    "円 圓 泊 晚 趟 字 码 款 篇 题 杯 笔 托 株 集 股 席 匹 歳 階 枚 冊 조 항 호 원 개 건 명 대 동 회 층 "
    "单元 小时 分钟 秒钟 个月 工作日 平方米 立方米 公里 千米 毫米 厘米 公斤 千克 毫升 万元 亿元 美元 架次 人次 元 "
    "吋 角 分 万 亿 千 百 人 日 月 年 天 周 次 层 号 楼 室 栋 时 秒 米 升 吨 克 斤 度 个 件 台 套 只 条 项 份 页 "
    "章 节 级 岁 倍 户 点 线 寸 箱 包 瓶 张 名 位 期 版 季度 "
    "回 粒 盒 片 支 袋 块 根 卷 桶 辆 颗 滴 帧 册 棵 艘 罐"
)
"""Measure words: behind a number they belong to it."""

CLAUSE_BEGINS = (*"\n，。；！？、请請烦煩", "帮我", "幫我", "帮忙", "幫忙")
"""Behind these, and at the start of a text, a word may be a verb that no list knows: `麻烦归档验收单2024.xlsx`."""

LABELS = _words(
    "确认 核实 引用 转发 贯彻 落实 遵照 对照 "
    "要 来自 接口 地址 编号 型号 货号 科目 代码 标签 检验 产品 版本 说明 讲解 解释 区分 比较 对比 快递单 工卡 "
    "填写 本次"
)
"""Nouns that name what comes behind them. A file name may begin with one."""

SHORT_LABELS = _words(
    "AWB BL CAS CC DOB DOI EAN EC ETA ETD EXP FAX FW FYI HS ID INV IP IPC LOT MAC MFD MFG MPN NB NO OID PI PID PIN PN "
    "PO PS QQ QTY RE REF RMA SIP SKU SN SO TEL TO UDI UID UN UPC URI URL VAT VIN WO"
)
"""Labels of two and three capitals: what is before a colon else belongs to the code, as in `PRM:44-q`."""

_NUMBERED_NAMES = (
    "CAS ISBN ISSN DOI UID QQ VIN IMEI ACL PMID MD5 SHA1 SHA256 EAN UPC pH CUDA cuDNN Python JDK Java iOS Android "
    "Windows Win Office PHP Node Vue React Ubuntu CentOS Debian MySQL PostgreSQL Redis Nginx PyTorch TensorFlow "
    "VLAN GPA HS AQL BPM RMB CNY USD EUR HKD JPY GBP"
)
"""Names that are written with a blank before their number and without: `ISBN978-7-111-40701-0`, `CUDA11.8/12.1`."""

NUMBERED_NAME = later(f"(?:{any_of(_NUMBERED_NAMES.split())}|IP(?=\\d+\\.\\d+\\.)|(?:19|20)[0-9]{{2}}年)(?=[0-9a-f])")

DOCUMENTS = _words(
    "单 表 图 纸 册 书 稿 函 卷 证书 许可证 方案 预案 答案 档案 提案 记录 目录 附录 名录 数据集 合集 文集 报告 "
    "公告 合同 协议 计划 规划 纪要 摘要 资料 材料 模板 数据 台账 日志 通知 申请 说明 明细 照片 图片 文档 文件 "
    "论文 简历 发票 标准 规范 规程 规则 手册 总结 汇报 课件 讲义 教程 大纲 作业 试题 统计 汇总"
)
"""How the name of a document ends before its number: `验收单2024.xlsx`."""

LABELS_OF_FILES = _words(
    "源表 源文件 原稿 底稿 初稿 定稿 素材 配置 文案 主表 附表 子表 总表 "
    "报表 台账 课件 公告 手册 清单 模板 表单 表格 图纸 文档 附件 文件 日志 数据 资料 图片 照片 报告 合同 脚本 "
    "附件是 日志是"
)
"""Words that are a label where nothing else comes before a name: `表格2024.xlsx`, or the name itself."""

EXTENSIONS = _words(
    "xlsx xlsm xls csv tsv docx doc dotx pptx ppt pdf txt md markdown rst rtf odt ods json jsonl yaml yml toml ini "
    "cfg conf env xml html htm xhtml css scss less js mjs cjs jsx ts tsx vue svelte py pyi ipynb java kt go rs c h cc "
    "cpp hpp cs php rb pl sh bash zsh bat ps1 cmd sql db sqlite log lock zip rar 7z tar gz tgz bz2 xz zst png jpg "
    "jpeg gif bmp svg webp ico tif tiff psd ai eps dwg dxf rvt ifc skp step stp stl mp3 wav flac aac ogg fits mp4 mov "
    "avi mkv webm srt vtt ass exe msi dll so dylib apk ipa deb rpm iso img bin dat pkl npy npz parquet onnx gguf "
    "safetensors pt pth ckpt clj lua swift scala dart proto gradle properties service timer desktop hwp hwpx raw pem "
    "crt cer csr prt mat asm ppk p12 jks war ear jar plist resx xaml sln csproj vcxproj wasm bak tmp lst diff patch "
    "xps odg odp mpp vsd vsdx xmind 3dm sldprt 3ds obj fbx dae igs iges sat nc gcode cdr indd sketch fig ttf otf woff "
    "woff2 lz4 h5 hdf5 avro gml kml kmz geojson shp dbf sav dta rda rds ps1xml psm1 m4a wma amr opus heic heif avif "
    "tga dds po pot mo tex bib eml msg ics vcf wps et dps ofd caj key pages numbers adi adif jks xltx xlsb gpx m4v "
    "wmv flv rmvb m3u8 torrent aab hap uf2 dbc arxml accdb qgz vhd vmdk qcow2 ova cdw frw m3d "
    "a2l s19 hex elf axf ioc sldasm slddrw catpart gltf glb prefab mf4 blf pcap pcapng jmx rdb nef cr2 cr3 arw dng raf "
    "orf rw2 xmp fastq fasta midi musicxml gbr aiff prproj pub"
)
"""Endings of file names."""

DOTFILES = _words(
    "gitignore gitattributes gitmodules dockerignore editorconfig npmrc nvmrc yarnrc htaccess bashrc bash_profile "
    "zshrc vimrc eslintrc prettierrc babelrc pylintrc flake8 coveragerc clang-format bazelrc env DS_Store"
)
"""Names of files that begin with a dot and have no ending."""
