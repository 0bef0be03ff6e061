"""Answers to try on a case: built from its targets and checks alone, plain enough that one should pass."""

import json
from collections.abc import Iterator
from typing import Any

from harness.authoring.documents import document
from harness.records.case import Case
from harness.records.completion import Completion, ToolCall

_SEPARATORS = ("\n", ", ", "、", " ", "。", ". ")
EMPTY_HANDED = ("I am not sure.", "不知道。", "{}")
"""Answers that say nothing; a case that passes one of them tests nothing."""


def answers(case: Case) -> Iterator[Completion]:
    """Completions that would be right if the case asks for no more than its targets and checks say."""
    if case.channel == "tool":
        yield from _calls(case)
    elif case.channel == "json" or any("field" in call.arguments for call in case.checks):
        yield from _documents(case)
    yield from _texts(case)


def alone(case: Case, target: str) -> Iterator[Completion]:
    """The target and hardly anything else, in the channel of the case."""
    for text in (target, f"x: {target}", f"“{target}”", f"({target})"):
        if case.channel == "tool":
            yield Completion(tool_calls=(ToolCall(name="x", arguments=_json({"x": text})),))
        else:
            yield Completion(text=_json({"x": text}) if case.channel == "json" else text)


def of_text(text: str) -> Completion:
    """A completed answer in plain text."""
    return Completion(text=text, finish_reason="stop")


def _texts(case: Case) -> Iterator[Completion]:
    pieces, ending = list(case.required), ""
    for call in case.checks:
        value = call.arguments.get("value")
        if "field" in call.arguments:
            continue
        if call.check == "equals":
            yield of_text(str(value))
        elif call.check == "json_equals":
            yield of_text(_json(value))
        elif call.check in ("contains", "choice") and not any(str(value) in piece for piece in pieces):
            pieces.append(str(value))
        elif call.check == "number":
            pieces.append(_number(value))
        elif call.check == "ends_with" and not any(piece.endswith(str(value)) for piece in pieces[-1:]):
            ending = str(value)
    for separator in _SEPARATORS:
        yield of_text(separator.join(pieces) + ending)
    yield of_text("\n".join(f"“{piece}”" for piece in pieces) + ending)
    yield of_text(f"x {pieces[0]} {' '.join(pieces[1:])}{ending}" if pieces else f"OK{ending}")


def _documents(case: Case) -> Iterator[Completion]:
    wanted = (case.response_format or {}).get("json_schema", {}).get("schema", {})
    schemas = [call.arguments["schema"] for call in case.checks if call.check == "json_schema"] or [wanted]
    for schema in schemas:
        yield of_text(_json(document(schema or {"type": "object"}, case.required, _fixed(case))))
    for layout in ({"items": list(case.required)}, {"answer": "; ".join(case.required)}):
        yield of_text(_json(document({"const": layout}, (), _fixed(case))))


def _calls(case: Case) -> Iterator[Completion]:
    named = [call.arguments["name"] for call in case.checks if call.check == "tool_called"]
    functions = [tool["function"] for tool in case.tools]
    for function in functions:
        if not named or function["name"] in named:
            arguments = document(function.get("parameters", {"type": "object"}), case.required, _fixed(case))
            call = ToolCall(name=function["name"], arguments=_json(arguments))
            yield Completion(tool_calls=(call,), finish_reason="tool_calls")


def _fixed(case: Case) -> dict[str, Any]:
    """JSON Pointer to the value that the checks ask for there."""
    fixed: dict[str, Any] = {}
    for call in case.checks:
        field = call.arguments.get("field")
        if field and call.check in ("equals", "number", "choice", "json_equals"):
            fixed[field] = call.arguments["value"]
        elif field and call.check == "contains" and isinstance(fixed.get(field, ""), str):
            before = fixed.get(field, "")
            fixed[field] = f"{before} {call.arguments['value']}".strip()
    return fixed


def _number(value: Any) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
