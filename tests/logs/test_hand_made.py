"""Logs as people have them, made by hand after what tools write: `harness score FILE`, without any option, is right, or
says what is accepted and what to run. Each has the question for two strings, of which one answer damages one.

`hand_made.jsonl`: `files` by name, text or base64, what is on `standard_input`, and the `outcomes` or what the command
`says`."""

from __future__ import annotations

import base64
import io
import json
import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.cli import run
from tests.logs.conftest import verdicts

LOGS = [json.loads(line) for line in (Path(__file__).parent / "hand_made.jsonl").read_text("utf-8").splitlines()]
PROTECTED = {"Sikalastic-609", "GB/T 50081-2019"}
QUESTIONS = ["Which primer goes on Sikalastic-609?", "Does it follow GB/T 50081-2019?"]
ANSWERS = ["Use the one made for Sikalastic-609.", "Yes, GB / T 50081-2019 applies."]


def content(given: Any) -> bytes:
    if isinstance(given, str):
        return given.encode("utf-8")
    return base64.b64decode(given["base64"]) if "base64" in given else parquet(given["parquet"])


def parquet(kind: str) -> bytes:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows: list[dict[str, Any]] = [
        {"prompt": one, "answer": other, "model": "qwen-plus"} for one, other in zip(QUESTIONS, ANSWERS, strict=True)
    ]
    if kind == "PARQUET2":
        turns = [("user", "prompt"), ("assistant", "answer")]
        rows = [{"messages": [{"role": role, "content": row[name]} for role, name in turns]} for row in rows]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


@pytest.mark.parametrize("log", [pytest.param(log, id=log["name"]) for log in LOGS])
def test_a_log_without_an_option_is_right_or_says_what_to_do(
    log: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, given in log["files"].items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(content(given))
    stream = io.BytesIO(content(log.get("standard_input", "")))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    code = run(["score", *log["arguments"], "--workers", "1"])
    said = capsys.readouterr().err
    if "says" in log:
        assert code in (2, 3), said
        assert all(words in said for words in log["says"]), said
        return
    assert code == 0 or not set(log["outcomes"]) & {"aligned", "damaged"}, said
    (out,) = Path().glob("*.scored")
    rows = verdicts(out)
    assert Counter(row["outcome"] for row in rows) == log["outcomes"], said
    assert {target["target"] for row in rows for target in row["targets"]} <= PROTECTED
    if "model" in log:
        assert {row["model"] for row in rows} == {log["model"]}
    said_options = [line.partition("read as ")[2] for line in said.splitlines() if "read as" in line]
    if said_options and log["files"]:  # the options that are printed say the same
        assert run(["score", *log["arguments"], *shlex.split(said_options[0]), "--out=again", "--workers=1"]) == code
        assert verdicts(Path("again")) == rows
