"""A gate verdict, and a plan, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.decisions.gate import GateVerdict, RuleVerdict
from harness.decisions.plan import Plan, PlanLine
from harness.decisions.run_summary import RunSummary
from harness.decisions.words import figures
from harness.decisions.words.figures import (
    bound,
    foreign,
    markdown,
    markdown_sentence,
    percent,
    plural,
    points,
    sentence,
    wrapped,
)

_SHORT = {"PASS": "PASS", "BREACH": "BREACH", "INSUFFICIENT_EVIDENCE": "NOT ENOUGH EVIDENCE"}
_OTHER_SUITES = "The two runs have different suite digests."


def gate_lines(verdict: GateVerdict, policy_source: str = "") -> list[str]:
    """The verdict for a terminal of 80 columns, without colour."""
    against = f" against {foreign(verdict.baseline.label)}" if verdict.baseline else ""
    lines = [f"{verdict.verdict}  {foreign(verdict.candidate.label)}{against}", ""]
    before: list[str] = []
    for rule in verdict.rules:
        lines.append(f"  {figures.pad(_SHORT[rule.result], 20)} {rule_name(rule)}  ({rule.rule.tier})")
        told = rule_sentences(rule, verdict.reasons)
        for one in ["as above"] if told and told == before else told:
            lines += wrapped(one, indent=" " * 23)
        before = told
    lines.append("")
    for reason in verdict.reasons:
        lines += wrapped(f"Held back: {sentence(reason)}")
    lines += evidence_lines(verdict)
    if policy_source:
        lines += wrapped(f"Policy: {sentence(policy_source)}")
    return lines


def rule_name(rule: RuleVerdict | PlanLine) -> str:
    """`alignment_rate (untrained) max_drop 5%`."""
    where = f" ({sentence(rule.rule.slice)})" if rule.rule.slice else ""
    return f"{rule.rule.metric}{where} {rule.bound} {bound(rule.limit)}"


def rule_sentences(rule: RuleVerdict, held_back: tuple[str, ...] = ()) -> list[str]:
    """What was measured and needed, and what would settle it.

    Reasons told for the whole verdict are not repeated.
    """
    sentences = []
    if rule.reading.cases:
        sentences.append(f"{_measured(rule)}; {_needed(rule)}")
    sentences += [sentence(reason) for reason in rule.reasons if reason not in held_back]
    settle = _settle(rule)
    return [*sentences, settle] if settle else sentences


def _measured(rule: RuleVerdict) -> str:
    reading = rule.reading
    unscored = f", {reading.unscored} unscored" if reading.unscored else ""
    if reading.estimate is None:
        what = "case" if rule.bound in ("min", "max") else "pair"
        return f"none of {plural(reading.cases, what)} is scored"
    if rule.bound in ("min", "max"):
        return (
            f"{percent(reading.estimate)} of {plural(reading.cases, 'case')}{unscored} "
            f"(one-sided 95% bounds {percent(reading.low)} and {percent(reading.high)})"
        )
    p_value = figures.p_value(reading.p_value)
    return (
        f"{points(reading.estimate)} points on {plural(reading.cases, 'pair')}{unscored}: {reading.worse} worse, "
        f"{reading.better} better (one-sided 95% bounds {points(reading.low)} and {points(reading.high)}; "
        f"McNemar p {p_value})"
    )


def _needed(rule: RuleVerdict) -> str:
    limit = rule.limit
    return {
        "min": f"needed: lower bound at least {bound(limit)}",
        "max": f"needed: upper bound at most {bound(limit)}",
        "max_drop": f"needed: lower bound above {points(-limit)}",
        "max_rise": f"needed: upper bound below {points(limit)}",
    }[rule.bound]


def _settle(rule: RuleVerdict) -> str:
    if rule.result != "INSUFFICIENT_EVIDENCE" or rule.reading.cases == 0:
        return ""
    further = rule.reading.further
    if rule.reasons:
        return ""
    if further is None:
        return "no reasonable number of further cases would settle it"
    alike = "all clean" if rule.bound in ("min", "max") else "all alike in both versions"
    return f"{plural(further, 'further case')}, {alike}, would settle it as a pass"


def evidence_lines(verdict: GateVerdict) -> list[str]:
    """Mode, age, suite, unscored share, and the other runs of the version."""
    lines = _run_lines("Candidate", verdict.candidate, verdict.age_days)
    if verdict.baseline is not None:
        lines += _run_lines("Baseline", verdict.baseline, verdict.baseline_age_days)
        if verdict.baseline.suite_digest != verdict.candidate.suite_digest:
            lines += wrapped(_OTHER_SUITES)
    if len(verdict.runs) > 1:
        lines += wrapped(f"All {len(verdict.runs)} runs of {foreign(verdict.candidate.label)}, newest first:")
        rows = [_run_row(run) for run in verdict.runs]
        lines += figures.table([[foreign(run_id), *rest] for run_id, *rest in rows], indent="    ")
    return lines


def _run_lines(role: str, run: RunSummary, age: float | None) -> list[str]:
    return wrapped(_run_sentence(role, run, age, foreign))


def _run_sentence(role: str, run: RunSummary, age: float | None, safe: Callable[[str], str]) -> str:
    partial = ", PARTIAL" if run.partial else ""
    return (
        f"{role}: {safe(run.label)}, run {safe(run.run_id)}, {run.mode}{partial}, answers "
        f"{figures.days(age)}, {plural(run.cases, 'case')}, unscored {percent(run.unscored.rate)}, "
        f"suite {safe(run.suite_digest[:12])}"
    )


def _run_row(run: RunSummary) -> list[str]:
    """The id is foreign text, and not made safe yet."""
    return [
        run.run_id,
        (run.newest or run.started)[:10],
        run.mode,
        "partial" if run.partial else "",
        figures.counted(run.alignment),
    ]


def gate_markdown(verdict: GateVerdict, policy_source: str = "") -> str:
    """The verdict as a comment on a pull request."""
    against = f" against {markdown(verdict.baseline.label)}" if verdict.baseline else ""
    rows = [["Rule", "Tier", "Result", "Measured", "Needed"]]
    for rule in verdict.rules:
        metric = f"{markdown(rule.rule.metric)} {rule.bound} {bound(rule.limit)}"
        where = f" on {markdown(rule.rule.slice)}" if rule.rule.slice else ""
        measured = _measured(rule) if rule.reading.cases else figures.NO_DATA
        needed = [_needed(rule).removeprefix("needed: "), _settle(rule)]
        rows.append([metric + where, rule.rule.tier, _SHORT[rule.result], measured, "; ".join(filter(None, needed))])
    reasons = dict.fromkeys([*verdict.reasons, *(reason for rule in verdict.rules for reason in rule.reasons)])
    parts = [f"## {verdict.verdict}: {markdown(verdict.candidate.label)}{against}", "", *figures.markdown_table(rows)]
    parts += ["", *(f"- {markdown_sentence(reason)}" for reason in reasons)] if reasons else []
    parts += ["", *_evidence_markdown(verdict)]
    if policy_source:
        parts.append(f"- Policy: {markdown_sentence(policy_source)}")
    return "\n".join(parts) + "\n"


def _evidence_markdown(verdict: GateVerdict) -> list[str]:
    parts = [f"- {_run_sentence('Candidate', verdict.candidate, verdict.age_days, markdown)}"]
    if verdict.baseline is not None:
        parts.append(f"- {_run_sentence('Baseline', verdict.baseline, verdict.baseline_age_days, markdown)}")
        if verdict.baseline.suite_digest != verdict.candidate.suite_digest:
            parts.append(f"- {_OTHER_SUITES}")
    if len(verdict.runs) > 1:
        parts.append(f"- All {len(verdict.runs)} runs of {markdown(verdict.candidate.label)}, newest first:")
        for run in verdict.runs:
            run_id, *rest = _run_row(run)
            parts.append(f"    - {', '.join([markdown(run_id), *filter(None, rest)])}")
    return parts


def gate_json(verdict: GateVerdict, policy_source: str = "") -> dict[str, Any]:
    """The whole verdict as JSON values, with its exit code."""
    value: dict[str, Any] = figures.plain(verdict)
    return {**value, "exit_code": verdict.exit_code, "policy_source": policy_source}


def plan_lines(plan: Plan, policy_source: str = "") -> list[str]:
    """What the cases can prove, for a terminal of 80 columns."""
    assumed = plan.assumption
    lines = [f"{plural(plan.cases, 'case')}: {'can' if plan.possible else 'CANNOT'} bear a GO under this policy", ""]
    for line in plan.lines:
        lines.append(f"  {rule_name(line)}  ({line.rule.tier})")
        for told in _plan_sentences(line):
            lines += wrapped(told, indent="      ")
    lines.append("")
    lines += wrapped(
        f"Assumed: a true rate of {bound(assumed.good_rate)} for min and max; {bound(assumed.discordant)} of cases "
        f"worse and {bound(assumed.discordant)} better for max_drop and max_rise. Every bound is one-sided at 5%. "
        "With several samples a case, a case counts only if all are right."
    )
    if policy_source:
        lines += wrapped(f"Policy: {sentence(policy_source)}")
    return lines


def _plan_sentences(line: PlanLine) -> list[str]:
    alike = "all clean" if line.bound in ("min", "max") else "all alike in both versions"
    least = (
        "no number of cases can pass it" if line.least is None else f"at least {plural(line.least, 'case')}, {alike}"
    )
    if not line.possible:
        first = f"{plural(line.cases, 'case')} cannot pass it: {least}"
    else:
        what = "failing" if line.bound in ("min", "max") else "worse and none better"
        first = f"{plural(line.cases, 'case')}: passes with at most {line.allowed} {what}; power {percent(line.power)}"
    needed = "no number of cases gives 80% power" if line.needed is None else f"80% power needs {line.needed:,} cases"
    sentences = [first, needed]
    if line.size is not None:
        sentences.append(f"false pass at exactly the margin: at most {percent(line.size)}")
    return sentences


def plan_json(plan: Plan, policy_source: str = "") -> dict[str, Any]:
    value: dict[str, Any] = figures.plain(plan)
    return {**value, "possible": plan.possible, "policy_source": policy_source}
