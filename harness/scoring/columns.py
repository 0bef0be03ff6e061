"""Which field of a row holds what, and how a field is found in a row."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

MISSING = object()
"""What `lookup` gives for a field that a row does not have; None is a value."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names or paths of fields. `source` may name several: together they are what the model was given."""

    source: tuple[str, ...] = ("source",)
    output: str = "output"
    targets: str = "targets"
    channel: str = "channel"
    id: str = "id"
    model: str = "model"
    version: str = "version"
    time: str = "time"
    finish: str = "finish_reason"
    cluster: str = ""
    by: tuple[str, ...] = ()

    def paths(self) -> tuple[str, ...]:
        """All fields that are read, each once."""
        named = [getattr(self, field.name) for field in fields(self)]
        flat = [path for value in named for path in ([value] if isinstance(value, str) else value)]
        return tuple(dict.fromkeys(path for path in flat if path))

    def top_level(self, present: list[str]) -> list[str]:
        """Those of the `present` columns of a table that are needed, in the table's order."""
        wanted = {name for path in self.paths() for name in (path, path.split(".")[0])}
        return [name for name in present if name in wanted]


def lookup(row: dict[str, Any], path: str) -> Any:
    """The value at `path`, or MISSING.

    A field of exactly that name comes first. Otherwise the dots are steps: a name, a position in a list, or `*` for
    every member of a list. A step into a text reads the text as JSON, which is how CSV files hold nested values.
    """
    if path in row:
        return row[path]
    value: Any = row
    steps = path.split(".")
    for place, step in enumerate(steps):
        if isinstance(value, str):
            value = _decoded(value)
        if step == "*":
            return _every(value, ".".join(steps[place + 1 :]))
        value = _member(value, step)
        if value is MISSING:
            return MISSING
    return value


def _member(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step, MISSING)
    if isinstance(value, list) and (step.isascii() and step.removeprefix("-").isdigit()) and len(step) < 10:
        position = int(step)
        return value[position] if -len(value) <= position < len(value) else MISSING
    return MISSING


def _every(value: Any, rest: str) -> Any:
    if not isinstance(value, list):
        return MISSING
    if not rest:
        return value
    found = [lookup(member, rest) if isinstance(member, dict) else MISSING for member in value]
    return [member for member in found if member is not MISSING]


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return MISSING
