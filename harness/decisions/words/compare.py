"""A comparison in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from harness.decisions.compare import Change, Comparison
from harness.decisions.flips import Flip
from harness.decisions.words import figures
from harness.decisions.words.figures import foreign, markdown, percent, points
from harness.decisions.words.latency import latency_change_json, latency_change_lines, latency_change_markdown

_NAMES = {
    "alignment_rate": "alignment rate",
    "fidelity": "fidelity",
    "mention_rate": "mention rate",
    "over_correction_rate": "over-correction",
    "check_rate": "check rate (general)",
}
SIGNIFICANT = 0.05
"""q-value up to which a slice is pointed out."""


def compare_lines(comparison: Comparison, most: int = 20) -> list[str]:
    """The comparison for a terminal of 80 columns; at most `most` flips of each direction with their text."""
    if comparison.latency is not None and not comparison.pairing.keys:
        return latency_change_lines(comparison.latency)
    old, new = foreign(comparison.old.label), foreign(comparison.new.label)
    lines = [f"From {old} to {new}, {figures.plural(len(comparison.pairing.keys), 'paired case')}"]
    lines += figures.wrapped(_unpaired(comparison)) if not comparison.pairing.complete else []
    head = ["", "from", "to", "points", "95% interval", "p", "pairs"]
    lines += ["", *figures.table([head, *_change_rows(comparison.changes)])]
    lines += ["", *figures.table([["", "from", "to"], *_resource_rows(comparison)])]
    if comparison.slices:
        head = ["alignment rate of", "from", "to", "points", "pairs", "q "]
        lines += ["", *figures.table([head, *_slice_rows(comparison)])]
        lines += figures.wrapped("q: McNemar p adjusted for the slices shown; * at most 0.05.")
    if comparison.latency is not None:
        lines += ["", *latency_change_lines(comparison.latency)]
    for title, kind in (("Worse", True), ("Better or otherwise changed", False)):
        chosen = [flip for flip in comparison.flips if flip.worse is kind]
        lines += ["", f"{title}: {figures.plural(len(chosen), 'case')}"] if chosen else []
        for flip in chosen[:most]:
            lines += _flip_lines(flip)
        if len(chosen) > most:
            lines.append(f"  ... and {len(chosen) - most} more (--json lists all)")
    return lines


def _unpaired(comparison: Comparison) -> str:
    reason = comparison.pairing.reason.replace("the candidate", "the second").replace("the baseline", "the first")
    return f"Left out: {figures.sentence(reason)}."


def _interval(change: Change) -> str:
    if change.low is None:
        return figures.NO_DATA
    return f"{points(change.low)} to {points(change.high)}"


def _change_rows(changes: Sequence[Change]) -> list[list[str]]:
    return [
        [
            _NAMES[change.metric],
            percent(change.old.rate),
            percent(change.new.rate),
            points(change.difference),
            _interval(change),
            figures.p_value(change.p_value),
            str(change.pairs),
        ]
        for change in changes
    ]


def _resource_rows(comparison: Comparison) -> list[list[str]]:
    old, new = comparison.old_resources, comparison.new_resources
    return [
        ["median latency", seconds(old.median_latency_s), seconds(new.median_latency_s)],
        ["95th percentile", seconds(old.p95_latency_s), seconds(new.p95_latency_s)],
        ["prompt tokens", tokens(old.prompt_tokens), tokens(new.prompt_tokens)],
        ["completion tokens", tokens(old.completion_tokens), tokens(new.completion_tokens)],
        ["cost of 1,000 answers", money(old.cost_per_1000, old.currency), money(new.cost_per_1000, new.currency)],
    ]


def seconds(value: float | None) -> str:
    """A latency; milliseconds below one second."""
    if value is None:
        return figures.NO_DATA
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.1f} s"


def tokens(value: float | None) -> str:
    return figures.NO_DATA if value is None else f"{value:,.1f}"


def money(value: float | None, currency: str | None) -> str:
    if value is None:
        return figures.NO_DATA
    return f"{value:,.{2 if value >= 1 or value == 0 else 4}f} {foreign(currency or '')}".rstrip()


def _slice_rows(comparison: Comparison) -> list[list[str]]:
    return [
        [
            f"{one.dimension}={foreign(one.value)}",
            percent(one.change.old.rate),
            percent(one.change.new.rate),
            points(one.change.difference),
            str(one.change.pairs),
            figures.p_value(one.q_value) + ("*" if one.q_value is not None and one.q_value <= SIGNIFICANT else " "),
        ]
        for one in comparison.slices
    ]


def _flip_lines(flip: Flip) -> list[str]:
    lines = figures.wrapped(f"{flip.kind}: {foreign(flip.key)}  ({foreign(flip.domain)}, {flip.exposure})")
    if flip.target:
        lines += figures.wrapped(f"target {foreign(flip.target)}", indent="      ")
        for name, text in (("from", flip.old_text), ("to", flip.new_text)):
            said = foreign(text) if text else "(not mentioned)"
            lines += figures.wrapped(f"{name:<6} {said}", indent="      ")
    return lines


def compare_markdown(comparison: Comparison, most: int = 50) -> str:
    """The comparison for a pull request."""
    old, new = markdown(comparison.old.label), markdown(comparison.new.label)
    parts = [f"## From {old} to {new}", "", f"{figures.plural(len(comparison.pairing.keys), 'paired case')}."]
    if not comparison.pairing.complete:
        parts += ["", f"Left out: {figures.markdown_sentence(comparison.pairing.reason)}"]
    rows = [["Metric", "From", "To", "Points", "95% interval", "p", "Pairs"], *_change_rows(comparison.changes)]
    parts += ["", *figures.markdown_table(rows)]
    resources = [[markdown(cell) for cell in row] for row in _resource_rows(comparison)]
    parts += ["", *figures.markdown_table([["Per answer", "From", "To"], *resources])]
    if comparison.latency is not None:
        parts += ["", *latency_change_markdown(comparison.latency)]
    if comparison.slices:
        slices = [[markdown(row[0]), *row[1:-1], row[-1].replace("*", "\\*")] for row in _slice_rows(comparison)]
        parts += ["", *figures.markdown_table([["Alignment rate of", "From", "To", "Points", "Pairs", "q"], *slices])]
    if comparison.flips:
        flips = [
            [flip.kind, *(markdown(text) for text in (flip.key, flip.target, flip.old_text, flip.new_text))]
            for flip in comparison.flips[:most]
        ]
        parts += ["", *figures.markdown_table([["Change", "Case", "Target", "From", "To"], *flips])]
        if len(comparison.flips) > most:
            parts += ["", f"{len(comparison.flips) - most} more are not shown."]
    return "\n".join(parts) + "\n"


def compare_json(comparison: Comparison) -> dict[str, Any]:
    value: dict[str, Any] = figures.plain(dataclasses.replace(comparison, latency=None))
    return {**value, "latency": latency_change_json(comparison.latency)}
