"""Which records are nights: fresh, whole, readable, one a date, all with the same prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from harness.decisions.run_summary import RunSummary, utc
from harness.decisions.standing import by_key
from harness.records.policy import DriftPolicy
from harness.records.run import CaseResult, RunRecord

_STALE_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Night:
    """One night of the prompts that are followed. `day` is the UTC date of the first answer."""

    day: date
    run_id: str
    cases: Mapping[str, CaseResult]


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a night that a reader must know; `day` is None if it is about none in particular."""

    day: date | None
    kind: str
    """`replay`, `partial`, `stale`, `undated`, `second run`, `unreadable`, `missing`, `new prompts`."""
    text: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """The nights with the prompts followed last, oldest first, and everything that was left out."""

    nights: tuple[Night, ...]
    notes: tuple[Note, ...]


def calendar(runs: Sequence[RunRecord], policy: DriftPolicy, since: date | None = None) -> Calendar:
    """Sort runs of one model version into nights. `since` forgets everything before a date.

    The prompts followed are those of the first night. A later night counts if it holds all of them with
    the same content (it may hold more); one that does not starts a new baseline with its own.
    """
    notes: list[Note] = []
    nights: list[Night] = []
    followed: dict[str, str] = {}
    for run in sorted(runs, key=lambda run: RunSummary.of(run).order):
        day = _day(run)
        if day is None or (since is not None and day < since):
            if day is None:
                notes.append(Note(None, "undated", f"run {run.run_id}: its answers carry no date"))
            continue
        refusal = _refusal(run, day)
        if refusal is not None:
            notes.append(refusal)
            continue
        cases = by_key(run)
        digests = {key: case.digest for key, case in cases.items()}
        if nights and nights[-1].day == day and _holds(digests, followed):
            text = f"run {run.run_id} is left out: the first run of the night, {nights[-1].run_id}, counts"
            notes.append(Note(day, "second run", text))
            continue
        if not _readable(cases, policy):
            notes.append(Note(day, "unreadable", f"run {run.run_id}: {_unscored(cases)} without a usable answer"))
            continue
        if not _holds(digests, followed):
            if nights:
                text = f"the prompts changed ({_difference(digests, followed)}): a new baseline starts here"
                notes.append(Note(day, "new prompts", text))
            nights, followed = [], digests
        nights.append(Night(day, run.run_id, {key: cases[key] for key in followed}))
    notes += _missing(nights, notes)
    return Calendar(tuple(nights), tuple(sorted(notes, key=lambda note: note.day or date.min)))


def _day(run: RunRecord) -> date | None:
    return None if run.evidence.oldest is None else utc(run.evidence.oldest).date()


def _refusal(run: RunRecord, day: date) -> Note | None:
    if run.mode == "replay":
        return Note(day, "replay", f"run {run.run_id} replays old answers: no night")
    if run.partial:
        return Note(day, "partial", f"run {run.run_id} is partial: no night")
    oldest = utc(run.evidence.oldest or run.started)
    if utc(run.started) - oldest > timedelta(hours=_STALE_HOURS):
        return Note(day, "stale", f"run {run.run_id} rests on answers recorded long before it: no night")
    return None


def _holds(digests: Mapping[str, str], followed: Mapping[str, str]) -> bool:
    return bool(followed) and all(digests.get(key) == digest for key, digest in followed.items())


def _difference(digests: Mapping[str, str], followed: Mapping[str, str]) -> str:
    gone = sum(key not in digests for key in followed)
    changed = sum(key in digests and digests[key] != digest for key, digest in followed.items())
    return f"{gone} gone, {changed} with other content, {sum(key not in followed for key in digests)} new"


def _readable(cases: Mapping[str, CaseResult], policy: DriftPolicy) -> bool:
    scored = sum(case.outcome != "unscored" for case in cases.values())
    return bool(cases) and scored >= policy.min_scored * len(cases)


def _unscored(cases: Mapping[str, CaseResult]) -> str:
    return f"{sum(case.outcome == 'unscored' for case in cases.values())} of {len(cases)} prompts"


def _missing(nights: Sequence[Night], notes: Sequence[Note]) -> list[Note]:
    """Dates between two nights on which nothing usable was run."""
    told = {note.day for note in notes if note.kind == "unreadable"}
    found = []
    for earlier, later in pairwise(nights):
        days = [earlier.day + timedelta(days=step) for step in range(1, (later.day - earlier.day).days)]
        found += [Note(day, "missing", "no run on this night") for day in days if day not in told]
    return found
