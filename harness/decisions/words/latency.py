"""Speeds in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from harness.decisions.latency import LatencyComparison, Speed, SpeedChange, speeds
from harness.decisions.words import figures
from harness.decisions.words.figures import foreign, markdown
from harness.records.latency import Latency
from harness.statistics.quantile import Quantile

NAMES = {"first_token_s": "first token", "tokens_per_s": "tokens a second", "total_s": "whole answer"}
_LEGEND = (
    "p95 is the slow end: 95 % of the requests were as fast or faster. Intervals are 95 % and assume no distribution; "
    "an open one needs more requests."
)
_COMPARED = (
    "* the whole interval is faster, or the whole interval is slower. A dozen lines are a dozen looks: what matters "
    "should show again in a second measurement."
)


def latency_lines(latency: Latency) -> list[str]:
    """One measurement for a terminal of 80 columns."""
    requests = max((len(prompt.total_s) for prompt in latency.prompts), default=0)
    lines = figures.wrapped(
        f"latency: {figures.plural(requests, 'request')} a prompt, one at a time, at most {latency.max_tokens} tokens "
        f"an answer; {figures.sentence(latency.runtime or latency.resolved_model or 'unknown server')}; asked from "
        f"{figures.sentence(latency.client)}"
    )
    head = ["", "p50", "95% interval", "p95", "95% interval"]
    lines += ["", *figures.table([head, *_under_prompts((one.prompt, _speed_row(one)) for one in speeds(latency))])]
    for prompt in latency.prompts:
        if prompt.failures:
            told = ", ".join(f"{foreign(reason)} {count}" for reason, count in sorted(prompt.failures.items()))
            lines += figures.wrapped(f"without an answer to {foreign(prompt.prompt)}: {told} (counted as the slowest)")
        if prompt.resent:
            lines += figures.wrapped(
                f"{figures.plural(prompt.resent, 'request')} to {foreign(prompt.prompt)} sent again and timed anew: "
                "the endpoint had closed the connection, or wanted fewer (429)"
            )
    return [*lines, *figures.wrapped(_LEGEND)]


def speed_cells(speed: Speed) -> list[str]:
    """p50, its interval, p95, its interval."""
    return _speed_row(speed)[1:]


def latency_change_lines(comparison: LatencyComparison) -> list[str]:
    """The comparison for a terminal of 80 columns."""
    lines = figures.wrapped(f"Latency, run {foreign(comparison.old_run)} to run {foreign(comparison.new_run)}", "")
    if comparison.changes:
        head = ["", "from", "to", "change", "95% interval", ""]
        rows = _under_prompts((one.prompt, _change_row(one)) for one in comparison.changes)
        lines += ["", *figures.table([head, *rows])]
        lines += figures.wrapped(_COMPARED)
    for caution in comparison.caution:
        lines += figures.wrapped(f"Caution: {figures.sentence(caution)}.")
    return lines


def latency_change_markdown(comparison: LatencyComparison) -> list[str]:
    """The comparison as lines of a Markdown page."""
    head = ["Latency of", "", "From", "To", "Change", "95% interval", ""]
    rows = [[markdown(one.prompt), *_change_row(one)[:-1], _verdict(one)] for one in comparison.changes]
    cautions = [
        line for caution in comparison.caution for line in ("", f"Caution: {figures.markdown_sentence(caution)}.")
    ]
    return [*figures.markdown_table([head, *rows]), *cautions]


def latency_change_json(comparison: LatencyComparison | None) -> Any:
    """JSON values; what is infinite is null."""
    return _finite(figures.plain(comparison))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and math.isinf(value) else value


def _under_prompts(rows: Iterable[tuple[str, list[str]]]) -> list[list[str]]:
    """Each prompt's rows, indented, under a row with its name."""
    shown: list[list[str]] = []
    before = None
    for prompt, row in rows:
        if prompt != before:
            shown.append([foreign(prompt), *[""] * (len(row) - 1)])
            before = prompt
        shown.append([f"  {row[0]}", *row[1:]])
    return shown


def _speed_row(speed: Speed) -> list[str]:
    said = _unit(speed.quantity)
    cells = [cell for one in (speed.p50, speed.p95) for cell in (said(one.estimate), _interval(one, said))]
    return [NAMES[speed.quantity], *cells]


def _change_row(one: SpeedChange) -> list[str]:
    said = _unit(one.quantity)
    change = one.change
    shown = "no data" if change.estimate is None else _signed(change.estimate, said)
    low = "..." if math.isinf(change.low) else _signed(change.low, said)
    high = "..." if math.isinf(change.high) else _signed(change.high, said)
    return [
        f"{NAMES[one.quantity]}, p{one.percentile}",
        said(one.old.estimate),
        said(one.new.estimate),
        shown,
        f"{low} to {high}",
        "*" if one.faster is not None else "",
    ]


def _verdict(one: SpeedChange) -> str:
    return "" if one.faster is None else "faster" if one.faster else "slower"


def _unit(quantity: str) -> Callable[[float], str]:
    return _rate if quantity == "tokens_per_s" else _time


def _time(seconds: float) -> str:
    if math.isinf(seconds):
        return "no answer"
    if abs(seconds) < 0.0995:
        return f"{1000 * seconds:.1f} ms"
    return f"{1000 * seconds:.0f} ms" if abs(seconds) < 9.995 else f"{seconds:.1f} s"


def _rate(value: float) -> str:
    return f"{value:.1f}"


def _signed(value: float, said: Callable[[float], str]) -> str:
    return f"{'+' if value > 0 else ''}{said(value)}"


def _interval(one: Quantile, said: Callable[[float], str]) -> str:
    low = "..." if math.isinf(one.low) and one.low < 0 else said(one.low)
    high = "..." if math.isinf(one.high) else said(one.high)
    return f"{low} to {high}"
