"""Where cases are looked for: the suite roots of the project, or what `--suites` names."""

from __future__ import annotations

from pathlib import Path

from harness.config import HarnessConfig
from harness.records.errors import ConfigError
from harness.records.explain import nearest
from harness.suite import builtin_root, selection_file


def suite_roots(harness: HarnessConfig, given: str | None) -> list[Path]:
    """Folders, or one selection file.

    Args:
        given: the option `--suites`: builtin, a name under a root, or a path; None for the configured roots.

    Raises:
        ConfigError: there is no such folder, with the nearest name.
    """
    if given == "builtin":
        return [builtin_root()]
    roots = [harness.root / name for name in harness.suites]
    if given:
        return [_named_suite(given, roots)]
    missing = [root for root in roots if not root.is_dir()]
    if missing:
        raise ConfigError(
            f"no folder {missing[0]} with suites; give --suites=builtin for those that come with the package, "
            "--suites=PATH, or set suites in [tool.harness]"
        )
    return roots


def _named_suite(given: str, roots: list[Path]) -> Path:
    """A selection or a suite folder of that name under a root, else a path."""
    for root in [*roots, builtin_root()]:
        selection = selection_file(root, given)
        if selection is not None:
            return selection
        if any((root / given / name).is_file() for name in ("suite.toml", "latency.toml")):
            return root / given
    path = Path(given).absolute()
    if not path.is_dir():
        known = sorted(file.stem for root in roots for file in root.glob("*.cases"))
        known += sorted(file.parent.name for root in roots for file in root.glob("*/suite.toml"))
        raise ConfigError(
            f"--suites: no folder {path}{nearest(given, known)}; accepted: builtin, a folder of suites, "
            f"or one of: {', '.join(known) or 'none here'}"
        )
    return path
