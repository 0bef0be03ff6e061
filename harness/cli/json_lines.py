"""JSON lines from a file or standard input to standard output: the shape that `check` and `repair` share.

A line that is not valid is reported on standard error with its number; the others still go
through, and the exit code is 3.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import click

from harness.errors import HarnessError, found
from harness.files import UnfitFileError, has_too_many_values, lines_of, loads
from harness.text.channels import CHANNELS

LINE_LIMIT = 32_000_000
"""Bytes. A longer line is an error and not read into memory."""
_COMMANDING = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""What would hide, or command a terminal; JSON can spell it in plain letters."""
_ACCEPTED = 'accepted: {"id"?, "source", "targets"?, "output", "channel"?}'


class BadInputError(Exception):
    """What is wrong with a line, without its number."""


def process(file: str, change: Callable[[dict[str, Any]], None]) -> bool:
    """Apply `change` to every line and write it at once (line-buffered). False if a line was not valid."""
    good = True
    out = sys.stdout.buffer
    with _opened(file) as lines:
        for number, _, raw in lines_of(lines, limit=LINE_LIMIT):
            if raw is not None and not raw.strip():
                continue
            try:
                value = _decoded(raw)
                change(value)
                text = _COMMANDING.sub(_escaped, json.dumps(value, ensure_ascii=False))
                # a lone surrogate cannot be UTF-8: it stays the escape that it came as
                data = text.encode("utf-8") if _encodable(text) else json.dumps(value).encode("ascii")
            except BadInputError as error:
                good = False
                click.echo(f"{_name(file)}:{number}: {error}", err=True)
                continue
            out.write(data + b"\n")
            out.flush()
    return good


def _escaped(sign: re.Match[str]) -> str:
    return json.dumps(sign[0])[1:-1]


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


def _opened(file: str) -> Any:
    if file == "-":
        return _StandardInput()
    try:
        return open(file, "rb")
    except OSError as error:
        raise HarnessError(
            f"{file}: cannot be read: {error.strerror}; accepted: a file, or - for standard input"
        ) from None


class _StandardInput:
    def __enter__(self) -> BinaryIO:
        if sys.stdin.isatty():
            click.echo(f"reading JSON lines from standard input, Ctrl-D ends; {_ACCEPTED}", err=True)
        return sys.stdin.buffer

    def __exit__(self, *_: object) -> None:
        return None


def _decoded(raw: bytes | None) -> dict[str, Any]:
    if raw is None or has_too_many_values(raw):
        raise BadInputError(f"longer than {LINE_LIMIT:,} bytes, or more values than there is room for; {_ACCEPTED}")
    try:
        value = loads(raw.decode("utf-8-sig"))
    except UnfitFileError as error:
        raise BadInputError(f"{error}; {_ACCEPTED}") from None
    except UnicodeDecodeError as error:
        raise BadInputError(f"not UTF-8 at byte {error.start + 1}; accepted: JSON lines in UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadInputError(f"not JSON at column {error.colno}: {error.msg}; {_ACCEPTED}") from None
    except (ValueError, RecursionError):
        raise BadInputError(f"not JSON that can be read; {_ACCEPTED}") from None
    if not isinstance(value, dict):
        raise BadInputError(f"found {found(value)}; {_ACCEPTED}")
    return value


def sources_of(value: dict[str, Any]) -> str | list[str]:
    """`source`: a string, or a list of strings (messages)."""
    source = value.get("source")
    if isinstance(source, str) or (isinstance(source, list) and all(isinstance(part, str) for part in source)):
        return source
    raise BadInputError(_wrong(value, "source", "a string, or a list of strings"))


def output_of(value: dict[str, Any]) -> str:
    """`output`: a string."""
    if isinstance(value.get("output"), str):
        return str(value["output"])
    raise BadInputError(_wrong(value, "output", "a string"))


def targets_of(value: dict[str, Any]) -> list[str] | None:
    """`targets`: a list of non-empty strings; None if they are to be extracted."""
    targets = value.get("targets")
    if targets is None:
        return None
    if isinstance(targets, list) and all(isinstance(target, str) and target.strip() for target in targets):
        return targets
    raise BadInputError(_wrong(value, "targets", "a list of non-blank strings, or none at all"))


def channel_of(value: dict[str, Any]) -> str:
    """`channel`: text, json or tool."""
    channel = value.get("channel", "text")
    if channel in CHANNELS:
        return str(channel)
    raise BadInputError(_wrong(value, "channel", ", ".join(CHANNELS)))


def _wrong(value: dict[str, Any], name: str, accepted: str) -> str:
    if name not in value:
        return f"{name}: missing; accepted: {accepted}"
    return f"{name}: found {found(value[name])}; accepted: {accepted}"


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
