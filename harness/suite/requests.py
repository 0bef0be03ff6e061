"""`tools` and `response_format` of a case: the forms that endpoints take."""

from typing import Any

from harness.records.explain import found, nearest
from harness.suite.lines import BadLineError

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
            raise BadLineError(f"{place}.function.name: {found(name)} stands there twice; keep one")
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
