"""May this version be promoted? Three answers: GO, NO-GO, and INCONCLUSIVE for not enough evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from harness.decisions.bounds import Reading, Result, read_difference, read_rate
from harness.decisions.evidence import candidate_reasons, pairing_reasons
from harness.decisions.run_summary import RunSummary, age_days
from harness.decisions.standing import Standing, in_slice, pair, standings
from harness.records.policy import Bound, GatePolicy, Rule
from harness.records.run import CaseResult, RunRecord

Verdict = Literal["GO", "NO-GO", "INCONCLUSIVE"]

EXIT_CODES: dict[Verdict, int] = {"GO": 0, "NO-GO": 1, "INCONCLUSIVE": 2}


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """One bound of one rule. `reasons` say why a reading that would pass or breach does not count."""

    rule: Rule
    bound: Bound
    limit: float
    result: Result
    reading: Reading
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """The verdict with everything it rests on."""

    verdict: Verdict
    rules: tuple[RuleVerdict, ...]
    candidate: RunSummary
    baseline: RunSummary | None
    policy: GatePolicy
    reasons: tuple[str, ...]
    """What holds a GO back whatever the rules say."""
    age_days: float | None
    """Age of the candidate's oldest answer."""
    baseline_age_days: float | None
    runs: tuple[RunSummary, ...] = ()
    """All runs of the candidate's version, newest first."""

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]


def judge(
    candidate: RunRecord,
    baseline: RunRecord | None,
    policy: GatePolicy,
    now: datetime,
    runs: Collection[RunSummary] = (),
) -> GateVerdict:
    """Judge a candidate by a policy.

    Pure: the same records and the same `now` (with a zone) give the same verdict.

    `runs` are the known runs of the candidate's version: they are listed, and a later complete one keeps
    this one from a GO, since the best of five runs passes falsely five times as often as one.
    """
    return _judge(candidate, baseline, policy, now, runs, assumed={}, settle=True)


def can_still_change(
    so_far: RunRecord,
    pending: Sequence[CaseResult],
    baseline: RunRecord | None,
    policy: GatePolicy,
    now: datetime,
) -> bool:
    """Whether the cases that were not asked yet can still change the verdict: curtailment, and no peeking.

    `so_far` holds the finished cases, with `partial` as it will be if all are asked; `pending` the
    others, as cases without samples and `unscored`. A verdict is settled if it is the same with all
    pending cases good and with all bad: every bound moves one way with every case. A GO is never settled
    early, because a run that was stopped is partial, and a partial run is never GO.
    """
    whole = so_far.model_copy(update={"cases": so_far.cases + tuple(pending)})
    extremes: tuple[Standing, Standing] = ("good", "bad")
    verdicts = set()
    for extreme in extremes:
        assumed = {case.key: extreme for case in pending}
        verdicts.add(_judge(whole, baseline, policy, now, (), assumed=assumed, settle=False).verdict)
    return len(verdicts) > 1 or verdicts == {"GO"}


def _judge(
    candidate: RunRecord,
    baseline: RunRecord | None,
    policy: GatePolicy,
    now: datetime,
    runs: Collection[RunSummary],
    *,
    assumed: Mapping[str, Standing],
    settle: bool,
) -> GateVerdict:
    ours = RunSummary.of(candidate)
    theirs = None if baseline is None else RunSummary.of(baseline)
    listed = tuple(sorted(runs, key=lambda run: run.order, reverse=True))
    blocked = candidate_reasons(ours, policy, now, listed)
    pairing = None if baseline is None else pair(candidate, baseline)
    unpaired = pairing_reasons(candidate, baseline, pairing, policy, now)
    paired = frozenset(pairing.keys if pairing else ())
    rules = []
    for rule in policy.rules:
        cases = [case for case in candidate.cases if in_slice(rule, case)]
        new = {key: assumed.get(key, value) for key, value in standings(rule.metric, cases).items()}
        for bound, limit in rule.bounds:
            reasons: tuple[str, ...] = blocked
            if bound in ("min", "max"):
                reading = read_rate(new, bound, limit, settle=settle)
            else:
                reasons += unpaired
                old = {} if baseline is None else standings(rule.metric, baseline.cases)
                shared = {key: value for key, value in new.items() if key in paired}
                reading = read_difference(shared, old, bound, limit, settle=settle)
            if reading.cases == 0 and not reasons:
                reasons = ("no data: no case of this slice bears on the metric",)
            result: Result = "INSUFFICIENT_EVIDENCE" if reasons else reading.result
            rules.append(RuleVerdict(rule, bound, limit, result, reading, reasons))
    held_back = blocked
    if candidate.partial:
        why = candidate.partial_reason or "narrowed or stopped"
        held_back = (*blocked, f"the run is partial ({why}): it covers only some of the cases, and is never GO")
    return GateVerdict(
        verdict=_fold(rules, held_back=bool(held_back)),
        rules=tuple(rules),
        candidate=ours,
        baseline=theirs,
        policy=policy,
        reasons=held_back,
        age_days=age_days(ours.oldest, now),
        baseline_age_days=None if theirs is None else age_days(theirs.oldest, now),
        runs=listed,
    )


def _fold(rules: Sequence[RuleVerdict], *, held_back: bool) -> Verdict:
    """All critical rules must hold at once: an intersection-union test, whose error is that of one rule."""
    critical = [rule.result for rule in rules if rule.rule.tier == "critical"]
    supporting = [rule.result for rule in rules if rule.rule.tier == "supporting"]
    if "BREACH" in critical:
        return "NO-GO"
    passed = all(result == "PASS" for result in critical) and "BREACH" not in supporting
    return "GO" if passed and not held_back else "INCONCLUSIVE"
