"""Bytes of an input file, decompressed, and how far into the stored file they reach."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from harness.scoring.input_files import STANDARD_INPUT, InputFile, file_system

Position = Callable[[], int]


@contextmanager
def opened(file: InputFile) -> Iterator[tuple[BinaryIO, Position]]:
    """The content for reading, and a function that says how many bytes of the stored file have been read.

    Raises OSError, or what the store raises, if it cannot be opened.
    """
    if file.location == STANDARD_INPUT:
        read = sys.stdin.buffer
        yield read, lambda: 0
        return
    with stored(file) as raw:
        if not file.gzipped:
            yield raw, raw.tell
            return
        with gzip.GzipFile(fileobj=raw) as content:
            yield content, raw.tell  # type: ignore[misc]  # GzipFile reads like a BinaryIO


def stored(file: InputFile) -> Any:
    """The file as it is stored, seekable."""
    if file.is_url:
        filesystem, path = file_system(file.location)
        return io.BufferedReader(filesystem.open(path, "rb"), 1 << 20)  # reading lines is slow in most stores
    return open(file.location, "rb")
