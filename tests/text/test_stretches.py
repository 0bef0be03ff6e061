"""Stretches against a look at every one of them."""

from hypothesis import given
from hypothesis import strategies as st

from harness.text.stretches import Cover, Taken

SPAN = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda one: (one[0], one[0] + one[1]))


@given(st.lists(SPAN, max_size=8), SPAN)
def test_a_stretch_is_free_where_no_other_overlaps_it(spans: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    taken = Taken()
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        free = all(end <= low or high <= start for low, high in kept)
        assert taken.is_free(start, end) == free
        if free:
            taken.add(start, end)
            kept.append((start, end))
    assert taken.is_free(*asked) == all(asked[1] <= low or high <= asked[0] for low, high in kept)
    assert (asked in taken) == (asked in kept)
    assert bool(taken) == bool(kept)


def test_stretches_that_touch_are_free() -> None:
    taken = Taken()
    taken.add(0, 2)
    taken.add(4, 6)
    assert taken.is_free(2, 4)
    assert not taken.is_free(1, 4)
    assert not taken.is_free(2, 5)
    assert not taken.is_free(5, 6)
    assert (0, 2) in taken
    assert (0, 3) not in taken


@given(st.lists(st.tuples(SPAN, st.sampled_from("abc")), max_size=8), SPAN, st.sampled_from("abcd"))
def test_a_cover_holds_what_lies_in_a_stretch_of_another(
    spans: list[tuple[tuple[int, int], str]], asked: tuple[int, int], but: str
) -> None:
    cover = Cover([(start, end, owner) for (start, end), owner in spans])
    start, end = asked
    wanted = any(low <= start and end <= high and owner != but for (low, high), owner in spans)
    assert cover.holds(start, end, but) == wanted


def test_a_cover_looks_past_the_stretch_of_the_owner() -> None:
    cover = Cover([(0, 9, "a"), (1, 6, "b"), (2, 8, "c"), (3, 4, "a")])
    assert cover.holds(3, 8, "a")
    assert not cover.holds(3, 9, "a")
    assert cover.holds(3, 9, "b")
    assert not cover.holds(0, 1, "a")
