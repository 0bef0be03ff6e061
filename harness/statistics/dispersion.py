"""Do the nights of a baseline vary more than independent prompts would?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Cochran's Q over the nights. `ratio` is about 1 for independent prompts; `p_value` is one-sided."""

    ratio: float
    p_value: float


def night_dispersion(outcomes: Sequence[Sequence[bool]]) -> Dispersion | None:
    """Cochran's Q test (1950): rows are nights, columns the prompts, the same in each row.

    Conditions on how often each prompt succeeded, so prompts may differ in difficulty. None when it
    cannot say anything: fewer than two nights, or every prompt always right or always wrong.
    """
    from scipy.stats import chi2

    nights = len(outcomes)
    if nights < 2:
        return None
    if len({len(night) for night in outcomes}) != 1:
        raise ValueError("every night needs the same prompts")
    by_night = [sum(night) for night in outcomes]
    by_prompt = [sum(column) for column in zip(*outcomes, strict=True)]
    total = sum(by_night)
    expected = nights * total - sum(count * count for count in by_prompt)
    if expected == 0:
        return None
    observed = nights * sum(count * count for count in by_night) - total * total
    statistic = (nights - 1) * observed / expected
    return Dispersion(statistic / (nights - 1), float(chi2.sf(statistic, nights - 1)))
