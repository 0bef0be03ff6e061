"""Where a promotion policy is read from: an option's file, else `[tool.harness.gate]`, else the default."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from harness.records.errors import ConfigError
from harness.records.policy import DEFAULT_POLICY, GatePolicy, parse_policy


def read_policy(file: Path | None, root: Path) -> tuple[GatePolicy, str]:
    """The policy in force and where it comes from, in words. `root` is the folder of pyproject.toml.

    A file of its own may hold the keys at the top or, like pyproject.toml, under `[tool.harness.gate]`.
    """
    if file is not None:
        data = _toml(file)
        table = _gate_table(data)
        return parse_policy(data if table is None else table, str(file)), str(file)
    project = root / "pyproject.toml"
    if project.is_file():
        table = _gate_table(_toml(project))
        if table is not None:
            where = f"{project.name} [tool.harness.gate]"
            return parse_policy(table, where), where
    return DEFAULT_POLICY, "default promotion policy"


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{file}: no such policy file; expected TOML with the keys of docs/gate.md"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read as TOML: {error}") from error


def _gate_table(data: dict[str, Any]) -> dict[str, Any] | None:
    value: Any = data
    for key in ("tool", "harness", "gate"):
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    if not isinstance(value, dict):
        raise ConfigError(f"[tool.harness.gate]: found {value!r}, expected a table")
    return value
