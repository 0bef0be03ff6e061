"""One run as lines of a terminal."""

from __future__ import annotations

from harness.decisions.metrics import METRICS, answered_rate
from harness.decisions.run_summary import Resources, collateral_rate, has_repair, residual_rate
from harness.records.run import GOOD, CaseResult, RunRecord
from harness.show import figures, sinks
from harness.show.comparison import latency_lines, money, seconds, tokens
from harness.show.figures import counted
from harness.show.sinks import foreign
from harness.statistics.rates import wilson

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
        lines += figures.wrapped(f"PARTIAL: {sinks.sentence(run.partial_reason or 'narrowed or stopped')}")
    if run.latency is not None:
        lines += ["", *latency_lines(run.latency)]
    if run.latency is not None and not run.cases:
        return lines
    rows = [["", "rate", "95% interval"]]
    counts = {name: metric(run.cases) for name, metric in METRICS.items()}
    counts = {"alignment_rate": counts["alignment_rate"], "answered_rate": answered_rate(run.cases), **counts}
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
