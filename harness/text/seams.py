"""Where a word of Chinese ends, by odds: enough to tell a term from the verb or the label before it."""

import base64
from functools import lru_cache
from itertools import pairwise

from harness.text.seam_data import FACTORS, PATTERNS, STEP, TABLE

_ROW, _ROWS, _FIRST_ROW, _FIRST = 94, 40, 0xB0, 0xA1


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, int], bytes, bytes]:
    places = {}
    for number in range(_ROW * _ROWS):
        coded = bytes((_FIRST_ROW + number // _ROW, _FIRST + number % _ROW))
        places[coded.decode("gb2312", "replace")] = number
    table = base64.b64decode(TABLE)
    return places, table[: _ROW * _ROWS], table[_ROW * _ROWS :]


@lru_cache(maxsize=32768)
def _between(one: str, other: str) -> tuple[bool, int | None]:
    """Whether two characters are common inside words, and what both say of a seam between; None if one is unknown."""
    places, weights, common = _table()
    first, second = places.get(one), places.get(other)
    if first is None or second is None:
        return False, None
    weight = (weights[first] >> 4) + (weights[second] & 15) - 16
    for factor in FACTORS:
        mixed = (first * 4096 + second) * factor & 0xFFFFFFFF
        mixed = (mixed ^ mixed >> 15) * FACTORS[1] & 0xFFFFFFFF
        place = (mixed ^ mixed >> 13) % (8 * len(common))
        if not common[place >> 3] >> (place & 7) & 1:
            return False, weight
    return True, weight


@lru_cache(maxsize=8192)
def seams(run: str) -> tuple[float, ...]:
    """For each character of a run of Han the log odds that a word begins with it; 0 where nothing is known."""
    found = [*map(_between, run, run[1:]), (False, None)]
    odds = [0.0] if run else []
    before = False
    for (is_common, weight), (behind, _) in pairwise(found):
        if weight is None:
            odds.append(0.0)
        else:
            odds.append(STEP * (weight + PATTERNS[4 * is_common + 2 * before + behind]))
        before = is_common
    return tuple(odds)
