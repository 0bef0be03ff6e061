"""Where a promotion policy is read from: an option's file, else `[tool.harness.gate]`, else the default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.records.errors import ConfigError
from harness.records.explain import found
from harness.records.policy import DEFAULT_POLICY, GatePolicy, parse_policy
from harness.records.reading import UnfitFileError, toml_of


def read_policy(file: Path | None, table: Mapping[str, Any]) -> tuple[GatePolicy, str]:
    """The policy in force and where it comes from, in words.

    `table` is `[tool.harness.gate]` of the project; an empty one means the default. A file of its own may
    hold the keys at the top or, like pyproject.toml, under `[tool.harness.gate]`.
    """
    if file is not None:
        data = _toml(file)
        own = _gate_table(data)
        return parse_policy(data if own is None else own, str(file)), str(file)
    if table:
        where = "pyproject.toml [tool.harness.gate]"
        return parse_policy(table, where), where
    return DEFAULT_POLICY, "default promotion policy"


def _toml(file: Path) -> dict[str, Any]:
    try:
        return toml_of(file)
    except FileNotFoundError as error:
        raise ConfigError(f"{file}: no such policy file; expected TOML with the keys of docs/gate.md") from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror or error}") from error
    except UnfitFileError as error:
        raise ConfigError(f"{file}: cannot be read as TOML: {str(error).removeprefix('not TOML: ')}") from error


def _gate_table(data: dict[str, Any]) -> dict[str, Any] | None:
    value: Any = data
    for key in ("tool", "harness", "gate"):
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    if not isinstance(value, dict):
        raise ConfigError(f"[tool.harness.gate]: found {found(value)}, expected a table")
    return value
