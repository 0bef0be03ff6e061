"""From the outcomes of every night to an alarm: the baseline, what to bet on, the detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.statistics.dispersion import Dispersion, night_dispersion
from harness.statistics.edetector import (
    CEILING,
    THRESHOLD,
    Detection,
    detect,
    mean_factors,
    presumed_mean,
    presumed_rate,
    prompt_factors,
)

Bets = Literal["prompts", "nightly mean"]
Outcomes = Sequence[bool | None]
"""One night: whether each prompt was right, in the same order every night; None where it could not be told."""

DISPERSION_LEVEL = 0.15
"""Nights that hang together raise false alarms many times over, and ten nights show it badly: suspect early."""

PATIENT_NIGHTS, PATIENT_LEVEL = 30, 0.5
"""Whoever gives the baseline 30 nights would rather wait than be called: the doubt is on the side of the mean."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The nights after the baseline.

    `presumed` is the rate taken as normal; positions count from the baseline's end.
    """

    bets: Bets
    presumed: float
    baseline: tuple[tuple[int, int], ...]
    """(right, told) of each baseline night."""
    counts: tuple[tuple[int, int], ...]
    dispersion_ratio: float | None
    detection: Detection


def watch_nights(
    nights: Sequence[Outcomes], baseline: int, *, ceiling: float = CEILING, threshold: float = THRESHOLD
) -> Watched:
    """Watch all nights after the first `baseline` ones.

    Bets are on single prompts, which is quick, unless the baseline shows that prompts of a night fail together. An
    alarm by prompts is held against all the calm nights before the fall, which tell that better than the
    baseline alone: if they hang together, the watch goes on by the nightly mean from that night. Nothing that
    was said of an earlier night ever changes.
    """
    counts = [(sum(map(bool, night)), sum(right is not None for right in night)) for night in nights]
    first, later = counts[:baseline], counts[baseline:]
    dispersion = _dispersion(nights[:baseline])
    level = PATIENT_LEVEL if baseline >= PATIENT_NIGHTS else DISPERSION_LEVEL
    earliest = 0
    if not _hang_together(dispersion, level):
        presumed = presumed_rate(sum(k for k, _ in first), sum(m for _, m in first), ceiling)
        found = detect([prompt_factors(k, m, presumed) for k, m in later], threshold)
        calm = _dispersion(nights[: baseline + found.since]) if found.since else None
        if found.alarm is None or not _hang_together(calm, level):
            return Watched("prompts", presumed, tuple(first), tuple(later), _ratio(dispersion), found)
        dispersion, earliest = calm, found.alarm
    presumed = presumed_mean(first, ceiling)
    found = detect([mean_factors(k, m, presumed) for k, m in later], threshold, earliest=earliest)
    return Watched("nightly mean", presumed, tuple(first), tuple(later), _ratio(dispersion), found)


def _dispersion(nights: Sequence[Outcomes]) -> Dispersion | None:
    """Over the prompts that every one of these nights tells about."""
    told = [column for column in zip(*nights, strict=True) if None not in column]
    return night_dispersion([[bool(right) for right in night] for night in zip(*told, strict=True)]) if told else None


def _hang_together(dispersion: Dispersion | None, level: float) -> bool:
    return dispersion is not None and dispersion.p_value < level


def _ratio(dispersion: Dispersion | None) -> float | None:
    return None if dispersion is None else dispersion.ratio
