"""Which records are nights: fresh, whole, readable, one a date, all with the same prompts; and what is read of one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from harness.decisions.metrics import mention_rate
from harness.decisions.run_summary import Order, is_ahead_of, order_from, utc
from harness.records.case import NOT_IN_HEADLINE
from harness.records.policy import DriftPolicy
from harness.records.run import CaseResult, Evidence, Outcome, RunRecord, Totals

_STALE_HOURS = 24.0

SIMULATION = "simulation"
"""The mode of simulated nights, and the name of the model that they are stored under."""

Way = tuple[str | None, str | None, str | None]
"""What an answer says of who gave it: the resolved model, the system fingerprint, the runtime."""


class Prompt(NamedTuple):
    """A case without its answers."""

    suite: str
    id: str
    digest: str
    samples: int
    domain: str
    language: str
    task: str
    tags: tuple[str, ...]
    targets: tuple[str, ...]
    required: tuple[str, ...]

    @property
    def key(self) -> str:
        """`suite/id`."""
        return f"{self.suite}/{self.id}"


class NightCase(NamedTuple):
    """A prompt and what became of it on one night."""

    domain: str
    language: str
    task: str
    targets: tuple[str, ...]
    outcome: Outcome


@dataclass(frozen=True)
class Prompts:
    """The prompts of a night, each key once; nights that asked the same share one of these."""

    each: tuple[Prompt, ...]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """In the order of all columns of a `NightRun`."""
        return tuple(one.key for one in self.each)

    @cached_property
    def suites(self) -> frozenset[str]:
        """Those that the prompts are of."""
        return frozenset(one.suite for one in self.each)

    @cached_property
    def contents(self) -> dict[str, str]:
        """By key; another number of samples is another prompt, since a case is right only if all are."""
        return {key: f"{one.digest} x {one.samples}" for key, one in zip(self.keys, self.each, strict=True)}

    @cached_property
    def content(self) -> frozenset[str]:
        """What is asked, whatever the prompts are called; none where two ask the same."""
        asked = frozenset(self.contents.values())
        return asked if len(asked) == len(self.each) else frozenset()

    @cached_property
    def with_targets(self) -> tuple[bool, ...]:
        """Of each prompt whether it has a part in the alignment rate."""
        return tuple(bool(one.targets) for one in self.each)

    @cached_property
    def with_required(self) -> tuple[bool, ...]:
        """Of each prompt whether it has a part in the mention rate."""
        return tuple(bool(one.required) for one in self.each)

    @cached_property
    def checked(self) -> tuple[bool, ...]:
        """Of each prompt whether it has a part in the check rate (`metrics.in_headline`)."""
        in_headline = tuple(not one.targets and NOT_IN_HEADLINE not in one.tags for one in self.each)
        return in_headline if any(in_headline) else tuple(not one.targets for one in self.each)


@dataclass(frozen=True)
class NightRun:
    """What nights are judged by, a tenth of a record or less: of an answer only whether it is the same as another.

    Of the columns, each has one entry a prompt, in the order of `prompts`.
    """

    label: str
    run_id: str
    mode: str
    partial: bool
    started: str
    oldest: str | None
    newest: str | None
    repeatable: bool
    """Asked at temperature 0, so that the same model gives the same text."""
    simulation: str | None
    """What a simulation says of itself."""
    prompts: Prompts
    outcomes: Sequence[Outcome]
    mentioned: Sequence[bool | None]
    """Whether all required targets are mentioned; None where no answer can say."""
    texts: Sequence[str | None]
    """Equal where the answers are; None where there is none."""
    ways: Sequence[Sequence[Way]]
    latencies: Sequence[Sequence[float]]
    """Seconds, one a sample that says."""
    sureness: Sequence[Sequence[float]]
    """Of each mention the least probability of a sign, where the model was asked for it."""

    @property
    def order(self) -> Order:
        """As `order_of` the whole run."""
        return order_from(self.newest, self.started, self.run_id)

    @cached_property
    def cases(self) -> Mapping[str, NightCase]:
        """By `suite/id`."""
        return {
            key: NightCase(one.domain, one.language, one.task, one.targets, outcome)
            for key, one, outcome in zip(self.prompts.keys, self.prompts.each, self.outcomes, strict=True)
        }

    def only(self, places: Sequence[int], prompts: Prompts) -> NightRun:
        """The same night of some of its prompts, which are given too."""
        return replace(
            self,
            prompts=prompts,
            outcomes=[self.outcomes[place] for place in places],
            mentioned=[self.mentioned[place] for place in places],
            texts=[self.texts[place] for place in places],
            ways=[self.ways[place] for place in places],
            latencies=[self.latencies[place] for place in places],
            sureness=[self.sureness[place] for place in places],
        )

    def of_suite(self, suite: str) -> NightRun:
        """The same night of the prompts of one suite."""
        places = [place for place, one in enumerate(self.prompts.each) if one.suite == suite]
        return self.only(places, Prompts(tuple(self.prompts.each[place] for place in places)))


def as_night(run: RunRecord) -> NightRun:
    """A run as nights read it. `drift` finds the same in it as in the whole run."""
    cases = list({case.key: case for case in run.cases}.values())  # of a key that is there twice, the last
    return NightRun(
        label=run.label,
        run_id=run.run_id,
        mode=run.mode,
        partial=run.partial,
        started=run.started,
        oldest=run.evidence.oldest,
        newest=run.evidence.newest,
        repeatable=run.configuration.get("temperature", 0.0) == 0,
        simulation=str(run.configuration.get(SIMULATION, "SIMULATION")) if run.mode == SIMULATION else None,
        prompts=Prompts(tuple(map(_prompt, cases))),
        outcomes=[case.outcome for case in cases],
        mentioned=list(map(_mentioned, cases)),
        texts=list(map(_text, cases)),
        ways=[list(dict.fromkeys(_ways(case))) for case in cases],
        latencies=[[one.latency_s for one in case.samples if one.latency_s is not None] for case in cases],
        sureness=[list(_sureness(case)) for case in cases],
    )


def _prompt(case: CaseResult) -> Prompt:
    kind = (case.domain, case.language, case.task, case.tags)
    return Prompt(case.suite, case.id, case.digest, len(case.samples), *kind, case.targets, case.required)


def _mentioned(case: CaseResult) -> bool | None:
    count = mention_rate((case,))
    return count.k == count.n if count.n else None


def _text(case: CaseResult) -> str | None:
    if case.outcome == "unscored" or not case.samples:
        return None
    seen = sha256()
    for sample in case.samples:
        text = sample.output if sample.raw_output is None else sample.raw_output
        content = text.encode("utf-8", "surrogatepass")
        seen.update(b"%d " % len(content))  # where one answer ends and the next begins
        seen.update(content)
    return seen.hexdigest()[:32]


def _ways(case: CaseResult) -> Iterator[Way]:
    for one in case.samples:
        yield one.resolved_model, one.system_fingerprint, one.runtime


def _sureness(case: CaseResult) -> Iterator[float]:
    for sample in case.samples:
        for spans in sample.mentions.values():
            for one in spans:
                if one.probability is not None:
                    yield one.probability


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
    prompts`, `no record`, `judged again`.
    """
    text: str


JUDGED_AGAIN = "; its answers are judged again"
"""How the text about a record ends whose verdicts were not believed, and whose answers count."""


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
    followed are those of the first of them. Runs that ask the very same have the names of the last of those: to rename
    a suite or its cases is not another set of prompts. Any run that holds all of them with the same content is a night
    (it may hold more). A nightly run that does not starts a new baseline with its own; any other run is left alone.
    """
    notes: list[Note] = []
    usable: list[_Usable] = []
    for run in _under_last_names(sorted(reduced(runs), key=lambda one: one.order)):
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


def _under_last_names(runs: Sequence[NightRun]) -> list[NightRun]:
    latest = {run.prompts.content: run.prompts for run in runs}
    named: dict[int, Prompts] = {}  # by identity: nights that asked the same share one
    for prompts in {id(run.prompts): run.prompts for run in runs}.values():
        last = latest[prompts.content]
        if not prompts.content or prompts.keys == last.keys:
            continue
        called = dict(zip(last.contents.values(), last.each, strict=True))
        if any(called[content].key != key for key, content in prompts.contents.items()):
            theirs = [called[content] for content in prompts.contents.values()]
            each = zip(prompts.each, theirs, strict=True)
            named[id(prompts)] = Prompts(tuple(one._replace(suite=other.suite, id=other.id) for one, other in each))
    return [replace(run, prompts=named[id(run.prompts)]) if id(run.prompts) in named else run for run in runs]


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
            text = f"run {run.run_id} holds other suites than the nightly runs"
            if nights and day > nights[-1].day and not any("--since" in note.text for note in notes):
                text += f"; if they are the nightly ones from now on, run: harness drift --since {day}"
            notes.append(Note(day, "other prompts", text))
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
