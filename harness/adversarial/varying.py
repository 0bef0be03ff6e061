"""Variations of a failing probe, one factor at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.adversarial.code import Code
from harness.adversarial.context import LEVELS
from harness.adversarial.probe import Probe
from harness.adversarial.scripts import STYLES, ZERO_LED, plainest, style_of

Factor = tuple[str, int | str]
"""`("style", part)`, `("length", part)`, `("symbol", place)`, `("symbols", 0)`, `("spaces", 0)` or
`("context", name)`."""

_FIRST_LEVELS = {
    "style": ("digits", "han", "upper", "lower"),
    "task": ("qa", "table", "json"),
    "frame": ("brackets", "bold"),
    "touching": ("han on both sides",),
    "place": ("in the middle of a long text",),
    "companion": ("a spaced sum", "another code"),
}
"""What is tried first. Only if one of these passes does the factor matter, and the others are worth a question."""


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
        other = "/" if code.symbols[place] == "-" else "-"
        yield Variation(("symbol", place), other, smallest.with_code(code.with_symbol(place, other)), True)
    for place in range(len(code.parts)):
        yield from _styles(smallest, place)
        yield from _lengths(smallest, place)
    yield from _counts(smallest)
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
    """Longer on the side away from the symbol, by the character that stands there."""
    return part[0] * more + part if place == 0 else part + part[-1] * more


def _counts(smallest: Probe) -> Iterator[Variation]:
    code = smallest.code
    symbol, spaced = code.symbols[-1], code.spaced[-1]
    behind = Code((*code.parts, code.parts[-1]), (*code.symbols, symbol), (*code.spaced, spaced))
    before = Code((code.parts[0], *code.parts), (code.symbols[0], *code.symbols), (code.spaced[0], *code.spaced))
    yield Variation(("symbols", 0), "one more behind", smallest.with_code(behind), True)
    if before != behind:
        yield Variation(("symbols", 0), "one more before", smallest.with_code(before), True)
