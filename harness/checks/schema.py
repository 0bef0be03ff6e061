"""The check `json_schema`. Patterns inside a schema are matched by RE2, and no reference is ever fetched."""

from typing import Any

from harness.checks.builtin import decoded, part_of
from harness.checks.registry import check
from harness.records.explain import found


@check
def json_schema(answer: str, *, schema: dict, field: str | None = None) -> str | None:  # type: ignore[type-arg]
    """The answer is JSON (one code fence round it is allowed) and valid by the schema (draft 2020-12)."""
    value = decoded(answer) if field is None else part_of(answer, field)
    error = next(_validator(schema).iter_errors(value), None)
    return None if error is None else f"{error.json_path}: {found(error.message)}"


def _problem(*, schema: dict[str, Any], field: str | None = None) -> str | None:
    import jsonschema

    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        return f"json_schema.schema: {error.json_path}: {found(error.message)}"
    return None


json_schema.validate = _problem  # type: ignore[attr-defined]


def _validator(schema: dict[str, Any]) -> Any:
    import jsonschema
    from referencing import Registry

    def pattern(validator: Any, wanted: str, instance: Any, schema: Any) -> Any:
        import re2

        if isinstance(instance, str) and not re2.search(wanted, instance):
            yield jsonschema.ValidationError(f"{instance!r} does not match {wanted!r}")

    extend: Any = jsonschema.validators.extend  # untyped in its stubs
    checked = extend(jsonschema.Draft202012Validator, {"pattern": pattern})
    registry: Any = Registry()  # an empty registry: a `$ref` to an address is an error, not a download
    return checked(schema, registry=registry)
