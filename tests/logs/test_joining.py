"""Messages of conversations, a row each, in any order: each answer is judged by what users said before it."""

from __future__ import annotations

import csv
import io
import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest

from harness.cli import run
from tests.logs.conftest import rejected, verdicts


def conversations(count: int) -> list[dict[str, Any]]:
    """Of two questions each; the second answer damages its string in every third conversation."""
    rows = []
    for number in range(count):
        for turn in range(2):
            code, minute = f"A-{number}{turn}/B", number % 50
            said = code.replace("/", " / ") if turn and number % 3 == 0 else code
            of_turn = [("user", f"What of {code}?"), ("assistant", f"It is {said}.")]
            for place, (role, text) in enumerate(of_turn):
                moment = f"2026-11-18T09:{minute:02}:{10 * turn + place:02}Z"
                rows.append({"conversation_id": f"c{number}", "role": role, "content": text, "created_at": moment})
    return rows


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def csv_text(rows: list[dict[str, Any]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def scored(*arguments: str) -> list[dict[str, Any]]:
    assert run(["score", *arguments, "--out", "out", "--workers", "1"]) == 0
    assert rejected(Path("out")) == []
    return verdicts(Path("out"))


def outcomes(rows: list[dict[str, Any]]) -> dict[str, int]:
    """A second answer names what was asked last, and not the string of the first question: `omitted`."""
    return {name: sum(row["outcome"] == name for row in rows) for name in ("aligned", "omitted", "damaged")}


EXPECTED = {"aligned": 30, "omitted": 20, "damaged": 10}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("order", ["as it was", "newest first", "mixed", "by role"])
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_each_answer_is_judged_by_what_was_asked_before_it_whatever_the_order(order: str, form: str) -> None:
    rows = conversations(30)
    if order == "newest first":
        rows.reverse()
    elif order == "mixed":
        random.Random(3).shuffle(rows)
    elif order == "by role":
        rows.sort(key=lambda row: str(row["role"]), reverse=True)
    Path(f"log.{form}").write_text(lines(rows) if form == "jsonl" else csv_text(rows), encoding="utf-8")
    assert outcomes(scored(f"log.{form}")) == EXPECTED


def test_of_messages_without_a_time_the_lines_say_the_order_also_over_files() -> None:
    rows = [{name: value for name, value in row.items() if name != "created_at"} for row in conversations(30)]
    turns = itertools.chain.from_iterable(zip(*(rows[place::4] for place in range(4)), strict=True))
    mixed = list(turns)  # conversations at one time
    for number in range(4):
        Path(f"log-{number}.jsonl").write_text(lines(mixed[30 * number :][:30]))
    assert outcomes(scored(*(f"log-{number}.jsonl" for number in range(4)))) == EXPECTED


def test_messages_of_one_moment_in_a_log_that_has_the_newest_first_are_not_mixed_up() -> None:
    rows = conversations(2)
    for row in rows:
        row["created_at"] = row["created_at"][:17] + ("10" if ":1" in row["created_at"][16:] else "00") + "Z"
    Path("log.jsonl").write_text(lines(rows[::-1]))
    found = scored("log.jsonl")
    assert outcomes(found) == {"aligned": 2, "omitted": 1, "damaged": 1}


def test_a_greeting_is_no_answer_and_who_is_not_known_is_rejected() -> None:
    rows = conversations(200)
    rows.insert(0, {"conversation_id": "c0", "role": "bot", "content": "Hi", "created_at": "2026-11-18T08:00:00Z"})
    rows.append({"conversation_id": "c0", "role": "moderator", "content": "A - 0/B", "created_at": None})
    Path("log.jsonl").write_text(lines(rows))
    assert run(["score", "log.jsonl", "--out", "out"]) == 0
    (row,) = rejected(Path("out"))
    assert "found 'moderator'" in row["reason"]
    assert len(verdicts(Path("out"))) == 400


@pytest.mark.parametrize("who", ["agent", "客服"])
def test_a_person_may_have_answered_so_such_a_log_is_refused(who: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{**row, "role": who if row["role"] == "assistant" else "customer"} for row in conversations(3)]
    Path("log.jsonl").write_text(lines(rows))
    assert run(["score", "log.jsonl"]) == 3
    assert "its rows are single messages" in capsys.readouterr().err


def test_tool_calls_and_content_in_parts_are_what_they_are() -> None:
    call = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": "A - 1/B"}'}}]
    rows = [
        {"session_id": 7, "role": "user", "content": json.dumps([{"type": "text", "text": "Find A-1/B"}])},
        {"session_id": 7, "role": "assistant", "content": "", "tool_calls": json.dumps(call)},
        {"session_id": 7, "role": "tool", "content": "A-1/B is there", "tool_calls": ""},
        {"session_id": 7, "role": "assistant", "content": "A-1/B is there", "tool_calls": ""},
    ]
    Path("log.jsonl").write_text(lines(rows))
    assert outcomes(scored("log.jsonl", "--cluster", "session_id")) == {"aligned": 1, "omitted": 0, "damaged": 1}


def test_standard_input_cannot_be_read_twice_and_this_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(lines(conversations(3)).encode()))
    monkeypatch.setattr("sys.stdin", stream)
    assert run(["score", "-"]) == 3
    assert "answers are joined to what they answer" in capsys.readouterr().err
