"""Every form of input gives the same rows; what cannot be read is kept aside with file, line and reason."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sys
import tracemalloc
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigError, HarnessError
from harness.logs.files import InputFile, find_inputs, lines_at_once, shown
from harness.logs.judge import ReadSettings, chunks, groups
from harness.logs.read import RawRow, csv_records, document_members, each, fields
from harness.logs.rows import MISSING, Columns, RowError, group_value, judge, lookup, read_row
from harness.text import DEFAULT_SYMBOLS
from tests.logs.conftest import Score, log_row, rejected, verdicts, write_log

GOOD = json.dumps({"source": "Use TCP/IP.", "output": "TCP/IP"}).encode()


def found(folder: Path) -> list[tuple[int, str, list[tuple[str, str]]]]:
    return [
        (row["line"], row["outcome"], [(one["target"], one["verdict"]) for one in row["targets"]])
        for row in verdicts(folder)
    ]


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return [log_row(number) for number in range(60)]


def write_csv(path: Path, rows: list[dict[str, Any]], **options: Any) -> Path:
    names = ["id", "source", "output", "model", "version", "time", "region", "targets", "finish_reason"]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names, **options)
        writer.writeheader()
        for row in rows:
            targets = json.dumps(row["targets"]) if "targets" in row else ""
            writer.writerow({**row, "targets": targets})
    return path


def test_gzip_csv_tsv_and_standard_input_give_what_json_lines_give(
    scored: Score, tmp_path: Path, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = write_log(tmp_path / "log.jsonl", 60)
    expected = scored("log.jsonl")["all"]
    assert expected["rows"] == 60
    assert set(expected["outcomes"].values()) != {0}
    (tmp_path / "packed.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    write_csv(tmp_path / "log.csv", rows)
    write_csv(tmp_path / "log.tsv", rows, delimiter="\t")
    (tmp_path / "semi.csv").write_bytes(write_csv(tmp_path / "semi.csv", rows, delimiter=";").read_bytes())
    assert scored("packed.jsonl.gz", out="gz")["all"] == expected
    assert scored("log.csv", out="csv")["all"] == expected
    assert scored("log.tsv", out="tsv")["all"] == expected
    assert scored("semi.csv", out="semi", delimiter=";")["all"] == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(plain.read_bytes())))
    assert scored("-", out="stdin")["all"] == expected


def test_parquet_gives_what_json_lines_give(scored: Score, tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    write_log(tmp_path / "log.jsonl", 60)
    expected = scored("log.jsonl")
    # pyarrow takes the columns from the first row, which names no targets
    table = pa.Table.from_pylist([{"targets": None, **row} for row in rows])
    pq.write_table(table, tmp_path / "log.parquet", row_group_size=7)
    assert scored("log.parquet", out="pq")["all"] == expected["all"]
    assert [row[1:] for row in found(tmp_path / "pq")] == [row[1:] for row in found(tmp_path / "out")]
    assert [row["line"] for row in verdicts(tmp_path / "pq")] == list(range(1, 61))


def test_object_store_urls_are_read(scored: Score, tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    write_log(tmp_path / "log.jsonl", 60)
    expected = scored("log.jsonl")["all"]
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/day=1/a.jsonl", write_log(tmp_path / "a.jsonl", 30).read_bytes())
    store.pipe("/bucket/day=2/b.jsonl.gz", gzip.compress(write_log(tmp_path / "b", 30, start=30).read_bytes()))
    assert scored("memory://bucket", out="folder")["all"] == expected
    assert scored("memory://bucket/*/*.jsonl*", out="glob")["all"] == expected
    assert scored((tmp_path / "log.jsonl").as_uri(), out="file")["all"] == expected
    with pytest.raises(HarnessError, match="cannot be read"):
        scored("memory://bucket/none.jsonl", out="none")


def test_a_url_is_shown_without_keys() -> None:
    assert shown("s3://KEY:SECRET@bucket/a.jsonl") == "s3://bucket/a.jsonl"
    assert shown("https://host/a.jsonl?X-Signature=SECRET#x") == "https://host/a.jsonl"


def test_folders_and_globs_are_read_in_the_order_of_their_names(
    scored: Score, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ["b.jsonl", "a.jsonl", "sub/c.jsonl", ".hidden.jsonl", "_SUCCESS", "notes.txt", "项目 logs/é.jsonl"]:
        (tmp_path / "logs" / name).parent.mkdir(parents=True, exist_ok=True)
        write_log(tmp_path / "logs" / name, 1)
    names = scored("logs")["inputs"]
    assert names == ["logs/a.jsonl", "logs/b.jsonl", "logs/sub/c.jsonl", "logs/项目 logs/é.jsonl"]
    assert scored("logs/*.jsonl", "logs/a.jsonl", out="o2")["inputs"] == ["logs/a.jsonl", "logs/b.jsonl"]
    # the output of one run is not the input of the next
    assert scored("logs", out="logs/out")["inputs"] == names
    assert scored("logs", out="logs/out")["inputs"] == names


@pytest.mark.parametrize("argument", ["none.jsonl", "none/*.jsonl", "empty", "notes.txt"])
def test_an_argument_without_files_is_an_error(argument: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(HarnessError, match="accepted"):
        find_inputs([argument], None, excluded=tmp_path / "out")


def test_a_named_pipe_is_not_waited_for(tmp_path: Path, scored: Score) -> None:
    (tmp_path / "logs").mkdir()
    os.mkfifo(tmp_path / "logs" / "pipe.jsonl")
    write_log(tmp_path / "logs" / "log.jsonl", 1)
    assert scored("logs")["inputs"] == ["logs/log.jsonl"]
    with pytest.raises(HarnessError, match="no regular file"):
        scored("logs/pipe.jsonl", out="other")


BAD = {
    b"{": "json",
    b'{"source": "a-b"': "json",
    b"[1]": "not-an-object",
    b'{"source": "a-b"}': "output",
    b'\xff\xfe{"source"': "encoding",
    b'{"source": "a-b", "output": "' + b"x" * 3000 + b'"}': "too-long",
}


def test_bad_rows_are_kept_with_file_line_and_reason(scored: Score, tmp_path: Path) -> None:
    lines = [GOOD, *BAD, b"", b"  ", GOOD]
    (tmp_path / "log.jsonl").write_bytes(b"\xef\xbb\xbf" + b"\n".join(lines))
    rates = scored("log.jsonl", longest=2000)
    kept = rejected(tmp_path / "out")
    assert [(row["file"], row["line"], row["kind"]) for row in kept] == [
        ("log.jsonl", number, kind) for number, kind in enumerate(BAD.values(), start=2)
    ]
    assert all(row["reason"] for row in kept)
    assert (rates["rows"], rates["rejected"], rates["all"]["rows"]) == (len(BAD) + 2, len(BAD), 2)
    assert [row["line"] for row in verdicts(tmp_path / "out")] == [1, len(lines)]
    assert kept[3]["row"] == '{"source": "a-b"}'
    assert "row_base64" in kept[4]


def test_deep_nesting_and_endless_numbers_are_bad_rows(scored: Score, tmp_path: Path) -> None:
    deep = [b"[" * 100_000, b'{"a":' * 50_000, b'{"source": "a", "output": "a", "n": ' + b"9" * 5000 + b"}"]
    nested = b'{"source": "a-b", "output": ' + b"[" * 900 + b"]" * 900 + b"}"
    (tmp_path / "log.jsonl").write_bytes(b"\n".join([GOOD, *deep, nested]))
    assert scored("log.jsonl")["rejected_by_kind"] in ({"json": 3, "output": 1}, {"json": 4}, {"json": 3})


class LongLine(io.RawIOBase):
    """A line of 200 MiB that is nowhere held as a whole, then a short one."""

    def __init__(self) -> None:
        self.left = 200 << 20
        self.end = b"\na-b\n"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = b"x" * min(len(buffer), self.left) if self.left else self.end
        self.left, self.end = max(0, self.left - len(data)), self.end if self.left else b""
        buffer[: len(data)] = data
        return len(data)


def test_a_line_over_the_limit_is_passed_over_in_bounded_memory() -> None:
    tracemalloc.start()
    try:
        records = list(each(lines_at_once(io.BufferedReader(LongLine(), 1 << 20), 1 << 20)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(record.line, len(record.raw)) for record in records] == [(1, 4096), (2, 4)]
    assert records[0].problem is not None
    assert records[0].problem[1].startswith("209715200 bytes; accepted: 1048576 (--max-line)")
    assert peak < 8 << 20


def test_an_empty_file_has_no_data(scored: Score, tmp_path: Path) -> None:
    for name in ("empty.jsonl", "empty.csv", "empty.jsonl.gz"):
        (tmp_path / name).write_bytes(b"" if not name.endswith("gz") else gzip.compress(b""))
    rates = scored("empty.jsonl", "empty.csv", "empty.jsonl.gz")
    assert (rates["rows"], rates["rejected"]) == (0, 0)
    assert rates["all"]["rates"]["alignment_rate"]["rate"] is None


def test_a_damaged_archive_gives_its_good_rows_and_one_rejected(scored: Score, tmp_path: Path) -> None:
    noise = b"".join(GOOD[:-1] + b', "n": "%s"}\n' % os.urandom(30).hex().encode() for _ in range(3000))
    packed = gzip.compress(noise)
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "good.jsonl").write_bytes(GOOD)
    (tmp_path / "no.parquet").write_bytes(b"PAR1 no parquet at all")
    pytest.importorskip("pyarrow")
    rates = scored("cut.jsonl.gz", "no.parquet", "good.jsonl")
    kept = rejected(tmp_path / "out")
    assert [(row["file"], row["kind"]) for row in kept] == [
        ("cut.jsonl.gz", "unreadable"),
        ("no.parquet", "unreadable"),
    ]
    assert 100 < rates["all"]["rows"] < 3000
    assert verdicts(tmp_path / "out")[-1]["file"] == "good.jsonl"


def test_csv_rows_of_another_width_are_bad_and_quotes_hold_line_ends(scored: Score, tmp_path: Path) -> None:
    text = (
        "source,output\r\n"
        '"Use TCP/IP.\n\nIt is ""old""","TCP/IP,\nsays he"\r\n'
        "a-b,a-b,too many\r\n"
        "\r\n"
        'Use a 5" pipe-end here,pipe-end\r\n'
        '"never closed,a-b\r\n'
        "Use AB/12.,AB / 12\r\n"
    )
    (tmp_path / "log.csv").write_bytes(text.encode())
    rates = scored("log.csv")
    assert [row["line"] for row in verdicts(tmp_path / "out")] == [2, 8, 10]
    assert [(row["line"], row["kind"]) for row in rejected(tmp_path / "out")] == [(6, "csv"), (9, "csv")]
    assert rates["all"]["outcomes"]["damaged"] == 1


def test_a_csv_header_that_names_a_column_twice_is_refused(scored: Score, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("source,output,output\na-b,a-b,a-b\n")
    (tmp_path / "good.jsonl").write_bytes(GOOD)
    scored("log.csv", "good.jsonl")
    (row,) = rejected(tmp_path / "out")
    assert "'output' more than once" in row["reason"]


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.sampled_from(
    ['"', '""', "\n", "\r\n", ",", '",', "\ufeff"]
)


@given(st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=8))
def test_records_are_cut_as_the_csv_module_cuts_them(rows: list[list[str]]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    lines = each(lines_at_once(io.BytesIO(buffer.getvalue().encode()), 1 << 20))  # type: ignore[arg-type]
    got = [fields(record.raw, ",") for record in csv_records(lines, ",", 1 << 20)]
    assert got == rows


@given(st.lists(st.sampled_from(['"', 'a"b', "a,b", '"a', "", "x,y", '"",']), max_size=12))
def test_no_line_of_damaged_csv_is_lost_or_read_twice(lines: list[str]) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    records = list(csv_records(each(lines_at_once(io.BytesIO(data), 50)), ",", 50))  # type: ignore[arg-type]
    assert b"".join(record.raw for record in records).replace(b"\n", b"") == data.replace(b"\n", b"")


def test_small_neighbours_share_a_chunk_and_a_large_file_has_its_own(tmp_path: Path) -> None:
    files = [
        InputFile(f"{size}-{place}", "x", "jsonl", False, size, "")
        for place, size in enumerate([10, 20, 5 << 20, 30, None, 40])
    ]
    assert [[file.size for file in group] for group in groups(files)] == [[10, 20], [5 << 20], [30], [None], [40]]
    for name in "abc":
        write_log(tmp_path / f"{name}.jsonl", 5)
    small = find_inputs([str(tmp_path)], None, excluded=tmp_path / "out")
    (chunk,) = [chunk for n, group in enumerate(groups(small)) for chunk in chunks(n, group, ReadSettings(Columns()))]
    assert [piece.rows for piece in chunk.pieces] == [5, 5, 5]


def test_columns_that_are_nowhere_end_the_run_with_the_fields_that_are(scored: Score, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"prompt": "a-b", "answer": "a-b"}\n' * 5)
    with pytest.raises(ConfigError, match=r"output: missing.*prompt, answer.*--source"):
        scored("log.jsonl")
    # nothing was kept, so the mended command may use the same folder
    mended = Columns(source=("prompt",), output=("answer",))
    assert scored("log.jsonl", columns=mended)["all"]["outcomes"]["aligned"] == 5


def test_records_keep_their_number() -> None:
    lines = each(lines_at_once(io.BytesIO(b"a\n\nb"), 10))  # type: ignore[arg-type]
    assert list(lines) == [RawRow(1, b"a\n"), RawRow(2, b"\n"), RawRow(3, b"b")]


CHINESE = [
    {"source": "水吧台/岛台，型号 Sikalastic-609", "output": "水吧台/岛台 和 Sikalastic-609"},
    {"source": "一一　GB/T 50081-2019", "output": "GB/T 50081 - 2019"},
    {"source": "门窗安装/验收", "output": "门窗安装 / 验收"},
]
ENCODINGS = ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]


def as_text(kind: str) -> str:
    if kind == "lines":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in CHINESE)
    if kind in ("list", "printed list"):
        return json.dumps(CHINESE, ensure_ascii=False, indent=2 if kind == "printed list" else None)
    if kind == "printed values":
        return "\n".join(json.dumps(row, ensure_ascii=False, indent=4) for row in CHINESE)
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, ["source", "output"], delimiter={"csv": ",", "excel": ";", "tab": "\t"}[kind])
    writer.writeheader()
    writer.writerows([{**row, "source": row["source"] + '\r\n第二行, "引号"; 完'} for row in CHINESE])
    return file.getvalue()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", ["lines", "list", "printed list", "printed values", "csv", "excel", "tab"])
def test_encoding_delimiter_and_form_are_recognised(scored: Score, tmp_path: Path, encoding: str, kind: str) -> None:
    name = "log.csv" if kind in ("csv", "excel", "tab") else "log.json"
    (tmp_path / name).write_bytes(as_text(kind).encode(encoding))
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(as_text(kind).encode(encoding)))
    rates = scored(name, f"{name}.gz")
    assert (rates["rows"], rates["rejected"]) == (6, 0)
    assert [row["outcome"] for row in verdicts(tmp_path / "out")] == ["aligned", "damaged", "damaged"] * 2


def test_the_separator_line_of_excel_is_obeyed(scored: Score, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes("sep=|\r\nsource|output\r\nA-1, B-2; C/3|A-1\r\n".encode("utf-8-sig"))
    assert scored("log.csv")["rows"] == 1


def test_an_encoding_that_is_named_is_obeyed_and_what_it_cannot_read_is_rejected(scored: Score, tmp_path: Path) -> None:
    good = '{"source": "安裝/驗收 Sika-609", "output": "Sika-609"}\n'.encode("big5")
    (tmp_path / "log.jsonl").write_bytes(good + good.replace(b"Sika-609", b"\xffSika-609"))
    rates = scored("log.jsonl", encoding="big5")
    assert (rates["rows"], rates["rejected"]) == (2, 1)
    (row,) = verdicts(tmp_path / "out")
    assert "安裝/驗收" in [one["target"] for one in row["targets"]]
    assert rejected(tmp_path / "out")[0]["kind"] == "encoding"


def test_a_few_broken_rows_do_not_make_a_log_of_utf8_one_of_gbk(scored: Score, tmp_path: Path) -> None:
    good = (json.dumps(CHINESE[0], ensure_ascii=False) + "\n").encode()
    gbk = (json.dumps(CHINESE[1], ensure_ascii=False) + "\n").encode("gbk")
    (tmp_path / "log.jsonl").write_bytes(gbk + good * 2 + b"\xff\xfe" + good)
    rates = scored("log.jsonl")
    assert rates["rejected_by_kind"] == {"encoding": 2}


def test_rows_of_ascii_before_the_first_chinese_one_hide_no_gbk(scored: Score, tmp_path: Path) -> None:
    gbk = (json.dumps(CHINESE[0], ensure_ascii=False) + "\n").encode("gbk")
    (tmp_path / "log.jsonl").write_bytes((GOOD + b"\n") * 5_000 + gbk + gbk[:-3] + b"\xff\n" + gbk)
    rates = scored("log.jsonl")
    assert (rates["rows"], rates["rejected_by_kind"]) == (5_003, {"encoding": 1})


def test_a_list_larger_than_memory_is_read_member_by_member(tmp_path: Path) -> None:
    with (tmp_path / "log.json").open("wb") as file:
        file.write(b"[" + b",".join([GOOD] * 100_000) + b"]")
    tracemalloc.start()
    with (tmp_path / "log.json").open("rb") as content:
        count = sum(row.raw == GOOD for row in document_members(content, 1 << 16))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 12_000_000


@pytest.mark.parametrize(
    ("content", "good", "reason"),
    [
        (b"[" + GOOD + b"," + GOOD, 2, "ends before its list does"),
        (b"[" + GOOD + b"," + GOOD[:-9], 1, "cannot be read from here"),
        (b"[" + GOOD + b", oops]", 1, "cannot be read from here"),
        (b"[" + GOOD + b',{"output": "' + b"x" * 70_000 + b'"}]', 1, "--max-line"),
        (b"[" + b"[" * 100_000, 0, "cannot be read"),
    ],
)
def test_a_document_that_breaks_off_keeps_its_good_rows(
    scored: Score, tmp_path: Path, content: bytes, good: int, reason: str
) -> None:
    (tmp_path / "log.json").write_bytes(content)
    rates = scored("log.json", longest=1 << 16)
    assert rates["rows"] - rates["rejected"] == good
    (row,) = rejected(tmp_path / "out")
    assert row["kind"] == ("too-long" if "max-line" in reason else "unreadable")
    assert reason in row["reason"]


@pytest.mark.parametrize("first", [b'{"source": "x",', b'{"source": "cut', b'{"output": {', b"{"])
def test_lines_whose_first_was_cut_off_are_lines_still(scored: Score, tmp_path: Path, first: bytes) -> None:
    (tmp_path / "log.jsonl").write_bytes(first + b"\n" + GOOD + b"\n" + GOOD + b"\n")
    rates = scored("log.jsonl")
    if first.endswith(b"{"):  # nobody can tell it from a printed document; nothing is lost silently
        assert rates["rejected_by_kind"] == {"unreadable": 1}
    else:
        assert (rates["rows"], rates["rejected"]) == (3, 1)


def test_an_empty_file_has_no_rows(scored: Score, tmp_path: Path) -> None:
    for name in ("log.json", "log.jsonl", "log.csv"):
        (tmp_path / name).write_bytes(b"")
    assert scored("log.json", "log.jsonl", "log.csv")["rows"] == 0


# A row is found by its columns, or an error says what is wrong with it.


@pytest.mark.parametrize(
    ("row", "path", "value"),
    [
        ({"a": 1}, "a", 1),
        ({"a.b": 1, "a": {"b": 2}}, "a.b", 1),
        ({"a": {"b": 2}}, "a.b", 2),
        ({"choices": [{"message": {"content": "x"}}]}, "choices.0.message.content", "x"),
        ({"messages": [{"content": "x"}, {"role": "user"}, {"content": "y"}]}, "messages.*.content", ["x", "y"]),
        ({"messages": ["x", "y"]}, "messages.-1", "y"),
        ({"response": '{"choices": [{"text": "x"}]}'}, "response.choices.0.text", "x"),
        ({"a": None}, "a", None),
    ],
)
def test_a_path_leads_into_nested_values(row: dict[str, Any], path: str, value: Any) -> None:
    assert lookup(row, path) == value


@pytest.mark.parametrize("path", ["b", "a.b", "a.0", "a.*", "list.2", "list.x", "list.99999999999999", "text.a", ""])
def test_a_path_that_leads_nowhere_is_missing(path: str) -> None:
    assert lookup({"a": 1, "list": [1], "text": "no JSON {"}, path) is MISSING


def read(**fields: Any) -> Any:
    return read_row({"source": "Use TCP/IP.", "output": "TCP/IP", **fields}, Columns(by=("region",)))


def test_chat_messages_are_a_source() -> None:
    parts = [{"type": "text", "text": "b-c"}, {"type": "image_url", "image_url": {"url": "x"}}]
    row = read(source=["a-b", {"role": "user", "content": parts}])
    assert row.source == ("a-b", "b-c")


@pytest.mark.parametrize(
    ("given_targets", "expected"),
    [
        (["a-b"], ("a-b",)),
        ('["a-b", "c/d"]', ("a-b", "c/d")),
        ("a-b", ("a-b",)),
        ("[a-b", ("[a-b",)),
        ([], ()),
        (None, None),
        ("", None),
    ],
)
def test_targets_are_a_list_a_text_or_nothing(given_targets: Any, expected: Any) -> None:
    assert read(targets=given_targets).targets == expected


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        ({"source": 5}, "source", "source: found 5"),
        ({"source": [5]}, "source", "accepted: a text"),
        ({"source": [{"content": [5]}]}, "source", "accepted: a text"),
        ({"output": ["x"]}, "output", "output: found"),
        ({"targets": ["a-b", " "]}, "targets", "not blank"),
        ({"targets": 7}, "targets", "targets: found 7"),
        ({"channel": "html"}, "channel", "text, json, tool"),
    ],
)
def test_a_bad_field_is_named_with_what_was_found(fields: dict[str, Any], kind: str, words: str) -> None:
    with pytest.raises(RowError, match=words) as caught:
        read(**fields)
    assert caught.value.kind == kind


def test_a_row_without_the_columns_says_which() -> None:
    with pytest.raises(RowError, match="output: missing"):
        read_row({"source": "x"}, Columns())
    with pytest.raises(RowError, match="prompt: missing"):
        read_row({"output": "x"}, Columns(source=("prompt",)))
    with pytest.raises(RowError, match="one object a row"):
        read_row([1], Columns())


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"output": None}, "empty"),
        ({"output": ""}, "empty"),
        ({"output": "TCP", "finish_reason": "length"}, "length"),
        ({"output": "", "finish_reason": "content_filter"}, "content_filter"),
        ({"output": "TCP/IP", "finish_reason": "stop"}, None),
    ],
)
def test_an_answer_that_bears_no_verdict_is_unusable(fields: dict[str, Any], reason: str | None) -> None:
    assert read(**fields).unusable == reason


EAST = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("time", "day"),
    [
        ("2026-11-20T10:00:00Z", "2026-11-20"),
        ("2026-11-20 23:30:00-02:00", "2026-11-21"),
        ("2026-11-20", "2026-11-20"),
        ("20261120", "2026-11-20"),
        (1795212000, "2026-11-20"),
        ("1795212000.25", "2026-11-20"),
        (1795212000_000, "2026-11-20"),
        (1795212000_000_000, "2026-11-20"),
        (1795212000_000_000_000, "2026-11-20"),
        (datetime(2026, 11, 20, 3, tzinfo=EAST), "2026-11-19"),
        (datetime(2026, 11, 20, 3), "2026-11-20"),  # as Parquet gives for times without a zone
        (date(2026, 11, 20), "2026-11-20"),
    ],
)
def test_the_day_of_a_time_is_in_utc(time: Any, day: str) -> None:
    row = read(time=time)
    assert (row.day, row.day_unreadable) == (day, False)


@pytest.mark.parametrize("time", ["yesterday", "2026-13-01", float("nan"), 1e300, True, [], "9" * 400])
def test_a_time_that_cannot_be_read_is_told_and_costs_no_row(time: Any) -> None:
    row = read(time=time)
    assert (row.day, row.day_unreadable) == (None, True)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_any_value_names_a_group_of_bounded_length(value: Any) -> None:
    name = group_value(value)
    assert name is None or 0 < len(name) <= 200


def test_utc_is_what_the_times_above_mean() -> None:
    assert datetime.fromtimestamp(1795212000, UTC).date() == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ('attributes."gen_ai.output.messages".0.content', "A-1"),
        ('"a.b"', 1),
        ('"a.b".c', MISSING),
        ("attributes.*", MISSING),
        ('list.*."x.y"', [1, 2]),
        ('attributes."', MISSING),
        ('"', MISSING),
    ],
)
def test_a_name_with_dots_is_quoted(path: str, value: Any) -> None:
    row = {
        "a.b": 1,
        "attributes": {"gen_ai.output.messages": '[{"content": "A-1"}]'},
        "list": [{"x.y": 1}, {"x.y": 2}, {}],
    }
    found = lookup(row, path)
    assert found is value if value is MISSING else found == value


def test_an_answer_spread_over_columns_is_judged_whole() -> None:
    columns = Columns(output=("content", "calls", "note"))
    call = {"function": {"name": "find", "arguments": '{"code": "A - 1"}'}}
    row = read_row({"source": "Find A-1 and B/2.", "content": "B/2", "calls": [call]}, columns)
    verdict = judge(row, DEFAULT_SYMBOLS)
    assert dict(verdict.result.verdicts) == {"A-1": "spaced", "B/2": "verbatim"}
    assert verdict.parts["A-1"] == ("/calls/0/function/arguments",)
    assert read_row({"source": "x", "content": "", "calls": None}, columns).unusable == "empty"
    with pytest.raises(RowError, match="content, calls, note: missing"):
        read_row({"source": "x"}, columns)


def test_a_list_of_tool_calls_is_an_answer() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "find", "arguments": '{"code": "A - 1"}'}}
    verdict = judge(read_row({"source": "Find A-1.", "output": [call]}, Columns()), DEFAULT_SYMBOLS)
    assert verdict.outcome == "damaged"


def test_reasoning_before_and_within_an_answer_is_not_judged() -> None:
    for output in (
        "<think>A - 1?</think>A-1",
        {"reasoning_content": "A - 1", "content": "A-1"},
        [{"type": "thinking", "thinking": "A - 1"}, {"type": "text", "text": "A-1"}],
    ):
        assert (
            judge(read_row({"source": "Find A-1.", "output": output}, Columns()), DEFAULT_SYMBOLS).outcome == "aligned"
        )
