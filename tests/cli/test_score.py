"""`harness score`: tables of 80 columns, JSON, exit codes, and nothing of a log that could command a terminal."""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from harness.cli import run

GOOD = {"source": "Use TCP/IP.", "output": "TCP/IP", "targets": ["TCP/IP"]}


@pytest.fixture(autouse=True)
def _there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def log(*rows: Any, name: str = "log.jsonl") -> str:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return name


def test_the_table_shows_rates_with_intervals_by_model_and_day(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {**GOOD, "model": model, "version": version, "time": f"2026-11-{day:02d}", "output": output}
        for model, version, output in [("mine", "v1", "TCP / IP"), ("mine", "v2", "TCP/IP"), ("theirs", "v1", "none")]
        for day in range(1, 21)
    ]
    assert run(["score", log(*rows), "--out", "out", "--workers=1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "60 rows of 1 file"
    assert lines[1] == "outcomes: aligned 20, damaged 20, omitted 20"
    assert max(map(len, lines)) <= 80
    table = {line.strip().split("  ")[0]: re.split(r"\s{2,}", line.strip())[1:] for line in lines}
    assert table["all"] == ["60", "33.3%", "22.7–45.9", "50.0%", "35.2–64.8", "66.7%"]
    assert table["mine@v2"] == ["20", "100.0%", "83.9–100.0", "100.0%", "83.9–100.0", "100.0%"]
    assert table["theirs@v1"] == ["20", "0.0%", "0.0–16.1", "no data", "0.0%"]
    assert table["2026-11-20"][0] == "3"
    assert "2026-11-06" not in table
    assert "6 more" in table
    assert table["2026-11-17 mine@v1"][0] == "1"


def test_some_of_the_damage_is_shown_with_its_row_and_nothing_that_names_a_person(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = {"source": "Mail li.si@corp.example.cn", "output": "li.si@corp. example.cn"}
    spaced = {**GOOD, "output": "TCP / IP"}
    path = log(mail, GOOD, spaced, spaced, {**GOOD, "output": "TCP\u2044IP"}, name="a\x1bb.jsonl")
    assert run(["score", path, "--out", "out", "--workers=1"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[said.index("damage, for example") :] == [
        "damage, for example",
        "  a<U+001B>b.jsonl, row 3: TCP/IP became TCP␣/␣IP",
        "  a<U+001B>b.jsonl, row 5: TCP/IP became TCP⁄<U+2044>IP",
    ]
    monkeypatch.setenv("HARNESS_LANG", "zh")
    assert run(["score", path, "--out", "out", "--workers=1"]) == 0
    assert "  a<U+001B>b.jsonl 第 3 行：TCP/IP 变成 TCP␣/␣IP" in capsys.readouterr().out
    assert run(["score", log(GOOD), "--out", "clean", "--workers=1"]) == 0
    assert "损坏示例" not in capsys.readouterr().out


def test_the_result_is_chinese_on_a_chinese_screen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_LANG", "zh")
    given = {**GOOD, "output": "TCP / IP", "time": "yesterday", "user": "u"}
    found = {"source": "请看 Sikalastic-609。", "output": "Sikalastic – 609", "time": "2026-11-20"}
    path = log(given, found)
    assert run(["score", path, "--out", "out", "--workers=1", "--cluster=user"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1 个文件，共 2 行"
    assert said[1].startswith("结果：损坏 ")
    for line in said:
        codes = re.sub(r"[a-z]+-[a-z]+|log\.jsonl", "", line)  # codes of damage are names
        assert not re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", codes), line


def test_json_is_what_the_folder_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", log(GOOD), "--out", "out", "--json"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == json.loads(Path("out/rates.json").read_text(encoding="utf-8"))
    verdict = json.loads(next(Path("out/verdicts").iterdir()).read_text(encoding="utf-8"))
    assert (verdict["file"], verdict["line"], verdict["outcome"]) == ("log.jsonl", 1, "aligned")
    assert verdict["targets"][0]["mentions"] == [
        {
            "start": 0,
            "end": 6,
            "text": "TCP/IP",
            "verdict": "verbatim",
            "severity": None,
            "damage": [],
            "path": None,
            "part": None,
        }
    ]


def test_names_from_a_log_cannot_command_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b[2J\x1b]0;owned\x07\u202e型号\n" * 9
    rows = [{**GOOD, "model": f"{hostile}{number}", "region": hostile} for number in range(3)]
    assert run(["score", log(*rows), "--out", "out", "--by", "region"]) == 0
    printed = capsys.readouterr().out
    assert "<U+001B>" in printed
    assert not any(char in printed for char in "\x1b\x07\u202e\x9b\r")
    assert max(map(cell_len, printed.splitlines())) <= 80


def test_neither_can_names_of_files_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    name = "\x1b[2J\u202e.jsonl"
    Path("logs").mkdir()
    Path("logs", name).write_text(json.dumps({"\x1b]0;owned\x07": 1, "\u202e": 2}) + "\n", encoding="utf-8")
    assert run(["score", "logs", "--out", "out"]) == 3
    Path("logs", name).write_text(json.dumps({**GOOD, "source": 1}) + "\n{\n", encoding="utf-8")
    assert run(["score", "logs", "--out", "out"]) == 3
    told = capsys.readouterr().err
    assert told.count("<U+001B>[2J<U+202E>.jsonl") == 2
    assert not any(char in told for char in "\x1b\x07\u202e")


def test_lone_surrogates_pass_through(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{**GOOD, "output": "TCP/IP \ud800", "model": "\ud800", "targets": ["TCP/IP", "\ud800-1"]}]
    assert run(["score", log(*rows), "--out", "out"]) == 0
    assert "<U+D800>" in capsys.readouterr().out
    assert run(["score", log(*rows), "--out", "again", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["by"][0]["groups"][0]["group"] == ["\ud800"]
    pytest.importorskip("pyarrow")
    assert run(["score", log(*rows), "--out", "pq", "--format", "parquet"]) == 0


def test_the_columns_are_mapped_by_paths(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "request": {"messages": [{"role": "user", "content": "Use TCP/IP."}]},
        "response": {"choices": [{"message": {"content": "TCP / IP"}}], "model": "m"},
        "created": 1795212000,
        "user": {"region": "north"},
    }
    options = ["--source=request.messages", "--output=response.choices.0.message.content", "--model=response.model"]
    options += ["--time=created", "--by=user.region", "--json"]
    assert run(["score", log(row), "--out=out", *options]) == 0
    rates = json.loads(capsys.readouterr().out)
    groups = {tuple(grouping["columns"]): grouping["groups"][0]["group"] for grouping in rates["by"]}
    assert groups["model", "version", "day"] == ["m", None, "2026-11-20"]
    assert groups["user.region",] == ["north"]
    assert rates["all"]["damage"] == {"space-left": 1, "space-right": 1}


@pytest.mark.parametrize(
    ("rows", "options", "code", "words"),
    [
        ([GOOD] * 5, [], 0, ""),
        ([GOOD] * 99 + [{}], [], 0, ""),
        (
            [GOOD] * 9 + [{}],
            [],
            3,
            "10.0% of the rows are rejected; accepted: 1.0% (--max-rejected). First in out/rejected.jsonl",
        ),
        ([GOOD] * 9 + [{}], ["--max-rejected=0.1"], 0, ""),
        ([], [], 2, "the log is empty: no row was found"),
        ([{**GOOD, "targets": []}], [], 2, "no row held anything to protect"),
        ([{"prompt": "x"}], [], 3, "no column is known as the output; its columns: 'prompt'"),
        ([GOOD], ["--by=regoin"], 0, "no row has a value in 'regoin'"),
        ([GOOD], ["--delimiter=ab"], 3, "accepted: one character"),
        ([GOOD], ["--ray", "log.jsonl"], 3, "put --ray behind the files"),
        ([GOOD], ["--baseline=none.json"], 3, "cannot be read"),
        ([GOOD], ["--workers=0"], 3, "--workers"),
    ],
)
def test_exit_codes(
    rows: list[Any], options: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", log(*rows), "--out", "out", *options]) == code
    told = capsys.readouterr().err
    assert words in told
    assert bool(told) == bool(words)


def test_an_archive_that_breaks_off_is_told_however_many_rows_are_good(capsys: pytest.CaptureFixture[str]) -> None:
    good = log(*[GOOD] * 500)
    Path("cut.jsonl.gz").write_bytes(gzip.compress(Path(good).read_bytes())[:-9])
    assert run(["score", good, "cut.jsonl.gz", "--out", "out"]) == 3
    told = capsys.readouterr().err
    assert "1 file cannot be read to the end" in told
    assert "cut.jsonl.gz, row 501: " in told


def test_a_folder_of_another_run_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", log(GOOD), "--out", "out"]) == 0
    assert run(["score", log(GOOD, GOOD, name="other.jsonl"), "--out", "out"]) == 3
    assert "out: holds another run: where 'log.jsonl' was read, 'other.jsonl' is now" in capsys.readouterr().err


def test_differences_from_a_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    bad = {**GOOD, "output": "TCP / IP"}
    assert run(["score", log(*[GOOD] * 95, *[bad] * 5, name="old.jsonl"), "--out", "old"]) == 0
    capsys.readouterr()
    new = log(*[GOOD] * 60, *[bad] * 40, name="new.jsonl")
    assert run(["score", new, "--out", "new", "--baseline", "old"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    (line,) = [line for line in lines if re.match(r"all +aligned", line)]
    assert re.split(r"\s{2,}", line) == ["all", "aligned", "95.0%", "60.0%", "-35.0", "-45.2 to -24.0", "*"]
    assert run(["score", new, "--out", "new", "--baseline", "old/rates.json", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["differences"]
    assert [(one["metric"], one["notable"]) for one in found] == [
        ("alignment_rate", True),
        ("fidelity", True),
        ("mention_rate", False),
    ]


def test_secrets_of_a_url_are_nowhere(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec")
    assert run(["score", "memory://KEY:SECRET@bucket/none.jsonl?sig=SECRET", "--out", "out"]) == 3
    told = capsys.readouterr()
    assert "SECRET" not in told.out + told.err
    assert "KEY" not in told.out + told.err


def test_without_fsspec_the_command_that_installs_it_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    assert run(["score", "s3://bucket/logs", "--out", "out"]) == 3
    assert "pip install 'pytest-verbatim[objects]'" in capsys.readouterr().err


def test_without_pyarrow_the_command_that_installs_it_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    Path("log.parquet").write_bytes(b"PAR1")
    for arguments in (["log.parquet"], [log(GOOD), "--format=parquet"]):
        assert run(["score", *arguments, "--out", "out"]) == 3
        assert "pip install 'pytest-verbatim[parquet]'" in capsys.readouterr().err


def test_standard_input_is_a_log(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(GOOD).encode())))
    assert run(["score", "-", "--out", "out", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["inputs"] == ["standard input"]


def test_a_terminal_sees_progress_and_a_pipe_does_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["score", log(GOOD), "--out", "quiet"]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run(["score", log(GOOD), "--out", "seen"]) == 0
    assert "1 rows" in capsys.readouterr().err
