"""When answers are evidence, which run stands for a version, which are attempts, when two runs may be compared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from harness.decisions.population import FIRST_ALPHA, LATER_ALPHA, MOST_ATTEMPTS, same_suite
from harness.decisions.run_summary import (
    Head,
    RunSummary,
    age_days,
    is_ahead_of,
    oldest_that_counts,
    order_of,
    utc,
)
from harness.decisions.standing import Pairing, in_slice, same_run
from harness.records.policy import GatePolicy
from harness.records.run import CaseResult, RunRecord

_SELECTION = 0.9
_EDITED = 0.25
"""Share of the cases that an earlier run must hold unchanged, for a further one to be another attempt: a suite that is
doubled until it is a GO would pass falsely in one run of five."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """The complete fresh runs of a version on its unchanged suite, oldest first; the candidate is one of them.

    The first is judged at 5 %; the second to fifth each on all answers together at 0.25 %, so that running again until
    it says GO adds one point at most to the chance of a false GO; from the sixth a GO is not possible.
    """

    runs: tuple[RunRecord, ...]
    partial: tuple[RunRecord, ...]
    """Fresh runs of the version that are not attempts: narrowed, stopped or interrupted."""
    changed: tuple[RunRecord, ...] = ()
    """Complete runs that hold at least a quarter of the cases: the suite was edited or has grown since. They count as
    attempts, and are not pooled: their cases are another mix."""
    misdated: tuple[RunRecord, ...] = ()
    """Complete runs on these cases that are dated in the future, after a clock was wrong. They count as attempts, since
    they were made before now, and are not read."""

    @property
    def number(self) -> int:
        return len(self.runs) + len(self.changed) + len(self.misdated)

    @property
    def alpha(self) -> float:
        """Error of each bound, on its own side."""
        return FIRST_ALPHA if self.number <= 1 else LATER_ALPHA

    def reasons(self, policy: GatePolicy) -> tuple[str, ...]:
        """Why no GO can come of these attempts, or of one more."""
        if self.number <= MOST_ATTEMPTS:
            return ()
        window = "" if policy.max_age_days is None else f" within {policy.max_age_days:g} days"
        return (
            f"{self.number} complete runs of {self.runs[-1].label} on these cases{window}: after "
            f"{MOST_ATTEMPTS} attempts no further one can be a GO",
        )


def attempts(candidate: RunRecord, past: Iterable[RunRecord], policy: GatePolicy, now: datetime) -> Attempts:
    """The runs of the candidate's version that count, the candidate included.

    A nightly run counts if it holds the same cases. Runs that are older than the policy accepts do not, nor do
    replays where it wants fresh answers.
    """
    past = tuple(past)
    others = [run for run in past if run.label == candidate.label and run.cases and run.run_id != candidate.run_id]
    ahead = {run.run_id: run for run in others if _is_ahead(run.evidence.newest, now) and not run.partial}
    found = {run.run_id: run for run in others if run.run_id not in ahead and _usable(run, policy, now)}
    misdated = [run for run in ahead.values() if not candidate.partial and same_suite(candidate.cases, run, _EDITED)]
    complete = _distinct(candidate, [run for run in found.values() if not run.partial and _alike(candidate, run)])
    tried = [run for run in found.values() if not run.partial and not _alike(candidate, run)]
    tried = [run for run in tried if not candidate.partial and same_suite(candidate.cases, run, _EDITED)]
    changed = [run for run in tried if not any(_is_part_of(run, other) for other in past)]
    partial = [run for run in found.values() if run.partial]
    counted = (candidate,) if candidate.partial else (*complete, candidate)
    return Attempts(
        runs=_in_order(counted),
        partial=_in_order(partial),
        changed=_in_order(changed),
        misdated=_in_order(misdated),
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the cases that a policy speaks about a run holds. They are those of `core`, or of its slices."""

    held: int
    wanted: int

    @property
    def whole(self) -> bool:
        return self.held >= self.wanted


def coverage(run: RunRecord, core: Sequence[CaseResult], policy: GatePolicy | None = None) -> Coverage:
    """What a run holds of `core`, the cases that a run without names asks, as far as a critical rule is about them.

    A case that was edited since, or renamed, is held. So is one that a sequential run had planned and did not ask.
    """
    rules = () if policy is None else tuple(rule for rule in policy.rules if rule.tier == "critical")
    # exposure depends on the version, and does not make a case one that need not be asked
    slices = [rule.model_copy(update={"exposure": None}) for rule in rules]
    wanted = [case for case in core if not slices or any(in_slice(rule, case) for rule in slices)]
    keys, digests = {case.key for case in run.cases}, {case.digest for case in run.cases}
    held = sum(case.key in keys or case.digest in digests for case in wanted)
    not_asked = 0 if run.looks is None else run.looks.planned - len(run.looks.asked)
    return Coverage(min(held + not_asked, len(wanted)), len(wanted))


def representative(runs: Sequence[RunRecord], core: Sequence[CaseResult], now: datetime) -> RunRecord | None:
    """The run that stands for its version: the newest complete one of those that hold most of `core`.

    Without `core`, one of fewer suites than another, such as a nightly canary, does not count. A run that is dated in
    the future does not either; a partial one only where there is no other. `runs` are in order, newest last.
    """
    dated = [run for run in runs if not _is_ahead(run.evidence.newest, now)] or list(runs)
    complete = [run for run in dated if not run.partial]
    held = {run.run_id: coverage(run, core).held for run in complete}
    if most := max(held.values(), default=0):
        return [run for run in complete if held[run.run_id] == most][-1]
    suites = [frozenset(case.suite for case in run.cases) for run in complete]
    widest = [run for run, own in zip(complete, suites, strict=True) if not any(own < other for other in suites)]
    chosen = widest or dated
    return chosen[-1] if chosen else None


_YOUNG, _UNDATED = "young enough for a gate", "its answers carry no date"
_AGELESS = "the gate's policy accepts any age"


def needed(
    heads: Sequence[Head],
    policy: GatePolicy,
    now: datetime,
    *,
    keep_days: int,
    baselines: Collection[str],
    nights: Callable[[Head], bool],
) -> dict[Path, str]:
    """The runs of one version that a verdict may read from `now` on, with the reason.

    Whatever else is deleted, gate, drift, comparison and pages then say of the version what they said before: attempts
    age and are never young again, and of older runs only the fullest is read (`History.known`).

    Args:
        keep_days: younger runs stay, needed or not.
        baselines: the ids of runs that are baselines.
        nights: whether a run may be a night that drift follows. All of them are needed: an alarm rests on the nights
            from the baseline on.
    """
    window = oldest_that_counts(policy.max_age_days, now)
    complete = [head for head in heads if not head.partial]
    newest: dict[tuple[str, int, bool, bool], Head] = {}
    for head in sorted(heads, key=lambda one: one.order):
        newest[head.suite_digest, head.cases, head.partial, head.is_ahead(now)] = head
    fullest = max(complete, key=lambda one: (one.cases, one.order), default=None)
    timed = [head for head in heads if head.run_id.endswith("-latency")]
    latest = set(newest.values()) | {max(timed, key=lambda one: one.order, default=None)}
    found: dict[Path, str] = {}
    for head in heads:
        if head.run_id in baselines:
            found[head.path] = "a baseline"
        elif head.is_ahead(now):
            found[head.path] = "dated in the future"
        elif now - utc(head.newest or head.started) < timedelta(days=keep_days):
            found[head.path] = f"younger than {keep_days:,} days"
        elif not head.is_before(window, now):
            found[head.path] = _YOUNG if window and head.oldest else _UNDATED if window else _AGELESS
        elif nights(head):
            found[head.path] = "a night that drift follows"
        elif head in latest:
            found[head.path] = "the newest of its kind"
        elif head is fullest:
            found[head.path] = "the largest run"
    return found


def _is_ahead(moment: str | None, now: datetime) -> bool:
    return moment is not None and is_ahead_of(moment, now)


def fuller_run(
    candidate: RunRecord,
    past: Iterable[RunRecord],
    policy: GatePolicy,
    now: datetime,
    core: Sequence[CaseResult],
) -> RunRecord | None:
    """The newest complete run of the version that holds what the candidate lacks; None where there is none.

    What it lacks is known by `core`. Without, it is a selection if an earlier run holds its cases and a tenth more.
    """
    if candidate.partial or (core and coverage(candidate, core, policy).whole):
        return None

    def holds_more(run: RunRecord) -> bool:
        if core:
            return coverage(run, core, policy).whole
        larger = len(candidate.cases) < _SELECTION * len(run.cases)
        return candidate.looks is None and larger and same_suite(candidate.cases, run)

    found = [
        run
        for run in past
        if run.label == candidate.label
        and run.run_id != candidate.run_id
        and not run.partial
        and _usable(run, policy, now)
        and holds_more(run)
    ]
    return _in_order(found)[-1] if found else None


def _is_part_of(run: RunRecord, other: RunRecord) -> bool:
    """Whether a fuller run of any version came before: a canary, or another selection, is not an attempt."""
    before = order_of(other) < order_of(run)
    return (
        before and not other.partial and len(run.cases) < _SELECTION * len(other.cases) and same_suite(run.cases, other)
    )


def _in_order(runs: Iterable[RunRecord]) -> tuple[RunRecord, ...]:
    return tuple(sorted(runs, key=order_of))


def _distinct(candidate: RunRecord, runs: Iterable[RunRecord]) -> list[RunRecord]:
    """Without the runs that were only filled up later: asking the unscored cases again is not a new attempt.

    A run is left out if another one has all of its scored answers, moment and text. A case is known by its content:
    one that was renamed is not asked again.
    """
    kept: list[RunRecord] = []
    newer = [_answers(candidate)]
    for run in sorted(runs, key=order_of, reverse=True):
        own = _answers(run)
        if not own or not any(own <= answers or (answers and answers <= own) for answers in newer):
            kept.append(run)
            newer.append(own)
    return kept


def _answers(run: RunRecord) -> frozenset[tuple[str, int, str, str]]:
    return frozenset(
        (case.digest, sample.sample, sample.recorded_at, sample.raw_output or sample.output)
        for case in run.cases
        for sample in case.samples
        if sample.outcome != "unscored" and sample.recorded_at is not None
    )


def _alike(candidate: RunRecord, run: RunRecord) -> bool:
    """The same cases, or, for a run that stopped at a planned look, some of them."""
    return same_suite(candidate.cases, run) or (run.looks is not None and same_suite(run.cases, candidate))


def _usable(run: RunRecord, policy: GatePolicy, now: datetime) -> bool:
    replay = policy.evidence == "fresh" and run.mode == "replay"
    return (
        run.mode != "simulation" and not replay and not _age_reasons("", run.evidence.oldest, policy.max_age_days, now)
    )


def possible_baseline(candidate: RunRecord, past: Iterable[RunRecord]) -> RunRecord | None:
    """The newest complete run of another version on the candidate's cases; one of its own model, if there is one."""
    others = [
        run for run in past if run.label != candidate.label and not run.partial and same_suite(candidate.cases, run)
    ]
    return max(others, key=lambda run: (run.model == candidate.model, order_of(run)), default=None)


def judged_versions(candidate: RunRecord, past: Iterable[RunRecord]) -> tuple[str, ...]:
    """The versions with a complete run on the candidate's unchanged suite, the candidate's included, by name."""
    others = {run.label for run in past if not run.partial and same_suite(candidate.cases, run)}
    return tuple(sorted(others | {candidate.label}))


def candidate_reasons(run: RunSummary, policy: GatePolicy, now: datetime) -> tuple[str, ...]:
    """Why the candidate's answers are not evidence under this policy."""
    reasons = []
    if run.mode == "simulation":
        reasons.append("the run is a simulation: its answers are those of other runs, under made-up dates")
    if policy.evidence == "fresh" and run.mode == "replay":
        reasons.append(
            "the answers are a replay and the policy wants fresh ones: "
            f"run pytest --model={run.label.split('@')[0]} --cassette-mode=live"
        )
    # whatever age a policy accepts: when an answer of the future was made is not known
    if _is_ahead(run.newest, now):
        reasons.append(_ahead_reason("the candidate's newest", age_days(run.newest, now) or 0))
    else:
        reasons += _age_reasons("the candidate's", run.oldest, policy.max_age_days, now)
    return tuple(reasons)


def _age_reasons(whose: str, oldest: str | None, limit: float | None, now: datetime) -> list[str]:
    if limit is None:
        return []
    age = age_days(oldest, now)
    if age is None:
        return [f"{whose} answers carry no date, and the policy wants them at most {limit:g} days old"]
    if age > limit:
        return [f"{whose} oldest answer is {age:.1f} days old; the policy accepts {limit:g}"]
    return [_ahead_reason(f"{whose} oldest", age)] if _is_ahead(oldest, now) else []


def _ahead_reason(which: str, age: float) -> str:
    return f"{which} answer is dated {-age:.{1 if age <= -1 else 2}f} days in the future; check the clock"


def pairing_reasons(
    candidate: RunRecord,
    baseline: RunRecord | None,
    pairing: Pairing | None,
    policy: GatePolicy,
    now: datetime,
) -> tuple[str, ...]:
    """Why no difference to the baseline can be judged."""
    if baseline is None or pairing is None:
        return ("no baseline: name one with --baseline, or set it with `harness runs baseline NAME@VERSION`",)
    if (baseline.label, baseline.run_id) == (candidate.label, candidate.run_id):
        return ("candidate and baseline are the same run",)
    if same_run(baseline, candidate):
        return ("candidate and baseline hold the same answers, made at the same moments",)
    reasons = _age_reasons("the baseline's", baseline.evidence.oldest, policy.baseline_max_age_days, now)
    # a run that stopped at a planned look asked some of the cases, drawn at random
    stopped = candidate.looks is not None and not (pairing.only_new or pairing.changed or pairing.resampled)
    if not pairing.complete and not stopped:
        reasons.append(f"candidate and baseline are different sets of cases: {pairing.reason}; run both on the same")
    return tuple(reasons)


def newest_first(runs: Iterable[RunRecord], label: str) -> tuple[RunSummary, ...]:
    """The runs of a version as a verdict lists them."""
    listed: Sequence[RunSummary] = [RunSummary.of(run) for run in runs if run.label == label and run.cases]
    return tuple(sorted(listed, key=lambda run: run.order, reverse=True))
