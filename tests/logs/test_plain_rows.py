"""Most rows are plain text, and are read, judged and written on a short way: it leads where the long one does."""

from __future__ import annotations

import gc
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.logs.files import find_inputs, in_utf8, lines_at_once
from harness.logs.judge import ReadSettings, Scoring, chunks, groups, score_chunk
from harness.logs.read import Block, decoded, document_members, each
from harness.logs.rows import Columns, RowError, RowVerdict, read_row, reader_of
from harness.text import DEFAULT_SYMBOLS, SymbolTable, check, scan
from harness.text.channels import passages
from harness.text.checking import Judge
from harness.text.targets import Target

_VALUES: list[Any] = [
    *(None, "", 0, 7, 1.5, 10**30, 10**250, True, "x", "m" * 200, "m" * 201, "\ud800A-1", "<|user|>A-1", "<b>A-1"),
    *('{"error": {"message": "x"}}', '{"a": 1}', {}, [], ["A-1"], ["A-1", " "], ["A-1", 3], ["x", ""], {"a": ["x"]}),
    *([{"role": "user", "content": "A-1"}], {"role": "assistant", "content": "A-1"}, {"error": "x"}, "text", "json"),
    *("length", "stop", "2026-11-01T10:00:00Z", "2026-02-30T10:00:00Z", "2026-11-01T24:00:00Z", "1960-01-01 10:00:00"),
    *(
        "2026-11-01T10:00:00.123456+00:00",
        "2026-11-01T23:59:59-05:00",
        "２026-11-01T10:00:00Z",
        1795079400,
        "1795079400",
    ),
]
_FIELDS = [*Columns.__slots__, "finish_reason", "error", "a.b", "region"]
rows = st.dictionaries(st.sampled_from(_FIELDS), st.sampled_from(_VALUES), max_size=9)
COLUMNS = [
    Columns(),
    Columns(by=("region", "a.b"), cluster="id"),
    Columns(model="by.a", by=('"a.b"', "version.0")),
    Columns(source=("source", "model")),
    Columns(source=("source.0.content",), output=("output.content",)),
    Columns(output=("output", "channel")),
]


def outcome(read: Any, *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except RowError as error:
        return error.kind, str(error)


@given(rows, st.sampled_from(COLUMNS))
def test_a_plain_row_is_read_as_any_other(row: dict[str, Any], columns: Columns) -> None:
    for value in (row, {"source": "Say A-1/B", "output": "A - 1/B", **row}):
        assert outcome(reader_of(columns), value) == outcome(read_row, value, columns)


_TARGETS = [
    *("TCP/IP", "Sikalastic-609", "GB/T 50081-2019", "水吧台/岛台", "a", "-", "A&amp;B", "C:\\new", "7732-18-5", "%s"),
    *("550e8400-e29b-41d4-a716-446655440000", "d41d8cd98f00b204e9800998ecf8427e", "ﬁx-1", "TсP/IP", "- x", "50%", ""),
]
texts = st.lists(
    st.sampled_from(
        [*_TARGETS, "TCP / IP", "tcp/ip", "TCP–IP", "Sikalastic609", "\n- ", "<b>", "<think>", " ", "。x", "1"]
    ),
    max_size=6,
).map("".join)


@given(st.lists(st.sampled_from(_TARGETS), min_size=1, max_size=4), texts)
def test_an_answer_with_all_strings_whole_is_judged_as_any_other(targets: list[str], answer: str) -> None:
    long_way = Judge("", targets, DEFAULT_SYMBOLS).result(passages(answer, "text"), "text", [], unscored=False)
    if "<think>" not in answer:
        assert check("", answer, targets) == long_way
        assert list(check("", answer, targets).verdicts) == list(long_way.verdicts)


_LINES = [
    *(b'{"a": 1}', b' {"a": 1} ', b'{"a": 1},', b'{"a": 1}{"a": 2}', b'{"a": 1', b"NaN", b"", b" \t", b"\x1e{}"),
    *(b'{"a": "\\ud800"}', b'{"a": 1, "a": 2}', b'"\xff"', b"\xef\xbb\xbf{}", "{}\u3000".encode(), b"{}\x0c"),
    *(b"9" * 5000, b"[" * 9999),
]


@given(st.lists(st.sampled_from(_LINES), max_size=12), st.sampled_from([b"\n", b"\r\n"]))
def test_lines_in_a_buffer_are_those_that_are_read_one_by_one(lines: list[bytes], end: bytes) -> None:
    content = end.join(lines)
    expected = [(number, raw) for number, raw in enumerate(io.BytesIO(content).readlines(), 1)]
    for size in (16, 1 << 16):
        buffered = lines_at_once(io.BufferedReader(io.BytesIO(content), size), 16 << 20)  # type: ignore[arg-type]
        got = [(record.line, record.raw) for record in each(in_utf8(buffered))]
        assert [(line, raw.removeprefix(b"\xef\xbb\xbf") if line == 1 else raw) for line, raw in expected] == got


@pytest.mark.parametrize("line", _LINES)
def test_a_line_is_the_value_that_json_reads_in_it(line: bytes) -> None:
    for end in (b"\n", b"\r\n", b"  \n", b""):
        (row,) = decoded(Block("x", "jsonl", [1], [line + end]))
        try:
            expected = json.loads((line + end).decode().strip("\x1e"))
        except (ValueError, RecursionError):
            assert row.error is not None or line.endswith(b",")
        else:
            assert repr(row.value) == repr(expected)


def test_a_member_over_the_limit_is_left_out_wherever_the_blocks_end() -> None:
    member = json.dumps({"source": "A-1", "output": "x" * 3000})
    document = ("[" + ", ".join([member] * 2000) + "]").encode()
    found = list(document_members(io.BufferedReader(io.BytesIO(document)), 2000))  # type: ignore[arg-type]
    assert [record.problem and record.problem[0] for record in found] == ["too-long"] * 2000


def test_a_chunk_leaves_nothing_for_the_garbage_collector(tmp_path: Path) -> None:
    """The collector is off while a chunk is scored: an error that held itself held all rows of its chunk for ever."""
    bad = ['{"source": "A-1/B", "output": "A - 1/B"}', "{", "[1]", '{"source": "A-1"}', '{"output": "A-1"}', "[" * 9999]
    (tmp_path / "log.jsonl").write_text("\n".join(bad * 20), encoding="utf-8")
    files = find_inputs([str(tmp_path / "log.jsonl")], None, excluded=tmp_path / "out")
    (chunk,) = chunks(0, groups(files)[0], ReadSettings(Columns()))
    of_others = {id(one): one for one in gc.get_objects() if isinstance(one, RowError | RowVerdict)}
    assert score_chunk(chunk, Scoring(Columns())).rows == len(bad) * 20
    left = [one for one in gc.get_objects() if isinstance(one, RowError | RowVerdict)]
    assert not [one for one in left if id(one) not in of_others]


def test_the_prompts_of_many_rows_are_scanned_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"source": f"Send ZX-{number}/B.", "output": f"ZX-{number} / B"} for number in range(50)]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    files = find_inputs([str(tmp_path / "log.jsonl")], None, excluded=tmp_path / "out")
    (chunk,) = chunks(0, groups(files)[0], ReadSettings(Columns()))
    scanned: list[str] = []
    at_once = scan._targets_at_once

    def noted(text: str, symbols: SymbolTable) -> tuple[Target, ...]:
        scanned.append(text)
        return at_once(text, symbols)

    monkeypatch.setattr(scan, "_targets_at_once", noted)
    scan.forget()
    scored = score_chunk(chunk, Scoring(Columns()))
    assert len(scanned) == 1
    assert [json.loads(line)["targets"][0]["target"] for line in scored.verdicts.splitlines()] == [
        f"ZX-{number}/B" for number in range(50)
    ]
