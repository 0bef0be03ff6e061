"""What a suite can prove under a policy, before a single request is paid for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

from harness.decisions.bounds import ALPHA
from harness.decisions.metrics import in_headline
from harness.decisions.population import ASSUMED, Correlation, Population, rate_correlation, same_suite
from harness.decisions.standing import in_slice, standing
from harness.records.policy import Bound, GatePolicy, Rule
from harness.records.run import CaseResult, RunRecord
from harness.statistics.noninferiority import (
    critical_score,
    pairs_for_margin,
    passing_excess,
    power_of_non_inferiority,
    settling_pairs,
    size_at_margin,
)
from harness.statistics.paired import tango_scores
from harness.statistics.power import allowed_failures, breaching_failures, cases_for_min, clean_cases_for, power_of_min
from harness.statistics.rates import ASSUMED_CORRELATION, LEAST_DOMAINS, Size, size_of
from harness.statistics.sequential import looks, pair_boundary, rate_boundary, stratified_order

if TYPE_CHECKING:
    import numpy as np

    Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    Counts = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


_NORMAL = NormalDist()
_SEED = 20260101
_DRAWN_AT_ONCE = 250_000


@dataclass(frozen=True, slots=True)
class Truth:
    """What is so. Rates are shares of cases; `discordant` turn better, and as many and the drop turn worse."""

    new_rate: float
    old_rate: float
    discordant: float
    correlation: float = 0.0
    """Of two cases of a domain."""

    @property
    def cells(self) -> tuple[float, float, float, float]:
        """Worse, better, wrong in both, right in both; as discordant as the two rates allow."""
        better = min(self.discordant, 1 - self.old_rate, self.new_rate)
        worse = better + self.old_rate - self.new_rate
        if worse < 0:
            better, worse = self.new_rate - self.old_rate, 0.0
        wrong = max(0.0, 1 - self.new_rate - worse)
        return worse, better, wrong, max(0.0, 1 - worse - better - wrong)


@dataclass(frozen=True, slots=True)
class Chances:
    """Shares of the runs drawn, and the mean number of cases that one asks before it stops."""

    go: float
    no_go: float
    mean_cases: float

    @property
    def inconclusive(self) -> float:
        return 1 - self.go - self.no_go


@dataclass(frozen=True, slots=True)
class Ruled:
    """A bound with the positions of its cases in the order in which they are asked."""

    rule: Rule
    bound: Bound
    limit: float
    places: tuple[int, ...]

    @property
    def absolute(self) -> bool:
        return self.bound in ("min", "max")

    @property
    def minimum(self) -> float:
        return self.limit if self.bound == "min" else 1 - self.limit


def size_in(
    domains: Sequence[str], population: Population, correlation: float = ASSUMED_CORRELATION, alpha: float = ALPHA
) -> Size:
    """The effective number of cases of these domains, as the gate takes it."""
    by_domain = population == "domains" and len(set(domains)) >= LEAST_DOMAINS
    return size_of([(1, domain) for domain in domains], correlation, alpha, by_domain=by_domain)


def bearing(rule: Rule, cases: Sequence[CaseResult]) -> list[int]:
    """Positions of the cases that the rule is about, whatever their outcome was."""
    asked = [case if in_slice(rule, case) else None for case in _before_answers(cases)]
    counted = {id(case) for case in in_headline(rule.metric, [case for case in asked if case is not None])}
    return [
        place
        for place, case in enumerate(asked)
        if case is not None and id(case) in counted and standing(rule.metric, case) is not None
    ]


def _before_answers(cases: Sequence[CaseResult]) -> list[CaseResult]:
    return [case if case.outcome == "unscored" else case.model_copy(update={"outcome": "unscored"}) for case in cases]


def chances(
    cases: Sequence[CaseResult],
    policy: GatePolicy,
    truth: Truth,
    *,
    correlation: float = ASSUMED_CORRELATION,
    sequential: bool = False,
    runs: int = 2000,
    seed: int = _SEED,
) -> Chances:
    """The chance of a GO and of a NO-GO of one run that answers all cases, and what a sequential one asks.

    `correlation` is what the gate takes for true of domains before the run; `truth` has the one that is.
    """
    import numpy as np

    cases = _before_answers(cases)
    domains = [case.domain for case in cases]
    order = stratified_order(dict(enumerate(domains)), seed)
    position = {place: at for at, place in enumerate(order)}
    ruled = [
        Ruled(rule, bound, limit, tuple(sorted(position[place] for place in places)))
        for rule in policy.rules
        if rule.tier == "critical"
        for places in [bearing(rule, cases)]
        for bound, limit in rule.bounds
    ]
    sizes = looks(len(cases)) if sequential else (len(cases),)
    asked = [domains[place] for place in order]
    passed = np.full(runs, 0)
    breached = np.full(runs, len(sizes))
    reached = [(one, [int(count) for count in np.searchsorted(one.places, sizes)]) for one in ruled]
    drawn = _counted(np.random.default_rng(seed), asked, truth, runs, reached)
    for (one, counts), (worse, better, wrong) in zip(reached, drawn, strict=True):
        own = [asked[place] for place in one.places]
        grounds = [size_in(own[:count], policy.population, correlation) for count in counts]
        if one.absolute:
            good, bad = _rates(one, worse + wrong, counts, grounds, sequential=sequential)
        else:
            good, bad = _pairs(one, worse, better, counts, grounds, sequential=sequential)
        passed = np.maximum(passed, _first(good))
        breached = np.minimum(breached, _first(bad))
    go = passed < breached
    no_go = (breached < len(sizes)) & ~go
    stop = np.minimum(np.minimum(passed, breached), len(sizes) - 1)
    return Chances(float(go.mean()), float(no_go.mean()), float(np.array(sizes)[stop].mean()))


def _first(hits: Flags) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Column of the first hit of each row; the number of columns where there is none."""
    import numpy as np

    return np.where(hits.any(axis=1), hits.argmax(axis=1), hits.shape[1])


def _counted(
    generator: np.random.Generator,
    domains: Sequence[str],
    truth: Truth,
    runs: int,
    reached: Sequence[tuple[Ruled, Sequence[int]]],
) -> list[tuple[Counts, Counts, Counts]]:
    """By bound: how many of its cases are worse, better and wrong in both, by run and look.

    Runs are drawn some at a time: all of them at once, case by case, take 700 MB for 5,000 cases.
    """
    import numpy as np

    found = [tuple(np.zeros((runs, len(counts))) for _ in range(3)) for _, counts in reached]
    members = [np.zeros((len(domains), len(counts)), dtype=np.float32) for _, counts in reached]
    for (one, counts), member in zip(reached, members, strict=True):
        for look, count in enumerate(counts):
            member[list(one.places[:count]), look] = 1
    start = 0
    for drawn in _drawn(generator, domains, truth, runs):
        for what, flags in enumerate(drawn):
            hits = flags.astype(np.float32)  # exact up to 16 million cases
            for tables, member in zip(found, members, strict=True):
                tables[what][start : start + len(hits)] = hits @ member
        start += len(drawn[0])
    return [(worse, better, wrong) for worse, better, wrong in found]


def _drawn(
    generator: np.random.Generator, domains: Sequence[str], truth: Truth, runs: int
) -> Iterator[tuple[Flags, Flags, Flags]]:
    """Worse, better and wrong in both, by run and case, for some runs after others."""
    import numpy as np

    cells = np.array(truth.cells)
    names = {name: at for at, name in enumerate(sorted(set(domains)))}
    where = np.array([names[domain] for domain in domains], dtype=np.intp)
    if truth.correlation > 0:
        precision = 1 / truth.correlation - 1
        shares = generator.standard_gamma(np.maximum(cells * precision, 1e-12), size=(runs, len(names), 4))
        shares /= np.maximum(shares.sum(axis=2, keepdims=True), 1e-300)
    else:
        shares = np.broadcast_to(cells, (1, len(names), 4))
    steps = shares.cumsum(axis=2)
    at_once = max(1, _DRAWN_AT_ONCE // max(1, len(domains)))
    for start in range(0, runs, at_once):
        count = min(at_once, runs - start)
        own = steps[start : start + count] if len(steps) == runs else steps
        dice = generator.random((count, len(domains)))
        worse = dice < own[:, where, 0]
        better = ~worse & (dice < own[:, where, 1])
        yield worse, better, ~worse & ~better & (dice < own[:, where, 2])


def _rates(
    one: Ruled, failures: Counts, reached: Sequence[int], grounds: Sequence[Size], *, sequential: bool
) -> tuple[Flags, Flags]:
    import numpy as np

    passing, breaching = ALPHA, ALPHA
    if sequential and _increasing(reached):
        strict = rate_boundary(_increasing(reached), one.minimum)
        passing, breaching = strict.passing, strict.breaching
    good = np.zeros((len(failures), len(reached)), dtype=bool)
    bad = np.zeros_like(good)
    for look, (count, size) in enumerate(zip(reached, grounds, strict=True)):
        if count == 0:
            continue
        worth = size.effective / count
        allowed = allowed_failures(int(count), one.minimum, passing, worth=worth)
        least = breaching_failures(int(count), one.minimum, breaching, worth=worth)
        seen = failures[:, look]
        good[:, look] = seen <= (-1 if allowed is None else allowed)
        bad[:, look] = seen >= (count + 1 if least is None else least)
    return good, bad


def _pairs(
    one: Ruled,
    worse: Counts,
    better: Counts,
    reached: Sequence[int],
    grounds: Sequence[Size],
    *,
    sequential: bool,
) -> tuple[Flags, Flags]:
    import numpy as np

    good = np.zeros((len(worse), len(reached)), dtype=bool)
    bad = np.zeros_like(good)
    strict = pair_boundary(_increasing(reached), one.limit) if sequential and _increasing(reached) else None
    for look, (count, size) in enumerate(zip(reached, grounds, strict=True)):
        if count == 0 or size.effective < 1:
            continue
        worth = size.effective / count
        pairs = np.full(len(worse), size.effective)
        scores = tango_scores(worth * better[:, look], worth * worse[:, look], pairs, -one.limit)
        passing = strict.passing if strict else critical_score(int(size.effective), one.limit, ALPHA)
        breaching = strict.breaching if strict else _NORMAL.inv_cdf(1 - ALPHA)
        good[:, look] = scores > passing
        bad[:, look] = scores < -breaching
    return good, bad


def _increasing(reached: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted({int(count) for count in reached if count > 0}))


def with_samples(truth: Truth, samples: int) -> Truth:
    """The same models asked several times a case, where a case is right only if all samples are (pass^n).

    Samples are taken as independent, which is the hardest that can be: models that fail the same cases do better.
    """
    if samples == 1:
        return truth
    new, old = truth.new_rate**samples, truth.old_rate**samples
    return replace(truth, new_rate=new, old_rate=old, discordant=new * (1 - old))


POWER = 0.8
"""The power that a number of cases is asked for."""

SAMPLES = (1, 3, 5)
"""Samples a case for which the chance of a GO is worked out."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """What the planner takes for true. All are shares."""

    good_rate: float = 0.98
    """Rate of cases on the good side of a metric, for `min` and `max`."""
    discordant: float = 0.01
    """Rate of cases that turn worse, and of cases that turn better, for `max_drop` and `max_rise`."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One bound of one rule against the cases that there are.

    `least` is the fewest independent cases that can pass at all, all of them clean or alike; `needed` the independent
    ones from which on there is 80 % power under the assumption. None where no number does. What `cases` are worth is in
    `size`: `power`, `allowed` and `error` are at its effective number.
    """

    rule: Rule
    bound: Bound
    limit: float
    cases: int
    size: Size
    least: int | None
    needed: int | None
    power: float
    allowed: int | None
    """Failures (or worse pairs, with no better ones) with which the cases still pass."""
    error: float | None
    """Largest chance of a false pass at exactly the margin, for independent pairs.

    None for absolute bounds, where it is at most 5 %.
    """

    @property
    def possible(self) -> bool:
        return self.allowed is not None


@dataclass(frozen=True, slots=True)
class RequestPrice:
    """What one answer cost in an earlier run."""

    per_request: float
    currency: str | None
    run: str
    """`name@version` of that run."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """The chance of a GO of a version that is as good as its baseline, with so many samples a case."""

    samples: int
    chances: Chances


@dataclass(frozen=True, slots=True)
class Plan:
    """The lines in the order of the policy, and what they assume."""

    policy: GatePolicy
    assumption: Assumption
    cases: int
    domains: int
    correlation: Correlation
    lines: tuple[PlanLine, ...]
    prospects: tuple[Prospect, ...]
    """Of all critical rules together, at the rates assumed, by samples a case."""
    sequential: Chances
    """The same for one sample a case with `--sequential`, and the mean number of cases it asks."""
    price: RequestPrice | None = None

    @property
    def possible(self) -> bool:
        """Whether a GO can come out of these cases at all."""
        return all(line.possible for line in self.lines if line.rule.tier == "critical")

    @property
    def speaks_for_domains(self) -> bool:
        return self.policy.population == "domains" and self.domains >= LEAST_DOMAINS


def plan(
    cases: Sequence[CaseResult],
    policy: GatePolicy,
    assumption: Assumption | None = None,
    versions: Sequence[RunRecord] = (),
    *,
    model: str | None = None,
    runs: int = 2000,
) -> Plan:
    """Plan with cases as they are in a suite (`pending`) or in an earlier run; their outcomes are not looked at.

    `versions` are earlier runs, oldest first: from those on these cases it is estimated how much the cases of a domain
    have in common, and from the latest of `model` what an answer costs.
    """
    assumed = assumption or Assumption()
    cases = _before_answers(cases)
    on_these = [run for run in versions if same_suite(cases, run)]
    correlation = rate_correlation("alignment_rate", on_these) if on_these else ASSUMED
    lines = []
    for rule in policy.rules:
        domains = [cases[place].domain for place in bearing(rule, cases)]
        size = size_in(domains, policy.population, correlation.value)
        for bound, limit in rule.bounds:
            line = _absolute if bound in ("min", "max") else _paired
            lines.append(line(rule, bound, limit, size, assumed))
    spread = correlation.value if policy.population == "domains" else 0.0
    truth = Truth(assumed.good_rate, assumed.good_rate, assumed.discordant, spread)
    prospects = tuple(
        Prospect(
            samples, chances(cases, policy, with_samples(truth, samples), correlation=correlation.value, runs=runs)
        )
        for samples in SAMPLES
    )
    early = chances(cases, policy, truth, correlation=correlation.value, sequential=True, runs=runs)
    count = len({case.domain for case in cases})
    price = next((found for run in reversed(versions) if run.model == model and (found := _price(run))), None)
    return Plan(policy, assumed, len(cases), count, correlation, tuple(lines), prospects, early, price)


def _price(run: RunRecord) -> RequestPrice | None:
    costs = [sample.cost for case in run.cases for sample in case.samples if sample.cost is not None]
    return RequestPrice(math.fsum(costs) / len(costs), run.currency, run.label) if costs else None


def _absolute(rule: Rule, bound: Bound, limit: float, size: Size, assumed: Assumption) -> PlanLine:
    minimum = limit if bound == "min" else 1 - limit
    cases, effective = size.answers, round(size.effective)
    return PlanLine(
        rule,
        bound,
        limit,
        cases,
        size,
        least=clean_cases_for(minimum, ALPHA),
        needed=cases_for_min(assumed.good_rate, minimum, POWER, ALPHA),
        power=power_of_min(effective, assumed.good_rate, minimum, ALPHA),
        allowed=allowed_failures(cases, minimum, ALPHA, worth=size.effective / cases) if cases else None,
        error=None,
    )


def _paired(rule: Rule, bound: Bound, limit: float, size: Size, assumed: Assumption) -> PlanLine:
    rate, cases, pairs = assumed.discordant, size.answers, int(size.effective)
    if limit == 0 or pairs == 0:
        needed = pairs_for_margin(limit, rate, rate, POWER, ALPHA) if limit else None
        return PlanLine(rule, bound, limit, cases, size, _least_pairs(limit), needed, 0.0, None, None)
    passing = passing_excess(pairs, limit, ALPHA)
    without_better = [worse for worse, better in enumerate(passing) if better == 0]
    allowed = max(without_better, default=None)
    return PlanLine(
        rule,
        bound,
        limit,
        cases,
        size,
        least=_least_pairs(limit),
        needed=pairs_for_margin(limit, rate, rate, POWER, ALPHA),
        power=power_of_non_inferiority(pairs, limit, rate, rate, ALPHA),
        # a case counts for less than one pair, so that more of them may be worse
        allowed=None if allowed is None else int(allowed * cases / size.effective),
        error=size_at_margin(pairs, limit, ALPHA),
    )


def _least_pairs(margin: float) -> int | None:
    """Pairs, all alike, whose lower bound is above -margin.

    None for a margin of 0, which only a gain can pass.
    """
    return settling_pairs(0, 0, 0, margin, ALPHA) if margin else None
