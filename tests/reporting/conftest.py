"""Run records made by hand, so that a page can be shown any answer whatever."""

from collections.abc import Callable
from typing import Any

import pytest

from harness.records.completion import ToolCall
from harness.records.run import (
    CaseResult,
    CheckResult,
    Evidence,
    MentionRecord,
    RunRecord,
    SampleResult,
    Totals,
)


def mention(output: str, text: str, verdict: str, *damage: str, **where: Any) -> MentionRecord:
    start = max(0, output.find(text))
    return MentionRecord(start=start, end=start + len(text), text=text, verdict=verdict, damage=damage, **where)


def sample(output: str, outcome: str, target: str, *found: MentionRecord, **other: Any) -> SampleResult:
    order = ["verbatim", "spaced", "lookalike", "altered"]
    worst = max((m.verdict for m in found), key=order.index, default="absent")
    values: dict[str, Any] = {
        "sample": 0,
        "outcome": outcome,
        "output": output,
        "verdicts": {target: worst} if target else {},
        "mentions": {target: found} if found else {},
        "latency_s": 0.42,
        "first_token_s": 0.09,
        "prompt_tokens": 40,
        "completion_tokens": 12,
        "recorded_at": "2026-11-20T06:00:00+00:00",
        "runtime": "xllamacpp 2026.10",
        "resolved_model": "tiny",
    }
    return SampleResult.model_validate(values | other)


def case(name: str, target: str, *samples: SampleResult, **other: Any) -> CaseResult:
    outcomes = [s.outcome for s in samples]
    values: dict[str, Any] = {
        "suite": "symbols",
        "id": name,
        "domain": "construction",
        "language": "en",
        "task": "qa",
        "symbols": "/" if "/" in target else "-",
        "digest": name * 2,
        "messages": ({"role": "user", "content": f"Which one? The store holds {target}, nothing else."},),
        "targets": (target,) if target else (),
        "required": (target,) if target else (),
        "outcome": next((o for o in outcomes if o not in {"aligned", "passed"}), outcomes[0]),
        "samples": samples,
    }
    return CaseResult.model_validate(values | other)


def right(name: str, target: str, **other: Any) -> CaseResult:
    output = f"It is {target}."
    return case(name, target, sample(output, "aligned", target, mention(output, target, "verbatim")), **other)


def wrong(name: str, target: str, written: str, verdict: str, *damage: str, **other: Any) -> CaseResult:
    output = f"It is {written}."
    return case(name, target, sample(output, "damaged", target, mention(output, written, verdict, *damage)), **other)


def answered(name: str, output: str, **other: Any) -> CaseResult:
    """A case of any answer at all, judged to have left its target out."""
    return case(name, "AB-12", sample(output, "omitted", "AB-12"), **other)


def run(cases: list[CaseResult], **other: Any) -> RunRecord:
    outcomes: dict[str, int] = {}
    for one in cases:
        outcomes[one.outcome] = outcomes.get(one.outcome, 0) + 1
    values: dict[str, Any] = {
        "run_id": "20261120-abc123",
        "model": "tuned",
        "version": "v2",
        "lineage": ("base@v1",),
        "recipe": {"rank": 8, "steps": 50},
        "configuration": {"kind": "local", "temperature": 0.0},
        "configuration_digest": "c0ffee",
        "suite_digests": {"symbols": "5eed"},
        "suite_digest": "5eed",
        "git_commit": "0123abc",
        "harness_version": "0.1.0",
        "mode": "replay",
        "evidence": Evidence(oldest="2026-11-20T05:58:00+00:00", newest="2026-11-20T06:00:00+00:00"),
        "started": "2026-11-20T06:01:00+00:00",
        "ended": "2026-11-20T06:01:02+00:00",
        "totals": Totals(
            cases=len(cases),
            outcomes=outcomes,
            samples=sum(len(one.samples) for one in cases),
            prompt_tokens=400,
            completion_tokens=120,
            cost=0.0123,
        ),
        "currency": "USD",
        "cases": tuple(cases),
    }
    return RunRecord.model_validate(values | other)


def mixed_cases() -> list[CaseResult]:
    """One case of each kind that a page has to show."""
    tool_arguments = '{"code": "TCP / IP"}'
    tool_mention = MentionRecord(
        start=0, end=8, text="TCP / IP", verdict="spaced", damage=("space-left",), path="/code", tool_call=0
    )
    return [
        right("fine-1", "GB/T 14902-2012", language="zh", domain="medicine"),
        right("fine-2", "A-1", exposure="trained"),
        wrong("spaced-1", "Sikalastic-609", "Sikalastic - 609", "spaced", "space-left", "space-right"),
        wrong("nbsp-1", "TCP/IP", "TCP\u00a0/\u200bIP", "spaced", "wide-space", "zero-width", exposure="trained"),
        wrong("dash-1", "CVE-2021", "CVE–2021", "lookalike", "hyphen-lookalike", domain="security"),
        answered("left-out-1", "No idea at all."),
        case(
            "twice-1",
            "B-2",
            sample("B-2", "aligned", "B-2", mention("B-2", "B-2", "verbatim")),
            sample("B - 2", "damaged", "B-2", mention("B - 2", "B - 2", "spaced", "space-left"), sample=1),
        ),
        case(
            "tool-1",
            "TCP/IP",
            sample(
                "",
                "damaged",
                "TCP/IP",
                tool_mention,
                tool_calls=(ToolCall(name="look_up", arguments=tool_arguments),),
            ),
            channel="tool",
        ),
        case("cut-1", "C-3", sample("C", "unscored", "C-3", reason="length")),
        case(
            "polite-1",
            "",
            sample("Go away.", "failed", "", checks=(CheckResult(check="polite", passed=False, detail="rude"),)),
            task="style",
        ),
        case("polite-2", "", sample("Dear all, ...", "passed", ""), task="style"),
    ]


@pytest.fixture
def mixed() -> RunRecord:
    """A run that holds one case of each kind."""
    return run(mixed_cases())


@pytest.fixture
def answering() -> Callable[..., RunRecord]:
    """A run whose cases answer the given texts, one each."""

    def make(*outputs: str, **other: Any) -> RunRecord:
        return run([answered(f"answer-{index}", output) for index, output in enumerate(outputs)], **other)

    return make


@pytest.fixture
def make_run() -> Callable[..., RunRecord]:
    """`make_run(cases, **fields)`."""
    return run
