"""How often hypothesis' own shrinker ends in the smallest string, over the strategies of `harness.hunt`.

    python -m benchmarks.hunt.shrinking [SEEDS] [--only WORD]

Each property is searched with `hypothesis.find`, once a seed. It is said under which version of hypothesis.
"""

import argparse
import random
import re
from collections.abc import Callable
from itertools import pairwise

from hypothesis import HealthCheck, __version__, find, settings

from harness.hunt import Code, codes
from harness.hunt.probe import style_of_char

Property = tuple[Callable[[Code], object], frozenset[str]]


def _of(test: Callable[[Code], object], *smallest: str) -> Property:
    return test, frozenset(smallest)


def _holds(pattern: str) -> Callable[[Code], object]:
    compiled = re.compile(pattern)
    return lambda code: compiled.search(code.text)


PROPERTIES: dict[str, Property] = {
    "a spaced symbol": _of(lambda code: any(code.spaced), "a - a"),
    "three digits in a row": _of(_holds(r"\d{3}"), "a-000", "000-a"),
    "a capital and a slash": _of(_holds("[A-Z]/"), "A/a"),
    "two hyphens": _of(lambda code: code.text.count("-") >= 2, "a--a"),
    "two symbols": _of(lambda code: len(code.symbols) >= 2, "a-a-a"),
    "the second symbol is a slash": _of(lambda code: code.symbols[1:2] == ("/",), "a-a/a"),
    "beyond ASCII": _of(lambda code: not code.text.isascii(), "a-一", "一-a"),
    "a digit after a letter": _of(_holds(r"[a-zA-Z]\d"), "a0-a", "a-a0"),
    "a digit behind the symbol": _of(_holds(r"[-/]\d"), "a-0"),
    "a leading zero behind the symbol": _of(_holds(r"[-/]0\d"), "a-00"),
    "six characters": _of(lambda code: len(code.text) >= 6, "a-aaaa", "aa-aaa", "aaa-aa", "aaaa-a"),
    "Hebrew": _of(lambda code: any(style_of_char(char) == "hebrew" for char in code.text), "a-א", "א-a"),
    "Han on both sides": _of(_holds("[一-龥]-[一-龥]"), "一-一"),
    "an underscore": _of(lambda code: "_" in code.text, "a_a"),
    "an en dash": _of(lambda code: "–" in code.text, "a–a"),
    "a doubled symbol": _of(lambda code: any(len(symbol) == 2 for symbol in code.symbols), "a--a"),
    "a capital and a digit": _of(lambda code: re.search("[A-Z].*[0-9]", code.text), "A-0"),
    "equal parts of two characters": _of(
        lambda code: any(one == other and len(one) >= 2 for one, other in pairwise(code.parts)), "aa-aa"
    ),
    "no small letter": _of(lambda code: not any(char.islower() for char in code.text), "0-0"),
}
"""What is looked for, and the smallest strings that have it."""


def smallest(name: str, seed: int) -> str:
    """Where the shrinker ends."""
    holds, _ = PROPERTIES[name]
    quiet = settings(max_examples=4000, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    return find(codes(), lambda code: bool(holds(code)), settings=quiet, random=random.Random(seed)).text


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="?", type=int, default=8)
    parser.add_argument("--only", default="", metavar="WORD")
    given = parser.parse_args()
    print(f"hypothesis {__version__}")
    for name, (_, wanted) in PROPERTIES.items():
        if given.only in name:
            ends = [smallest(name, seed) for seed in range(given.seeds)]
            others = ", ".join(sorted({end for end in ends if end not in wanted}))
            print(f"{name:<36}{sum(end in wanted for end in ends)} of {given.seeds}  {others}", flush=True)
