"""`extract_targets`: the strings of a prompt that are worth protecting when nobody has listed them.

A text is read in tokens: the long ones first, by what they begin with, and then what is left between their ends.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from harness.text.chains import (
    EMOJI,
    ENDS,
    HAN,
    HAN_RUN,
    LIBRARY,
    ORNAMENT,
    PLATES,
    SIGN_BETWEEN,
    Span,
    chain_of,
    chains_in,
    is_code,
    is_dull,
    left_end,
    pairs_of,
    right_end,
    sentence_cut,
    spaced_words,
    touches,
    trimmed,
)
from harness.text.characters import stands_alone
from harness.text.names import (
    BEFORE_A_PATH,
    CLOSERS,
    ENDINGS,
    ESCAPED_SEGMENT,
    EXTENSION,
    FILE_LABEL,
    FURTHER_WORD,
    SEGMENT,
    files_in,
    files_with_blanks,
    path_at,
)
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import DOTFILES, HEADS, NUMBERED_NAME, STANDARD, Target, kind_of

_SIGNS_BEYOND_ASCII = "\u00a0-\u00bf\u00d7\u00f7\u2000-\u206f\u2190-\u2bff\u3000-\u3003\u3008-\u3020\u30fb\uff00-\uff20"

_URL_ENDS = '\\s，。；：！？、…（）【】《》〈〉「」『』“”„‘«»‹›،؛؟"`\\[\\]{}<>|'


def _unless_behind(heads: str, before: str) -> str:
    """The heads of a path where none of them follows another character than these. A head first is found faster."""
    return "|".join(f"{re.escape(head)}(?<![^{before}]{re.escape(head)})" for head in heads.split())


class _Form(NamedTuple):
    """A kind of long token: how it is read, and what a text must hold for one to be in it.

    One of `signs` has to be there, and what `hint` finds. Most forms are in few texts, and this is the cheap question.
    """

    kind: str
    signs: tuple[str, ...]
    pattern: re.Pattern[str]
    hint: re.Pattern[str] | None = None

    def may_be_in(self, text: str) -> bool:
        for sign in self.signs:
            if sign in text:
                return self.hint is None or self.hint.search(text) is not None
        return False


def _form(kind: str, signs: str, *patterns: str, hint: str = "") -> _Form:
    return _Form(kind, tuple(signs.split()), re.compile("".join(patterns)), re.compile(hint) if hint else None)


_FORMS = (
    _form(
        "url",
        ":// www. git@ magnet:? urn: mailto:",
        r"(?<![A-Za-z0-9+.-])(?:(?:jdbc:|r2dbc:|jar:|git:)?[A-Za-z][A-Za-z0-9+.-]{1,20}://(?:\[[0-9A-Fa-f:.]{2,45}\])?",
        r"|www\.|git@[A-Za-z0-9.-]{1,60}:|magnet:\?|urn:(?=[a-z0-9-]{2,32}:)|mailto:)",
        rf"(?:(?!,https?:)[^{_URL_ENDS}{HAN}]|\{{[A-Za-z_][\w.-]{{0,40}}\}}",
        rf"|(?<=[/=])[{HAN}]{{1,12}}[-_](?=[^{_URL_ENDS}])[^{_URL_ENDS}/]{{1,80}}(?=/|[\s{_URL_ENDS[2:]}]|\Z)",
        rf"|(?<=[/=_-])[{HAN}](?:(?!https?:)[^{_URL_ENDS}/]){{0,80}}(?:/|\.(?:{ENDINGS})(?![A-Za-z0-9_])|[?&](?=[A-Za-z0-9_]+=)))+",
    ),
    _form(
        "standard",
        "0 1 2 3 4 5 6 7 8 9",
        rf"(?<![A-Za-z0-9/-])(?:{STANDARD}) [A-Z]{{0,2}}[0-9]{{2,}}",
        r"(?:[./:-][0-9A-Za-z]+)*(?:-[0-9]{2,4})?(?![A-Za-z0-9])",
        hint="[A-ZТРВОКП0-9deR] [A-Z]{0,2}[0-9]{2}",
    ),
    _form(  # `国发〔2024〕12号`, `沪(2023)浦字不动产权第012345号`
        "paper",
        "〔 ［ [ （ (",
        rf"[{HAN}]{{1,14}}(?:(?:〔(?:19|20)\d\d〕|［(?:19|20)\d\d］|\[(?:19|20)\d\d\])第?\d{{1,5}}号",
        rf"|(?<=[{PLATES}])[（(](?:19|20)\d\d[）)][{HAN}]{{2,10}}第\d{{3,}}号)",
        hint=r"[〔［\[（(](?:19|20)\d\d[〕］\])）]",
    ),
    _form(  # `（2021）京0105民初12345号`
        "code",
        "（ (",
        rf"(?:[（(](?:19|20)\d\d[）)](?:[{HAN}]{{1,4}}\d{{1,4}})?[{HAN}]{{2,6}}第?\d{{1,6}}(?:-\d+)?号(?:之[一二三四五六])?)",
        hint=r"[（(](?:19|20)\d\d[）)]",
    ),
    _form(  # `numpy>=1.24,<2.0`, `^18.17.0`
        "version",
        ">= <= == ~= != ^ ~ >",
        r"(?<![A-Za-z0-9_<>=!~^.$\/-])(?:[A-Za-z][A-Za-z0-9_.-]{1,60}(?:\[[a-z0-9,_-]{1,40}\])?(?:===?|[~!<>]=)",
        rf"|~=(?=\d)|[~^](?=\d+\.\d+\.)|[~!<>=]=(?=\d+\.\d+\.|[^\s{HAN}]{{1,20}},[<>!]))\d+(?:\.\d+)*\.(?:\d+|\*)(?:[A-Za-z0-9.+-]*[A-Za-z0-9])?",
        r"(?:,(?:===?|[~!<>]=|[<>])\d+(?:\.(?:\d+|\*))*(?:[A-Za-z0-9.+-]*[A-Za-z0-9])?){0,4}",
    ),
    _form(  # `dt=2024-03-12/hr=08`
        "path",
        "=",
        rf"(?<![A-Za-z0-9_/.?&=-])[A-Za-z_]\w{{0,30}}=[^{ENDS}{HAN}/=&]{{1,40}}(?:/[A-Za-z_]\w{{0,30}}=[^{ENDS}{HAN}/=&]{{1,40}}){{1,6}}/?",
        hint=r"/[A-Za-z_]\w*=",
    ),
    _form(  # `$x_1$`, `\frac{a}{b}`
        "formula",
        "$ \\",
        r"\$(?<![A-Za-z0-9_$\\]\$)(?=[^\s${(])(?=[^$\n]*[\\_^])[^$\n]{1,120}(?<=[^\s$\\/])\$(?![A-Za-z0-9_{$])",
        r"|\\(?<![A-Za-z0-9_:.\\]\\)[A-Za-z]{2,20}(?:\[[^\[\]\n]{1,40}\])?",
        r"(?:[_^]?\{(?:[^{}\n]|\{[^{}\n]{0,60}\}){1,80}\}|[_^][A-Za-z0-9]){1,8}",
    ),
    _form("phone", "+", r"\+(?<![\w+]\+)[0-9]{1,3}(?:[ -][0-9]{2,4}){2,5}(?![\w-])"),
    _form(
        "email",
        "@",
        r"(?<![A-Za-z0-9_./\\])[A-Za-z0-9_.+-]{1,64}@(?!\dx\.)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}",
    ),
    _form(
        "windows",
        "${ %/ %\\",
        rf"(?:\$\{{[A-Za-z_]\w{{0,40}}\}}|%[A-Za-z_]\w{{0,40}}%)(?:[/\\]{SEGMENT}){{1,30}}[/\\]?",
    ),
    _form(  # `users/{id}/orders`
        "code",
        "/{",
        r"(?<![A-Za-z0-9_/.{}:-])(?:[A-Za-z0-9_.-]{1,60}/){1,10}\{[A-Za-z_][\w.-]{0,40}\}",
        r"(?:/(?:[A-Za-z0-9_.-]{1,60}|\{[A-Za-z_][\w.-]{0,40}\}))*",
    ),
    _form(
        "placeholder",
        "{ % < & [[ __ $t(",
        r"\{\{\{[^{}\n]{1,60}\}\}\}|\{\{[^{}\n]{1,60}\}\}|[$#%]\{[^{}\n]{1,60}\}|",
        r"\{(?:[A-Za-z_][\w.]{0,40}|\d{1,3})(?:![rsa])?(?::[^{}\s]{0,12})?\}|",
        r"%(?<![A-Za-z0-9_%]%)(?:\([A-Za-z_]\w{0,40}\)|\d\$)?[-+0#]{0,2}\d{0,3}(?:\.\d{1,2})?[sdifreEgGxXu@](?![A-Za-z0-9])|",
        r"<\d{1,3}\s?/?>|</\d{1,3}\s?>|&(?:nbsp|lt|gt|amp|quot|apos);|<%[=-]?[^%\n]{1,60}%>|",
        r"\$t\([^()\n]{1,80}\)|\[\[[\w .-]{1,40}\]\]|__(?<!\w__)[A-Z][A-Z0-9_]{0,40}__(?!\w)",
    ),
    _form("identifier", "$", r"\$(?<![A-Za-z0-9_$\\]\$)[A-Za-z_][A-Za-z0-9_]{1,40}(?![A-Za-z0-9_$/\\({.:-])"),
    _form("identifier", "->", r"(?<![\w>])\$?[A-Za-z_]\w{0,60}(?:->[A-Za-z_]\w{0,60}){1,8}\((?:\))?"),
    _form("code", "^", r"\^(?<!\S\^)\S{2,80}\$(?!\S)"),
    _form("code", "*/ *", r"(?<!\S)(?=[0-9*/,\- ]*(?:\*/\d|\* \*))(?=[* ]*[0-9/])(?:[0-9*/,-]+ ){4}[0-9*/,-]+(?!\S)"),
    _form("code", "#", r"#(?<![A-Za-z0-9_&/#]#)(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})(?![A-Za-z0-9_-])"),
    _form(
        "code",
        ".SH .SZ .BJ .HK",  # of shares; `.sh` is the ending of a script too
        r"(?<![A-Za-z0-9.])\d{4,6}\.(?:SH|SZ|BJ|HK)(?:/\d{4,6}\.(?:SH|SZ|BJ|HK))*(?![A-Za-z0-9])",
    ),
    _form("placeholder", ":", r":(?<![\w:/.)\]}]:)[a-z][a-z_]{1,30}(?![\w:.-])"),
    _form(
        "windows",
        r":\ :/ \\",
        r"(?<![A-Za-z0-9])[A-Za-z]:[\\/]",
        rf"(?:{SEGMENT}(?:(?<=[{HAN}]) {FURTHER_WORD}|(?<=[A-Za-z0-9)]) (?=[A-Z0-9(]){FURTHER_WORD}){{0,3}}",
        r"[\\/]){0,30}",
        rf"(?:{SEGMENT})?|",
        rf"\\\\[A-Za-z0-9_.-]+(?:\\{SEGMENT}){{1,30}}\\?",
    ),
    _form(
        "file",
        "/ \\",
        rf"(?<![^{BEFORE_A_PATH}])(?:{SEGMENT}[/\\]){{1,12}}{SEGMENT}\.(?:{ENDINGS})(?![A-Za-z0-9_])",
        hint=rf"\.(?:{ENDINGS})(?![A-Za-z0-9_])",
    ),
    _form(
        "path",
        "/",
        rf"(?:{_unless_behind('~/ ./ ../ /', BEFORE_A_PATH + HAN)})(?=[^\s/])",
        rf"(?:{ESCAPED_SEGMENT}/){{0,30}}(?:{ESCAPED_SEGMENT})?",
    ),
    _form(
        "option",
        "--",
        rf"--(?<![\w-]--)[A-Za-z][A-Za-z0-9]*(?:[-._][A-Za-z0-9]+)*(?:=[^{ENDS}{HAN}]+)?",
    ),
    _form("option", "-D -P", rf"-(?<![A-Za-z0-9_-]-)[DP][A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)+=[^{ENDS}{HAN}]+"),
    _form(
        "file",
        ".",
        rf"(?<![^{BEFORE_A_PATH}{HAN}])\.(?:{'|'.join(DOTFILES)})(?![A-Za-z0-9_-]|\.[A-Za-z0-9])",
    ),
    _form("title", "《", r"《[^《》\n]{2,60}》"),
    _form(
        "quoted",
        "“ \" 「 『 ` '",
        r"“[^“”\n]{2,80}”|\"[^\"\n]{2,80}\"|「[^「」\n]{2,80}」|『[^『』\n]{2,80}』|`[^`\n]{2,120}`|",
        r"'(?<![A-Za-z0-9]')[^'\n]{2,80}'(?![A-Za-z0-9])",
    ),
)
"""In order of precedence where two begin at one place."""
_ATOM = re.compile(
    rf"(?:[^{ENDS}{EMOJI}]++|(?<=[A-Za-z])’(?=[A-Za-z])|(?<=\d),(?=\d{{3}}(?!\d))"
    rf"|(?<=[A-Za-z0-9])\([A-Za-z0-9]{{1,2}}\)(?=[\s/，。；]|$)|(?<=dB)\([A-Z]\)(?=[{HAN}])"
    r"|(?<=[A-Za-z0-9²³]/)\([A-Za-zμµΩ°℃²³·*]{2,16}\)"  # `W/(m²·K)`
    r"|(?<=[A-Za-z0-9]-)\([A-Za-z0-9]{1,4}\)(?=-[A-Za-z0-9])"  # `HT-2024-(03)-009`
    r"|(?<=[A-Za-z0-9])\([+-]{1,2}\)"
    r"|(?<=\d)(?:\((?:[a-z]{1,2}|[ivx]{1,5}|\d{1,2})\)){1,3}(?![A-Za-z(])"  # `7.2(b)(iii)`
    r"|(?<=[A-Za-z0-9])\([A-Za-z0-9#@+-]{1,12}\)(?=[A-Za-z0-9])"  # `CC(N)C(O)C`
    r"|(?<=\d)['′](?=-[A-Za-z])|(?<=-[35])['′](?![A-Za-z0-9])"  # `2,2'-bipyridine`, `5'-ATG-3'`
    r"|(?<=[A-Z0-9])\*(?=\d)"
    r"|(?<=[A-Z0-9]),(?=[A-Z0-9]{1,2}['′]?-[a-z])"
    # `2,4-D`, `2,4,6-三硝基甲苯`, `N,N-二甲基甲酰胺`
    rf"|(?<=\d)(?<![A-Za-z0-9.-]\d),(?=(?:\d{{1,2}},){{0,4}}\d{{1,2}}-[A-Z{HAN}])"
    rf"|(?<=[NOSP])(?<![A-Za-z0-9][NOSP]),(?=[NOSP]-[{HAN}]))+"
)
_ROOTED = re.compile(r"[A-Za-z]:[\\/]|\\\\|(?:~|\.{1,2})?/")
_SENTENCE = re.compile(r"[，。；！？]|[.;!?,] ")
_COMMAND = re.compile(r" [-/~.\\][\w/\\]| [A-Za-z]:[\\/]")
_LABEL = re.compile(
    f"(?:[{HAN}]{{1,8}}|(?:(?![{HAN}])[^\\x00-\\x7f{_SIGNS_BEYOND_ASCII}]){{1,24}}):(?=\\S)"
    "|(?:[A-Z]/N|[A-Z]{2,8}|[A-Z][a-z]{1,11}):(?=[A-Z0-9][^:]*[-/])"
)
"""What is behind the colon is the value; in Latin, where `a:b` is a token as well, behind `IMEI:` or `Model:`."""
_DOTTED = re.compile(
    f"(?=.*[A-Za-z])(?=.*[{HAN}])(?:[A-Za-z_][A-Za-z0-9_]{{0,40}}|[{HAN}]{{1,6}})(?:\\.[{HAN}A-Za-z_][{HAN}A-Za-z0-9_]{{0,40}})*"
    f"\\.(?:[A-Za-z_][A-Za-z0-9_]{{0,40}}|[{HAN}]{{1,6}}(?:[A-Za-z0-9_][{HAN}A-Za-z0-9_]{{0,16}})?)"
)
"""`q.订单.创建`: a name with Han between its dots. One dot alone may end a sentence."""
_HEAD = re.compile(f"[{HAN}]+(?=/[A-Za-z0-9_.])")


_LOOKS = [(form.signs, form.hint and form.hint.search, form.pattern.search) for form in _FORMS]


def spans_in(text: str) -> Iterator[Span]:
    """All targets of a text but those that have blanks of their own; some overlap."""
    waiting: dict[int, re.Match[str]] = {}
    for rank, (signs, hint, search) in enumerate(_LOOKS):  # as in `may_be_in`, without a call for each of them
        for sign in signs:
            if sign in text:
                first = search(text) if hint is None or hint(text) else None
                if first:
                    waiting[rank] = first
                break
    place = 0
    while waiting:
        rank = min(waiting, key=lambda rank: (waiting[rank].start(), rank))
        start, end = waiting[rank].span()
        spans = tuple(_long(text, _FORMS[rank].kind, start, end))
        if spans:
            yield from _atoms(text, place, start)
            yield from spans
            place = max(place, spans[-1].end)
            if place < end and _FORMS[rank].kind not in ("quoted", "title"):
                end = place  # what is left of a path may hold another
            place = max(place, end)
        for other in [rank for rank, found in waiting.items() if found.start() < end]:
            again = _FORMS[other].pattern.search(text, end)
            if again:
                waiting[other] = again
            else:
                del waiting[other]
    yield from _atoms(text, place, len(text))


def _long(text: str, kind: str, start: int, end: int) -> Iterator[Span]:
    while start < end and ORNAMENT.match(text[start]):
        start += 1
    if kind == "title":
        yield from _title(text, start + 1, end - 1)
    elif kind == "paper":
        yield from _paper(text, start, end)
    elif kind == "formula":
        yield Span(start, end, touches(text, start - 1), touches(text, end), "code")
    elif kind == "quoted":
        yield from _quoted(text, start + 1, end - 1)
    elif kind == "file":
        yield from _file(text, start, end)
    elif kind in ("windows", "path"):
        yield from path_at(text, start, end)
    else:
        while (
            text[end - 1] in ".,:;"
            or ORNAMENT.match(text[end - 1])
            or (kind == "url" and _is_outside_url(text, start, end))
        ):
            end -= 1
        yield Span(start, end, touches(text, start - 1), touches(text, end), kind)


def _title(text: str, start: int, end: int) -> Iterator[Span]:
    """The title of a book or film with a sign in it is one target."""
    inner = text[start:end]
    if inner != inner.strip() or EXTENSION.search(inner) or not _SIGN_OF_A_TITLE.search(inner):
        yield from _inside(text, start, end)
    else:
        yield Span(start, end, kind="cjk-pair" if HAN_RUN.search(inner) else "", alternates=pairs_of(inner))


_SIGN_OF_A_TITLE = re.compile(r"(?<=\w)(?:[-/·：:～~–]|—{1,2})(?=\w)")


def _paper(text: str, start: int, end: int) -> Iterator[Span]:
    """A number that an office gives: the words before its short name are the sentence's."""
    stop = HAN_RUN.match(text, start, end).end()  # type: ignore[union-attr]
    low = start + sentence_cut(text[start:stop])
    is_open = low == start and touches(text, start - 1)
    if text[stop] in "（(" or stop - low > _OFFICE:
        low, is_open = stop - (1 if text[stop] in "（(" else 2), True
    yield Span(low, end, is_open, touches(text, end), "code")


_OFFICE = 6
"""Characters of the short name of an office: `沪建标定`, `最高法民终`."""


def _is_outside_url(text: str, start: int, end: int) -> bool:
    return text[end - 1] in "!?*'\"”’" or (text[end - 1] == ")" and text.find("(", start, end) < 0)


def _file(text: str, start: int, end: int) -> Iterator[Span]:
    """A file in a folder. A word before the first slash may be one of the sentence."""
    head = _HEAD.match(text, start, end)
    if head and head[0].endswith(HEADS):
        yield from path_at(text, head.end(), end)
        return
    label = FILE_LABEL.search(text, text.rfind("/", start, end) + 3, end)
    if label:  # `原告/被告信息见附件证据目录.pdf`
        yield from chains_in(text, start, label.start())
        start = label.end()
    yield from files_in(text, start, end, [end])


def _quoted(text: str, start: int, end: int) -> Iterator[Span]:
    """A quoted token is one target; a quoted sentence is text like any other."""
    inner = text[start:end]
    if inner != inner.strip() or _SENTENCE.search(inner):
        yield from _inside(text, start, end)
        return
    ending = EXTENSION.search(inner)
    has_file = ending is not None and ending.end() == len(inner)
    if " " in inner:
        rooted = _ROOTED.match(inner) and inner.count("/") + inner.count("\\") > 1
        whole = rooted or (has_file and text[end] != "`")
        if whole and inner.count(" ") <= 6 and not _COMMAND.search(inner):
            yield Span(start, end, kind="path" if "/" in inner or "\\" in inner else "file")
        else:
            yield from _inside(text, start, end)
        return
    if _is_long(inner) or inner[0] in "-/~.\\{":
        yield from (one._replace(open_left=False, open_right=False) for one in _inside(text, start, end))
    elif has_file or (SIGN_BETWEEN.search(inner) and not is_dull(inner)):
        yield Span(start, end, kind=kind_of(inner) if ending else "", alternates=pairs_of(inner))


def _is_long(inner: str) -> bool:
    return any(form.may_be_in(inner) and form.pattern.fullmatch(inner) for form in _FORMS)


def _inside(text: str, start: int, end: int) -> Iterator[Span]:
    for span in spans_in(text[start:end]):
        yield span._replace(start=span.start + start, end=span.end + start)


_HARD_ENDS = ENDS.translate(dict.fromkeys(map(ord, "’'(),*"))) + EMOJI
"""What ends a run whatever is round it."""
_LETTERS = "[^\\W\\d_\u2460-\u24ff\u2e2f]*+"
_WITH_A_SIGN = f"{_LETTERS}(?:[’',]{_LETTERS})*+[^{_HARD_ENDS}][^{_HARD_ENDS}]*+"
_SOME_RUN, _NEXT_RUN = re.compile(_WITH_A_SIGN), re.compile(f"(?<![^{_HARD_ENDS}]){_WITH_A_SIGN}")
"""A run in which there is something else than letters, apostrophes and commas: words alone make no target."""


def _runs(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    first = _SOME_RUN.match(text, start, end)
    place = start
    if first:
        place = first.end()
        yield from _ATOM.finditer(text, start, min(end, place + 1))
    for stretch in _NEXT_RUN.finditer(text, place, end):
        yield from _ATOM.finditer(text, stretch.start(), min(end, stretch.end() + 1))


def _atoms(text: str, start: int, end: int) -> Iterator[Span]:
    """What is left between the long tokens, by runs without blanks, quotes or CJK punctuation."""
    for found in _runs(text, start, end):
        run, low = found[0], found.start()
        if len(run) < 2 or (run.isalpha() and "\u2e2f" not in run):  # the one letter that is a sign as well
            continue
        before, after = text[low - 1 : low], text[found.end() : found.end() + 1]
        if len(run) > _LONGEST or (before and before in CLOSERS) or "=" in run:
            for piece in re.finditer(r"[^=]+", run):
                yield from _atom(text, low + piece.start(), low + piece.end())
            continue
        for one in read(before, run, after):
            yield Span(one.start + low, one.end + low, one.open_left, one.open_right, one.kind, one.alternates)


_LONGEST = 64


@lru_cache(maxsize=8192)
def read(before: str, run: str, after: str) -> tuple[Span, ...]:
    """The targets of a run between two neighbours. Kept, since the same words come again in row after row."""
    text = before + run + after
    shift = len(before)
    return tuple(
        span._replace(start=span.start - shift, end=span.end - shift) for span in _atom(text, shift, shift + len(run))
    )


_UNSPACED = "\u0e01-\u0e5b\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"
_UNSPACED_SEAM = re.compile(f"(?<=[{_UNSPACED}])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[{_UNSPACED}])")
"""Where a word of Thai, Lao, Myanmar or Khmer touches a token: `รุ่นXK-900/2ราคา`. A blank there is the writer's."""


def _atom(text: str, start: int, end: int) -> Iterator[Span]:
    start, end = trimmed(text, start, end)
    inner = text[start:end]
    if end - start < 2 or not (SIGN_BETWEEN.search(inner) or inner[0] in "-@." or "." in inner or is_code(inner)):
        return
    closed = start > 0 and text[start - 1] in CLOSERS
    if inner.count(".") > 1 and _DOTTED.fullmatch(inner) and not (touches(text, start - 1) or touches(text, end)):
        yield Span(start, end, kind="identifier")
        return
    endings = [
        one
        for one in (EXTENSION.finditer(inner) if "." in inner else ())
        if (one.start() > 0 or closed) and not LIBRARY.search(inner[max(0, one.end() - 40) : one.end()])
    ]
    if endings:
        yield from files_in(text, start, end, [start + one.end() for one in endings])
        return
    seams = [] if inner.isascii() else [start + one.start() for one in _UNSPACED_SEAM.finditer(inner)]
    if seams:
        for low, high in pairwise([start, *seams, end]):
            for span in _atom(text, low, high):
                opened = span.open_left or span.start in seams, span.open_right or span.end in seams
                yield span._replace(open_left=opened[0], open_right=opened[1])
        return
    label = _LABEL.match(inner)
    if label:
        yield from _atom(text, start + label.end(), end)
        return
    yield from chains_in(text, start, end)


_SUM = re.compile(r"(?:\d[\d.,]*|[A-Za-z])[-+*/](?:\d[\d.,]*|[A-Za-z])")
_KEY = re.compile(f"(?:[^\\W\\d_]{{2}}|[{HAN}]) *\\Z")
_EQUALS = "=≈≠≤≥"
_TIMES = "+*×÷"
_SPACED_PAIR = re.compile(f"([{HAN}]+)[^\\S\\n]+([-/／])[^\\S\\n]+([{HAN}]+)")


def extract_targets(source: str | Sequence[str], *, symbols: SymbolTable = DEFAULT_SYMBOLS) -> tuple[Target, ...]:
    """The targets of a source in order, each text once, at its first place.

    Args:
        source: one text, or one a message: a target never crosses two of them.
        symbols: the table of symbols; one that a project has added may make a target by itself.
    """
    found: dict[str, Target] = {}
    for text in (source,) if isinstance(source, str) else source:
        for target in _scanned(text, symbols):
            found.setdefault(target.text, target)
    return tuple(found.values())


def _scanned(text: str, symbols: SymbolTable) -> tuple[Target, ...]:
    """Kept, since a system prompt is scanned again with every row of a log: many short ones, few long ones."""
    return _kept_short(text, symbols) if len(text) <= _SHORT else _kept_long(text, symbols)


def _targets(text: str, symbols: SymbolTable) -> tuple[Target, ...]:
    spans = _spans(text, symbols) if unicodedata.is_normalized("NFC", text) else list(_decomposed(text, symbols))
    spans.sort(key=lambda span: (span.start, -span.end))
    kept: list[Target] = []
    end = 0
    for span in spans:
        if span.start < end or span.end - span.start < 2:
            continue
        inner = text[span.start : span.end]
        if not stands_alone(text, span.start, span.end, inner):
            continue  # no mention of it could be found there
        end = span.end
        if _is_sum(text, span.start, span.end):
            continue
        kind = span.kind or kind_of(inner.strip("#") or inner)
        others = span.alternates or _also(inner)
        kept.append(Target(inner, kind, span.start, span.end, span.open_left, span.open_right, False, others))
    return tuple(kept)


def _also(inner: str) -> tuple[str, ...]:
    """What a target is called without the mark of a hashtag, or without the name before its number."""
    label = NUMBERED_NAME.match(inner)
    rest = inner[label.end() :] if label else inner.strip("#")
    return (rest,) if rest != inner and (SIGN_BETWEEN.search(rest) or is_code(rest)) else ()


def _spans(text: str, symbols: SymbolTable) -> list[Span]:
    return [*spans_in(text), *files_with_blanks(text), *_own_blanks(text, symbols), *_own_signs(text, symbols)]


_CLUSTER = re.compile("(?s).[\u1160-\u11ff\u3099\u309a\u0300-\u036f]*")


def _decomposed(text: str, symbols: SymbolTable) -> Iterator[Span]:
    """The spans of a text whose letters are in pieces, as in file names of macOS: those of its composed form."""
    pieces: list[str] = []
    places: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        piece = unicodedata.normalize("NFC", cluster[0])
        pieces.append(piece)
        places += [cluster.start()] * len(piece)
    places.append(len(text))
    composed = "".join(pieces)
    for span in _spans(composed, symbols):
        alternates = []
        for alternate in span.alternates:
            start = composed.find(alternate, span.start, span.end)
            if start >= 0:
                alternates.append(text[places[start] : places[start + len(alternate)]])
        yield span._replace(start=places[span.start], end=places[span.end], alternates=tuple(alternates))


_SHORT = 4096
_kept_short = lru_cache(maxsize=2048)(_targets)
_kept_long = lru_cache(maxsize=32)(_targets)


def forget() -> None:
    """Drop what is kept of earlier sources, so that a benchmark times the scan itself."""
    for kept in (_kept_short, _kept_long, kind_of, read):
        kept.cache_clear()


def _is_sum(text: str, start: int, end: int) -> bool:
    """`5-3` in `5-3 = 2`, `x = 5-3` or `2*5-3`; what follows a key (`ratio = 3/4`) is a value."""
    if not _SUM.fullmatch(text, start, end):
        return False
    after = text[end : end + 8].lstrip(" ")
    if after[:1] and after[0] in _EQUALS:
        return True
    before = text[max(0, start - 24) : start].rstrip(" ")
    if before.endswith("return") and re.fullmatch(r"[a-z]\W[a-z]", text[start:end]):
        return True
    if not before or before[-1] not in _EQUALS:
        return before[-1:] in tuple(_TIMES) and before[-2:-1].isalnum()
    return not _KEY.search(before[:-1])


def _own_blanks(text: str, symbols: SymbolTable) -> Iterator[Span]:
    """Words round a symbol that has blanks of its own; a pair of Han runs ends as one without blanks does."""
    for start, end in spaced_words(text, symbols):
        pair = _SPACED_PAIR.fullmatch(text, start, end)
        if pair:
            low, open_left = left_end(text, *pair.span(1), pair[3])
            high, open_right = right_end(text, *pair.span(3), text[low : pair.end(1)], pair[2])
            yield Span(low, high, open_left, open_right, "spaced")
        elif " " in text[start:end]:
            yield Span(start, end, kind="spaced")


@lru_cache(maxsize=64)
def _atoms_with(signs: str) -> re.Pattern[str]:
    """Runs that a project's own symbols do not end, though one of them may end an atom otherwise."""
    ends = "".join(char for char in ENDS[2:].replace("\\[", "[").replace("\\]", "]") if char not in signs)
    return re.compile(f"[^\\s{re.escape(ends)}]+")


def _own_signs(text: str, symbols: SymbolTable) -> Iterator[Span]:
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
