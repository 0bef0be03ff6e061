"""One scanner over a source: the strings worth protecting when nobody has listed them.

Long tokens are taken first, by what they begin with (URL, path, placeholder, option, quoted token); what is left of a
line falls into atoms between blanks, quotes, brackets and CJK punctuation, and each atom is cut where a run of Han,
kana or Hangul touches a token. Such an edge is uncertain: a blank put exactly there is never damage.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from harness.text.kinds import STANDARD, kind_of
from harness.text.spaced_words import spaced_words
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import Target
from harness.text.vocabulary import ACTIONS, CONJUNCTIONS, EXTENSIONS, HEADS, LABELS, MEASURES, TAILS, VERBS

_HAN = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff"
)
"""Han, kana and Hangul, for a character class."""
_JOINTS = "/／\\-\u2010\u2011\u2012\u2013\u2212\uff0d"
_ENDS = "\\s，。；：！？、…（）【】《》〈〉「」『』“”„‟‘’‚‛«»‹›،؛؟\"'`()\\[\\]{}<>|,;!?*"
_OPENED = (
    ("“", "”"),
    ("‘", "’"),
    ("「", "」"),
    ("（", "）"),
    ("(", ")"),
    ("《", "》"),
    ("【", "】"),
    ("[", "]"),
    ("{", "}"),
)
_URL_ENDS = '\\s，。；：！？、…（）【】《》〈〉「」『』“”„‘«»‹›،؛؟"`\\[\\]{}<>|'
_IN_PATH = "|".join(
    [f"[^{_ENDS}/\\\\]", *(f"{re.escape(a)}[^{re.escape(a + b)}\\n]{{1,40}}{re.escape(b)}" for a, b in _OPENED)]
)
"""A character of a path, or what stands in quotes or brackets that were opened inside it."""
_BRACKETED = "|".join(
    f"{re.escape(a)}[^{re.escape(a + b)}/\\n]{{1,40}}{re.escape(b)}"
    for a, b in (("（", "）"), ("(", ")"), ("【", "】"), ("[", "]"))
)
_SEGMENT = f"(?:{_IN_PATH}){{1,120}}"
_NOT_BEHIND = "(?<![A-Za-z0-9_./\\\\])"
_BEGINS = f"(?<![^\\s\"'“„‘‚«‹「『《（(\\[<{{=:：，。；、？！`|{_HAN}])"
_STARTS = "(?<![^\\s\"'“„‘‚«‹「『《（(\\[<{=:：，。；、？！`|])"
_EXTENSION = re.compile(rf"\.(?:{'|'.join(EXTENSIONS)})(?![A-Za-z0-9_])(?![.-][A-Za-z0-9])", re.IGNORECASE)

_HOLDER = "|".join(
    (
        r"\{\{\{[^{}\n]{1,60}\}\}\}|\{\{[^{}\n]{1,60}\}\}|[$#%]\{[^{}\n]{1,60}\}",
        r"\{(?:[A-Za-z_][\w.]{0,40}|\d{1,3})(?:![rsa])?(?::[^{}\s]{0,12})?\}",
        r"(?<![\w%])%(?:\([A-Za-z_]\w{0,40}\)|\d\$)?"
        r"[-+0#]{0,2}\d{0,3}(?:\.\d{1,2})?[sdifreEgGxXu@](?![A-Za-z0-9])",
        r"</?\d{1,3}\s?/?>|&(?:nbsp|lt|gt|amp|quot|apos);|<%[=-]?[^%\n]{1,60}%>",
        r"\[\[[\w .-]{1,40}\]\]|(?<!\w)__[A-Z][A-Z0-9_]{0,40}__(?!\w)",
    )
)
"""Placeholders of Python, printf, .NET, mustache, Ruby, i18next, XLIFF and templates."""

_LONG = re.compile(
    "|".join(
        (
            rf"(?P<url>(?<![A-Za-z0-9+.-])(?:[A-Za-z][A-Za-z0-9+.-]{{1,20}}://|www\.)[^{_URL_ENDS}{_HAN}]+"
            rf"(?:(?<=/)[^{_URL_ENDS}/]{{1,60}}/[^{_URL_ENDS}]{{0,200}}|(?<=/)[^{_URL_ENDS}/]{{1,60}}\.[a-z0-9]{{2,5}}(?![A-Za-z0-9]))?)",
            rf"(?P<standard>(?<![A-Za-z0-9/-])(?:{STANDARD}) [A-Z]{{0,2}}[0-9]{{2,}}"
            r"(?:[./:-][0-9A-Za-z]+)*(?:-[0-9]{2,4})?(?![A-Za-z0-9]))",
            r"(?P<phone>(?<![\w+])\+[0-9]{1,3}(?:[ -][0-9]{2,4}){2,5}(?![\w-]))",
            rf"(?P<mail>{_NOT_BEHIND}[A-Za-z0-9_.+-]{{1,64}}@[A-Za-z0-9-]{{1,63}}(?:\.[A-Za-z0-9-]{{1,63}}){{1,5}})",
            rf"(?P<holder>{_HOLDER})",
            r"(?P<named>(?<![\w:/.)\]}])(?<!::):[a-z][a-z_]{1,30}(?![\w:.-]))",
            rf"(?P<win>(?<![A-Za-z0-9])[A-Za-z]:[\\/](?:{_SEGMENT}[\\/])*(?:{_SEGMENT})?|\\\\[A-Za-z0-9_.-]+(?:\\{_SEGMENT})+\\?)",
            rf"(?P<rel>{_STARTS}(?:{_SEGMENT}[/\\\\]){{1,12}}{_SEGMENT}\.(?:{'|'.join(EXTENSIONS)})(?![A-Za-z0-9_]))",
            rf"(?P<file>{_STARTS}(?:[^{_ENDS}/\\\\]){{0,60}}(?:{_BRACKETED})(?:{_IN_PATH}){{0,60}}?\.(?:{'|'.join(EXTENSIONS)})(?![A-Za-z0-9_]))",
            rf"(?P<unix>{_BEGINS}(?:~|\.{{1,2}})?/(?=[^\s/])(?:{_SEGMENT}/)*(?:{_SEGMENT})?)",
            rf"(?P<option>(?<![\w-])--[A-Za-z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*(?:=[^{_ENDS}{_HAN}]+)?)",
            r"(?P<quoted>“[^“”\n]{2,80}”|\"[^\"\n]{2,80}\"|「[^「」\n]{2,80}」|『[^『』\n]{2,80}』|`[^`\n]{2,120}`|'(?<![A-Za-z0-9]')[^'\n]{2,80}'(?![A-Za-z0-9]))",
        )
    )
)
_ATOM = re.compile(
    rf"(?:[^{_ENDS}]|(?<=[A-Za-z])’(?=[A-Za-z])|(?<=\d),(?=\d{{3}}(?!\d))|(?<=[A-Za-z0-9])\([A-Za-z0-9]{{1,2}}\)(?=[\s/，。；]|$)|(?<=[A-Z0-9])\*(?=\d)|(?<=[A-Z0-9]),(?=[A-Z0-9]{{1,2}}-[a-z]))+"
)
_HEAD_MARKS = ".,:;!?*~=&^+#_·%"
_TAIL_MARKS = ".,:;!?*~=&^_·#+-—–@$\\"
_ORNAMENT = re.compile("[\u2190-\u21ff\u25a0-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\u200d\ufe0f]")
"""Emoji, arrows and bullets: round a token they do not belong to it."""
_SUM = re.compile(r"(?:\d[\d.,]*|[A-Za-z])[-+*/](?:\d[\d.,]*|[A-Za-z])")
_KEY = re.compile(f"(?:[^\\W\\d_]{{2}}|[{_HAN}]) *\\Z")
_EQUALS = "=≈≠≤≥"
_TIMES = "+*×÷"
_SIGN_BETWEEN = re.compile(
    r"(?<=[^\W_])[^\w\s\x00-\x1f\x7f]{1,2}(?=[^\W_]|[㎀-㏿℃℉Ω])|(?<=[^\W_])_+(?=[^\W_])|(?<=\d)[%‰]?[~～](?=\d)"
)
_HAN_RUN = re.compile(f"[{_HAN}]+")
_RUN = re.compile(f"[{_HAN}]+|[^{_HAN}]+")
_JOINT = re.compile(f"(?<=[^{_JOINTS}])[{re.escape(_JOINTS)}](?=[^{_JOINTS}])")
_LETTER_PAIR = re.compile(r"[a-z][/\\][a-z]|[A-Za-z]=|\d+(?:[-+*/]\d+)*=.*|\d+\*\d+[-+/]\d+")
_KANA_TAIL, _KANA_HEAD = re.compile("[\u30a1-\u30ff]+\\Z"), re.compile("[\u30a1-\u30ff]+")
"""Katakana words are wholes: another script ends them."""
_LABELLED = re.compile(r"[a-z][a-z-]*:(?=[A-Za-z])")
"""`color:red`: what is behind the key is the value."""
_TWO_PATHS = re.compile("(?<=[A-Za-z0-9_])(?:和|与|及|或|到|移到|移动到|复制到|拷贝到|换成|改成)(?=[/~])")
"""`/data/x移到/data/y` is two paths."""
_PLATES = "沪京粤津渝苏浙皖闽鲁豫鄂湘川贵云陕甘青藏新蒙辽吉黑桂琼赣晋冀宁"
"""First character of a number plate."""
_NUMBERED = re.compile(f"[{_HAN}]{{1,4}}[0-9]")
_MEASURE = re.compile("|".join(MEASURES))
_UNIT_NAME = "kWh|MWh|kW|kg|km|mol|m[²³]?|L|mL|h|s|min|d|GB|MB|次|人|年|月|日|天|小时|架次"
_UNIT_BEHIND = re.compile(f"[0-9.,]*(?:{_UNIT_NAME})(?![A-Za-z0-9])")
_UNIT_BEFORE = re.compile(f"(?:[0-9](?:mg|g|kg|m|L|mL|km|{_UNIT_NAME})|[0-9%‰]|[元次人])\\Z")
_ACTION = re.compile("|".join(word for word in ACTIONS if len(word) > 1))
_SEAM = re.compile(f"[{CONJUNCTIONS}的]|{'|'.join(word for word in VERBS if len(word) > 1)}")
_STOP = re.compile(f"[{CONJUNCTIONS}为是的在后时]")
_COUNTED = re.compile(f"[0-9.,]+(?:{'|'.join(MEASURES)})")
_BREAK = re.compile(
    f"\\A([0-9A-Za-z.%]+)(?=[{_HAN}]+[0-9A-Za-z]+\\Z)|\\A([^{CONJUNCTIONS}]+)(?=[{CONJUNCTIONS}])|\\A([0-9A-Za-z.%]{{2,}})(?=[{_HAN}])|\\A([0-9])(?=[{_HAN}]{{2,}})|\\A([{_HAN}]+)(?=[0-9]+\\Z)|\\A([{_HAN}]{{2}})[{_HAN}]{{3,}}"
)
"""Where a chain ends inside a middle side: behind a token that Han follows, before digits, in a long run of Han."""
_LIBRARY = re.compile(r"(?<![A-Za-z0-9_.-])[A-Z][A-Za-z]+\.(?:js|py|io|net|ai|rs|go)\Z")
"""`Node.js` is the name of a thing, and no file."""
_SPACED_PAIR = re.compile(f"([{_HAN}]+)[^\\S\\n]+([-/／])[^\\S\\n]+([{_HAN}]+)")
_PROSE_DASHES = re.compile(r"[^\W\d_]+(?:--[^\W\d_]+)+")
_PLAIN_NUMBER = re.compile(r"[A-Za-z]{3,}[0-9]+(?:\.[0-9]+)*|[±+-]?\d+(?:\.\d+)?[%‰]?|\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_BARE_CODE = re.compile(
    r"(?=[A-Z0-9]*[A-Z])[A-Z0-9]*\d[A-Z0-9]*\d[A-Z0-9]*\d[A-Z0-9]*(?<=.{6})|(?=\d*[a-f])[0-9a-f]*\d[0-9a-f]+(?<=.{7})|\d{10,}"
)
"""A code without any sign: `NCT04280705`, a hash, an article number."""
_BARE_CODES = re.compile(f"(?<![A-Za-z0-9])(?:{_BARE_CODE.pattern})(?![A-Za-z0-9])")
_SENTENCE_SEAM = re.compile(
    r"(?:[a-z]{2,}|[A-Z][a-z]{0,4})[.?!][A-Z][a-z]+|[A-Z][A-Za-z]+\.(?:js|py|io|net|ai)[0-9][0-9.]*"
)
_ABBREVIATION = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]?|Ph\.?D\.?")


class _Span(NamedTuple):
    """A stretch of the text that is a target, and whether its edges are uncertain."""

    start: int
    end: int
    open_left: bool = False
    open_right: bool = False
    kind: str = ""
    alternates: tuple[str, ...] = ()


def scan(source: str | Sequence[str], symbols: SymbolTable = DEFAULT_SYMBOLS) -> tuple[Target, ...]:
    """The targets of a source in order, each text once, at its first place.

    Args:
        source: one text, or one a message: a target never crosses two of them.
    """
    found: dict[str, Target] = {}
    for text in (source,) if isinstance(source, str) else source:
        for target in _scanned(text, symbols):
            found.setdefault(target.text, target)
    return tuple(found.values())


@lru_cache(maxsize=256)
def _scanned(text: str, symbols: SymbolTable) -> tuple[Target, ...]:
    """Kept, since a system prompt is scanned again with every row of a log."""
    found = {*_spans(text), *_own_blanks(text, symbols), *_own_signs(text, symbols)}
    spans = sorted(found, key=lambda span: (span.start, -span.end))
    kept: list[Target] = []
    end = 0
    for span in spans:
        if span.start < end or span.end - span.start < 2:
            continue
        end = span.end
        inner = text[span.start : span.end]
        if _is_sum(text, span.start, span.end):
            continue
        kind = span.kind or kind_of(inner)
        kept.append(Target(inner, kind, span.start, span.end, span.open_left, span.open_right, False, span.alternates))
    return tuple(kept)


def forget() -> None:
    """Drop what is kept of earlier sources, so that a benchmark times the scan itself."""
    _scanned.cache_clear()


def _is_sum(text: str, start: int, end: int) -> bool:
    """`5-3` in `5-3 = 2`, `x = 5-3` or `2*5-3`; what stands behind a key (`ratio = 3/4`) is a value."""
    if not _SUM.fullmatch(text, start, end):
        return False
    after = text[end : end + 8].lstrip(" ")
    if after[:1] and after[0] in _EQUALS:
        return True
    before = text[max(0, start - 24) : start].rstrip(" ")
    if not before or before[-1] not in _EQUALS:
        return before[-1:] in tuple(_TIMES) and before[-2:-1].isalnum()
    return not _KEY.search(before[:-1])


def _own_blanks(text: str, symbols: SymbolTable) -> Iterator[_Span]:
    """Words round a symbol that has blanks of its own; a pair of Han runs ends as one without blanks does."""
    for start, end in spaced_words(text, symbols):
        pair = _SPACED_PAIR.fullmatch(text, start, end)
        if pair:
            low, open_left = _left_end(text, *pair.span(1), pair[3])
            high, open_right = _right_end(text, *pair.span(3), text[low : pair.end(1)], pair[2])
            yield _Span(low, high, open_left, open_right, "spaced")
        elif " " in text[start:end]:
            yield _Span(start, end, kind="spaced")


@lru_cache(maxsize=64)
def _atoms_with(signs: str) -> re.Pattern[str]:
    """Runs that a project's own symbols do not end, though one of them may end an atom otherwise."""
    ends = "".join(char for char in _ENDS[2:].replace("\\[", "[").replace("\\]", "]") if char not in signs)
    return re.compile(f"[^\\s{re.escape(ends)}]+")


def _own_signs(text: str, symbols: SymbolTable) -> Iterator[_Span]:
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
            yield from _chain(text, [(low + 1, high) for low, high in pairwise(cuts)])


def _spans(text: str) -> Iterator[_Span]:
    place = 0
    for found in _LONG.finditer(text):
        start, end = found.span()
        spans = tuple(_long(text, found))
        if not spans:
            continue
        yield from _atoms(text, place, start)
        yield from spans
        place = max(spans[-1].end, place)
        if place < end and found.lastgroup != "quoted":
            yield from _inside(text, place, end)
        place = max(place, end)
    yield from _atoms(text, place, len(text))


def _long(text: str, found: re.Match[str]) -> Iterator[_Span]:
    kind, start, end = found.lastgroup, *found.span()
    if kind == "quoted":
        yield from _quoted(text, start + 1, end - 1)
    elif kind == "rel":
        head = re.match(f"[{_HAN}]+(?=/[A-Za-z0-9_.])", text[start:end])
        if head and head[0].endswith(HEADS):
            yield from _path(text, start + head.end(), end)
        else:
            yield from _files(text, start, end, [end])
    elif kind == "file":
        low, uncertain = _name_start(text, start, end)
        yield _Span(low, end, uncertain, False, "file")
    elif kind in ("win", "unix"):
        yield from _path(text, start, end)
    elif kind == "url":
        while text[end - 1] in ".,:;!?*'\"”’" or (text[end - 1] == ")" and "(" not in text[start:end]):
            end -= 1
        yield _Span(start, end, _touches(text, start - 1), _touches(text, end), "url")
    else:
        names = {
            "mail": "email",
            "holder": "placeholder",
            "named": "placeholder",
            "option": "option",
            "standard": "standard",
            "phone": "phone",
        }
        while text[end - 1] in ".,:;":
            end -= 1
        yield _Span(start, end, _touches(text, start - 1), _touches(text, end), names[kind or ""])


def _quoted(text: str, start: int, end: int) -> Iterator[_Span]:
    """A quoted token is one target; a quoted sentence is text like any other."""
    inner = text[start:end]
    if inner != inner.strip() or re.search(r"[，。；！？]|[.;!?,] ", inner):
        yield from _inside(text, start, end)
        return
    has_file = _EXTENSION.search(inner)
    if " " in inner:
        if has_file and has_file.end() == len(inner) and inner.count(" ") <= 6:
            yield _Span(start, end, kind="path" if re.search(r"[/\\]", inner) else "file")
        elif re.match(r"(?:~?/|\.{1,2}[/\\]|[A-Za-z]:[/\\]|\\\\)[^\s/\\]", inner) and inner.count(" ") <= 6:
            yield _Span(start, end, kind="path", alternates=_last_two(inner))
        else:
            yield from _inside(text, start, end)
        return
    if _LONG.fullmatch(inner) or inner.startswith(("-", "/", "~", ".", "\\", "{")):
        yield from (one._replace(open_left=False, open_right=False) for one in _inside(text, start, end))
    elif (has_file and has_file.end() == len(inner)) or (_has_sign(inner) and not _is_dull(inner)):
        yield _Span(start, end, kind="" if not has_file else kind_of(inner), alternates=_pairs(inner))


def _inside(text: str, start: int, end: int) -> Iterator[_Span]:
    for span in _spans(text[start:end]):
        yield span._replace(start=span.start + start, end=span.end + start)


def _path(text: str, start: int, end: int) -> Iterator[_Span]:
    while end > start and text[end - 1] in ".,:;!?*~=&^-—":
        end -= 1
    inner = text[start:end]
    file = None
    for file in _EXTENSION.finditer(inner):
        if file.end() == len(inner) or _HAN_RUN.match(inner[file.end()]) or inner[file.end()] in "的里中":
            break
    touches_left = _touches(text, start - 1)
    if inner.startswith("/") and touches_left and not re.match(r"/[A-Za-z0-9_.{:-]+/", inner):
        head = _HAN_RUN.search(text[max(0, start - 12) : start])
        named = head is not None and text[max(0, start - 12) : start].endswith(HEADS)
        if not named:
            return  # `防水/PVC卷材` is a pair of words
    if (
        file is not None
        and file.end() < len(inner)
        and "/" not in inner[file.end() :]
        and "\\" not in inner[file.end() :]
    ):
        end = start + file.end()
        yield _Span(start, end, touches_left, False, "path", _last_two(text[start:end]))
        return
    cut = _tail_cut(inner, touches_left)
    if re.fullmatch(r"[~.]{0,2}/?[A-Za-z]?", inner[:cut]) or not re.search(r"[^\W_]", inner[:cut]):
        return
    if re.fullmatch(r"/\d+(?:[^\W\d_]{1,3})?", inner[:cut]):
        return
    yield _Span(start, start + cut, touches_left, cut < len(inner), "path", _last_two(inner[:cut]))


def _tail_cut(path: str, touches_left: bool) -> int:
    """Where a path ends that a word of the sentence touches: `/api/order/list报错`."""
    joined = _TWO_PATHS.search(path)
    if joined:
        return joined.start()
    last = max(path.rfind("/"), path.rfind("\\")) + 1
    if touches_left and path[:last].isascii():
        han = _HAN_RUN.search(path, last)
        if han and han.start() > last:
            return han.start()
    tail = re.search(f"(?<=[A-Za-z0-9_}}])[{_HAN}]+[0-9]*\\Z", path[last:])
    owned = re.search(f"(?<=.)(?:目录[中下]|文件夹[里中下])?(?:的|下的|里的|中的)[{_HAN}]{{1,6}}\\Z", path[last:])
    if owned and owned.start() > 1:
        return last + owned.start()
    if tail is None:
        if path[last:] and not path[:last].isascii():
            named = re.search(f"(?:{'|'.join(TAILS)})+\\Z", path[last:])
            if named and named.start() > 1 and touches_left:
                return last + named.start()
        return len(path)
    if path[:last].isascii() and (touches_left or tail[0].startswith(TAILS)):
        return last + tail.start()
    return len(path)


def _last_two(path: str) -> tuple[str, ...]:
    parts = re.split(r"[/\\]", path.strip("/\\"))
    sign = "\\" if "\\" in path else "/"
    return (sign.join(parts[-2:]),) if len(parts) >= 3 and sign.join(parts[-2:]) in path else ()


def _atoms(text: str, start: int, end: int) -> Iterator[_Span]:
    for found in _ATOM.finditer(text, start, end):
        low = found.start()
        for piece in re.finditer(r"[^=]+", found[0]):
            yield from _atom(text, low + piece.start(), low + piece.end())


def _atom(text: str, start: int, end: int) -> Iterator[_Span]:
    """One run without blanks, quotes or CJK punctuation."""
    start, end = _trimmed(text, start, end)
    inner = text[start:end]
    if end - start < 2 or not (_has_sign(inner) or inner[0] in "-@." or "." in inner or _BARE_CODES.search(inner)):
        return
    files = [
        one
        for one in _EXTENSION.finditer(inner)
        if one.start() > 0 and not _LIBRARY.search(inner[max(0, one.end() - 40) : one.end()])
    ]
    if files:
        yield from _files(text, start, end, [start + one.end() for one in files])
        return
    label = re.match(f"[{_HAN}]{{1,8}}:(?=\\S)", inner)
    if label:
        yield from _atom(text, start + label.end(), end)
        return
    yield from _chains(text, start, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and (text[start] in _HEAD_MARKS + "-" or _ORNAMENT.match(text[start])):
        following = text[start + 1 : start + 2]
        if text[start] == "." and following.isalpha() and _EXTENSION.search(text[start:end]):
            break
        if text[start] == "-" and (following.isascii() or not following.isalpha()):
            break  # an option or a sign of a number
        start += 1
    while end > start and (text[end - 1] in _TAIL_MARKS or _ORNAMENT.match(text[end - 1])):
        end -= 1
    return start, end


def _files(text: str, start: int, end: int, ends: list[int]) -> Iterator[_Span]:
    """Files in an atom: verbs and labels before a name are cut off; the name ends at its extension."""
    for stop in ends:
        if stop <= start:
            continue
        low, uncertain = _name_start(text, start, stop)
        if text[low] == "-":
            low += 1
        inner = text[low:stop]
        kind = "path" if re.search(r"[/\\]", inner) else "file"
        known = kind_of(inner)
        yield _Span(
            low,
            stop,
            uncertain,
            False,
            known if known in ("identifier", "email") else kind,
            _last_two(inner) if kind == "path" else (),
        )
        start = stop
    if start < end:
        yield from _chains(text, start, end)


def _name_start(text: str, start: int, stop: int) -> tuple[int, bool]:
    """Where the name of a file begins, and whether that is uncertain."""
    cut = start
    head = _HAN_RUN.match(text, start, stop)
    if head is None:
        return start, _touches(text, start - 1)
    run = head[0]
    place = 0
    while place < len(run):
        verb = next((word for word in VERBS if run.startswith(word, place)), None)
        if verb is None:
            break
        place += len(verb)
    for one in _ACTION.finditer(run, place):
        place = one.end()
    if place < len(run) and re.match(r"[a-z]{4,}|[a-z]+[-_]", text[start + len(run) : stop]):
        return start + len(run), True  # `改成report-final.pdf`
    cut = start + place
    if place == 0 and len(run) > 6:
        return start + len(run) - 4, True
    return cut, False


def _chains(text: str, start: int, end: int) -> Iterator[_Span]:
    """Sides joined by a slash or a hyphen, and tokens with another sign between two characters."""
    joints = [one.start() for one in _JOINT.finditer(text, start, end) if start < one.start() < end - 1]
    cuts = [start - 1, *joints, end]
    sides = [(low + 1, high) for low, high in pairwise(cuts)]
    chain: list[tuple[int, int]] = []
    for number, (low, high) in enumerate(sides):
        middle = 0 < number < len(sides) - 1
        side = text[low:high]
        code = re.match(r"\d{3,}(?![A-Za-z0-9.])", side)
        if code and number == 1 and len(chain) == 1 and text[low - 1] == "-" and _touches(text, low - 2):
            yield _Span(low - 1, low + code.end(), True, _touches(text, low + code.end()), "code")  # `错误码-1001`
            chain = []
            continue
        breaks = middle and not _COUNTED.fullmatch(side) and _BREAK.search(side)
        if not breaks:
            chain.append((low, high))
            continue
        yield from _chain(text, [*chain, (low, high)], stop=low + _broken(breaks))
        chain = [(low + _broken(breaks), high)]
    if chain:
        yield from _chain(text, chain)


def _chain(text: str, sides: list[tuple[int, int]], stop: int | None = None) -> Iterator[_Span]:
    """One target of the sides; with `stop`, the last one ends there and what is behind it belongs to another chain."""
    first, last = sides[0], sides[-1]
    if len(sides) == 1:
        yield from _tokens(text, *first)
        return
    low, open_left = _left_end(text, *first, text[sides[1][0] : last[1]])
    before = (max(low, sides[-2][0]), sides[-2][1])
    high, open_right = _right_end(text, *last, text[before[0] : before[1]], text[last[0] - 1])
    if low > first[0]:
        yield from _tokens(text, first[0], low)
    high = high if stop is None else min(high, stop)
    inner = text[low:high]
    if _is_target(text, low, high, inner):
        if inner[-1] in "℃℉°" and "-" in inner:
            high -= 1
            inner = inner[:-1]
        yield _Span(low, high, open_left, open_right, alternates=_pairs(inner))
    if high < last[1] and stop is None:
        yield from _tokens(text, high, last[1])


def _is_target(text: str, low: int, high: int, inner: str) -> bool:
    if _is_dull(inner):
        return False
    parts = _JOINT.split(inner)
    if all(len(part) == 1 and _HAN_RUN.match(part) for part in parts):
        quotes = text[low - 1 : low] + text[high : high + 1]
        return len(quotes) == 2 and quotes[0] in "“\"「『'‘（(" and quotes[1] in "”\"」』'’）)"
    return any(char.isalnum() for char in parts[0]) and any(map(_is_letter_or_unit, parts[-1]))


def _is_letter_or_unit(char: str) -> bool:
    return char.isalnum() or "\u3380" <= char <= "\u33df"


def _has_sign(inner: str) -> bool:
    """Whether a sign is between two other characters; the marks and joiners of a script are none."""
    if inner.isascii():
        return _SIGN_BETWEEN.search(inner) is not None
    signs = (found[0] for found in _SIGN_BETWEEN.finditer(inner))
    return any(unicodedata.category(char)[0] not in "MC" for sign in signs for char in sign)


def _is_dull(inner: str) -> bool:
    return bool(
        (_LETTER_PAIR.fullmatch(inner) and kind_of(inner) != "unit")
        or _SENTENCE_SEAM.fullmatch(inner)
        or _ABBREVIATION.fullmatch(inner)
        or _PROSE_DASHES.fullmatch(inner)
        or not re.search(r"[^\W_]", inner)
    )


def _left_end(text: str, low: int, high: int, other: str) -> tuple[int, bool]:
    """Where the first side of a chain begins, and whether that edge is uncertain."""
    cut = _conjunction_cut(text[low:high])
    certain = cut > 0 or not _touches(text, low - 1)
    low += cut
    side = text[low:high]
    runs = [one.span() for one in _RUN.finditer(side)]
    last = runs[-1]
    if not _HAN_RUN.match(side[last[0]]):
        if len(runs) == 1:
            return low, not certain
        before, token = side[runs[-2][0] : runs[-2][1]], side[last[0] : last[1]]
        is_plate = len(before) == 1 and len(runs) == 2 and before in _PLATES and len(token) <= 6
        is_numbered = token.isdigit() and len(runs) == 2 and len(before) <= 4 and _NUMBERED.match(other)
        return (low, False) if is_plate or is_numbered else (low + last[0], True)
    kana = _KANA_TAIL.search(side)
    if kana and kana.end() - kana.start() > 1:
        return low + kana.start(), kana.start() > 0 or not certain
    length = last[1] - last[0]
    if _UNIT_BEHIND.match(other) and side.endswith(MEASURES):
        unit = next(word for word in MEASURES if side.endswith(word))
        digits = re.search(r"[0-9.]+\Z", side[: -len(unit)])
        start = high - len(unit) - (len(digits[0]) if digits else 0)
        return start, _touches(text, start - 1)
    if len(runs) == 1:
        if length == 4 and re.fullmatch(f"[{_HAN}]{{2}}", other):
            return high - 2, True
        return (low, not certain) if length <= 4 else (high - 2, True)
    token = side[runs[-2][0] : runs[-2][1]]
    if length <= 4 and token.isalnum() and (len(runs) == 2 or length <= 2):
        return low + runs[-2][0], len(runs) > 2 or not certain
    return high - min(2, length), True


def _conjunction_cut(side: str) -> int:
    """Where a side begins behind verbs, labels, conjunctions and particles, or 0."""
    cut = 0
    while True:
        verb = next((word for word in (*VERBS, *LABELS) if side.startswith(word, cut)), None)
        if verb is None or len(side) - cut - len(verb) < 1:
            break
        cut += len(verb)
    for one in _SEAM.finditer(side, cut + 1):
        if len(side) - one.end() >= 2 or not _HAN_RUN.fullmatch(side[one.end() :] or "x"):
            cut = max(cut, one.end())
    return min(cut, len(side) - 1)


def _right_end(text: str, low: int, high: int, other: str, joint: str) -> tuple[int, bool]:
    """Where the last side of a chain ends, and whether that edge is uncertain. `other` is the side before it."""
    if _HAN_RUN.match(text[low]):
        return _right_end_of_han(text, low, high, other)
    side = text[low:high]
    runs = [one.span() for one in _RUN.finditer(side)]
    first = runs[0]
    if len(runs) > 1:
        token, run = side[: first[1]], side[runs[1][0] : runs[1][1]]
        measure = _MEASURE.match(run)
        if measure and token[-1].isdigit() and not (joint == "-" and re.search("[A-Za-z]", other)):
            return low + first[1] + measure.end(), low + first[1] + measure.end() < high or _touches(text, high)
        mirrored = re.fullmatch(f"[A-Za-z0-9]{{1,3}}([{_HAN}])", other)
        if mirrored and run[0] == mirrored[1]:
            return low + first[1] + 1, len(side) > first[1] + 1
        if joint == "/" and _HAN_RUN.search(other) and len(run) <= 4 and len(runs) == 2 and token.isalnum():
            return high, _touches(text, high)
        if joint == "/" and re.fullmatch(f"[{_HAN}]+", other) and token.isalpha() and len(run) >= 4:
            return low + first[1] + 2, True  # `评审记录/PX产品验证清单`
        return low + first[1], True
    return high, _touches(text, high)


def _right_end_of_han(text: str, low: int, high: int, other: str) -> tuple[int, bool]:
    side = text[low:high]
    kana = _KANA_HEAD.match(side)
    if kana and kana.end() > 1:
        return low + kana.end(), kana.end() < len(side) or _touches(text, high)
    runs = [one.span() for one in _RUN.finditer(side)]
    first = runs[0]
    numbered = re.match(f"[{_HAN}]{{1,2}}[0-9]+", side)
    run = side[: first[1]]
    if numbered and (numbered.end() == len(side) or _MEASURE.match(side, numbered.end())):
        measure = _MEASURE.match(side, numbered.end())
        place = low + (measure.end() if measure else numbered.end())
        return place, place < high or _touches(text, high)
    unit = _MEASURE.match(run)
    if unit and _UNIT_BEFORE.search(other):
        return low + unit.end(), low + unit.end() < high or _touches(text, high)
    stop = _STOP.search(run, 1)
    if stop and (stop.start() >= 2 or stop[0] in CONJUNCTIONS):
        return low + stop.start(), stop[0] not in CONJUNCTIONS
    if len(run) == 4 and len(runs) == 1 and re.fullmatch(f"[{_HAN}]{{2}}", other):
        return low + 2, True  # `同比/环比变动`
    if len(run) <= 4:
        if len(runs) == 1:
            return high, _touches(text, high)
        token = side[runs[1][0] : runs[1][1]]
        if token.isdigit() and len(runs) == 2 and re.search(r"\d\Z", other):
            return low + runs[1][1], False
        return low + first[1], True
    return low + 2, True


def _tokens(text: str, low: int, high: int) -> Iterator[_Span]:
    """Tokens without slash or hyphen: identifiers, versions, decimals, times, and what has a sign in it."""
    for found in re.finditer(f"[^{_HAN}\\s]+", text[low:high]):
        start, end = low + found.start(), low + found.end()
        if text[start] == "-" and start > low and re.match(r"-\d{3,}\Z", text[start:end]):
            yield _Span(start, end, True, _touches(text, end), "code")
            continue
        start, end = _trimmed(text, start, end)
        label = _LABELLED.match(text, start, end)
        start = label.end() if label else start
        inner = text[start:end]
        if end - start < 3 or _is_dull(inner) or (_PLAIN_NUMBER.fullmatch(inner) and not _BARE_CODE.fullmatch(inner)):
            continue
        if not (_has_sign(inner) or _BARE_CODE.fullmatch(inner) or re.match(r"@[A-Za-z]", inner)):
            continue
        if "’" in inner and not re.search(r"\d|[^\w’]", inner):
            continue
        yield _Span(start, end, _touches(text, start - 1), _touches(text, end))


def _touches(text: str, place: int) -> bool:
    """Whether a character of a script without blanks is at this place: the edge beside it is uncertain."""
    return 0 <= place < len(text) and _HAN_RUN.match(text[place]) is not None


def _pairs(inner: str) -> tuple[str, ...]:
    """The pairs of a chain of three and more, which are protected with it."""
    parts = re.split("[/／]", inner)
    if len(parts) < 3 or not _HAN_RUN.search(inner) or re.search(r"\\", inner):
        return ()
    joined = [f"{one}/{other}" for one, other in pairwise(parts) if one and other]
    return tuple(pair for pair in joined if pair in inner)


def _broken(found: re.Match[str]) -> int:
    return found.end(found.lastindex or 0)
