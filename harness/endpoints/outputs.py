"""Kind `outputs`: answers that are in a file already, one JSON object a line: `id`, `output`, optional `sample`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import ConfigError, found
from harness.files import UnfitFileError, json_of, opened
from harness.records.answer import Completion

_ACCEPTED = 'accepted: {"id": "suite/case" or "case", "output": text, "sample"?: whole number}'
_LINE_LIMIT = 32_000_000
"""Bytes: an endpoint may not answer more either."""


class OutputsFile:
    """Answers by case. An `id` without a suite's name serves the case of that id in any suite."""

    def __init__(self, path: Path, model_label: str) -> None:
        self.path = path
        self._answers: dict[tuple[str, int], str] = {}
        try:
            for number, line in enumerate(_lines(path), start=1):
                if line.strip():
                    self._add(line, f"{path}:{number}")
        except (OSError, UnfitFileError) as error:
            raise ConfigError(f"model {model_label}: outputs: {path} cannot be read: {error}") from error

    def _add(self, line: bytes, place: str) -> None:
        try:
            value: Any = json_of(line)
        except UnfitFileError as error:
            raise ConfigError(f"{place}: {error}; {_ACCEPTED}") from error
        if not isinstance(value, dict) or not isinstance(value.get("id"), str):
            raise ConfigError(f"{place}: found {found(value)}; {_ACCEPTED}")
        sample = value.get("sample", 0)
        if not isinstance(value.get("output"), str) or not isinstance(sample, int):
            raise ConfigError(f"{place}: found {found(value)}; {_ACCEPTED}")
        if (value["id"], sample) in self._answers:
            raise ConfigError(f"{place}: id {found(value['id'])}, sample {sample} is in the file twice; keep one")
        self._answers[value["id"], sample] = value["output"]

    def get(self, suite: str, case: str, sample: int) -> Completion | None:
        """The answer to a case, or None."""
        for name in (f"{suite}/{case}", case):
            text = self._answers.get((name, sample))
            if text is not None:
                return Completion(text=text, finish_reason="stop")
        return None


def _lines(path: Path) -> Iterator[bytes]:
    with opened(path) as file:
        number = 0
        while line := file.readline(_LINE_LIMIT + 1):
            number += 1
            if len(line) > _LINE_LIMIT:
                raise UnfitFileError(f"line {number} is longer than {_LINE_LIMIT:,} bytes")
            yield line
