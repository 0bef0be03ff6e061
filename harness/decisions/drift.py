"""Is the model still what it was? A fold over the nightly records of one version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from harness.decisions.drift_signs import Moved, Sign, fingerprints, less_sure, moved, slower, texts_changed
from harness.decisions.nights import Asked, Calendar, Night, Note, calendar
from harness.decisions.standing import standings
from harness.records.policy import DriftPolicy
from harness.records.run import RunRecord
from harness.statistics.edetector import Detection
from harness.statistics.nightly import Bets, Outcomes, Watched, watch_nights
from harness.statistics.prompt_watch import PromptWatch, flipped, watch_prompts, watch_unscored

DriftVerdict = Literal["QUIET", "DRIFT", "CANNOT SEE", "INCONCLUSIVE"]

EXIT_CODES: dict[DriftVerdict, int] = {"QUIET": 0, "DRIFT": 1, "CANNOT SEE": 1, "INCONCLUSIVE": 2}

OPERATION: dict[Bets, str] = {
    "prompts": (
        "simulated, 60 independent prompts at 0.98: 2 % of quiet histories alarm in 60 nights and 12 % in 365; "
        "median delay 2 nights after a fall to 0.90, 10 after one to 0.95, 6 for one prompt that breaks for good"
    ),
    "nightly mean": (
        "simulated, 60 prompts that hang together at 0.98: 6 % of quiet histories alarm in 60 nights and 10 % in 365; "
        "median delay 7 nights after a fall to 0.90, 27 after one to 0.95"
    ),
}
"""What an alarm means under the default policy, from benchmarks/simulations; the full tables are in docs/drift.md."""

_BLIND_RATE = 0.5
"""A baseline that is wrong more often than right cannot show a fall."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The detector on one metric. `days` are the nights watched, in step with `watched.counts`."""

    metric: str
    days: tuple[date, ...]
    watched: Watched

    @property
    def alarm(self) -> date | None:
        return _day(self.days, self.watched.detection.alarm)

    @property
    def since(self) -> date | None:
        return _day(self.days, self.watched.detection.since)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that has changed for certain, or that nothing can be seen. `day` is when it first showed.

    `kind`: `rate` (the alignment rate fell), `prompts` (single prompts broke for good), `unscored` (answers do not
    come), `blind` (no readable night, or a baseline that cannot show a fall).
    """

    kind: Literal["rate", "prompts", "unscored", "blind"]
    day: date
    since: date | None
    text: str
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What the nights say. `alarms` decide; `advisory`, `signs` and `flipped` are only reported."""

    label: str
    verdict: DriftVerdict
    reasons: tuple[str, ...]
    nights: int
    prompts: int
    first: date | None
    last: date | None
    alarms: tuple[Alarm, ...]
    alignment: Watch | None
    single_prompts: PromptWatch | None
    unscored: Detection | None
    advisory: tuple[Watch, ...]
    signs: tuple[Sign, ...]
    flipped: tuple[str, ...]
    """Prompts that were always right in the baseline and wrong on each of the last two nights."""
    moved: tuple[Moved, ...]
    notes: tuple[Note, ...]
    policy: DriftPolicy

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    @property
    def operation(self) -> str | None:
        """What an alarm means; None where the policy, or the number of prompts, is not the one that was simulated."""
        if self.alignment is None or self.policy != DriftPolicy() or self.prompts < self.policy.min_prompts:
            return None
        return OPERATION[self.alignment.watched.bets]


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
    keys, told = _outcomes("alignment_rate", nights)
    singles = watch_prompts(told, policy.baseline_nights, policy.prompt_threshold) if watch is not None else None
    answers, unscored = _watch_answers(found.asked, nights, policy)
    days = tuple(night.day for night in nights[policy.baseline_nights :])
    alarms = (
        *_fallen(watch),
        *_broken(singles, keys, days),
        *_unanswered(unscored, answers),
        *_blind(found, watch, policy, now),
    )
    prompts = sum(1 for case in nights[-1].cases.values() if case.targets) if nights else 0
    reasons = _reasons(found, prompts, policy)
    others = (watch_metric(metric, nights, policy) for metric in ("mention_rate", "check_rate"))
    first = min((alarm.since for alarm in alarms if alarm.since and alarm.kind in ("rate", "prompts")), default=None)
    return DriftReport(
        label=label,
        verdict=_verdict(alarms, quiet=not reasons and watch is not None),
        reasons=reasons,
        nights=len(nights),
        prompts=prompts,
        first=nights[0].day if nights else None,
        last=nights[-1].day if nights else None,
        alarms=alarms,
        alignment=watch,
        single_prompts=singles,
        unscored=unscored,
        advisory=tuple(other for other in others if other is not None),
        signs=(
            *fingerprints(nights),
            *texts_changed(nights),
            *slower(nights, policy.baseline_nights),
            *less_sure(nights, policy.baseline_nights),
        ),
        flipped=tuple(keys[prompt] for prompt in flipped(told, policy.baseline_nights)),
        moved=moved(nights, policy.baseline_nights, first),
        notes=found.notes,
        policy=policy,
    )


def _verdict(alarms: Sequence[Alarm], *, quiet: bool) -> DriftVerdict:
    kinds = {alarm.kind for alarm in alarms}
    if kinds - {"blind"}:
        return "DRIFT"
    if kinds:
        return "CANNOT SEE"
    return "QUIET" if quiet else "INCONCLUSIVE"


def watch_metric(metric: str, nights: Sequence[Night], policy: DriftPolicy) -> Watch | None:
    """The detector on one metric; None before the baseline is complete, or without a case for it."""
    keys, told = _outcomes(metric, nights)
    if len(nights) < policy.baseline_nights or not keys:
        return None
    watched = watch_nights(told, policy.baseline_nights, ceiling=policy.ceiling, threshold=policy.threshold)
    if not any(scored for _, scored in watched.baseline):
        return None
    return Watch(metric, tuple(night.day for night in nights[policy.baseline_nights :]), watched)


_RIGHT = {"good": True, "bad": False, "unscored": None}


def _outcomes(metric: str, nights: Sequence[Night]) -> tuple[list[str], list[Outcomes]]:
    """The prompts that have a part in the metric, and every night whether each was right."""
    found = [standings(metric, night.cases.values()) for night in nights]
    keys = sorted({key for night in found for key in night})
    return keys, [[_RIGHT[night.get(key, "unscored")] for key in keys] for night in found]


def _watch_answers(
    asked: Sequence[Asked], nights: Sequence[Night], policy: DriftPolicy
) -> tuple[Sequence[Asked], Detection | None]:
    """Answers that come, over all nights of the prompts followed, unreadable ones included."""
    if not asked:
        return asked, None
    started = nights[policy.baseline_nights].day if len(nights) > policy.baseline_nights else None
    baseline = sum(started is None or night.day < started for night in asked)
    counts = [(night.answered, night.asked) for night in asked]
    return asked, watch_unscored(counts, baseline, policy.unscored_threshold)


def _day(days: Sequence[date], position: int | None) -> date | None:
    return None if position is None else days[position]


def _fallen(watch: Watch | None) -> Iterator[Alarm]:
    if watch is not None and watch.alarm is not None:
        yield Alarm("rate", watch.alarm, watch.since, "the alignment rate has fallen")


def _broken(singles: PromptWatch | None, keys: Sequence[str], days: Sequence[date]) -> Iterator[Alarm]:
    if singles is not None and singles.alarm is not None:
        cases = tuple(keys[prompt] for prompt in singles.broken)
        count = f"{len(cases)} prompts have" if len(cases) != 1 else "one prompt has"
        text = f"{count} broken for good, always right in the baseline"
        yield Alarm("prompts", days[singles.alarm], _day(days, singles.since), text, cases)


def _unanswered(found: Detection | None, asked: Sequence[Asked]) -> Iterator[Alarm]:
    if found is not None and found.alarm is not None:
        night = asked[found.alarm]
        text = f"answers do not come: {night.asked - night.answered} of {night.asked} prompts unscored on that night"
        yield Alarm("unscored", night.day, None if found.since is None else asked[found.since].day, text)


def _blind(found: Calendar, watch: Watch | None, policy: DriftPolicy, now: datetime) -> Iterator[Alarm]:
    """Silence does not mean health."""
    today = now.date()
    last = found.nights[-1].day if found.nights else None
    broken = [note for note in found.notes if note.kind == "unreadable" and note.day and (not last or note.day > last)]
    first = last or min((note.day for note in broken if note.day), default=None)
    if first is not None and (silent := (today - first).days) > policy.silent_days:
        why = f", {len(broken)} unreadable since" if broken else ""
        when = f"{silent} days ago ({last}){why}" if last else f"none yet, {len(broken)} unreadable since {first}"
        yield Alarm("blind", today, first, f"the last readable night: {when}")
    if watch is not None and (rate := _baseline_rate(watch)) < _BLIND_RATE:
        text = f"{100 * rate:.0f}% of the baseline is right: a fall cannot show; start again with --since when it is"
        yield Alarm("blind", today, None, text)


def _baseline_rate(watch: Watch) -> float:
    right = sum(k for k, _ in watch.watched.baseline)
    return right / sum(m for _, m in watch.watched.baseline)


def _reasons(found: Calendar, prompts: int, policy: DriftPolicy) -> tuple[str, ...]:
    """Why quiet would be too much to say."""
    nights = found.nights
    if not nights:
        return ("no fresh night yet: run pytest --model=NAME --suites=canary --cassette-mode=live every night",)
    reasons = []
    if prompts < policy.min_prompts:
        reasons.append(
            f"{prompts} prompts with targets a night: too few to trust silence ({policy.min_prompts} needed); an alarm "
            "counts all the same"
        )
    if len(nights) <= policy.baseline_nights:
        count = f"{len(nights)} night{'s' * (len(nights) != 1)}"
        reasons.append(f"calibrating: {count}, and the first {policy.baseline_nights} only set the baseline")
    return tuple(reasons)
