"""How what is left between the long tokens is read: runs without a blank, and what in one may be a sign."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from harness.text.chains import ENDS, HAN, SIGN_BETWEEN, Span, chains_in
from harness.text.characters import EMOJI, trimmed
from harness.text.find import new
from harness.text.keeping import later
from harness.text.names import CLOSERS, endings_in, files_in
from harness.text.sides import unspaced_seams
from harness.text.targets import SHORT_LABELS, is_code
from harness.text.wholes import SET_OFF, plain_behind_han, whole_of

SOFT_ENDS = frozenset("’'(),*")
_HARD_ENDS = ENDS.translate(dict.fromkeys(map(ord, SOFT_ENDS))) + EMOJI  # what ends a run whatever is round it
_LETTERS = "[^\\W\\d_\u2460-\u24ff\u2e2f]*+"
RUN = re.compile(f"[^{_HARD_ENDS}]*")
USUAL_LETTERS = (
    "a-zA-Z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02c1\u0391-\u03a1\u03a3-\u03f5\u0400-\u0481\u048a-\u052f\u05d0-\u05ea\u0620-\u064a"
    "\u0e01-\u0e30\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
_WORDS = f"[{USUAL_LETTERS} \\n，。；！？]*+"
WORDS_ALONE = re.compile(f"{_WORDS}(?:[,.!?](?![^ \\n]){_WORDS})*+")
"""What is in most quotes and in prose without names or numbers, and holds no target."""
_ENDED = f"(?=[{_HARD_ENDS}]|[,)](?:[{_HARD_ENDS}]|\\Z)|\\Z)"
MAY_BE_A_SIGN = re.compile(
    f"[^{USUAL_LETTERS}’', {_HARD_ENDS}](?!(?<=[a-z][.:])(?:[ \\n]|\\Z))"
    f"(?:(?<![^{_HARD_ENDS}].)(?:(?<=[0-9])[0-9]{{0,8}}|(?<=[+-])[0-9]{{1,9}})(?:\\.[0-9]{{1,9}})?%?[.:]?{_ENDED}())?"
)
"""But for the sign behind the last word of a sentence. A number by itself is taken whole: it is not a target."""
_PLAIN_PART = "[A-Za-z0-9]++(?:\\.[0-9]++(?![a-z]))*+"
WITH_A_SIGN = re.compile(
    f"((?:(?![a-z]/[a-z](?![A-Za-z0-9/_-])){_PLAIN_PART}(?:[-/_]{_PLAIN_PART})+|[0-9]++(?:(?:\\.[0-9]++){{2,}}|(?::[0-9]++)+)){_ENDED})"
    f"|{_LETTERS}(?:[’',]{_LETTERS})*+[^{_HARD_ENDS}]{RUN.pattern}"
)
"""A run in which there is something else than letters, apostrophes and commas: words alone make no target.

What is in its group is a target as a whole: `ZX-2000`, `K-7/8`, `10.20.0.0/16`, `4.25.3`, `00:07`.
"""

ATOM = later(
    rf"(?:[^{ENDS}{EMOJI}]++|(?=[’,(*'′])(?:(?<=[A-Za-z])’(?=[A-Za-z])|(?<=\d),(?=\d{{3}}(?!\d))"
    r"|(?:(?<=[A-Za-z0-9])|(?<=\d-)(?=\(\d))\((?:[A-Za-z0-9]{1,2}|[ivx]{1,5})\)(?:[-/]?\((?:[A-Za-z0-9]{1,2}|[ivx]{1,5})\)){0,2}(?![A-Za-z0-9(])"
    r"|(?<=[A-Za-z0-9²³]/)\([A-Za-zμµΩ°℃²³·*](?:[A-Za-zμµΩ°℃²³·*]|(?<=[·*])[0-9.]+){1,15}\)"  # `mL/(min·1.73m²)`
    r"|(?<=[A-Za-z0-9%])\((?:[0-9]{1,3}:[0-9]{1,3}|[VvWwm]/[VvWwm])\)"  # `DMF/H2O(4:1)`
    r"|(?:(?<=[A-Z0-9]-)|(?<=[A-Z])(?=\(20)|(?<![A-Za-z0-9)-]))\([A-Za-z0-9+-]{1,4}\)(?=-[A-Za-z0-9])"  # `HT-(03)-9`
    r"|(?<=[A-Za-z0-9])\([+-]{1,2}\)"
    rf"|(?<=[A-Za-z0-9])[(（][{HAN}]{{1,2}}[)）](?=[-/]?[A-Z0-9])"
    r"|(?<=[\u0400-\u04ff0-9])\([\u0400-\u04ff0-9]{1,4}\)(?=[-/\d\u0400-\u04ff])"  # `HT-2026(采)-118`
    r"|(?<=[A-Za-z0-9])\([A-Za-z0-9#@+-]{1,12}\)(?=[A-Za-z0-9])"  # `CC(N)C(O)C`
    r"|(?<=\d)['′](?=-[A-Za-z]|[NSEW](?![A-Za-z])|(?:HQ|GP|HC|OT|RF)(?![A-Za-z])|/\d)"  # `2,2'-bipyridine`
    r"|(?<=-[35])['′](?![A-Za-z0-9])"  # `5'-ATG-3'`
    r"|(?<=[A-Za-z])\([A-Z][0-9]{1,5}\)(?=/)"  # `p-AKT(S473)/总AKT`
    r"|(?<=[A-Z0-9])\*(?=\d|(?<=[A-Z]{2}\*)[A-Z]{2}|(?<=-\d\d\*)[A-Z](?![A-Za-z*]))|(?<=\*\d/)\*(?=\d)"
    r"|(?<=[A-Z0-9]),(?=[A-Z0-9]{1,2}['′]?-[a-z])|(?<=,[NOSP])['′](?=-[a-z])"
    r"|(?<=[0-9]-)\([0-9A-Za-z,'′-]{2,40}\)(?=[a-z-])"  # `2-(4-isobutylphenyl)propanoic`
    r"|(?<=[A-Za-z0-9_])\(\)(?![A-Za-z0-9_])"  # `model.fit()`
    r"|(?<=[A-Za-z])'(?=[A-Za-z][A-Za-z]*[-/_]|(?<=-[A-Z]')[A-Z][a-z])"
    r"|(?<=[A-Za-z0-9])'(?=\d|[bdho][0-9A-F])"  # `O'Neil-Hart`, `8'hFF`
    # `2,4-D`, `2,4,6-三硝基甲苯`, `N,N-二甲基甲酰胺`
    r"|(?<=\d)(?<![A-Za-z0-9.-]\d),(?=(?:\d{1,2},){0,4}\d{1,2}-[^\W_a-z])|(?<=\d,\d-\d),(?=\d)"
    # `0,1mmol/kg`, `99,5-99,9%`, `1.240,50€/Jahr`
    r"|(?<=\d),(?=\d{1,3}(?:(?:[^\W\d_]{1,4}[²³]?|[€£$%₽₴₺])/[^\W\d_]|[^\W\d_]{0,4}/\d+(?![\w/])|[^\W\d_]{0,4}/\d+,\d))"
    r"|(?<=/\d),(?=\d{1,2}[^\W\d_]{0,4}(?![\w/]|,\d))|(?<=[x×]\d),(?=\d{1,2}-[A-Z])"
    r"|(?<=[A-Z]-\d\d),(?=\d(?![\w,-]))|(?<=\d),(?=\d{1,2}/[^\W\d_])|(?<=\d\d),(?=\d-\d\d,\d(?!\d))|(?<=\d-\d\d),(?=\d(?!\d))"
    rf"|(?<=[NOSP])(?<![A-Za-z0-9][NOSP]),(?=[NOSP]-[{HAN}])))+"
)
"""What is left between the long tokens: a run without a blank, with the brackets and commas that belong to it."""

_SIGNS_BEYOND_ASCII = "\u00a0-\u00bf\u00d7\u00f7\u2000-\u206f\u2190-\u2bff\u3000-\u3003\u3008-\u3020\u30fb\uff00-\uff20"

_MOST_LABELS = 16
_LABEL = re.compile(
    f"(?:[{HAN}]{{1,8}}|(?:(?![{HAN}])[^\\x00-\\x7f{_SIGNS_BEYOND_ASCII}]){{1,24}}):(?=\\S)"
    f"|(?:[{HAN}A-Z]{{0,12}}[{HAN}])?(?:[A-Z]/N|[A-Z]{{4,8}}|(?:{'|'.join(SHORT_LABELS)})|[A-Z][a-z]{{1,11}}):(?=[A-Z0-9][^:]*\\Z)(?=[^:]*[-/])"
)
"""What is behind the colon is the value; in Latin, where `a:b` is a token as well, behind `IMEI:` or `Model:`."""
_NUMBER_SIGN = re.compile(f"(?:[{HAN}]*)No\\.(?=[A-Z0-9])")
_OPENED_FIRST = re.compile(
    f"(?:请|請|帮我|幫我)?(?:打开|读取|查看|下载|删除|上传|開啟|讀取)(?=[{HAN}]{{2,6}}/[A-Za-z0-9]{{1,8}}[{HAN}]{{2,8}}\\Z)"
)


@lru_cache(maxsize=8192)
def read(before: str, run: str, after: str) -> tuple[Span, ...]:
    """The targets of a run between two neighbours. Kept, since the same words come again in row after row."""
    is_ascii = run.isascii()
    text = before + run + after
    shift = len(before)
    if not is_ascii:
        plain = None if before in SET_OFF else plain_behind_han(text, shift, shift + len(run))
        if plain:
            return (plain._replace(start=plain.start - shift, end=len(run)),)
        if opened := _OPENED_FIRST.match(run):  # `读取评审记录/PX产品验证清单`: behind the verb an edge is certain
            size = opened.end()
            return tuple(
                one._replace(start=one.start + size, end=one.end + size) for one in read(" ", run[size:], after)
            )
    found = in_run(text, shift, shift + len(run))
    spans = [new(Span, (start - shift, end - shift, *more)) for start, end, *more in found]
    return tuple(spans if is_ascii else whole_of(before, run, after, spans))


def in_run(text: str, start: int, end: int) -> Iterator[Span]:
    """The targets of a run with what is round it."""
    for _ in range(_MOST_LABELS):  # behind each
        start, end = trimmed(text, start, end)
        if start < end and text[start] > "\u2e7f" and (plain := plain_behind_han(text, start, end)):
            yield plain
            return
        inner = text[start:end]
        if end - start < 2 or not (
            SIGN_BETWEEN.search(inner) or inner[0] in "-@." or "()" in inner or "." in inner or is_code(inner)
        ):
            return
        closed = start > 0 and text[start - 1] in CLOSERS
        endings = endings_in(inner, closed=closed)
        if endings:
            yield from files_in(text, start, end, [start + one.end() for one in endings])
            return
        seams = [start + one for one in unspaced_seams(inner)] if not inner.isascii() else []
        if seams:
            for low, high in pairwise([start, *seams, end]):
                for span in in_run(text, low, high):
                    opened = span.open_left or span.start == low > start, span.open_right or span.end == high < end
                    yield span._replace(open_left=opened[0], open_right=opened[1])
            return
        label = _LABEL.match(inner) if ":" in inner else _NUMBER_SIGN.match(inner) if "No." in inner else None
        if not label:
            break
        start += label.end()
    yield from chains_in(text, start, end)
