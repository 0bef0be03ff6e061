"""`harness check`: a filter over JSON lines that passes through what it does not know and loses no line."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import run

SPACED = {"id": 7, "source": "Order Sikalastic-609.", "targets": ["Sikalastic-609"], "output": "Sikalastic - 609"}


class _Input(io.TextIOWrapper):
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))


def lines(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: bytes, *options: str
) -> tuple[int, list[dict[str, Any]], str]:
    monkeypatch.setattr("sys.stdin", _Input(data))
    code = run(["check", *options])
    captured = capsys.readouterr()
    return code, [json.loads(line) for line in captured.out.splitlines()], captured.err


def test_a_line_comes_back_with_verdicts_and_mentions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (value,), err = checked(monkeypatch, capsys, lines({**SPACED, "note": "kept"}))
    assert (code, err) == (0, "")
    assert value["verdicts"] == {"Sikalastic-609": "spaced"}
    assert value["mentions"] == {
        "Sikalastic-609": [
            {
                "start": 0,
                "end": 16,
                "text": "Sikalastic - 609",
                "verdict": "spaced",
                "severity": "damage",
                "damage": ["space-left", "space-right"],
            }
        ]
    }
    assert (value["id"], value["note"], value["source"]) == (7, "kept", SPACED["source"])


def test_old_verdicts_are_overwritten_and_targets_are_found_in_the_source(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    value = {"source": "Use TCP/IP here.", "output": "TCP/IP", "verdicts": {"x": "altered"}, "mentions": 3}
    _, (result,), _ = checked(monkeypatch, capsys, lines(value))
    assert result["verdicts"] == {"TCP/IP": "verbatim"}
    assert set(result["mentions"]) == {"TCP/IP"}


def test_a_mention_in_json_has_its_pointer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    value = {**SPACED, "channel": "json", "output": '{"a": {"b/c": ["x Sikalastic - 609"]}}'}
    _, (result,), _ = checked(monkeypatch, capsys, lines(value))
    (mention,) = result["mentions"]["Sikalastic-609"]
    assert (mention["path"], mention["start"], mention["end"]) == ("/a/b~1c/0", 2, 18)


BAD = {
    b"{}": "source: missing; accepted: a text, a list of texts, or a list of chat messages; or messages in its place",
    b'{"source": 3, "output": ""}': "source: found 3; accepted: a text, a list of texts, or a list of chat messages",
    b'{"source": ["a", 1], "output": ""}': "source: found ['a', 1]; accepted: a text, a list of texts, or a list of",
    b'{"source": "a"}': "output: missing; accepted: a text, a chat message, a list of tool calls, or the response of",
    b'{"source": "a", "output": null}': "output: found None; accepted: a text, a chat message, a list of tool calls",
    b'{"source": "a", "output": {"x": 1}}': "output: found {'x': 1}; accepted: a text, a chat message",
    b'{"messages": [{"role": "user", "content": "a"}]}': "output: missing; accepted: a text, a chat message",
    b'{"messages": "a", "output": "b"}': "messages: found 'a'; accepted: a list of chat messages",
    b'{"source": "a", "output": "b", "targets": "a"}': "targets: found 'a'; accepted: a list of non-blank strings",
    b'{"source": "a", "output": "b", "targets": [" "]}': "targets: found [' ']; accepted: a list of non-blank",
    b'{"source": "a", "output": "b", "channel": "xml"}': "channel: found 'xml'; accepted: text, json, tool",
    b"[1]": 'found [1]; accepted: {"id"?, "source" or "messages", "output", "targets"?, "channel"?}',
    b"not json": "not JSON at column 1: Expecting value; accepted: ",
    b'{"source": "\xff"}': "not UTF-8 at byte 13; accepted: UTF-8, GBK, and UTF-16 with a byte order mark",
    b"[" * 100_000: "not JSON that can be read; accepted: ",
    b'{"source": ' + b"1" * 5000 + b"}": "a number of 5,000 digits; accepted: ",
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_line_is_told_with_its_number_and_the_others_go_through(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bad: bytes
) -> None:
    code, results, err = checked(monkeypatch, capsys, lines(SPACED) + bad + b"\n\n" + lines(SPACED))
    assert code == 3
    assert [result["verdicts"]["Sikalastic-609"] for result in results] == ["spaced", "spaced"]
    assert err.startswith(f"standard input:2: {BAD[bad]}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("output", "rank", "code"),
    [
        ("Sikalastic-609", "spaced", 0),
        ("Sikalastic - 609", "spaced", 1),
        ("Sikalastic - 609", "lookalike", 0),
        ("Sikalastic–609", "lookalike", 1),
        ("Sikalastic–609", "altered", 0),
        ("Sikalastic_609", "altered", 1),
        ("nothing", "spaced", 0),
    ],
)
def test_fail_on_turns_findings_of_that_rank_or_worse_into_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], output: str, rank: str, code: int
) -> None:
    found, _, _ = checked(monkeypatch, capsys, lines({**SPACED, "output": output}), "--fail-on", rank)
    assert found == code


def test_an_unreadable_line_outweighs_a_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, _ = checked(monkeypatch, capsys, lines(SPACED) + b"x\n", "--fail-on", "spaced")
    assert code == 3


def test_a_file_is_read_and_a_missing_one_is_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + lines(SPACED).replace(b"\n", b"\r\n"))
    assert run(["check", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["verdicts"] == {"Sikalastic-609": "spaced"}
    assert run(["check", str(tmp_path / "none.jsonl")]) == 3
    assert "cannot be read: No such file or directory; accepted: a file, or - for standard input" in (
        capsys.readouterr().err
    )


def test_no_line_is_no_output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(monkeypatch, capsys, b"") == (0, [], "")


def test_a_lone_surrogate_stays_the_escape_that_it_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, (result,), _ = checked(monkeypatch, capsys, lines({**SPACED, "output": "\ud800 Sikalastic-609"}))
    assert code == 0
    assert result["output"] == "\ud800 Sikalastic-609"


def test_a_symbol_of_the_project_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    value = {"source": "use snake_case", "output": "snake＿case", "targets": ["snake_case"]}
    (tmp_path / "pyproject.toml").write_text('[tool.harness.symbols]\n"_" = { lookalikes = ["＿"] }\n')
    _, (result,), _ = checked(monkeypatch, capsys, lines(value))
    assert result["verdicts"] == {"snake_case": "lookalike"}
    (tmp_path / "pyproject.toml").write_text('[tool.harness.symbols]\n"__" = {}\n')
    code, _, err = checked(monkeypatch, capsys, lines(value))
    assert code == 3
    assert "[tool.harness]" in err


def test_a_terminal_is_told_what_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_Input, "isatty", lambda self: True)
    code, values, err = checked(monkeypatch, capsys, lines(SPACED))
    assert (code, len(values)) == (0, 1)
    assert err.startswith("reading from standard input, Ctrl-D ends; JSON lines; accepted: ")
