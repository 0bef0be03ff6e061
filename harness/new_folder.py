"""A new folder that is there whole or not at all, and nothing of a killed process beside it for long."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DRAFT = re.compile(r"\.verbatim-[0-9a-f]{16}\.new")
_KEPT_S = 86_400
"""By the clock of the disk. Another process may be at work on one that is younger."""


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """An empty folder that takes its place at `path` when the block ends; if it raises, nothing is there.

    What a killed process left beside it goes a day later.

    Raises:
        OSError: the disk refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".verbatim-{os.urandom(8).hex()}.new")
    draft.mkdir()
    try:
        _forget_drafts(path.parent, draft.stat().st_mtime)
        folder = draft / path.name
        folder.mkdir()
        yield folder
        folder.rename(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _forget_drafts(folder: Path, now: float) -> None:
    for path in folder.glob(".verbatim-*.new"):
        with contextlib.suppress(OSError):  # another does the same
            state = path.lstat()
            if _DRAFT.fullmatch(path.name) and stat.S_ISDIR(state.st_mode) and now - state.st_mtime > _KEPT_S:
                shutil.rmtree(path, ignore_errors=True)
