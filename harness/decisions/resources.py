"""What the answers took: time, tokens, money."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from harness.records.run import CaseResult, SampleResult


@dataclass(frozen=True, slots=True)
class Resources:
    """Per answer, over the samples that say; None where none does. Latencies are seconds."""

    samples: int
    median_latency_s: float | None
    p95_latency_s: float | None
    prompt_tokens: float | None
    completion_tokens: float | None
    cost_per_1000: float | None
    currency: str | None

    @classmethod
    def of(cls, cases: Iterable[CaseResult], currency: str | None) -> Resources:
        samples = [sample for case in cases for sample in case.samples]
        latencies = sorted(_given(samples, "latency_s"))
        cost = _mean(_given(samples, "cost"))
        return cls(
            samples=len(samples),
            median_latency_s=median(latencies) if latencies else None,
            # nearest rank: a latency that was measured, not one in between
            p95_latency_s=latencies[math.ceil(0.95 * len(latencies)) - 1] if latencies else None,
            prompt_tokens=_mean(_given(samples, "prompt_tokens")),
            completion_tokens=_mean(_given(samples, "completion_tokens")),
            cost_per_1000=None if cost is None else 1000 * cost,
            currency=currency,
        )


def _given(samples: Iterable[SampleResult], field: str) -> list[float]:
    return [value for sample in samples if (value := getattr(sample, field)) is not None]


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
