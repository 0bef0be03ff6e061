"""The table stays within 80 columns, whatever the log holds, and shows the groups that matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.logs.rates import OUTCOMES, Counts, RowCounts, rates
from harness.logs.rows import Columns
from harness.logs.tables import rate_lines
from tests.logs.conftest import Score, write_log

COLUMNS = Columns(by=("region",))


def tally(rows: int, damaged: int = 0) -> RowCounts:
    """Rows that name their one target."""
    right = rows - damaged
    outcomes = [right, damaged, *[0] * (len(OUTCOMES) - 2)]
    return RowCounts([*outcomes, right, rows, right, rows, rows, rows, 0, 0, 0, rows, rows, rows, rows])


def lines(groups: dict[int, dict[Any, RowCounts]], everything: RowCounts) -> list[str]:
    """The table for groups by the place of their grouping."""
    counts = Counts.of(COLUMNS)
    counts.everything = everything
    for place, found in groups.items():
        counts.groupings[place].groups = found
    return rate_lines(rates(counts, COLUMNS, ["log.jsonl"], 500), "out/rejected.jsonl")


def test_millions_of_rows_near_a_hundred_percent_fit() -> None:
    most = tally(100_000_000, 100)
    shown = lines({1: {("a-model-with-a-very-long-name", "v2026-11-20"): most}}, most)
    assert max(map(len, shown)) <= 80
    assert any("99.9999%" in line and line.startswith("all") for line in shown)
    assert any("100,000,000" in line and line.startswith("  a-mod") for line in shown)


def test_the_largest_groups_are_shown_and_the_rest_counted() -> None:
    shown = lines({4: {(f"r{number:02d}",): tally(number + 1) for number in range(30)}}, tally(465))
    names = [line.split()[0] for line in shown if line.startswith("  r")]
    assert names == [f"r{number:02d}" for number in range(20, 30)]
    assert "  20 more" in shown


def test_the_last_days_of_each_version_are_shown() -> None:
    days = [f"2026-11-{day:02d}" for day in range(1, 21)]
    groups: dict[Any, RowCounts] = {("m", version, day): tally(9) for version in ("v1", "v2") for day in days}
    versions: dict[Any, RowCounts] = {("m", "v1"): tally(180), ("m", "v2"): tally(180)}
    shown = lines({1: versions, 3: groups}, tally(360))
    by_day = [line.split()[:2] for line in shown if line.startswith("  2026")]
    assert by_day == [[day, f"m@{version}"] for version in ("v1", "v2") for day in days[-4:]]


def test_a_column_without_values_takes_no_room() -> None:
    shown = lines({0: {(None,): tally(5)}, 1: {(None, None): tally(5)}, 4: {(None,): tally(5)}}, tally(5))
    assert not any(line.startswith(("model", "region", "  ")) and "rows" not in line for line in shown)


def test_without_given_targets_the_headline_is_verbatim_of_those_said(scored: Score, tmp_path: Path) -> None:
    found = scored(write_log(tmp_path / "log.jsonl", 20), columns=Columns(targets="none"))
    shown = rate_lines(found, "rejected.jsonl")
    assert "targets: not given, looked for in the source" in shown
    assert not any("aligned" in line for line in shown)
    assert any("verbatim of those said" in line for line in shown)
