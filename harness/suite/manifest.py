"""What `suite.toml` says of a suite: its titles, its version, how it is run, and the defaults of its cases."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import SuiteError, found, nearest
from harness.files import UnfitFileError, toml_of
from harness.suite.cases import DEFAULT_FIELDS

_TEXT_KEYS = ("title", "title_zh", "description", "description_zh", "contamination")
_SWITCHES = ("default", "keep_form", "headline")
_LATEST_VERSION = 1_000_000


@dataclass(frozen=True, slots=True)
class SuiteInfo:
    """What `suite.toml` says.

    Attributes:
        version: counts up with every change of a prompt, a target or a check; CHANGES.md beside it says what changed.
        default: a run that names no suite takes it.
        keep_form: each prompt says that strings are to be kept as they are written, and the lint sees to it.
        headline: false keeps its checks out of the check rate of a run that holds other suites with checks.
        contamination: a line that marks the files as evaluation data, so that who gathers training data can find them.
        defaults: fields that a line of the suite may leave out.
    """

    name: str
    title: str = ""
    title_zh: str = ""
    description: str = ""
    description_zh: str = ""
    version: int = 1
    default: bool = True
    keep_form: bool = False
    headline: bool = True
    contamination: str = ""
    defaults: dict[str, Any] = field(default_factory=dict)


_ACCEPTED = {*_TEXT_KEYS, *_SWITCHES, "version", "defaults"}


def load_info(folder: Path) -> SuiteInfo:
    """Read `suite.toml`.

    Raises:
        SuiteError: it cannot be read, or a key or a default is not accepted.
    """
    path = folder / "suite.toml"
    try:
        content = toml_of(path)
    except OSError as error:
        raise SuiteError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnfitFileError as error:
        raise SuiteError(f"{path}: {error}") from error
    for key, value in content.items():
        if key not in _ACCEPTED:
            raise SuiteError(
                f"{path}: unknown key {found(key)}{nearest(key, _ACCEPTED)}; accepted: {_listed(_ACCEPTED)}"
            )
        if key in _TEXT_KEYS and not isinstance(value, str):
            raise SuiteError(f"{path}: {key}: found {found(value)}; accepted: a string")
        if key in _SWITCHES and not isinstance(value, bool):
            raise SuiteError(f"{path}: {key}: found {found(value)}; accepted: true, false")
        if key == "version" and not _is_version(value):
            raise SuiteError(f"{path}: version: found {found(value)}; accepted: a whole number from 1")
        if key == "contamination" and not value.isprintable():
            raise SuiteError(f"{path}: contamination: found {found(value)}; accepted: one line of text")
    _check_defaults(path, content.get("defaults", {}))
    return SuiteInfo(name=folder.resolve().name, **content)


def _is_version(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LATEST_VERSION


def _check_defaults(path: Path, defaults: Any) -> None:
    if not isinstance(defaults, dict):
        raise SuiteError(f"{path}: defaults: found {found(defaults)}; accepted: a table of case fields")
    for key in defaults:
        if key not in DEFAULT_FIELDS:
            raise SuiteError(
                f"{path}: defaults.{key}: unknown field{nearest(key, DEFAULT_FIELDS)}; "
                f"accepted: {_listed(DEFAULT_FIELDS)}"
            )
    try:
        json.dumps(defaults, allow_nan=False)
    except (TypeError, ValueError):
        raise SuiteError(f"{path}: defaults: a date or an infinite number; accepted: values that JSON has") from None


def _listed(names: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(names))
