"""What a suite can prove under a policy, before a single request is paid for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.decisions.bounds import ALPHA
from harness.decisions.standing import in_slice, standing
from harness.records.policy import Bound, GatePolicy, Rule
from harness.records.run import CaseResult
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

    `least` is the fewest cases that can pass at all, all of them clean or alike; `needed` those that give
    80 % power under the assumption. None where no number does.
    """

    rule: Rule
    bound: Bound
    limit: float
    cases: int
    least: int | None
    needed: int | None
    power: float
    allowed: int | None
    """Failures (or worse pairs, with no better ones) with which the cases still pass."""
    size: float | None
    """Largest chance of a false pass at exactly the margin.

    None for absolute bounds, where it is at most 5 %.
    """

    @property
    def possible(self) -> bool:
        return self.allowed is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """The lines in the order of the policy, and what they assume."""

    policy: GatePolicy
    assumption: Assumption
    cases: int
    lines: tuple[PlanLine, ...]

    @property
    def possible(self) -> bool:
        """Whether a GO can come out of these cases at all."""
        return all(line.possible for line in self.lines if line.rule.tier == "critical")


def plan(cases: Sequence[CaseResult], policy: GatePolicy, assumption: Assumption | None = None) -> Plan:
    """Plan with cases as they stand in a suite (`pending`) or in an earlier run.

    Outcomes are not looked at.
    """
    assumed = assumption or Assumption()
    lines = []
    for rule in policy.rules:
        # cases of an earlier run bear on a metric whatever their outcome was
        asked = [case.model_copy(update={"outcome": "unscored"}) for case in cases if in_slice(rule, case)]
        count = sum(standing(rule.metric, case) is not None for case in asked)
        for bound, limit in rule.bounds:
            line = _absolute if bound in ("min", "max") else _paired
            lines.append(line(rule, bound, limit, count, assumed))
    return Plan(policy, assumed, len(cases), tuple(lines))


def _absolute(rule: Rule, bound: Bound, limit: float, cases: int, assumed: Assumption) -> PlanLine:
    minimum = limit if bound == "min" else 1 - limit
    return PlanLine(
        rule,
        bound,
        limit,
        cases,
        least=clean_cases_for(minimum, ALPHA),
        needed=cases_for_min(assumed.good_rate, minimum, POWER, ALPHA),
        power=power_of_min(cases, assumed.good_rate, minimum, ALPHA),
        allowed=allowed_failures(cases, minimum, ALPHA),
        size=None,
    )


def _paired(rule: Rule, bound: Bound, limit: float, cases: int, assumed: Assumption) -> PlanLine:
    rate = assumed.discordant
    if limit == 0 or cases == 0:
        needed = pairs_for_margin(limit, rate, rate, POWER, ALPHA) if limit else None
        return PlanLine(rule, bound, limit, cases, _least_pairs(limit), needed, 0.0, None, None)
    passing = passing_excess(cases, limit, ALPHA)
    without_better = [worse for worse, better in enumerate(passing) if better == 0]
    return PlanLine(
        rule,
        bound,
        limit,
        cases,
        least=_least_pairs(limit),
        needed=pairs_for_margin(limit, rate, rate, POWER, ALPHA),
        power=power_of_non_inferiority(cases, limit, rate, rate, ALPHA),
        allowed=max(without_better, default=None),
        size=size_at_margin(cases, limit, ALPHA),
    )


def _least_pairs(margin: float) -> int | None:
    """Pairs, all alike, whose lower bound lies above -margin.

    None for a margin of 0, which only a gain can pass.
    """
    return settling_pairs(0, 0, 0, margin, ALPHA) if margin else None
