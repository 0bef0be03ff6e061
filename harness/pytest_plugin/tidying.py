"""A run leaves no empty folder behind that nobody asked for."""

import contextlib
from collections.abc import Callable
from pathlib import Path

_BENCHMARKS = ".benchmarks"
"""pytest-benchmark makes it in every session, whether anything is measured or not."""


def removes_empty_folder(start: Path) -> Callable[[], None]:
    """What takes the folder away again if it is new and empty."""
    folder = start / _BENCHMARKS
    if folder.exists():
        return lambda: None

    def remove() -> None:
        with contextlib.suppress(OSError):  # it was never made, or holds something now
            folder.rmdir()

    return remove
