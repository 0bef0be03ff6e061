"""The rule that a failing string suggests, found by varying one factor at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from harness.adversarial.asking import BudgetSpentError
from harness.adversarial.conditions import (
    Condition,
    ContextIs,
    HitIs,
    LengthIs,
    PartIs,
    SpacesAre,
    SymbolIs,
    SymbolsAre,
)
from harness.adversarial.context import LEVELS
from harness.adversarial.probe import Probe
from harness.adversarial.scripts import STYLES, ZERO_LED, style_of
from harness.adversarial.varying import Factor, Variation, length_moved, variations

Shows = Callable[[Probe], Awaitable[bool | None]]
"""Whether a probe fails; None if its answers do not tell."""
Places = Callable[[Probe], frozenset[int]]


@dataclass(frozen=True, slots=True)
class Rule:
    """All conditions together. A suggestion: each was found with the other factors as they are in one string."""

    symbols: int
    conditions: tuple[Condition, ...]
    unasked: tuple[str, ...] = ()
    """Factors that the budget did not reach."""

    @property
    def text(self) -> str:
        """As a sentence."""
        clauses = [clause for condition in self.conditions if (clause := condition.words(self.symbols))]
        if clauses:
            return "fails when " + " and ".join(clauses)
        return "no condition found so far" if self.unasked else "fails whatever the string and the prompt"

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
        asked = found.failing | found.passing | found.silent
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

    outcomes = await asyncio.gather(*map(one, wanted), return_exceptions=True)
    problems = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for problem in problems:
        if not isinstance(problem, BudgetSpentError):
            raise problem
    if problems:
        raise problems[0]


def rule_of(found: Explanation, places: Places) -> Rule:
    """The rule. `places` tells which symbols of a failing probe were hit."""
    smallest = found.smallest
    code = smallest.code
    conditions: list[Condition] = []
    for place, symbol in enumerate(code.symbols):
        if ("symbol", place) in found.passing:
            conditions.append(SymbolIs(place, symbol))
    for place in range(len(code.parts)):
        part = _part(found, place)
        if part is not None:
            conditions.append(part)
    if found.moved:
        conditions.append(LengthIs(len(code.text)))
    conditions += _counts(found, places)
    if ("spaces", 0) in found.passing:
        conditions.append(SpacesAre(any(code.spaced), len(code.symbols)))
    for factor in LEVELS:
        if ("context", factor) in found.passing:
            levels = {v.level for v in found.failing.get(("context", factor), ())} | {smallest.context.level(factor)}
            conditions.append(ContextIs(factor, frozenset(levels)))
    return Rule(len(code.symbols), tuple(conditions), tuple(map(_named, found.unasked)))


def _named(factor: Factor) -> str:
    kind, which = factor
    if isinstance(which, str):
        return which
    names = {
        "symbols": "number of symbols",
        "spaces": "spaces at the symbol",
        "symbol": f"symbol {which + 1}",
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


def _counts(found: Explanation, places: Places) -> list[Condition]:
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
            conditions.append(HitIs(spots.pop()))
        elif all(next(iter(hit)) == number - 1 for number, hit in hits):
            conditions.append(HitIs(-1))
    return conditions
