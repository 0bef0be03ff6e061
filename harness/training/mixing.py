"""General samples beside the special ones, so that a fine-tune on one habit does not cost the others."""

from __future__ import annotations

import random
from collections.abc import Sequence

from harness.records.training import TrainingError, TrainingSample

ADVISED = (0.15, 0.30)
"""Share of general samples that is advised against one-sidedness."""


def mix(
    special: Sequence[TrainingSample], general: Sequence[TrainingSample], share: float, *, seed: int
) -> list[TrainingSample]:
    """All of `special` and as many drawn from `general` as make up `share` of the whole, in a seeded order.

    Raises:
        TrainingError: `share` is not between 0 and 0.9, or `general` is too small for it.
    """
    if not 0 < share <= 0.9:
        raise TrainingError(f"--share: found {share:g}; accepted: above 0 and at most 0.9 (advised: 0.15 to 0.3)")
    wanted = max(1, round(len(special) * share / (1 - share)))
    known = {sample.text for sample in special}
    fresh = [sample for sample in general if sample.text not in known]
    if len(fresh) < wanted:
        raise TrainingError(
            f"--share {share:g} of {len(special)} samples needs {wanted} general ones, found {len(fresh)}; "
            f"accepted: a larger --general file, or --share {len(fresh) / (len(fresh) + len(special)):.2f}"
        )
    drawer = random.Random(seed)  # noqa: S311 - reproducible draw, no secret
    mixed = [*special, *drawer.sample(fresh, wanted)]
    drawer.shuffle(mixed)
    return mixed


def advice(share: float) -> str | None:
    """A word on a share outside the advised range."""
    low, high = ADVISED
    if low <= share <= high:
        return None
    return f"a share of {share:g} is outside the advised {low:g} to {high:g}"
