"""The mildest way to read a stretch of text as a damaged target."""

from dataclasses import dataclass
from functools import lru_cache

from harness.text.characters import BLANK_SET, LINE_BREAK_SET, is_cjk, is_latin_or_digit, runs_on
from harness.text.gaps import GAP_STARTS, Gap, count_line_breaks, gaps_from
from harness.text.glyphs import ESCAPE_STARTS, escaped
from harness.text.pattern import ALTERED, LOOKALIKE, SPACED, Atom, Pattern
from harness.text.symbols import SymbolTable


@dataclass(frozen=True, slots=True)
class Change:
    """One damaged place. `new` is what the target has there."""

    start: int
    end: int
    new: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """A mention. `weight` sums the edits by kind (see `pattern`); 0 is verbatim."""

    start: int
    end: int
    weight: int
    changes: tuple[Change, ...]

    @property
    def edits(self) -> int:
        mask = LOOKALIKE - 1
        return (self.weight >> 40) + (self.weight >> 20 & mask) + (self.weight & mask)


_Trace = tuple["_Trace", Change] | None
_Layer = dict[tuple[int, bool], tuple[int, _Trace]]


class Page:
    """One text under check, with what has been read of it so far."""

    def __init__(self, text: str, symbols: SymbolTable) -> None:
        self.text = text
        self.symbols = symbols
        self._gaps: dict[int, tuple[Gap, ...]] = {}
        self._markers: dict[int, bool] = {}

    def gaps(self, start: int) -> tuple[Gap, ...]:
        if start >= len(self.text) or self.text[start] not in GAP_STARTS:
            return (Gap(start),)
        found = self._gaps.get(start)
        if found is None:
            found = self._gaps[start] = gaps_from(self.text, start)
        return found

    def is_marker(self, place: int) -> bool:
        """Whether the character opens a list item: the first non-blank of its line, white space behind it."""
        text = self.text
        if (
            text[place] not in self.symbols.markers
            or place + 1 >= len(text)
            or text[place + 1] not in BLANK_SET
        ):
            return False
        found = self._markers.get(place)
        if found is None:
            before = place - 1
            while before >= 0 and text[before] in BLANK_SET and text[before] not in LINE_BREAK_SET:
                before -= 1
            found = self._markers[place] = before < 0 or text[before] in LINE_BREAK_SET
        return found

    def is_bounded(self, start: int, end: int, first: str, last: str) -> bool:
        text = self.text
        if start > 0 and runs_on(text[start - 1], first):
            return False
        return end >= len(text) or not runs_on(last, text[end])

    def align(self, pattern: Pattern, start: int) -> Alignment | None:
        """The mildest mention of the pattern that begins at `start`, if there is one."""
        atoms = pattern.atoms
        if start > 0 and runs_on(self.text[start - 1], atoms[0].char):
            return None
        layers: list[_Layer] = [{} for _ in atoms]
        for end, weight, tight, change in self._readings(atoms[0], start):
            _reach(layers[0], (end, tight), weight, (None, change) if change else None)
        for place, layer in enumerate(layers[:-1]):
            for (position, tight), (weight, trace) in layer.items():
                self._step(atoms, place, position, tight, weight, trace, layers)
        last = atoms[-1].char
        best: tuple[int, int, _Trace] | None = None
        for (end, _), (weight, trace) in layers[-1].items():
            if end < len(self.text) and runs_on(last, self.text[end]):
                continue
            if best is None or weight < best[1]:
                best = (end, weight, trace)
        if best is None:
            return None
        return Alignment(start, best[0], best[1], _unwind(best[2]))

    def _step(
        self,
        atoms: tuple[Atom, ...],
        place: int,
        position: int,
        tight: bool,
        weight: int,
        trace: _Trace,
        layers: list[_Layer],
    ) -> None:
        for gap in self.gaps(position):
            if gap.end >= len(self.text):
                break
            if tight and gap.spaces:
                continue
            following = place + 1
            crossed = _between(atoms[place], atoms[following], gap)
            while True:
                if crossed is not None:
                    cost, codes, new = crossed
                    here = trace
                    if codes:
                        here = (trace, Change(position, gap.end, new, codes))
                    for end, more, is_tight, change in self._readings(atoms[following], gap.end):
                        if not (is_tight and gap.spaces):
                            reached = (here, change) if change else here
                            _reach(layers[following], (end, is_tight), weight + cost + more, reached)
                if not atoms[following].is_symbol or following + 1 >= len(atoms):
                    break
                following += 1
                crossed = _instead(atoms[place + 1 : following + 1], gap)

    def _readings(self, atom: Atom, start: int) -> list[tuple[int, int, bool, Change | None]]:
        """All that can stand for the atom at `start`: end, weight, whether it must be tight, and the change."""
        text = self.text
        char = text[start]
        if self.is_marker(start):
            return []
        found: list[tuple[int, int, bool, Change | None]] = []
        form = atom.forms.get(char)
        if form is not None:
            change = Change(start, start + 1, atom.char, form.codes) if form.codes else None
            found.append((start + 1, form.weight, form.tight, change))
        if atom.doubles:
            found.extend(self._doubled(atom, start))
        if char in ESCAPE_STARTS:
            glyph = escaped(text, start)
            form = atom.forms.get(glyph.char) if glyph else None
            if glyph is not None and form is not None:
                change = Change(start, glyph.end, atom.char, ("escaped", *form.codes))
                found.append((glyph.end, form.weight + ALTERED, form.tight, change))
        return found

    def _doubled(self, atom: Atom, start: int) -> list[tuple[int, int, bool, Change | None]]:
        found: list[tuple[int, int, bool, Change | None]] = []
        for middle, first_code, first_escaped in self._halves(atom, start):
            for end, second_code, second_escaped in self._halves(atom, middle):
                looks = tuple(code for code in dict.fromkeys((first_code, second_code)) if code)
                escapes = first_escaped + second_escaped
                codes = ("doubled", *looks, *(["escaped"] if escapes else []))
                weight = ALTERED * (1 + escapes) + (LOOKALIKE if looks else 0)
                found.append((end, weight, False, Change(start, end, atom.char, codes)))
        return found

    def _halves(self, atom: Atom, start: int) -> list[tuple[int, str, bool]]:
        if start >= len(self.text) or self.is_marker(start):
            return []
        found: list[tuple[int, str, bool]] = []
        char = self.text[start]
        if char in atom.doubles:
            found.append((start + 1, atom.doubles[char], False))
        if char in ESCAPE_STARTS:
            glyph = escaped(self.text, start)
            if glyph is not None and glyph.char in atom.doubles:
                found.append((glyph.end, atom.doubles[glyph.char], True))
        return found


def _reach(layer: _Layer, state: tuple[int, bool], weight: int, trace: _Trace) -> None:
    known = layer.get(state)
    if known is None or weight < known[0]:
        layer[state] = (weight, trace)


def _unwind(trace: _Trace) -> tuple[Change, ...]:
    changes: list[Change] = []
    while trace is not None:
        trace, change = trace
        changes.append(change)
    return tuple(reversed(changes))


_Crossing = tuple[int, tuple[str, ...], str] | None


def _between(before: Atom, after: Atom, gap: Gap) -> _Crossing:
    """Weight, codes and remedy of a gap between two neighbouring atoms; None where no mention can have it."""
    own, spaces = after.space, gap.spaces
    if spaces == own and not gap.zero_width and not gap.markup and not gap.coded:
        return 0, (), ""
    weight, codes = _aside(gap)
    new = own
    if spaces == own:
        return weight, codes, new
    if not own:
        if gap.line_breaks > 1:
            return None
        return weight + SPACED, (*codes, *_inserted(before, after, spaces)), new
    if not spaces:
        return weight + ALTERED, (*codes, "closed-up"), new
    if gap.line_breaks > max(1, count_line_breaks(own)):
        return None
    beside_symbol = before.is_symbol or after.is_symbol
    single_break = spaces == "\r\n" or (len(spaces) == 1 and spaces in LINE_BREAK_SET)
    if single_break and len(own) == 1 and not beside_symbol:
        return weight, codes, spaces
    extra = _extra(own, spaces)
    if extra is not None:
        return weight + SPACED, (*codes, *_inserted(before, after, extra)), new
    kinds = ("space-kind", *(("line-break",) if gap.line_breaks else ()))
    length = len(spaces.replace("\r\n", "\n"))
    if length < len(own):
        kinds = kinds if _extra(spaces, own) is None else ()
        return weight + ALTERED + (LOOKALIKE if kinds else 0), (*codes, "closed-up", *kinds), new
    if length > len(own):
        weight += SPACED
        kinds = (*kinds, *_inserted(before, after, spaces))
    return weight + LOOKALIKE, (*codes, *kinds), new


def _instead(skipped: tuple[Atom, ...], gap: Gap) -> _Crossing:
    """The same for a gap that stands for one or more symbols: all of `skipped` but its last atom."""
    if gap.line_breaks or (gap.lone_star and gap.markup == 1 and not gap.spaces):
        return None
    own = "".join(atom.space for atom in skipped)
    new = "".join(atom.space + atom.char for atom in skipped[:-1]) + skipped[-1].space
    weight, codes = _aside(gap)
    weight += ALTERED * (len(skipped) - 1)
    spaces = gap.spaces
    wide = ("wide-space",) if any(c != " " for c in spaces) else ()
    if len(spaces) > len(own):
        return weight, (*codes, "to-space", *wide, *(("dropped",) if len(skipped) > 2 else ())), new
    if spaces == own:
        return weight, (*codes, "dropped"), new
    if len(spaces) < len(own):
        return weight + ALTERED, (*codes, "dropped", "closed-up"), new
    return weight + LOOKALIKE, (*codes, "dropped", "space-kind"), new


def _aside(gap: Gap) -> tuple[int, tuple[str, ...]]:
    """Weight and codes of what a gap holds besides white space."""
    codes: tuple[str, ...] = ()
    if gap.zero_width:
        codes += ("zero-width",)
    if gap.markup:
        codes += ("markup",)
    if gap.coded:
        codes += ("escaped",)
    return SPACED * gap.zero_width + ALTERED * (gap.markup + gap.coded), codes


@lru_cache(maxsize=4096)
def _side(before: str, after: str) -> str:
    if (is_cjk(before) and is_latin_or_digit(after)) or (is_cjk(after) and is_latin_or_digit(before)):
        return "cjk-boundary"
    return "space-inside"


def _inserted(before: Atom, after: Atom, spaces: str) -> tuple[str, ...]:
    codes: list[str] = []
    if after.is_symbol:
        codes.append("space-left")
    if before.is_symbol:
        codes.append("space-right")
    if not codes:
        codes.append(_side(before.char, after.char))
    if any(c != " " and c not in LINE_BREAK_SET for c in spaces):
        codes.append("wide-space")
    if any(c in LINE_BREAK_SET for c in spaces):
        codes.append("line-break")
    return tuple(codes)


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
