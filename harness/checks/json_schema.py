"""The check `json_schema` (draft 2020-12): the schema is looked at when the case is read, the answer when it comes.

Patterns inside a schema are RE2's, unique items are counted by their canonical text, no reference is ever fetched, and
a validation ends after so many steps: a schema of ten lines can ask for 2^28 of them.
"""

import json
from collections.abc import Callable, Iterator
from contextvars import ContextVar
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
    value, validator = json_value(answer, field), _validator(json.dumps(schema))
    left = _left.set([_STEPS_LIMIT])
    try:
        error = next(validator.iter_errors(value), None)
    finally:
        _left.reset(left)
    return None if error is None else f"{found(error.json_path)}: {found(error.message)}"


def _problem(*, schema: dict[str, Any], field: str | None = None) -> str | None:
    return _schema_problem(json.dumps(schema))


@lru_cache(maxsize=256)
def _schema_problem(text: str) -> str | None:
    # cached: a suite repeats its schemas, and the schema of schemas is slow
    import jsonschema

    schema = json.loads(text)
    if (objects := text.count("{")) > _MOST_SCHEMAS:
        return f"schema: {objects:,} objects; accepted: at most {_MOST_SCHEMAS:,}"
    try:
        # formats none: `pattern` is RE2's and not what Python's own `re` accepts
        jsonschema.Draft202012Validator.check_schema(schema, jsonschema.FormatChecker(formats=()))
    except jsonschema.SchemaError as error:
        return f"schema: {error.json_path}: {found(error.message)}"
    anchors = {part["$anchor"] for _, part in _subschemas("$", schema) if "$anchor" in part}
    steps = _steps_at_one_place(schema, schema, {}, anchors)
    if steps is None:
        return "schema: a reference leads back to itself without going into the answer"
    if steps > _STEPS_AT_ONE_PLACE:
        many = f"{steps:,}" if steps < 1_000_000 else f"{steps:.3g}"
        return f"schema: one value would be validated against {many} schemas; accepted: {_STEPS_AT_ONE_PLACE:,}"
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


_IN_PLACE_LISTS = ("allOf", "anyOf", "oneOf")
_IN_PLACE = ("not", "if", "then", "else")
"""Keywords whose schemas look at the same value again; all others go into a part of it."""


def _steps_at_one_place(part: Any, schema: Any, known: dict[int, int | None], anchors: set[str]) -> float | None:
    """Schemas that one value is validated against, each as often as it is referred to; None for a loop."""
    if not isinstance(part, dict):
        return 1
    if id(part) in known:
        return known[id(part)]
    known[id(part)] = None  # while its parts are counted: who comes here again goes round in a circle
    inner = [one for name in _IN_PLACE_LISTS for one in part.get(name, ())]
    inner += [part[name] for name in _IN_PLACE if name in part]
    inner += part.get("dependentSchemas", {}).values()
    if "$ref" in part:
        inner.append(_referred(part["$ref"], schema))
    steps = 1
    for one in inner:
        more = _steps_at_one_place(one, schema, known, anchors)
        if more is None:
            return None
        steps += int(more)
    known[id(part)] = steps
    return steps


def _referred(reference: str, schema: Any) -> Any:
    if reference.startswith("#/"):
        node = schema
        for step in reference.split("/")[1:]:
            node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
        return node
    if reference == "#":
        return schema
    name = reference.removeprefix("#")
    return next((part for _, part in _subschemas("$", schema) if part.get("$anchor") == name), None)


_STEPS_LIMIT = 100_000
"""Keywords applied to one answer. An answer of 2,000 objects of five fields takes some 40,000; each takes 10 us."""
_MOST_SCHEMAS = 5_000
"""Objects in a schema, and braces in its texts: the schema of schemas takes some tenth of a millisecond for each."""
_STEPS_AT_ONE_PLACE = 1_000
_MESSAGE_LIMIT = 1_000
"""Characters of an error: it quotes the value, and thousands of errors may be kept until one branch fits."""
_left: ContextVar[list[int]] = ContextVar("_left")


def _counted(keyword: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    """A keyword's function that spends a step, and more for long messages."""

    def validated(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
        _spend(1 + (len(wanted) if isinstance(wanted, dict | list) else 0) // 10)
        for error in keyword(validator, wanted, instance, schema) or ():
            _spend(1)
            if len(error.message) > _MESSAGE_LIMIT:
                _spend(len(error.message) // _MESSAGE_LIMIT * 10)
                error.message = error.message[:_MESSAGE_LIMIT]
            yield error

    return validated


def _spend(steps: int) -> None:
    left = _left.get()
    left[0] -= steps
    if left[0] < 0:
        raise ValueError(f"this schema takes more than {_STEPS_LIMIT:,} steps for this answer; make it simpler")


def _without_booleans(schema: Any) -> Any:
    """`false` in a list or a definition as a keyword, so that what it says is counted."""
    if schema is False:
        return {"not": {}}
    if not isinstance(schema, dict):
        return schema
    result = dict(schema)
    for name in _MAPS:
        if name in schema:
            result[name] = {key: _without_booleans(one) for key, one in schema[name].items()}
    for name in _LISTS:
        if name in schema:
            result[name] = [_without_booleans(one) for one in schema[name]]
    for name in _SINGLE:
        if name in schema and not (name == "additionalProperties" and schema[name] is False):
            result[name] = _without_booleans(schema[name])
    return result


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
    keywords = {**jsonschema.Draft202012Validator.VALIDATORS, **own}
    checked = extend(jsonschema.Draft202012Validator, {name: _counted(keyword) for name, keyword in keywords.items()})
    registry: Any = Registry()  # an empty registry: a `$ref` to an address is an error, not a download
    return checked(_without_booleans(json.loads(schema)), registry=registry)


def _pattern(_: Any, wanted: str, instance: Any, __: Any) -> Iterator[Any]:
    import jsonschema

    if isinstance(instance, str) and not compiled(wanted).search(instance):
        yield jsonschema.ValidationError(f"{found(instance)} does not match {wanted!r}")


def _pattern_properties(validator: Any, patterns: dict[str, Any], instance: Any, _: Any) -> Iterator[Any]:
    for name, value in instance.items() if isinstance(instance, dict) else ():
        _spend(2 * len(patterns))
        for pattern, schema in patterns.items():
            if compiled(pattern).search(name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, wanted: Any, instance: Any, schema: dict[str, Any]) -> Iterator[Any]:
    import jsonschema

    for name, value in instance.items() if isinstance(instance, dict) else ():
        patterns = schema.get("patternProperties", {})
        _spend(2 * len(patterns))
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
