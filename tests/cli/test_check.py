"""`harness check`: a filter over JSON lines that passes through what it does not know and loses no line."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import run
from harness.cli.plain_text import CHANNELS as OFFERED
from harness.text.channels import CHANNELS

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


def test_a_call_as_a_gateway_logs_it_needs_no_other_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": SPACED["source"]}]}
    answered = {"choices": [{"index": 0, "message": {"role": "assistant", "content": SPACED["output"]}}]}
    for pair in (("request", "response"), ("request_body", "response_body"), ("requestBody", "responseBody")):
        value = dict(zip(pair, (asked, answered), strict=True))
        code, (result,), _ = checked(monkeypatch, capsys, lines(value))
        assert (code, result["verdicts"]["Sikalastic-609"]) == (0, "spaced")
        assert value.items() <= result.items()
        assert "source" not in result


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


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.csv", "source,output\nAB-12,AB - 12\n".encode("gb18030")),
        ("log.json", b'[\n {"source": "AB-12", "output": "AB - 12"}\n]\n'),
        ("log.json", b'\xef\xbb\xbf[{"source": "AB-12", "output": "AB - 12"}]'),
        ("log.jsonl", b"PK\x03\x04\x14\x00\n\n\n"),
    ],
)
@pytest.mark.parametrize("command", ["check", "repair"])
def test_a_table_or_an_array_is_refused_once_with_the_command_that_reads_it(
    command: str, name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And not with an error for each of its lines."""
    file = tmp_path / name
    file.write_bytes(content)
    assert run([command, str(file), "--lang", "en"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"harness: {file}: a table or one JSON array; accepted: one JSON object a line. Tables, arrays and logs are "
        "read by: harness score FILE\n"
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


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_gzip_packed_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, mark: bytes
) -> None:
    packed = gzip.compress(mark + lines(SPACED, SPACED)) + gzip.compress(lines(SPACED))
    code, values, err = checked(monkeypatch, capsys, packed)
    assert (code, len(values), err) == (0, 3, "")
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(packed)
    assert checked(monkeypatch, capsys, b"", str(path)) == (0, values, "")


def test_a_broken_archive_gives_what_is_before_the_break(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = lines(*({**SPACED, "id": number} for number in range(200)))
    code, values, err = checked(monkeypatch, capsys, gzip.compress(rows)[:-9])
    assert (code, err.count("\n")) == (3, 1)
    assert err.startswith("harness: standard input: the gzip archive is broken: ")
    assert [value["id"] for value in values] == list(range(len(values)))
    code, values, err = checked(monkeypatch, capsys, b"\x1f\x8bno archive at all")
    assert (code, values) == (3, [])
    assert err.startswith("harness: standard input: the gzip archive is broken: ")


# `harness check` and `repair` over plain text: the source is given, the answer is a file or standard input.

PROMPT = "读取 /data/home/XJ风机选型/样本资料，订购 Sikalastic-609。"
BROKEN = "已读取 /data/home/XJ 风机选型/样本资料\r\n- Sikalastic - 609"
MENDED = "已读取 /data/home/XJ风机选型/样本资料\r\n- Sikalastic-609"
ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8 with a mark": ("utf-8", b"\xef\xbb\xbf"),
    "gbk": ("gbk", b""),
    "utf-16-le": ("utf-16-le", b"\xff\xfe"),
    "utf-16-be": ("utf-16-be", b"\xfe\xff"),
}


@pytest.fixture
def prompt(tmp_path: Path) -> str:
    path = tmp_path / "prompt.txt"
    path.write_text(PROMPT, encoding="utf-8")
    return str(path)


def said(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str) -> tuple[int, bytes, str]:
    code = run(list(arguments))
    captured = capsysbinary.readouterr()
    return code, captured.out, captured.err.decode("utf-8")


def test_a_text_for_a_person_names_targets_severity_and_place(
    tmp_path: Path, prompt: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "a.txt").write_bytes(BROKEN.encode())
    code, out, err = said(capsysbinary, "check", str(tmp_path / "a.txt"), "--source", prompt)
    assert (code, err) == (0, "")
    assert out.decode("utf-8").splitlines() == [
        "/data/home/XJ风机选型/样本资料  spaced",
        "  damage  /data/home/XJ␣风机选型/样本资料  cjk-boundary  line 1, character 5",
        "Sikalastic-609                  spaced",
        "  damage  Sikalastic␣-␣609  space-left, space-right  line 2, character 3",
        "",
        "2 targets: 2 damaged, 0 not mentioned",
    ]


def test_a_note_is_shown_and_not_counted_in_any_form(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    arguments = ["check", "--source", "The field created_at, pages 3-5.", "--fail-on", "spaced"]
    shown = {}
    for form in ((), ("--json",), ("--markdown",)):
        monkeypatch.setattr("sys.stdin", _Input(b"Created at noon, pages 3\xe2\x80\x935."))
        code, out, _ = said(capsysbinary, *arguments, *form)
        assert code == 0
        shown["".join(form)] = out.decode("utf-8")
    assert "2 targets: 0 damaged, 0 not mentioned; 2 notes, not counted" in shown[""]
    assert shown[""].count("  note ") == 2
    assert shown["--markdown"].count("| note |") == 2
    found = json.loads(shown["--json"])
    assert found["verdicts"] == {"created_at": "verbatim", "3-5": "verbatim"}
    assert {one["severity"] for mentions in found["mentions"].values() for one in mentions} == {"note"}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("ends", ["", "\n", "\r\n", "\n\n"])
def test_a_clean_answer_comes_back_byte_for_byte(
    tmp_path: Path, prompt: str, encoding: str, ends: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    codec, mark = ENCODINGS[encoding]
    content = mark + (MENDED + ends).encode(codec)
    (tmp_path / "a.txt").write_bytes(content)
    assert said(capsysbinary, "repair", str(tmp_path / "a.txt"), "--source", prompt) == (0, content, "")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_repaired_answer_keeps_its_encoding_mark_and_line_ends(
    monkeypatch: pytest.MonkeyPatch, prompt: str, encoding: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    codec, mark = ENCODINGS[encoding]
    monkeypatch.setattr("sys.stdin", _Input(mark + BROKEN.encode(codec)))
    assert said(capsysbinary, "repair", "--source", prompt) == (0, mark + MENDED.encode(codec), "")


@pytest.mark.parametrize("content", [b"", b"\n", b"a\0b TCP/IP", "TCP/IP \u2028 \x0b".encode()])
def test_odd_answers_come_back_as_they_are(
    monkeypatch: pytest.MonkeyPatch, content: bytes, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr("sys.stdin", _Input(content))
    assert said(capsysbinary, "repair", "--source", "use TCP/IP") == (0, content, "")
    monkeypatch.setattr("sys.stdin", _Input(content))
    code, _, err = said(capsysbinary, "check", "--source", "use TCP/IP")
    assert (code, err) == (0, "")


def test_json_is_repaired_inside_its_strings_and_stays_as_it_is_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    content = b'{ "a":  "TCP \\/ IP",\r\n "b": 1e3 }\r\n'
    monkeypatch.setattr("sys.stdin", _Input(content))
    assert said(capsysbinary, "repair", "--source", "use TCP/IP")[1] == content.replace(b"TCP \\/ IP", b"TCP\\/IP")
    monkeypatch.setattr("sys.stdin", _Input(content))
    _, out, _ = said(capsysbinary, "check", "--source", "use TCP/IP")
    assert b"damage  TCP\xe2\x90\xa3/\xe2\x90\xa3IP  space-left, space-right  /a characters 1" in out


def test_targets_can_be_given_and_sources_are_files_texts_or_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    messages = [{"role": "system", "content": "x"}, {"role": "user", "content": [{"type": "text", "text": "TCP/IP"}]}]
    (tmp_path / "request.json").write_text(json.dumps({"model": "m", "messages": messages}))
    sources = ["--source", str(tmp_path / "request.json"), "--source", "and Sikalastic-609"]
    for targets, wanted in (
        ((), {"TCP/IP": "verbatim", "Sikalastic-609": "absent"}),
        (("--target", "IP over"), {"IP over": "lookalike"}),
    ):
        monkeypatch.setattr("sys.stdin", _Input("TCP/IP\u00a0over".encode()))
        _, out, _ = said(capsysbinary, "check", *sources, *targets, "--json")
        assert json.loads(out)["verdicts"] == wanted


def test_a_saved_response_is_read_part_by_part(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    call = {"type": "function", "function": {"name": "open", "arguments": '{"path": "/data/XJ 图/a"}'}}
    message = {"role": "assistant", "content": None, "reasoning_content": "/data/XJ 图/a", "tool_calls": [call]}
    path = tmp_path / "response.json"
    path.write_text(json.dumps({"choices": [{"message": message}]}))
    _, out, _ = said(capsysbinary, "check", str(path), "--source", "打开 /data/XJ图/a", "--json")
    (mention,) = json.loads(out)["mentions"]["/data/XJ图/a"]
    assert mention["part"] == "/choices/0/message/tool_calls/0/function/arguments"
    assert (mention["path"], mention["verdict"]) == ("/path", "spaced")


D = "A - 1/B"
RESPONSES: dict[str, Any] = {
    "DeepSeek": {"choices": [{"message": {"role": "assistant", "reasoning_content": D, "content": D}}]},
    "tags": {"choices": [{"message": {"role": "assistant", "content": f"<think>{D}</think>{D}"}}]},
    "Anthropic": {"role": "assistant", "content": [{"type": "thinking", "thinking": D}, {"type": "text", "text": D}]},
    "Responses": {
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": D}]},
            {"type": "message", "content": [{"type": "output_text", "text": D}]},
        ]
    },
    "Gemini": {"candidates": [{"content": {"parts": [{"text": D, "thought": True}, {"text": D}]}}]},
    "Bedrock": {
        "output": {
            "message": {
                "role": "assistant",
                "content": [{"reasoningContent": {"reasoningText": {"text": D}}}, {"text": D}],
            }
        }
    },
    "Ollama": {"message": {"role": "assistant", "thinking": D, "content": D}},
}


@pytest.mark.parametrize("api", RESPONSES)
def test_the_reasoning_of_a_saved_response_is_never_mended(
    api: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    saved = json.dumps(RESPONSES[api], indent=1)
    path = tmp_path / "response.json"
    path.write_text(saved)
    _, out, _ = said(capsysbinary, "repair", str(path), "--source", "say A-1/B")
    reasoning, answer = saved.rsplit(D, 1)
    assert out.decode() == f"{reasoning}A-1/B{answer}"
    line = json.dumps({"source": "say A-1/B", "output": RESPONSES[api]})
    path.write_text(line)
    _, out, _ = said(capsysbinary, "repair", str(path))
    assert json.dumps(json.loads(out)["repaired"]).count(D) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--source", "none.txt"], "--source: no file 'none.txt'; accepted: a file, or a text"),
        (["--source", "-"], "standard input cannot be the source and the answer at once"),
        (["--target", "x"], "--target goes with --source; JSON lines say it in each line"),
        (["--channel", "json"], "--channel goes with --source"),
        (["--source", "a", "--target", " "], "--target: found ' '; accepted: a text that is not blank"),
        (["--source", "a", "none"], "none: cannot be read: No such file or directory; accepted: a file, or -"),
        (["--source", "/", "none"], "/: cannot be read: Is a directory"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(
    arguments: list[str], message: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for command in ("check", "repair"):
        code, out, err = said(capsysbinary, command, *arguments)
        assert (code, out) == (3, b"")
        assert message in err


def test_bytes_that_are_no_text_are_refused_with_their_place(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for content in (b"Z\xfcrich TCP/IP", b"\xff\xfea"):
        monkeypatch.setattr("sys.stdin", _Input(content))
        code, out, err = said(capsysbinary, "repair", "--source", "TCP/IP")
        assert (code, out) == (3, b"")
        assert "cannot be read as text: not UTF-" in err


def test_the_channels_that_are_offered_are_those_of_the_checker() -> None:
    assert OFFERED == CHANNELS


def test_what_was_found_in_one_answer_is_chinese_on_a_chinese_screen(
    tmp_path: Path, prompt: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "a.txt").write_bytes(BROKEN.encode())
    code, out, _ = said(capsysbinary, "check", str(tmp_path / "a.txt"), "--source", prompt, "--lang", "zh")
    assert code == 0
    assert out.decode("utf-8").splitlines() == [
        "/data/home/XJ风机选型/样本资料  多空格",
        "  损坏    /data/home/XJ␣风机选型/样本资料  cjk-boundary  第 1 行第 5 个字符",
        "Sikalastic-609                  多空格",
        "  损坏    Sikalastic␣-␣609  space-left, space-right  第 2 行第 3 个字符",
        "",
        "2 个目标串：损坏 2 个，未提及 0 个",
    ]
    _, out, _ = said(capsysbinary, "check", str(tmp_path / "a.txt"), "--source", prompt, "--lang", "zh", "--markdown")
    assert "| 目标串 | 判定 | 程度 | 变成 | 损坏代码 | 位置 |" in out.decode("utf-8")


def test_a_note_and_an_answer_without_anything_to_protect_are_chinese(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr("sys.stdin", _Input(b"Created at noon, pages 3\xe2\x80\x935."))
    _, out, _ = said(capsysbinary, "check", "--source", "The field created_at, pages 3-5.", "--lang", "zh")
    assert "2 个目标串：损坏 0 个，未提及 0 个；另有 2 处提示，不计入" in out.decode("utf-8")
    assert out.decode("utf-8").count("  提示 ") == 2
    monkeypatch.setattr("sys.stdin", _Input(b"ok"))
    _, out, _ = said(capsysbinary, "check", "--source", "ok", "--lang", "zh")
    assert out.decode("utf-8") == "没有需要保护的字符串：没有给出目标串，原文中也没有\n"
