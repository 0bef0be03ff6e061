"""A project whose suites and recorded answers hold any texts whatever, and what every command makes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from harness.config import ModelConfig
from harness.recording import Recorder
from harness.runs.requests import body_for
from harness.suite import load_suite
from tests.factory import exchange
from tests.processes import Program, run

MODELS = ("m", "base")
"""The first answers with the texts, the second as it should."""
_TOML = 'title = "s"\n[defaults]\ndomain = "d"\nlanguage = "en"\ntask = "copy"\n'
_TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}


class HostileProject:
    """Two suites (answers in text, answers as tool calls) with one case for each text."""

    def __init__(self, folder: Path, texts: Sequence[str]) -> None:
        self.folder = folder
        models = "".join(f'[tool.harness.models.{name}]\nversion = "v1"\n' for name in MODELS)
        (folder / "pyproject.toml").write_text(models)
        for suite in ("words", "calls"):
            place = folder / "suites" / suite
            place.mkdir(parents=True)
            (place / "suite.toml").write_text(_TOML)
            lines = (json.dumps(_case(number, text, suite)) for number, text in enumerate(texts))
            (place / "cases.jsonl").write_text("\n".join(lines) + "\n")
            for name in MODELS:
                self._record(name, suite, texts)

    def _record(self, name: str, suite: str, texts: Sequence[str]) -> None:
        model = ModelConfig(name=name, version="v1")
        recorder = Recorder(self.folder / "cassettes" / model.label / f"{suite}.jsonl")
        for case, text in zip(load_suite(self.folder / "suites" / suite), texts, strict=True):
            said = " ".join(case.targets) if name == "base" else f"{text} AB - 12 {text}"
            message: dict[str, object] = {"role": "assistant", "content": said}
            if suite == "calls":
                function = {"name": "look_up" if name == "base" else text, "arguments": json.dumps({said: said})}
                call = {"id": "1", "type": "function", "function": function}
                message = {"role": "assistant", "content": None, "tool_calls": [call]}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            answer = {"model": f"x {text}", "system_fingerprint": text, "choices": [choice]}
            recorded = exchange(
                request_body=json.dumps(body_for(case, model)).encode(), response_body=json.dumps(answer).encode()
            )
            recorder.append(recorded, sample=0, model=None, runtime=None)
        recorder.close()

    def run(self, program: Program, *arguments: str, given: str = "") -> str:
        """Both outputs of `pytest` or `harness`, as they were written."""
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        done = run(program, *arguments, cwd=self.folder, env=environment, input=given, apart=False)
        assert done.returncode in (0, 1, 2), done.stdout
        return done.stdout

    def pages(self) -> dict[str, str]:
        """The built pages by their path."""
        found = sorted((self.folder / "reports").rglob("*.html"))
        return {path.relative_to(self.folder).as_posix(): path.read_text("utf-8") for path in found}


def _case(number: int, text: str, suite: str) -> dict[str, object]:
    plain = bool(text.strip()) and _is_encodable(text)
    case: dict[str, object] = {
        "id": f"{suite}-{number:03d}",
        "prompt": f"{number} Repeat: AB-12 {text if plain else ''}",
        "targets": ["AB-12", text] if plain else ["AB-12"],
        "tags": [text] if plain else [],
    }
    if plain and text.isprintable():
        case["domain"] = case["task"] = text
    return case | ({"tools": [_TOOL]} if suite == "calls" else {})


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)
