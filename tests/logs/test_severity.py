"""Notes, targets within longer ones, tool calls and message lists in rows of a log."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.logs.judge import json_lines, verdict_line, verdict_row
from harness.logs.rows import Columns, RowError, judge, read_row
from harness.logs.tables import rate_lines
from harness.text import DEFAULT_SYMBOLS
from tests.logs.conftest import Score, verdicts

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
