"""Counts are those of the product's metrics, and intervals hold what they promise, rows that hang together included."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.decisions.metrics import METRICS as DEFINED
from harness.logs.rates import METRICS, Counts, RowCounts, effective_trials, interval, rates, tally_of
from harness.logs.rows import Columns, RowVerdict, judge, read_row
from harness.records.run import CaseResult, MentionRecord, SampleResult
from harness.statistics.rates import wilson
from harness.text import DEFAULT_SYMBOLS, CheckResult
from tests.factory import case_result
from tests.logs.conftest import Score, log_row

COLUMNS = Columns(by=("region",))


def as_case(number: int, row: dict[str, Any]) -> CaseResult | None:
    """The row as a run record would hold it; None if there is nothing to protect."""
    read = read_row(row, COLUMNS)
    verdict = judge(read, DEFAULT_SYMBOLS)
    if verdict.outcome == "untargeted":
        return None
    result = verdict.result
    mentions = {
        target: tuple(
            MentionRecord(start=m.start, end=m.end, text=m.text, verdict=m.verdict, damage=m.damage) for m in found
        )
        for target, found in result.mentions.items()
    }
    targets = tuple(result.verdicts) or tuple(row.get("targets", ()))
    sample = SampleResult(sample=0, outcome=verdict.outcome, verdicts=result.verdicts, mentions=mentions)
    return case_result(str(number), verdict.outcome, targets=targets, samples=[sample])


ROWS = [
    *[log_row(number) for number in range(60)],
    {"source": "From Mon - Fri and A - B.", "output": "Mon-Fri and A - B", "targets": ["Mon - Fri", "A - B"]},
    {"source": "From Mon - Fri.", "output": "Mon - Fri", "targets": ["Mon - Fri"]},
]


@pytest.mark.parametrize("metric", METRICS)
def test_a_row_counts_as_a_case_counts(metric: str) -> None:
    cases = [case for number, row in enumerate(ROWS) if (case := as_case(number, row))]
    total = RowCounts()
    for row in ROWS:
        total.add(tally_of(judge(read_row(row, COLUMNS), DEFAULT_SYMBOLS), None))
    count = total.count(metric)
    assert count == DEFINED[metric](cases)
    assert count.n > 0
    assert count.k not in (0, count.n)


def counted(rows: list[dict[str, Any]], columns: Columns = COLUMNS) -> Counts:
    counts = Counts.of(columns)
    for number, value in enumerate(rows):
        row = read_row(value, columns)
        cluster = (row.cluster or str(number)) if columns.cluster else None
        counts.add_row(row, columns, tally_of(judge(row, DEFAULT_SYMBOLS), cluster))
    return counts.complete()


@given(st.lists(st.integers(0, 60), max_size=4), st.sampled_from(["", "cluster"]))
def test_parts_add_up_to_the_whole(cuts: list[int], cluster: str) -> None:
    columns = Columns(by=("region",), cluster=cluster)
    rows = [{**row, "cluster": number % 7} for number, row in enumerate(ROWS[:60])]
    whole, folded = Counts.of(columns), Counts.of(columns)
    whole.fold(counted(rows, columns), 100)
    for start, end in pairwise([0, *sorted(cuts), 60]):
        folded.fold(Counts.read(counted(rows[start:end], columns).plain(), columns), 100)
    assert rates(folded, columns, [], 100) == rates(whole, columns, [], 100)


def test_groups_beyond_the_limit_are_counted_together() -> None:
    rows = [{**ROWS[1], "region": f"region {number}"} for number in range(10)]
    counts = Counts.of(COLUMNS)
    counts.fold(counted(rows), 4)
    counts.fold(counted(rows), 4)
    region = rates(counts, COLUMNS, [], 4)["by"][-1]
    assert [(group["group"], group["rows"]) for group in region["groups"]] == [
        ([f"region {number}"], 2) for number in range(4)
    ]
    assert (region["other"]["beyond"], region["other"]["rows"]) == (4, 12)


def test_rows_without_a_value_are_a_group_of_their_own_and_come_last() -> None:
    region = rates(counted(ROWS), COLUMNS, [], 100)["by"][-1]
    assert [group["group"] for group in region["groups"]] == [["north"], ["south"], [None]]
    assert sum(group["rows"] for group in region["groups"]) == len(ROWS)


def verdict(aligned: bool, mentioned: int = 1, targets: int = 1) -> RowVerdict:
    damaged = "verbatim" if aligned else "spaced"
    names = {f"t-{number}": damaged if number < mentioned else "absent" for number in range(targets)}
    outcome = "damaged" if not aligned else "aligned" if mentioned == targets else "omitted"
    return RowVerdict(outcome, damaged, CheckResult(names, dict.fromkeys(names, ())), ())  # type: ignore[arg-type]


def test_rows_for_themselves_have_wilsons_interval() -> None:
    tally = RowCounts()
    for number in range(200):
        tally.add(tally_of(verdict(number % 20 != 0), None))
    assert interval(tally, "alignment_rate") == wilson(190, 200)
    assert interval(RowCounts(), "alignment_rate") is None


def test_targets_of_a_row_count_as_one_where_they_go_together() -> None:
    together, mixed = RowCounts(), RowCounts()
    for number in range(100):
        together.add(tally_of(verdict(True, 10 * (number % 2), 10), None))
        mixed.add(tally_of(verdict(True, 5, 10), None))
    assert together.count("mention_rate") == mixed.count("mention_rate") == (500, 1000)
    assert effective_trials(together, "mention_rate") == pytest.approx(97, abs=1)
    assert effective_trials(mixed, "mention_rate") == 1000


def test_a_rate_of_all_or_nothing_in_few_clusters_is_no_proof() -> None:
    tally = RowCounts()
    for number in range(1000):
        tally.add(tally_of(verdict(True), f"conversation {number % 10}"))
    bounds = interval(tally, "alignment_rate")
    assert bounds == wilson(10, 10)
    assert tally.clusters() == 10


def test_the_number_of_clusters_is_estimated_in_bounded_memory() -> None:
    tally = RowCounts()
    for number in range(20_000):
        tally.add(tally_of(verdict(True), f"conversation {number % 5000}"))
    clusters = tally.clusters()
    assert clusters == pytest.approx(5000, rel=0.2)
    assert len(tally.smallest) == 256
    assert len(tally.buckets) <= 256


@pytest.mark.parametrize(("clusters", "size"), [(10, 20), (20, 10), (60, 5), (900, 3)])
def test_intervals_of_clustered_rows_cover_the_truth(clusters: int, size: int) -> None:
    """Simulated logs at a true 90 %, clusters alike in nine rows of ten; Wilson over rows would cover far less."""
    drawn = random.Random(20261120)
    covered = naive = 0
    good, bad = verdict(True), verdict(False)
    runs = 300 if clusters < 100 else 60
    for _ in range(runs):
        tally = RowCounts()
        for cluster in range(clusters):
            fate = drawn.random() < 0.9
            for _ in range(size):
                aligned = fate if drawn.random() < 0.9 else drawn.random() < 0.9
                tally.add(tally_of(good if aligned else bad, str(cluster)))
        bounds, count = interval(tally, "alignment_rate"), tally.count("alignment_rate")
        plain = wilson(count.k, count.n)
        assert bounds is not None
        assert plain is not None
        covered += bounds.low <= 0.9 <= bounds.high
        naive += plain.low <= 0.9 <= plain.high
    assert covered / runs >= 0.9
    assert naive / runs < 0.85


def test_a_row_whose_targets_were_looked_for_is_in_no_alignment_rate(scored: Score, tmp_path: Path) -> None:
    rows = [{"source": "A-1 and B/2", "output": "A-1"}, {"source": "A-1", "output": "A-1", "targets": ["A-1"]}]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    everything = scored("log.jsonl")["all"]["rates"]
    assert (everything["alignment_rate"]["k"], everything["alignment_rate"]["n"]) == (1, 1)
    assert (everything["fidelity"]["k"], everything["fidelity"]["n"]) == (2, 2)
    assert (everything["mention_rate"]["k"], everything["mention_rate"]["n"]) == (2, 3)
