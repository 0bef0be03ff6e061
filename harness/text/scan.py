"""`extract_targets`: the strings of a prompt that are worth protecting when nobody has listed them.

A text is read in tokens: the long ones first, by what they begin with, and then what is left between their ends.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from heapq import heapify, heappop, heapreplace
from itertools import accumulate, chain, pairwise

from harness.text.atoms import ATOM, MAY_BE_A_SIGN, RUN, SOFT_ENDS, WITH_A_SIGN, WORDS_ALONE, in_run, read
from harness.text.chains import HAN, HAN_RUN, SIGN_BETWEEN, Span, chains_in, is_dull, kept_cut, touches
from harness.text.characters import ORNAMENT, is_latin, stands_alone
from harness.text.find import new
from harness.text.forms import FORMS, GATES
from harness.text.gates import first_of
from harness.text.names import (
    ANOTHER_FILE,
    CLOSERS,
    EXTENSION,
    PUT_BEFORE,
    files_in,
    files_with_blanks,
    paper_at,
    path_at,
)
from harness.text.sides import length_of_side, lengths_of_pair, seams
from harness.text.spaced import chains_of_own_signs, has_sign, names_of_words, spans_with_blanks
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import HEADS, OF_A_SENTENCE, OF_SUMS, Target, is_sum, kind_of, pairs_of
from harness.text.wholes import (
    BESIDE_A_CELL,
    IN_BRACKETS,
    also_called,
    in_touching_bracket,
    is_cell,
    is_row,
    joined,
    key_of,
    without_its_name,
)

_ROOTED = re.compile(r"[A-Za-z]:[\\/]|\\\\|(?:~|\.{1,2})?/")
_SENTENCE = re.compile(
    r"[，。；！？把被将將请請吗嗎我你您.;!?,用不](?:(?<![.;!?,用不])|(?<=[.;!?,]) |(?<=用)[于於]|(?<=不)要)"
)
_SHORTENED = re.compile(r"(?<!\w)(?:[A-Z][a-z]{0,4}|[0-9]{1,3}|no|vol|v|vs|pp|rev|ed)\.(?= )")
"""In the name of a file no sentence ends: `Opp. to MTD (final).docx`."""
_COMMAND = re.compile(r" [-/~.\\][\w/\\]| [A-Za-z]:[\\/]")
_FRENCH = re.compile(r"« ?(.*?) ?»".replace(" ", "[ \u00a0\u202f]"))
_ROOT = re.compile(f"(?<=[{HAN}])(?:/(?:etc|var|usr|opt|home|data|mnt|srv|tmp|root|dev|app|api)|\\.\\.?)/")
_NAME_OF_BOTH = re.compile(
    f"(?=[A-Za-z0-9]*[{HAN}])(?=[0-9{HAN}]*[A-Za-z]|[{HAN}]{{2,8}}[0-9]{{2,}}(?:[”’」』'\"`]|\\Z))[A-Za-z0-9{HAN}]{{3,16}}"
)
"""`“龙鳞X7”`, `` `订单ID` ``: in quotes a name of Han and letters needs no sign."""
_NUMBER_WITH_A_BLANK = re.compile("[A-Z]{1,5}[0-9]{0,3} [A-Z0-9]+(?:[-/][A-Z0-9]+)+")  # `"BF 2-1107"`
_OF_THE_SYSTEM = re.compile("/(?:etc|var|usr|opt|mnt|srv|tmp|root)/|\\.")
_LISTED = re.compile(f"(?<![^\\s：:，。；])[0-9]{{1,2}}[.、)](?=[{HAN}])")
"""The number of an item: `1.商务标/投标函.pdf`."""
_KEY_OF_A_PATH = re.compile(f"[A-Za-z_][A-Za-z0-9_.-]*=(?=[/~.${HAN}])|[{HAN}]{{1,6}}=")
_HEAD = re.compile(f"[{HAN}]+(?=/[A-Za-z0-9_.])")


def spans_in(text: str, asked: Sequence[int] | None = None) -> list[Span]:
    """All targets of a text but those that have blanks of their own; some overlap. `asked`: the forms it may hold."""
    kept: list[Span] = []
    asked = GATES.forms_for(text) if asked is None else asked
    waiting = [(found.start(), rank, found) for rank in asked if (found := first_of(FORMS[rank], text, 0))]
    heapify(waiting)
    place = 0
    while waiting:
        start, rank, found = waiting[0]
        end = found.end()
        kind = FORMS[rank].kind
        spans = tuple(_long(text, kind, start, end))
        if spans:
            _atoms(text, place, spans[0].start if kind in ("paper", "path") else start, kept)
            kept += spans
            place = max(place, spans[-1].end)
            if place < end and kind not in ("quoted", "title"):
                end = place  # what is left of a path may hold another
            place = max(place, end)
        while True:
            again = first_of(FORMS[rank], text, end, waiting[0][2].endpos)
            if again:
                heapreplace(waiting, (again.start(), rank, again))
            else:
                heappop(waiting)
            # what turned out to be nothing (the path in `费/年假`) hides no other token inside it
            if not spans or not waiting or waiting[0][0] >= end:
                break
            rank = waiting[0][1]
    _atoms(text, place, len(text), kept)
    return kept


def _long(text: str, kind: str, start: int, end: int) -> Iterable[Span]:
    if kind == "quoted":
        french = _FRENCH.fullmatch(text, start, end) if text[start] == "«" else None
        return _quoted(text, *(french.span(1) if french else (start + 1, end - 1)))
    if kind == "title":
        return _title(text, start + 1, end - 1)
    if kind in _READERS:
        return _READERS[kind](text, start, end)
    if kind in ("windows", "path"):
        return [_with_values(text, one) for one in path_at(text, start, end)]
    others: tuple[str, ...] = ()
    if kind == "formula":
        kind = "code"
    elif kind in ("", "query"):
        opened = _OPENED.search(text, start, end)
        others = _named_inside(text[opened.end() : end - 1]) if not kind and opened else _values(text[start:end])
        kind = kind and "code"
    elif kind == "variable":
        while text[end - 1] in ".:;":
            end -= 1
        name, _, value = text[start:end].partition("=")
        if _HOLDS_TOKENS.search(value):  # the value is what is protected: `--max-old-space-size=4096`
            inside = _inside(text, end - len(value), end)
            return (Span(start, start + len(name), touches(text, start - 1)), *inside)
        kind, others = "code", (name, *_of_value(value))
    else:
        end -= 2 * (kind == "url" and text.endswith(("'s", "’s"), start, end))
        while (
            (text[end - 1] in ".,:;" and kind != "placeholder")
            or (text[end - 1] > "~" and ORNAMENT.match(text[end - 1]))
            or (
                kind == "url"
                and (text[end - 1] in "!?*'\"”’" or (text[end - 1] == ")" and text.find("(", start, end) < 0))
            )
        ):
            end -= 1
        whole = text[start:end]
        others = _parts(kind, whole)
        if kind == "standard" and (whole[0] in "HI" or "." in whole):
            kind = kind_of(whole)  # `ISO 100-6400` is a range
    return (Span(start, end, touches(text, start - 1), touches(text, end), kind, others),)


def _of_value(value: str) -> tuple[str, ...]:
    bare = value.strip("\"'")
    whole = (value,) if SIGN_BETWEEN.search(value) else ()
    return whole if bare == value else (*whole, bare, *_named_in_value(bare))


def _parts(kind: str, whole: str) -> tuple[str, ...]:
    """What is also said alone: the value of an option, a package without its version, each of `${{ a }}-${{ b }}`."""
    if kind == "option":
        value = whole.partition("=")[2].strip("'\"")
        stands_for_one = value.isupper() and value.replace("_", "").isalpha()  # `--log-file=LOG_FILE`
        return () if stands_for_one else _named_in_value(value)
    if kind == "url":
        return tuple(_DOI.findall(whole))
    if kind == "version":
        name, _, version = whole.rpartition("@")
        return (name, version) if SIGN_BETWEEN.search(name) else ()
    if kind == "unit":
        return (whole[1:],) if whole[1:2].isdecimal() else ()  # `$12/mo`
    if kind == "standard":
        return (whole.partition("+")[0],) if "+" in whole else ()
    if kind == "code" and whole[-2] in "-/" and " " in whole:
        return (whole.partition(" ")[2],)  # `TGHU 660418-2`
    if kind == "code" and (mount := _MOUNTED.fullmatch(whole)):
        return tuple(one for one in mount.groups() if has_sign(one))
    return tuple(_HOLDERS.findall(whole)) if kind == "placeholder" and whole.count("${") > 1 else ()


_DOI = re.compile(r"(?<=doi\.org/)10\.\d{4,}/\S+")
_MOUNTED = re.compile(r"([^:]+):(/[^:]+)(?::[a-zA-Z,]+)?")
_TAG = re.compile(r"#\w+")
_HOLDERS = re.compile(r"\$\{+[^{}]+\}+")


def _named_inside(piece: str) -> tuple[str, ...]:
    """The targets in a piece of a longer one, which are also said without it: `connect("ws://localhost:8765")`."""
    found = [one for one in _targets_at_once(piece, DEFAULT_SYMBOLS) if one.kind not in ("range", "number")]
    return tuple(dict.fromkeys(chain.from_iterable((one.text, *one.alternates) for one in found)))


def _named_in_value(value: str) -> tuple[str, ...]:
    return () if value.count("=") > 1 else _named_inside(value)  # `--a=--a=--a=` would go on without an end


def _with_values(text: str, path: Span) -> Span:
    query = text.find("?", path.start, path.end)
    return path if query < 0 else path._replace(alternates=path.alternates + _values(text[query : path.end]))


def _values(query: str) -> tuple[str, ...]:
    """Those that are targets by themselves: `-created_at` of `page=2&sort=-created_at`."""
    return tuple(chain.from_iterable(_named_inside(one) for one in _VALUE.findall(query)))


_OPENED, _VALUE = re.compile(r"[(\[]"), re.compile("=([^&=]+)")
_HOLDS_TOKENS = re.compile(r"^[a-z0-9+]{2,}://[^,]*$|^--[a-z]|%\(")


def _title(text: str, start: int, end: int) -> Iterator[Span]:
    """The title of a book or film with a sign in it is one target."""
    inner = text[start:end]
    is_whole = _SIGN_OF_A_TITLE.search(inner) or _WITH_ITS_VERSION.fullmatch(inner)
    ending = EXTENSION.search(inner)
    if ending and ending.end() == len(inner) and " " not in inner and not _SIGN_OF_A_TITLE.search(inner):
        yield Span(start, end, kind="file")
    elif inner != inner.strip() or ending or not is_whole:
        yield from (_as_a_whole(text, one) if one.kind == "file" else one for one in _inside(text, start, end))
    else:
        yield Span(start, end, kind="cjk-pair" if HAN_RUN.search(inner) else "", alternates=pairs_of(inner))


_WITH_ITS_VERSION = re.compile(f"[A-Z0-9]{{0,8}}[{HAN}]{{2,16}}[Vv]\\d+(?:\\.\\d+)*")
_SIGN_OF_A_TITLE = re.compile(r"(?<=\w)(?:[-/·：:～~–]|—{1,2})(?=\w)")


def _file(text: str, start: int, end: int) -> Iterator[Span]:
    """A file in a folder. A word before the first slash may be one of the sentence."""
    listed = _LISTED.match(text, start, end)
    start = listed.end() if listed else start
    while (another := ANOTHER_FILE.search(text, start, end)) and another.end() < end:
        yield from _file(text, start, another.end())
        start = another.end()
    key = _KEY_OF_A_PATH.match(text, start, end)
    head = key or _HEAD.match(text, start, end)
    if head and (key or head[0].endswith(HEADS)):
        yield from path_at(text, head.end(), end)
        return
    root = _ROOT.search(text, start, end)
    if root and (_OF_THE_SYSTEM.match(root[0]) or not HAN_RUN.fullmatch(text, start, root.start())):
        # `清理脚本/opt/运维/日志.sh`, `服务器10.0.3.0/24的/etc/hosts.conf`
        yield from chains_in(text, start, root.start())
        yield from path_at(text, root.start(), end)
        return
    ahead = PUT_BEFORE.match(text, start, end)
    if ahead:  # `副本“熔炉/回廊”掉落表为Config/熔炉.xlsx`
        yield from _inside(text, start, ahead.end())
        start = ahead.end()
        if text[start] == "/":
            yield from path_at(text, start, end)
            return
    fragment = text.rfind("#", start, end)
    if fragment > text.rfind(".", start, end):  # `docs/setup.md#install`
        for span in files_in(text, start, fragment, [fragment]):
            bare = text[span.start : span.end]
            yield span._replace(end=end, alternates=(bare, *span.alternates)) if span.end == fragment else span
        return
    yield from files_in(text, start, end, [end])


def _tags(text: str, start: int, end: int) -> Iterator[Span]:
    for one in _TAG.finditer(text, start, end):
        yield Span(one.start(), one.end(), kind="code")


_READERS = {"paper": paper_at, "file": _file, "tags": _tags}


def _quoted(text: str, start: int, end: int) -> Sequence[Span]:
    """A quoted token is one target; a quoted sentence is text like any other."""
    if text[start - 1] != "`" and WORDS_ALONE.fullmatch(text, start, end):
        return ()
    spans = _in_quotes(text[start:end], text[end])
    return [new(Span, (one[0] + start, one[1] + start, *one[2:])) for one in spans]


@lru_cache(maxsize=4096)
def _in_quotes(inner: str, closer: str) -> Sequence[Span]:
    """Kept, since keys and names are quoted again and again."""
    ending = EXTENSION.search(inner) if "." in inner else None
    has_file = ending is not None and ending.end() == len(inner)
    is_sentence = _SENTENCE.search(_SHORTENED.sub("", inner) if has_file else inner)
    if inner != inner.strip() or is_sentence or "(...)" in inner:
        return spans_in(inner)
    others: tuple[str, ...] = ()
    if " " in inner:
        rooted = _ROOTED.match(inner) and inner.count("/") + inner.count("\\") > 1
        whole = rooted or (has_file and closer != "`")
        if whole and inner.count(" ") <= 6 and not _COMMAND.search(inner):
            kind = "path" if "/" in inner or "\\" in inner else "file"
        elif closer != "`" and _NUMBER_WITH_A_BLANK.fullmatch(inner):
            kind, others = "code", (inner.partition(" ")[2],)
        else:
            return spans_in(inner)
        return (Span(0, len(inner), kind=kind, alternates=others),)
    asked = GATES.forms_for(inner)
    if inner[0] in "-/~.\\{" or any(FORMS[rank].pattern.fullmatch(inner) for rank in asked):
        return [_as_a_whole(inner, one) for one in spans_in(inner, asked)]
    if (
        has_file
        or (_NAME_OF_BOTH.fullmatch(inner) and not OF_A_SENTENCE.search(inner))
        or (SIGN_BETWEEN.search(inner.replace("*", " ")) and not is_dull(inner))
    ):
        others = (*key_of(inner), *_values(inner)) if "=" in inner else without_its_name(inner) or pairs_of(inner)
        return (Span(0, len(inner), kind=kind_of(inner) if ending else "", alternates=others),)
    return ()


def _as_a_whole(text: str, span: Span) -> Span:
    """A span in quotes: its edges are certain, and no word before a name is the sentence's."""
    whole = text[span.start : span.end]
    kept = [one for one in span.alternates if not whole.endswith(one) or whole[-len(one) - 1] in "/\\=:"]
    return span._replace(open_left=False, open_right=False, alternates=tuple(kept))


def _inside(text: str, start: int, end: int) -> Iterator[Span]:
    for span in spans_in(text[start:end]):
        yield span._replace(start=span.start + start, end=span.end + start)


def _atoms(text: str, start: int, end: int, kept: list[Span]) -> None:
    """Add what is left between the long tokens, by runs without blanks, quotes or CJK punctuation.

    What may be a sign is looked for, and from there where its run begins.
    """
    place = start
    while (sign := MAY_BE_A_SIGN.search(text, place, end)) is not None:
        if sign.lastindex:
            place = sign.end()
            continue
        at = sign.start()
        low = at
        if at > place and text[at - 1] not in " \n":
            low -= RUN.match(text[place:at][::-1]).end()  # type: ignore[union-attr]
        run = WITH_A_SIGN.match(text, low, end)
        place = (run or RUN.match(text, low, end)).end()  # type: ignore[union-attr]
        if run and run.lastindex:
            kept.append(new(Span, (low, place, touches(text, low - 1), touches(text, place), "", ())))
            continue
        if run and SOFT_ENDS.isdisjoint(run[0]):
            _in_atom(text, low, place, kept)
        elif run:
            for found in ATOM.finditer(text, low, min(end, place + 1)):
                _in_atom(text, *found.span(), kept)


def _in_atom(text: str, low: int, high: int, kept: list[Span]) -> None:
    run = text[low:high]
    if "," in run and not run.isascii() and is_row(text, low):  # `5-10ppm,6/9,20L/次`
        for piece in re.finditer("[^,]+", run):
            _in_atom(text, low + piece.start(), low + piece.end(), kept)
        return
    if len(run) < 2 or (run.isalpha() and "\u2e2f" not in run):  # the one letter that is a sign as well
        return
    before = "" if isinstance(text, _Joined) and low in text.begins else text[low - 1 : low]
    after = text[high : high + 1]
    if "=" in run or "≤" in run or "≥" in run:
        for piece in re.finditer("[^=≤≥]+", run):
            _in_atom(text, low + piece.start(), low + piece.end(), kept)
        return
    if len(run) > _LONGEST or (before and before in CLOSERS):
        kept += in_run(text, low, high)
        return
    if before in BESIDE_A_CELL and after in BESIDE_A_CELL and ((before and run.isascii()) or is_cell(text, low, high)):
        before = after = "|"
    spans = read(before, run, after)
    if after == "(" or (after == "（" and run.count("/") > 1 and any(map(is_latin, run))):
        kept += _with_bracket(text, low, high, spans)
        return
    for start, end, *more in spans:
        kept.append(new(Span, (start + low, end + low, *more)))


def _with_bracket(text: str, low: int, high: int, spans: Sequence[Span]) -> Iterator[Span]:
    """The targets of a run, the last one with the bracket behind it where it belongs to it."""
    run = text[low:high]
    behind = IN_BRACKETS.match(text, high)
    is_short = behind is not None and (behind[1] or not run.isascii())
    touching = in_touching_bracket(text, high, run, spans) if text[high] == "(" and not is_short else None
    if touching:
        inside = _named_inside(text[high + 1 : touching[1] - 1])
        opened, kind, others = (spans[-1][2], *spans[-1][4:]) if spans else (False, "code", ())
        others = (run[touching[0] :], *others, *inside) if spans else inside
        yield from (one._replace(start=one.start + low, end=one.end + low) for one in spans[:-1])
        yield Span(low + touching[0], touching[1], opened, False, kind, others)
        return
    for start, end, open_left, open_right, kind, others in spans:
        if behind and is_short and end == len(run):
            yield Span(start + low, behind.end(), open_left, False, kind, (run[start:], *others))
        else:
            yield Span(start + low, end + low, open_left, open_right, kind, others)


_LONGEST = 64


def extract_targets(source: str | Sequence[str], *, symbols: SymbolTable = DEFAULT_SYMBOLS) -> tuple[Target, ...]:
    """The targets of a source in order, each text once, at its first place.

    Args:
        source: one text, or one a message: a target never crosses two of them.
        symbols: the table of symbols; one that a project has added may make a target by itself.
    """
    if isinstance(source, str):
        return _scanned(source, symbols)
    return _each_once(chain.from_iterable([_scanned(text, symbols) for text in source]))


def _each_once(targets: Iterable[Target]) -> tuple[Target, ...]:
    found: dict[str, Target] = {}
    for target in targets:
        found.setdefault(target[0], target)
    return tuple(found.values())


class _Joined(str):
    """Texts with an empty line between them, and where they begin: no target crosses a line."""

    begins: frozenset[int]


def _scanned(text: str, symbols: SymbolTable) -> tuple[Target, ...]:
    """Kept, since a system prompt is scanned again with every row of a log: many short ones, few long ones."""
    if symbols is not DEFAULT_SYMBOLS or len(text) > _SHORT:
        kept = _kept_short if len(text) <= _SHORT else _kept_long if len(text) <= _LONG else _kept_longest
        return kept(text, symbols)
    found = _kept.get(text)
    return _keep(text, _targets(text, symbols)) if found is None else found


def _keep(text: str, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[text] = targets
    return targets


def read_ahead(texts: Iterable[str]) -> None:
    """Scan short texts together and keep what each holds: to begin with a text takes as long as two of its targets.

    A text whose end may be the end of a target is left to be scanned by itself.
    """
    waiting = [text for text in dict.fromkeys(texts) if text not in _kept and _may_be_joined(text)]
    # apart, since a text of ASCII is read faster
    waiting.sort(key=str.isascii)
    for low in range(0, len(waiting), _JOINED):
        some = waiting[low : low + _JOINED]
        begins = [*accumulate([len(text) + 2 for text in some], initial=0)]
        joined_text = _Joined("\n\n".join(some))
        joined_text.begins = frozenset(begins)
        found: list[dict[str, Target]] = [{} for _ in some]
        number = 0
        for one in _targets_at_once(joined_text, DEFAULT_SYMBOLS):
            text, kind, start, end, *more = one
            while begins[number + 1] <= start:
                number += 1
            shift = begins[number]
            found[number].setdefault(text, new(Target, (text, kind, start - shift, end - shift, *more)))
        for text, own in zip(some, found, strict=True):
            _keep(text, tuple(own.values()))


def _may_be_joined(text: str) -> bool:
    if text.rstrip()[-1:] not in _SENTENCE_ENDS or len(text) > _SHORT or _OF_FEW_TEXTS.search(text):
        return False
    if not unicodedata.is_normalized("NFC", text):
        return False
    return not ("\n" in text and (_come_again(text.split("\n")) or _TAG_OVER_LINES.search(text)))


_OF_FEW_TEXTS = re.compile('["#$%&()*+:;<=>@\\[\\\\\\]^`{|}~“”‘«„「『《（〔［【：；①-⑫₀-₉°€£¥￥\u202f]')
"""What is looked for because of them would be looked for in all that a text is joined with."""
_SENTENCE_ENDS, _JOINED, _MOST_KEPT = frozenset("。.！!？?；;"), 64, 2048
_kept: dict[str, tuple[Target, ...]] = {}


def _targets(text: str, symbols: SymbolTable) -> tuple[Target, ...]:
    lines = text.split("\n") if "\n" in text else ()
    if not _come_again(lines) or _is_one(text, lines):
        return _each_once(_targets_at_once(text, symbols))
    kept: list[Target] = []
    place = 0
    for number, line in enumerate(lines):
        begun, ended = "\n" * (number > 0), "\n" * (number < len(lines) - 1)
        shift = place - len(begun)
        read_line = _kept_line if len(line) <= _SHORT_LINE else _targets_at_once
        for one in read_line(begun + line + ended, symbols) if len(line) > 1 else ():
            kept.append(one._replace(start=one.start + shift, end=one.end + shift))
        place += len(line) + 1
    return _each_once(kept)


def _is_one(text: str, lines: Sequence[str]) -> bool:
    """Whether a line says something of the next: in a list of rows (`is_row`), and where a tag goes over its end."""
    commas = [line.count(",") for line in lines]
    return (
        any(one == other > 1 for one, other in pairwise(commas))
        or _TAG_OVER_LINES.search(text) is not None
        or not unicodedata.is_normalized("NFC", text)
    )


_TAG_OVER_LINES = re.compile(r"</?\d{1,3}\n")
_LONGEST_TARGET = 8192  # what is longer is data, such as an image in base64: nobody asks for it back
_SHORT, _LONG, _SHORT_LINE, _MOST_LINES = 4096, 200_000, 1024, 4096
_seen: dict[str, None] = {}


def _come_again(lines: Sequence[str]) -> bool:
    """Whether most of a text was in others: it is of a template then, and read by lines, which no target crosses."""
    if not lines or len(lines) > _MOST_LINES:
        return False
    seen = sum([len(line) for line in lines if line in _seen])
    if len(_seen) > _MOST_LINES:
        _seen.clear()
    _seen.update(dict.fromkeys([line for line in lines if len(line) <= _SHORT_LINE]))
    return seen > 0 and seen * 2 > sum(map(len, lines))


def _targets_at_once(text: str, symbols: SymbolTable) -> tuple[Target, ...]:
    spans = _spans(text, symbols) if unicodedata.is_normalized("NFC", text) else list(_decomposed(text, symbols))
    if len(spans) > 1:
        spans.sort(key=lambda span: (span[0], -span[1]))
    kept: list[Target] = []
    place = 0
    for start, end, open_left, open_right, own, others in spans:
        if start < place or end - start < 2:
            continue
        if end - start > _LONGEST_TARGET:
            place = end
            continue
        inner = text[start:end]
        if (start and text[start - 1] == "\\" and inner[0] in symbols.by_char) or not stands_alone(
            text, start, end, inner
        ):
            continue  # no mention of it could be found there
        place = end
        if (text[start].isdecimal() or text[start + 1] in OF_SUMS) and is_sum(text, start, end):
            continue
        kind = own or kind_of(inner.strip("#") or inner)
        kept.append(new(Target, (inner, kind, start, end, open_left, open_right, False, others or also_called(inner))))
    return tuple(joined(text, kept))


def _spans(text: str, symbols: SymbolTable) -> list[Span]:
    is_usual = symbols is DEFAULT_SYMBOLS
    if is_usual and WORDS_ALONE.fullmatch(text):
        return []
    spans = spans_in(text)
    if "." in text:
        spans += files_with_blanks(text)
    spans += spans_with_blanks(text, symbols)
    if "'" in text or "’" in text or "&" in text:
        spans += names_of_words(text)
    if not is_usual:
        spans += chains_of_own_signs(text, symbols)
    return spans


_MARKS = "\u1160-\u11ff\u3099\u309a\u0300-\u036f"
_CLUSTER = re.compile(
    f"(?s)([\\x00-\u02ff\u3000-\u3029\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uff01-\uff65]+(?![{_MARKS}]))|.[{_MARKS}]*"
)
"""A run that composing does not change, or a character with its marks."""


def _decomposed(text: str, symbols: SymbolTable) -> Iterator[Span]:
    """The spans of a text whose letters are in pieces, as in file names of macOS: those of its composed form."""
    pieces: list[str] = []
    places: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        if cluster[1]:
            pieces.append(cluster[1])
            places += range(*cluster.span())
            continue
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


_kept_short = lru_cache(maxsize=2048)(_targets)
_kept_long = lru_cache(maxsize=32)(_targets)
_kept_longest = lru_cache(maxsize=2)(_targets)
_kept_line = lru_cache(maxsize=_MOST_LINES)(_targets_at_once)


def forget() -> None:
    """Drop what is kept of earlier sources, so that a benchmark times the scan itself."""
    _seen.clear()
    _kept.clear()
    of_texts = _kept_short, _kept_long, _kept_longest, _kept_line, _in_quotes
    for kept in (*of_texts, kind_of, read, kept_cut, seams, length_of_side, lengths_of_pair):
        kept.cache_clear()
