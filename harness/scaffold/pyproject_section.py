"""The entry of a model in pyproject.toml, added at the end of what is there."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from harness.records.errors import ConfigError
from harness.scaffold.choices import Choices
from harness.scaffold.providers import further_settings


def section(choices: Choices) -> str:
    """The table as text."""
    settings: dict[str, object] = {"base_url": choices.base_url} if choices.base_url else {}
    settings["model"] = choices.model
    if choices.key_env:
        settings["api_key_env"] = choices.key_env
    settings |= {"version": "v1", **further_settings(choices.provider, choices.model)}
    lines = [f"{key} = {_toml(value)}" for key, value in settings.items()]
    return "\n".join([f"[tool.harness.models.{_key(choices.name)}]", *lines]) + "\n"


def added(content: str, choices: Choices) -> str | None:
    """What is to be put after `content`, the text of pyproject.toml; None if the model is configured already.

    Raises:
        ConfigError: the file is no TOML, the model is configured for another endpoint, or the entry cannot stand at
            the end; the entry is in the message.
    """
    try:
        before = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"pyproject.toml: cannot be read as TOML: {error}; mend it, then run harness init") from error
    if choices.name in _models(before):
        _check_same(_models(before)[choices.name], choices)
        return None
    newline = "\r\n" if "\r\n" in content else "\n"
    gap = "" if not content else "\n" if content.endswith("\n") else "\n\n"
    addition = (gap + section(choices)).replace("\n", newline)
    try:
        tomllib.loads(content + addition)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"pyproject.toml: the entry cannot be added at its end ({error}); add it by hand:\n{section(choices)}"
        ) from error
    return addition


def _check_same(entry: object, choices: Choices) -> None:
    """What stands there is not repeated: it may hold a secret."""
    wanted = {"base_url": choices.base_url, "model": choices.model, "api_key_env": choices.key_env}
    there = entry if isinstance(entry, dict) else {}
    other = [key for key, value in wanted.items() if there.get(key) != value]
    if other:
        raise ConfigError(
            f"pyproject.toml: [tool.harness.models.{_key(choices.name)}] is there already, with another "
            f"{' and '.join(other)}; change it there, or take another name with --name"
        )


def _models(content: dict[str, Any]) -> dict[str, Any]:
    value: Any = content
    for key in ("tool", "harness", "models"):
        value = value.get(key, {}) if isinstance(value, dict) else {}
    return value if isinstance(value, dict) else {}


def _key(name: str) -> str:
    return name if re.match(r"[A-Za-z0-9_-]+\Z", name) else json.dumps(name)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
