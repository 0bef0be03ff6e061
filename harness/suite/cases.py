"""The lines of a case file become cases, or errors that name line and field."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness import checks
from harness.errors import SuiteError, explain, found, nearest
from harness.files import DEPTH_LIMIT, LINE_LIMIT, UnfitFileError, depth_over, lines_of, loads, opened, reason_of
from harness.records.case import ID_PATTERN, Case, CheckCall

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

    A fault of the whole file (byte order mark, CRLF, UTF-16, indented JSON, a line over the limit) is reported once.
    """
    try:
        with opened(path) as file:
            yield from _objects(file)
    except (OSError, UnfitFileError) as error:
        yield Problem(0, f"cannot be read: {reason_of(error)}")


def _objects(file: Any) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    crlf_noted = False
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
        raise BadLineError(f"not JSON at column {error.colno}: {error.msg}; {_ONE_OBJECT}") from None
    except RecursionError:
        raise BadLineError(f"nested too deeply; accepted: at most {DEPTH_LIMIT} levels") from None
    if not isinstance(value, dict):
        raise BadLineError(f"found {found(value)}; {_ONE_OBJECT}")
    if depth_over(value, DEPTH_LIMIT):
        raise BadLineError(f"nested too deeply; accepted: at most {DEPTH_LIMIT} levels")
    return value


ROLES = ("system", "developer", "user", "assistant", "tool")
_ASKING = ("user", "tool")


def check_messages(messages: Any) -> None:
    """Raise BadLineError for the first message that is not in the chat-completions form."""
    if not isinstance(messages, list) or not messages:
        raise BadLineError(f"messages: found {found(messages)}; accepted: a non-empty list of messages")
    for index, message in enumerate(messages):
        _check_message(f"messages[{index}]", message)
    role = messages[-1]["role"]
    if role not in _ASKING:
        raise BadLineError(
            f"messages[{len(messages) - 1}].role: found {role!r}, so nothing is asked; "
            "accepted: user or tool in the last message"
        )


def _check_message(place: str, message: Any) -> None:
    if not isinstance(message, dict):
        raise BadLineError(f"{place}: found {found(message)}; accepted: an object with role and content")
    role = message.get("role")
    if role not in ROLES:
        hint = nearest(role, ROLES) if isinstance(role, str) else ""
        raise BadLineError(f"{place}.role: found {found(role)}{hint}; accepted: {', '.join(ROLES)}")
    calls = message.get("tool_calls")
    if calls is not None:
        _check_calls(place, role, calls)
    _check_content(f"{place}.content", message.get("content"), optional=bool(calls))
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise BadLineError(
            f"{place}.tool_call_id: found {found(message.get('tool_call_id'))}; "
            "accepted: the id of the call that it answers"
        )


def _check_content(place: str, content: Any, *, optional: bool) -> None:
    if content is None and optional:
        return
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not content:
        raise BadLineError(f"{place}: found {found(content)}; accepted: a string, or a list of parts")
    for index, part in enumerate(content):
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise BadLineError(f'{place}[{index}]: found {found(part)}; accepted: {{"type": "text", "text": ...}}')
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise BadLineError(f"{place}[{index}].text: found {found(part.get('text'))}; accepted: a string")


def _check_calls(place: str, role: str, calls: Any) -> None:
    if role != "assistant":
        raise BadLineError(f"{place}.tool_calls: in a message of role {role!r}; accepted: in role assistant alone")
    if not isinstance(calls, list) or not calls:
        raise BadLineError(f"{place}.tool_calls: found {found(calls)}; accepted: a non-empty list of calls")
    for index, call in enumerate(calls):
        function = call.get("function") if isinstance(call, dict) else None
        good = (
            isinstance(function, dict)
            and isinstance(call.get("id"), str)
            and isinstance(function.get("name"), str)
            and isinstance(function.get("arguments"), str)
        )
        if not good:
            raise BadLineError(
                f"{place}.tool_calls[{index}]: found {found(call)}; "
                'accepted: {"id", "type": "function", "function": {"name", "arguments": JSON text}}'
            )


_FORMATS = ("text", "json_object", "json_schema")


def check_tools(tools: list[Any]) -> None:
    """Raise BadLineError for the first tool that no endpoint would take."""
    names = set()
    for index, tool in enumerate(tools):
        place = f"tools[{index}]"
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function":
            raise BadLineError(
                f'{place}: found {found(tool)}; accepted: {{"type": "function", "function": {{"name", "parameters"}}}}'
            )
        name = function.get("name")
        if not isinstance(name, str) or not name:
            raise BadLineError(f"{place}.function.name: found {found(name)}; accepted: a non-empty string")
        if name in names:
            raise BadLineError(f"{place}.function.name: {found(name)} is there twice; keep one")
        names.add(name)
        if not isinstance(function.get("parameters", {}), dict):
            raise BadLineError(
                f"{place}.function.parameters: found {found(function['parameters'])}; accepted: a JSON schema object"
            )


def check_response_format(wanted: Any) -> None:
    """Raise BadLineError for a `response_format` that no endpoint would take."""
    if wanted is None:
        return
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if not isinstance(wanted, dict) or kind is None:
        raise BadLineError(f'response_format: found {found(wanted)}; accepted: {{"type": {" | ".join(_FORMATS)}}}')
    if kind not in _FORMATS:
        hint = nearest(kind, _FORMATS) if isinstance(kind, str) else ""
        raise BadLineError(f"response_format.type: found {found(kind)}{hint}; accepted: {', '.join(_FORMATS)}")
    inner = wanted.get("json_schema")
    if kind == "json_schema" and not (isinstance(inner, dict) and isinstance(inner.get("schema"), dict)):
        raise BadLineError(
            f'response_format.json_schema: found {found(inner)}; accepted: {{"name": ..., "schema": {{...}}}}'
        )


CASE_FIELDS = frozenset({*Case.model_fields, "prompt"} - {"suite"})
DEFAULT_FIELDS = CASE_FIELDS - {"id"}
LANGUAGE_PATTERN = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
_LONGEST_SHOWN = 60
_ID_WORDS = "letters, digits, '.', '_' and '-', a letter or digit first"


def build_case(line: Mapping[str, Any], defaults: Mapping[str, Any], suite: str) -> Case:
    """A case from the fields of a line, over the defaults of its suite.

    Raises:
        BadLineError: the first field that is wrong, what was found and what is accepted.
    """
    for name in line:
        if name not in CASE_FIELDS:
            raise BadLineError(_unknown(name))
    fields = {**defaults, **line}
    # a line's own conversation takes the place of a default one, whichever of the two forms each has
    if "prompt" in line and "messages" not in line:
        fields.pop("messages", None)
    if "messages" in line and "prompt" not in line:
        fields.pop("prompt", None)
    _check_words(fields)
    fields["messages"] = _conversation(fields)
    fields["checks"] = [_check_call(index, call) for index, call in enumerate(_list(fields, "checks", "checks"))]
    for name in ("targets", "required", "tags"):
        _check_strings(name, _list(fields, name, "strings"))
    check_tools(_list(fields, "tools", "tools"))
    check_response_format(fields.get("response_format"))
    if not isinstance(fields.get("stream"), bool | None):
        raise BadLineError(f"stream: found {found(fields['stream'])}; accepted: true or false")
    fields.setdefault("required", fields.get("targets", []))
    try:
        case = Case.model_validate({**fields, "suite": suite})
    except ValidationError as error:
        raise BadLineError(explain(error, Case)) from error
    _check_targets(case)
    _check_encodable(case)
    return case


def _unknown(name: str) -> str:
    if name == "suite":
        return "suite: unknown field; the folder's name is the suite"
    shown = name if name.isidentifier() and len(name) <= _LONGEST_SHOWN else found(name)
    return f"{shown}: unknown field{nearest(name, CASE_FIELDS)}; accepted: {', '.join(sorted(CASE_FIELDS))}"


def _check_words(fields: Mapping[str, Any]) -> None:
    for name in ("id", "domain", "language", "task"):
        if name not in fields:
            where = "" if name == "id" else ", here or under [defaults] of suite.toml"
            raise BadLineError(f"{name}: missing; accepted: a string{where}")
        value = fields[name]
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise BadLineError(f"{name}: found {found(value)}; accepted: a non-empty string on one line")
    if not re.match(ID_PATTERN, fields["id"]):
        raise BadLineError(f"id: found {found(fields['id'])}; accepted: {_ID_WORDS}")
    if not re.match(LANGUAGE_PATTERN, fields["language"]):
        raise BadLineError(f"language: found {found(fields['language'])}; accepted: a code such as zh, en or pt-BR")


def _conversation(fields: dict[str, Any]) -> list[dict[str, Any]]:
    if "prompt" in fields:
        prompt = fields.pop("prompt")
        if "messages" in fields:
            raise BadLineError("prompt: given together with messages; accepted: one of the two")
        if not isinstance(prompt, str) or not prompt.strip():
            raise BadLineError(f"prompt: found {found(prompt)}; accepted: a non-empty string")
        return [{"role": "user", "content": prompt}]
    if "messages" not in fields:
        raise BadLineError("prompt: missing; accepted: prompt or messages")
    check_messages(fields["messages"])
    messages: list[dict[str, Any]] = fields["messages"]
    return messages


def _list(fields: Mapping[str, Any], name: str, of: str) -> list[Any]:
    value = fields.get(name, [])
    if not isinstance(value, list):
        raise BadLineError(f"{name}: found {found(value)}; accepted: a list of {of}")
    return value


def _check_strings(name: str, values: list[Any]) -> None:
    seen = set()
    for index, value in enumerate(values):
        if not isinstance(value, str) or not value.strip():
            raise BadLineError(f"{name}[{index}]: found {found(value)}; accepted: a non-blank string")
        if value in seen:
            raise BadLineError(f"{name}[{index}]: {found(value)} is there twice; keep one")
        seen.add(value)


def _check_call(index: int, call: Any) -> CheckCall:
    place = f"checks[{index}]"
    if not isinstance(call, dict) or not isinstance(call.get("check"), str):
        raise BadLineError(f'{place}: found {found(call)}; accepted: {{"check": NAME, ...arguments}}')
    arguments = {name: value for name, value in call.items() if name != "check"}
    problem = checks.problem_with(call["check"], arguments)
    if problem:
        raise BadLineError(f"{place}: {problem}")
    return CheckCall(check=call["check"], arguments=arguments)


def _check_targets(case: Case) -> None:
    if not case.targets and not case.checks:
        raise BadLineError("targets: empty, and no checks; a case needs one of the two to have a verdict")
    for target in case.required:
        if target not in case.targets:
            raise BadLineError(f"required: {found(target)} is not one of the targets{nearest(target, case.targets)}")


def _check_encodable(case: Case) -> None:
    try:
        case.model_dump_json()
    except ValueError:
        raise BadLineError("holds a lone surrogate, which no request can carry; accepted: whole characters") from None


def case_from(fields: Mapping[str, Any], suite: str) -> Case:
    """A case from the fields of a line that is in no file.

    Raises:
        SuiteError: what is wrong with it.
    """
    try:
        return build_case(fields, {}, suite)
    except BadLineError as error:
        raise SuiteError(str(error)) from None


_STRINGS = {"type": "array", "items": {"type": "string", "pattern": r"\S"}, "uniqueItems": True}
_WORD = {"type": "string", "pattern": r"\S"}


def case_schema() -> dict[str, Any]:
    """The schema of one line, with the checks that are registered now.

    `domain`, `language` and `task` are not required here, since suite.toml may give them. What a schema cannot say
    (ids are unique, `required` is part of `targets`, patterns are RE2's) the loader says.
    """
    properties = {
        "id": {"type": "string", "pattern": ID_PATTERN, "description": "Unique in the suite."},
        "domain": {**_WORD, "description": "Subject matter; rates are given by domain."},
        "language": {"type": "string", "pattern": LANGUAGE_PATTERN, "description": "zh, en, pt-BR ..."},
        "task": {
            **_WORD,
            "description": "copy, qa, rewrite, summarise, translate, table, list, json, tool ...",
        },
        "prompt": {**_WORD, "description": "One user message. Either this or messages."},
        "messages": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/message"}},
        "targets": {
            **_STRINGS,
            "description": "Strings of the source that must come back code point for code point.",
        },
        "required": {**_STRINGS, "description": "Those targets that may not be left out. Default: all."},
        "tools": {"type": "array", "items": {"$ref": "#/$defs/tool"}},
        "response_format": {"$ref": "#/$defs/response_format"},
        "checks": {"type": "array", "items": {"$ref": "#/$defs/check"}},
        "tags": {**_STRINGS},
        "stream": {
            "type": ["boolean", "null"],
            "description": "Ask for a stream; default: as the model configures.",
        },
    }
    assert properties.keys() == CASE_FIELDS
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A case: one line of a *.jsonl file beside a suite.toml",
        "type": "object",
        "properties": properties,
        "required": ["id"],
        "oneOf": [{"required": ["prompt"]}, {"required": ["messages"]}],
        "anyOf": [_not_empty("targets"), _not_empty("checks")],
        "additionalProperties": False,
        "$defs": {
            "message": _message(),
            "tool": _tool(),
            "response_format": _response_format(),
            "check": {"oneOf": [_check(name) for name in sorted(checks.known())]},
        },
    }


def _not_empty(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"minItems": 1}}}


def _message() -> dict[str, Any]:
    part = {"type": "object", "properties": {"type": {"type": "string"}, "text": {"type": "string"}}}
    return {
        "type": "object",
        "properties": {
            "role": {"enum": list(ROLES)},
            "content": {"type": ["string", "array", "null"], "items": {**part, "required": ["type"]}},
            "tool_calls": {"type": "array", "minItems": 1},
            "tool_call_id": {"type": "string"},
        },
        "required": ["role"],
    }


def _tool() -> dict[str, Any]:
    function = {
        "type": "object",
        "properties": {"name": _WORD, "description": {"type": "string"}, "parameters": {"type": "object"}},
        "required": ["name"],
    }
    return {
        "type": "object",
        "properties": {"type": {"const": "function"}, "function": function},
        "required": ["type", "function"],
    }


def _response_format() -> dict[str, Any]:
    return {
        "type": ["object", "null"],
        "properties": {
            "type": {"enum": ["text", "json_object", "json_schema"]},
            "json_schema": {"type": "object"},
        },
        "required": ["type"],
    }


def _check(name: str) -> dict[str, Any]:
    parameters = checks.parameters_of(name)
    return {
        "type": "object",
        "description": (checks.known()[name].__doc__ or "").strip().split("\n")[0],
        "properties": {"check": {"const": name}, **{one.name: one.schema for one in parameters}},
        "required": ["check", *(one.name for one in parameters if one.required)],
        "additionalProperties": False,
    }
