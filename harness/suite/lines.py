"""The lines of a case file: bytes become JSON objects, or a problem with its line number."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.records.explain import found
from harness.records.reading import DEPTH_LIMIT, UnfitFileError, depth_over, loads, opened

LINE_LIMIT = 1_000_000
"""Bytes. A longer line is an error and not read into memory."""
_ONE_OBJECT = "accepted: one JSON object a line"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class BadLineError(Exception):
    """What is wrong with a line, without its place."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line (1-based; 0 is the file as a whole)."""

    line: int
    message: str


def numbered_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    """Each line that is not blank as its number and its JSON object, or as the problem with it.

    A fault of the whole file (byte order mark, CRLF, UTF-16, indented JSON, a line over the limit) is told once.
    """
    try:
        with opened(path) as file:
            yield from _objects(file)
    except OSError as error:
        yield Problem(0, f"cannot be read: {error.strerror or error}")
    except UnfitFileError as error:
        yield Problem(0, str(error))


def _objects(file: Any) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    number, crlf_told = 0, False
    while raw := file.readline(LINE_LIMIT + 1):
        number += 1
        if len(raw) > LINE_LIMIT:
            yield Problem(number, f"longer than {LINE_LIMIT:,} bytes; accepted: one shorter case a line")
            return
        if number == 1 and raw.startswith(_UTF16):
            yield Problem(1, "starts with a byte order mark of UTF-16; save the file as UTF-8 without BOM")
            return
        if number == 1 and raw.startswith(_BOM):
            yield Problem(1, "a byte order mark stands at the start; save the file as UTF-8 without BOM")
            raw = raw.removeprefix(_BOM)
        if raw.rstrip(b"\n").endswith(b"\r") and not crlf_told:
            crlf_told = True
            yield Problem(number, "the line ends in CRLF; save the file with LF line ends")
        if not raw.strip():
            continue
        if raw.strip() in (b"{", b"["):
            yield Problem(number, f"JSON over several lines; {_ONE_OBJECT}")
            return
        try:
            yield number, _object(raw)
        except BadLineError as error:
            yield Problem(number, str(error))


def _object(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadLineError(f"not UTF-8 at byte {error.start + 1}; save the file as UTF-8") from None
    if "\r" in text.rstrip():
        raise BadLineError("holds a bare CR (old Macintosh line ends); save the file with LF line ends")
    try:
        value = loads(text.rstrip())  # so that a line that is cut off is said to end where it ends
    except UnfitFileError as error:
        raise BadLineError(str(error)) from None
    except json.JSONDecodeError as error:
        raise BadLineError(f"not JSON at column {error.colno}: {error.msg}; {_ONE_OBJECT}") from None
    except RecursionError:
        raise BadLineError(f"nested too deeply; accepted: at most {DEPTH_LIMIT} levels") from None
    if not isinstance(value, dict):
        raise BadLineError(f"found {found(value)}; {_ONE_OBJECT}")
    if depth_over(value, DEPTH_LIMIT):
        raise BadLineError(f"nested too deeply; accepted: at most {DEPTH_LIMIT} levels")
    return value
