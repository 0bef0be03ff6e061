"""When answers are evidence, which runs of a version are attempts, and when two runs may be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from harness.decisions.population import FIRST_ALPHA, LATER_ALPHA, MOST_ATTEMPTS, same_suite
from harness.decisions.run_summary import RunSummary, age_days
from harness.decisions.standing import Pairing
from harness.records.policy import GatePolicy
from harness.records.run import RunRecord

_CLOCK_SKEW_DAYS = 1.0
_SELECTION = 0.9
_EDITED = 0.5
"""Share of the cases that an earlier run must hold unchanged, for a further one to be another attempt."""


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
    """Complete runs that hold at least half of the cases: the suite was edited or has grown since. They count as
    attempts, and are not pooled: their cases are another mix."""
    wider: RunRecord | None = None
    """A fresh complete run of the version that holds the candidate's cases and more: the candidate is a selection."""

    @property
    def number(self) -> int:
        return len(self.runs) + len(self.changed)

    @property
    def alpha(self) -> float:
        """Error of each bound, on its own side."""
        return FIRST_ALPHA if self.number <= 1 else LATER_ALPHA

    def reasons(self, policy: GatePolicy) -> tuple[str, ...]:
        """Why no GO can come of these attempts, or of one more."""
        if self.wider is not None:
            return (
                f"it holds only some of the {len(self.wider.cases)} cases of run {self.wider.run_id}: a selection does "
                "not count as a run of its version",
            )
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
    found = {
        run.run_id: run
        for run in past
        if run.label == candidate.label and run.cases and _usable(run, policy, now) and run.run_id != candidate.run_id
    }
    complete = _distinct(candidate, [run for run in found.values() if not run.partial and _alike(candidate, run)])
    tried = [run for run in found.values() if not run.partial and not _alike(candidate, run)]
    changed = [] if candidate.partial else [run for run in tried if same_suite(candidate.cases, run, _EDITED)]
    partial = [run for run in found.values() if run.partial]
    counted = (candidate,) if candidate.partial else (*complete, candidate)
    wider = [run for run in found.values() if not run.partial and _is_selection(candidate, run)]
    return Attempts(_in_order(counted), _in_order(partial), _in_order(changed), _in_order(wider)[-1] if wider else None)


def _is_selection(candidate: RunRecord, run: RunRecord) -> bool:
    """Whether the run holds most of the candidate's cases, and is larger than a case or two explain."""
    larger = len(candidate.cases) < _SELECTION * len(run.cases)
    return candidate.looks is None and not candidate.partial and larger and same_suite(candidate.cases, run)


def _in_order(runs: Iterable[RunRecord]) -> tuple[RunRecord, ...]:
    return tuple(sorted(runs, key=lambda run: RunSummary.of(run).order))


def _distinct(candidate: RunRecord, runs: Iterable[RunRecord]) -> list[RunRecord]:
    """Without the runs that were only filled up later: asking the unscored cases again is not a new attempt.

    A run is left out if another one has all of its scored answers, moment and text.
    """
    kept: list[RunRecord] = []
    newer = [_answers(candidate)]
    for run in sorted(runs, key=lambda run: RunSummary.of(run).order, reverse=True):
        own = _answers(run)
        if not own or not any(own <= answers or (answers and answers <= own) for answers in newer):
            kept.append(run)
            newer.append(own)
    return kept


def _answers(run: RunRecord) -> frozenset[tuple[str, int, str, str]]:
    return frozenset(
        (case.key, sample.sample, sample.recorded_at, sample.raw_output or sample.output)
        for case in run.cases
        for sample in case.samples
        if sample.outcome != "unscored" and sample.recorded_at is not None
    )


def _alike(candidate: RunRecord, run: RunRecord) -> bool:
    """The same cases, or, for a run that stopped at a planned look, some of them."""
    return same_suite(candidate.cases, run) or (run.looks is not None and same_suite(run.cases, candidate))


def _usable(run: RunRecord, policy: GatePolicy, now: datetime) -> bool:
    replay = policy.evidence == "fresh" and run.mode == "replay"
    return not replay and not _age_reasons("", run.evidence.oldest, policy.max_age_days, now)


def judged_versions(candidate: RunRecord, past: Iterable[RunRecord]) -> tuple[str, ...]:
    """The versions with a complete run on the candidate's unchanged suite, the candidate's included, by name."""
    others = {run.label for run in past if not run.partial and same_suite(candidate.cases, run)}
    return tuple(sorted(others | {candidate.label}))


def candidate_reasons(run: RunSummary, policy: GatePolicy, now: datetime) -> tuple[str, ...]:
    """Why the candidate's answers are not evidence under this policy."""
    reasons = []
    if policy.evidence == "fresh" and run.mode == "replay":
        reasons.append(
            "the answers are a replay and the policy wants fresh ones: "
            f"run pytest --model={run.label.split('@')[0]} --cassette-mode=live"
        )
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
    if age < -_CLOCK_SKEW_DAYS:
        return [f"{whose} oldest answer is dated {-age:.1f} days in the future; check the clock"]
    return []


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
