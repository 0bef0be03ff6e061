"""Cases, exchanges, samples and run records for tests: every field has a value, a test names those it is about.

    run_record([case_result("a"), case_result("b", "damaged")], version="v2")

What belongs together stays together: a damaged case has a damaged answer, its verdict and its mention; a record counts
its own cases; `made` is the moment of its answers, its start and its end.
"""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from harness.records.answer import Exchange
from harness.records.case import Case
from harness.records.run import CaseResult, Evidence, MentionRecord, Outcome, RunRecord, SampleResult, Totals

MADE = datetime(2026, 3, 1, tzinfo=UTC)
TARGET = "AB-1"
_VERDICTS = {"damaged": "spaced", "omitted": "absent"}


def suite_case(prompt: str = f"Say {TARGET}.", *targets: str, id: str = "a", **fields: Any) -> Case:
    """A case of a suite: one prompt, all of whose targets are required."""
    values: dict[str, Any] = {
        "suite": "symbols",
        "id": id,
        "domain": "construction",
        "language": "en",
        "task": "copy",
        "messages": ({"role": "user", "content": prompt},),
        "targets": targets,
        "required": targets,
    }
    return Case.model_validate(values | fields)


def exchange(prompt: str = "hello", answer: str = "ok", **changes: Any) -> Exchange:
    """A request and its answer as they went over the wire; the prompt tells it from others."""
    request = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
    message = {"role": "assistant", "content": answer}
    response = {"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    values: dict[str, Any] = {
        "uri": "http://127.0.0.1:8000/v1/chat/completions",
        "request_headers": (("content-type", "application/json"), ("authorization", "Bearer topsecretkey1")),
        "request_body": json.dumps(request, ensure_ascii=False).encode(),
        "status": 200,
        "response_headers": (("content-type", "application/json"), ("set-cookie", "session=topsecretkey1")),
        "response_body": json.dumps(response, ensure_ascii=False).encode(),
        "latency_s": 0.5,
        "first_token_s": None,
        "recorded_at": "2026-01-31T10:00:00Z",
    }
    return Exchange(**(values | changes))


def mention(output: str, text: str, verdict: str, *damage: str, **fields: Any) -> MentionRecord:
    """The first place of `text` in an answer."""
    start = max(0, output.find(text))
    return MentionRecord(start=start, end=start + len(text), text=text, verdict=verdict, damage=damage, **fields)


def sample_result(
    outcome: Outcome = "aligned", *, targets: Iterable[str] = (TARGET,), output: str | None = None, **fields: Any
) -> SampleResult:
    """An answer with an outcome; without `output` it is the first target, as that outcome would write it."""
    targets = tuple(targets)
    if output is None:
        right = targets[0] if targets else "fine"
        wrong = right.replace("-", " - ").replace("/", " / ")
        output = {"damaged": wrong, "omitted": "no"}.get(outcome, right)
    verdict = _VERDICTS.get(outcome, "verbatim")
    found = () if verdict == "absent" else (mention(output, output, verdict),)
    values: dict[str, Any] = {
        "sample": 0,
        "outcome": outcome,
        "output": output,
        "verdicts": {} if outcome == "unscored" else dict.fromkeys(targets, verdict),
        "mentions": dict.fromkeys(targets, found),
        "reason": "length" if outcome == "unscored" else None,
        "latency_s": 1.0,
        "prompt_tokens": 20,
        "completion_tokens": 10,
    }
    return SampleResult.model_validate(values | fields)


def case_result(
    id: str = "one",
    outcome: Outcome = "aligned",
    *,
    targets: Iterable[str] = (TARGET,),
    output: str | None = None,
    prompt: str | None = None,
    samples: int | Iterable[SampleResult] = 1,
    **fields: Any,
) -> CaseResult:
    """A case whose samples all have the outcome, or the samples that are given."""
    targets = tuple(targets)
    if isinstance(samples, int):
        samples = [sample_result(outcome, targets=targets, output=output, sample=n) for n in range(samples)]
    values: dict[str, Any] = {
        "suite": "symbols",
        "id": id,
        "domain": "construction",
        "language": "zh",
        "task": "copy",
        "digest": f"digest of {id}",
        "messages": ({"role": "user", "content": prompt or f"Say {' '.join(targets)}."},),
        "targets": targets,
        "required": targets,
        "outcome": outcome,
        "samples": tuple(samples),
    }
    return CaseResult.model_validate(values | fields)


def case_results(
    total: int, bad: int = 0, *, outcome: Outcome = "damaged", first: int = 0, **fields: Any
) -> list[CaseResult]:
    """`bad` cases with the outcome, then clean ones; ids count from `first`."""
    good: Outcome = "aligned"
    outcomes = [outcome] * bad + [good] * (total - bad)
    return [case_result(f"case-{first + i:04}", one, **fields) for i, one in enumerate(outcomes)]


def check_results(total: int, failed: int = 0) -> list[CaseResult]:
    """Cases of general ability: checks, no targets."""
    bad: Outcome = "failed"
    good: Outcome = "passed"
    outcomes = [bad] * failed + [good] * (total - failed)
    return [case_result(f"check-{i:04}", one, targets=()) for i, one in enumerate(outcomes)]


def run_record(
    cases: Iterable[CaseResult] = (),
    *,
    model: str = "tuned",
    version: str = "v1",
    made: datetime | str = MADE,
    **fields: Any,
) -> RunRecord:
    """A whole live run whose answers were made at one moment."""
    cases = tuple(cases)
    moment = made if isinstance(made, str) else made.isoformat()
    samples = [sample for case in cases for sample in case.samples]
    costs = [sample.cost for sample in samples if sample.cost is not None]
    values: dict[str, Any] = {
        "run_id": f"{moment[:10].replace('-', '')}-{model}",
        "model": model,
        "version": version,
        "configuration_digest": "c",
        "suite_digest": "s",
        "harness_version": "0.1.0",
        "mode": "live",
        "evidence": Evidence(oldest=moment, newest=moment),
        "started": moment,
        "ended": moment,
        "totals": Totals(
            cases=len(cases),
            outcomes=dict(Counter(one.outcome for one in cases)),
            samples=len(samples),
            prompt_tokens=sum(one.prompt_tokens or 0 for one in samples),
            completion_tokens=sum(one.completion_tokens or 0 for one in samples),
            cost=sum(costs) if costs else None,
        ),
        "cases": cases,
    }
    return RunRecord.model_validate(values | fields)
