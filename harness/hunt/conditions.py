"""What a rule is made of: conditions on a string or its prompt, which can be said in words and tested on any probe.

First those that varying one factor finds, then `traits_of`, in whose words a refuted rule is narrowed.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from harness.hunt.asking import places_of
from harness.hunt.probe import (
    LEVELS,
    STYLES,
    SYMBOLS,
    ZERO_LED,
    Code,
    Context,
    Probe,
    place_of,
    style_of,
    style_of_char,
)

STYLE_WORDS = {
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
    "asked": "the string is asked for {}",
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
        signs = [f"'{sign}'" for sign in (self.char, *sorted(self.others, key=place_of))]
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
        if not refused and self.least == self.most == 1:
            return f"exactly 1 character {_side(self.place, symbols, one=True)}"
        if not refused:
            return f"{amount}characters {side}"
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
    symbols: int = 1
    """Of the rule's stretch."""

    def words(self, symbols: int) -> str:
        """As a clause."""
        return f"only the {_ORDINALS[self.place] if self.place >= 0 else 'last'} symbol is hit"

    def holds(self, code: Code, context: Context, offset: int) -> bool:
        """Whether the stretch takes in that symbol of the string."""
        place = self.place if self.place >= 0 else len(code.symbols) - 1
        return offset <= place < offset + self.symbols


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
class EdgeIs:
    """A sign is at the beginning (side 0) or the end (side 1) of the string: one of `signs`, or any where empty."""

    side: int
    signs: frozenset[str]

    def words(self, symbols: int) -> str:
        """As a clause."""
        signs = [f"'{sign}'" for sign in sorted(self.signs, key=place_of)]
        return f"the string {('begins', 'ends')[self.side]} with {_join(signs, 'or') if signs else 'a symbol'}"

    def holds(self, code: Code, context: Context, offset: int) -> bool:
        """Whether it is."""
        sign = code.edges[self.side]
        return sign in self.signs if self.signs else bool(sign)


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
    return [STYLE_WORDS[style] for style in STYLES if style in styles]


def _run(part: str) -> tuple[str, int]:
    """Style and length of the run of one style that `part` begins with."""
    style = style_of_char(part[0])
    length = next((n for n, char in enumerate(part) if style_of_char(char) != style), len(part))
    return (ZERO_LED if style == "digits" and length > 1 and part[0] == "0" else style), length


def _the_symbol(place: int, symbols: int) -> str:
    return "the symbol" if symbols == 1 else f"the {_ORDINALS[place]} symbol"


def _side(place: int, symbols: int, *, one: bool = False) -> str:
    verb = ("precede" if place == 0 else "follow") + "s" * one
    return f"{verb} {_the_symbol(max(0, place - 1), symbols)}"


def _amount(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} " if least > 1 else ""
    return f"exactly {least} " if least == most else f"{least} to {most} "


def _join(names: list[str], word: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


_VOWELS = frozenset("aeiouAEIOU")


@dataclass(frozen=True, slots=True)
class Trait:
    """Something that can be said of one symbol, its neighbours, the whole string or the prompt."""

    clause: str
    test: Callable[..., bool]
    """Takes the string, its prompt and the symbol (0-based) that is looked at."""
    whole: bool = False
    """Said of the whole string or the prompt, whichever symbol is looked at."""


@dataclass(frozen=True, slots=True)
class Also:
    """A condition that the refutation added. `place` is the symbol of the rule that it looks at."""

    trait: Trait
    place: int = 0

    def words(self, symbols: int) -> str:
        """As a clause."""
        return self.trait.clause

    def holds(self, code: Code, context: Context, offset: int) -> bool:
        """Whether it does."""
        return self.trait.test(code, context, offset + self.place)


def traits_of(failures: Iterable[tuple[Probe, frozenset[int]]]) -> list[Trait]:
    """What could be said of failing probes, each with the symbols that were hit; the simpler first."""
    failures = list(failures)
    found = [*_TRAITS]
    texts = [probe.code.text for probe, _ in failures]
    shared = set(texts[0]).intersection(*texts[1:]) - set("a ")
    for char in sorted(shared, key=lambda char: (char.isalnum(), char)):
        found.append(_whole(f"the string holds '{char}'", lambda code, c=char: c in code.text))
    for char in sorted(char for char in shared if all(text.count(char) > 1 for text in texts)):
        found.append(_whole(f"the string holds '{char}' twice", lambda code, c=char: code.text.count(c) > 1))
    for where, at in (("begins", 0), ("ends", -1)):
        if len({text[at] for text in texts}) == 1 and texts[0][at] in shared:
            char = texts[0][at]
            found.append(_whole(f"the string {where} with '{char}'", lambda code, c=char, a=at: code.text[a] == c))
    for place in (0, 1):
        for char in sorted({_touching(probe.code, hit, place) for probe, hits in failures[:1] for hit in hits or (0,)}):
            verb = ("precedes", "follows")[place]
            found.append(
                Trait(
                    f"'{char}' {verb} the symbol",
                    lambda code, context, at, c=char, side=place: _touching(code, at, side) == c,
                )
            )
    for factor, levels in LEVELS.items():
        for level in levels:
            words = ContextIs(factor, frozenset((level,))).words(1)
            found.append(
                Trait(words, lambda code, context, place, f=factor, v=level: context.level(f) == v, whole=True)
            )
    return found


def _touching(code: Code, place: int, side: int) -> str:
    return code.parts[place][-1] if side == 0 else code.parts[place + 1][0]


def _digits(text: str) -> int:
    return sum(char.isdecimal() for char in text)


def _run_of_digits(code: Code, place: int, side: int) -> int:
    part = code.parts[place][::-1] if side == 0 else code.parts[place + 1]
    return next((n for n, char in enumerate(part) if not char.isdecimal()), len(part))


def _parity(text: str, side: int) -> int | None:
    """0 or 1 for the number that a part ends with (side 0), or begins with; None where there is none."""
    number = re.search(r"\d+$" if side == 0 else r"^\d+", text)
    return int(number[0]) % 2 if number else None


def _right_to_left(code: Code) -> bool:
    return any(style_of_char(char) in ("hebrew", "arabic") for char in code.text)


def _doubled(text: str) -> bool:
    return any(before == after for before, after in pairwise(text))


_ONE = {
    "lower": "a small letter",
    "upper": "a capital letter",
    "digits": "a digit",
    "han": "a Chinese character",
    "kana": "kana",
    "hangul": "Hangul",
    "cyrillic": "a Cyrillic letter",
    "hebrew": "a Hebrew letter",
    "arabic": "an Arabic letter",
    "thai": "a Thai letter",
    "accented": "an accented letter",
}


def _side_traits(side: int) -> Iterator[Trait]:
    verb = ("precedes", "follows")[side]
    part = f"the part that {verb} the symbol"

    def text(code: Code, place: int) -> str:
        return code.parts[place + side]

    for style, words in _ONE.items():
        yield Trait(
            f"{words} {verb} the symbol",
            lambda code, context, place, s=style: style_of_char(_touching(code, place, side)) == s,
        )
    yield Trait(f"a vowel {verb} the symbol", lambda code, context, place: _touching(code, place, side) in _VOWELS)
    yield Trait(
        f"a consonant {verb} the symbol",
        lambda code, context, place: (c := _touching(code, place, side)).isascii() and c.isalpha() and c not in _VOWELS,
    )
    for least in (2, 3, 4):
        yield Trait(
            f"at least {least} digits {verb[:-1]} the symbol",
            lambda code, context, place, n=least: _run_of_digits(code, place, side) >= n,
        )
    for count in (1, 2, 3, 4):
        digits = "1 digit" if count == 1 else f"{count} digits"
        yield Trait(
            f"exactly {digits} {verb if count == 1 else verb[:-1]} the symbol",
            lambda code, context, place, n=count: _run_of_digits(code, place, side) == n,
        )
    yield Trait(
        f"an even number of digits {verb} the symbol",
        lambda code, context, place: (n := _run_of_digits(code, place, side)) > 0 and n % 2 == 0,
    )
    yield Trait(
        f"an odd number of digits {verb} the symbol",
        lambda code, context, place: _run_of_digits(code, place, side) % 2 == 1,
    )
    yield Trait(f"{part} has one character", lambda code, context, place: len(text(code, place)) == 1)
    for least in (2, 3, 4, 6, 10):
        yield Trait(
            f"{part} has at least {least} characters", lambda code, context, place, n=least: len(text(code, place)) >= n
        )
    for most in (2, 3, 5):
        yield Trait(
            f"{part} has at most {most} characters", lambda code, context, place, n=most: len(text(code, place)) <= n
        )
    yield Trait(
        f"{part} has an even number of characters", lambda code, context, place: len(text(code, place)) % 2 == 0
    )
    yield Trait(f"{part} has an odd number of characters", lambda code, context, place: len(text(code, place)) % 2 == 1)
    yield Trait(f"{part} is all digits", lambda code, context, place: text(code, place).isdecimal())
    yield Trait(f"{part} is all capital letters", lambda code, context, place: style_of(text(code, place)) == "upper")
    yield Trait(f"{part} holds a digit", lambda code, context, place: _digits(text(code, place)) > 0)
    yield Trait(f"{part} holds no digit", lambda code, context, place: _digits(text(code, place)) == 0)
    yield Trait(f"{part} repeats a character", lambda code, context, place: _doubled(text(code, place)))
    yield Trait(f"no character is repeated in {part}", lambda code, context, place: not _doubled(text(code, place)))
    yield Trait(f"{part} mixes scripts or kinds", lambda code, context, place: style_of(text(code, place)) == "mixed")
    for count in (2, 3):
        yield Trait(
            f"{part} has exactly {count} characters", lambda code, context, place, n=count: len(text(code, place)) == n
        )
    for remainder, kind in enumerate(("even", "odd")):
        yield Trait(
            f"the number that {verb} the symbol is {kind}",
            lambda code, context, place, r=remainder: _parity(text(code, place), side) == r,
        )


def _pair_traits() -> Iterator[Trait]:
    """Of the two neighbours of one symbol, and of its place."""

    def kinds(code: Code, place: int) -> tuple[str, str]:
        return style_of_char(_touching(code, place, 0)), style_of_char(_touching(code, place, 1))

    yield Trait("the parts at the symbol are equal", lambda code, _, place: code.parts[place] == code.parts[place + 1])
    yield Trait("the parts at the symbol differ", lambda code, _, place: code.parts[place] != code.parts[place + 1])
    yield Trait(
        "the parts at the symbol are equally long",
        lambda code, _, place: len(code.parts[place]) == len(code.parts[place + 1]),
    )
    yield Trait(
        "both characters at the symbol are of one script or kind", lambda code, _, at: len(set(kinds(code, at))) == 1
    )
    yield Trait("the symbol is between two scripts or kinds", lambda code, _, place: len(set(kinds(code, place))) == 2)
    yield Trait("it is the first symbol of the string", lambda code, _, place: place == 0)
    yield Trait("it is the last symbol of the string", lambda code, _, place: place == len(code.symbols) - 1)
    yield Trait("it is not the first symbol of the string", lambda code, _, place: place > 0)
    for least in (4, 6, 10):
        yield Trait(
            f"at least {least} characters of the string are before the symbol",
            lambda code, _, place, n=least: places_of(code)[place] >= n,
        )
    yield Trait("the symbol is '-' or '/'", lambda code, _, place: code.symbols[place][0] in "-/")
    for symbol in SYMBOLS:
        yield Trait(f"the symbol is '{symbol}'", lambda code, _, place, s=symbol: code.symbols[place] == s)


def _whole(clause: str, test: Callable[..., bool]) -> Trait:
    return Trait(clause, lambda code, context, place: test(code), whole=True)


def _string_traits() -> Iterator[Trait]:
    """Of the whole string."""
    yield _whole("the string has one symbol", lambda code: len(code.symbols) == 1)
    for least in (2, 3):
        yield _whole(f"the string has at least {least} symbols", lambda code, n=least: len(code.symbols) >= n)
    yield _whole("the string holds '-' or '/'", lambda code: not {"-", "/"}.isdisjoint(code.text))
    yield _whole("all symbols of the string are '-' or '/'", lambda code: {"-", "/"}.issuperset("".join(code.symbols)))
    yield _whole("the string has two kinds of symbol", lambda code: len(set(code.symbols)) > 1)
    yield _whole("all symbols of the string are alike", lambda code: len(set(code.symbols)) == 1)
    yield _whole("the string begins with a symbol", lambda code: bool(code.edges[0]))
    yield _whole("the string ends with a symbol", lambda code: bool(code.edges[1]))
    yield _whole("no symbol is at an edge of the string", lambda code: not any(code.edges))
    yield _whole("all parts are equal", lambda code: len(set(code.parts)) == 1)
    yield _whole("two parts are equal", lambda code: len(set(code.parts)) < len(code.parts))
    yield _whole("the string begins with a vowel", lambda code: code.text[0] in _VOWELS)
    yield _whole("the string does not begin with a vowel", lambda code: code.text[0] not in _VOWELS)
    yield _whole("the string begins with a leading zero", lambda code: bool(re.match(r"0\d", code.text)))
    for where, at in (("begins", 0), ("ends", -1)):
        for style, words in _ONE.items():
            yield _whole(
                f"the string {where} with {words}", lambda code, s=style, a=at: style_of_char(code.text[a]) == s
            )
    for style, words in _ONE.items():
        yield _whole(f"the string holds {words}", lambda code, s=style: any(style_of_char(c) == s for c in code.text))
    yield _whole("the string holds no digit", lambda code: _digits(code.text) == 0)
    for least in (2, 3, 4, 6):
        yield _whole(f"the string holds at least {least} digits", lambda code, n=least: _digits(code.text) >= n)
    yield _whole("the string holds an even number of digits", lambda code: (n := _digits(code.text)) > 0 and n % 2 == 0)
    yield _whole("the string holds an odd number of digits", lambda code: _digits(code.text) % 2 == 1)
    yield _whole("two characters in a row are equal", lambda code: _doubled(code.text))
    yield _whole("no two characters in a row are equal", lambda code: not _doubled(code.text))
    yield _whole(
        "a digit is repeated in the string",
        lambda code: len(digits := [c for c in code.text if c.isdecimal()]) > len(set(digits)),
    )
    yield _whole(
        "the string holds small and capital letters",
        lambda code: any(c.islower() for c in code.text) and any(c.isupper() for c in code.text),
    )
    yield _whole("the string holds no small letter", lambda code: not any(c.islower() for c in code.text))
    for least in (4, 5, 6, 8, 10, 12, 15, 20, 25):
        yield _whole(f"the string has at least {least} characters", lambda code, n=least: len(code.text) >= n)
    for most in (4, 6, 8, 12):
        yield _whole(f"the string has at most {most} characters", lambda code, n=most: len(code.text) <= n)
    yield _whole("the string has an even number of characters", lambda code: len(code.text) % 2 == 0)
    yield _whole("the string has an odd number of characters", lambda code: len(code.text) % 2 == 1)
    yield _whole("two letters or digits in a row are equal", lambda code: any(map(_doubled, code.parts)))
    yield _whole(
        "three characters in a row are equal",
        lambda code: any(one == two == three for (one, two), (_, three) in pairwise(pairwise(code.text))),
    )
    yield _whole("the string holds a character beyond ASCII", lambda code: not code.text.isascii())
    yield _whole("all characters of the string are ASCII", lambda code: code.text.isascii())
    yield _whole("the string holds a letter that is written from right to left", _right_to_left)
    for remainder, kind in enumerate(("even", "odd")):
        yield _whole(
            f"the string ends with an {kind} digit",
            lambda code, r=remainder: not code.edges[1] and _parity(code.parts[-1], 0) == r,
        )


_TRAITS: tuple[Trait, ...] = (*_side_traits(0), *_side_traits(1), *_pair_traits(), *_string_traits())
