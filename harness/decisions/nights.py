"""Which records are nights: fresh, whole, readable, one a date, all with the same prompts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import pairwise

from harness.decisions.run_summary import is_ahead_of, order_of, utc
from harness.decisions.standing import by_key
from harness.records.policy import DriftPolicy
from harness.records.run import CaseResult, Evidence, RunRecord, SampleResult, Totals

_STALE_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Night:
    """One night of the prompts that are followed. `day` is the date of the first answer, in the policy's time zone."""

    day: date
    run_id: str
    cases: Mapping[str, CaseResult]
    repeatable: bool = False
    """Asked at temperature 0, so that the same model gives the same text."""


def as_night(run: RunRecord) -> RunRecord:
    """A run with what nights are judged by, a tenth of its record: of an answer only whether it is the same as another.

    `drift` finds the same in it as in the whole run.
    """
    settings = {name: run.configuration[name] for name in ("temperature", SIMULATION) if name in run.configuration}
    cases = tuple(
        case.model_copy(update={"messages": (), "samples": tuple(map(_as_night, case.samples))}) for case in run.cases
    )
    changed: dict[str, object] = {"configuration": settings, "cases": cases}
    changed |= {"recipe": None, "latency": None, "looks": None, "suite_digests": {}}
    return run.model_copy(update=changed)


def _as_night(sample: SampleResult) -> SampleResult:
    text = sample.output if sample.raw_output is None else sample.raw_output
    sure = {
        target: tuple(one.model_copy(update={"text": ""}) for one in spans if one.probability is not None)
        for target, spans in sample.mentions.items()
    }
    return SampleResult(
        sample=sample.sample,
        outcome=sample.outcome,
        output=sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32],
        verdicts=sample.verdicts,
        mentions={target: spans for target, spans in sure.items() if spans},
        within=sample.within,
        resolved_model=sample.resolved_model,
        system_fingerprint=sample.system_fingerprint,
        runtime=sample.runtime,
        latency_s=sample.latency_s,
    )


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


SIMULATION = "simulation"
"""The mode of simulated nights, and the name of the model that they are stored under."""


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
    runs: Sequence[RunRecord],
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
    for run in sorted(runs, key=order_of):
        day = None if run.evidence.oldest is None else policy.day(utc(run.evidence.oldest))
        if day is not None and is_ahead_of(run.evidence.newest or run.started, now):
            ahead = (day - policy.day(now)).days
            when = f"{ahead} day{'s' * (ahead != 1)}" if ahead else "hours"
            text = f"run {run.run_id}: its answers are dated {when} in the future; check the clock"
            notes.append(Note(day, "future", text))
        elif day is None:
            notes.append(Note(None, "undated", f"run {run.run_id}: its answers carry no date"))
        elif since is None or day >= since:
            refusal = _refusal(run, day)
            cases = {key: case for key, case in by_key(run).items() if suite in (None, case.suite)}
            if refusal is not None:
                notes.append(refusal)
            elif cases:
                repeatable = run.configuration.get("temperature", 0.0) == 0
                usable.append(_Usable(day, run.run_id, cases, repeatable))
    nights, asked = _followed(usable, policy, notes)
    notes += _missing(nights, notes)
    return Calendar(tuple(nights), tuple(sorted(notes, key=lambda note: note.day or date.max)), tuple(asked))


@dataclass(frozen=True)
class _Usable:
    """A run that may be a night."""

    day: date
    run_id: str
    cases: Mapping[str, CaseResult]
    repeatable: bool

    @cached_property
    def suites(self) -> frozenset[str]:
        return frozenset(case.suite for case in self.cases.values())

    @property
    def prompts(self) -> dict[str, str]:
        """Content by key; another number of samples is another prompt, since a case is right only if all are."""
        return {key: f"{case.digest} x {len(case.samples)}" for key, case in self.cases.items()}


def _followed(usable: Sequence[_Usable], policy: DriftPolicy, notes: list[Note]) -> tuple[list[Night], list[Asked]]:
    nightly = _nightly(usable)
    nights: list[Night] = []
    asked: dict[date, Asked] = {}
    followed: dict[str, str] = {}
    for run in usable:
        prompts = run.prompts
        held = bool(followed) and all(prompts.get(key) == content for key, content in followed.items())
        if not held and run.suites != nightly:
            notes.append(Note(run.day, "other prompts", f"run {run.run_id} holds other suites than the nightly runs"))
            continue
        if held and nights[-1].day == run.day:
            text = f"run {run.run_id} is left out: the first run of the night, {nights[-1].run_id}, counts"
            notes.append(Note(run.day, "second run", text))
            continue
        cases = {key: run.cases[key] for key in (followed if held else prompts)}
        unscored = sum(case.outcome == "unscored" for case in cases.values())
        night = Asked(run.day, len(cases) - unscored, len(cases))
        if len(cases) - unscored < policy.min_scored * len(cases):
            text = f"run {run.run_id}: {unscored} of {len(cases)} prompts without a usable answer"
            notes.append(Note(run.day, "unreadable", text))
            if held or not followed:
                asked.setdefault(run.day, night)
            continue
        if not held:
            if nights:
                text = f"the prompts changed ({_difference(prompts, followed)}): a new baseline starts here"
                notes.append(Note(run.day, "new prompts", text))
                asked = {}
            nights, followed = [], prompts
        asked[run.day] = night
        nights.append(Night(run.day, run.run_id, cases, run.repeatable))
    return nights, list(asked.values())


def _nightly(usable: Sequence[_Usable]) -> frozenset[str]:
    """The set of suites that was run on most nights; of equals, the one that was run last."""
    days: dict[frozenset[str], set[date]] = {}
    last: dict[frozenset[str], int] = {}
    for position, run in enumerate(usable):
        days.setdefault(run.suites, set()).add(run.day)
        last[run.suites] = position
    return max(days, key=lambda suites: (len(days[suites]), last[suites]), default=frozenset())


def _refusal(run: RunRecord, day: date) -> Note | None:
    if run.mode == "replay":
        return Note(day, "replay", f"run {run.run_id} replays old answers: no night")
    if run.partial:
        return Note(day, "partial", f"run {run.run_id} is partial: no night")
    oldest = utc(run.evidence.oldest or run.started)
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
