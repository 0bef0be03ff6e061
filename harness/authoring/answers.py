"""Answers to try on a case: built from its targets and checks alone, plain enough that one should pass."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.checks.answers import steps_of
from harness.records.answer import Completion, ToolCall
from harness.records.case import Case

Path = tuple[str, ...]
_FILLER = "x"


def document(schema: Mapping[str, Any], strings: Sequence[str], fixed: Mapping[str, Any]) -> Any:
    """A value for a schema, as far as common keywords say, with all `strings` in it.

    `fixed` maps JSON Pointers to values that belong there. The strings that no fixed value holds go to the other string
    values, one each; what is left goes to the last.
    """
    value = _example(schema, schema, len(strings), 0)
    for pointer, wanted in fixed.items():
        value = _put(value, steps_of(pointer), wanted)
    places = {tuple(steps_of(pointer)) for pointer in fixed}
    held = "\n".join(leaf for _, leaf in _leaves(value, ()) if leaf != _FILLER)
    missing = [string for string in strings if string not in held]
    free = [path for path, leaf in _leaves(value, ()) if leaf == _FILLER and path not in places]
    for index, path in enumerate(free):
        here = missing[index : index + 1] if index + 1 < len(free) else missing[index:]
        if here:
            value = _put(value, path, "; ".join(here))
    return value


def _example(schema: Any, root: Mapping[str, Any], wanted: int, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > 20:
        return _FILLER
    for keyword in ("anyOf", "oneOf", "allOf"):
        if schema.get(keyword):
            return _example({**schema[keyword][0], **_without(schema, keyword)}, root, wanted, depth + 1)
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        return _example(root.get("$defs", {}).get(reference.removeprefix("#/$defs/")), root, wanted, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kind = kinds if isinstance(kinds, str) else next((one for one in kinds if one != "null"), "null")
    if kind == "object":
        names = dict.fromkeys([*schema.get("required", ()), *schema.get("properties", {})])
        properties = schema.get("properties", {})
        return {name: _example(properties.get(name, {}), root, wanted, depth + 1) for name in names}
    if kind == "array":
        number = min(max(schema.get("minItems", 1), wanted), schema.get("maxItems", max(wanted, 1)))
        return [_example(schema.get("items", {}), root, wanted, depth + 1) for _ in range(min(number, 50))]
    simple = {"integer": 1, "number": 1, "boolean": True, "null": None}
    return schema.get("minimum", simple[kind]) if kind in simple else _FILLER


def _without(schema: Mapping[str, Any], keyword: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != keyword}


def _put(value: Any, steps: Sequence[str], wanted: Any) -> Any:
    if not steps:
        return wanted
    name, rest = steps[0], steps[1:]
    if isinstance(value, list):
        place = int(name) if name.isdecimal() and len(name) < 3 else 0
        grown = [*value, *[{}] * (place + 1 - len(value))]
        return [_put(item, rest, wanted) if index == place else item for index, item in enumerate(grown)]
    inner = value if isinstance(value, dict) else {}
    return {**inner, name: _put(inner.get(name, {}), rest, wanted)}


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, str(index)))


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
