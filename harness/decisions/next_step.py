"""What to do after a verdict: one command, how many requests it makes and what they will cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.decisions.bounds import Reading
from harness.records.run import CaseResult, RunRecord


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
    stale: bool
    """The answers are not evidence: a replay, too old, or without a date."""
    unpaired: bool
    exhausted: bool
    """No further attempt can be a GO."""
    wider: RunRecord | None
    """A run of the version with the candidate's cases and more."""
    readings: Sequence[Reading]


def next_step(now: Situation) -> NextStep:
    """The step that helps most, cheapest first: look, mend the call, ask again, and only then add cases."""
    run, base = now.candidate, now.baseline
    look = f"harness compare {base.label} {run.label}" if base is not None else f"harness runs show {run.label}"
    if now.verdict == "GO":
        return NextStep("make it what the next one is measured against", f"harness runs baseline {run.label}")
    if now.verdict == "NO-GO":
        return NextStep("see what broke", look)
    if base is None and now.unpaired:
        return NextStep("name what it must not fall behind", f"harness runs baseline {run.model}@VERSION")
    if now.stale:
        return _asked("answers of today", _live(run.model), run, run.cases)
    if now.wider is not None:
        return NextStep("judge the run that holds all cases", f"harness gate --candidate {now.wider.run_id}")
    if now.exhausted:
        return NextStep("no further attempt can be a GO; see what fails, and make a new version", look)
    if run.partial:
        cases = run.cases if base is None or len(base.cases) < len(run.cases) else base.cases
        return _asked("a complete run", f"pytest --model={run.model} --gate --cassette-mode=record", run, cases)
    if now.unpaired and base is not None:
        return _asked("the baseline on the same cases", _live(base.model, gate=False), run, run.cases)
    unscored = [case for case in run.cases if case.outcome == "unscored"]
    if any(reading.reask for reading in now.readings):
        return _again(run, unscored)
    if any(reading.further for reading in now.readings):
        return NextStep("add cases, in new domains above all: the plan says how many", "harness gate --plan")
    if unscored and any(reading.unscored for reading in now.readings):
        return _again(run, unscored)
    return NextStep("see what fails: more answers of the same kind will not settle it", look)


def _live(model: str, *, gate: bool = True) -> str:
    return f"pytest --model={model}{' --gate' if gate else ''} --cassette-mode=live"


def _again(run: RunRecord, unscored: Sequence[CaseResult]) -> NextStep:
    cut = sum(sample.reason == "length" for case in unscored for sample in case.samples)
    why = f"ask the {len(unscored)} unscored cases again"
    if cut:
        why += f"; {cut} answers were cut off: raise max_tokens first, and all are asked again"
    command = f"pytest --model={run.model} --gate --cassette-mode=record"
    return _asked(why, command, run, run.cases if cut else unscored)


def _asked(why: str, command: str, run: RunRecord, cases: Sequence[CaseResult]) -> NextStep:
    samples = max((len(case.samples) for case in run.cases), default=1) or 1
    requests = samples * len(cases)
    costs = [sample.cost for case in run.cases for sample in case.samples if sample.cost is not None]
    cost = requests * math.fsum(costs) / len(costs) if costs else None
    return NextStep(why, command, requests, cost, run.currency if costs else None)
