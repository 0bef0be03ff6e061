"""A project on disk, as a user has one, and `pytest` run in it as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Project:
    """One model, `m@v1`, and one suite, `s`."""

    def __init__(self, folder: Path, base_url: str, prompts: Sequence[str], target: str, **settings: object) -> None:
        self.folder = folder
        self.cassette = folder / "cassettes" / "m@v1" / "s.jsonl"
        table = {"version": "v1", "base_url": base_url, "timeout_s": 10, **settings}
        lines = [f"{name} = {json.dumps(value)}" for name, value in table.items()]
        (folder / "pyproject.toml").write_text("[tool.harness.models.m]\n" + "\n".join(lines) + "\n")
        suite = folder / "suites" / "s"
        suite.mkdir(parents=True)
        (suite / "suite.toml").write_text('title = "s"\n[defaults]\ndomain = "d"\nlanguage = "en"\ntask = "copy"\n')
        cases = [{"id": f"c-{n:04d}", "prompt": prompt, "targets": [target]} for n, prompt in enumerate(prompts)]
        (suite / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))

    def start(self, *options: str) -> subprocess.Popen[str]:
        """`python -m pytest --model=m` with more options; both outputs in one."""
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "--model=m", "-p", "no:cacheprovider", *options],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *options: str) -> tuple[int, str]:
        """Exit code and output."""
        process = self.start(*options)
        output, _ = process.communicate(timeout=600)
        return process.returncode, output

    @contextmanager
    def launcher(self) -> Iterator[Callable[[str], int]]:
        """Starts runs without the time that imports take; gives the process id of each."""
        with subprocess.Popen(
            [sys.executable, "-m", "tests.faulty_server.launcher", str(self.folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            source, sink = process.stdout, process.stdin

            def start(options: str) -> int:
                sink.write(f"{options}\n")
                sink.flush()
                return int(source.readline())

            yield start

    def files(self) -> dict[Path, str]:
        """All that lies under cassettes/ and reports/, by path."""
        folders = (self.folder / "cassettes", self.folder / "reports")
        return {path: path.read_text() for folder in folders for path in folder.rglob("*") if path.is_file()}
