"""From a measurement to a run record. It holds no verdicts, so it is partial: it never stands for its version."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from harness.config import ModelConfig
from harness.records.latency import Latency, PromptLatency
from harness.records.run import Evidence, RunRecord
from harness.runner.folding import fold, git_commit
from harness.runner.latency_prompts import LatencySuite
from harness.runner.timing import Timed, client_of

PARTIAL = "a measurement of latency holds no verdicts"


def latency_record(
    model: ModelConfig,
    suite: LatencySuite,
    prompts: Sequence[PromptLatency],
    timed: Timed,
    *,
    started: str,
    ended: str,
    root: Path,
) -> RunRecord:
    """One measurement of one model version. Its id ends in `-latency`."""
    latency = Latency(
        warm_up=suite.warm_up,
        max_tokens=suite.max_tokens,
        client=client_of(model),
        resolved_model=timed.resolved_model,
        runtime=timed.runtime,
        prompts=tuple(prompts),
    )
    empty = fold(
        model,
        [],
        mode="live",
        started=started,
        ended=ended,
        requests=timed.requests,
        partial_reason=PARTIAL,
        git_commit=git_commit(root),
    )
    dates = sorted(timed.dates) or [started]
    content = f"{model.label} {model.digest} {started} {latency.model_dump_json()}"
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return empty.model_copy(
        update={
            "run_id": f"{dates[-1][:10].replace('-', '')}-{digest}-latency",
            "evidence": Evidence(oldest=dates[0], newest=dates[-1]),
            "latency": latency,
        }
    )
