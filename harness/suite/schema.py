"""The JSON Schema (draft 2020-12) of one line of a case file, for editors. Built from what the loader accepts."""

from typing import Any

from harness import checks
from harness.records.case import ID_PATTERN
from harness.suite.cases import CASE_FIELDS, LANGUAGE_PATTERN, ROLES

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
