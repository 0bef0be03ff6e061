"""What a rule is made of: conditions on a string or its prompt, which can be said in words and tested on any probe."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.hunt.probe import LEVELS, STYLES, ZERO_LED, Code, Context, Probe, style_of_char
from harness.hunt.strategies import INNER_SIGNS
from harness.statistics.rates import benjamini_hochberg

_STYLE_WORDS = {
    "lower": "small letters",
    "upper": "capital letters",
    "digits": "digits",
    "han": "Chinese characters",
    "kana": "kana",
    "hangul": "Hangul",
    "cyrillic": "Cyrillic letters",
    "hebrew": "Hebrew letters",
    "arabic": "Arabic letters",
    "thai": "Thai letters",
    "accented": "accented letters",
    ZERO_LED: "digits with a leading zero",
}
_CONTEXT_WORDS = {
    "task": "the task is {}",
    "language": "the prompt's language is {}",
    "frame": "the string is in {}",
    "touching": "the string touches other text ({})",
    "place": "the string is {}",
    "companion": "the prompt also holds {}",
    "times": "the string is {} in the prompt",
    "care": "{} in the prompt",
    "system": "the prompt has {}",
}
_NONE_WORDS = {
    "frame": "nothing frames the string",
    "touching": "the string touches no other text",
    "companion": "the prompt holds no other string",
    "system": "there is no system prompt",
}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


class Condition(Protocol):
    """Part of a rule over strings of `symbols` symbols."""

    def words(self, symbols: int) -> str:
        """As a clause."""

    def holds(self, code: Code, context: Context, offset: int) -> bool:
        """Whether it holds for the stretch of a string that begins at part `offset`."""


@dataclass(frozen=True, slots=True)
class SymbolIs:
    """One symbol (0-based) is this sign, or one of `others` that fare no better."""

    place: int
    char: str
    others: tuple[str, ...] = ()

    def words(self, symbols: int) -> str:
        """As a clause."""
        signs = [f"'{sign}'" for sign in (self.char, *self.others)]
        return f"{_the_symbol(self.place, symbols)} is {_join(signs, 'or')}"

    def holds(self, code: Code, context: Context, offset: int) -> bool:
        """Whether it does."""
        return code.symbols[self.place + offset] in (self.char, *self.others)


@dataclass(frozen=True, slots=True)
class PartIs:
    """What is between symbols: one of `styles`, at least `least` and at most `most` characters of it.

    The first part is looked at from its end and the others from their beginning: what counts is what touches a symbol.
    """

    place: int
    styles: frozenset[str]
    least: int = 1
    most: int | None = None

    def words(self, symbols: int) -> str:
        """As a clause."""
        side = _side(self.place, symbols)
        amount = _amount(self.least, self.most)
        accepted, refused = _named(self.styles), _named(frozenset(STYLES) - self.styles)
        if not refused:
            return f"{amount}{'character' if self.least == self.most == 1 else 'characters'} {side}"
        if not amount and len(refused) < len(accepted):
            return f"no {_join(refused, 'or')} {side}"
        return f"{amount}{_join(accepted, 'or')} {side}"

    def holds(self, code: Code, context: Context, offset: int) -> bool:
        """Whether it does."""
        part = code.parts[self.place + offset]
        if len(self.styles) == len(STYLES):
            length = len(part)
        else:
            style, length = _run(part[::-1] if self.place == 0 else part)
            if self.place == 0 and style in ("digits", ZERO_LED):
                style = ZERO_LED if ZERO_LED in self.styles and part[0] == "0" and part.isdecimal() else "digits"
            if style not in self.styles:
                return False
        return self.least <= length and (self.most is None or length <= self.most)


@dataclass(frozen=True, slots=True)
class LengthIs:
    """The whole string has at least so many characters."""

    least: int

    def words(self, symbols: int) -> str:
        """As a clause."""
        return f"the string has at least {self.least} characters"

    def holds(self, code: Code, context: Context, offset: int) -> bool:
        """Whether it does."""
        return len(code.text) >= self.least


@dataclass(frozen=True, slots=True)
class SymbolsAre:
    """The whole string has so many symbols."""

    least: int
    most: int | None = None

    def words(self, symbols: int) -> str:
        """As a clause."""
        amount = _amount(self.least, self.most) or "at least one "
        return f"the string has {amount}{'symbol' if self.least == self.most == 1 else 'symbols'}"

    def holds(self, code: Code, context: Context, offset: int) -> bool:
        """Whether it does."""
        count = len(code.symbols)
        return self.least <= count and (self.most is None or count <= self.most)


@dataclass(frozen=True, slots=True)
class HitIs:
    """Of several symbols only this one is damaged. `place` counts from 0, or is -1 for the last."""

    place: int

    def words(self, symbols: int) -> str:
        """As a clause."""
        return f"only the {_ORDINALS[self.place] if self.place >= 0 else 'last'} symbol is hit"

    def holds(self, code: Code, context: Context, offset: int) -> bool:
        """It is an observation, and no condition on the string beyond having that symbol."""
        return len(code.symbols) > self.place


@dataclass(frozen=True, slots=True)
class SpacesAre:
    """The symbols of the stretch have legitimate spaces beside them, or have none."""

    spaced: bool
    symbols: int

    def words(self, symbols: int) -> str:
        """As a clause; nothing where there are none, which is the ordinary case."""
        return "the symbol has spaces of its own" if self.spaced else ""

    def holds(self, code: Code, context: Context, offset: int) -> bool:
        """Whether they do."""
        return any(code.spaced[offset : offset + self.symbols]) is self.spaced


@dataclass(frozen=True, slots=True)
class ContextIs:
    """A factor of the prompt is at one of these levels."""

    factor: str
    levels: frozenset[str]

    def words(self, symbols: int) -> str:
        """As a clause."""
        if self.levels == {"none"}:
            return _NONE_WORDS[self.factor]
        return _CONTEXT_WORDS[self.factor].format(_join(sorted(self.levels), "or"))

    def holds(self, code: Code, context: Context, offset: int) -> bool:
        """Whether it is."""
        return context.level(self.factor) in self.levels


def _named(styles: frozenset[str]) -> list[str]:
    """In words. Digits are one thing unless a leading zero makes the difference."""
    if {"digits", ZERO_LED} <= styles:
        styles -= {ZERO_LED}
    return [_STYLE_WORDS[style] for style in STYLES if style in styles]


def _run(part: str) -> tuple[str, int]:
    """Style and length of the run of one style that `part` begins with."""
    style = style_of_char(part[0])
    length = next((n for n, char in enumerate(part) if style_of_char(char) != style), len(part))
    return (ZERO_LED if style == "digits" and length > 1 and part[0] == "0" else style), length


def _the_symbol(place: int, symbols: int) -> str:
    return "the symbol" if symbols == 1 else f"the {_ORDINALS[place]} symbol"


def _side(place: int, symbols: int) -> str:
    if place == 0:
        return f"precede {_the_symbol(0, symbols)}"
    return f"follow {_the_symbol(place - 1, symbols)}"


def _amount(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} " if least > 1 else ""
    return f"exactly {least} " if least == most else f"{least} to {most} "


def _join(names: list[str], word: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


FALSE_DISCOVERIES = 0.05
_LONG = 20
_MANY = 3


@dataclass(frozen=True, slots=True)
class FeatureResult:
    """Failures with and without a feature; `adjusted` is the p-value after Benjamini–Hochberg over all features."""

    feature: str
    failed_with: int
    tries_with: int
    failed_without: int
    tries_without: int
    p_value: float
    adjusted: float

    @property
    def matters(self) -> bool:
        """Whether it is kept at a false discovery rate of 5 %."""
        return self.adjusted <= FALSE_DISCOVERIES


def features_of(probe: Probe) -> frozenset[str]:
    """The features that a probe has."""
    code = probe.code
    pairs = list(zip(code.parts[:-1], code.parts[1:], strict=True))
    found = {name for name, test in _STRING.items() if test(probe)}
    for style in STYLES[:-1]:
        if any(style_of_char(before[-1]) == style for before, _ in pairs):
            found.add(f"{style} before a symbol")
        if any(style_of_char(after[0]) == style for _, after in pairs):
            found.add(f"{style} after a symbol")
        if any(style_of_char(before[-1]) == style_of_char(after[0]) == style for before, after in pairs):
            found.add(f"{style} on both sides of a symbol")
    found |= {f"symbol '{symbol}'" for symbol in code.symbols}
    found |= {f"{factor}: {probe.context.level(factor)}" for factor in LEVELS}
    return frozenset(found)


_STRING: dict[str, Callable[[Probe], bool]] = {
    "two symbols or more": lambda probe: len(probe.code.symbols) > 1,
    "three symbols or more": lambda probe: len(probe.code.symbols) >= _MANY,
    "more than 20 characters": lambda probe: len(probe.code.text) > _LONG,
    "three digits or more after a symbol": lambda probe: any(
        len(part) >= _MANY and part[:_MANY].isdecimal() for part in probe.code.parts[1:]
    ),
    "a leading zero after a symbol": lambda probe: any(
        part[0] == "0" and part[1:2].isdecimal() for part in probe.code.parts[1:]
    ),
    "spaces of its own": lambda probe: any(probe.code.spaced),
    "a look-alike inside": lambda probe: any(sign in part for part in probe.code.parts for sign in INNER_SIGNS),
}


def screen(tries: Sequence[tuple[Probe, bool]]) -> tuple[FeatureResult, ...]:
    """All features over (probe, failed), the least p-value first.

    Fisher's exact test, two-sided. Give it strings that were drawn, and not those that a shrinker chose: those fail or
    pass because of what was asked before.
    """
    from scipy.stats import fisher_exact

    rows = [(features_of(probe), failed) for probe, failed in tries]
    total, failures = len(rows), sum(failed for _, failed in rows)
    tables = []
    for name in sorted(set().union(*(features for features, _ in rows)) if rows else ()):
        having = sum(name in features for features, _ in rows)
        failed = sum(name in features and failed for features, failed in rows)
        if 0 < having < total:
            tables.append((name, failed, having, failures - failed, total - having))
    p_values = [
        float(fisher_exact([[k, n - k], [other_k, other_n - other_k]]).pvalue) for _, k, n, other_k, other_n in tables
    ]
    results = [
        FeatureResult(*table, p_value=min(1.0, p), adjusted=adjusted)
        for table, p, adjusted in zip(
            tables, p_values, benjamini_hochberg([min(1.0, p) for p in p_values]), strict=True
        )
    ]
    return tuple(sorted(results, key=lambda result: (result.p_value, result.feature)))
