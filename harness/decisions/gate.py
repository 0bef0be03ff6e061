"""May this version be promoted? Three answers: GO, NO-GO, and INCONCLUSIVE for not enough evidence."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from harness.decisions.bounds import Answered, Reading, Result, first_answer, read_difference, read_rate
from harness.decisions.concentration import Broken, Concentration, concentration, failing, selected_by_outcome
from harness.decisions.evidence import (
    Attempts,
    Coverage,
    attempts,
    candidate_reasons,
    coverage,
    fuller_run,
    judged_versions,
    newest_first,
    pairing_reasons,
    possible_baseline,
)
from harness.decisions.population import (
    MOST_ATTEMPTS,
    Ground,
    difference_correlation,
    earlier_versions,
    rate_correlation,
    unchanged,
)
from harness.decisions.run_summary import RunSummary, age_days
from harness.decisions.standing import (
    Pairing,
    Standing,
    in_slice,
    pair,
    same_run,
    standings,
    standings_by_name,
    under_names_of,
)
from harness.records.case import HELD_OUT
from harness.records.policy import Bound, GatePolicy, Rule
from harness.records.run import CaseResult, RunRecord
from harness.statistics.power import expected_best


@dataclass(frozen=True, slots=True)
class NextStep:
    """`command` makes `requests` requests; `cost` is what as many answers cost in the candidate's run, if known."""

    why: str
    command: str
    requests: int = 0
    cost: float | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What the next step depends on. `readings` are those of critical rules that are not settled."""

    verdict: str
    candidate: RunRecord
    baseline: RunRecord | None
    stale: bool  # the answers are not evidence: a replay, too old, or without a date
    unpaired: bool
    exhausted: bool  # no further attempt can be a GO
    coverage: Coverage
    wider: RunRecord | None  # a run of the version with the cases that the candidate lacks
    breaching: RunRecord | None  # another run of the version whose breach holds back a GO
    other: RunRecord | None  # a run of another version that could be the baseline
    no_data: str | None  # a critical rule to which no case applies
    readings: Sequence[Reading]


def next_step(now: Situation) -> NextStep:
    """The step that helps most, cheapest first: look, fix the call, ask again, and only then add cases."""
    if now.verdict == "GO":
        return NextStep("make it what the next one is measured against", f"harness runs baseline {now.candidate.label}")
    if now.verdict == "NO-GO":
        return NextStep("see what broke", _look(now))
    return _another_call(now) or _another_run(now) or _more_answers(now)


def _look(now: Situation) -> str:
    run, base = now.candidate, now.baseline
    named = run.run_id if run.partial else run.label  # the name of a version means its run of all cases
    return f"harness compare {base.label} {named}" if base is not None else f"harness runs show {named}"


def _another_call(now: Situation) -> NextStep | None:
    run, base = now.candidate, now.baseline
    if base is None and now.unpaired:
        return _a_baseline(run, now.other)
    if base is not None and same_run(base, run):
        command = f"harness gate --candidate {run.label} --baseline RUN"
        return NextStep("name another run to measure it against", command)
    return None


def _a_baseline(run: RunRecord, other: RunRecord | None) -> NextStep:
    if other is None:
        return NextStep("make it what the next one is measured against", f"harness runs baseline {run.label}")
    owner = "" if other.model == run.model else f" --for {run.model}"
    return NextStep("name what it must not fall behind", f"harness runs baseline {other.label}{owner}")


def _another_run(now: Situation) -> NextStep | None:
    run, base = now.candidate, now.baseline
    if now.stale:
        return _asked("answers of today", _command(run, _LIVE), run, max(len(run.cases), now.coverage.wanted))
    if now.wider is not None:
        return NextStep("judge the run that holds all cases", f"harness gate --candidate {now.wider.run_id}")
    if now.exhausted:
        return NextStep("no further attempt can be a GO; see what fails, and make a new version", _look(now))
    if not now.coverage.whole:
        return _asked("a run of all cases", _command(run, _FILLED_UP), run, now.coverage.wanted)
    if run.partial:
        cases = len(run.cases) if base is None else max(len(base.cases), len(run.cases))
        return _asked("a complete run", _command(run, _FILLED_UP), run, cases)
    if now.unpaired and base is not None:
        command = _command(run, "--cassette-mode=live", base.model)
        return _asked("the baseline on the same cases", command, run, len(run.cases))
    if now.breaching is not None:
        return NextStep("see what broke in the run that holds it back", f"harness runs show {now.breaching.run_id}")
    return None


def _more_answers(now: Situation) -> NextStep:
    run = now.candidate
    if now.no_data is not None:
        return NextStep(f"no case applies to {now.no_data}: {_NO_CASE}", "harness gate --plan")
    unscored = [case for case in run.cases if case.outcome == "unscored"]
    if any(reading.reask for reading in now.readings):
        return _again(run, unscored)
    if any(reading.further for reading in now.readings):
        return NextStep("add cases, in new domains above all: the plan says how many", "harness gate --plan")
    if unscored and any(reading.unscored for reading in now.readings):
        return _again(run, unscored)
    return NextStep("see what fails: more answers of the same kind will not settle it", _look(now))


def _samples(run: RunRecord) -> int:
    return max((len(case.samples) for case in run.cases), default=1) or 1


def _command(run: RunRecord, options: str, model: str | None = None) -> str:
    samples = _samples(run)
    return f"pytest --model={model or run.model}{f' --samples={samples}' if samples > 1 else ''} {options}"


_NO_CASE = "add some, or take its rule out by [[tool.harness.gate.rules]] of your own, in place of all default ones"
_LIVE = "--gate --cassette-mode=live"
_FILLED_UP = "--gate --cassette-mode=record"


def _again(run: RunRecord, unscored: Sequence[CaseResult]) -> NextStep:
    cut = sum(sample.reason == "length" for case in unscored for sample in case.samples)
    why, options, cases = f"ask the {len(unscored)} unscored cases again", _FILLED_UP, len(unscored)
    if cut:
        why += f"; {cut} answers were cut off: raise max_tokens first, and all are asked again"
        cases = len(run.cases)
    elif run.mode == "live" or any(one.reason and one.recorded_at for case in unscored for one in case.samples):
        why = f"ask all cases again, for {len(unscored)} are unscored; record asks only for what is not recorded"
        options, cases = _LIVE, len(run.cases)
    return _asked(why, _command(run, options), run, cases)


def _asked(why: str, command: str, run: RunRecord, cases: int) -> NextStep:
    requests = _samples(run) * cases
    costs = [sample.cost for case in run.cases for sample in case.samples if sample.cost is not None]
    cost = requests * math.fsum(costs) / len(costs) if costs else None
    return NextStep(why, command, requests, cost, run.currency if costs else None)


Verdict = Literal["GO", "NO-GO", "INCONCLUSIVE"]

EXIT_CODES: dict[Verdict, int] = {"GO": 0, "NO-GO": 1, "INCONCLUSIVE": 2}

_DELIVERED = Rule(metric="delivered_rate", max_drop=0.05, tier="advisory")

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
    correlation: float | None = None  # of two cases of a domain, where the bound speaks for domains
    estimated_from: tuple[str, ...] = ()
    """The earlier versions that the correlation was estimated from; empty where it is assumed."""
    is_uneven: bool = False  # in size: the domains cannot show a lower correlation than is assumed


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
    """The runs of the candidate's version that were read, newest first."""
    too_old: int = 0
    """Runs of it that were not read, since their answers are older than the policy accepts."""
    attempts: int = 1
    """Complete fresh runs of the version on these cases, this one included."""
    alpha: float = 0.05
    """Error of each bound at this attempt, on its own side."""
    judged: Judged | None = None
    """None while two versions or fewer were judged."""
    concentration: Concentration | None = None
    failing: tuple[Broken, ...] = ()
    """The worst slices of the candidate by itself."""
    undelivered: Reading | None = None
    """Tool calls that the server no longer delivers as calls, where the policy has no rule about that."""
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
    *,
    core: Sequence[CaseResult] = (),
) -> GateVerdict:
    """Judge a candidate by a policy.

    Pure: the same records and the same `now` (with a zone) give the same verdict.

    `past` are the other runs that are known: those of the candidate's version, whose complete fresh ones are attempts,
    and the latest complete run of every other version, from which it is estimated how much the cases of a domain have
    in common. `core` are the cases that a run without names asks: one that lacks some of those that the policy is about
    is not a GO. Empty where no suites are known; then a run is taken to be whole unless an earlier one holds more.
    """
    return _Judgement(candidate, baseline, policy, now, past, core=core).verdict({}, full=True)


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


_Slice = tuple[str | None, ...]
"""Exposure, domain, suite, tag and language of the cases that a rule looks at."""


class _Judgement:
    """Everything that is fixed before a rule is read."""

    def __init__(
        self,
        candidate: RunRecord,
        baseline: RunRecord | None,
        policy: GatePolicy,
        now: datetime,
        past: Collection[RunRecord],
        *,
        core: Sequence[CaseResult] = (),
    ) -> None:
        self.candidate, self.policy, self.now, self.past = candidate, policy, now, past
        self.baseline = baseline = None if baseline is None else under_names_of(candidate, baseline)
        self.core = core
        self.coverage = coverage(candidate, core, policy)
        self.attempts: Attempts = attempts(candidate, past, policy, now)
        self.stale = candidate_reasons(RunSummary.of(candidate), policy, now)
        self.pairing: Pairing | None = None if baseline is None else pair(candidate, baseline)
        self.unpaired = pairing_reasons(candidate, baseline, self.pairing, policy, now)
        known = {(run.label, run.run_id): run for run in (*past, *(() if baseline is None else (baseline,)))}
        versions = earlier_versions(candidate, list(known.values()))
        self.versions = tuple(under_names_of(candidate, run) for run in versions)
        self.domains = {case.key: case.domain for run in (*self.attempts.runs, candidate) for case in run.cases}
        self.selected = self._selected()
        self._asked: dict[_Slice, tuple[tuple[RunRecord, dict[str, CaseResult]], ...]] = {}
        self._standings: dict[tuple[str, _Slice], tuple[tuple[RunRecord, dict[str, Standing]], ...]] = {}

    def _selected(self) -> str | None:
        if all(rule.exposure != "untrained" for rule in self.policy.rules):
            return None
        return selected_by_outcome(self.candidate, self.versions)

    def verdict(self, assumed: Mapping[str, Standing], *, full: bool = False) -> GateVerdict:
        """The verdict if the cases in `assumed` have these standings. `full` works out what would settle it, and where
        failures are; without it only the verdict itself is worked out.
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
            next=self._next(found, rules, full=full),
            runs=newest_first({run.run_id: run for run in (*self.past, self.candidate)}.values(), ours.label),
            attempts=self.attempts.number,
            alpha=self.attempts.alpha,
            judged=self._judged(rules) if full else None,
            concentration=crowds,
            failing=failing(self.candidate) if full else (),
            undelivered=self._undelivered() if full else None,
            looks=() if looks is None else tuple(size for size in looks.sizes if size <= len(looks.asked)),
            planned=None if looks is None else looks.planned,
        )

    def _rule(
        self, rule: Rule, bound: Bound, limit: float, assumed: Mapping[str, Standing], *, settle: bool
    ) -> RuleVerdict:
        absolute = bound in ("min", "max")
        # a run is not paired with itself: that it does not differ is not evidence
        itself = self.baseline.run_id if self.baseline is not None and not absolute else None
        answers = self._answers(rule, assumed, without=itself)
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
            looks = self.candidate.looks
            before_looking = looks is not None and len(looks.asked) < min(looks.sizes, default=0)
            none = "no data: no case of this slice counts in the metric"
            reasons = ("the run stopped before its first look",) if before_looking else (none,)
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
            by_domain and ground.correlation.is_uneven,
        )

    def _answers(self, rule: Rule, assumed: Mapping[str, Standing], *, without: str | None = None) -> Answered:
        """How every case of the slice stood in each attempt but `without`, a run id.

        Held-out cases alone where an untrained rule has some.
        """
        found: dict[str, list[Standing]] = {}
        for run, stood in self._stood(rule):
            own = run.run_id == self.candidate.run_id
            if own or run.run_id != without:
                for key, standing in stood.items():
                    found.setdefault(key, []).append(assumed.get(key, standing) if own else standing)
        return found

    def _stood(self, rule: Rule) -> tuple[tuple[RunRecord, dict[str, Standing]], ...]:
        """Of each attempt, the standing of the cases of the slice, by key of the candidate: once a metric and slice.

        A rule has several bounds, and a sequential run is judged after each look.
        """
        looked_at = (rule.exposure, rule.domain, rule.suite, rule.tag, rule.language)
        if looked_at not in self._asked:
            cases = [case for case in self.candidate.cases if in_slice(rule, case)]
            if rule.exposure == "untrained" and any(HELD_OUT in case.tags for case in cases):
                cases = [case for case in cases if HELD_OUT in case.tags]
            own = {case.key: case for case in cases}
            self._asked[looked_at] = tuple(
                (run, own if run.run_id == self.candidate.run_id else unchanged(cases, run))
                for run in self.attempts.runs
            )
        if (rule.metric, looked_at) not in self._standings:
            found = []
            for run, same in self._asked[looked_at]:
                found.append((run, standings_by_name(rule.metric, same)))
            self._standings[rule.metric, looked_at] = tuple(found)
        return self._standings[rule.metric, looked_at]

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

    def _undelivered(self) -> Reading | None:
        """A call that a model writes as text is read as a call, so that alignment does not show it.

        None unless it is proven that more than five points fewer are delivered.
        """
        if any(rule.metric == _DELIVERED.metric for rule in self.policy.rules):
            return None
        [(bound, limit)] = _DELIVERED.bounds
        reading = self._rule(_DELIVERED, bound, limit, {}, settle=False).reading
        return reading if reading.result == "BREACH" else None

    def _held_back(self, crowds: Concentration | None, *, partial_runs: bool) -> tuple[str, ...]:
        reasons = [*self.stale]
        if self.candidate.partial:
            why = self.candidate.partial_reason or "narrowed or stopped"
            reasons.append(f"the run is partial ({why}): it covers only some of the cases, and is never GO")
        elif not self.coverage.whole:
            held, wanted = self.coverage.held, self.coverage.wanted
            reasons.append(
                f"it holds {held} of the {wanted} cases that this policy is about (what a run without --suites asks): "
                "a selection does not stand for its version"
            )
        elif (wider := self.wider) is not None:
            reasons.append(
                f"it holds only some of the {len(wider.cases)} cases of run {wider.run_id}: a selection does not "
                "stand for its version"
            )
        reasons += self.attempts.reasons(self.policy)
        if self.policy.concentration == "critical" and crowds is not None and crowds.significant and crowds.crowd:
            crowd = crowds.crowd
            reasons.append(f"{crowd.marked} of {crowd.size} cases of {crowd.slice} are newly broken")
        if partial_runs:
            reasons += [
                f"{'partial run' if run.partial else 'the earlier run'} {run.run_id} breaches a critical rule even if "
                f"all cases that it did not ask are right, and a breach holds back a GO of any other run of {run.label}"
                for run in self.breaching
            ]
        return tuple(reasons)

    @cached_property
    def wider(self) -> RunRecord | None:
        """A run of the version that holds what the candidate, a selection, does not."""
        return fuller_run(self.candidate, self.past, self.policy, self.now, self.core)

    @cached_property
    def breaching(self) -> tuple[RunRecord, ...]:
        """Runs of the version beside its attempts that prove a critical rule broken."""
        if self.candidate.partial:
            return ()
        return tuple(run for run in (*self.attempts.partial, *self.attempts.changed) if self._breaches(run))

    def _breaches(self, run: RunRecord) -> bool:
        """Whether it is broken even if all of the candidate's cases that the run did not ask are right.

        So cases of other suites say nothing here, nor do a few that failed before and were asked again to look at them.
        """
        asked = unchanged(self.candidate.cases, run)
        cases = [
            case.model_copy(update={"samples": asked[case.key].samples, "outcome": asked[case.key].outcome})
            if case.key in asked
            else case.model_copy(update={"samples": (), "outcome": "unscored"})
            for case in self.candidate.cases
        ]
        whole = run.model_copy(update={"cases": tuple(cases), "partial": True, "looks": None})
        good: dict[str, Standing] = {case.key: "good" for case in cases if case.key not in asked}
        return _Judgement(whole, self.baseline, self.policy, self.now, ()).verdict(good).verdict == "NO-GO"

    def _judged(self, rules: Sequence[RuleVerdict]) -> Judged | None:
        versions = judged_versions(self.candidate, self.past)
        if len(versions) <= _FEW_VERSIONS:
            return None
        floor = next((rule for rule in rules if rule.bound == "min" and rule.reading.size), None)
        if floor is None or floor.reading.size is None:
            return Judged(versions, None, None)
        best = expected_best(len(versions), floor.reading.size.effective, floor.limit)
        return Judged(versions, floor.limit, best)

    def _next(self, verdict: Verdict, rules: Sequence[RuleVerdict], *, full: bool) -> NextStep:
        critical = [rule for rule in rules if rule.rule.tier == "critical"]
        return next_step(
            Situation(
                verdict,
                self.candidate,
                self.baseline,
                stale=bool(self.stale),
                unpaired=bool(self.unpaired) and any(rule.bound in ("max_drop", "max_rise") for rule in critical),
                exhausted=self.attempts.number > MOST_ATTEMPTS,
                coverage=self.coverage,
                wider=self.wider,
                breaching=next(iter(self.breaching), None) if full else None,
                other=possible_baseline(self.candidate, self.past) if full and self.baseline is None else None,
                no_data=next((_named(rule.rule) for rule in critical if not rule.reading.cases), None),
                readings=[rule.reading for rule in critical if rule.result == "INSUFFICIENT_EVIDENCE"],
            )
        )


def _named(rule: Rule) -> str:
    return f"{rule.metric} ({rule.slice})" if rule.slice else rule.metric


def _fold(rules: Sequence[RuleVerdict], *, held_back: bool) -> Verdict:
    """All critical rules must hold at once: an intersection-union test, whose error is that of one rule."""
    critical = [rule.result for rule in rules if rule.rule.tier == "critical"]
    supporting = [rule.result for rule in rules if rule.rule.tier == "supporting"]
    if "BREACH" in critical:
        return "NO-GO"
    passed = all(result == "PASS" for result in critical) and "BREACH" not in supporting
    return "GO" if passed and not held_back else "INCONCLUSIVE"
