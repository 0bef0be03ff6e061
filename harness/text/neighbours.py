"""Strings within an edit or two of another, found without a look at each of thousands."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import takewhile

_LAST = "\U0010ffff"
_TAILS = (2, 3, 4, 6, 9, 13, 19, 28, 42, 63)


class Neighbours:
    """Tokens, by what one of them has in common with a string that one or two edits make of it.

    A string is cut into a head, one character, and a tail. Two edits either leave the head as it is, or at most one of
    them is in the tail: then both tails without some one character are the same. Each string is cut where the fewest
    tokens have its head or its tail. An edit changes, adds or takes out one letter or digit, or turns two round; both
    may be in one place.
    """

    def __init__(self, tokens: Iterable[str]) -> None:
        self._folded = [folded(token) for token in tokens]
        self._by_head = sorted((one, number) for number, one in enumerate(self._folded))
        self._tails: dict[int, dict[str, list[int]]] = {}
        self._alike: dict[int, float] = {}

    def of(self, wanted: str) -> set[int]:
        """The numbers of the tokens that may be within two edits of `wanted`, whatever their case, and of some more."""
        wanted = folded(wanted)
        size = len(wanted)
        length, fewest = 0, float("inf")
        for one in takewhile(lambda one: one < size - 1, _TAILS):
            low, high = self._headed(wanted[: size - one - 1])
            if high - low >= fewest:  # a longer tail has a shorter head, which more of them have
                break
            several = high - low + self._alike_in(one)
            if several < fewest:
                length, fewest = one, several
        low, high = self._headed(wanted[: size - length - 1])
        found = {number for _, number in self._by_head[low:high]}
        tails = self._tails.get(length)
        if tails is None:
            tails = self._tails[length] = {}
            for number, token in enumerate(self._folded):
                for tail in _without_one(token[-length:]):
                    tails.setdefault(tail, []).append(number)
        return found.union(*[tails.get(tail, ()) for tail in _without_one(wanted[size - length :])])

    def _headed(self, head: str) -> tuple[int, int]:
        return bisect_left(self._by_head, (head,)), bisect_left(self._by_head, (head + _LAST,))

    def _alike_in(self, length: int) -> float:
        """About how many tokens have the same tail of such a length without one character, by some of them."""
        if length not in self._alike:
            some = self._folded[:: len(self._folded) // _SOME + 1]
            several = Counter(tail for token in some for tail in _without_one(token[-length:])).values()
            pairs = sum(number * (number - 1) for number in several)
            self._alike[length] = pairs * len(self._folded) / (len(some) ** 2 or 1)
        return self._alike[length]


_SOME = 500


def folded(text: str) -> str:
    """In small letters, at most one character for one."""
    return text.lower().replace("\u0307", "").replace("ς", "σ")  # `İ` in small letters is two characters


def _without_one(text: str) -> set[str]:
    return {text[:place] + text[place + 1 :] for place in range(len(text))}
