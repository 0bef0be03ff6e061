"""What a version's `repair` achieved, and what it cost: figures of a run whose model has one."""

from __future__ import annotations

from harness.decisions.metrics import Count
from harness.records.case import texts_of
from harness.records.run import CaseResult, RunRecord, SampleResult
from harness.text import check, extract_targets


def has_repair(run: RunRecord) -> bool:
    """Whether the answers of a run passed through `repair` before they were judged."""
    return bool(run.configuration.get("repair"))


def residual_rate(run: RunRecord) -> Count:
    """Over scored cases with targets of a run with repair: those still damaged after it."""
    scored = [case.outcome for case in run.cases if case.targets and case.outcome != "unscored"]
    return Count(scored.count("damaged"), len(scored)) if has_repair(run) else Count(0, 0)


def collateral_rate(run: RunRecord) -> Count:
    """Over answers of a run with repair that were clean as they came: those that it changed all the same.

    Clean is an answer in which nothing worth protecting is damaged, be it a target of the case or another string of
    the prompt. Tool calls have no part: what came before repair is not kept of them.
    """
    if not has_repair(run):
        return Count(0, 0)
    k = n = 0
    for case in run.cases:
        for sample in case.samples:
            if sample.outcome == "unscored" or sample.tool_calls or not _was_clean(case, sample):
                continue
            n += 1
            k += sample.raw_output is not None
    return Count(k, n)


def _was_clean(case: CaseResult, sample: SampleResult) -> bool:
    answer = sample.output if sample.raw_output is None else sample.raw_output
    sources = texts_of(case.messages)
    protected = {found.text for source in sources for found in extract_targets(source)}
    channel = "text" if case.channel == "tool" else case.channel
    verdicts = check(sources, answer, sorted(protected.union(case.targets)), channel=channel).verdicts
    return all(verdict in ("verbatim", "absent") for verdict in verdicts.values())
