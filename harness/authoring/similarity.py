"""Pairs of texts that are nearly equal, found without comparing all with all."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

_GRAM = 3
_SHORTEST = 12
"""Characters. A shorter text has too few trigrams for a share of them to mean anything."""


def similar_pairs(texts: Sequence[str], threshold: float) -> Iterator[tuple[int, int, float]]:
    """(i, j, similarity) with i < j for texts whose trigram sets have a Jaccard similarity of at least `threshold`.

    Exact, by the prefix filter of Chaudhuri et al. (2006) and Bayardo et al. (2007): two sets of that similarity share
    one of their few rarest members, so that only texts that meet in those are compared.
    """
    grams = [_grams(text) for text in texts]
    rarity = Counter(gram for one in grams for gram in one)
    meeting: defaultdict[str, list[int]] = defaultdict(list)
    for later, one in enumerate(grams):
        if not one:
            continue
        ordered = sorted(one, key=lambda gram: (rarity[gram], gram))
        prefix = ordered[: len(one) - math.ceil(threshold * len(one)) + 1]
        for earlier in sorted({other for gram in prefix for other in meeting[gram]}):
            other = grams[earlier]
            if min(len(one), len(other)) < threshold * max(len(one), len(other)):
                continue
            shared = len(one & other)
            similarity = shared / (len(one) + len(other) - shared)
            if similarity >= threshold:
                yield earlier, later, similarity
        for gram in prefix:
            meeting[gram].append(later)


def _grams(text: str) -> frozenset[str]:
    plain = " ".join(text.casefold().split())
    if len(plain) < _SHORTEST:
        return frozenset()
    return frozenset(plain[start : start + _GRAM] for start in range(len(plain) - _GRAM + 1))
