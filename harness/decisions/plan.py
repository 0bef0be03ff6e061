"""What a suite can prove under a policy, before a single request is paid for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.decisions.bounds import ALPHA
from harness.decisions.chances import Chances, Truth, bearing, chances, size_in, with_samples
from harness.decisions.ground import ASSUMED, Correlation, rate_correlation, same_suite
from harness.records.policy import Bound, GatePolicy, Rule
from harness.records.run import CaseResult, RunRecord
from harness.statistics.clusters import LEAST_DOMAINS, Size
from harness.statistics.noninferiority import (
    pairs_for_margin,
    passing_excess,
    power_of_non_inferiority,
    settling_pairs,
    size_at_margin,
)
from harness.statistics.power import allowed_failures, cases_for_min, clean_cases_for, power_of_min

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
class Price:
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
    price: Price | None = None

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


def _price(run: RunRecord) -> Price | None:
    costs = [sample.cost for case in run.cases for sample in case.samples if sample.cost is not None]
    return Price(math.fsum(costs) / len(costs), run.currency, run.label) if costs else None


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
    """Pairs, all alike, whose lower bound lies above -margin.

    None for a margin of 0, which only a gain can pass.
    """
    return settling_pairs(0, 0, 0, margin, ALPHA) if margin else None
