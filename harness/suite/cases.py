"""The lines of a case file become cases, or errors that name line and field."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from sys import intern
from typing import Any

from harness.errors import CONFLICT, SuiteError, found
from harness.files import DEPTH_LIMIT, LINE_LIMIT, UnfitFileError, depth_over, lines_of, loads, opened, reason_of
from harness.records import lean
from harness.records.case import ID_PATTERN, LANGUAGE_PATTERN, LONE_SURROGATE, Case, CheckCall, too_many

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


def numbered_objects(path: Path, *, crlf: bool = False) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    """Each line that is not blank as its number and its JSON object, or as the problem with it.

    A fault of the whole file (byte order mark, CRLF, UTF-16, indented JSON, a line over the limit) is reported once.

    Args:
        crlf: whether lines may end in CRLF, as Git for Windows checks them out.
    """
    try:
        with opened(path) as file:
            yield from _objects(file, crlf_noted=crlf)
    except (OSError, UnfitFileError) as error:
        yield Problem(0, f"cannot be read: {reason_of(error)}")


def _objects(file: Any, *, crlf_noted: bool) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    for number, _, content in lines_of(file, limit=LINE_LIMIT):
        if content is None:
            yield Problem(number, f"longer than {LINE_LIMIT:,} bytes; accepted: one shorter case a line")
            return
        raw = content
        if number == 1 and raw.startswith(_UTF16):
            yield Problem(1, "starts with a byte order mark of UTF-16; save the file as UTF-8 without BOM")
            return
        if number == 1 and raw.startswith(_BOM):
            yield Problem(1, "there is a byte order mark at the start; save the file as UTF-8 without BOM")
            raw = raw.removeprefix(_BOM)
        if raw.rstrip(b"\n").endswith(b"\r") and not crlf_noted:
            crlf_noted = True
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
        if (raw.rstrip() + b"\n").startswith(CONFLICT) or raw.startswith(CONFLICT):
            conflict = "a merge conflict was left here; keep all lines of both sides, and take the markers out"
            raise BadLineError(conflict) from None
        raise BadLineError(f"not JSON at column {error.colno}: {error.msg}; {_ONE_OBJECT}") from None
    except RecursionError:
        raise BadLineError(f"nested too deeply; accepted: at most {DEPTH_LIMIT} levels") from None
    if not isinstance(value, dict):
        raise BadLineError(f"found {found(value)}; {_ONE_OBJECT}")
    if depth_over(value, DEPTH_LIMIT):
        raise BadLineError(f"nested too deeply; accepted: at most {DEPTH_LIMIT} levels")
    return value


_USUAL = frozenset({"id", "domain", "language", "task", "prompt", "messages", "targets", "required", "tags"})
CASE_FIELDS = _USUAL | {"checks", "tools", "response_format", "stream"}
DEFAULT_FIELDS = CASE_FIELDS - {"id"}
_ALIKE = ("domain", "language", "task")
"""Fields of which many cases have the same: 10,000 cases share one text."""

_ID, _LANGUAGE = re.compile(ID_PATTERN), re.compile(LANGUAGE_PATTERN)
_SPEAKERS = ("system", "developer", "user", "assistant")


def _is_right(fields: Mapping[str, Any]) -> bool:
    """Whether a line has the usual fields alone, and nothing is wrong with them; of any other, `slip_in` knows."""
    case_id, language = fields.get("id"), fields.get("language")
    targets: Any = fields.get("targets")
    return (
        fields.keys() <= _USUAL
        and isinstance(case_id, str)
        and _ID.fullmatch(case_id) is not None
        and isinstance(language, str)
        and _LANGUAGE.fullmatch(language) is not None
        and all(_is_text(fields.get(name)) and fields[name].isprintable() for name in ("domain", "task"))
        and ("prompt" in fields) != ("messages" in fields)
        and (_is_text(fields["prompt"]) if "prompt" in fields else _is_conversation(fields["messages"]))
        and _are_texts(targets)
        and bool(targets)
        and too_many(targets) is None
        and _are_texts(fields.get("tags", []))
        and _are_texts(fields.get("required", []))
        and all(target in targets for target in fields.get("required", []))
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(map(_is_text, values)) and len(set(values)) == len(values)


def _is_conversation(messages: Any) -> bool:
    return (
        isinstance(messages, list)
        and bool(messages)
        and all(
            isinstance(message, dict)
            and message.keys() == {"role", "content"}
            and message["role"] in _SPEAKERS
            and isinstance(message["content"], str)
            for message in messages
        )
        and messages[-1]["role"] == "user"
    )


def build_case(line: Mapping[str, Any], defaults: Mapping[str, Any], suite: str) -> Case:
    """A case from the fields of a line, over the defaults of its suite.

    Raises:
        BadLineError: the first field that is wrong, what was found and what is accepted.
    """
    fields = {**defaults, **line}
    # a line's own conversation takes the place of a default one, whichever of the two forms each has
    if "prompt" in line and "messages" not in line:
        fields.pop("messages", None)
    if "messages" in line and "prompt" not in line:
        fields.pop("prompt", None)
    if not _is_right(fields):
        from harness.suite.line import slip_in  # here: its classes take 15 ms, and most lines are usual

        if slip := slip_in(fields):
            raise BadLineError(slip)
    try:
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadLineError(LONE_SURROGATE) from None
    # the case keeps what was given, and not what the classes of the format made of it: its digest pairs runs
    if "prompt" in fields:
        fields["messages"] = [{"role": "user", "content": fields.pop("prompt")}]
    calls = [dict(call) for call in fields.get("checks", [])]
    fields["checks"] = [CheckCall(check=call.pop("check"), arguments=call) for call in calls]
    fields.setdefault("required", fields.get("targets", []))
    for name in _ALIKE:
        fields[name] = intern(fields[name])
    case = Case.model_validate({**fields, "suite": suite})
    return lean(case, required=case.targets) if case.required == case.targets else lean(case)


def case_from(fields: Mapping[str, Any], suite: str) -> Case:
    """A case from the fields of a line that is in no file.

    Raises:
        SuiteError: what is wrong with it.
    """
    try:
        return build_case(fields, {}, suite)
    except BadLineError as error:
        raise SuiteError(str(error)) from None


def case_schema() -> dict[str, Any]:
    """The JSON schema of one line, with the checks that are registered now."""
    from harness.suite.line import line_schema

    return line_schema()
