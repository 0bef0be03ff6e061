"""Checks from files of the project. Named in its pyproject.toml and nowhere else: a suite cannot bring code along."""

import hashlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.checks import registering
from harness.records.errors import ConfigError

_HOW = "accepted: paths of Python files, from the folder of pyproject.toml"


def load_checks(root: Path, names: Sequence[str]) -> None:
    """Import each file once; its functions register themselves with `@harness.checks.check`.

    Raises:
        ConfigError: a file is missing or fails on import. Then none of its checks is registered.
    """
    for name in names:
        path = (root / name).resolve()
        module_name = f"harness_user_checks_{hashlib.sha256(bytes(path)).hexdigest()[:16]}"
        if module_name in sys.modules:
            continue
        if not path.is_file():
            raise ConfigError(f"[tool.harness] checks: no file {path}; {_HOW}")
        spec = importlib.util.spec_from_file_location(module_name, path)
        if spec is None or spec.loader is None:
            raise ConfigError(f"[tool.harness] checks: {path} is no Python file; {_HOW}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        try:
            with registering():
                spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[module_name]
            raise ConfigError(f"[tool.harness] checks: {path}: {type(error).__name__}: {error}") from error
