"""How sure a model was of each sign that must survive: from the token probabilities of an answer, where it has them.

An answer flips from `A-1` to `A - 1` when the probability of the token with the hyphen falls below that of another one.
It falls before it flips, so that decay shows in it earlier.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

from harness.records.answer import Token


def sign_probability(text: str, tokens: Sequence[Token], start: int, end: int) -> float | None:
    """The least probability of a token that holds a sign of the mention, or the character after a sign.

    A sign is a character that is neither a letter nor a digit: a hyphen, a slash, a space. `start` and `end` count code
    points of `text`. None where the tokens do not spell the text, or the mention has no sign.
    """
    pieces = [token.text for token in tokens]
    spelled = b"".join(pieces)
    offset = spelled.find(text.encode("utf-8", "surrogatepass")) if text else -1
    if offset < 0:
        return None
    ends = list(accumulate(map(len, pieces)))
    wanted: set[int] = set()
    for place in range(start, min(end, len(text))):
        if not text[place].isalnum():
            wanted.update(at for at in (place, place + 1) if at < len(text))
    if not wanted:
        return None
    least = 1.0
    byte, token = offset, 0
    for place, char in enumerate(text):
        width = len(char.encode("utf-8", "surrogatepass"))
        if place in wanted:
            while ends[token] <= byte:
                token += 1
            least = min(least, math.exp(min(0.0, tokens[token].log_probability)))
        byte += width
        if place >= end:
            break
    return least
