"""Writing a file so that a reader sees what was there before or all of what is new, and never half."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends; if it raises, `path` stays as it was.

    A link in the place of `path` is replaced and never followed, and neither is one that was laid in the way.

    Raises:
        OSError: the disk refuses; nothing half-written stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)  # of a process of the same number that was killed
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
