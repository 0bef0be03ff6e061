"""A project on disk, as a user has one, and `pytest` run in it as a process of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.processes import Command, run, start

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

    def start(self, *options: str) -> Command:
        """`python -m pytest --model=m` with more options; both outputs in one."""
        return start("pytest", "--model=m", "-p", "no:cacheprovider", *options, cwd=self.folder)

    def run(self, *options: str) -> tuple[int, str]:
        """Exit code and output."""
        done = run("pytest", "--model=m", "-p", "no:cacheprovider", *options, cwd=self.folder, apart=False)
        return done.returncode, done.stdout

    def files(self) -> dict[Path, str]:
        """All that lies under cassettes/ and reports/, by path."""
        folders = (self.folder / "cassettes", self.folder / "reports")
        return {path: path.read_text() for folder in folders for path in folder.rglob("*") if path.is_file()}
