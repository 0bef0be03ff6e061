"""What every command has in common: help, the language of the screen, `harness run`."""

import subprocess

import pytest
from click.testing import CliRunner

from harness.cli import harness
from harness.cli import run as run_command_line
from harness.errors import ConfigError
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
