"""What every command has in common: help, the language of the screen, `harness run`."""

import subprocess
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from harness.cli import harness
from harness.cli import run as run_command_line
from harness.config import load
from harness.errors import ConfigError
from harness.show.figures import fitted, lay_out_for, wrapped
from harness.show.words import language_of, speak


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def command_line(*arguments):
    return CliRunner().invoke(harness, arguments)


def test_help_lists_six_everyday_commands_first_in_both_languages(monkeypatch):
    lines = command_line("--help").stdout.splitlines()
    first = lines.index("Every day:")
    assert [line.split()[0] for line in lines[first + 1 : first + 7]] == [
        "init",
        "run",
        "report",
        "compare",
        "gate",
        "repair",
    ]
    assert lines[first + 7] == ""
    monkeypatch.setenv("HARNESS_LANG", "zh")
    chinese = command_line("--help").stdout
    assert "日常使用" in chinese
    assert "判定这个版本能否上线" in chinese
    assert "日常使用" in command_line("--lang", "zh", "--help").stdout
    assert "日常使用" not in command_line("--lang", "en", "--help").stdout


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"HARNESS_LANG": "zh"}, "zh"),
        ({"HARNESS_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"HARNESS_LANG": "xx", "LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW.Big5"}, "zh"),
        ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_CN"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_language_is_that_of_the_setting_or_else_of_the_locale(environ, expected):
    assert language_of(environ) == expected


def test_errors_are_chinese_on_a_chinese_screen(empty_folder, monkeypatch, capsys):
    monkeypatch.setenv("HARNESS_LANG", "zh")
    assert run_command_line(["compare", "one"]) == 3
    assert "compare：只给出一个运行" in capsys.readouterr().err
    assert run_command_line(["gat"]) == 3
    assert "错误：没有命令 'gat'（是否想写 'gate'？）；可接受：init、run" in capsys.readouterr().err
    speak("en")


def test_run_is_pytest_in_fewer_words(empty_folder, monkeypatch):
    asked = []

    def called(command, **options):
        asked.append((command, options["env"]["HARNESS_LANG"]))
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(subprocess, "run", called)
    result = command_line("--lang", "zh", "run", "tuned", "spaced", "suites/mine", "-k", "aviation", "--samples=2")
    assert result.exit_code == 1
    ((command, lang),) = asked
    assert command[1:] == ["-m", "pytest", "--model=tuned,spaced", "suites/mine", "-k", "aviation", "--samples=2"]
    assert lang == "zh"
    speak("en")
    assert isinstance(command_line("run", "-k", "x").exception, ConfigError)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["runs", "baseline", "--for", "qwen"], "--for：还需要 RUN；可接受：`harness runs baseline RUN --for NAME`"),
        (["runs", "baseline", "x", "--for", ""], "--for：实际为 ''；可接受：模型名"),
        (["suites", "import", "csv", "empty.csv", "--out", "new"], "没有数据行；CSV 文件的第一行是列名"),
        (["check", "binary", "--source", "x"], "无法按文本读取：第 129 字节不是 UTF-8；"),
        (
            ["score", "plain.txt", "--source", "a", "--output", "b", "--out", "c"],
            "无法由文件名判断格式；可接受：.jsonl",
        ),
        (["dataset", "split", "gbk.jsonl"], "第 1 字节不是 UTF-8；请运行：harness dataset validate"),
        (["--lang", "zh"], "缺少命令。"),
    ],
)
def test_wrong_input_is_answered_in_chinese_as_a_whole(empty_folder, monkeypatch, capsys, arguments, said):
    Path("empty.csv").write_text("a,b\n")
    Path("binary").write_bytes(bytes(range(256)))
    Path("plain.txt").write_text("x")
    Path("gbk.jsonl").write_bytes("型号".encode("gbk"))
    monkeypatch.setenv("HARNESS_LANG", "zh")
    try:
        assert run_command_line(arguments) == 3
        assert said in capsys.readouterr().err
    finally:
        speak("en")


def test_help_may_be_asked_for_as_a_command():
    assert command_line("help").output == command_line("--help").output
    assert command_line("help", "gate").output == command_line("gate", "--help").output


ROOT = Path(__file__).parents[2]
AT_ANY_WIDTH = [
    ["models", "list"],
    ["show", "symbols/aviation-001", "--models", "spaced,tuned"],
    ["compare", "spaced", "tuned", "--flips", "2"],
    ["compare", "spaced", "tuned", "qwen"],
    ["gate", "--candidate", "tuned", "--baseline", "spaced"],
    ["gate", "--plan"],
    ["gate", "--help"],
    ["runs", "list"],
    ["runs", "show", "tuned"],
]


@pytest.fixture
def terminal(monkeypatch):
    """Runs a command as in a terminal of so many columns, and gives its lines."""

    def lines(columns, lang, *arguments):
        out = StringIO()
        out.isatty = lambda: True
        with monkeypatch.context() as here:
            here.chdir(ROOT)
            here.setenv("COLUMNS", str(columns))
            here.setenv("HARNESS_LANG", lang)
            here.setattr("sys.stdout", out)
            run_command_line(list(arguments))
        return out.getvalue().splitlines()

    yield lines
    speak("en")


@pytest.mark.parametrize("arguments", AT_ANY_WIDTH, ids=" ".join)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_but_a_command_is_wider_than_the_terminal(terminal, arguments, lang):
    for columns in (40, 60):
        lines = terminal(columns, lang, *arguments)
        wide = [line for line in lines if cell_len(line) > columns]
        assert len(lines) > 3
        assert all(line.lstrip().startswith(("$ ", "next: ", "下一步：")) for line in wide), wide


def test_a_row_that_does_not_fit_goes_on_in_the_next_line_and_keeps_every_cell(terminal):
    narrow, wide = (" ".join(terminal(columns, "en", "runs", "list")) for columns in (40, 200))
    assert narrow.split() == wide.split()
    assert "smollm2-135m-instruct" in " ".join(terminal(40, "en", "models", "list"))


def test_a_pipe_gets_one_line_for_a_model_whatever_columns_says(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "40")
    lines = command_line("models", "list").stdout.splitlines()
    assert len(lines) == len(load(ROOT).models)


def test_a_chinese_line_ends_between_names_and_no_mark_begins_one():
    speak("zh")
    try:
        said = "持续出错：agents/customer-service-004、identifiers/emails-012、identifiers/hashes-012，另有 39 条"
        for width in range(24, 81):
            lines = wrapped(said, width=width)
            assert all(cell_len(line) <= width for line in lines)
            assert not any(line.strip()[0] in "、，：" for line in lines)
            if width > 32:
                text = "\n".join(lines)
                assert all(name in text for name in ("agents/customer-service-004", "identifiers/hashes-012"))
    finally:
        speak("en")


def test_two_blanks_of_an_answer_stay_two_where_its_line_is_folded():
    lay_out_for(40)
    try:
        lines = fitted("  answer    " + "B-919A  or  C-919B " * 6)
    finally:
        lay_out_for(None)
    assert len(lines) > 2
    assert all(cell_len(line) <= 40 for line in lines)
    assert "B-919A  or" in lines[0]
    assert lines[1].startswith(" " * 12)
