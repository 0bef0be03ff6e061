"""Gate, drift and run as lines of a terminal, as Markdown and as JSON values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.decisions.drift import OPERATION, DriftReport, Watch
from harness.decisions.gate import GateVerdict, RuleVerdict
from harness.decisions.metrics import METRICS
from harness.decisions.plan import Plan, PlanLine
from harness.decisions.repairs import collateral_rate, has_repair, residual_rate
from harness.decisions.resources import Resources
from harness.decisions.run_summary import RunSummary
from harness.records.run import GOOD, CaseResult, RunRecord
from harness.show import figures
from harness.show.comparison import latency_lines, money, seconds, tokens
from harness.show.figures import (
    bound,
    counted,
    foreign,
    markdown,
    markdown_sentence,
    percent,
    plural,
    points,
    sentence,
    wrapped,
)
from harness.statistics.proportion import wilson

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


_BARS = "▁▂▃▄▅▆▇█"
_MOST_NOTES = 12


def drift_lines(report: DriftReport) -> list[str]:
    """The report for a terminal of 80 columns."""
    span = f", {report.first} to {report.last}" if report.first else ""
    nights = figures.plural(report.nights, "night")
    lines = [f"{report.verdict}  {foreign(report.label)}: {nights} of {report.prompts} prompts{span}"]
    for reason in report.reasons:
        lines += wrapped(sentence(reason))
    for sign in report.signs:
        lines += wrapped(f"! {sign.day}: {sentence(sign.text)}")
    if report.alignment is not None:
        lines += ["", *_watch_lines(report.alignment)]
    for watch in report.advisory:
        alarm = f"ALARM on {watch.alarm}, since {watch.since}" if watch.alarm else "quiet"
        now = f"{watch.watched.detection.statistic:.1f} of {watch.watched.detection.threshold:,.0f}"
        lines += wrapped(f"{watch.metric} (advisory): {alarm}; statistic {now}")
    if report.moved:
        rows = [["moved", "baseline", "since"]]
        rows += [[foreign(row.name), counted(row.before), counted(row.since)] for row in report.moved]
        lines += ["", *figures.table(rows)]
    if report.notes:
        lines += ["", "Nights that did not count, or count apart:"]
        for note in report.notes[-_MOST_NOTES:]:
            lines += wrapped(f"{note.day or 'undated'} {note.kind}: {sentence(note.text)}")
        if len(report.notes) > _MOST_NOTES:
            lines.append(f"  ... and {len(report.notes) - _MOST_NOTES} earlier ones (--json lists all)")
    return lines


def _watch_lines(watch: Watch) -> list[str]:
    found = watch.watched
    detection = found.detection
    k, m = (sum(column) for column in zip(*found.baseline, strict=True))
    bets = "single prompts" if found.bets == "prompts" else "the nightly mean, since the nights hang together"
    lines = wrapped(
        f"baseline: {percent(k / m if m else None)} over {len(found.baseline)} nights, "
        f"taken as {percent(found.presumed)}; bets on {bets}"
    )
    if watch.alarm is not None:
        lines += wrapped(f"ALARM on {watch.alarm}: alignment has fallen, most likely since {watch.since}")
        if detection.statistic < detection.threshold:
            lines += wrapped("The statistic is below the threshold again. The alarm stays until `--since DATE`.")
    lines += wrapped(f"statistic {detection.statistic:.1f} of {detection.threshold:,.0f}")
    if found.counts:
        rates = [k / m if m else 0.0 for k, m in found.counts[-60:]]
        low = min(*rates, found.presumed - 0.05)
        scale = [round((rate - low) / (1 - low) * (len(_BARS) - 1)) if low < 1 else 7 for rate in rates]
        lines += wrapped(f"{''.join(_BARS[step] for step in scale)} nights watched, {percent(low)} to 100%")
    return lines + wrapped(OPERATION[found.bets])


def drift_json(report: DriftReport) -> dict[str, Any]:
    """The report as JSON values, with its exit code and dates of alarms."""
    value: dict[str, Any] = figures.plain(report)
    watches = [report.alignment, *report.advisory]
    for watch, entry in zip(watches, [value["alignment"], *value["advisory"]], strict=True):
        if watch is not None:
            entry["alarm"] = figures.plain(watch.alarm)
            entry["since"] = figures.plain(watch.since)
            entry["operation"] = OPERATION[watch.watched.bets]
    return {**value, "exit_code": report.exit_code}


_MOST_CASES = 20


def run_lines(run: RunRecord) -> list[str]:
    """The run for a terminal of 80 columns, with its first failing cases."""
    made = run.evidence
    lines = [f"{foreign(run.label)}  run {foreign(run.run_id)}"]
    lines += figures.wrapped(
        f"{run.mode}; answers of {made.oldest or 'unknown date'} to {made.newest or 'unknown date'}; "
        f"suite {foreign(run.suite_digest[:12])}; harness {foreign(run.harness_version)}"
    )
    if run.partial:
        lines += figures.wrapped(f"PARTIAL: {figures.sentence(run.partial_reason or 'narrowed or stopped')}")
    if run.latency is not None:
        lines += ["", *latency_lines(run.latency)]
    if run.latency is not None and not run.cases:
        return lines
    rows = [["", "rate", "95% interval"]]
    counts = {name: metric(run.cases) for name, metric in METRICS.items()}
    if has_repair(run):
        counts |= {"residual_rate": residual_rate(run), "collateral_rate": collateral_rate(run)}
    for name, count in counts.items():
        interval = wilson(count.k, count.n)
        bounds = f"{figures.percent(interval.low)} to {figures.percent(interval.high)}" if interval else figures.NO_DATA
        rows.append([name, counted(count), bounds])
    lines += ["", *figures.table(rows), ""]
    taken = Resources.of(run.cases, run.currency)
    lines += figures.wrapped(
        f"{figures.plural(taken.samples, 'answer')}: median latency {seconds(taken.median_latency_s)}, "
        f"{tokens(taken.prompt_tokens)} prompt tokens, {tokens(taken.completion_tokens)} answer tokens, "
        f"1,000 answers cost {money(taken.cost_per_1000, taken.currency)}"
    )
    bad = [case for case in run.cases if case.outcome not in GOOD]
    lines += ["", figures.plural(len(bad), "case") + " not aligned or passed:"] if bad else []
    for case in bad[:_MOST_CASES]:
        lines += figures.wrapped(f"{case.outcome}: {foreign(case.key)}{_shown(case)}")
    if len(bad) > _MOST_CASES:
        lines.append(f"  ... and {len(bad) - _MOST_CASES} more (--json has all)")
    return lines


def _shown(case: CaseResult) -> str:
    for sample in case.samples:
        for target, mentions in sample.mentions.items():
            for mention in mentions:
                if mention.verdict != "verbatim":
                    return f"  {foreign(target)} -> {foreign(mention.text)}"
    return ""
