"""Counts are those of the product's metrics, and intervals hold what they promise, rows that hang together included."""

from __future__ import annotations

import io
import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.decisions.metrics import METRICS as DEFINED
from harness.logs.judge import json_lines, verdict_line, verdict_row
from harness.logs.rates import METRICS, OUTCOMES, Counts, RowCounts, effective_n, interval, rates, tally_of
from harness.logs.read import parquet_pieces, rows_of
from harness.logs.rows import Columns, Row, RowError, RowVerdict, judge, read_row
from harness.logs.tables import rate_lines
from harness.records.run import CaseResult, MentionRecord, SampleResult
from harness.statistics.rates import wilson
from harness.text import DEFAULT_SYMBOLS, CheckResult, SymbolTable
from tests.factory import case_result
from tests.logs.conftest import Score, log_row, verdicts, write_log

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
    assert effective_n(together, "mention_rate") == pytest.approx(97, abs=1)
    assert effective_n(mixed, "mention_rate") == 1000


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


# Notes, targets within longer ones, tool calls and message lists in rows of a log.

PROMPT = "Say created_at, pages 3-5, and open /data/XJ图/a."
CALL = {"type": "function", "function": {"name": "open", "arguments": '{"p": "/data/XJ 图/a"}'}}


def log(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_note_is_counted_as_a_note_alone(scored: Score, tmp_path: Path) -> None:
    row = {"source": PROMPT, "output": "Created at dawn, pages 3–5, /data/XJ图/a."}
    rates = scored(log(tmp_path, row))
    (verdict,) = verdicts(tmp_path / "out")
    assert (verdict["outcome"], verdict["verdict"], verdict["damage"]) == ("aligned", "verbatim", [])
    assert verdict["notes"] == ["case", "hyphen-lookalike", "to-space"]
    severities = {one["target"]: one["mentions"][0]["severity"] for one in verdict["targets"]}
    assert severities == {"created_at": "note", "3-5": "note", "/data/XJ图/a": None}
    assert rates["all"]["damage"] == {}
    assert rates["all"]["notes"] == {"case": 1, "hyphen-lookalike": 1, "to-space": 1}
    assert "notes, not counted, in rows: case 1, hyphen-lookalike 1, to-space 1" in rate_lines(rates, "rejected")


def test_a_target_within_a_longer_damaged_one_is_mentioned(scored: Score, tmp_path: Path) -> None:
    targets = ["北京/上海/广州", "上海/广州"]
    rates = scored(log(tmp_path, {"source": "x", "targets": targets, "output": "北京 / 上海 / 广州"}))
    (verdict,) = verdicts(tmp_path / "out")
    assert verdict["outcome"] == "damaged"
    assert rates["all"]["rates"]["mention_rate"]["k"] == 2


@pytest.mark.parametrize("verdict_format", ["jsonl", "parquet"])
def test_tool_calls_are_judged_with_their_place(scored: Score, tmp_path: Path, verdict_format: str) -> None:
    message = {"role": "assistant", "content": "done", "tool_calls": [CALL]}
    rows = [
        {"messages": [{"role": "user", "content": PROMPT}], "answer": message},
        {"messages": [{"role": "user", "content": PROMPT}], "answer": {"choices": [{"message": message}]}},
        {"messages": [{"role": "user", "content": PROMPT}], "answer": {"role": "assistant", "content": None}},
    ]
    if verdict_format == "parquet":
        pytest.importorskip("pyarrow")
    columns = Columns(source=("messages",), output=("answer",), targets="none")
    rates = scored(log(tmp_path, *rows), columns=columns, verdict_format=verdict_format)
    assert rates["all"]["outcomes"]["damaged"] == 2
    assert rates["all"]["outcomes"]["unscored"] == 1
    (file,) = sorted((tmp_path / "out" / "verdicts").iterdir())
    if verdict_format == "parquet":
        from pyarrow import parquet

        judged = parquet.ParquetFile(file).read(use_threads=False).to_pylist()
    else:
        judged = verdicts(tmp_path / "out")
    places = []
    for verdict in judged[:2]:
        (mention,) = next(one["mentions"] for one in verdict["targets"] if one["target"] == "/data/XJ图/a")
        places.append((mention["part"], mention["path"], mention["severity"]))
    assert places == [
        ("/tool_calls/0/function/arguments", "/p", "damage"),
        ("/choices/0/message/tool_calls/0/function/arguments", "/p", "damage"),
    ]


def test_the_answer_at_the_end_of_the_messages_is_no_source_of_itself() -> None:
    messages = [{"role": "user", "content": "say A-1/B"}, {"role": "assistant", "content": "A - 1/B"}]
    columns = Columns(source=("messages",), output=("messages.-1.content",))
    row = read_row({"messages": messages}, columns)
    assert row.source == ("say A-1/B",)
    assert judge(row, DEFAULT_SYMBOLS).outcome == "damaged"


def test_reasoning_alone_is_unscored() -> None:
    row = read_row({"source": "say A-1/B", "output": "<think>A - 1/B</think>"}, Columns())
    verdict = judge(row, DEFAULT_SYMBOLS)
    assert (verdict.outcome, verdict.unusable) == ("unscored", "only_reasoning")


@pytest.mark.parametrize("output", [3, ["a"], {"a": 1}, [["a"]], {"content": 3}])
def test_what_is_no_answer_is_refused_with_what_is_accepted(output: Any) -> None:
    with pytest.raises(RowError, match=r"output: found .*; accepted: a text, a chat message, a list of tool calls, or"):
        read_row({"source": "x", "output": output}, Columns())


TEXTS = st.text(st.sampled_from('A-1/B "\\\n\x00\x7f\u2028\ud800中é'), max_size=12)


@given(TEXTS, TEXTS, st.none() | TEXTS, st.booleans())
def test_a_line_is_the_json_of_its_row(before: str, behind: str, name: str | None, is_call: bool) -> None:
    columns = Columns(by=('reg"ion',))
    text = f"{before}A - 1/B{behind}"
    output = [{"name": "f", "arguments": json.dumps({"a": text})}] if is_call else text
    row = read_row({"source": "say A-1/B", "output": output, "id": name, 'reg"ion': before}, columns)
    verdict = judge(row, DEFAULT_SYMBOLS)
    expected = json_lines([verdict_row(behind, 3, row, verdict, columns)])
    assert verdict_line(behind, 3, row, verdict, columns) == expected


# The table stays within 80 columns, whatever the log holds, and shows the groups that matter.


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


def test_parquet_that_unpacks_to_much_is_read_a_few_rows_at_a_time() -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    long = "A-1 " * 100_000
    file = io.BytesIO()
    table = arrow.table({"source": [long] * 200, "output": [str(number) for number in range(200)]})
    parquet.write_table(table, file)
    assert len(file.getvalue()) < 1_000_000 < table.nbytes
    pieces = list(parquet_pieces(file, "a.parquet", None))
    assert max(len(piece.table) for piece in pieces) < 8 << 20
    rows = [row for piece in pieces for row in rows_of(piece.table)]
    assert rows == [{"source": long, "output": str(number)} for number in range(200)]
    assert [piece.first for piece in pieces] == [1 + sum(p.table_rows for p in pieces[:n]) for n in range(len(pieces))]


def test_a_row_that_comes_again_is_judged_once_and_written_as_if_it_were_alone(
    tmp_path: Path, scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.logs import judge as judging

    row = {"source": "Use TCP/IP and A-1.", "output": "TCP / IP and A-1", "id": "x"}
    others = [{**row, "targets": ["A-1"]}, {**row, "finish_reason": "length"}, {**row, "output": [{"text": "TCP/IP"}]}]
    rows = [row, *others, row, *others, {**row, "source": "Use TCP/IP."}]
    asked: list[str] = []

    def noted(row: Row, symbols: SymbolTable) -> RowVerdict:
        asked.append(row.output)
        return judge(row, symbols)

    monkeypatch.setattr(judging, "judge", noted)
    (tmp_path / "all.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    scored("all.jsonl", out="all")
    assert asked.count("TCP / IP and A-1") == 5  # once each with and without targets, twice cut off, once otherwise
    alone = []
    for number, one in enumerate(rows):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps(one) + "\n")
        scored(f"{number}.jsonl", out=f"o{number}")
        alone += [{**made, "file": "all.jsonl", "line": number + 1} for made in verdicts(tmp_path / f"o{number}")]
    assert verdicts(tmp_path / "all") == alone
