"""`latency.toml`: the prompts that speed is measured with. Its folder is measured only when it is named."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from harness.config import ModelConfig
from harness.records.case import ID_PATTERN, Case
from harness.records.errors import SuiteError
from harness.records.explain import explain
from harness.records.record import Record
from harness.runner.prompting import body_for

FILE_NAME = "latency.toml"


class LatencyPrompt(Record):
    """One prompt. Each request puts a number of its own before it, so that no endpoint answers from a cache."""

    id: str = Field(pattern=ID_PATTERN)
    prompt: str = Field(min_length=1)


class LatencySuite(Record):
    """What `latency.toml` says. `rounds` requests a prompt count, after `warm_up` requests that do not."""

    title: str = ""
    description: str = ""
    rounds: int = Field(default=80, ge=1)
    warm_up: int = Field(default=3, ge=0)
    max_tokens: int = Field(default=64, ge=2)
    prompts: tuple[LatencyPrompt, ...] = Field(min_length=1)

    def digest(self, prompt: LatencyPrompt) -> str:
        """What two measurements must share to compare."""
        return hashlib.sha256(json.dumps([prompt.prompt, self.max_tokens]).encode()).hexdigest()

    def body(self, prompt: LatencyPrompt, model: ModelConfig, number: str) -> dict[str, Any]:
        """A streamed request with the token limit of the suite, whatever the model's own is."""
        case = Case(
            suite="latency",
            id=prompt.id,
            domain="latency",
            language="en",
            task="latency",
            messages=({"role": "user", "content": f"[{number}] {prompt.prompt}"},),
            stream=True,
        )
        body = body_for(case, model)
        limit = "max_completion_tokens" if "max_completion_tokens" in model.extra_body else "max_tokens"
        return {**body, limit: self.max_tokens}


def load_latency_suite(folder: Path) -> LatencySuite:
    """Read the folder's `latency.toml`.

    Raises:
        SuiteError: it cannot be read, a field is not accepted, or two prompts have one id.
    """
    path = folder / FILE_NAME
    try:
        suite = LatencySuite.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read as TOML: {error}") from error
    except ValidationError as error:
        raise SuiteError(f"{path}: {explain(error, LatencySuite)}") from error
    ids = [prompt.id for prompt in suite.prompts]
    for name in ids:
        if ids.count(name) > 1:
            raise SuiteError(f"{path}: prompts: the id {name!r} stands twice; ids are unique")
    return suite
