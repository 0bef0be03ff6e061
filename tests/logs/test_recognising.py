"""`harness score LOG` without options: columns and tools are recognised by the first rows, files by their beginning."""

from __future__ import annotations

import gzip
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.cli import run
from harness.cli.score import score
from harness.logs.recognise import Recognised
from harness.logs.rows import Columns
from tests.logs.conftest import rejected, verdicts

ASKED, SAID = "请抄写 Sikalastic-609 和 GB/T 14902-2012", "Sikalastic - 609，GB/T 14902-2012"
TURN = {"role": "user", "content": ASKED}
ANSWER = {"role": "assistant", "content": SAID}
COMPLETION = {"choices": [{"message": ANSWER, "finish_reason": "stop"}]}
SPAN = {
    "attributes": [
        {"key": "gen_ai.prompt.0.content", "value": {"stringValue": ASKED}},
        {"key": "gen_ai.completion.0.content", "value": {"stringValue": SAID}},
    ]
}
TAGS = [{"key": "gen_ai.prompt", "value": ASKED}, {"key": "gen_ai.completion", "value": SAID}]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def scored(name: str, content: bytes | str, *options: str) -> Result:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    result = CliRunner().invoke(score, [name, "--workers", "1", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def one(result: Result, out: str) -> dict[str, Any]:
    (row,) = verdicts(Path(out))
    assert (row["outcome"], row["damage"]) == ("damaged", ["space-left", "space-right"]), result.output
    assert {target["target"] for target in row["targets"]} == {"GB/T 14902-2012", "Sikalastic-609"}
    return row


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("提示词", "模型输出"),
        ("问题", "回答"),
        ("用户输入", "AI回复"),
        ("提示词（Prompt）", "模型输出（Answer）"),
        ("原文", "译文"),
        ("prompt", "completion"),
        ("query", "answer"),
        ("User Input", "model_response"),
        ("input", "output"),
    ],
)
def test_columns_with_usual_names_are_read_and_said(source: str, output: str) -> None:
    row = {source: ASKED, output: SAID, "模型": "m", "创建时间": "2026-11-18 09:00:00", "source_channel": "web"}
    result = scored("log.jsonl", json.dumps(row))
    read = one(result, "log.scored")
    assert (read["model"], read["day"]) == ("m", "2026-11-18")
    assert "--model 模型 --time 创建时间" in result.stderr
    assert "log.scored" in result.stderr


def test_the_options_that_are_said_give_the_same_and_what_is_named_stays() -> None:
    text = f"source;提示词;回答;答案\nweb;{ASKED};{SAID};x\n"
    one(scored("日志.csv", text.encode("gbk")), "日志.scored")
    one(scored("日志.csv", text.encode("gbk"), "--source", "提示词", "--output", "回答", "--out", "named"), "named")
    result = scored(
        "日志.csv", text.encode("gbk"), "--output", "source", "--source", "答案", "--out", "o", "--targets=x"
    )
    assert "read as" not in result.output


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("--preset openai", {"messages": [TURN, ANSWER]}),
        ("--preset openai", {"request": {"messages": [TURN]}, "response": COMPLETION}),
        ("--preset openai", {"contents": [{"parts": [{"text": ASKED}]}, {"role": "model", "parts": [{"text": SAID}]}]}),
        ("--preset openai --rows rows", {"rows": [{"requestBody": {"messages": [TURN]}, "responseBody": COMPLETION}]}),
        ("--preset langfuse", {"data": [{"traceId": "t", "type": "GENERATION", "input": [TURN], "output": ANSWER}]}),
        ("--preset litellm", {"call_type": "completion", "messages": [TURN], "response": COMPLETION}),
        ("--preset otel", {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}),
        ("--preset otel", {"data": [{"spans": [{"tags": TAGS}]}]}),
        ("--preset promptfoo", {"results": {"results": [{"prompt": {"raw": ASKED}, "response": {"output": SAID}}]}}),
        ("--rows data.list --source 问题 --output 回答", {"data": {"list": [{"问题": ASKED, "回答": SAID}]}}),
    ],
)  # fmt: skip
def test_the_form_of_a_tool_and_the_list_in_a_document_are_recognised(said: str, value: dict[str, Any]) -> None:
    result = scored("log.json", json.dumps(value, ensure_ascii=False, indent=1))
    assert f"harness: read as {said}\n" in result.stderr
    one(result, "log.scored")


def test_rows_of_the_default_names_are_what_they_were() -> None:
    row = {"source": ASKED, "output": SAID, "request": {"messages": [TURN]}, "response": COMPLETION, "model": "m"}
    result = scored("log.jsonl", json.dumps(row), "--out", "out")
    assert not result.stderr
    assert one(result, "out")["targets"][0]["mentions"][0]["part"] is None


ROW = json.dumps({"prompt": ASKED, "answer": SAID})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log", ROW),
        ("log.txt", f"问题\t回答\r\n{ASKED}\t{SAID}\r\n".encode("utf-16")),
        ("log.csv", gzip.compress(f"问题 , 回答\n{ASKED},{SAID}\n".encode(), mtime=0)),
        ("log.csv.gz", f"问题,回答\n{ASKED},{SAID}\n"),
        ("log.jsonl", f"{ROW},\r\n\r\n"),
        ("log.jsonl", f"\x1e{ROW}\n"),
    ],
)
def test_files_are_known_by_their_beginning(name: str, content: bytes | str) -> None:
    one(scored(name, content), "log.scored")
    assert not rejected(Path("log.scored"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("log.zip", b"PK\x03\x04", "a zip archive or an Excel workbook"),
        ("log.csv", b"PK\x03\x04", "the sheet saved as CSV"),
        ("log.db", b"SQLite format 3\0", "sqlite3 -json"),
        ("log.jsonl", b"\x28\xb5\x2f\xfd", "zstd -d"),
        ("log.txt", b"hello", "the format cannot be recognised"),
        ("log.csv", b"a,b\n1,2\n", "no column is known as the source; its columns: 'a, b'"),
        ("log.csv", b"prompt,answer\rA-1,A-1\r", "its lines end in CR alone"),
    ],
)
def test_what_cannot_be_read_is_named(
    name: str, content: bytes, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_bytes(content)
    assert run(["score", name]) == 3
    assert words in capsys.readouterr().err


def test_the_result_of_an_earlier_run_is_not_scored_as_a_log() -> None:
    Path("logs").mkdir()
    scored("logs/a.jsonl", ROW, "--out", "logs/result")
    result = CliRunner().invoke(score, ["logs"], catch_exceptions=False)
    assert "1 row of 1 file" in result.output
    assert Path("logs.scored", "rates.json").exists()


@pytest.mark.parametrize("name", ["a|sh", "it's", "a b", "`id`", "x>y", "提示 词"])
def test_the_options_that_are_printed_can_be_pasted_whatever_a_log_calls_its_columns(name):
    said = Recognised(Columns(source=name), rows=name).options(Columns())
    assert shlex.split(said) == ["--rows", name, "--source", name]
    assert Recognised(Columns(source="提示词")).options(Columns()) == "--source 提示词"
