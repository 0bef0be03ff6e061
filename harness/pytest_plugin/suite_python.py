"""With `--model`, Python in suites is not run: suites are data, and a stranger's pull request may bring them.

pytest runs each `conftest.py` on the way to a file, `test_*.py`, and the `__init__.py` of a folder. Inside a suite none
of these is read, unless `suite_python` in `[tool.harness]` names it.
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import ConfigError
from harness.suite import builtin_root

if TYPE_CHECKING:
    from collections.abc import Iterable


class SuitePython:
    """Which Python files are part of a suite and named nowhere.

    Args:
        root: the project's folder; its own conftest.py is the project's.
        roots: folders with suites.
        named: files that the project wants to be run, relative to `root`.
    """

    def __init__(self, root: Path, roots: Iterable[str], named: Iterable[str]) -> None:
        self._root = root.resolve()
        self._roots = {(root / name).resolve() for name in roots} - {self._root}
        self._named = {(root / name).resolve() for name in named}
        self.skipped: dict[Path, None] = {}
        """Files that were not run, in the order in which they were met."""

    @classmethod
    def of(cls, folder: Path) -> SuitePython:
        """By the settings of the project at or above a folder.

        Raises:
            ConfigError: the settings cannot be read.
        """
        from harness.config import load

        config = load(folder)
        return cls(config.root, config.suites, config.suite_python)

    def is_in_suite(self, path: Path) -> bool:
        """Whether a file or folder is a suite's, or beside the suites under one of their roots."""
        place = path.resolve()
        for folder in (place, *place.parents):
            if folder == self._root:
                return False
            if folder in self._roots or (folder / "suite.toml").is_file():
                return True
        return False

    def is_refused(self, path: Path) -> bool:
        """Whether a Python file must not be run; it is noted then."""
        if path.resolve() in self._named or not self.is_in_suite(path) or _is_shipped(path):
            return False
        self.skipped[path] = None
        return True

    def guard(self, manager: Any) -> None:
        """Keep pytest from importing a suite's conftest.py, for which it has no public hook."""
        original = manager._importconftest

        def guarded(conftestpath: Path, *args: Any, **settings: Any) -> types.ModuleType:
            if self.is_refused(conftestpath):
                return types.ModuleType("conftest_of_a_suite")
            module: types.ModuleType = original(conftestpath, *args, **settings)
            return module

        manager._importconftest = guarded


_SHIPPED = ("latency/test_latency.py", "adversarial/test_hunt.py", "adversarial/conftest.py")


def _is_shipped(path: Path) -> bool:
    """Whether a file is, byte for byte, one that comes with this package: its code is ours wherever it is copied to."""
    own = [builtin_root() / name for name in _SHIPPED if Path(name).name == path.name]
    return any(file.is_file() and file.read_bytes() == path.read_bytes() for file in own)


class EmptyModule(pytest.Module):
    """A Python file of a suite: collected, never imported."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        """Nothing."""
        return []


def refuse_settings_of_a_suite(config: pytest.Config) -> None:
    """A `pytest.ini` or `pyproject.toml` in a suite that was given as a path would take the place of the project's.

    Raises:
        ConfigError: pytest took its settings, which can name code, from a suite.
    """
    if config.inipath is not None and (config.inipath.parent / "suite.toml").is_file():
        raise ConfigError(
            f"{config.inipath}: settings of pytest in a suite, which is data; run with --rootdir=. -c pyproject.toml, "
            "or take the file out"
        )
