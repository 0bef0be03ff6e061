"""Near-duplicates are found exactly, and without comparing every text with every other."""

import random
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.authoring.lint import similar_pairs

WORDS = st.sampled_from(["pump", "valve", "seal", "tank", "part", "room", "泵站", "阀门", "KX-40"])
TEXTS = st.lists(st.lists(WORDS, min_size=2, max_size=8).map(" ".join), max_size=12)


def trigrams(text: str) -> set[str]:
    plain = " ".join(text.casefold().split())
    return {plain[start : start + 3] for start in range(len(plain) - 2)} if len(plain) >= 12 else set()


def slow(texts: list[str], threshold: float) -> set[tuple[int, int]]:
    found = set()
    for later, text in enumerate(texts):
        for earlier in range(later):
            one, other = trigrams(texts[earlier]), trigrams(text)
            if one and other and len(one & other) / len(one | other) >= threshold:
                found.add((earlier, later))
    return found


@given(texts=TEXTS, threshold=st.sampled_from([0.5, 0.8, 0.95, 1.0]))
@settings(max_examples=60)
def test_pairs_are_those_of_a_comparison_of_all_with_all(texts: list[str], threshold: float) -> None:
    assert {(one, other) for one, other, _ in similar_pairs(texts, threshold)} == slow(texts, threshold)


def test_white_space_and_letter_case_do_not_count() -> None:
    pairs = list(similar_pairs(["The pump has a seal.", "the  PUMP has\na seal."], 0.8))
    assert pairs == [(0, 1, 1.0)]


def test_one_thousand_different_texts_take_seconds() -> None:
    chance = random.Random(1)
    texts = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz ", k=120)) for _ in range(1000)]
    started = time.process_time()
    assert list(similar_pairs([*texts, texts[7]], 0.6)) == [(7, 1000, 1.0)]
    assert time.process_time() - started < 10
