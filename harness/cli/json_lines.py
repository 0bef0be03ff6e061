"""JSON lines from a file or standard input to standard output: the shape that `check` and `repair` share.

A line that is not valid is reported on standard error with its number; the others still go
through, and the exit code is 3.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from harness.cli.arguments import tell
from harness.errors import HarnessError, found
from harness.files import GZIPPED, WORKBOOK, UnfitFileError, decoded_text, has_too_many_values, loads

if TYPE_CHECKING:
    from harness.records.conversation import Part

LINE_LIMIT = 32_000_000
"""Bytes. A longer line is an error and not read into memory."""
_COMMANDING = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""What would hide, or command a terminal; JSON can spell it in plain letters."""
_TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".parquet")
_ACCEPTED = 'accepted: {"id"?, "source" or "messages", "output", "targets"?, "channel"?}'


class BadInputError(Exception):
    """What is wrong with a line, without its number."""


def process(file: str, change: Callable[[AnswerLine], dict[str, Any]]) -> bool:
    """Add to every line what `change` makes of it, and write it at once. False if a line was not valid."""
    good = True
    out = sys.stdout.buffer
    with opened(file) as lines:
        first = True
        for number, raw in enumerate(_unpacked(file, lines), start=1):
            if not raw.strip():
                continue
            if first and _is_table_or_array(file, raw):
                raise HarnessError(
                    f"{name_of(file)}: a table or one JSON array; accepted: one JSON object a line. Tables, arrays and "
                    "logs are read by: harness score FILE"
                )
            first = False
            try:
                line = line_of(_decoded(raw))
                data = encoded({**line.value, **change(line)})
            except BadInputError as error:
                good = False
                tell(f"{name_of(file)}:{number}: {error}", err=True)
                continue
            out.write(data + b"\n")
            out.flush()
    return good


def _is_table_or_array(file: str, raw: bytes) -> bool:
    """By the first line: each line of a whole file of another form would be an error of its own."""
    begin = raw.lstrip(b"\xef\xbb\xbf \t")
    if begin.startswith(b"{"):
        return False
    is_array = begin.strip() == b"[" or re.match(rb"\[\s*\{", begin) is not None
    return is_array or begin.startswith(WORKBOOK) or file.lower().endswith(_TABLES)


def encoded(value: Any) -> bytes:
    """JSON on one line, in which nothing hides or commands a terminal."""
    text = _COMMANDING.sub(_escaped, json.dumps(value, ensure_ascii=False))
    # a lone surrogate cannot be UTF-8: it stays the escape that it came as
    return text.encode("utf-8") if _encodable(text) else json.dumps(value).encode("ascii")


def _unpacked(file: str, content: BinaryIO) -> Iterator[bytes]:
    """The lines, also of what gzip has packed, as `score` reads it."""
    buffered = content if isinstance(content, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", content))
    if not buffered.peek(2).startswith(GZIPPED):
        yield from _lines(buffered)
        return
    import gzip  # here: few files are packed
    import zlib

    try:
        yield from _lines(cast("BinaryIO", gzip.GzipFile(fileobj=buffered)))
    except (EOFError, OSError, zlib.error) as error:
        raise HarnessError(
            f"{name_of(file)}: the gzip archive is broken: {error}; what was before it is done"
        ) from None


def _lines(lines: BinaryIO) -> Iterator[bytes]:
    """Lines in UTF-8, or as they are. What PowerShell writes begins with the mark of UTF-16, and is recoded."""
    first = lines.readline(LINE_LIMIT + 1)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from _recoded(first, lines)
        return
    while first:
        yield first
        while len(first) > LINE_LIMIT and not first.endswith(b"\n"):  # the rest of a line that was refused
            first = lines.readline(LINE_LIMIT + 1)
        first = lines.readline(LINE_LIMIT + 1)


def _recoded(first: bytes, lines: BinaryIO) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    pending, dropping, raw = "", False, first
    while True:
        pending += decoder.decode(raw, final=not raw)
        *whole, pending = pending.split("\n")
        for line in whole:
            if not dropping:
                yield line.encode("utf-8", "surrogatepass") + b"\n"
            dropping = False
        if len(pending) > LINE_LIMIT and not dropping:
            yield pending.encode("utf-8", "surrogatepass")
            dropping = True
        pending = "" if dropping else pending
        if not raw:
            break
        raw = lines.read(1 << 16)
    if pending:
        yield pending.encode("utf-8", "surrogatepass")


def _escaped(sign: re.Match[str]) -> str:
    return json.dumps(sign[0])[1:-1]


def name_of(file: str) -> str:
    """How a message calls it."""
    return "standard input" if file == "-" else file


def opened(file: str, waits_for: str = f"JSON lines; {_ACCEPTED}") -> Any:
    """The bytes of a file, or of standard input for `-`. Raises HarnessError if it cannot be read."""
    if file == "-":
        return _StandardInput(waits_for)
    try:
        return open(file, "rb")
    except OSError as error:
        raise HarnessError(
            f"{file}: cannot be read: {error.strerror}; accepted: a file, or - for standard input"
        ) from None


@dataclass(frozen=True, slots=True)
class _StandardInput:
    waits_for: str

    def __enter__(self) -> BinaryIO:
        if sys.stdin.isatty():
            tell(f"reading from standard input, Ctrl-D ends; {self.waits_for}", err=True)
        return sys.stdin.buffer

    def __exit__(self, *_: object) -> None:
        return None


def _decoded(raw: bytes) -> dict[str, Any]:
    if len(raw) > LINE_LIMIT or has_too_many_values(raw):
        raise BadInputError(f"longer than {LINE_LIMIT:,} bytes, or more values than there is room for; {_ACCEPTED}")
    try:
        value = loads(decoded_text(raw).text)
    except UnfitFileError as error:
        hint = "" if "accepted" in str(error) else f"; {_ACCEPTED}"
        raise BadInputError(f"{error}{hint}") from None
    except json.JSONDecodeError as error:
        raise BadInputError(
            f"not JSON at column {error.colno}: {error.msg}; {_ACCEPTED}; for plain text run with --source"
        ) from None
    except (ValueError, RecursionError):
        raise BadInputError(f"not JSON that can be read; {_ACCEPTED}") from None
    if not isinstance(value, dict):
        raise BadInputError(f"found {found(value)}; {_ACCEPTED}")
    return value


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One line. `parts` are the texts of `answer`, which is the text itself where there is one text alone."""

    value: dict[str, Any]
    source: list[str]
    answer: Any
    parts: list[Part]
    targets: list[str] | None


def line_of(value: dict[str, Any]) -> AnswerLine:
    """What a line asks for. Raises BadInputError with the field that is wrong."""
    from harness.records.conversation import ANSWER_FORMS, SOURCE_FORMS, answer_parts, source_texts

    channel = _channel(value)
    whole, value = value, _pair(value)
    if "source" in value:
        source, rest = source_texts(value["source"]), list[Any]()
        if source is None:
            raise BadInputError(_wrong(value, "source", SOURCE_FORMS))
    else:
        messages, rest = _conversation(value)
        source = source_texts(messages)
        if source is None:
            raise BadInputError(_wrong(value, "messages", "a list of chat messages"))
    if "output" in value or not rest:
        answer = value.get("output")
        parts = answer_parts(answer, channel)
        if parts is None:
            raise BadInputError(_wrong(value, "output", ANSWER_FORMS))
    else:
        answer = rest[0] if len(rest) == 1 else rest
        parts = answer_parts(answer, channel)
        if parts is None:
            raise BadInputError(_wrong(value, "messages", f"the last one with {ANSWER_FORMS}"))
    return AnswerLine(whole, source, answer, parts, _targets(value))


_PAIRS = (("request", "response"), ("request_body", "response_body"), ("requestBody", "responseBody"))


def _pair(value: dict[str, Any]) -> dict[str, Any]:
    """A line of a log that holds a call, request and response, as source and output; another as it is."""
    if not {"source", "messages", "output"}.isdisjoint(value):
        return value
    for asked, answered in _PAIRS:
        if isinstance(value.get(asked), dict) and isinstance(value.get(answered), dict):
            return {**value, "source": value[asked], "output": value[answered]}
    return value


def _conversation(value: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """The messages that the model was given, and the answer at their end, unless it is in `output`."""
    from harness.records.conversation import SOURCE_FORMS, last_answer

    messages = value.get("messages")
    if not isinstance(messages, list) or not messages:
        name = "messages" if "messages" in value else "source"
        elsewhere = f"{SOURCE_FORMS}; or messages in its place; other logs: harness score"
        accepted = "a list of chat messages" if "messages" in value else elsewhere
        raise BadInputError(_wrong(value, name, accepted))
    count = last_answer(messages)
    is_repeated = "output" in value and count and value["output"] in (messages[-1], messages[-1].get("content"))
    if "output" in value and not is_repeated:
        return messages, []
    return messages[: len(messages) - count], messages[len(messages) - count :]


def _targets(value: dict[str, Any]) -> list[str] | None:
    targets = value.get("targets")
    if targets is None:
        return None
    if isinstance(targets, list) and all(isinstance(target, str) and target.strip() for target in targets):
        return targets
    raise BadInputError(_wrong(value, "targets", "a list of non-blank strings, or none at all"))


def _channel(value: dict[str, Any]) -> str:
    from harness.text.channels import CHANNELS

    channel = value.get("channel")
    if channel is None:
        return "text"
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
