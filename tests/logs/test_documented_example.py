"""The example of docs/score.md prints what the page says, and its other commands are known."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from harness.cli import run
from harness.cli.score import score

PAGE = Path(__file__).parents[2] / "docs" / "score.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_the_example_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answers.jsonl").write_text(block("json"), encoding="utf-8")
    program, *arguments = block("console").removeprefix("$ ").split()
    assert program == "harness"
    assert run(arguments) == 0
    assert capsys.readouterr().out == block("text")


def test_the_options_of_the_page_are_those_of_the_command() -> None:
    known = {name for parameter in score.params for name in parameter.opts if isinstance(parameter, click.Option)}
    named = set(re.findall(r"--[a-z][a-z-]*", PAGE.read_text(encoding="utf-8")))
    assert named == known
