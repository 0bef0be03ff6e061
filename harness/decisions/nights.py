"""Which records are nights: fresh, whole, readable, one a date, all with the same prompts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from harness.decisions.night_runs import SIMULATION, NightCase, NightRun, Prompts, as_night
from harness.decisions.run_summary import is_ahead_of, utc
from harness.records.policy import DriftPolicy
from harness.records.run import CaseResult, Evidence, RunRecord, Totals

_STALE_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Night:
    """One night of the prompts that are followed. `day` is the date of the first answer, in the policy's time zone."""

    day: date
    run: NightRun
    """With the prompts that are followed alone, those of all nights in the same order."""

    @property
    def run_id(self) -> str:
        return self.run.run_id

    @property
    def cases(self) -> Mapping[str, NightCase]:
        """By `suite/id`."""
        return self.run.cases


@dataclass(frozen=True, slots=True)
class Asked:
    """How many of the prompts of a night had a usable answer, also of a night that could not be read for it."""

    day: date
    answered: int
    asked: int


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a night that a reader must know; `day` is None if it is about none in particular."""

    day: date | None
    kind: str
    """`replay`, `partial`, `stale`, `undated`, `future`, `other prompts`, `second run`, `unreadable`, `missing`, `new
    prompts`, `no record`.
    """
    text: str


def simulated(
    before: RunRecord,
    after: RunRecord,
    *,
    first: date,
    nights: int,
    change: int,
    keys: Collection[str] = (),
    share: float = 1.0,
    seed: int = 7,
) -> list[RunRecord]:
    """Records of dated nights on which the answers of `before` are given, and from night `change` on those of `after`.

    Every answer is a real one, and the same each night, as at temperature 0; the dates are made up. The records say so:
    their model is called a simulation, their mode is one, and no gate takes them as evidence.

    Args:
        change: the first night (from 1) that `after` answers; `nights + 1` for a history without a change.
        keys: take these cases alone; empty for all that both runs answered with the same content.
        share: of the cases, drawn by the seed, that `after` answers; the others stay as they were.
    """
    later = {case.key: case for case in after.cases}
    pairs = [
        (case, later[case.key])
        for case in before.cases
        if case.key in later
        and case.digest == later[case.key].digest
        and (not keys or case.key in keys)
        and "unscored" not in (case.outcome, later[case.key].outcome)
    ]
    draw = random.Random(seed)  # noqa: S311 - reproducible draw
    drawn = frozenset(draw.sample(range(len(pairs)), round(share * len(pairs))))
    old = tuple(one for one, _ in pairs)
    new = tuple(pairs[at][at in drawn] for at in range(len(pairs)))
    part = "" if share == 1 else f" for {len(drawn)} of {len(pairs)} prompts"
    text = (
        f"SIMULATION: answers of {before.label} (run {before.run_id}), from {first + timedelta(days=change - 1)} on of "
        f"{after.label} (run {after.run_id}){part}; the dates are made up"
    )
    version = f"{before.model}-{before.version}-to-{after.model}-{after.version}"
    return [
        _simulated_night(before, old if night < change else new, first + timedelta(days=night - 1), version, text)
        for night in range(1, nights + 1)
    ]


def _simulated_night(source: RunRecord, cases: tuple[CaseResult, ...], day: date, version: str, text: str) -> RunRecord:
    moment = f"{day.isoformat()}T02:00:00Z"
    dated = tuple(
        case.model_copy(
            update={
                "samples": tuple(sample.model_copy(update={"recorded_at": moment}) for sample in case.samples),
            }
        )
        for case in cases
    )
    samples = [sample for case in dated for sample in case.samples]
    return source.model_copy(
        update={
            "run_id": f"{day:%Y%m%d}-{SIMULATION}",
            "model": SIMULATION,
            "version": version,
            "lineage": (),
            "recipe": None,
            "configuration": {SIMULATION: text, "temperature": 0.0},
            "configuration_digest": SIMULATION,  # no model has these settings
            "mode": SIMULATION,
            "evidence": Evidence(oldest=moment, newest=moment),
            "started": moment,
            "ended": moment,
            "git_commit": None,
            "latency": None,
            "looks": None,
            "suite_digests": {},
            "suite_digest": sha256("\n".join(f"{case.key} {case.digest}" for case in dated).encode()).hexdigest(),
            "totals": Totals(
                cases=len(dated),
                outcomes=dict(sorted(Counter(case.outcome for case in dated).items())),
                samples=len(samples),
                prompt_tokens=sum(sample.prompt_tokens or 0 for sample in samples),
                completion_tokens=sum(sample.completion_tokens or 0 for sample in samples),
            ),
            "cases": dated,
        }
    )


@dataclass(frozen=True, slots=True)
class Calendar:
    """The nights with the prompts followed last, oldest first, and everything that was left out."""

    nights: tuple[Night, ...]
    notes: tuple[Note, ...]
    asked: tuple[Asked, ...] = ()
    """One a night, readable or not, oldest first, of the prompts followed last."""


def calendar(
    runs: Sequence[RunRecord | NightRun],
    policy: DriftPolicy,
    now: datetime,
    *,
    since: date | None = None,
    suite: str | None = None,
) -> Calendar:
    """Sort runs of one model version into nights. `since` forgets everything before a date.

    A run dated after `now` is not a night: a clock was wrong, and nobody knows which night it is.

    The nightly runs are those of `suite`, or else of the set of suites that was run on most nights. The prompts
    followed are those of the first of them. Any run that holds all of them with the same content is a night (it
    may hold more). A nightly run that does not starts a new baseline with its own; any other run is left alone.
    """
    notes: list[Note] = []
    usable: list[_Usable] = []
    for run in sorted(reduced(runs), key=lambda one: one.order):
        day = None if run.oldest is None else policy.day(utc(run.oldest))
        if day is not None and is_ahead_of(run.newest or run.started, now):
            ahead = (day - policy.day(now)).days
            when = f"{ahead} day{'s' * (ahead != 1)}" if ahead else "hours"
            text = f"run {run.run_id}: its answers are dated {when} in the future; check the clock"
            notes.append(Note(day, "future", text))
        elif day is None:
            notes.append(Note(None, "undated", f"run {run.run_id}: its answers carry no date"))
        elif since is None or day >= since:
            refusal = _refusal(run, day)
            asked = run if suite is None else run.of_suite(suite)
            if refusal is not None:
                notes.append(refusal)
            elif asked.prompts.each:
                usable.append(_Usable(day, asked))
    nights, asked_on = _followed(usable, policy, notes)
    notes += _missing(nights, notes)
    return Calendar(tuple(nights), tuple(sorted(notes, key=lambda note: note.day or date.max)), tuple(asked_on))


def reduced(runs: Sequence[RunRecord | NightRun]) -> list[NightRun]:
    """Runs as nights read them, those of which a whole record is given too."""
    return [run if isinstance(run, NightRun) else as_night(run) for run in runs]


class _Usable(NamedTuple):
    """A run that may be a night."""

    day: date
    run: NightRun


def _followed(usable: Sequence[_Usable], policy: DriftPolicy, notes: list[Note]) -> tuple[list[Night], list[Asked]]:
    nightly = _nightly(usable)
    nights: list[Night] = []
    asked: dict[date, Asked] = {}
    followed = Prompts(())
    for day, run in usable:
        held = bool(followed.each) and _holds(run.prompts, followed)
        if not held and run.prompts.suites != nightly:
            notes.append(Note(day, "other prompts", f"run {run.run_id} holds other suites than the nightly runs"))
            continue
        if held and nights[-1].day == day:
            text = f"run {run.run_id} is left out: the first run of the night, {nights[-1].run_id}, counts"
            notes.append(Note(day, "second run", text))
            continue
        taken = _of_those(run, followed) if held else run
        total, unscored = len(taken.outcomes), list(taken.outcomes).count("unscored")
        night = Asked(day, total - unscored, total)
        if total - unscored < policy.min_scored * total:
            text = f"run {run.run_id}: {unscored} of {total} prompts without a usable answer"
            notes.append(Note(day, "unreadable", text))
            if held or not followed.each:
                asked.setdefault(day, night)
            continue
        if not held:
            if nights:
                difference = _difference(run.prompts.contents, followed.contents)
                text = f"the prompts changed ({difference}): a new baseline starts here"
                notes.append(Note(day, "new prompts", text))
                asked = {}
            nights, followed = [], run.prompts
        asked[day] = night
        nights.append(Night(day, taken))
    return nights, list(asked.values())


def _holds(prompts: Prompts, followed: Prompts) -> bool:
    """Whether all that are followed are among the prompts, with the same content."""
    if prompts is followed:
        return True
    contents = prompts.contents
    return all(contents.get(key) == content for key, content in followed.contents.items())


def _of_those(run: NightRun, followed: Prompts) -> NightRun:
    """A night with the prompts that are followed alone, and in their order."""
    if run.prompts is followed or run.prompts.keys == followed.keys:
        return run
    place_of = {key: place for place, key in enumerate(run.prompts.keys)}
    places = [place_of[key] for key in followed.keys]
    return run.only(places, Prompts(tuple(run.prompts.each[place] for place in places)))


def _nightly(usable: Sequence[_Usable]) -> frozenset[str]:
    """The set of suites that was run on most nights; of equals, the one that was run last."""
    days: dict[frozenset[str], set[date]] = {}
    last: dict[frozenset[str], int] = {}
    for position, (day, run) in enumerate(usable):
        days.setdefault(run.prompts.suites, set()).add(day)
        last[run.prompts.suites] = position
    return max(days, key=lambda suites: (len(days[suites]), last[suites]), default=frozenset())


def _refusal(run: NightRun, day: date) -> Note | None:
    if run.mode == "replay":
        return Note(day, "replay", f"run {run.run_id} replays old answers: no night")
    if run.partial:
        return Note(day, "partial", f"run {run.run_id} is partial: no night")
    oldest = utc(run.oldest or run.started)
    if utc(run.started) - oldest > timedelta(hours=_STALE_HOURS):
        return Note(day, "stale", f"run {run.run_id} rests on answers recorded long before it: no night")
    return None


def _difference(prompts: Mapping[str, str], followed: Mapping[str, str]) -> str:
    gone = sum(key not in prompts for key in followed)
    changed = sum(key in prompts and prompts[key] != content for key, content in followed.items())
    return f"{gone} gone, {changed} with other content, {sum(key not in followed for key in prompts)} new"


_LONGEST_GAP = 400
"""Days that are named one by one. A record may be dated in the year 1."""


def _missing(nights: Sequence[Night], notes: Sequence[Note]) -> list[Note]:
    """Dates between two nights on which nothing usable was run."""
    noted = {note.day for note in notes if note.kind == "unreadable"}
    found = []
    for earlier, later in pairwise(nights):
        between = (later.day - earlier.day).days - 1
        if between > _LONGEST_GAP:
            found.append(Note(earlier.day + timedelta(days=1), "missing", f"no run on {between:,} nights from here on"))
            continue
        days = [earlier.day + timedelta(days=step) for step in range(1, between + 1)]
        found += [Note(day, "missing", "no run on this night") for day in days if day not in noted]
    return found
