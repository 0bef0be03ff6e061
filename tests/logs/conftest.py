"""Logs to score: rows that are clean, damaged, silent about a target, cut off, and bad in every way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.logs.files import find_inputs
from harness.logs.judge import ReadSettings, Scoring
from harness.logs.rows import Columns
from harness.logs.run import ScoringJob, score

Score = Callable[..., dict[str, Any]]


def log_row(number: int) -> dict[str, Any]:
    """A row of a log; every kind comes up in the first 60."""
    code, standard = f"Sikalastic-{100 + number}", f"GB/T {50000 + number}-2019"
    said = [
        f"{code} follows {standard}.",
        f"{code.replace('-', ' - ')} follows {standard}.",
        f"{code} is in use.",
        f"{code.lower()} follows {standard.replace('/', '／')}.",
        "",
    ][0 if number % 10 > 4 else number % 5]
    row: dict[str, Any] = {
        "id": number,
        "source": f"Say what {code} and {standard} are for.",
        "output": said,
        "model": "mine" if number % 3 else "theirs",
        "version": f"v{number % 2}",
        "time": f"2026-11-{1 + number % 4:02d}T23:30:00+00:00",
        "region": ["north", "south", None][number % 3],
    }
    if number % 4:
        row["targets"] = [code, standard]
    if number % 13 == 0:
        row["finish_reason"] = "length"
    return row


def write_log(path: Path, rows: int, *, start: int = 0) -> Path:
    """JSON lines."""
    lines = [json.dumps(log_row(number), ensure_ascii=number % 2 == 0) for number in range(start, start + rows)]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def job(*inputs: Path | str, out: Path, columns: Columns | None = None, **options: Any) -> ScoringJob:
    """A job with one worker unless another number is given."""
    columns = columns or Columns()
    reading = ReadSettings(
        columns, options.pop("longest", 16 << 20), options.pop("delimiter", None), options.pop("encoding", None)
    )
    scoring = Scoring(columns, options.pop("verdict_format", "jsonl"))
    files = find_inputs([str(path) for path in inputs], options.pop("input_format", None), excluded=out)
    return ScoringJob(files, reading, scoring, out, **{"workers": 1, **options})


@pytest.fixture
def scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Score:
    """Score files in the test's folder, which is the working folder, into `out` there."""
    monkeypatch.chdir(tmp_path)

    def score_all(*inputs: Path | str, out: str = "out", **options: Any) -> dict[str, Any]:
        return score(job(*inputs, out=tmp_path / out, **options), lambda progress: None)

    return score_all


def verdicts(folder: Path) -> list[dict[str, Any]]:
    """All verdicts, in the order of the rows."""
    files = sorted((folder / "verdicts").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").split("\n") if line]


def rejected(folder: Path) -> list[dict[str, Any]]:
    """The rows kept aside."""
    return [json.loads(line) for line in (folder / "rejected.jsonl").read_text(encoding="utf-8").split("\n") if line]


def content(folder: Path) -> dict[str, bytes]:
    """Every file of an output folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
