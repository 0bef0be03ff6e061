"""The lines of a case file: bytes become JSON objects, or a problem with its line number."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.records.explain import found

LINE_LIMIT = 1_000_000
"""Bytes. A longer line is an error and not read into memory."""
DEPTH_LIMIT = 64
"""Levels of objects and lists in one line. No prompt, tool or JSON schema in use comes near it."""
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
        with path.open("rb") as file:
            yield from _objects(file)
    except OSError as error:
        yield Problem(0, f"cannot be read: {error.strerror or error}")


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
        value = json.loads(
            text,
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_whole,
        )
    except json.JSONDecodeError as error:
        raise BadLineError(f"not JSON at column {error.colno}: {error.msg}; {_ONE_OBJECT}") from None
    except RecursionError:
        raise BadLineError(f"nested too deeply; accepted: at most {DEPTH_LIMIT} levels") from None
    if not isinstance(value, dict):
        raise BadLineError(f"found {found(value)}; {_ONE_OBJECT}")
    if depth_over(value, DEPTH_LIMIT):
        raise BadLineError(f"nested too deeply; accepted: at most {DEPTH_LIMIT} levels")
    return value


def depth_over(value: Any, limit: int) -> bool:
    """Whether objects and lists are nested more than `limit` deep; needs no recursion."""
    level = [value]
    for _ in range(limit + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise BadLineError(f"{found(name)}: stands twice in one object; keep one")
            seen.add(name)
    return result


def _no_constant(name: str) -> Any:
    raise BadLineError(f"{name} is not JSON; accepted: finite numbers")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise BadLineError(f"the number {found(text)} is too large; accepted: finite numbers")
    return value


def _whole(text: str) -> int:
    # Python reads at most 4,300 digits, and no chat API takes a number beyond 64 bits
    if len(text) > 400:
        raise BadLineError(f"a number of {len(text):,} digits; accepted: at most 400 digits")
    return int(text)
