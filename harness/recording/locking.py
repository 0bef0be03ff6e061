"""One writer a cassette: an advisory lock on the file itself, which ends with the process that holds it."""

import os
import time
from pathlib import Path
from typing import BinaryIO

from harness.records.errors import CassetteError

_LOOK_EVERY_S = 0.05


def locked_file(path: Path, *, wait_s: float) -> BinaryIO:
    """The file, open for appending, unbuffered, and locked for this process alone.

    Raises:
        CassetteError: another recorder holds it for longer than `wait_s`, or it is a link: a pull request can bring
            one, and what is written would go wherever it points.
        OSError: it cannot be opened.
    """
    for place in (path, path.parent):
        if place.is_symlink():
            raise CassetteError(f"{place}: a link, and answers would be written where it points; put a file there")
    deadline = time.monotonic() + wait_s
    while True:
        file = path.open("a+b", buffering=0)
        try:
            _lock(file, path, deadline)
            if _is_still(file, path):
                return file
        except BaseException:
            file.close()
            raise
        # while we waited the holder put another file in its place: that one is the cassette now
        file.close()


def _lock(file: BinaryIO, path: Path, deadline: float) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no flock; two recorders on one file are the user's to avoid there
        return
    while True:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise CassetteError(
                    f"{path}: another recorder holds this cassette; wait for it to end, or stop it, and run again"
                ) from None
            time.sleep(_LOOK_EVERY_S)


def _is_still(file: BinaryIO, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(file.fileno())
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
