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


# `harness check` and `repair` take what chat APIs take and give: messages, parts of content, tool calls, responses.

ASKED = [{"role": "system", "content": "be short"}, {"role": "user", "content": "打开 /data/XJ图/a 和 Sikalastic-609"}]
DAMAGED = "/data/XJ 图/a"


def call(arguments: Any) -> dict[str, Any]:
    return {"id": "1", "type": "function", "function": {"name": "open", "arguments": arguments}}


def told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, *values: Any
) -> list[dict[str, Any]]:
    monkeypatch.setattr("sys.stdin", _Input(b"".join(json.dumps(value).encode() + b"\n" for value in values)))
    assert run([command]) == 0, capsys.readouterr().err
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


FORMS: dict[str, tuple[Any, str, str | None]] = {
    # the answer, the pointer to its damaged text, and the path inside it
    "message": ({"role": "assistant", "content": DAMAGED}, "/content", None),
    "parts": ([{"type": "thinking", "thinking": DAMAGED}, {"type": "text", "text": DAMAGED}], "/1/text", None),
    "tool call": ([call(json.dumps({"p": [DAMAGED]}))], "/0/function/arguments", "/p/0"),
    "arguments as an object": ([call({"p": {"q": DAMAGED}})], "/0/function/arguments", "/p/q"),
    "arguments in arguments": ([call(json.dumps({"p": json.dumps({"q": DAMAGED})}))], "/0/function/arguments", "/p#/q"),
    "arguments that are no JSON": ([call(f"open {DAMAGED}")], "/0/function/arguments", None),
    "name and arguments": ({"name": "open", "arguments": {"p": DAMAGED}}, "/arguments", "/p"),
    "response": ({"choices": [{"message": {"content": DAMAGED}}]}, "/choices/0/message/content", None),
    "second choice": (
        {"choices": [{"message": {"content": "x"}}, {"message": {"content": DAMAGED}}]},
        "/choices/1/message/content",
        None,
    ),
    "responses API": (
        {
            "output": [
                {"type": "reasoning", "summary": [{"text": DAMAGED}]},
                {"type": "message", "content": [{"type": "output_text", "text": DAMAGED}]},
            ]
        },
        "/output/1/content/0/text",
        None,
    ),
    "function call of the responses API": (
        {"output": [{"type": "function_call", "name": "open", "arguments": json.dumps({"p": DAMAGED})}]},
        "/output/0/arguments",
        "/p",
    ),
    "Anthropic": (
        {"role": "assistant", "content": [{"type": "tool_use", "name": "open", "input": {"p": DAMAGED}}]},
        "/content/0/input",
        "/p",
    ),
    "Gemini": (
        {"candidates": [{"content": {"parts": [{"functionCall": {"name": "open", "args": {"p": DAMAGED}}}]}}]},
        "/candidates/0/content/parts/0/functionCall/args",
        "/p",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_damage_is_found_in_its_part(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer, part, path = FORMS[form]
    (result,) = told(monkeypatch, capsys, "check", {"messages": ASKED, "output": answer})
    assert result["verdicts"] == {"/data/XJ图/a": "spaced", "Sikalastic-609": "absent"}
    (mention,) = result["mentions"]["/data/XJ图/a"]
    assert (mention["part"], mention.get("path"), mention["severity"]) == (part, path, "damage")


@pytest.mark.parametrize("form", FORMS)
def test_it_is_repaired_there_and_nowhere_else(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer, part, _ = FORMS[form]
    (result,) = told(monkeypatch, capsys, "repair", {"messages": ASKED, "output": answer})
    assert result["output"] == answer
    assert [edit["part"] for edit in result["edits"]] == [part]
    (again,) = told(monkeypatch, capsys, "check", {"messages": ASKED, "output": result["repaired"]})
    assert again["verdicts"]["/data/XJ图/a"] == "verbatim"
    assert result["repaired"] == _without_the_damage(answer, part)


def _without_the_damage(answer: Any, part: str) -> Any:
    copied = json.loads(json.dumps(answer))
    steps = part.strip("/").split("/")
    holder = copied
    for step in steps[:-1]:
        holder = holder[int(step) if isinstance(holder, list) else step]
    last = int(steps[-1]) if isinstance(holder, list) else steps[-1]
    value = holder[last]
    mended = json.loads(json.dumps(value).replace("XJ ", "XJ")) if not isinstance(value, str) else None
    holder[last] = value.replace("XJ ", "XJ") if isinstance(value, str) else mended
    return copied


def test_a_conversation_holds_its_answer_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {"role": "assistant", "content": DAMAGED}
    lines = [
        {"messages": [*ASKED, answer]},
        {"messages": [*ASKED, answer], "output": DAMAGED},
        {"messages": ASKED, "output": DAMAGED},
        {"source": ASKED, "output": DAMAGED},
    ]
    for result in told(monkeypatch, capsys, "check", *lines):
        assert result["verdicts"]["/data/XJ图/a"] == "spaced"


def test_an_earlier_turn_and_the_result_of_a_tool_are_source(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "is AB-12/C"}]}]}
    asked = {"role": "assistant", "content": None, "tool_calls": [call({"q": "AB-13/C"})]}
    tool = {"role": "tool", "tool_call_id": "1", "content": "AB-14/C"}
    (line,) = told(monkeypatch, capsys, "check", {"messages": [asked, tool, result], "output": "AB-12 / C"})
    assert line["verdicts"] == {"AB-13/C": "absent", "AB-14/C": "absent", "AB-12/C": "spaced"}


def test_two_thousand_messages_are_one_source(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    messages = [{"role": "user", "content": f"part AB-{number}/C"} for number in range(2000)]
    (line,) = told(monkeypatch, capsys, "check", {"messages": messages, "output": "AB-7/C and AB - 1999/C"})
    assert len(line["verdicts"]) == 2000
    assert (line["verdicts"]["AB-7/C"], line["verdicts"]["AB-1999/C"]) == ("verbatim", "spaced")


@pytest.mark.parametrize("encoding", ["utf-16", "gbk", "utf-8-sig"])
def test_lines_of_another_encoding_are_read(
    encoding: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = json.dumps({"source": "打开验收单2024.xlsx", "output": "已打开 验收单 2024.xlsx"}, ensure_ascii=False)
    monkeypatch.setattr("sys.stdin", _Input(f"{line}\r\n{line}".encode(encoding)))
    assert run(["check"]) == 0
    results = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert [one["verdicts"] for one in results] == [{"验收单2024.xlsx": "spaced"}] * 2


def test_a_lone_surrogate_in_arguments_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = [call({"p": "\ud800 Sikalastic - 609"}), call('{"p": "\\udfff Sikalastic - 609"}')]
    (line,) = told(monkeypatch, capsys, "check", {"messages": ASKED, "output": answer})
    assert len(line["mentions"]["Sikalastic-609"]) == 2
    (line,) = told(monkeypatch, capsys, "repair", {"messages": ASKED, "output": answer})
    assert line["repaired"][0]["function"]["arguments"] == {"p": "\ud800 Sikalastic-609"}
