"""Fresh strings: codes drawn from the grammars of real ones, in place of a suite that models may have met in training.

A code with a check digit gets the right one. None of the strings is taken from anywhere: each is made up in the form
that its field uses, and may exist by chance.
"""

import random
import string
from collections.abc import Callable, Iterator

from harness.authoring.make import Term

Draw = Callable[[random.Random], str]


def fresh_terms(number: int, seed: int) -> list[Term]:
    """`number` different strings, in equal shares of the kinds in `GRAMMARS`; the same seed gives the same strings."""
    chance = random.Random(seed)  # noqa: S311  (a draw that can be repeated, no secret)
    terms: dict[str, Term] = {}
    for domain, draw in _in_turn(chance):
        if len(terms) == number:
            break
        text = draw(chance)
        terms.setdefault(text, Term(text, domain, len(terms) + 1))
    return list(terms.values())


def _in_turn(chance: random.Random) -> Iterator[tuple[str, Draw]]:
    while True:
        kinds = [(domain, draw) for domain, draws in GRAMMARS.items() for draw in draws]
        chance.shuffle(kinds)
        yield from kinds


def _digits(chance: random.Random, number: int) -> str:
    return "".join(chance.choices(string.digits, k=number))


def _letters(chance: random.Random, number: int) -> str:
    # without those that are read as digits
    return "".join(chance.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=number))


def isbn13(chance: random.Random) -> str:
    """`978-7-302-51436-8`: the last digit makes the sum with weights 1 and 3 a multiple of ten (ISO 2108)."""
    body = f"978-{chance.randrange(8)}-{_digits(chance, 3)}-{_digits(chance, 5)}"
    weighted = (int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body.replace("-", "")))
    return f"{body}-{-sum(weighted) % 10}"


def cas_number(chance: random.Random) -> str:
    """`7732-18-5`: the digits before it, counted from the right and weighted by place, modulo ten."""
    body = str(chance.randrange(10, 9_999_999)) + _digits(chance, 2)
    check = sum(place * int(digit) for place, digit in enumerate(reversed(body), start=1)) % 10
    return f"{body[:-2]}-{body[-2:]}-{check}"


def container(chance: random.Random) -> str:
    """`CSQU305438-3`: letters have values from 10 without multiples of 11, weights are powers of two (ISO 6346)."""
    body = _letters(chance, 3) + "U" + _digits(chance, 6)
    values = [value for value in range(10, 39) if value % 11]
    worth = [values[ord(char) - ord("A")] if char.isalpha() else int(char) for char in body]
    return f"{body}-{sum(value << place for place, value in enumerate(worth)) % 11 % 10}"


def uuid4(chance: random.Random) -> str:
    """A version 4 UUID (RFC 9562)."""
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{chance.choice('89ab')}{digits[17:20]}-{digits[20:]}"


def luhn_number(chance: random.Random) -> str:
    """`PO-2847-1935-06`: an order number that ends in a Luhn digit (ISO/IEC 7812)."""
    body = _digits(chance, 9)
    doubled = (int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(reversed(body)))
    check = -sum(value - 9 if value > 9 else value for value in doubled) % 10
    return f"PO-{body[:4]}-{body[4:8]}-{body[8]}{check}"


def _standard(chance: random.Random) -> str:
    body = chance.choice(("GB/T", "JB/T", "DL/T", "HG/T", "YY/T"))
    return f"{body} {chance.randrange(1000, 49999)}.{chance.randrange(1, 9)}-{chance.randrange(1995, 2026)}"


def _part(chance: random.Random) -> str:
    end = chance.choice(("2RS1", "ZZ", "C3", "A/B", "K-HM"))
    return f"{_letters(chance, 2)}{_digits(chance, 3)}-{_digits(chance, 2)}/{end}"


def _fraction(chance: random.Random) -> str:
    one, other = chance.randrange(1, 9), chance.randrange(2, 9)
    return f"{_letters(chance, 1)}{one}/{other}-{_digits(chance, 2)}{_letters(chance, 1)}"


_PLACES = ("财务", "设备台账", "会议纪要", "样本资料", "竣工图", "验收单", "报价", "检修记录", "培训课件", "合同")
_HAN_PAIRS = ("厨房/餐厅", "进水/回水", "白班/夜班", "主卧/次卧", "出库/入库", "送风/回风", "前台/后厨", "甲方/乙方")


def _han_path(chance: random.Random) -> str:
    one, other = chance.sample(_PLACES, 2)
    return f"/data/{one}{chance.randrange(2018, 2026)}/{_letters(chance, 2)}{other}"


def _han_file(chance: random.Random) -> str:
    place, edition = chance.choice(_PLACES), chance.choice(("版", "年", "A版"))
    ending = chance.choice(("xlsx", "pdf", "docx", "dwg"))
    return f"{place}{chance.randrange(2018, 2026)}{edition}-{_digits(chance, 2)}.{ending}"


def _han_pair(chance: random.Random) -> str:
    return (
        f"{chance.choice(_HAN_PAIRS)}{chance.choice(('区', '口', '侧', '组'))}{_letters(chance, 1)}{_digits(chance, 2)}"
    )


_WORDS = ("max", "retry", "cache", "input", "log", "batch", "token", "queue", "worker", "shard", "index", "model")


def _option(chance: random.Random) -> str:
    return f"--{'-'.join(chance.sample(_WORDS, 2))}={_digits(chance, 3)}"


def _unix_path(chance: random.Random) -> str:
    one, two, three = chance.sample(_WORDS, 3)
    return f"/srv/{one}-{_digits(chance, 2)}/{two}_{three}.v{chance.randrange(1, 9)}.log"


def _release(chance: random.Random) -> str:
    one, other = chance.sample(_WORDS, 2)
    major, minor, patch = (chance.randrange(9) for _ in range(3))
    return f"{one}-{other}/{major}.{minor}.{patch}-rc{chance.randrange(1, 9)}"


GRAMMARS: dict[str, tuple[Draw, ...]] = {
    "books": (isbn13,),
    "chemistry": (cas_number,),
    "logistics": (container, luhn_number),
    "manufacturing": (_part, _fraction),
    "standards": (_standard,),
    "files": (_han_path, _han_file, _unix_path),
    "interior": (_han_pair,),
    "software": (uuid4, _option, _release),
}
"""Kinds of code by domain."""
