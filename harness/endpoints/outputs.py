"""Kind `outputs`: answers that are in a file already, one JSON object a line: `id`, `output`, optional `sample`."""

import json
from pathlib import Path
from typing import Any

from harness.records.completion import Completion
from harness.records.errors import ConfigError
from harness.records.explain import found

_ACCEPTED = 'accepted: {"id": "suite/case" or "case", "output": text, "sample"?: whole number}'


class OutputsFile:
    """Answers by case. An `id` without a suite's name serves the case of that id in any suite."""

    def __init__(self, path: Path, model_label: str) -> None:
        self.path = path
        self._answers: dict[tuple[str, int], str] = {}
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"model {model_label}: outputs: {path} cannot be read: {error}") from error
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                self._add(line, f"{path}:{number}")

    def _add(self, line: str, place: str) -> None:
        try:
            value: Any = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{place}: not JSON; {_ACCEPTED}") from error
        if not isinstance(value, dict) or not isinstance(value.get("id"), str):
            raise ConfigError(f"{place}: found {found(value)}; {_ACCEPTED}")
        sample = value.get("sample", 0)
        if not isinstance(value.get("output"), str) or not isinstance(sample, int):
            raise ConfigError(f"{place}: found {found(value)}; {_ACCEPTED}")
        if (value["id"], sample) in self._answers:
            raise ConfigError(f"{place}: id {value['id']!r}, sample {sample} stands in the file twice; keep one")
        self._answers[value["id"], sample] = value["output"]

    def get(self, suite: str, case: str, sample: int) -> Completion | None:
        """The answer to a case, or None."""
        for name in (f"{suite}/{case}", case):
            text = self._answers.get((name, sample))
            if text is not None:
                return Completion(text=text, finish_reason="stop")
        return None
