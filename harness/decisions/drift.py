"""Is the model still what it was? A fold over the nightly records of one version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from harness.decisions.drift_signs import Moved, Sign, fingerprints, moved, slower
from harness.decisions.nights import Calendar, Night, Note, calendar
from harness.decisions.standing import standings
from harness.records.policy import DriftPolicy
from harness.records.run import RunRecord
from harness.statistics.nightly import Bets, Watched, watch_nights

DriftVerdict = Literal["QUIET", "DRIFT", "INCONCLUSIVE"]

EXIT_CODES: dict[DriftVerdict, int] = {"QUIET": 0, "DRIFT": 1, "INCONCLUSIVE": 2}

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
    """The detector on one metric. `days` are the nights watched, in step with `watched.counts`."""

    metric: str
    days: tuple[date, ...]
    watched: Watched

    @property
    def alarm(self) -> date | None:
        return self._day(self.watched.detection.alarm)

    @property
    def since(self) -> date | None:
        return self._day(self.watched.detection.since)

    def _day(self, position: int | None) -> date | None:
        return None if position is None else self.days[position]


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
    """The detector on one metric; None before the baseline is complete, or without a case for it."""
    found = [standings(metric, night.cases.values()) for night in nights]
    keys = sorted({key for night in found for key in night})
    if len(nights) < policy.baseline_nights or not keys:
        return None
    told = {"good": True, "bad": False, "unscored": None}
    watched = watch_nights(
        [[told[night.get(key, "unscored")] for key in keys] for night in found],
        policy.baseline_nights,
        ceiling=policy.ceiling,
        threshold=policy.threshold,
    )
    if not any(scored for _, scored in watched.baseline):
        return None
    return Watch(metric, tuple(night.day for night in nights[policy.baseline_nights :]), watched)


def _reasons(found: Calendar, prompts: int, policy: DriftPolicy, now: datetime) -> tuple[str, ...]:
    """Why quiet would be too much to say."""
    nights = found.nights
    if not nights:
        return ("no fresh night yet: run pytest --model=NAME --suites=canary --cassette-mode=live every night",)
    reasons = []
    if prompts < policy.min_prompts:
        reasons.append(f"{prompts} prompts with targets a night; the detector needs {policy.min_prompts}")
    if len(nights) <= policy.baseline_nights:
        count = f"{len(nights)} night{'s' * (len(nights) != 1)}"
        reasons.append(f"calibrating: {count}, and the first {policy.baseline_nights} only set the baseline")
    silent = (now.date() - nights[-1].day).days
    if silent > 2:
        broken = sum(
            note.kind == "unreadable" and note.day is not None and note.day > nights[-1].day for note in found.notes
        )
        why = f", {broken} unreadable since" if broken else ""
        reasons.append(f"the last readable night is {silent} days ago ({nights[-1].day}){why}")
    return tuple(reasons)
