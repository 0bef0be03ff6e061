"""Exit codes of the command as a whole."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from harness.cli import COMMANDS, harness, run
from harness.history import History
from harness.show.words import translated
from tests.factory import case_result, run_record

HARNESS = Path(sys.executable).parent / "harness"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert "Usage: harness" in capsys.readouterr().out


def test_an_unknown_command_is_3_and_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chek"]) == 3
    assert "did you mean 'check'?" in capsys.readouterr().err


def test_an_unknown_option_is_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--nope"]) == 3


def test_a_crash_is_70_and_says_that_it_is_a_bug(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.config.load", lambda start: 1 / 0)
    assert run(["models", "list"]) == 70
    assert "this is a bug of ours" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["5", '"abc"', "[]"])
def test_a_wrong_setting_is_named_as_it_is_written(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And not by pydantic's name of a branch of a union, `temperature.constrained-float`."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.harness.models.m]\ntemperature = {value}\n")
    monkeypatch.chdir(tmp_path)
    assert run(["models", "list"]) == 3
    assert "[tool.harness.models.m] temperature: found " in capsys.readouterr().err


ACCEPTED = {
    "attempts = 0": ("attempts: found 0; accepted: no less than 1", "attempts：实际为 0；应不小于 1"),
    "timeout_s = -1": ("timeout_s: found -1; accepted: more than 0", "timeout_s：实际为 -1；应大于 0"),
    "temperature = 3": (
        "temperature: found 3; accepted: no more than 2 or 'default'",
        "temperature：实际为 3；应不大于 2 或 'default'",
    ),
    "max_tokens = 'x'": (
        "max_tokens: found 'x'; accepted: a whole number or 'default'",
        "max_tokens：实际为 'x'；可接受：整数 或 'default'",
    ),
    "training_data = 'x'": ("training_data: found 'x'; accepted: a list", "training_data：实际为 'x'；可接受：列表"),
    "headers = { A = 1 }": (
        "headers.A: found 1; accepted: a text or a table",
        "headers.A：实际为 1；可接受：文本 或 表",
    ),
    "stream = 'ja'": ("stream: found 'ja'; accepted: true or false", "stream：实际为 'ja'；可接受：true 或 false"),
    "extra_body = { messages = [] }": (
        "extra_body: found 'messages', which would be sent in place of the prompt of each case (a system prompt: "
        "system); accepted: other fields",
        "extra_body：写了 'messages'，会取代每条用例的提示词（系统提示词请用 system）；可接受：其他字段",
    ),
}


@pytest.mark.parametrize("line", ACCEPTED)
def test_a_wrong_setting_is_answered_in_the_words_of_its_file(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """TOML has lists, tables and texts, and no tuples or dictionaries; a reader of Chinese reads no half sentences."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.harness.models.m]\n{line}\n")
    monkeypatch.chdir(tmp_path)
    for lang, said in zip(("en", "zh"), ACCEPTED[line], strict=True):
        assert run(["models", "list", "--lang", lang]) == 3
        assert capsys.readouterr().err.strip().endswith(f"[tool.harness.models.m] {said}")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
def test_a_reader_that_goes_away_is_no_verdict() -> None:
    line = '{"source":"AB-12","output":"AB - 12"}\n'
    pipe = subprocess.PIPE
    process = subprocess.Popen([HARNESS, "check"], stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(line.encode())
    process.stdin.flush()
    assert process.stdout.readline()
    process.stdout.close()
    process.stdin.write(line.encode() * 3)
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", ["config schema", "check"])
def test_a_full_disk_behind_the_output_is_no_bug_of_ours(command: str, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [HARNESS, *command.split()],
            input=b'{"source":"AB-12","output":"AB - 12"}\n',
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            check=False,
            env={**os.environ, "HARNESS_LANG": "en"},
        )
    assert ended.stderr.decode() == "harness: standard output: cannot be written: No space left on device\n"
    assert ended.returncode == 3


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_leave_the_exit_code_as_it_is(closed: str, tmp_path: Path) -> None:
    """A service or a window without a console closes them."""
    ended = subprocess.run(
        ["sh", "-c", f'"$0" gate --candidate nobody {closed}', HARNESS], capture_output=True, cwd=tmp_path, check=False
    )
    assert (ended.returncode, b"Traceback" in ended.stderr) == (3, False)


def _leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner
        yield from _leaves(inner, (*path, name))


def test_every_command_takes_json() -> None:
    leaves = dict(_leaves(harness, ()))
    assert len(leaves) > len(COMMANDS)
    lacking = [" ".join(path) for path, leaf in leaves.items() if not any("--json" in p.opts for p in leaf.params)]
    assert lacking == []


WRONG = [
    ("gatee", "no command 'gatee' (did you mean 'gate'?)", "没有命令 'gatee'（是否想写 'gate'？）"),
    ("gate", "--candidate: missing; accepted: NAME, NAME@VERSION", "--candidate：缺少；可接受：NAME、NAME@VERSION"),
    ("gate --candidate tunned", "(did you mean 'tuned'?); known: base@v1, tuned@v2.", "（是否想写 'tuned'？）；已有："),
    ("gate --candidate tuned --baseline nobody", "'nobody': no run of that name", "中没有这个名称、版本或 ID 的运行"),
    ("gate --candidate tuned --policy no.toml", "no.toml: no such policy file", "没有策略文件 no.toml"),
    ("gate --candidate tuned --policy typo.toml", "(did you mean 'alignment_rate'?)", "没有指标 'aligment_rate'"),
    ("gate --candidate tuned --policy 95.toml", "rules[0].min: found 95", "rules[0].min：实际为 95；应小于 1"),
    ("gate --plan --rate 2", "2.0 is not in the range 0<x<1", "2.0 不在范围 0<x<1 内"),
    ("gate --candidat tuned", "Did you mean one of: '--candidate'", "是否想写其中之一：'--candidate'"),
    ("compare", "compare: found no run; accepted: two or more", "compare：没有给出运行；需要两个或更多"),
    ("compare tuned", "compare: found one run; accepted: two or more", "compare：只给出一个运行"),
    ("compare tuned basee", "(did you mean 'base'?)", "（是否想写 'base'？）"),
    ("report tuned --gate", "--gate: needs --against RUN, the baseline", "--gate：需要 --against RUN（基线）"),
    ("report --csv", "--csv: needs RUN; runs are listed by `harness runs list`", "`harness runs list` 列出全部运行"),
    ("report --lang fr", "'fr' is not one of 'auto', 'en', 'zh'", "'fr' 不在可选值之中"),
    ("show a-9", "a-9: no such case in base@v1, tuned@v2; accepted: suite/id", "base@v1、tuned@v2 中没有用例 a-9"),
    ("show", "Missing argument 'CASE'", "缺少参数 'CASE'"),
    ("run", "run: no model named; accepted: harness run NAME", "run：没有给出模型名；用法：harness run NAME"),
    ("check no.jsonl", "no.jsonl: cannot be read", "no.jsonl"),
    ("check broken.jsonl", "broken.jsonl", "broken.jsonl"),
    ("check binary.dat", "binary.dat", "binary.dat"),
    ("repair broken.jsonl", "broken.jsonl", "broken.jsonl"),
    (
        "score nowhere --out out",
        "nowhere: cannot be read",
        "nowhere：无法读取：没有这个文件或文件夹；可接受：",
    ),
    ("score", "Missing argument 'INPUT...'", "缺少参数 'INPUT...'"),
    ("drift", "Missing option '--model'", "缺少选项 '--model'"),
    (
        "drift --model tuned --since yesterday",
        "--since: found 'yesterday'",
        "实际为 'yesterday'；可接受：日期",
    ),
    ("hunt --model nobody --request-budget 3", "unknown model 'nobody'; accepted: base, tuned", "没有模型 'nobody'"),
    ("suites lint missing", "missing: no such file or folder; accepted: a *.jsonl", "missing：没有这个文件或文件夹"),
    ("suites make --terms no.csv --out x", "no.csv: cannot be read", "可接受：CSV 文件"),
    ("cassettes status nobody", "'nobody': no such model; known: base@v1", "没有模型 'nobody'；已有：base@v1"),
    ("models serve tuned", "only kind local can be served here", "这里只能启动 local 类模型"),
    ("dataset validate set.jsonl --provider x", "'x' is not one of 'local'", "'--provider' 的值无效"),
    (
        "train no.jsonl --out a.gguf",
        "run: harness dataset validate no.jsonl",
        "请运行：harness dataset validate",
    ),
    ("runs show 2026", "2 runs begin so: base@v1/", "有 2 个运行以此开头"),
    (
        "proxy --upstream api.openai.com",
        "accepted: https://HOST/v1",
        "--upstream：不是端点地址；可接受：https://",
    ),
    ("gate --candidate tuned --baseline tuned", "is the candidate itself; accepted: another run", "就是候选本身"),
    ("gate tuned base", "For example: harness gate --candidate", "多余的参数（tuned base）"),
    ("compare tuned ./broken.jsonl", "expected a run record (`harness runs list`)", "应为运行记录"),
    ("suites list", "Did you mean", "没有命令 'list'"),
    ("report base --against base --csv", "--csv: not together with --against", "--csv：不能与 --against 合用"),
    ("gate --candidate tuned --policy binary.dat", "not UTF-8 at byte", "字节不是 UTF-8；请把文件另存为 UTF-8"),
    ("dataset stats empty.jsonl", "no samples; run: harness dataset validate", "没有样本；请运行：harness dataset"),
    ("init --ci none", "missing, and there is no terminal to ask", "而且没有终端可以询问"),
    ("--lang fr report", "'fr' is not one of 'en', 'zh'", ""),
]
"""What a user may type, what the screen says in English, and in Chinese."""


@pytest.fixture
def small_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "suites/mine").mkdir(parents=True)
    address = 'base_url = "http://127.0.0.1:9/v1"'
    models = f'[tool.harness.models.base]\nversion = "v1"\n{address}\n[tool.harness.models.tuned]\n{address}\n'
    files = {
        "pyproject.toml": models + 'version = "v2"\n',
        "suites/mine/suite.toml": 'title = "Mine"\n',
        "typo.toml": '[[rules]]\nmetric = "aligment_rate"\nmin = 0.9\n',
        "95.toml": '[[rules]]\nmetric = "alignment_rate"\nmin = 95\n',
        "broken.jsonl": '{"source": "AB-1"\n',
        "empty.jsonl": "",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "binary.dat").write_bytes(bytes(range(256)))
    for model, version in (("base", "v1"), ("tuned", "v2")):
        cases = [case_result("a-1"), case_result("a-2", "damaged")]
        run_of = run_record(cases, model=model, version=version, run_id=f"2026-03-01-{model}0")
        History(tmp_path / "reports").write(run_of)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("typed", "english", "chinese"), WRONG)
def test_a_wrong_input_is_3_and_says_what_is_accepted(
    typed: str, english: str, chinese: str, small_project: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for lang, said in (("en", english), ("zh", chinese)):
        assert run(["--lang", lang, *typed.split()]) == 3
        captured = capsys.readouterr()
        assert said in captured.err, captured.err
        assert "Traceback" not in captured.err
        assert captured.out == ""


@pytest.mark.parametrize(
    ("typed", "last", "offered"),
    [
        ([], "ga", ["gate"]),
        (["gate"], "--ca", ["--candidate"]),
        (["runs"], "b", ["baseline"]),
        (["report"], "--lang", ["--lang"]),
    ],
)
def test_a_shell_completes_commands_and_options(typed: list[str], last: str, offered: list[str]) -> None:
    completion = BashComplete(harness, {}, "harness", "_HARNESS_COMPLETE")
    assert [item.value for item in completion.get_completions(typed, last)] == offered
    assert "complete -o nosort -F _harness_completion harness" in completion.source()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not delete a folder that a process is in")
def test_a_current_folder_that_was_deleted_is_named_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    try:
        assert run(["runs", "list"]) == 3
    finally:
        os.chdir(tmp_path)
    assert capsys.readouterr().err == "harness: the current folder was deleted or moved; run: cd FOLDER\n"


CONFLICT = "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> theirs\n"


def test_a_merge_conflict_is_named_in_every_file_that_people_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cassettes have a sentence of their own (tests/recording)."""
    monkeypatch.chdir(tmp_path)
    settings, suite, cases = tmp_path / "pyproject.toml", tmp_path / "suites" / "s", '{"id": "a"}'
    suite.mkdir(parents=True)
    (suite / "suite.toml").write_text('title = "s"\n')
    settings.write_text('[tool.harness.models.m]\nbase_url = "http://localhost:1/v1"\nmodel = "m"\n')
    record = History(tmp_path / "reports").write(run_record([case_result()], model="m", version="1"))

    def said(path: Path, text: str, *arguments: str) -> str:
        before = path.read_bytes() if path.exists() else None
        path.write_text(text)
        assert run([*arguments]) == 3
        path.write_bytes(before) if before is not None else path.unlink()
        return capsys.readouterr().err

    half = CONFLICT.format("{", '"schema": 1')
    assert "a merge conflict was left at line 1; keep what is right" in said(record, half, "gate", "--candidate", "m")
    found = said(tmp_path / "reports" / "baselines.json", half, "runs", "baseline", "m@1")
    assert "a merge conflict was left at line 1" in found
    assert "delete it, and run: harness runs baseline NAME@VERSION" in found
    assert "a merge conflict was left at line 1" in said(settings, CONFLICT.format("a = 1", "a = 2"), "runs", "list")
    (suite / "cases.jsonl").write_text(CONFLICT.format(cases, cases))
    run(["suites", "lint"])
    lines = [line for line in capsys.readouterr().out.splitlines() if "a merge conflict was left here" in line]
    assert [line.split("cases.jsonl:")[1][0] for line in lines] == ["1", "3", "5"]


def test_each_of_several_errors_is_in_chinese() -> None:
    one = "suites/s/c.jsonl:{}: not JSON at column 1: Expecting value; accepted: one JSON object a line"
    chinese = translated("\n".join(one.format(line) for line in (1, 2)), "zh").split("\n")
    assert chinese[1] == "suites/s/c.jsonl:2：第 1 列起不是 JSON：缺少值；可接受：每行一个 JSON 对象"
    assert chinese[0] == chinese[1].replace(":2：", ":1：")


def test_what_cannot_be_written_is_told_in_a_word_and_without_the_name_of_a_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    History(tmp_path / "reports").write(run_record([case_result()], model="m", version="1"))

    def full(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "reports/.verbatim-0123456789abcdef.tmp")

    monkeypatch.setattr("harness.files.os.replace", full)
    assert run(["runs", "baseline", "m@1"]) == 3
    assert capsys.readouterr().err.endswith("baselines.json: cannot be written: Permission denied\n")
    assert run(["report", "m"]) == 3
    assert capsys.readouterr().err.endswith(".html: cannot be written: Permission denied\n")


def test_a_byte_order_mark_in_settings_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    settings = tmp_path / "pyproject.toml"
    settings.write_bytes(b'\xef\xbb\xbf[tool.harness.models.m]\nbase_url = "http://localhost:1/v1"\nmodel = "m"\n')
    mark = "there is a byte order mark at the start; save the file as UTF-8 without BOM"
    for arguments in (["runs", "list"], ["init", "--base-url=http://localhost:1/v1", "--model=n", "--ci=none"]):
        assert run(arguments) == 3
        assert f"pyproject.toml: cannot be read as TOML: {mark}" in capsys.readouterr().err
    assert "开头有字节序标记（BOM）；请存为不带 BOM 的 UTF-8" in translated(f"/a/suite.toml: {mark}", "zh")
