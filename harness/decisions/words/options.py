"""The options of a team side by side, in words: one row a question, one column an option."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from harness.decisions.options import Option
from harness.decisions.words import figures
from harness.decisions.words.compare import money, seconds, tokens
from harness.decisions.words.figures import foreign, markdown, percent, points

_Row = tuple[str, Callable[[Option], str]]

_ROWS: tuple[_Row, ...] = (
    ("alignment rate", lambda one: percent(one.alignment.rate)),
    ("  trained", lambda one: percent(one.gap.trained.rate)),
    ("  untrained", lambda one: percent(one.gap.untrained.rate)),
    ("  gap", lambda one: points(one.gap.difference)),
    ("  gap of its base", lambda one: points(one.base_gap.difference) if one.base_gap else figures.NO_DATA),
    ("  Boschloo p (hint)", lambda one: figures.p_value(one.boschloo_p)),
    ("fidelity", lambda one: percent(one.rates["fidelity"].rate)),
    ("mention rate", lambda one: percent(one.rates["mention_rate"].rate)),
    ("over-correction", lambda one: percent(one.rates["over_correction_rate"].rate)),
    ("check rate", lambda one: percent(one.rates["check_rate"].rate)),
    ("unscored", lambda one: percent(one.rates["unscored_rate"].rate)),
    ("median latency", lambda one: seconds(one.resources.median_latency_s)),
    ("prompt tokens", lambda one: tokens(one.resources.prompt_tokens)),
    ("answer tokens", lambda one: tokens(one.resources.completion_tokens)),
    ("cost of 1,000", lambda one: money(one.resources.cost_per_1000, one.resources.currency)),
)


def options_lines(options: Sequence[Option]) -> list[str]:
    """The table in blocks of as many columns as 80 cells hold."""
    rows = [["", *(foreign(one.run.label) for one in options)]]
    rows += [[name, *(cell(one) for one in options)] for name, cell in _ROWS]
    lines = [f"{options[0].alignment.n} scored cases with targets, the same for all"] if options else []
    for columns in _blocks(rows):
        lines += ["", *figures.table([[row[0], *(row[i] for i in columns)] for row in rows])]
    return [*lines, "", *figures.wrapped(_LEGEND)]


_LEGEND = (
    "gap: trained minus untrained, by what each version was trained on; beside it the same difference of its base "
    "on the same cases, since domains differ in difficulty. Boschloo p: a hint that untrained cases do worse, and no "
    "proof. Rates stand without intervals here: compare two of them for those."
)


def _blocks(rows: Sequence[Sequence[str]]) -> list[list[int]]:
    widths = [max(figures.cells(row[i]) for row in rows) for i in range(len(rows[0]))]
    blocks: list[list[int]] = []
    used = figures.WIDTH
    for column, width in enumerate(widths[1:], start=1):
        if used + 2 + width > figures.WIDTH:
            blocks.append([])
            used = 2 + widths[0]
        blocks[-1].append(column)
        used += 2 + width
    return blocks


def options_markdown(options: Sequence[Option]) -> str:
    rows = [["", *(markdown(one.run.label) for one in options)]]
    rows += [[name.strip(), *(markdown(cell(one)) for one in options)] for name, cell in _ROWS]
    return "\n".join(["## Options side by side", "", *figures.markdown_table(rows), "", _LEGEND]) + "\n"


def options_json(options: Sequence[Option]) -> dict[str, Any]:
    """The table as JSON values, with the gaps that it shows."""
    columns = []
    for one in options:
        value: dict[str, Any] = figures.plain(one)
        value["gap"]["difference"] = one.gap.difference
        if one.base_gap is not None:
            value["base_gap"]["difference"] = one.base_gap.difference
        columns.append(value)
    return {"options": columns}
