"""`json_equals`: a JSON answer by value, whatever its white space and the order of its keys."""

from typing import Any

from harness.checks.answers import json_value
from harness.checks.registry import check
from harness.records.explain import found


@check
def json_equals(answer: str, *, value: Any, field: str | None = None) -> str | None:
    """The answer, decoded as JSON, is `value`. `1` and `1.0` are one number; `1` and `true` are not one value."""
    got = json_value(answer, field)
    return None if same_json(got, value) else f"{found(got)} is not {found(value)}"


def same_json(one: Any, other: Any) -> bool:
    """Equality of JSON values. Python's own would take `true` for 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same_json(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)
