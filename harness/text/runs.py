"""Runs of text that hold a symbol between two other characters, cut to what belongs to the symbol."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from harness.text.characters import SPACES, is_cjk
from harness.text.symbols import SymbolTable

QUOTES = "\"'`´“”„‟‘’‚‛«»‹›「」『』〝〞〟＂＇｢｣"
BRACKETS = "()[]{}<>（）［］｛｝＜＞〈〉《》【】〔〕〖〗〘〙〚〛⟨⟩｟｠"
CJK_PUNCTUATION = "，。、；：？！…‥—―・〜～｡､"
OTHER_PUNCTUATION = "،؛؟۔।॥։|;•"
STOPS = SPACES + "\u200b\ufeff" + QUOTES + BRACKETS + CJK_PUNCTUATION + OTHER_PUNCTUATION
"""What no target holds, but for the white space of spaced ones. A comma is one too, unless it stands between digits."""


class Span(NamedTuple):
    start: int
    end: int


class Chain(NamedTuple):
    """A span and the groups of symbols in it, in order."""

    span: Span
    joints: tuple[Span, ...]


@lru_cache(maxsize=64)
def _stop(signs: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of the next stop and, by a match from its start, of the last stop in a stretch."""
    listed = re.escape("".join(sorted(set(STOPS) - set(signs))))
    comma = "" if "," in signs else "|,(?![0-9])|(?<![0-9]),"
    stop = f"(?:[{listed}]{comma})"
    return re.compile(stop), re.compile(f"(?s:.*){stop}")


@lru_cache(maxsize=64)
def _joint(signs: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(signs)}]+")


def runs(text: str, symbols: SymbolTable) -> Iterator[Span]:
    """The stretches between two stops that hold a symbol before their last character."""
    signs = "".join(symbols.by_char)
    following, _ = _stop(signs)
    end = 0
    for place in symbol_places(text, signs):
        if place >= end:
            limit = end
            found = following.search(text, place)
            end = found.start() if found else len(text)
            if end > place + 1:
                yield Span(run_start(text, place, limit, signs), end)


def run_start(text: str, place: int, limit: int, signs: str) -> int:
    """The end of the last stop before `place`, looked for in ever wider windows."""
    _, last = _stop(signs)
    width = 32
    while True:
        low = max(limit, place - width)
        found = last.match(text, low, place)
        if found:
            return found.end()
        if low == limit:
            return limit
        width *= 4


def chains(text: str, run: Span, symbols: SymbolTable) -> Iterator[Chain]:
    """The stretches round the symbols of a run, in order, without overlaps."""
    return _chains_of(text, run.start, run.end, "".join(symbols.by_char))


def symbol_places(text: str, signs: str) -> Iterator[int]:
    """The offsets of all symbols in order."""
    following = {sign: text.find(sign) for sign in signs}
    while True:
        live = [place for place in following.values() if place >= 0]
        if not live:
            return
        place = min(live)
        yield place
        following[text[place]] = text.find(text[place], place + 1)


def _chains_of(text: str, start: int, end: int, signs: str) -> Iterator[Chain]:
    """One run in chains. A part that is Latin on one side and CJK on the other ends one chain and begins the next."""
    if _OPTION.match(text, start, end):
        return
    joints = joints_in(text, start, end, signs)
    low = start
    begun = 0
    for number, joint in enumerate(joints):
        last = number + 1 == len(joints)
        high = end if last else joints[number + 1].start
        if not last and reach_right(text, joint.end, high) == high:
            continue
        group = joints[begun : number + 1]
        if not _is_option(text, group[0]):
            yield Chain(Span(reach_left(text, group[0].start, low), reach_right(text, joint.end, high)), group)
        low, begun = joint.end, number + 1


def joints_in(text: str, start: int, end: int, signs: str) -> tuple[Span, ...]:
    """The groups of symbols that have something on both sides."""
    return tuple(
        Span(*found.span())
        for found in _joint(signs).finditer(text, start, end)
        if start < found.start() and found.end() < end
    )


_OPTION = re.compile(r"--?[A-Za-z]")


def _is_option(text: str, joint: Span) -> bool:
    """Whether a command-line option begins here, straight behind CJK text."""
    glued = text[joint.start : joint.end] == "--" and is_cjk(text[joint.start - 1])
    return glued and text[joint.end].isascii() and text[joint.end].isalpha()


def reach_left(text: str, joint: int, limit: int) -> int:
    """Where the text beside a joint begins: its CJK run, or all that is not CJK."""
    place = joint
    kind = is_cjk(text[joint - 1])
    while place > limit and is_cjk(text[place - 1]) == kind:
        place -= 1
    return place


def reach_right(text: str, joint: int, limit: int) -> int:
    place = joint
    kind = is_cjk(text[joint])
    while place < limit and is_cjk(text[place]) == kind:
        place += 1
    return place


def near_spans(text: str, chain: Chain) -> Iterator[Span]:
    """The span with its CJK ends cut to two characters, and the same for each joint between two CJK runs."""
    whole, joints = chain
    cut = Span(_near_left(text, joints[0].start, whole.start), _near_right(text, joints[-1].end, whole.end))
    if cut != whole:
        yield cut
    if len(joints) == 1:
        return
    for place, joint in enumerate(joints):
        low = joints[place - 1].end if place else whole.start
        high = joints[place + 1].start if place + 1 < len(joints) else whole.end
        if not (is_cjk(text[joint.start - 1]) and is_cjk(text[joint.end])):
            continue
        pair = Span(_near_left(text, joint.start, low), _near_right(text, joint.end, high))
        if pair.end - pair.start > joint.end - joint.start + 2 and pair not in (cut, whole):
            yield pair


def _near_left(text: str, joint: int, limit: int) -> int:
    if not is_cjk(text[joint - 1]):
        return limit
    return max(limit, joint - 2, reach_left(text, joint, limit))


def _near_right(text: str, joint: int, limit: int) -> int:
    if not is_cjk(text[joint]):
        return limit
    return min(limit, joint + 2, reach_right(text, joint, limit))
