"""Near misses: a code, version, URL or the like that came back with a wrong letter or digit."""

import re
from bisect import bisect_right
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice

from harness.text.characters import is_cjk, stands_alone
from harness.text.explain import Change
from harness.text.fold import Damage, ascii_of
from harness.text.keeping import later
from harness.text.mentions import Finding
from harness.text.neighbours import Neighbours, folded
from harness.text.search import Source, places_of
from harness.text.sums import is_formula
from harness.text.symbols import ALTERED, CORRUPTED, QUOTES
from harness.text.targets import STRICT_KINDS, Target

_KINDS = STRICT_KINDS - {"mime", "unit", "spaced", "placeholder", "option"}
KINDS_BESIDE = frozenset({"uuid", "hash", "cas"})
"""Kinds that have near misses even beside a whole mention."""
_HOLDS = {"url": "[/.]", "uuid": "-"}
_NEED_NO_DIGIT = {*_HOLDS, "path", "file", "email"}
_DIGITS, _ALSO_HOLD = "[0-9]", {"path": r"[0-9./\\]", "file": "[0-9.]", "email": "@"}
"""Patterns of what a near miss must hold: a digit for all other kinds."""
_CONFUSED_DIGITS = "[0-9IlOo]"
_IN_CAPITALS = rf"{_CONFUSED_DIGITS}(?:(?<=[0-9])|(?<=[A-Z_/.:#-].)|(?=[A-Z]|[_/.:#-]\w))"
"""Letters for a digit of a code in capitals are beside a capital or a sign: in most words of prose they are not."""
_LEAST, _TWO_FROM, _SWAPS_FROM = 5, 16, 4
_KEPT = 0.8
_SHORT = 7  # shorter ones may have the change among both the first and the last three characters
_LONGEST_WORD = 300
_CONFUSED = str.maketrans("OolI", "0011")
_BRACKETS = re.escape("()[]{}<>（）［］｛｝＜＞〈〉《》【】〔〕｜")
_TRAILING = ".,:;!?。，、；：！？…*_"
_LAST_RUN = later(r"[^\W_]+\Z")
_SCHEME = later(r"\A(?:[a-z][a-z0-9+.-]*://)?(?:www\.)?", re.IGNORECASE)


@lru_cache(maxsize=8192)
def has_near_misses(target: Target) -> bool:
    if target.kind not in _KINDS or (not target.given and is_formula(target.text)):
        return False
    letters = sum(map(str.isalnum, target.text))
    if letters < _SWAPS_FROM:
        return False
    if target.kind == "path" and "[" in target.text and not target.given:
        return False  # `/dev/pty[p-z]` is a pattern
    return target.kind in _HOLDS or any(map(str.isdecimal, target.text))


_MOST_PER_HOLDER = 400  # characters: a string that is translated is short; a longer text has placeholders of its own
_HOLDER = later(r"(\{\{\s*|\{|\$\{|%\()([^\W\d][\w.-]{0,60})(\s*\}\}|\}|\)[a-z])")

_NAMED, _ENDING = later(r"%\([^()]+\)(?=[a-z]\Z)"), later(r"\w*")


def translated_placeholders(
    text: str, targets: Sequence[Target], names: Container[str], source: Source
) -> Iterator[Finding]:
    """Placeholders that are in no source, each for a missing one that is written in the same brackets: `{nombre}`."""
    for target in targets:
        stem = _NAMED.match(target.text)
        start = text.find(stem[0]) if stem else -1
        if start >= 0:  # `%(country)ama`: the ending of a word in place of the letter
            behind = _ENDING.match(text, start + len(target.text) - 1)
            yield _finding(target, start, behind.end() if behind else len(text), ("changed",))
    foreign = [found for found in _HOLDER.finditer(text) if found[0] not in names and not source.holds(found[0])]
    lost = sum(_HOLDER.fullmatch(target.text) is not None for target in targets)
    is_short = len(text) <= _MOST_PER_HOLDER * len(_HOLDER.findall(text))
    if not (is_short and len({found[0] for found in foreign}) == len(foreign) == lost):
        return  # a translation keeps their number; another text with placeholders of its own does not
    for target in targets:
        own = _HOLDER.fullmatch(target.text)
        same = next((one for one in foreign if own and _is_written_as(one, own)), None)
        if same:
            foreign.remove(same)
            yield _finding(target, *same.span(), ("changed",))


def _is_written_as(one: re.Match[str], other: re.Match[str]) -> bool:
    """Whether two placeholders have the same brackets, and their names begin in the same case: `{URL}` is a type."""
    first = one[2][0]
    same_case = first.isupper() == other[2][0].isupper() or first.upper() == first.lower()
    return (
        same_case and one[2] != other[2] and one[1].strip() == other[1].strip() and one[3].strip() == other[3].strip()
    )


_HEXADECIMAL = later(r"\{?[0-9A-Fa-f-]+\}?|(?:sha|md5).*", re.DOTALL)


def may_have_misses_beside(text: str) -> bool:
    """Whether `kind_of` may give one of those kinds: a question that costs a tenth of it."""
    return text[:1] in "{-0123456789ABCDEFabcdefsm" and _HEXADECIMAL.fullmatch(text) is not None


def near_misses(
    text: str,
    targets: Sequence[Target],
    names: Mapping[str, Target],
    source: Source,
    *,
    among: Iterable[tuple[int, int, *tuple[object, ...]]],
    met: Container[str],
) -> Iterator[Finding]:
    """The near misses of `targets` in a text. `names`: all targets, which are never a near miss of each other.

    `among`: all mentions; nothing in those is looked at. `met`: the targets whose letters are in the text.
    """
    digits = ascii_of(text)
    lacking = [digit for digit in _OF_ONE_FORM if digit not in digits]
    if len(lacking) == len(_OF_ONE_FORM) and "0" not in digits and "1" not in digits:
        targets = [one for one in targets if one.kind in _HOLDS or one.text in met or _held(one) != _DIGITS]
    elif lacking:
        targets = [one for one in targets if one.text in met or _may_lack(one, lacking)]
    taken = sorted([one[:2] for one in among if not _is_deep_inside(text, *one[:2])]) if targets else ()
    tokens = _Tokens(text, taken, len(targets) >= _MANY_LOST)
    alike: dict[tuple[str, str], list[str]] = {}
    for target in targets:
        misses = {
            token: (codes, places)
            for token, places in tokens.of(target)
            if (codes := how_near(target.text, token, target.kind)) and token not in names and not source.holds(token)
        }
        if not target.given:
            misses = {
                token: one
                for token, one in misses.items()
                if not (
                    _counts_on(target, token)
                    or (_is_next(target.text, token) and any(map(_ASKS_FOR_THE_NEXT.search, source.parts)))
                    or _is_of_the_sentence(target.text, token)
                    or _has_other_values(target.text, token)
                )
            }
            miss = next(iter(misses), "")
            if len(misses) > 1 or (miss and _is_another_of_many(target, miss, names, source, tokens, alike=alike)):
                misses = {}
        if misses:
            for token, (codes, places) in misses.items():
                for start in places:
                    yield _finding(target, start, start + len(token), codes)
        elif target.text in met:
            yield from _longer(text, target, source, tokens)


_AROUND, _OF_A_CODE = 80, r"[A-Za-z0-9_./\\:#+@-]{1,80}"
_CODE_BEFORE, _CODE_BEHIND = later(rf"{_OF_A_CODE}\Z"), later(_OF_A_CODE)


def _is_deep_inside(text: str, start: int, end: int) -> bool:
    """Whether a mention is the beginning of a code or the smaller part of it: `3-2` in `LF-3-2-E70`."""
    behind = _CODE_BEHIND.match(text, end)
    if behind is None or not any(map(str.isalnum, behind[0])):
        return False
    before = _CODE_BEFORE.search(text, max(0, start - _AROUND), start)
    return before is None or len(before[0]) + len(behind[0]) > end - start


_OF_ONE_FORM = "23456789"  # digits that no letter is mistaken for


def _may_lack(target: Target, digits: Sequence[str]) -> bool:
    """Whether a near miss may be without these digits: each that the target has was changed or left out, or cut off."""
    lost = sum(map(target.text.count, digits))
    letters = sum(map(str.isalnum, target.text))
    return target.kind == "url" or lost <= 2 or letters - lost >= _KEPT * letters


_MOST_SIBLINGS = 200
_MANY = 5  # so many codes that differ in their numbers alone are a list, such as the tickets of a changelog
_NUMBER, _ZEROS = later("[0-9]+"), later("(?<![0-9])0+(?=[0-9])")

_SERIES = (
    (later(r"(?![^/]*[=@])(?:\d+:|v|[A-Za-z][A-Za-z0-9]{2,}[-_])?\d{1,3}(?:\.\d{1,3})+(?![\d.])[^/]*"), 3),
    (later(r"(?=.*[a-z]{3})[A-Za-z](?:[^/=@:0-9]*[0-9]){1,3}[^/=@:0-9]*"), 1),
    (later("[A-Z]+[0-9]+"), 4),
)
"""What has numbers that count up, and of how many digits: releases, words with a digit, warnings (`DEP0018`)."""


def _counts_on(target: Target, token: str) -> bool:
    """Whether the next of a series is meant: `4.1.6-10` behind `4.1.6-9`, `libgmp4-dev` behind `libgmp3-dev`."""
    wanted = target.text
    if sorted(wanted) == sorted(token) or target.kind in ("standard", "url") or _ADDRESS.search(wanted):
        return False
    if _NUMBER.sub("0", wanted) != _NUMBER.sub("0", token):
        return False
    most = max((most for series, most in _SERIES if series.fullmatch(wanted)), default=0)
    if target.kind in ("file", "path"):
        most = 3
    both = zip(_NUMBER.findall(wanted), _NUMBER.findall(token), strict=True)
    pairs = [(one, other) for one, other in both if one != other]
    if not all(len(one) <= most >= len(other) for one, other in pairs):
        return False
    steps = [abs(int(one) - int(other)) for one, other in pairs]
    return 0 not in steps and (len(steps) > 1 or steps[0] <= _NEXT)  # `sw-3` for `sw-03` has lost a zero


_ASKS_FOR_THE_NEXT = later("下一[个個号號单單期份张張条條]|[顺順]延|递增|遞增|[Nn]ext (?:number|ID|code|one)")
_LAST_NUMBER = later("[0-9]+(?=[^0-9]*\\Z)")


def _is_next(wanted: str, token: str) -> bool:
    """Whether the last number of a code is one more: `HT2025-087` where the one behind `HT2025-086` is asked for."""
    one, other = _LAST_NUMBER.search(wanted), _LAST_NUMBER.search(token)
    if one is None or other is None or int(other[0]) != int(one[0]) + 1:
        return False
    return wanted[: one.start()] == token[: other.start()] and wanted[one.end() :] == token[other.end() :]


_NEXT = 3  # how far the next ones of a series are: `10.0.8` and `10.0.9`, but not `v1.42.0` for `v1.12.0`
_ADDRESS = later(r"(?<![0-9.])(?:[0-9]+\.){3}[0-9]+(?![0-9.])")


def _is_of_the_sentence(wanted: str, token: str) -> bool:
    """Whether another word of Han is at an edge, where the string may not begin or end: `作品星轨_30s.jpg`."""
    edges = (wanted[0], token[0]), (wanted[-1], token[-1])
    return any(one != other and is_cjk(one) and is_cjk(other) for one, other in edges)


def _has_other_values(wanted: str, token: str) -> bool:
    """Whether the numbers in its brackets are others: `Buffer(100)`, `lines[29:58]`."""
    own, other = _OF_VALUES.fullmatch(wanted), _OF_VALUES.fullmatch(token)
    return own is not None and other is not None and own[1] == other[1]


_OF_VALUES = later(r"([A-Za-z_$][\w.$]*[a-z_][(\[])[0-9:., -]+[)\]]")


def is_doubtful(finding: Finding, span: str, strict_kinds: Collection[str]) -> bool:
    """Whether a text that has strings of its own may mean another thing by this: `GCC 9`, `IPC::Open3`, `0.110.0`.

    What has many digits, or is written in capitals with a number, hardly comes twice by chance.
    """
    target, _, _, _, damage, severity = finding
    if target.given or target.kind in strict_kinds or damage.weight < ALTERED or severity == "note":
        return False
    wanted = target.text
    digits = sum(map(str.isdecimal, wanted))
    if damage.weight >= CORRUPTED:
        is_long = digits >= 8 and "." not in wanted
        return not is_long and target.kind not in _UNLIKE_OTHERS and sorted(wanted) != sorted(span)
    codes = {code for one in damage.changes for code in one.codes}
    if target.kind in _OF_PLACES or "escaped" in codes or (target.kind == "code" and codes <= _ANOTHER_SIGN):
        return False
    return "case" in codes or (digits < (3 if wanted.isupper() else 5) and len(_PARTS.findall(wanted)) < _MANY_PARTS)


_UNLIKE_OTHERS, _OF_PLACES = KINDS_BESIDE | {"email"}, frozenset({"path", "file", "url", "email", "cjk-pair"})
_ANOTHER_SIGN, _PARTS, _MANY_PARTS = frozenset({"replaced", "swapped"}), later("[^\\W_]+"), 4


def _finding(target: Target, start: int, end: int, codes: tuple[str, ...], severity: str = "damage") -> Finding:
    change = Change(0, end - start, target.text, codes)
    return Finding(target, target.text, start, end, Damage(CORRUPTED, (change,)), severity)


_BRACKET = later(f"[{_BRACKETS}]")


def _held(target: Target) -> str:
    """The pattern of what a near miss of it holds; `ABI-C` for `AB1-C` has no digit left."""
    if target.kind == "code" and set(filter(str.isdecimal, target.text)) <= {"0", "1"}:
        return _IN_CAPITALS if target.text.isupper() else _CONFUSED_DIGITS
    return _HOLDS.get(target.kind) or _ALSO_HOLD.get(target.kind, _DIGITS)


_Key = tuple[int, bool, bool, str, str]


def _key(target: Target) -> _Key:
    text = target.text
    between = "" if target.kind == "url" else "".join([sign for sign in _BETWEEN_VALUES if sign not in text])
    return text.count(" "), any(map(is_cjk, text)), _BRACKET.search(text) is not None, between, _held(target)


_BEFORE_A_TOKEN = frozenset("*_Nn№")
_AHEAD = later(r"\A[*_]*(?:[Nn][°º]|№)?")  # `n°D24-0618`
_BETWEEN_VALUES = ",=|:;&~$—→•¿¡\u200b\u200e\u200f\ufeff"  # what parts values, where the target has none of it

_ByLength = dict[int, dict[str, list[int]]]  # tokens with their places, by how long they are
_MANY_LOST = 64  # with so many targets the tokens are not looked at one by one for each


class _Nearest:
    """Tokens with their places, by what `how_near` asks for. Of those that `of` leaves out it takes none."""

    def __init__(self, tokens: Iterable[tuple[str, list[int]]], is_url: bool = False) -> None:
        self._tokens = [*tokens]
        self._is_url = is_url
        texts = [self._bare(token) for token, _ in self._tokens]
        self._edited = Neighbours(texts)
        self._same: dict[str, list[int]] = {}
        for number, text in enumerate(texts):
            for form in {folded(text), _GROUPING.sub("", text), *_unmistaken(text)}:
                self._same.setdefault(form, []).append(number)
        self._longest = max(map(len, self._same), default=0)

    def _bare(self, text: str) -> str:
        return _bare_url(text) if self._is_url else text

    def of(self, wanted: str) -> Iterator[tuple[str, list[int]]]:
        wanted = self._bare(wanted)
        numbers: set[int] = set()
        for one in {wanted, wanted[wanted[:1] in _MAY_BE_LEFT_OUT :]}:
            small = folded(one)
            cut_off = [small[:end] for end in range(len(small) // 2, min(len(small), self._longest + 1))]
            same = (self._same.get(form, ()) for form in {one, *_unmistaken(one), *cut_off})
            numbers = numbers.union(self._edited.of(one), *same)
        return (self._tokens[number] for number in sorted(numbers))


def _unmistaken(text: str) -> tuple[str, str]:
    """With one form for the digits and letters that are mistaken for each other."""
    return text.translate(_CONFUSED), text.lower().translate(_CONFUSED)


class _Tokens:
    """The candidates of a text: what is between blanks, quotes, brackets or CJK, by length."""

    def __init__(self, text: str, taken: Sequence[tuple[int, int]], are_many: bool) -> None:
        self._text = text
        self._taken = taken
        self._are_many = are_many
        self._lists: dict[_Key, _ByLength] = {}
        self._nearest: dict[object, _Nearest] = {}
        self._shapes: dict[_Key, dict[str, list[str]]] = {}
        self._held: dict[str, bool] = {}
        self._missing: dict[tuple[str, str], list[str]] = {}

    def of(self, target: Target) -> Iterator[tuple[str, list[int]]]:
        """The tokens of about the length of a target, with as many blanks as it has, each with its places."""
        wanted = _bare(target.text)
        key = _key(target)
        by_length = self._lists.get(key)
        if by_length is None:
            by_length = self._lists[key] = self._listed(*key)
        if not by_length:
            return
        size = len(wanted)
        begins, ends = wanted[:3].lower(), wanted[-3:].lower()
        if key[1]:
            head = wanted[:2], size, key[2:4]
            if self._are_many:
                begun = self._nearest.get(head) or self._nearest.setdefault(head, _Nearest(self._among_cjk(*head)))
                yield from begun.of(target.text)
            else:
                yield from self._among_cjk(*head)
        is_url = target.kind == "url"
        lengths = range(int(size * _KEPT) - 1, size + (13 if is_url else 3))
        if self._are_many:
            nearest = self._nearest.get(key)
            if nearest is None:
                in_order = chain.from_iterable(by_length[length].items() for length in sorted(by_length))
                nearest = self._nearest[key] = _Nearest(in_order, is_url)
            found = nearest.of(target.text)
        else:
            found = chain.from_iterable(by_length.get(length, {}).items() for length in lengths)
        for token, places in found:
            is_like = token[:3].lower() == begins or token[-3:].lower() == ends or token[0] == "#"
            if (is_like or len(token) < _SHORT or is_url) and len(token) in lengths:
                yield token, places

    def _among_cjk(self, head: str, size: int, of_word: tuple[bool, str]) -> Iterator[tuple[str, list[int]]]:
        """What begins as a target with Han in it does, and is as long, in a longer token: `车牌为粤B·D5F32的车`."""
        text, word = self._text, _word_pattern(True, *of_word)
        start = text.find(head)
        while start >= 0:
            end = start + size
            token = text[start:end]
            if word.fullmatch(token) and self.is_free(start, end) and stands_alone(text, start, end, token):
                yield token, [start]
            start = text.find(head, start + 1)

    def shaped(self, target: Target, shape: str) -> Sequence[str]:
        """The tokens of a shape that hold what its kind holds."""
        key = _key(target)
        shapes = self._shapes.get(key)
        if shapes is None:
            shapes = self._shapes[key] = {}
            for token in chain.from_iterable(self._lists.get(key, {}).values()):
                shapes.setdefault(_shape(token), []).append(token)
        return shapes.get(shape, ())

    def text_holds(self, piece: str) -> bool:
        if piece not in self._held:
            self._held[piece] = piece in self._text
        return self._held[piece]

    def not_in_text(self, key: tuple[str, str], pieces: Sequence[str]) -> Sequence[str]:
        """Those that the text does not have, each once; `key` stands for them, so that they are looked for once."""
        if key not in self._missing:
            held = places_of(self._text, tuple(dict.fromkeys(pieces)))
            self._missing[key] = [one for one in dict.fromkeys(pieces) if one not in held]
        return self._missing[key]

    def is_free(self, start: int, end: int) -> bool:
        """Whether no mention is there but shorter ones: `zx-cli` hides no miss of `zx-cli@1.9.0`."""
        place = bisect_right(self._taken, (start, end))
        low, high = self._taken[place - 1] if place else (0, 0)
        if high > start and not (low == start and high < end):
            return False
        behind = self._taken[place] if place < len(self._taken) else (end, end)
        return behind[0] >= end or behind[1] <= end

    def _listed(self, blanks: int, has_cjk: bool, has_bracket: bool, between: str, holds: str) -> _ByLength:
        text = self._text
        found: _ByLength = {}
        for low, high in self._words(blanks, _word_pattern(has_cjk, has_bracket, between), re.compile(holds)):
            token = text[low:high].rstrip(_TRAILING)
            bare = _AHEAD.sub("", token) if token[:1] in _BEFORE_A_TOKEN else token
            start = low + len(token) - len(bare)
            if len(bare) >= _SWAPS_FROM and self.is_free(start, start + len(bare)):
                found.setdefault(len(bare), {}).setdefault(bare, []).append(start)
        return found

    def _words(self, blanks: int, word: re.Pattern[str], anchor: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        """The free words that hold a digit, or what the kind has instead; or all rows of words round such a one."""
        text = self._text
        if blanks:
            one = word.pattern[:-1]
            rows = re.compile(f"(?<!{one})(?=({one}{{1,{_LONGEST_WORD}}}(?: {one}{{1,{_LONGEST_WORD}}}){{{blanks}}}))")
            yield from (found.span(1) for found in rows.finditer(text) if anchor.search(found[1]))
            return
        end = 0
        while (found := anchor.search(text, end)) is not None:
            low = found.start()
            is_free = self.is_free(low, low + 1)
            while is_free and low > end and word.match(text, low - 1, low):
                low -= 1
            reached = word.match(text, low)
            end = reached.end() if reached else low + 1
            if reached is not None and is_free and self.is_free(low, end):
                yield low, end


def _shape(code: str) -> str:
    """A code with 0 for each number in it; an address such as `0x20fc1` is a number."""
    return _NUMBER.sub("0", _HEXADECIMAL_NUMBER.sub("0", code))


_HEXADECIMAL_NUMBER = later(r"(?:0x|U\+)[0-9A-Fa-f]+")


def _is_another_of_many(
    target: Target,
    miss: str,
    names: Mapping[str, Target],
    source: Source,
    tokens: _Tokens,
    *,
    alike: dict[tuple[str, str], list[str]],
) -> bool:
    """Whether the source or the text lists such codes: one more of them is not a miss of an extracted target.

    `alike` is empty at first, and then has the names by kind and shape.
    """
    if _ZEROS.sub("", target.text) == _ZEROS.sub("", miss):
        return False  # `MJ-E7a` for `MJ-E07a`
    shape = _shape(target.text)
    if not alike:
        for one in names.values():
            alike.setdefault((one.kind, _shape(one.text)), []).append(one.text)
    siblings = alike.get((target.kind, shape), [])
    are_many = len(siblings) >= (2 if target.kind == "url" else _MANY)
    if are_many and any(one != target.text for one in tokens.not_in_text((target.kind, shape), siblings)):
        return True
    size = len(target.text)
    like = (one.text for one in names.values() if one.kind == target.kind and abs(len(one.text) - size) < 2)
    if any(
        not tokens.text_holds(other) and how_near(target.text, other, target.kind)
        for other in islice(like, _MOST_SIBLINGS)
        if other != target.text
    ):
        return True
    return any(one != miss and one not in names and not source.holds(one) for one in tokens.shaped(target, shape))


@lru_cache(maxsize=256)
def _word_pattern(has_cjk: bool, has_bracket: bool, between: str) -> re.Pattern[str]:
    cjk = "" if has_cjk else "\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\u3001-\u303f"
    char = rf"[^\s{re.escape(QUOTES)}{'' if has_bracket else _BRACKETS}，。、；：！？{cjk}{between}]"
    grouped = "|,(?=[0-9]{3}(?![0-9]))" if "," in between else ""
    return re.compile(f"(?:{char}{grouped})+")


_MAY_BE_LEFT_OUT = ("#", "_")


def how_near(wanted: str, token: str, kind: str) -> tuple[str, ...]:
    """The codes of a near miss; empty where `token` is none of `wanted`."""
    if kind == "url":
        wanted, token = _bare_url(wanted), _bare_url(token)
    if wanted[:1] in _MAY_BE_LEFT_OUT and wanted[:1] != token[:1]:
        wanted = wanted[1:]  # `_DSC4431.NEF`: a candidate comes without emphasis
    case: tuple[str, ...] = ()
    if wanted.lower() == token.lower():
        return ()
    if "," in token and _GROUPING.sub("", token) == wanted:
        return ("added",)  # `ACC_77,120`
    if wanted.lower() != wanted or token.lower() != token:
        exact = _nearness(wanted, token, kind)
        if exact:
            return exact
        wanted, token, case = wanted.lower(), token.lower(), ("case",)
    near = _nearness(wanted, token, kind)
    return (*case, *near) if near else ()


_GROUPING = later("(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")


def _bare(code: str) -> str:
    """A code without its number signs, if there is a letter in it: `#MRN-0047-2231`."""
    return code.strip("#") if code[0] == "#" and any(map(str.isalpha, code)) else code


def _bare_url(url: str) -> str:
    return _SCHEME.sub("", url, count=1).removesuffix("/")


def _nearness(wanted: str, token: str, kind: str) -> tuple[str, ...]:
    letters = sum(map(str.isalnum, wanted))
    if len(wanted) == len(token) and wanted.translate(_CONFUSED) == token.translate(_CONFUSED):
        return ("changed",) if wanted != token else ()
    if kind == "identifier" or (kind not in _NEED_NO_DIGIT and not any(map(str.isdecimal, token))):
        return ()  # of an identifier only `PCS_AO1` for `PCS_A01` is one: others differ by as little
    if letters < _LEAST or token.startswith(wanted) or token.endswith(wanted) or wanted.endswith(token):
        return ()
    if wanted.startswith(token):
        last = _LAST_RUN.search(wanted)
        lost = len(wanted) - len(token)
        kept = sum(map(str.isalnum, token)) >= _KEPT * letters
        return ("truncated",) if last and lost < len(last[0]) and kept else ()
    most = 2 if len(wanted) >= _TWO_FROM and kind != "url" else 1
    return _edits(wanted, token, most)


def _edits(wanted: str, token: str, most: int) -> tuple[str, ...]:
    """The kinds of at most `most` single edits of letters and digits that lead from one to the other."""
    start = 0
    short = min(len(wanted), len(token))
    while start < short and wanted[start] == token[start]:
        start += 1
    end = 0
    while end < short - start and wanted[-1 - end] == token[-1 - end]:
        end += 1
    one, other = wanted[start : len(wanted) - end], token[start : len(token) - end]
    if not most or len(one) > 40 or len(other) > 40:
        return ()
    at_start, at_end = start == 0, end == 0
    if len(one) == len(other) == 1 and one.isalnum() and other.isalnum():
        return ("changed",)
    if len(one) == len(other) == 2 and one == other[::-1] and one.isalnum():
        return ("transposed",)
    if not one and len(other) <= most and other.isalnum():
        return () if at_start or at_end else ("added",)
    if not other and len(one) <= most and one.isalnum():
        return () if at_start else ("truncated",)
    if most < 2:
        return ()
    for step, head in _first_edits(one, other, at_start, at_end):
        rest = _edits(head, other, 1)
        if rest and not (at_end and rest == ("added",) and other.startswith(head)):
            return tuple(dict.fromkeys((step, *rest)))
    return ()


def _first_edits(one: str, other: str, at_start: bool, at_end: bool) -> Iterator[tuple[str, str]]:
    """What the first of two edits may make of `one`, so that it begins as `other` does."""
    if one[:1].isalnum() and other[:1].isalnum():
        yield "changed", other[0] + one[1:]
    if len(one) > 1 and one[1] == other[:1] and one[:2].isalnum():
        yield "transposed", one[1] + one[0] + one[2:]
    if one[:1].isalnum() and not at_start:
        yield "truncated", one[1:]
    if other[:1].isalnum() and not at_start and not (at_end and not one):
        yield "added", other[0] + one


def _longer(text: str, target: Target, source: Source, tokens: _Tokens) -> Iterator[Finding]:
    """Notes: what contains the whole target with something joined to it."""
    start = text.find(target.text)
    while start >= 0:
        end = start + len(target.text)
        if not stands_alone(text, start, end, target.text):
            word = _around(text, start, end)
            if tokens.is_free(*word) and not source.holds(text[word[0] : word[1]]):
                yield _finding(target, *word, ("added",), "note")
        start = text.find(target.text, end)


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    for word in _word_pattern(False, False, "").finditer(text, max(0, start - 80), min(len(text), end + 80)):
        if word.start() <= start and end <= word.end():
            return word.start(), word.start() + max(end - word.start(), len(word[0].rstrip(_TRAILING)))
    return start, end
