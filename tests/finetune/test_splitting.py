"""`split`: seeded, stratified by domain, nothing lost."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.finetune.samples import split, take
from harness.records.training import TrainingError, TrainingMessage, TrainingSample


def samples(**domains):
    return [
        TrainingSample(
            messages=(TrainingMessage(role="user", content=f"{d}{i}"), TrainingMessage(role="assistant", content="b")),
            domain=d,
        )
        for d, n in domains.items()
        for i in range(n)
    ]


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    data = samples(a=20, b=20)
    assert split(data, 0.1, seed=1) == split(data, 0.1, seed=1)
    assert any(split(data, 0.1, seed=1) != split(data, 0.1, seed=seed) for seed in range(2, 6))


def test_every_domain_gives_its_part():
    _, held = split(samples(a=50, b=30, c=20), 0.2)
    assert Counter(sample.domain for sample in held) == {"a": 10, "b": 6, "c": 4}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.floats(0.01, 0.5), st.integers(0, 99))
def test_nothing_is_lost_and_no_domain_is_a_whole_sample_off(sizes, share, seed):
    data = samples(**{f"d{i}": size for i, size in enumerate(sizes)})
    if len(data) < 2:
        return
    training, held = split(data, share, seed=seed)
    assert sorted(s.source for s in training + held) == sorted(s.source for s in data)
    assert len(held) == max(1, round(share * len(data)))
    counts = Counter(s.domain for s in held)
    for i, size in enumerate(sizes):
        assert abs(counts[f"d{i}"] - len(held) * size / len(data)) < 1


def test_samples_without_a_domain_are_split_too():
    data = [sample.model_copy(update={"domain": None}) for sample in samples(a=10)]
    training, held = split(data, 0.1)
    assert (len(training), len(held)) == (9, 1)


@pytest.mark.parametrize("share", [0, -0.1, 0.6, float("nan")])
def test_a_share_that_makes_no_sense_is_refused(share):
    with pytest.raises(TrainingError, match="accepted: above 0 and at most"):
        split(samples(a=4), share)


def test_one_sample_cannot_be_split():
    with pytest.raises(TrainingError, match="cannot be split"):
        split(samples(a=1), 0.5)


def test_smaller_takes_are_parts_of_larger_ones_and_even_over_domains():
    data = samples(a=20, b=6, c=3)
    taken = {count: take(data, count) for count in (1, 6, 10, 20, 29)}
    for smaller, larger in ((1, 6), (6, 10), (10, 20), (20, 29)):
        assert len(taken[smaller]) == smaller
        assert [sample for sample in taken[larger] if sample in taken[smaller]] == taken[smaller]
    assert Counter(sample.domain for sample in taken[6]) == {"a": 2, "b": 2, "c": 2}
    assert taken[29] == data
    with pytest.raises(TrainingError, match="accepted: at most 29"):
        take(data, 30)
