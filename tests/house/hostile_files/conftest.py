"""A project that a pull request has changed, and commands run in it with their time and memory measured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a command."""

    code: int
    output: str
    cpu_s: float
    megabytes: float


Run = Callable[..., Done]


@pytest.fixture(scope="session")
def launcher() -> Iterator[tuple[IO[str], IO[str]]]:
    """The process that forks a child for each command."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.house.hostile_files.launcher"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdin, process.stdout


@pytest.fixture
def run(launcher: tuple[IO[str], IO[str]], project: Path) -> Run:
    """`run("gate", ...)` is `harness gate ...` in the project; `run(..., program="pytest")` is pytest."""

    def run_it(*arguments: str, program: str = "harness") -> Done:
        order = {"program": program, "arguments": arguments, "folder": str(project)}
        launcher[0].write(json.dumps(order) + "\n")
        launcher[0].flush()
        told = json.loads(launcher[1].readline())
        return Done(output=(project / "output").read_text("utf-8", "backslashreplace"), **told)

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
