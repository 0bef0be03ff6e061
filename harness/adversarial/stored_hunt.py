"""A recorded hunt on disk: which questions were drawn, so that a replay never depends on what hypothesis generates."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from harness.adversarial.hunting import HuntSettings
from harness.adversarial.probe import Probe
from harness.records.errors import CassetteError
from harness.records.explain import explain
from harness.records.reading import content_of, json_of
from harness.records.record import Record
from harness.records.writing import whole

_SCHEMA = 1
_LIMIT = 100_000_000
"""Bytes of a file of questions."""


class StoredHunt(Record):
    """`<model>@<version>.json`; its answers lie beside it in `<model>@<version>.jsonl`, in the form of cassettes."""

    schema_version: int = _SCHEMA
    model: str
    version: str
    recorded: str
    """Day, ISO 8601."""
    seed: int
    hypothesis: str
    """The version that drew the questions."""
    budget: int = Field(ge=1)
    max_concurrency: int = Field(ge=1)
    most_requests: int = Field(ge=1)
    omissions: bool
    ended: str
    unanswered: dict[str, str] = Field(default_factory=dict)
    """Keys of requests that brought no usable answer, and why."""
    retried: dict[str, int] = Field(default_factory=dict)
    """Keys of requests that took more than one attempt, and how many."""
    questions: tuple[dict[str, Any], ...]

    @property
    def settings(self) -> HuntSettings:
        """What the hunt was allowed; a replay needs no time limit."""
        return HuntSettings(self.budget, None, self.max_concurrency, self.omissions)

    def probes(self) -> Iterator[Probe]:
        """The questions, in the order in which they were drawn."""
        return (Probe.from_dict(question) for question in self.questions)


def questions_path(folder: Path, label: str) -> Path:
    """Where a recorded hunt lies."""
    return folder / f"{label}.json"


def answers_path(folder: Path, label: str) -> Path:
    """Where its answers lie."""
    return folder / f"{label}.jsonl"


def read_hunt(path: Path) -> StoredHunt:
    """A recorded hunt.

    Raises:
        CassetteError: the file cannot be read, or is of a newer form.
    """
    try:
        value = json_of(content_of(path, limit=_LIMIT))
        stored = StoredHunt.model_validate(value)
    except (OSError, ValueError, RecursionError) as error:
        reason = explain(error, StoredHunt) if isinstance(error, ValidationError) else error
        raise CassetteError(f"{path}: no recorded hunt: {reason}") from error
    if stored.schema_version > _SCHEMA:
        raise CassetteError(f"{path}: schema {stored.schema_version} is newer than this program; upgrade it")
    return stored


def write_hunt(path: Path, stored: StoredHunt) -> None:
    """Write it whole or not at all, one question a line."""
    head = stored.model_dump(mode="json", exclude={"questions"})
    lines = [json.dumps(question, ensure_ascii=False) for question in stored.questions]
    body = json.dumps(head, ensure_ascii=False, indent=1)[:-2]
    text = f'{body},\n "questions": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"
    with whole(path) as file:
        file.write(text.encode())
