"""JSON documents that a schema allows, filled with given strings: what a right answer in JSON might look like."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Path = tuple[str | int, ...]
_FILLER = "x"


def document(schema: Mapping[str, Any], strings: Sequence[str], fixed: Mapping[str, Any]) -> Any:
    """A value for a schema, as far as common keywords say, with all `strings` in it.

    `fixed` maps JSON Pointers to values that stand there. The strings that no fixed value holds go to the other string
    values, one each; what is left goes to the last.
    """
    value = _example(schema, schema, len(strings), 0)
    for pointer, wanted in fixed.items():
        value = _put(value, pointer.split("/")[1:], wanted)
    held = "\n".join(leaf for _, leaf in _leaves(value, ()) if leaf != _FILLER)
    missing = [string for string in strings if string not in held]
    free = [path for path, leaf in _leaves(value, ()) if leaf == _FILLER and _pointer(path) not in fixed]
    for index, path in enumerate(free):
        here = missing[index : index + 1] if index + 1 < len(free) else missing[index:]
        if here:
            value = _put(value, [str(step) for step in path], "; ".join(here))
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
    name, rest = steps[0].replace("~1", "/").replace("~0", "~"), steps[1:]
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
            yield from _leaves(inner, (*path, name.replace("~", "~0").replace("/", "~1")))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))


def _pointer(path: Path) -> str:
    return "".join(f"/{step}" for step in path)
