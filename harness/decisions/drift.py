"""Is the model still what it was? A fold over the nightly records of one version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import fmean, median
from typing import Literal

from harness.decisions.metrics import Count, alignment_rate
from harness.decisions.nights import JUDGED_AGAIN, SIMULATION, Asked, Calendar, Night, NightRun, Note, calendar, reduced
from harness.decisions.run_summary import utc
from harness.records.policy import DriftPolicy
from harness.records.run import RunRecord
from harness.statistics.nightly import (
    OUTLYING_NIGHTS,
    Bets,
    Detection,
    Outcomes,
    PromptWatch,
    Watched,
    collapsed,
    flipped,
    most_wrong,
    outlying,
    unusual,
    watch_nights,
    watch_prompts,
    watch_unscored,
)

_QUIET_YEARS = {10: 27, 20: 11, 30: 4}
"""Of 100 years in which nothing changes, those with three nights in a row beyond all of the baseline, by the nights
that it has (benchmarks/simulations).
"""

_SAME_NIGHTS = 3
"""Nights that gave the same text, after which another one is a change."""

_LEAST_FALL = 0.002
"""Probabilities of the same answer differ a little from batch to batch."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A change that is reported at once and decides nothing."""

    day: date
    text: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A case, or a slice (`domain=...`), that fails more often since the fall than in the baseline."""

    name: str
    before: Count
    since: Count


def fingerprints(nights: Sequence[Night]) -> tuple[Sign, ...]:
    """Changes of the resolved model, the system fingerprint or the runtime from one night to the next."""
    signs = []
    said = [{way for ways in night.run.ways for way in ways} for night in nights]
    for place, name in enumerate(("resolved model", "system_fingerprint", "runtime")):
        last: frozenset[str] = frozenset()
        for night, ways in zip(nights, said, strict=True):
            found = frozenset(value for way in ways if (value := way[place]) is not None)
            if last and found and found != last:
                signs.append(Sign(night.day, f"{name} changed: {_named(last)} -> {_named(found)}"))
            last = found or last
    return tuple(sorted(signs, key=lambda sign: sign.day))


def _named(values: frozenset[str]) -> str:
    return ", ".join(sorted(values))


def texts_changed(nights: Sequence[Night]) -> tuple[Sign, ...]:
    """Nights on which more prompts than usual got a new text, at temperature 0: reported the first night.

    An endpoint that repeats itself has no reason to change a text, right or wrong, unless something behind it changed.
    One that never repeats itself quite is held against what is usual for it.
    """
    found: list[tuple[date, int, int]] = []
    texts = [night.run.texts if night.run.repeatable else None for night in nights]
    for position in range(_SAME_NIGHTS, len(nights)):
        now, before = texts[position], [one for one in texts[position - _SAME_NIGHTS : position] if one is not None]
        if now is not None and len(before) == _SAME_NIGHTS:
            found.append((nights[position].day, *_steady_and_changed(now, before)))
    return tuple(
        Sign(
            day,
            f"{changed} of {steady} prompts got another text than on the {_SAME_NIGHTS} nights before, "
            "at temperature 0",
        )
        for day, steady, changed in (found[at] for at in unusual([changed for _, _, changed in found]))
    )


def _steady_and_changed(night: _Texts, before: Sequence[_Texts]) -> tuple[int, int]:
    """Prompts that got one text on all the nights before, and those of them that got another one now."""
    first, *others = before
    steady = changed = 0
    for now, text, *rest in zip(night, first, *others, strict=True):
        if now is not None and text is not None and rest.count(text) == len(rest):
            steady += 1
            changed += now != text
    return steady, changed


_Texts = Sequence[str | None]


def slower(nights: Sequence[Night], baseline_nights: int) -> tuple[Sign, ...]:
    """The last nights, if each had a higher median latency than every night of the baseline."""
    medians = [(night.day, value) for night in nights if (value := _latency(night)) is not None]
    values = [value for _, value in medians]
    if not outlying(values, baseline_nights):
        return ()
    text = f"median latency {values[-1]:.2f} s: {OUTLYING_NIGHTS} nights above all of the baseline"
    text += f" ({max(values[:baseline_nights]):.2f} s)"
    if baseline_nights in _QUIET_YEARS:
        text += f"; so it is in {_QUIET_YEARS[baseline_nights]} of 100 quiet years"
    return (Sign(medians[-OUTLYING_NIGHTS][0], text),)


def less_sure(nights: Sequence[Night], baseline_nights: int) -> tuple[Sign, ...]:
    """The last nights, if the model was less sure of its signs on each than on every night of the baseline.

    What is averaged over the mentions of a night is the least probability of a sign. It falls before an answer flips.
    """
    means = [(night.day, value) for night in nights if (value := _sureness(night)) is not None]
    values = [value for _, value in means]
    if not outlying([-value for value in values], baseline_nights, _LEAST_FALL):
        return ()
    text = f"mean probability of protected signs {values[-1]:.3f}: {OUTLYING_NIGHTS} nights below all of the baseline"
    text += f" ({min(values[:baseline_nights]):.3f})"
    if baseline_nights in _QUIET_YEARS and max(values[:baseline_nights]) - min(values[:baseline_nights]) > _LEAST_FALL:
        text += f"; so it is in {_QUIET_YEARS[baseline_nights]} of 100 quiet years"
    return (Sign(means[-OUTLYING_NIGHTS][0], text),)


def _sureness(night: Night) -> float | None:
    found = [value for values in night.run.sureness for value in values]
    return fmean(found) if found else None


def _latency(night: Night) -> float | None:
    values = [value for latencies in night.run.latencies for value in latencies]
    return median(values) if values else None


def moved(nights: Sequence[Night], baseline_nights: int, since: date | None, most: int = 10) -> tuple[Moved, ...]:
    """Slices, then cases, by how much more often they fail since `since`; nothing without a date."""
    if since is None:
        return ()
    before, after = nights[:baseline_nights], [night for night in nights if night.day >= since]
    found = []
    for names in (_slices(nights[-1]), {key: frozenset({key}) for key in nights[-1].cases}):
        rows = [Moved(name, _count(before, keys), _count(after, keys)) for name, keys in names.items()]
        worse = [row for row in rows if _fall(row) > 0]
        found += sorted(worse, key=lambda row: (-_fall(row), row.name))[:most]
    return tuple(found)


def _slices(night: Night) -> dict[str, frozenset[str]]:
    names: dict[str, set[str]] = {}
    for key, case in night.cases.items():
        for name in (f"domain={case.domain}", f"language={case.language}", f"task={case.task}"):
            names.setdefault(name, set()).add(key)
    return {name: frozenset(keys) for name, keys in names.items()}


def _count(nights: Sequence[Night], keys: frozenset[str]) -> Count:
    return alignment_rate([night.cases[key] for night in nights for key in keys])


def _fall(row: Moved) -> float:
    if row.before.rate is None or row.since.rate is None:
        return 0.0
    return row.before.rate - row.since.rate


DriftVerdict = Literal["QUIET", "DRIFT", "CANNOT SEE", "INCONCLUSIVE"]

EXIT_CODES: dict[DriftVerdict, int] = {"QUIET": 0, "DRIFT": 1, "CANNOT SEE": 1, "INCONCLUSIVE": 2}

OPERATION: dict[Bets, str] = {
    "prompts": (
        "simulated, 60 independent prompts at 0.98: 2 % of quiet histories alarm in 60 nights and 12 % in 365; "
        "median delay 2 nights after a fall to 0.90, 10 after one to 0.95, 6 for one prompt that breaks for good"
    ),
    "nightly mean": (
        "simulated, 60 prompts that are correlated at 0.98: 6 % of quiet histories alarm in 60 nights and 10 % in 365; "
        "median delay 7 nights after a fall to 0.90, 27 after one to 0.95"
    ),
}
"""What an alarm means under the default policy, from benchmarks/simulations; the full tables are in docs/drift.md."""

_BLIND_RATE = 0.5
"""A baseline that is wrong more often than right cannot show a fall."""

_BAD_NIGHTS = 3
"""So many nights in a row that are wrong more often than right are an alarm before there is a baseline."""


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
    simulation: str | None = None
    """What the nights are made of, where nobody asked a model on them."""
    rests_on: tuple[Night, ...] = field(default=(), repr=False)
    """The nights, oldest first."""

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    @property
    def operation(self) -> str | None:
        """What an alarm means; None where the policy, or the number of prompts, is not the one that was simulated."""
        if (
            self.alignment is None
            or self.policy != DriftPolicy(time_zone=self.policy.time_zone)
            or self.prompts < self.policy.min_prompts
        ):
            return None
        return OPERATION[self.alignment.watched.bets]


def drift(
    label: str,
    runs: Sequence[RunRecord | NightRun],
    policy: DriftPolicy,
    now: datetime,
    *,
    since: date | None = None,
    suite: str | None = None,
    unreadable: Sequence[str] = (),
) -> DriftReport:
    """Fold all runs of a version; `unreadable` says which records could not be read.

    Pure: reading the same nights again, in any order, changes nothing.
    """
    small = reduced(runs)
    simulation = next((run.simulation for run in small if run.mode == SIMULATION), None)
    now = read_at(small, now)
    found = calendar(small, policy, now, since=since, suite=suite)
    nights = found.nights
    keys, right = _outcomes("alignment_rate", nights)
    watch = _watched("alignment_rate", keys, right, nights, policy)
    singles = watch_prompts(right, policy.baseline_nights, policy.prompt_threshold) if watch is not None else None
    unscored = _watch_answers(found.asked, nights, policy)
    days = tuple(night.day for night in nights[policy.baseline_nights :])
    alarms = (
        *_fallen(watch),
        *_collapsed(watch),
        *_broken(singles, keys, days),
        *_unanswered(unscored, found.asked),
        *_blind(found, watch, policy, now),
    )
    prompts = sum(1 for case in nights[-1].cases.values() if case.targets) if nights else 0
    few = prompts < policy.min_prompts and watch is not None
    if not alarms and not few:  # with few prompts silence is not trusted anyway
        alarms = tuple(_swinging(watch, right, policy, now))
    reasons = _reasons(found, prompts, policy, what_shows(right, policy) if few else "")
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
        flipped=tuple(keys[prompt] for prompt in flipped(right, policy.baseline_nights)),
        moved=moved(nights, policy.baseline_nights, first),
        notes=(*found.notes, *map(_of_a_record, unreadable)),
        policy=policy,
        simulation=simulation,
        rests_on=nights,
    )


def _of_a_record(text: str) -> Note:
    return Note(None, "judged again" if text.endswith(JUDGED_AGAIN) else "no record", text)


def read_at(runs: Sequence[NightRun], now: datetime) -> datetime:
    """When nights are read: now, and simulated ones, whose dates are made up, on the morning after the last of them."""
    if all(run.mode != SIMULATION for run in runs):
        return now
    return max(utc(run.newest or run.started) for run in runs)


def _verdict(alarms: Sequence[Alarm], *, quiet: bool) -> DriftVerdict:
    kinds = {alarm.kind for alarm in alarms}
    if kinds - {"blind"}:
        return "DRIFT"
    if kinds:
        return "CANNOT SEE"
    return "QUIET" if quiet else "INCONCLUSIVE"


def watch_metric(metric: str, nights: Sequence[Night], policy: DriftPolicy) -> Watch | None:
    """The detector on one metric; None before the baseline is complete, or without a case for it."""
    return _watched(metric, *_outcomes(metric, nights), nights, policy)


def _watched(
    metric: str, keys: Sequence[str], right: Sequence[Outcomes], nights: Sequence[Night], policy: DriftPolicy
) -> Watch | None:
    if len(nights) < policy.baseline_nights or not keys:
        return None
    watched = watch_nights(right, policy.baseline_nights, ceiling=policy.ceiling, threshold=policy.threshold)
    if not any(scored for _, scored in watched.baseline):
        return None
    return Watch(metric, tuple(night.day for night in nights[policy.baseline_nights :]), watched)


def _outcomes(metric: str, nights: Sequence[Night]) -> tuple[list[str], list[Outcomes]]:
    """The prompts that have a part in the metric, and every night whether each was right."""
    found = [_RIGHT[metric](night.run) for night in nights]
    if not nights:
        return [], []
    keys = nights[0].run.prompts.keys
    bears = [any(night[place] is not _NO_PART for night in found) for place in range(len(keys))]
    places = sorted((place for place, part in enumerate(bears) if part), key=keys.__getitem__)
    return [keys[place] for place in places], [[_known(night[place]) for place in places] for night in found]


_NO_PART = "no part"
_Standings = Sequence[bool | str | None]
"""Of each prompt of a night whether it was right; None where that is unknown, and `_NO_PART`."""


def _known(standing: bool | str | None) -> bool | None:
    return standing if isinstance(standing, bool) else None


def _aligned(run: NightRun) -> _Standings:
    return _is("aligned", run, run.prompts.with_targets)


def _checked(run: NightRun) -> _Standings:
    return _is("passed", run, run.prompts.checked)


def _is(good: str, run: NightRun, parts: Sequence[bool]) -> _Standings:
    return [
        (None if outcome == "unscored" else outcome == good) if part else _NO_PART
        for part, outcome in zip(parts, run.outcomes, strict=True)
    ]


def _mentioned(run: NightRun) -> _Standings:
    return [
        (None if outcome == "unscored" else _NO_PART if all_of_them is None else all_of_them) if part else _NO_PART
        for part, outcome, all_of_them in zip(run.prompts.with_required, run.outcomes, run.mentioned, strict=True)
    ]


_RIGHT: dict[str, Callable[[NightRun], _Standings]] = {
    "alignment_rate": _aligned,
    "mention_rate": _mentioned,
    "check_rate": _checked,
}
"""`decisions.standing` over the columns of a night: a year has 15,000 cases."""


def _watch_answers(asked: Sequence[Asked], nights: Sequence[Night], policy: DriftPolicy) -> Detection | None:
    """Answers that come, over all nights of the prompts followed, unreadable ones included."""
    if not asked:
        return None
    started = nights[policy.baseline_nights].day if len(nights) > policy.baseline_nights else None
    baseline = sum(started is None or night.day < started for night in asked)
    counts = [(night.answered, night.asked) for night in asked]
    return watch_unscored(counts, baseline, policy.unscored_threshold)


def _day(days: Sequence[date], position: int | None) -> date | None:
    return None if position is None else days[position]


def _fallen(watch: Watch | None) -> Iterator[Alarm]:
    if watch is not None and watch.alarm is not None:
        yield Alarm("rate", watch.alarm, watch.since, "the alignment rate has fallen")


def _collapsed(watch: Watch | None) -> Iterator[Alarm]:
    """More than half of the prompts wrong on a night, unless the rate has been an alarm by then."""
    if watch is None or (day := _day(watch.days, collapsed(watch.watched))) is None:
        return
    if watch.alarm is None or day < watch.alarm:
        right, known = watch.watched.counts[watch.days.index(day)]
        worst = most_wrong(watch.watched.baseline)
        text = f"{known - right} of {known} prompts are wrong on that night, and {100 * worst:.0f}% at most before"
        yield Alarm("rate", day, day, text)


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
    today = policy.day(now)
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
    latest = found.nights[-_BAD_NIGHTS:]
    rates = [alignment_rate(night.cases.values()).rate for night in latest]
    if watch is None and len(rates) == _BAD_NIGHTS and all(rate is not None and rate < _BLIND_RATE for rate in rates):
        text = f"on each of the last {_BAD_NIGHTS} nights less than half of the prompts is right: no baseline to watch"
        yield Alarm("blind", latest[-1].day, latest[0].day, f"{text}; start again with --since when it is")


def _swinging(watch: Watch | None, right: Sequence[Outcomes], policy: DriftPolicy, now: datetime) -> Iterator[Alarm]:
    """Nights of the baseline that differ so much that the detector takes any later night for one more of them."""
    if watch is None or nights_to_alarm(right, (half := _baseline_rate(watch) / 2), policy) is not None:
        return
    rates = [100 * k / m for k, m in watch.watched.baseline if m]
    swing = f"nights of the baseline have from {min(rates):.0f}% to {max(rates):.0f}% right"
    hidden = f"a fall to {100 * half:.0f}% does not show within {NIGHTS_TRIED} nights"
    yield Alarm("blind", policy.day(now), None, f"{swing}, and {hidden}; start again with --since when it is steady")


def _baseline_rate(watch: Watch) -> float:
    right = sum(k for k, _ in watch.watched.baseline)
    return right / sum(m for _, m in watch.watched.baseline)


def _reasons(found: Calendar, prompts: int, policy: DriftPolicy, shows: str) -> tuple[str, ...]:
    """Why quiet would be too much to say. That the baseline is in the making comes first: the scripts look there."""
    nights = found.nights
    if not nights:
        return ("no fresh night yet: run pytest --model=NAME --suites=canary --cassette-mode=live every night",)
    reasons = []
    if len(nights) <= policy.baseline_nights:
        count = f"{len(nights)} night{'s' * (len(nights) != 1)}"
        reasons.append(f"calibrating: {count}, and the first {policy.baseline_nights} only set the baseline")
    if prompts < policy.min_prompts:
        text = f"{prompts} prompts with targets a night: too few to trust silence ({policy.min_prompts} needed"
        text += ", or min_prompts in [tool.harness.drift]); an alarm counts all the same"
        reasons.append(f"{text}: {shows}" if shows else text)
    return tuple(reasons)


RATES_TRIED = (0.0, 0.5, 0.8, 0.9)
NIGHTS_TRIED = 30
"""Nights that are played through for each rate."""


def nights_to_alarm(right: Sequence[Outcomes], rate: float, policy: DriftPolicy) -> int | None:
    """The night on which a fall to `rate` would alarm, counted from 1; None if not within NIGHTS_TRIED.

    The nights of the baseline are the real ones. After it, the same share of the prompts fails each night, and other
    prompts from night to night, so that luck has no part in it.
    """
    baseline = list(right[: policy.baseline_nights])
    prompts = len(baseline[0])
    failing = prompts - round(rate * prompts)
    fallen = [
        [(prompt - night * failing) % prompts >= failing for prompt in range(prompts)] for night in range(NIGHTS_TRIED)
    ]
    watched = watch_nights(
        [*baseline, *fallen], policy.baseline_nights, ceiling=policy.ceiling, threshold=policy.threshold
    )
    return None if watched.detection.alarm is None else watched.detection.alarm + 1


def what_shows(right: Sequence[Outcomes], policy: DriftPolicy) -> str:
    """The falls that would alarm and those that would not, as a sentence without its end."""
    found = {rate: nights_to_alarm(right, rate, policy) for rate in RATES_TRIED}
    seen = [f"to {100 * rate:.0f}% in {nights} night{'s' * (nights != 1)}" for rate, nights in found.items() if nights]
    unseen = [f"{100 * rate:.0f}%" for rate, nights in found.items() if nights is None]
    parts = [f"a fall {', '.join(seen)} shows"] if seen else []
    parts += [f"one to {' or '.join(unseen)} does not show within {NIGHTS_TRIED} nights"] if unseen else []
    return "; ".join(parts)
