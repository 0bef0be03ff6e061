"""A plan as lines of a terminal and as JSON values: what the cases can prove before a request is paid for."""

from __future__ import annotations

from typing import Any

from harness.decisions.plan import Plan, PlanLine
from harness.show import figures
from harness.show.comparison import money
from harness.show.figures import bound, foreign, percent, plural, sentence, wrapped
from harness.show.verdicts import rule_name

_ASSUMED = "assumed: fewer than two earlier versions show it"


def plan_lines(plan: Plan, policy_source: str = "") -> list[str]:
    """What the cases can prove, for a terminal of 80 columns."""
    assumed = plan.assumption
    lines = [f"{plural(plan.cases, 'case')}: {'can' if plan.possible else 'CANNOT'} bear a GO under this policy"]
    lines += wrapped(_population(plan))
    lines.append("")
    for line in plan.lines:
        lines.append(f"  {rule_name(line)}  ({line.rule.tier})")
        for phrase in _plan_sentences(line):
            lines += wrapped(phrase, indent="      ")
    lines += ["", "  Chance of a GO, all critical rules together, of a version as good as its base:"]
    rows = [["samples a case", "GO", "requests", "cost"]]
    for one in plan.prospects:
        requests = plan.cases * one.samples
        rows.append([str(one.samples), percent(one.chances.go), f"{requests:,}", _cost(plan, requests)])
    early = plan.sequential
    asked = f"{early.mean_cases:,.0f} on average"
    rows.append(["1, --sequential", percent(early.go), asked, _cost(plan, early.mean_cases)])
    lines += figures.table(rows if plan.price else [row[:-1] for row in rows], indent="      ")
    if plan.price:
        lines += wrapped(f"at what an answer of {foreign(plan.price.run)} cost", indent="      ")
    lines.append("")
    lines += wrapped(
        f"Assumed: a true rate of {bound(assumed.good_rate)} for min and max; {bound(assumed.discordant)} of cases "
        f"worse and {bound(assumed.discordant)} better for max_drop and max_rise. Every bound is one-sided at 5%. "
        "With several samples a case, a case counts only if all are right, and samples are taken as independent."
    )
    if policy_source:
        lines += wrapped(f"Policy: {sentence(policy_source)}")
    return lines


def _cost(plan: Plan, requests: float) -> str:
    return money(requests * plan.price.per_request, plan.price.currency) if plan.price else ""


def _population(plan: Plan) -> str:
    if not plan.speaks_for_domains:
        few = (
            "" if plan.policy.population == "suite" else f" ({plural(plan.domains, 'domain')}; 20 are needed for more)"
        )
        return f"The verdict will speak for this mix of cases and no other{few}."
    known = plan.correlation
    source = f"estimated from {', '.join(known.versions)}" if known.versions else _ASSUMED
    return sentence(
        f"The verdict will speak for strings like these in fields like these: {plan.domains} domains, correlation "
        f"{known.value:.2f} within one ({source})."
    )


def _plan_sentences(line: PlanLine) -> list[str]:
    alike = "all clean" if line.bound in ("min", "max") else "all alike in both versions"
    least = (
        "no number of cases can pass it"
        if line.least is None
        else f"at least {plural(line.least, 'case')} that are independent, {alike}"
    )
    worth = "" if line.size.effective > line.cases - 0.5 else f" worth {line.size.effective:,.0f}"
    if not line.possible:
        first = f"{plural(line.cases, 'case')}{worth} cannot pass it: {least}"
    else:
        what = "failing" if line.bound in ("min", "max") else "worse and none better"
        first = (
            f"{plural(line.cases, 'case')}{worth}: passes with at most {line.allowed} {what}; power "
            f"{percent(line.power)}"
        )
    needed = (
        "no number of cases gives 80% power"
        if line.needed is None
        else f"80% power needs {plural(line.needed, 'case')} or more that are independent"
    )
    sentences = [first, needed]
    if line.error is not None:
        sentences.append(f"false pass at exactly the margin: at most {percent(line.error)}")
    return sentences


def plan_json(plan: Plan, policy_source: str = "") -> dict[str, Any]:
    """The plan as JSON values."""
    value: dict[str, Any] = figures.plain(plan)
    return {
        **value,
        "possible": plan.possible,
        "speaks_for_domains": plan.speaks_for_domains,
        "policy_source": policy_source,
    }
