"""Prompts and strings that are in a suite more than once: each costs money and adds no evidence."""

import json
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from harness.authoring.findings import Finding, Placed
from harness.records.case import texts_of

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


NEAR = 0.6
"""Jaccard similarity of trigrams. Two sentences that differ in one word of six are about there."""
_MASK = "\u2026"
TEMPLATE_TAG = "template:"
"""Cases that `suites make` built from one template are alike by design; their tag says so."""
_SHORTEST_KEY = 4


def duplicate_prompts(shelf: Sequence[Placed]) -> Iterator[Finding]:
    """`duplicate-prompt` and `near-duplicate-prompt`.

    Cases with different system prompts are different questions, and the same prompt streamed and plain is a pair on
    purpose. System prompts themselves are not compared: a suite repeats them.
    """
    groups: defaultdict[str, list[Placed]] = defaultdict(list)
    for placed in shelf:
        groups[_key([message for message in placed.case.messages if _is_system(message)])].append(placed)
    for group in groups.values():
        yield from _among(group)


def _among(group: list[Placed]) -> Iterator[Finding]:
    first_of: dict[str, Placed] = {}
    kept: list[Placed] = []
    pairs: defaultdict[str, list[Placed]] = defaultdict(list)
    for placed in group:
        key = _key([[m for m in placed.case.messages if not _is_system(m)], placed.case.tools])
        first = first_of.setdefault(f"{placed.case.stream} {key}", placed)
        if first is not placed:
            message = f"asks the same as {_name(first)} at {first.path}:{first.line}; keep one"
            yield placed.finding("duplicate-prompt", "error", message)
            continue
        if not pairs[key]:
            kept.append(placed)
        pairs[key].append(placed)
    # two prompts that differ in nothing but their strings are one question, however long the strings are
    alike: dict[tuple[int, int], float] = {}
    for read in (_masked, _asked):
        alike |= {(one, other): share for one, other, share in similar_pairs([read(placed) for placed in kept], NEAR)}
    for (one, other), similarity in sorted(alike.items()):
        first, second = kept[one], kept[other]
        if not (_templates(first) and _templates(second)):
            message = f"{similarity:.0%} of its text is that of {_name(first)} at {first.path}:{first.line}; vary one"
            yield second.finding("near-duplicate-prompt", "warning", message)


def _masked(placed: Placed) -> str:
    text = _asked(placed)
    for target in sorted(placed.case.targets, key=len, reverse=True):
        text = text.replace(target, _MASK)
    return text


def duplicate_targets(shelf: Sequence[Placed]) -> Iterator[Finding]:
    """`duplicate-target`: one string in two cases. `near-duplicate-target`: but for letter case, signs or blanks."""
    same: dict[str, Placed] = {}
    alike: dict[str, tuple[str, Placed]] = {}
    for placed in shelf:
        for target in placed.case.targets:
            first = same.setdefault(target, placed)
            if first is not placed:
                if not _one_question(first, placed):
                    message = f"{target!r} is a target of {_name(first)} at {first.path}:{first.line} too; take another"
                    yield placed.finding("duplicate-target", "warning", message)
                continue
            key = _letters(target)
            other, holder = alike.setdefault(key, (target, placed))
            if other != target and holder is not placed and len(key) >= _SHORTEST_KEY and not key.isdecimal():
                message = f"{target!r} has the letters of {other!r}, {_name(holder)} at {holder.path}:{holder.line}"
                yield placed.finding("near-duplicate-target", "warning", message)


def _one_question(one: Placed, other: Placed) -> bool:
    return one.case.messages == other.case.messages or (_asked(one) == _asked(other) and one.case.stream is not None)


def _letters(target: str) -> str:
    folded = unicodedata.normalize("NFKC", target).casefold()
    return "".join(char for char in folded if char.isalnum())


def _asked(placed: Placed) -> str:
    return "\n".join(texts_of(tuple(message for message in placed.case.messages if not _is_system(message))))


def _is_system(message: dict[str, Any]) -> bool:
    return message["role"] in ("system", "developer")


def _templates(placed: Placed) -> bool:
    return any(tag.startswith(TEMPLATE_TAG) for tag in placed.case.tags)


def _name(placed: Placed) -> str:
    return f"{placed.case.suite}/{placed.case.id}"


def _key(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
