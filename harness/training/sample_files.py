"""Training files: one JSON object a line, `{"messages": [{"role", "content"}, ...]}`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from harness.records.explain import explain
from harness.records.training import TrainingError, TrainingSample
from harness.records.writing import whole
from harness.training.origins import read_origin, with_domains


def read_samples(path: Path) -> list[TrainingSample]:
    """All samples of a file, in order, with the domains of the origin file beside it.

    Raises:
        TrainingError: the first bad line, with file and line; `harness dataset validate` lists all of them.
    """
    advice = f"run: harness dataset validate {path}"
    try:
        # no `splitlines`: a text in JSON may hold U+2028, which is no end of a line there
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        accepted = "accepted: a training file, one JSON object a line"
        raise TrainingError(f"{path}: cannot be read: {error.strerror or error}; {accepted}") from error
    except UnicodeDecodeError as error:
        raise TrainingError(f"{path}: cannot be read: not UTF-8 at byte {error.start + 1}; {advice}") from error
    samples = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            samples.append(TrainingSample.model_validate_json(line))
        except ValidationError as error:
            raise TrainingError(f"{path}:{number}: {explain(error, TrainingSample)} ({advice})") from error
    if not samples:
        raise TrainingError(f"{path}: no samples; {advice}")
    return with_domains(samples, read_origin(path))


def write_samples(path: Path, samples: Iterable[TrainingSample]) -> int:
    """Write `messages` alone, the form that every provider takes; returns the number of lines."""
    lines = [
        json.dumps({"messages": [turn.model_dump(exclude_none=True) for turn in sample.messages]}, ensure_ascii=False)
        + "\n"
        for sample in samples
    ]
    try:
        with whole(path) as file:
            file.writelines(line.encode() for line in lines)
    except OSError as error:
        raise TrainingError(f"{path}: cannot be written: {error.strerror or error}") from error
    return len(lines)


def file_digest(path: Path) -> str:
    """SHA-256 of the file's bytes: what a recipe pins its data and its adapter with."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
