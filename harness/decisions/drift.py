"""Is the model still what it was? A fold over the nightly records of one version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from harness.decisions.drift_signs import Moved, Sign, fingerprints, moved, slower
from harness.decisions.nights import Calendar, Night, Note, calendar
from harness.decisions.standing import standings
from harness.records.policy import DriftPolicy
from harness.records.run import RunRecord
from harness.statistics.dispersion import night_dispersion
from harness.statistics.edetector import (
    Detection,
    detect,
    mean_factors,
    presumed_mean,
    presumed_rate,
    prompt_factors,
)

DriftVerdict = Literal["QUIET", "DRIFT", "INCONCLUSIVE"]
Bets = Literal["prompts", "nightly mean"]

EXIT_CODES: dict[DriftVerdict, int] = {"QUIET": 0, "DRIFT": 1, "INCONCLUSIVE": 2}

DISPERSION_LEVEL = 0.15
"""Nights that hang together raise false alarms many times over, and ten nights show it badly.

Suspect early.
"""

OPERATION: dict[Bets, str] = {
    "prompts": (
        "simulated: 4 % of quiet 60-night histories alarm (60 independent prompts, mean 0.98); "
        "median delay 2 nights after a fall to 0.90, 8 after one to 0.95"
    ),
    "nightly mean": (
        "simulated: 3 % of quiet 60-night histories alarm (60 prompts that hang together, mean 0.98); "
        "median delay 7 nights after a fall to 0.90, 19 after one to 0.95"
    ),
}
"""What an alarm stands for, from benchmarks/simulations; the full tables are in docs/drift.md."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The detector on one metric. `days` are the nights watched, in step with `detection.statistics`."""

    metric: str
    bets: Bets
    presumed: float
    baseline: tuple[tuple[int, int], ...]
    """(good, scored) of each baseline night."""
    counts: tuple[tuple[int, int], ...]
    days: tuple[date, ...]
    detection: Detection
    dispersion_ratio: float | None

    @property
    def alarm(self) -> date | None:
        return None if self.detection.alarm is None else self.days[self.detection.alarm]

    @property
    def since(self) -> date | None:
        return None if self.detection.since is None else self.days[self.detection.since]


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What the nights say. `alignment` decides; `advisory` and `signs` are only told."""

    label: str
    verdict: DriftVerdict
    reasons: tuple[str, ...]
    nights: int
    prompts: int
    first: date | None
    last: date | None
    alignment: Watch | None
    advisory: tuple[Watch, ...]
    signs: tuple[Sign, ...]
    moved: tuple[Moved, ...]
    notes: tuple[Note, ...]
    policy: DriftPolicy

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]


def drift(
    label: str,
    runs: Sequence[RunRecord],
    policy: DriftPolicy,
    now: datetime,
    *,
    since: date | None = None,
    suite: str | None = None,
) -> DriftReport:
    """Fold all runs of a version. Pure: reading the same nights again, in any order, changes nothing."""
    found = calendar(runs, policy, since, suite)
    nights = found.nights
    watch = watch_metric("alignment_rate", nights, policy)
    prompts = sum(1 for case in nights[-1].cases.values() if case.targets) if nights else 0
    reasons = _reasons(found, prompts, policy, now)
    verdict: DriftVerdict = "INCONCLUSIVE" if reasons or watch is None else "QUIET"
    if watch is not None and watch.alarm is not None and prompts >= policy.min_prompts:
        verdict = "DRIFT"
    others = (watch_metric(metric, nights, policy) for metric in ("mention_rate", "check_rate"))
    return DriftReport(
        label=label,
        verdict=verdict,
        reasons=reasons,
        nights=len(nights),
        prompts=prompts,
        first=nights[0].day if nights else None,
        last=nights[-1].day if nights else None,
        alignment=watch,
        advisory=tuple(other for other in others if other is not None),
        signs=(*fingerprints(nights), *slower(nights, policy.baseline_nights)),
        moved=moved(nights, policy.baseline_nights, watch.since if watch else None),
        notes=found.notes,
        policy=policy,
    )


def watch_metric(metric: str, nights: Sequence[Night], policy: DriftPolicy) -> Watch | None:
    """The detector after a baseline of the first nights.

    None before it is complete or without a case for it.
    """
    outcomes = [
        {key: value == "good" for key, value in standings(metric, night.cases.values()).items() if value != "unscored"}
        for night in nights
    ]
    known = outcomes[: policy.baseline_nights]
    if len(known) < policy.baseline_nights or not any(known):
        return None
    counts = [(sum(night.values()), len(night)) for night in outcomes]
    watched = counts[policy.baseline_nights :]
    bets, presumed, ratio = calibrated(known, policy)
    factors = [(prompt_factors if bets == "prompts" else mean_factors)(k, m, presumed) for k, m in watched]
    return Watch(
        metric=metric,
        bets=bets,
        presumed=presumed,
        baseline=tuple(counts[: policy.baseline_nights]),
        counts=tuple(watched),
        days=tuple(night.day for night in nights[policy.baseline_nights :]),
        detection=detect(factors, policy.threshold),
        dispersion_ratio=ratio,
    )


def calibrated(baseline: Sequence[Mapping[str, bool]], policy: DriftPolicy) -> tuple[Bets, float, float | None]:
    """From the outcomes of each baseline night.

    What to bet on, the rate taken as normal, the dispersion ratio.
    """
    always = [key for key in baseline[0] if all(key in night for night in baseline)]
    dispersion = night_dispersion([[night[key] for key in always] for night in baseline])
    counts = [(sum(night.values()), len(night)) for night in baseline]
    ratio = None if dispersion is None else dispersion.ratio
    if dispersion is not None and dispersion.p_value < DISPERSION_LEVEL:
        return "nightly mean", presumed_mean(counts, policy.ceiling), ratio
    return "prompts", presumed_rate(sum(k for k, _ in counts), sum(m for _, m in counts), policy.ceiling), ratio


def _reasons(found: Calendar, prompts: int, policy: DriftPolicy, now: datetime) -> tuple[str, ...]:
    """Why quiet would be too much to say."""
    nights = found.nights
    if not nights:
        return ("no fresh night yet: run pytest --model=NAME --suites=canary --cassette-mode=live every night",)
    reasons = []
    if prompts < policy.min_prompts:
        reasons.append(f"{prompts} prompts with targets a night; the detector needs {policy.min_prompts}")
    if len(nights) <= policy.baseline_nights:
        reasons.append(
            f"calibrating: {len(nights)} nights, and the first {policy.baseline_nights} only set the baseline"
        )
    silent = (now.date() - nights[-1].day).days
    if silent > 2:
        broken = sum(
            note.kind == "unreadable" and note.day is not None and note.day > nights[-1].day for note in found.notes
        )
        why = f", {broken} unreadable since" if broken else ""
        reasons.append(f"the last readable night is {silent} days ago ({nights[-1].day}){why}")
    return tuple(reasons)
