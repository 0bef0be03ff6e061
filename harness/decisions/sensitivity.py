"""What a nightly watch can show: how many nights after a fall the alarm would sound, with these very prompts."""

from __future__ import annotations

from collections.abc import Sequence

from harness.records.policy import DriftPolicy
from harness.statistics.nightly import Outcomes, watch_nights

RATES = (0.0, 0.5, 0.8, 0.9)
"""The rates that are tried."""
NIGHTS = 30
"""Nights that are played through for each rate."""


def nights_to_alarm(told: Sequence[Outcomes], rate: float, policy: DriftPolicy) -> int | None:
    """The night on which a fall to `rate` would alarm, counted from 1; None if not within NIGHTS.

    The nights of the baseline are the real ones. After it, the same share of the prompts fails each night, and other
    prompts from night to night, so that luck has no part in it.
    """
    baseline = list(told[: policy.baseline_nights])
    prompts = len(baseline[0])
    failing = prompts - round(rate * prompts)
    fallen = [[(prompt - night * failing) % prompts >= failing for prompt in range(prompts)] for night in range(NIGHTS)]
    watched = watch_nights(
        [*baseline, *fallen], policy.baseline_nights, ceiling=policy.ceiling, threshold=policy.threshold
    )
    return None if watched.detection.alarm is None else watched.detection.alarm + 1


def what_shows(told: Sequence[Outcomes], policy: DriftPolicy) -> str:
    """The falls that would alarm and those that would not, as a sentence without its end."""
    found = {rate: nights_to_alarm(told, rate, policy) for rate in RATES}
    seen = [f"to {100 * rate:.0f}% in {nights} night{'s' * (nights != 1)}" for rate, nights in found.items() if nights]
    unseen = [f"{100 * rate:.0f}%" for rate, nights in found.items() if nights is None]
    parts = [f"a fall {', '.join(seen)} shows"] if seen else []
    parts += [f"one to {' or '.join(unseen)} does not show within {NIGHTS} nights"] if unseen else []
    return "; ".join(parts)
