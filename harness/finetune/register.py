"""What a provider trained, entered in pyproject.toml as the next version of a model, with its recipe."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.config import NAME_PATTERN, HarnessConfig, model
from harness.errors import ConfigError
from harness.files import whole
from harness.records.training import Recipe

_REMOTE = ("openai", "responses", "litellm")
_ENDPOINTS = {
    "ark": (r"ep-\S+", "an endpoint of it (ep-...), made in the console"),
    "siliconflow": (r"ft:\S+", "ft:..."),
}
"""What a provider calls a trained model that answers."""


@dataclass(frozen=True, slots=True)
class Registered:
    """The new entry: its name, its version and its text."""

    name: str
    version: str
    base: str
    text: str


def entry(config: HarnessConfig, base: str, endpoint: str, recipe: Recipe, *, name: str | None = None) -> Registered:
    """The next version of `base`, which stays as it is: both can be asked and compared.

    Raises:
        ConfigError: `base` is not an endpoint's model, `endpoint` is not what the provider calls one, or it is there.
    """
    settings = model(config, base)
    if settings.kind not in _REMOTE:
        raise ConfigError(f"model {base}: kind {settings.kind} is not at a provider; accepted: a model of kind openai")
    form, accepted = _ENDPOINTS.get(recipe.provider, (r"\S+", "the name that requests give"))
    if not re.fullmatch(form, endpoint) or not endpoint.isprintable():
        raise ConfigError(f"--endpoint: found {endpoint!r}; accepted for {recipe.provider}: {accepted}")
    for one in config.models:
        if model(config, one).request_model == endpoint:
            raise ConfigError(f"--endpoint: {endpoint} is the model {one} already; accepted: a new one")
    version = _next(config, base)
    new = name or f"{base}-{version}"
    if not re.fullmatch(NAME_PATTERN, new) or new in config.models:
        why = "is configured already" if new in config.models else "is not a name of a model"
        raise ConfigError(f"--name: {new!r} {why}; accepted: letters, digits, '.', '_' and '-'")
    key = new if re.fullmatch(r"[A-Za-z0-9_-]+", new) else json.dumps(new)
    own: dict[str, Any] = {"base": base, "version": version, "model": endpoint}
    own |= {"training_data": [recipe.data]} if recipe.data else {}
    lines = [f"[tool.harness.models.{key}]", *_lines(own), "", f"[tool.harness.models.{key}.training]"]
    kept = recipe.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    lines += _lines({"provider": recipe.provider, **kept})
    return Registered(new, version, base, "\n".join(lines) + "\n")


def _next(config: HarnessConfig, base: str) -> str:
    """One after the highest `v<N>` of the model and of all that are made from it."""
    root = base
    while isinstance(above := config.models[root].get("base"), str):
        root = above
    numbers = [1]
    for name in config.models:
        one = model(config, name)
        family = {name, *(label.partition("@")[0] for label in one.lineage)}
        if root in family and (found := re.fullmatch(r"v?(\d{1,6})", one.version)):
            numbers.append(int(found[1]))
    return f"v{max(numbers) + 1}"


def _lines(values: dict[str, Any]) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in values.items()]


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")  # JSON writes it as it is, TOML takes it as an escape alone


def append(path: Path, new: Registered) -> None:
    """Put the entry at the end of pyproject.toml; nothing that is there changes.

    Raises:
        ConfigError: the file cannot be read or written, or the entry cannot be at its end; the entry is in the message.
    """
    try:
        before = path.read_bytes().decode("utf-8")
        newline = "\r\n" if "\r\n" in before else "\n"
        gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
        after = before + (gap + new.text).replace("\n", newline)
        expected = tomllib.loads(before)
        models = expected.get("tool", {}).get("harness", {}).get("models", {})
        models[new.name] = tomllib.loads(new.text)["tool"]["harness"]["models"][new.name]
        if tomllib.loads(after) != expected:
            raise ConfigError(f"{path}: the entry cannot be added at its end; add it by hand:\n{new.text}")
        with whole(path) as file:
            file.write(after.encode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the entry cannot be added ({error}); add it by hand:\n{new.text}") from error
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror or error}; add it by hand:\n{new.text}"
        ) from error
