"""How a stretch of text stands for a target: the mildest reading, as the changes that would undo it.

The letters of a hit are aligned already. What is left are the gaps between two letters, each a small problem of its
own: the signs that the target has there, and the piece of text that is in their place.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, TypeVar

from harness.text.characters import (
    BLANK_SET,
    IGNORABLE_SET,
    LINE_BREAK_SET,
    SPACE_SET,
    is_cjk,
    is_latin_or_digit,
)
from harness.text.keeping import later
from harness.text.symbols import (
    ALTERED,
    BETWEEN_LATIN,
    ELLIPSES,
    ESCAPE_STARTS,
    LOOKALIKE,
    MARKUP,
    SIGN,
    SPACED,
    Form,
    SymbolTable,
    coded,
    doubles,
    escaped,
    role,
    sign_forms,
    stands_for_several,
)

LONGEST_GAP = 1000
"""A piece of text longer than this between two letters of a target is never a mention."""
_LONGEST_BLANKS = 64
_MOST_PIECES = 16
"""Markup tokens and coded blanks in one gap, so that a hostile text cannot make one gap as long as itself."""


class Change(NamedTuple):
    """One damaged place, counted from the start of the mention. `new` is what the target has there."""

    start: int
    end: int
    new: str
    codes: tuple[str, ...]


class Atom(NamedTuple):
    """A character of a target that is not in its skeleton, or the letter at the end of a gap (an empty `char`)."""

    char: str
    space: str
    """The target's own white space before it."""
    forms: dict[str, Form]
    doubles: dict[str, str]
    may_drop: bool
    side: str
    """As in `Sides`, and empty for a symbol of the table."""
    apart: str = ""
    """Several signs that stand for it, if any do: `=` and a stroke for `≠`, `...` for `…`."""

    def may_begin_with(self, char: str) -> bool:
        return (
            char in self.forms
            or char in ESCAPE_STARTS
            or (char > "\x7f" and stands_for_several(char)[:1] in (self.char, self.apart[:1] or None))
            or (char == self.apart[:1] != "")
        )


class Gap(NamedTuple):
    """White space, ignorable characters and markup from a known start. `spaces`: the white space decoded, in order."""

    end: int
    spaces: str = ""
    zero_width: bool = False
    markup: int = 0
    coded: int = 0
    lone_star: bool = False
    bracketed: bool = False
    """Whether a bracket, a brace or a dollar sign is in it, which are markup beside a sign and never stand for one."""


class Route(NamedTuple):
    """A reading of a gap: its weight, and its changes as a chain from the last to the first."""

    weight: int
    trace: "_Trace"


_Trace = tuple["_Trace", Change] | None
_Crossing = tuple[int, tuple[str, ...], str]  # weight, damage codes and remedy of what lies between two atoms


class Sides(NamedTuple):
    """What the letters on both sides of a gap are: `c` for CJK, `l` for a Latin letter or digit, a blank otherwise."""

    before: str
    after: str


def side(char: str) -> str:
    return "c" if is_cjk(char) else "l" if is_latin_or_digit(char) else " "


@lru_cache(maxsize=16384)
def atoms_of(gap: str, symbols: SymbolTable, sides: Sides, edges: tuple[bool, bool]) -> tuple[Atom, ...]:
    """The signs of a target's gap, and its end. `edges`: whether the gap is the head, or the tail, of the target.

    White space at the very ends of a target is taken as it is. A gap that is both is a target of signs alone, of
    which none can be lost or replaced: nothing else would tell that it was meant.
    """
    atoms: list[Atom] = []
    space = ""
    last = len(gap) - 1
    latin = sides == Sides("l", "l")
    for place, char in enumerate(gap):
        at_edge = (edges[0] and place == 0) or (edges[1] and place == last)
        if char in SPACE_SET and not at_edge:
            space += char
            continue
        if role(char) == SIGN and char not in BLANK_SET:
            fixed = at_edge or all(edges)
            forms, twice = sign_forms(char, symbols, fixed), doubles(char, symbols, fixed)
        else:
            forms, twice = _literal_forms(char, symbols), {}
        if not latin and not BETWEEN_LATIN.isdisjoint(forms):
            forms = {c: form for c, form in forms.items() if c not in BETWEEN_LATIN or not form.weight}
            twice = {c: code for c, code in twice.items() if c not in BETWEEN_LATIN}
        own_side = "" if char in symbols.by_char else side(char)
        apart = "" if char.isascii() else stands_for_several(char)
        may_drop = bool(twice) or (char in IGNORABLE_SET and not at_edge)
        atoms.append(Atom(char, space, forms, twice, may_drop, own_side, apart))
        space = ""
    if not edges[1]:
        atoms.append(Atom("", space, {}, {}, False, sides.after))
    return tuple(atoms)


def _literal_forms(char: str, symbols: SymbolTable) -> dict[str, Form]:
    """A letter or mark that falls out of skeletons, such as a kana mark that looks like a hyphen."""
    forms = {
        c: Form(LOOKALIKE, (symbol.code(c),))
        for symbol in symbols.owners.get(char, ())
        for c in symbol.char + symbol.lookalikes
        if not (c.isascii() and char.isascii())
    }
    return forms | {char: Form(0, ())}


@lru_cache(maxsize=32768)
def cross(
    gap: str, piece: str, symbols: SymbolTable, sides: Sides, doubled_backslashes: bool = False
) -> tuple[int, tuple[Change, ...]] | None:
    """The mildest way in which `piece` can be between two letters that have `gap` between them in the target."""
    if not gap and _HYPHENATION.fullmatch(piece):
        return SPACED, (Change(0, len(piece), "", ("line-break",)),)
    atoms = atoms_of(gap, symbols, sides, (False, False))
    text = f"x{piece}x"
    routes = Reader(text, symbols, doubled_backslashes).routes(atoms, 1, len(text) - 1, sides)
    best = mildest(routes)
    return best and (best[1].weight, changes_of(best[1], 1))


_HYPHENATION = later("[-\u2010\u00ad](?:\r\n|[\n\r])[ \t]*")


class Reader:
    """Reads the gaps of targets in one text."""

    def __init__(self, text: str, symbols: SymbolTable, doubled_backslashes: bool = False) -> None:
        self.text = text
        self.symbols = symbols
        self._doubled_backslashes = doubled_backslashes

    def routes(
        self,
        atoms: tuple[Atom, ...],
        start: int,
        end: int,
        sides: Sides,
        *,
        is_head: bool = False,
        is_tail: bool = False,
    ) -> dict[int, Route]:
        """Where the last atom may end -> the mildest reading of all atoms up to there.

        The first is behind the letter that ends at `start`, or `is_head`, and begins there. The last is before the
        letter that begins at `end`, or `is_tail`, and ends anywhere before it.
        """
        layers: dict[int, _Layer] = {}
        if is_head:
            self._read(atoms, 0, Gap(start), Route(0, None), layers)
        else:
            layers[-1] = {(start, False): Route(0, None)}
        final = len(atoms) - 1
        finished: dict[int, Route] = {}
        while layers and (place := min(layers)) < final:
            before, ahead = sides.before if place < 0 else atoms[place].side, atoms[place + 1 :]
            for (position, tight), route in layers.pop(place).items():
                for gap in self._gaps(position, end):
                    if tight and gap.spaces:
                        break
                    for skipped, (weight, codes, new) in self._behind(ahead, gap, end, before, is_tail):
                        trace = (route.trace, Change(position, gap.end, new, codes)) if codes else route.trace
                        reached = Route(route.weight + weight, trace)
                        following = place + 1 + skipped
                        if following < final or is_tail:
                            self._read(atoms, following, gap, reached, layers)
                        else:
                            _keep_mildest(finished, end, reached)
        for (position, _), route in layers.get(final, {}).items():
            _keep_mildest(finished, position, route)
        return finished

    def _behind(
        self, atoms: tuple[Atom, ...], gap: Gap, end: int, before: str, is_tail: bool
    ) -> Iterator[tuple[int, _Crossing]]:
        """Which of the next atoms a gap may lead to: the first, and those behind it if the signs between were lost."""
        final = len(atoms) - 1
        for place, atom in enumerate(atoms):
            if place == final and not is_tail:
                meets = gap.end == end
            else:
                meets = gap.end < end and atom.may_begin_with(self.text[gap.end])
            if meets:
                crossing = _instead(atoms[: place + 1], gap) if place else _between(atom.space, gap, before, atom.side)
                if crossing is not None:
                    yield place, crossing
            if not atom.may_drop:
                return

    def _gaps(self, start: int, end: int) -> Iterator[Gap]:
        """All gaps that begin at `start`, shortest first; the first is empty. A run of blanks is never cut."""
        gap = Gap(start)
        yield gap
        for _ in range(_MOST_PIECES):
            longer = _longer(self.text, gap, end)
            if longer is None:
                return
            gap = longer
            yield gap

    def _read(self, atoms: tuple[Atom, ...], place: int, gap: Gap, route: Route, layers: "dict[int, _Layer]") -> None:
        """Enter all that can stand for the atom behind the gap."""
        start = gap.end
        for end, weight, tight, change in self._readings(atoms[place], start):
            if not (tight and gap.spaces):
                _enter(layers.setdefault(place, {}), (end, tight), route, weight, change)
        sign = self.text[start]
        signs = "" if sign.isascii() else stands_for_several(sign)
        if signs:
            last = place + len(signs) - 1
            if "".join(atom.space + atom.char for atom in atoms[place : last + 1])[len(atoms[place].space) :] == signs:
                code = "sign-lookalike" if sign in ELLIPSES else "normal-form"
                change = Change(start, start + 1, signs, (code,))
                _enter(layers.setdefault(last, {}), (start + 1, False), route, LOOKALIKE, change)

    def _readings(self, atom: Atom, start: int) -> "list[tuple[int, int, bool, Change | None]]":
        """What can stand for a sign at one place: where it ends, its weight, whether it is tight, and the change."""
        text = self.text
        char = text[start]
        form = atom.forms.get(char)
        if self.is_marker(start) and (form is None or form.codes or not atom.side):
            return []
        found: list[tuple[int, int, bool, Change | None]] = []
        if char in ESCAPE_STARTS:
            glyph = escaped(text, start)
            meant = atom.forms.get(glyph.char) if glyph else None
            if glyph is not None and meant is not None:
                free = self._doubled_backslashes and atom.char == glyph.char == "\\" and char == "\\"
                change = Change(start, glyph.end, atom.char, ("escaped", *meant.codes))
                found.append(
                    (glyph.end, 0, False, None) if free else (glyph.end, meant.weight + ALTERED, meant.tight, change)
                )
                if glyph.char == atom.char and char != atom.char:
                    form = None  # the backslash of an escape is not a look-alike of a slash
            if self._doubled_backslashes and atom.char == "\\":  # before a sign too, as in `\\_logs`
                found += [(start + size, 0, False, None) for size in (2, 4) if text.startswith("\\" * size, start)]
        if form is not None:
            raw = Change(start, start + 1, atom.char, form.codes) if form.codes else None
            found.append((start + 1, form.weight, form.tight, raw))
        if atom.apart and text.startswith(atom.apart, start):
            end = start + len(atom.apart)
            code = "sign-lookalike" if atom.char in ELLIPSES else "normal-form"
            found.append((end, LOOKALIKE, False, Change(start, end, atom.char, (code,))))
        if atom.doubles and atom.char != "\\" and (char in atom.doubles or char in ESCAPE_STARTS):
            found[:0] = self._doubled(atom, start)
        return found

    def _doubled(self, atom: Atom, start: int) -> "Iterator[tuple[int, int, bool, Change | None]]":
        text = self.text
        for middle, first, first_escaped in self._halves(atom, start):
            for gap in self._gaps(middle, len(text)):
                if gap.markup or gap.coded or count_line_breaks(gap.spaces):
                    break
                following = text[gap.end : gap.end + 1]
                if following not in atom.doubles and following not in ESCAPE_STARTS:
                    continue
                for end, second, second_escaped in self._halves(atom, gap.end):
                    looks = tuple(code for code in dict.fromkeys((first, second)) if code)
                    escapes = first_escaped + second_escaped
                    blanks = _inserted("", "", gap.spaces) if gap.spaces else ()
                    blanks += ("zero-width",) * gap.zero_width
                    codes = ("doubled", *looks, *blanks, *("escaped",) * (escapes > 0))
                    weight = ALTERED * (1 + escapes) + (LOOKALIKE if looks else 0) + (SPACED if blanks else 0)
                    yield end, weight, False, Change(start, end, atom.char, codes)

    def _halves(self, atom: Atom, start: int) -> Iterator[tuple[int, str, bool]]:
        char = self.text[start]
        if char in atom.doubles:
            yield start + 1, atom.doubles[char], False
        if char in ESCAPE_STARTS:
            glyph = escaped(self.text, start)
            if glyph is not None and glyph.char in atom.doubles:
                yield glyph.end, atom.doubles[glyph.char], True

    def is_marker(self, place: int) -> bool:
        """Whether the character opens a list item: the first non-blank of its line, white space behind it."""
        text = self.text
        if text[place] not in self.symbols.markers or text[place + 1 : place + 2] not in SPACE_SET:
            return False
        before = place - 1
        while before >= 0 and text[before] in BLANK_SET and text[before] not in LINE_BREAK_SET:
            before -= 1
        return before < 0 or text[before] in LINE_BREAK_SET


_Key = TypeVar("_Key")
_Layer = dict[tuple[int, bool], Route]
"""For one atom: where its reading ends and whether it is tight -> the mildest route there."""


def _enter(layer: _Layer, key: tuple[int, bool], route: Route, weight: int, change: Change | None) -> None:
    _keep_mildest(layer, key, Route(route.weight + weight, (route.trace, change) if change else route.trace))


def _keep_mildest(routes: dict[_Key, Route], key: _Key, route: Route) -> None:
    if key not in routes or route.weight < routes[key].weight:
        routes[key] = route


def mildest(routes: dict[int, Route]) -> tuple[int, Route] | None:
    """The end and the route of the mildest reading, the first of several."""
    return min(routes.items(), key=lambda found: found[1].weight, default=None)


def changes_of(route: Route, start: int) -> tuple[Change, ...]:
    """The changes in order, counted from `start`."""
    trace = route.trace
    changes: list[Change] = []
    while trace is not None:
        trace, (low, high, new, codes) = trace
        changes.append(Change(low - start, high - start, new, codes))
    return tuple(changes[::-1])


_SOFT_HYPHEN = "\u00ad"
_BLANKS = later(f"{_SOFT_HYPHEN}|[{re.escape(''.join(sorted(BLANK_SET - {_SOFT_HYPHEN})))}]+")
"""A soft hyphen is a piece of its own, since it may stand for a hyphen."""
_GAP_STARTS = BLANK_SET | frozenset("*_`~<[]&%\\{}$>")
_BRACKETS = frozenset("[]{}$")
_QUOTE_MARK = later("> ?")


def _longer(text: str, gap: Gap, limit: int) -> Gap | None:
    place = gap.end
    if place >= limit:
        return None
    char = text[place]
    if char in BLANK_SET:
        run = _BLANKS.match(text, place, limit)
        assert run is not None
        blanks = run[0]
        spaces = "".join(c for c in blanks if c in SPACE_SET)
        zero_width = gap.zero_width or len(spaces) < len(blanks)
        return gap._replace(end=run.end(), spaces=gap.spaces + spaces, zero_width=zero_width)
    if char not in _GAP_STARTS:
        return None
    glyph = coded(text, place)
    if glyph is not None and glyph.char in BLANK_SET:
        is_space = glyph.char in SPACE_SET
        return gap._replace(
            end=glyph.end,
            spaces=gap.spaces + (glyph.char if is_space else ""),
            zero_width=gap.zero_width or not is_space,
            coded=gap.coded + 1,
        )
    if text.startswith("\\ ", place):
        return gap._replace(end=place + 2, spaces=gap.spaces + " ", coded=gap.coded + 1)
    if text.startswith("\\\n", place):
        return gap._replace(end=place + 2, spaces=gap.spaces + "\n", markup=gap.markup + 1)
    if char == ">" and gap.spaces and text[place - 1] in LINE_BREAK_SET:
        mark = _QUOTE_MARK.match(text, place)
    else:
        mark = MARKUP.match(text, place)
    if mark is None or mark.end() > limit or _stands_alone(text, mark.start(), mark.end()):
        return None
    lone_star = gap.lone_star or mark[0] == "*"
    bracketed = gap.bracketed or mark[0] in _BRACKETS
    return gap._replace(end=mark.end(), markup=gap.markup + 1, lone_star=lone_star, bracketed=bracketed)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Emphasis between two blanks is none in Markdown: it is a bullet, a product or a rule."""
    if text[start] not in "*_~":
        return False
    before = start == 0 or text[start - 1] in BLANK_SET
    after = end == len(text) or text[end] in BLANK_SET
    return before and after


def count_line_breaks(spaces: str) -> int:
    """Line breaks in a run of white space; a carriage return with its line feed is one."""
    return sum(char in LINE_BREAK_SET for char in spaces.replace("\r\n", "\n"))


def _between(own: str, gap: Gap, before: str, after: str) -> _Crossing | None:
    """The crossing from one atom to the next; None where no mention can have such a gap.

    `before` and `after` are the sides of the gap, empty for a sign.
    """
    spaces = gap.spaces
    if spaces == own and not gap.zero_width and not gap.markup and not gap.coded:
        return 0, (), ""
    weight, codes = _aside(gap)
    new = own
    if spaces == own:
        return weight, codes, new
    breaks = count_line_breaks(spaces)
    if len(spaces) - len(own) > _LONGEST_BLANKS:
        return None
    if not own:
        if breaks > 1:
            return None
        return weight + SPACED, (*codes, *_inserted(before, after, spaces)), new
    if not spaces:
        return weight + ALTERED, (*codes, "closed-up"), new
    if breaks > max(1, count_line_breaks(own)):
        return None
    single_break = spaces == "\r\n" or (len(spaces) == 1 and spaces in LINE_BREAK_SET)
    if single_break and len(own) == 1 and before and after:
        return weight, codes, spaces
    extra = _extra(own, spaces)
    if extra is not None:
        return weight + SPACED, (*codes, *_inserted(before, after, extra)), new
    kinds = ("space-kind", *(("line-break",) if breaks else ()))
    length = len(spaces.replace("\r\n", "\n"))
    if length < len(own):
        kinds = kinds if _extra(spaces, own) is None else ()
        return weight + ALTERED, (*codes, "closed-up", *kinds), new
    if length > len(own):
        weight += SPACED
        kinds = (*kinds, *_inserted(before, after, spaces))
    return weight + LOOKALIKE, (*codes, *kinds), new


def _instead(skipped: tuple[Atom, ...], gap: Gap) -> _Crossing | None:
    """The same for a gap that stands for one or more signs: all of `skipped` but its last atom."""
    if count_line_breaks(gap.spaces) or gap.bracketed or (gap.lone_star and gap.markup == 1 and not gap.spaces):
        return None
    own = "".join(atom.space for atom in skipped)
    spaces = gap.spaces
    if len(spaces) - len(own) > _LONGEST_BLANKS:
        return None
    new = "".join(atom.space + atom.char for atom in skipped[:-1]) + skipped[-1].space
    weight, codes = _aside(gap)
    if all(atom.char in IGNORABLE_SET for atom in skipped[:-1]) and not own and len(spaces) < 2:
        # the target's own joiner or selector, which hardly shows: it was lost, or a blank is in its place
        return weight + LOOKALIKE, (*codes, "space-kind" if spaces else "zero-width"), new
    weight += ALTERED * (len(skipped) - 1)
    if len(spaces) > len(own):
        return weight, (*codes, "to-space", *_kinds(spaces), *("dropped",) * (len(skipped) > 2)), new
    if spaces == own:
        return weight, (*codes, "dropped"), new
    if len(spaces) < len(own):
        return weight + ALTERED, (*codes, "dropped", "closed-up"), new
    return weight + LOOKALIKE, (*codes, "dropped", "space-kind"), new


def _aside(gap: Gap) -> tuple[int, tuple[str, ...]]:
    """Weight and codes of what a gap holds besides white space."""
    codes = ("zero-width",) * gap.zero_width + ("markup",) * (gap.markup > 0) + ("escaped",) * (gap.coded > 0)
    return SPACED * gap.zero_width + ALTERED * (gap.markup + gap.coded), codes


def _inserted(before: str, after: str, spaces: str) -> tuple[str, ...]:
    places = ("space-left",) * (not after) + ("space-right",) * (not before)
    if not places:
        places = ("cjk-boundary" if {before, after} == {"c", "l"} else "space-inside",)
    return places + _kinds(spaces)


def _kinds(spaces: str) -> tuple[str, ...]:
    if spaces == " ":
        return ()
    wide = ("wide-space",) * any(c != " " and c not in LINE_BREAK_SET for c in spaces)
    return wide + ("line-break",) * any(c in LINE_BREAK_SET for c in spaces)


def _extra(own: str, spaces: str) -> str | None:
    """What is left of `spaces` once the target's own are taken out in order, or None if they are not in it."""
    left: list[str] = []
    place = 0
    for char in spaces:
        if place < len(own) and char == own[place]:
            place += 1
        else:
            left.append(char)
    return "".join(left) if place == len(own) else None
