"""A suite folder to write lines into, and the judge that runs use."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.authoring.lint import Judging, LintResult, lint
from harness.config import ModelConfig
from harness.decisions.exposure import Learnt
from harness.runs.judge import Judge

LINE: dict[str, Any] = {
    "id": "a-1",
    "domain": "parts",
    "language": "en",
    "task": "copy",
    "prompt": "Write the part number of the pump on a line of its own: KX-40/2",
    "targets": ["KX-40/2"],
}

Linting = Callable[..., LintResult]


@pytest.fixture
def judging() -> Judging:
    judge = Judge(ModelConfig(name="lint"))
    return lambda case, answer: judge.sample(case, answer, 0)


@pytest.fixture
def linting(tmp_path: Path, judging: Judging) -> Linting:
    """Write lines (dicts over LINE, each with an id of its own, None takes a field out) as a suite and lint it."""

    def run(*lines: dict[str, Any], training: dict[str, Learnt] | None = None) -> LintResult:
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        (folder / "suite.toml").write_text('title = "Mine"\n')
        whole = [{**LINE, "id": f"a-{number}", **line} for number, line in enumerate(lines, start=1)]
        kept = [{name: value for name, value in line.items() if value is not None} for line in whole]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        (folder / "cases.jsonl").write_text(text, encoding="utf-8")
        return lint([folder], judging, training)

    return run
