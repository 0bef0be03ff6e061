"""`mix`: so many general samples that they make up the share asked for."""

import pytest

from harness.finetune.samples import advice, mix
from harness.records.training import TrainingError, TrainingMessage, TrainingSample


def numbered(count, word):
    return [
        TrainingSample(
            messages=(
                TrainingMessage(role="user", content=f"{word} {i}"),
                TrainingMessage(role="assistant", content="b"),
            )
        )
        for i in range(count)
    ]


@pytest.mark.parametrize(("count", "share", "general"), [(42, 0.2, 10), (40, 0.2, 10), (70, 0.3, 30), (10, 0.01, 1)])
def test_the_share_is_that_of_the_whole(count, share, general):
    mixed = mix(numbered(count, "special"), numbered(60, "general"), share, seed=1)
    assert sum(sample.source.startswith("general") for sample in mixed) == general
    assert len(mixed) == count + general


def test_the_order_is_seeded_and_mixed():
    special, general = numbered(40, "special"), numbered(40, "general")
    mixed = mix(special, general, 0.3, seed=1)
    assert mixed == mix(special, general, 0.3, seed=1) != mix(special, general, 0.3, seed=2)
    assert mixed[: len(special)] != special


def test_a_general_sample_that_is_in_the_set_already_is_not_drawn():
    special = numbered(4, "same")
    with pytest.raises(TrainingError, match="needs 1 general ones, found 0"):
        mix(special, special, 0.2, seed=1)


def test_too_few_general_samples_are_told_with_the_share_that_they_allow():
    with pytest.raises(TrainingError, match=r"needs 10 general ones, found 5; .* --share 0\.11"):
        mix(numbered(42, "special"), numbered(5, "general"), 0.2, seed=1)


@pytest.mark.parametrize("share", [0, 0.95, -1])
def test_a_share_that_makes_no_sense_is_refused(share):
    with pytest.raises(TrainingError, match="--share"):
        mix(numbered(2, "a"), numbered(2, "b"), share, seed=1)


def test_a_one_sided_share_is_advised_against():
    assert advice(0.2) is None
    assert advice(0.05) == "a share of 0.05 is outside the advised 0.15 to 0.3"
