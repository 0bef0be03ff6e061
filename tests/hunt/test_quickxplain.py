import asyncio

from hypothesis import given
from hypothesis import strategies as st

from harness.hunt.search import essential


def search(items, fails):
    asked = []

    async def answer(kept):
        asked.append(kept)
        return fails(set(kept))

    return asyncio.run(essential(items, answer)), len(asked)


@given(st.integers(1, 16).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_exactly_what_matters_is_found(given):
    count, needed = given
    found, asked = search(range(count), needed.issubset)
    assert set(found) == needed
    assert asked <= 2 + 2 * len(needed) * (count.bit_length() + 1)


@given(st.integers(1, 8), st.data())
def test_what_comes_back_still_fails_whatever_the_rule(count, data):
    everything = frozenset(range(count))
    failing = data.draw(st.sets(st.frozensets(st.integers(0, count - 1)))) | {everything}
    found, _ = search(range(count), lambda kept: frozenset(kept) in failing)
    assert frozenset(found) in failing
