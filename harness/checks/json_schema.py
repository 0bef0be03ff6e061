"""The check `json_schema` (draft 2020-12): the schema is looked at when the case is read, the answer when it comes.

Patterns inside a schema are RE2's, unique items are counted by their canonical text, and no reference is ever
fetched, so that no answer can make the check hang.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from harness.checks.answers import json_value, steps_of
from harness.checks.builtin import compiled, pattern_problem
from harness.checks.registry import check
from harness.errors import found, nearest

_ANNOTATIONS = {
    "$schema",
    "$comment",
    "$defs",
    "$anchor",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
}
_MAPS = ("properties", "patternProperties", "$defs", "dependentSchemas")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
_REFUSED = {"format", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$id"}
"""Not judged the same by all validators, or not at all: a check that silently passes is worse than none."""


@check
def json_schema(answer: str, *, schema: dict[str, Any], field: str | None = None) -> str | None:
    """The answer is JSON (one code fence round it is allowed) and valid by the schema (draft 2020-12)."""
    error = next(_validator(json.dumps(schema)).iter_errors(json_value(answer, field)), None)
    return None if error is None else f"{found(error.json_path)}: {found(error.message)}"


def _problem(*, schema: dict[str, Any], field: str | None = None) -> str | None:
    return _schema_problem(json.dumps(schema))


@lru_cache(maxsize=256)
def _schema_problem(text: str) -> str | None:
    # cached: a suite repeats its schemas, and the schema of schemas is slow
    import jsonschema

    schema = json.loads(text)

    try:
        # formats none: `pattern` is RE2's and not what Python's own `re` accepts
        jsonschema.Draft202012Validator.check_schema(schema, jsonschema.FormatChecker(formats=()))
    except jsonschema.SchemaError as error:
        return f"schema: {error.json_path}: {found(error.message)}"
    anchors = {part["$anchor"] for _, part in _subschemas("$", schema) if "$anchor" in part}
    for place, part in _subschemas("$", schema):
        wrong = _keyword_problem(part) or _reference_problem(part.get("$ref"), schema, anchors)
        if wrong:
            return f"schema: {place}: {wrong}"
    return None


def _keyword_problem(part: dict[str, Any]) -> str | None:
    import jsonschema

    accepted = ({*jsonschema.Draft202012Validator.VALIDATORS, *_ANNOTATIONS, "then", "else"}) - _REFUSED
    for keyword in part:
        if keyword not in accepted:
            return f"unknown or unsupported keyword {found(keyword)}{nearest(keyword, accepted)}"
    patterns = [*([part["pattern"]] if "pattern" in part else []), *part.get("patternProperties", {})]
    problems = (pattern_problem(pattern=pattern) for pattern in patterns)
    return next((problem for problem in problems if problem), None)


def _reference_problem(reference: str | None, schema: dict[str, Any], anchors: set[str]) -> str | None:
    if reference is None or reference == "#" or reference.removeprefix("#") in anchors:
        return None
    node: Any = schema
    for name in steps_of(reference):
        node = node.get(name) if isinstance(node, dict) else None
    if reference.partition("/")[0] == "#" and isinstance(node, dict | bool):
        return None
    return f"$ref: {found(reference)} is not in the schema; accepted: '#/$defs/NAME'"


def _subschemas(place: str, schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(schema, dict):
        return
    yield place, schema
    for name in _MAPS:
        for key, inner in schema.get(name, {}).items():
            yield from _subschemas(f"{place}.{name}.{key}", inner)
    for name in _LISTS:
        for index, inner in enumerate(schema.get(name, ())):
            yield from _subschemas(f"{place}.{name}[{index}]", inner)
    for name in _SINGLE:
        yield from _subschemas(f"{place}.{name}", schema.get(name))


@lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    import jsonschema
    from referencing import Registry

    extend: Any = jsonschema.validators.extend  # untyped in its stubs
    own = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    checked = extend(jsonschema.Draft202012Validator, own)
    registry: Any = Registry()  # an empty registry: a `$ref` to an address is an error, not a download
    return checked(json.loads(schema), registry=registry)


def _pattern(_: Any, wanted: str, instance: Any, __: Any) -> Iterator[Any]:
    import jsonschema

    if isinstance(instance, str) and not compiled(wanted).search(instance):
        yield jsonschema.ValidationError(f"{found(instance)} does not match {wanted!r}")


def _pattern_properties(validator: Any, patterns: dict[str, Any], instance: Any, _: Any) -> Iterator[Any]:
    for name, value in instance.items() if isinstance(instance, dict) else ():
        for pattern, schema in patterns.items():
            if compiled(pattern).search(name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, wanted: Any, instance: Any, schema: dict[str, Any]) -> Iterator[Any]:
    import jsonschema

    for name, value in instance.items() if isinstance(instance, dict) else ():
        patterns = schema.get("patternProperties", {})
        if name in schema.get("properties", {}) or any(compiled(pattern).search(name) for pattern in patterns):
            continue
        if wanted is False:
            yield jsonschema.ValidationError(f"the key {found(name)} is not asked for")
        else:
            yield from validator.descend(value, wanted, path=name)


def _unique_items(_: Any, wanted: bool, instance: Any, __: Any) -> Iterator[Any]:
    import jsonschema

    if wanted and isinstance(instance, list):
        texts = [json.dumps(item, sort_keys=True) for item in instance]
        if len(set(texts)) != len(texts):
            yield jsonschema.ValidationError("an item is there twice")


json_schema.validate = _problem  # type: ignore[attr-defined]
