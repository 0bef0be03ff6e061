"""A project that a pull request has changed, and commands run in it with their time and memory measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import Program, start


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a command."""

    code: int
    output: str
    cpu_s: float
    megabytes: float


Run = Callable[..., Done]


@pytest.fixture
def run(project: Path) -> Run:
    """`run("gate", ...)` is `harness gate ...` in the project; `run(..., program="pytest")` is pytest."""

    def run_it(*arguments: str, program: Program = "harness") -> Done:
        more = ("-p", "no:cacheprovider") if program == "pytest" else ()
        command = start(program, *more, *arguments, cwd=project, limited=True)
        output, _ = command.communicate()
        assert command.returncode is not None
        return Done(command.returncode, output, **command.used)

    return run_it


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One model and one suite of one case. Beside it lies `elsewhere`, where nothing of the project may be written."""
    folder = tmp_path / "project"
    suite = folder / "suites" / "s"
    suite.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (folder / "pyproject.toml").write_text(
        '[tool.harness.models.m]\nversion = "v1"\nbase_url = "http://127.0.0.1:9/v1"\n'
        '[tool.harness.models.kept]\nversion = "v1"\nkind = "outputs"\noutputs = "outputs.jsonl"\n'
    )
    (suite / "suite.toml").write_text('title = "s"\n[defaults]\ndomain = "d"\nlanguage = "en"\ntask = "copy"\n')
    (suite / "cases.jsonl").write_text('{"id": "c-1", "prompt": "Repeat: A-1", "targets": ["A-1"]}\n')
    return folder
