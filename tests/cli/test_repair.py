"""`harness repair`: restores targets and nothing else, line by line."""

import io
import json
from typing import Any

import pytest

from harness.cli import run


class _Input(io.TextIOWrapper):
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))


def repaired(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: dict[str, Any], *options: str
) -> dict[str, Any]:
    monkeypatch.setattr("sys.stdin", _Input(json.dumps(value).encode() + b"\n"))
    assert run(["repair", *options]) == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


VALUE = {"source": "Order Sikalastic-609, 5 - 3 boxes.", "output": "Sikalastic - 609: 5 - 3", "edits": "old", "k": 1}


def test_targets_are_restored_and_edits_say_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = repaired(monkeypatch, capsys, VALUE)
    assert result["repaired"] == "Sikalastic-609: 5 - 3"
    text = VALUE["output"]
    for edit in reversed(result["edits"]):
        assert text[edit["start"] : edit["end"]] == edit["old"]
        text = text[: edit["start"]] + edit["new"] + text[edit["end"] :]
    assert text == result["repaired"]
    assert (result["output"], result["k"]) == (VALUE["output"], 1)


def test_a_clean_output_comes_back_as_it_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = repaired(monkeypatch, capsys, {**VALUE, "output": "Sikalastic-609\r\n- a - b"})
    assert (result["repaired"], result["edits"]) == ("Sikalastic-609\r\n- a - b", [])


def test_collapse_is_the_plain_regex_with_its_collateral_damage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert repaired(monkeypatch, capsys, VALUE, "--strategy", "collapse")["repaired"] == "Sikalastic-609: 5-3"


def test_json_stays_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    value = {"source": "TCP/IP", "output": '{"a": "TCP\\u00a0/ IP"}', "channel": "json"}
    assert json.loads(repaired(monkeypatch, capsys, value)["repaired"]) == {"a": "TCP/IP"}


def test_an_unknown_strategy_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["repair", "--strategy", "magic"]) == 3
    assert "'magic' is not one of 'restore', 'collapse'" in capsys.readouterr().err


def test_a_bad_line_is_told_and_the_others_go_through(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", _Input(b'{"source": 1}\n' + json.dumps(VALUE).encode()))
    assert run(["repair"]) == 3
    captured = capsys.readouterr()
    assert (
        captured.err
        == "standard input:1: source: found 1; accepted: a text, a list of texts, or a list of chat messages\n"
    )
    assert json.loads(captured.out)["repaired"] == "Sikalastic-609: 5 - 3"
