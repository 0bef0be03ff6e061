"""A validation set cut out of a training set: seeded, and from every domain alike."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from harness.records.training import TrainingError, TrainingSample

DEFAULT_SEED = 7


def split(
    samples: Sequence[TrainingSample], share: float, *, seed: int = DEFAULT_SEED
) -> tuple[list[TrainingSample], list[TrainingSample]]:
    """(training, validation), both in file order, validation holding `round(share * n)` samples, at least one.

    Places go to domains by largest remainder, so that no domain is more than one sample away from its fair part.

    Raises:
        TrainingError: `share` is not between 0 and 0.5, or a side would be empty.
    """
    if not 0 < share <= 0.5:
        raise TrainingError(f"validation share: found {share}; accepted: above 0 and at most 0.5")
    wanted = max(1, round(share * len(samples)))
    if wanted >= len(samples):
        raise TrainingError(f"{len(samples)} sample(s) cannot be split; accepted: at least 2")
    groups: dict[str, list[int]] = defaultdict(list)
    for place, sample in enumerate(samples):
        groups[sample.domain or ""].append(place)
    shuffler = random.Random(seed)  # noqa: S311 - reproducible draw, no secret
    order = sorted(groups)
    shuffler.shuffle(order)
    fair = {domain: wanted * len(groups[domain]) / len(samples) for domain in order}
    places = {domain: int(fair[domain]) for domain in order}
    by_remainder = sorted(order, key=lambda domain: places[domain] - fair[domain])
    for domain in by_remainder[: wanted - sum(places.values())]:
        places[domain] += 1
    held = {place for domain in order for place in shuffler.sample(groups[domain], places[domain])}
    return (
        [sample for place, sample in enumerate(samples) if place not in held],
        [sample for place, sample in enumerate(samples) if place in held],
    )
