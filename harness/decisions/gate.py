"""May this version be promoted? Three answers: GO, NO-GO, and INCONCLUSIVE for not enough evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from harness.decisions.bounds import Answered, Reading, Result, read_difference, read_rate
from harness.decisions.crowds import Concentration, concentration, selected_by_outcome
from harness.decisions.evidence import (
    Attempts,
    attempts,
    candidate_reasons,
    judged_versions,
    newest_first,
    pairing_reasons,
)
from harness.decisions.ground import MOST_ATTEMPTS, Ground, difference_correlation, earlier_versions, rate_correlation
from harness.decisions.looks import first_answer
from harness.decisions.next_step import NextStep, Situation, next_step
from harness.decisions.run_summary import RunSummary, age_days
from harness.decisions.standing import Pairing, Standing, in_slice, pair, standings
from harness.records.case import HELD_OUT
from harness.records.policy import Bound, GatePolicy, Rule
from harness.records.run import CaseResult, RunRecord
from harness.statistics.power import expected_best

Verdict = Literal["GO", "NO-GO", "INCONCLUSIVE"]

EXIT_CODES: dict[Verdict, int] = {"GO": 0, "NO-GO": 1, "INCONCLUSIVE": 2}

_FEW_VERSIONS = 2
"""From the third version on the verdict says what choosing the best one means."""


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """One bound of one rule. `reasons` say why a reading that would pass or breach does not count."""

    rule: Rule
    bound: Bound
    limit: float
    result: Result
    reading: Reading
    reasons: tuple[str, ...] = ()
    correlation: float | None = None
    """Of two cases of a domain, where the bound speaks for domains."""
    estimated_from: tuple[str, ...] = ()
    """The earlier versions that the correlation was estimated from; empty where it is assumed."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The versions that were judged on these cases, and what the best of so many would show by luck alone.

    `best` is the mean of the highest rate if all of them were exactly at the policy's `min`.
    """

    versions: tuple[str, ...]
    limit: float | None
    best: float | None


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
    next: NextStep
    runs: tuple[RunSummary, ...] = ()
    """All runs of the candidate's version, newest first."""
    attempts: int = 1
    """Complete fresh runs of the version on these cases, this one included."""
    alpha: float = 0.05
    """Error of each bound at this attempt, on its own side."""
    judged: Judged | None = None
    """None while two versions or fewer were judged."""
    concentration: Concentration | None = None
    looks: tuple[int, ...] = ()
    """Cases after which a sequential run was looked at."""
    planned: int | None = None
    """Cases that a sequential run would have asked in all."""

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    @property
    def crowded(self) -> bool:
        """Whether newly broken cases crowd into one slice."""
        return self.concentration is not None and self.concentration.significant


def judge(
    candidate: RunRecord,
    baseline: RunRecord | None,
    policy: GatePolicy,
    now: datetime,
    past: Collection[RunRecord] = (),
) -> GateVerdict:
    """Judge a candidate by a policy.

    Pure: the same records and the same `now` (with a zone) give the same verdict.

    `past` are the other runs that are known: those of the candidate's version, whose complete fresh ones are attempts,
    and the latest complete run of every other version, from which it is estimated how much the cases of a domain have
    in common.
    """
    return _Judgement(candidate, baseline, policy, now, past).verdict({}, full=True)


def can_still_change(
    so_far: RunRecord,
    pending: Sequence[CaseResult],
    baseline: RunRecord | None,
    policy: GatePolicy,
    now: datetime,
    *,
    past: Collection[RunRecord] = (),
) -> bool:
    """Whether the cases that were not asked yet can still change the verdict: curtailment, and no peeking.

    `so_far` holds the finished cases, with `partial` as it will be if all are asked; `pending` the
    others, as cases without samples and `unscored`. A verdict is settled if it is the same with all
    pending cases good and with all bad: every bound moves one way with every case. A GO is never settled
    early, because a run that was stopped is partial, and a partial run is never GO.
    """
    whole = so_far.model_copy(update={"cases": so_far.cases + tuple(pending)})
    extremes: tuple[Standing, Standing] = ("good", "bad")
    judgement = _Judgement(whole, baseline, policy, now, past)
    verdicts = {judgement.verdict({case.key: extreme for case in pending}).verdict for extreme in extremes}
    return len(verdicts) > 1 or verdicts == {"GO"}


class _Judgement:
    """Everything that is fixed before a rule is read."""

    def __init__(
        self,
        candidate: RunRecord,
        baseline: RunRecord | None,
        policy: GatePolicy,
        now: datetime,
        past: Collection[RunRecord],
    ) -> None:
        self.candidate, self.baseline, self.policy, self.now, self.past = candidate, baseline, policy, now, past
        self.attempts: Attempts = attempts(candidate, past, policy, now)
        self.stale = candidate_reasons(RunSummary.of(candidate), policy, now)
        self.pairing: Pairing | None = None if baseline is None else pair(candidate, baseline)
        self.unpaired = pairing_reasons(candidate, baseline, self.pairing, policy, now)
        known = {run.run_id: run for run in (*past, *(() if baseline is None else (baseline,)))}
        self.versions = earlier_versions(candidate, list(known.values()))
        self.domains = {case.key: case.domain for run in (*self.attempts.runs, candidate) for case in run.cases}
        self.selected = self._selected()

    def _selected(self) -> str | None:
        if all(rule.exposure != "untrained" for rule in self.policy.rules):
            return None
        return selected_by_outcome(self.candidate, self.versions)

    def verdict(self, assumed: Mapping[str, Standing], *, full: bool = False) -> GateVerdict:
        """The verdict if the cases in `assumed` stand so. `full` works out what would settle it, and where failures
        are; without it only the verdict itself is worked out.
        """
        rules = [
            self._rule(rule, bound, limit, assumed, settle=full)
            for rule in self.policy.rules
            for bound, limit in rule.bounds
        ]
        crowds = self._concentration() if full else None
        held_back = self._held_back(crowds, partial_runs=full)
        found = _fold(rules, held_back=bool(held_back))
        ours = RunSummary.of(self.candidate)
        looks = self.candidate.looks
        return GateVerdict(
            verdict=found,
            rules=tuple(rules),
            candidate=ours,
            baseline=None if self.baseline is None else RunSummary.of(self.baseline),
            policy=self.policy,
            reasons=held_back,
            age_days=age_days(ours.oldest, self.now),
            baseline_age_days=None if self.baseline is None else age_days(self.baseline.evidence.oldest, self.now),
            next=self._next(found, rules),
            runs=newest_first({run.run_id: run for run in (*self.past, self.candidate)}.values(), ours.label),
            attempts=self.attempts.number,
            alpha=self.attempts.alpha,
            judged=self._judged(rules) if full else None,
            concentration=crowds,
            looks=() if looks is None else tuple(size for size in looks.sizes if size <= len(looks.asked)),
            planned=None if looks is None else looks.planned,
        )

    def _rule(
        self, rule: Rule, bound: Bound, limit: float, assumed: Mapping[str, Standing], *, settle: bool
    ) -> RuleVerdict:
        answers = self._answers(rule, assumed)
        absolute = bound in ("min", "max")
        tell = rate_correlation if absolute else difference_correlation
        ground = Ground(
            self.domains,
            self.policy.population,
            tell(rule.metric, self.versions),
            self.attempts.alpha,
            self.attempts.alpha,
        )
        if absolute:
            reading = self._read(answers, {}, bound, limit, ground, settle=settle)
            reasons = self.stale
        else:
            paired = frozenset(self.pairing.keys if self.pairing else ())
            shared = {key: each for key, each in answers.items() if key in paired}
            old = {} if self.baseline is None else standings(rule.metric, self.baseline.cases)
            reading = self._read(shared, old, bound, limit, ground, settle=settle)
            reasons = (*self.stale, *self.unpaired)
        if reading.cases == 0 and not reasons:
            reasons = ("no data: no case of this slice bears on the metric",)
        if rule.exposure == "untrained" and self.selected is not None and rule.tier == "critical":
            reasons = (
                *reasons,
                f"what is untrained was chosen by its outcome: cases that failed in {self.selected} were taken for "
                "training; hold cases out (harness suites split --holdout 0.3), or leave whole domains untrained",
            )
        result: Result = "INSUFFICIENT_EVIDENCE" if reasons else reading.result
        by_domain = reading.population == "domains"
        return RuleVerdict(
            rule,
            bound,
            limit,
            result,
            reading,
            tuple(reasons),
            ground.correlation.value if by_domain else None,
            ground.correlation.versions if by_domain else (),
        )

    def _answers(self, rule: Rule, assumed: Mapping[str, Standing]) -> Answered:
        """How every case of the slice stood in each attempt. Held-out cases alone where an untrained rule has some."""
        cases = [case for case in self.candidate.cases if in_slice(rule, case)]
        if rule.exposure == "untrained" and any(HELD_OUT in case.tags for case in cases):
            cases = [case for case in cases if HELD_OUT in case.tags]
        digests = {case.key: case.digest for case in cases}
        found: dict[str, list[Standing]] = {}
        for run in self.attempts.runs:
            own = run.run_id == self.candidate.run_id
            same = cases if own else [case for case in run.cases if digests.get(case.key) == case.digest]
            for key, standing in standings(rule.metric, same).items():
                found.setdefault(key, []).append(assumed.get(key, standing) if own else standing)
        return found

    def _read(
        self,
        new: Answered,
        old: Mapping[str, Standing],
        bound: Bound,
        limit: float,
        ground: Ground,
        *,
        settle: bool,
    ) -> Reading:
        def read(some: Answered, on: Ground) -> Reading:
            if bound in ("min", "max"):
                return read_rate(some, bound, limit, on, settle=settle)
            return read_difference(some, old, bound, limit, on, settle=settle)

        looks = self.candidate.looks
        # a sequential run is a first attempt: with others it is read on all answers together
        if looks is not None and self.attempts.number == 1:
            return first_answer(looks, new, bound, limit, ground=ground, read=read)
        return read(new, ground)

    def _concentration(self) -> Concentration | None:
        if self.baseline is None or self.pairing is None or not self.pairing.keys:
            return None
        return concentration(self.candidate, self.baseline, self.pairing)

    def _held_back(self, crowds: Concentration | None, *, partial_runs: bool) -> tuple[str, ...]:
        reasons = [*self.stale]
        if self.candidate.partial:
            why = self.candidate.partial_reason or "narrowed or stopped"
            reasons.append(f"the run is partial ({why}): it covers only some of the cases, and is never GO")
        reasons += self.attempts.reasons(self.policy)
        if self.policy.concentration == "critical" and crowds is not None and crowds.significant and crowds.crowd:
            crowd = crowds.crowd
            reasons.append(f"{crowd.marked} of {crowd.size} cases of {crowd.slice} are newly broken")
        if partial_runs and not self.candidate.partial:
            reasons += [
                f"partial run {run.run_id} breaches a critical rule, and a breach holds back a GO of any other run of "
                f"{run.label}"
                for run in self.attempts.partial
                if _Judgement(run, self.baseline, self.policy, self.now, ()).verdict({}).verdict == "NO-GO"
            ]
        return tuple(reasons)

    def _judged(self, rules: Sequence[RuleVerdict]) -> Judged | None:
        versions = judged_versions(self.candidate, self.past)
        if len(versions) <= _FEW_VERSIONS:
            return None
        floor = next((rule for rule in rules if rule.bound == "min" and rule.reading.size), None)
        if floor is None or floor.reading.size is None:
            return Judged(versions, None, None)
        best = expected_best(len(versions), floor.reading.size.effective, floor.limit)
        return Judged(versions, floor.limit, best)

    def _next(self, verdict: Verdict, rules: Sequence[RuleVerdict]) -> NextStep:
        critical = [rule for rule in rules if rule.rule.tier == "critical"]
        return next_step(
            Situation(
                verdict,
                self.candidate,
                self.baseline,
                stale=bool(self.stale),
                unpaired=bool(self.unpaired) and any(rule.bound in ("max_drop", "max_rise") for rule in critical),
                exhausted=self.attempts.number > MOST_ATTEMPTS,
                wider=self.attempts.wider,
                readings=[rule.reading for rule in critical if rule.result == "INSUFFICIENT_EVIDENCE"],
            )
        )


def _fold(rules: Sequence[RuleVerdict], *, held_back: bool) -> Verdict:
    """All critical rules must hold at once: an intersection-union test, whose error is that of one rule."""
    critical = [rule.result for rule in rules if rule.rule.tier == "critical"]
    supporting = [rule.result for rule in rules if rule.rule.tier == "supporting"]
    if "BREACH" in critical:
        return "NO-GO"
    passed = all(result == "PASS" for result in critical) and "BREACH" not in supporting
    return "GO" if passed and not held_back else "INCONCLUSIVE"
