"""What can be said of a string that failed: the vocabulary in which a rule is narrowed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from harness.hunt.conditions import ContextIs
from harness.hunt.probe import LEVELS, SYMBOLS, Code, Context, Probe, style_of, style_of_char

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
    yield Trait("the symbol is '-' or '/'", lambda code, _, place: code.symbols[place] in "-/")
    for symbol in SYMBOLS:
        yield Trait(f"the symbol is '{symbol}'", lambda code, _, place, s=symbol: code.symbols[place] == s)


def _whole(clause: str, test: Callable[..., bool]) -> Trait:
    return Trait(clause, lambda code, context, place: test(code), whole=True)


def _string_traits() -> Iterator[Trait]:
    """Of the whole string."""
    yield _whole("the string has one symbol", lambda code: len(code.symbols) == 1)
    for least in (2, 3):
        yield _whole(f"the string has at least {least} symbols", lambda code, n=least: len(code.symbols) >= n)
    yield _whole("the string holds '-' or '/'", lambda code: not {"-", "/"}.isdisjoint(code.symbols))
    yield _whole("all symbols of the string are '-' or '/'", lambda code: {"-", "/"}.issuperset(code.symbols))
    yield _whole("the string has two kinds of symbol", lambda code: len(set(code.symbols)) > 1)
    yield _whole("all symbols of the string are alike", lambda code: len(set(code.symbols)) == 1)
    yield _whole("all parts are equal", lambda code: len(set(code.parts)) == 1)
    yield _whole("two parts are equal", lambda code: len(set(code.parts)) < len(code.parts))
    yield _whole("the string begins with a vowel", lambda code: code.text[0] in _VOWELS)
    yield _whole("the string does not begin with a vowel", lambda code: code.text[0] not in _VOWELS)
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


_TRAITS: tuple[Trait, ...] = (*_side_traits(0), *_side_traits(1), *_pair_traits(), *_string_traits())
