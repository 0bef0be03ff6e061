"""Kind `outputs`: answers that are in a file already, one JSON object a line: `id`, `output`, optional `sample`."""

from pathlib import Path
from typing import Any

from harness.errors import ConfigError, found
from harness.files import json_lines
from harness.records.answer import Completion

_ACCEPTED = 'accepted: {"id": "suite/case" or "case", "output": text, "sample"?: whole number}'
_LINE_LIMIT = 32_000_000
"""Bytes: an endpoint may not answer more either."""


class OutputsFile:
    """Answers by case. An `id` without a suite's name serves the case of that id in any suite."""

    def __init__(self, path: Path, model_label: str) -> None:
        self.path = path
        self._answers: dict[tuple[str, int], str] = {}
        hint = f"outputs of model {model_label}; {_ACCEPTED}"
        for number, value in json_lines(path, ConfigError, limit=_LINE_LIMIT, hint=hint):
            self._add(value, f"{path}:{number}")

    def _add(self, value: Any, place: str) -> None:
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
