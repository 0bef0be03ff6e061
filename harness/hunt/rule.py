"""The rule that a failing string suggests, found by varying one factor at a time."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace

from harness.hunt.asking import BudgetSpentError, answered
from harness.hunt.conditions import (
    Condition,
    ContextIs,
    EdgeIs,
    HitIs,
    LengthIs,
    PartIs,
    SpacesAre,
    SymbolIs,
    SymbolsAre,
)
from harness.hunt.probe import LEVELS, STYLES, ZERO_LED, Code, Probe, plainest, style_of

Factor = tuple[str, int | str]
"""`("style", part)`, `("length", part)`, `("symbol", place)`, `("symbols", 0)`, `("spaces", 0)`,
`("edge", side)` or `("context", name)`."""

_FIRST_LEVELS = {
    "style": ("digits", "han", "upper", "lower"),
    "task": ("qa", "table", "json"),
    "frame": ("brackets", "bold"),
    "touching": ("han on both sides",),
    "place": ("in the middle of a long text",),
    "companion": ("a spaced sum", "another code"),
}
"""What is tried first. Only if one of these passes does the factor matter, and the others are worth a question."""


_OTHER_SYMBOLS = ("-", "/", "_", ":")
"""What is put in the place of a symbol, and beside it the doubled ones where it is doubled itself."""


@dataclass(frozen=True, slots=True)
class Variation:
    """A probe that differs from the smallest in one factor; `first` if it is among those tried first."""

    factor: Factor
    level: str
    probe: Probe
    first: bool


def variations(smallest: Probe) -> Iterator[Variation]:
    """All of them, the most telling factors first."""
    code = smallest.code
    for place in range(len(code.symbols)):
        doubled = [sign * 2 for sign in _OTHER_SYMBOLS] if len(code.symbols[place]) == 2 else []
        for other in (*_OTHER_SYMBOLS, *doubled):
            if other != code.symbols[place]:
                yield Variation(("symbol", place), other, smallest.with_code(code.with_symbol(place, other)), True)
    for place in range(len(code.parts)):
        yield from _styles(smallest, place)
        yield from _lengths(smallest, place)
    yield from _counts(smallest)
    yield from _edges(smallest)
    spaced = tuple(not any(code.spaced) for _ in code.symbols)
    yield Variation(("spaces", 0), str(spaced[0]), smallest.with_code(replace(code, spaced=spaced)), True)
    for factor, levels in LEVELS.items():
        own = smallest.context.level(factor)
        for level in levels:
            if level != own:
                first = own != levels[0] or level in _FIRST_LEVELS.get(factor, levels)
                probe = smallest.with_context(smallest.context.at(**{factor: level}))
                yield Variation(("context", factor), level, probe, first)


def length_moved(smallest: Probe, place: int) -> Probe:
    """One character fewer in a part and one more in its neighbour: the same length, another place for it."""
    parts = list(smallest.code.parts)
    other = place + 1 if place + 1 < len(parts) else place - 1
    parts[place] = parts[place][1:] if place == 0 else parts[place][:-1]
    parts[other] = _grown(parts[other], other, 1)
    return smallest.with_code(replace(smallest.code, parts=tuple(parts)))


def _styles(smallest: Probe, place: int) -> Iterator[Variation]:
    part = smallest.code.parts[place]
    own = style_of(part)
    for style in STYLES:
        if style == own or (style == ZERO_LED and len(part) < 2):
            continue
        probe = smallest.with_code(smallest.code.with_part(place, plainest(style, len(part))))
        # a part that shrank to one plain letter is free in most cases; any other has a reason to be what it is
        yield Variation(("style", place), style, probe, own != "lower" or style in _FIRST_LEVELS["style"])


def _lengths(smallest: Probe, place: int) -> Iterator[Variation]:
    part = smallest.code.parts[place]
    if len(part) > 1:
        shorter = part[1:] if place == 0 else part[:-1]
        yield Variation(
            ("length", place),
            str(len(shorter)),
            smallest.with_code(smallest.code.with_part(place, shorter)),
            True,
        )
    for more in (1, 3):
        longer = _grown(part, place, more)
        probe = smallest.with_code(smallest.code.with_part(place, longer))
        yield Variation(("length", place), str(len(longer)), probe, True)


def _grown(part: str, place: int, more: int) -> str:
    """Longer on the side away from the symbol, by the character that is there."""
    return part[0] * more + part if place == 0 else part + part[-1] * more


def _counts(smallest: Probe) -> Iterator[Variation]:
    code = smallest.code
    symbol, spaced = code.symbols[-1], code.spaced[-1]
    behind = Code((*code.parts, code.parts[-1]), (*code.symbols, symbol), (*code.spaced, spaced), code.edges)
    symbols, gaps = (code.symbols[0], *code.symbols), (code.spaced[0], *code.spaced)
    before = Code((code.parts[0], *code.parts), symbols, gaps, code.edges)
    yield Variation(("symbols", 0), "one more behind", smallest.with_code(behind), True)
    if before != behind:
        yield Variation(("symbols", 0), "one more before", smallest.with_code(before), True)


def _edges(smallest: Probe) -> Iterator[Variation]:
    """Without the sign at an edge, and with another one."""
    edges = smallest.code.edges
    for side, own in enumerate(edges):
        for sign in dict.fromkeys(("", *_OTHER_SYMBOLS[:3])) if own else ():
            if sign != own:
                other = (sign, edges[1]) if side == 0 else (edges[0], sign)
                yield Variation(("edge", side), sign, smallest.with_code(replace(smallest.code, edges=other)), True)


Shows = Callable[[Probe], Awaitable[bool | None]]
"""Whether a probe fails; None if its answers do not tell."""
Places = Callable[[Probe], frozenset[int]]


@dataclass(frozen=True, slots=True)
class FailureRule:
    """All conditions together, as one string suggests them; `harness.hunt.refutation` tests them on others."""

    symbols: int
    conditions: tuple[Condition, ...]
    unasked: tuple[str, ...] = ()
    """Factors that no answer tells about: the budget did not reach them, or the string was left out."""
    tested: int = 0
    """Answers to strings that were chosen to refute the rule, and did not."""
    withdrawn: str | None = None
    """Not None: no such rule holds. What the failures still have in common, or an empty text."""

    @property
    def text(self) -> str:
        """As a sentence."""
        if self.withdrawn is not None:
            return f"cannot be named; something about this: {self.withdrawn}" if self.withdrawn else "cannot be named"
        if self.clauses:
            return "fails when " + " and ".join(self.clauses)
        return "no condition found so far" if self.unasked else "fails whatever the string and the prompt"

    @property
    def clauses(self) -> tuple[str, ...]:
        """The conditions in words."""
        return tuple(clause for condition in self.conditions if (clause := condition.words(self.symbols)))

    def matches(self, probe: Probe) -> bool:
        """Whether some stretch of the string, and the prompt, meet all conditions."""
        offsets = range(len(probe.code.symbols) - self.symbols + 1)
        return any(all(c.holds(probe.code, probe.context, offset) for c in self.conditions) for offset in offsets)


@dataclass(slots=True)
class Explanation:
    """What varying found: for each factor the levels that still fail, those that do not, and those that do not tell."""

    smallest: Probe
    failing: dict[Factor, list[Variation]] = field(default_factory=dict)
    passing: dict[Factor, list[Variation]] = field(default_factory=dict)
    silent: dict[Factor, list[Variation]] = field(default_factory=dict)
    unasked: list[Factor] = field(default_factory=list)
    moved: bool = False
    """Length counts over the whole string: it may move from part to part."""


async def explain(smallest: Probe, shows: Shows, found: Explanation) -> None:
    """Vary every factor; `found` holds what is known, also if the budget ends on the way."""
    planned = list(variations(smallest))
    factors = list(dict.fromkeys(variation.factor for variation in planned))
    try:
        await _ask_all([variation for variation in planned if variation.first], shows, found)
    finally:
        asked = found.failing | found.passing
        found.unasked = [factor for factor in factors if factor not in asked]
    await _ask_all([v for v in planned if not v.first and v.factor in found.passing], shows, found)
    for place, part in enumerate(smallest.code.parts):
        if len(part) > 1 and _shortest(found, place) == len(part):
            found.moved = await shows(length_moved(smallest, place)) is True
            break


async def _ask_all(wanted: list[Variation], shows: Shows, found: Explanation) -> None:
    async def one(variation: Variation) -> None:
        failed = await shows(variation.probe)
        kept = found.silent if failed is None else found.failing if failed else found.passing
        kept.setdefault(variation.factor, []).append(variation)

    _, ended = await answered(map(one, wanted))
    if ended:
        raise BudgetSpentError


def rule_of(found: Explanation, places: Places) -> FailureRule:
    """The rule. `places` tells which symbols of a failing probe were hit."""
    smallest = found.smallest
    code = smallest.code
    conditions: list[Condition] = []
    for place, symbol in enumerate(code.symbols):
        if ("symbol", place) in found.passing:
            others = tuple(v.level for v in found.failing.get(("symbol", place), ()) if v.level != symbol)
            conditions.append(SymbolIs(place, symbol, others))
    for place in range(len(code.parts)):
        part = _part(found, place)
        if part is not None:
            conditions.append(part)
    if found.moved:
        conditions.append(LengthIs(len(code.text)))
    conditions += _counts_of_rule(found, places)
    if ("spaces", 0) in found.passing:
        conditions.append(SpacesAre(any(code.spaced), len(code.symbols)))
    for side, sign in enumerate(code.edges):
        if ("edge", side) in found.passing:
            signs = {v.level for v in found.failing.get(("edge", side), ())} | {sign}
            # without any other sign that was tried, it is this one; with all of them, any will do
            passing = {v.level for v in found.passing["edge", side]}
            conditions.append(EdgeIs(side, frozenset(signs) if passing != {""} else frozenset()))
    for factor in LEVELS:
        if ("context", factor) in found.passing:
            levels = {v.level for v in found.failing.get(("context", factor), ())} | {smallest.context.level(factor)}
            conditions.append(ContextIs(factor, frozenset(levels)))
    return FailureRule(len(code.symbols), tuple(conditions), tuple(map(_named, found.unasked)))


def _named(factor: Factor) -> str:
    kind, which = factor
    if isinstance(which, str):
        return which
    names = {
        "symbols": "number of symbols",
        "spaces": "spaces at the symbol",
        "symbol": f"symbol {which + 1}",
        "edge": f"the sign at the {'end' if which else 'beginning'}",
    }
    return names.get(kind) or f"{'characters' if kind == 'style' else 'length'} of part {which + 1}"


def _part(found: Explanation, place: int) -> PartIs | None:
    part = found.smallest.code.parts[place]
    styles = frozenset(STYLES)
    # of a mixed part only its length can be said
    if ("style", place) in found.passing and style_of(part) in STYLES:
        styles = frozenset(v.level for v in found.failing.get(("style", place), ())) | {style_of(part)}
        if "digits" in styles and len(part) == 1:
            styles |= {ZERO_LED}  # one digit cannot have a zero in front, so it was not asked
    least = 1 if found.moved else _shortest(found, place)
    most = None
    longer = [v for v in found.passing.get(("length", place), ()) if int(v.level) > len(part)]
    if longer:
        failing = [int(v.level) for v in found.failing.get(("length", place), ())]
        most = max([len(part), *failing])
    return PartIs(place, styles, least, most) if len(styles) < len(STYLES) or least > 1 or most else None


def _shortest(found: Explanation, place: int) -> int:
    """The least length known to be needed."""
    length = len(found.smallest.code.parts[place])
    shorter = [v for v in found.passing.get(("length", place), ()) if int(v.level) < length]
    return length if shorter else 1


def _counts_of_rule(found: Explanation, places: Places) -> list[Condition]:
    """How many symbols it takes, and which of them is hit."""
    count = len(found.smallest.code.symbols)
    longer = found.failing.get(("symbols", 0), [])
    conditions: list[Condition] = []
    if ("symbols", 0) in found.passing and not longer:
        conditions.append(SymbolsAre(count, count))
    elif count > 1:
        conditions.append(SymbolsAre(count))
    hits = [(len(v.probe.code.symbols), places(v.probe)) for v in longer]
    hits.append((count, places(found.smallest)))
    if longer and all(len(hit) == 1 for _, hit in hits):
        spots = {next(iter(hit)) for _, hit in hits}
        if len(spots) == 1:
            conditions.append(HitIs(spots.pop(), count))
        elif all(next(iter(hit)) == number - 1 for number, hit in hits):
            conditions.append(HitIs(-1, count))
    return conditions
