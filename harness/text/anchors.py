"""Where a damaged mention may begin: the cheap first look, before any alignment."""

import re
from collections.abc import Iterator
from functools import lru_cache

from harness.text.alignment import Page
from harness.text.pattern import Pattern


def damaged_starts(page: Page, pattern: Pattern) -> Iterator[int]:
    """Every place where something stands that can stand for the first character of the pattern."""
    return (found.start() for found in _first(frozenset(pattern.atoms[0].forms)).finditer(page.text))


@lru_cache(maxsize=1024)
def _first(chars: frozenset[str]) -> re.Pattern[str]:
    return re.compile("[" + "".join(re.escape(char) for char in sorted(chars)) + r"\\&%]")
