"""How fast a version answers, and whether another one is faster: quantiles with distribution-free intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median_low

from harness.decisions.run_summary import utc
from harness.records.run import Latency, PromptLatency, RunRecord
from harness.statistics.quantile import Difference, Quantile, difference, quantile


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that is measured at each request. `values` are those of one prompt.

    A request without an answer counts as the slowest there is, so that leaving the slow ones out improves nothing.
    """

    name: str
    values: Callable[[PromptLatency], list[float]]
    more_is_faster: bool = False

    def share(self, percentile: int) -> float:
        """The quantile to take: p95 is always the slow end, which is the low one for a speed."""
        return 1 - percentile / 100 if self.more_is_faster else percentile / 100


def _first_token(prompt: PromptLatency) -> list[float]:
    values = [
        math.inf if total is None else first for total, first in zip(prompt.total_s, prompt.first_token_s, strict=True)
    ]
    return [value for value in values if value is not None]


def _tokens_per_second(prompt: PromptLatency) -> list[float]:
    return [
        0.0 if total is None or first is None or count is None else (count - 1) / (total - first)
        for total, first, count in zip(prompt.total_s, prompt.first_token_s, prompt.completion_tokens, strict=True)
        if total is None or (first is not None and count is not None and count > 1 and total > first)
    ]


def _total(prompt: PromptLatency) -> list[float]:
    return [math.inf if total is None else total for total in prompt.total_s]


QUANTITIES = (
    Quantity("first_token_s", _first_token),
    Quantity("tokens_per_s", _tokens_per_second, more_is_faster=True),
    Quantity("total_s", _total),
)
"""Tokens a second count from the first token to the end of the answer: (tokens - 1) / (total - first token)."""
PERCENTILES = (50, 95)


@dataclass(frozen=True, slots=True)
class Speed:
    """One quantity of one prompt: p50 and p95 (the slow end), and how many requests they rest on."""

    prompt: str
    quantity: str
    p50: Quantile
    p95: Quantile


@dataclass(frozen=True, slots=True)
class SpeedChange:
    """One percentile of one quantity of one prompt, from one version to another."""

    prompt: str
    quantity: str
    percentile: int
    old: Quantile
    new: Quantile
    change: Difference
    faster: bool | None
    """Whether the whole interval of the change is on the fast side; None if it holds no change at all."""


@dataclass(frozen=True, slots=True)
class LatencyComparison:
    """Two measurements of the same prompts. `caution` says what else than the version was different."""

    old_run: str
    new_run: str
    changes: tuple[SpeedChange, ...]
    caution: tuple[str, ...]


def speeds(latency: Latency) -> tuple[Speed, ...]:
    """All quantities of all prompts that have a value."""
    return tuple(
        Speed(prompt.prompt, quantity.name, p50, p95)
        for prompt in latency.prompts
        for quantity in QUANTITIES
        if (p50 := _percentile(quantity, prompt, 50)) and (p95 := _percentile(quantity, prompt, 95))
    )


def compare_latency(old: RunRecord, new: RunRecord) -> LatencyComparison | None:
    """Every percentile that both runs measured on the same prompt; None if one of them measured nothing."""
    if old.latency is None or new.latency is None:
        return None
    before = {prompt.prompt: prompt for prompt in old.latency.prompts}
    pairs = [
        (before[prompt.prompt], prompt)
        for prompt in new.latency.prompts
        if prompt.prompt in before and before[prompt.prompt].digest == prompt.digest
    ]
    changes = tuple(change for earlier, later in pairs for change in _changes(earlier, later))
    cautions = (*_cautions(old, new, len(pairs)), *_lengths(pairs))
    return LatencyComparison(old.run_id, new.run_id, changes, cautions)


def _percentile(quantity: Quantity, prompt: PromptLatency, percentile: int) -> Quantile | None:
    return quantile(quantity.values(prompt), quantity.share(percentile))


def _changes(earlier: PromptLatency, later: PromptLatency) -> Iterator[SpeedChange]:
    for quantity in QUANTITIES:
        for percentile in PERCENTILES:
            old, new = _percentile(quantity, earlier, percentile), _percentile(quantity, later, percentile)
            if old is None or new is None:
                continue
            change = difference(old, new)
            faster = None
            if change.low > 0 or change.high < 0:
                faster = (change.low > 0) == quantity.more_is_faster
            yield SpeedChange(later.prompt, quantity.name, percentile, old, new, change, faster)


def _cautions(old: RunRecord, new: RunRecord, paired: int) -> Iterator[str]:
    before, after = old.latency, new.latency
    assert before is not None
    assert after is not None
    if before.client != after.client:
        yield f"measured from different machines ({before.client}; {after.client})"
    if before.runtime != after.runtime:
        yield f"different servers ({before.runtime or 'unknown'}; {after.runtime or 'unknown'})"
    days = abs((utc(new.started) - utc(old.started)).total_seconds()) / 86_400
    if days > 1:
        yield f"measured {days:.0f} days apart: the network and the load were others"
    left_out = len({prompt.prompt for prompt in (*before.prompts, *after.prompts)}) - paired
    if left_out:
        yield f"{left_out} prompt{'s' * (left_out != 1)} left out: only in one of the two, or changed since"


def _lengths(pairs: Sequence[tuple[PromptLatency, PromptLatency]]) -> Iterator[str]:
    """Half an answer takes half as long, which is not a speed."""
    for earlier, later in pairs:
        old, new = ([count for count in prompt.completion_tokens if count is not None] for prompt in (earlier, later))
        if old and new and (lengths := (median_low(old), median_low(new)))[0] != lengths[1]:
            yield f"answers to {later.prompt} had {lengths[0]} and {lengths[1]} tokens: whole answers are not alike"
