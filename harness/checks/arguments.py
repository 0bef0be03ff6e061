"""The arguments that a check declares: its keyword-only parameters, and whether a value fits one."""

import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

from harness.records.explain import found

_TYPES: dict[Any, tuple[tuple[type, ...], str, str]] = {
    str: ((str,), "a string", "string"),
    int: ((int,), "a whole number", "integer"),
    float: ((int, float), "a number", "number"),
    bool: ((bool,), "true or false", "boolean"),
    dict: ((dict,), "an object", "object"),
    list: ((list,), "a list", "array"),
    type(None): ((type(None),), "null", "null"),
}

_ANSWER_KINDS = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a check. `types` is empty where the annotation says nothing that JSON knows."""

    name: str
    required: bool
    types: tuple[Any, ...]

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value for it, or None. A `field` is a JSON Pointer by convention."""
        if self.types and not any(_fits(value, kind) for kind in self.types):
            return f"found {found(value)}; accepted: {' or '.join(_TYPES[kind][1] for kind in self.types)}"
        if self.name == "field" and isinstance(value, str) and value and not value.startswith("/"):
            return f"found {found(value)}; accepted: a JSON Pointer, such as {'/' + value[:40]!r}"
        return None

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its values."""
        names = [_TYPES[kind][2] for kind in self.types]
        pointer = {"pattern": "^(/.*)?$"} if self.name == "field" else {}
        return {} if not names else {"type": names[0] if len(names) == 1 else names, **pointer}


def declared(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The keyword-only parameters of a check.

    Raises:
        ValueError: the function cannot be a check; the message says how to write it.
    """
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError:
        signature = inspect.signature(function)
    positional = [one for one in signature.parameters.values() if one.kind is not one.KEYWORD_ONLY]
    if not positional or positional[0].kind not in _ANSWER_KINDS:
        raise ValueError("its first parameter must be the answer: def my_check(answer, *, argument=...)")
    if len(positional) > 1:
        name = positional[1].name
        raise ValueError(f"its parameter {name!r} must stand after a '*': def my_check(answer, *, {name})")
    return tuple(
        Parameter(parameter.name, parameter.default is parameter.empty, _types_of(parameter.annotation))
        for parameter in signature.parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    )


def _types_of(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [_types_of(part) for part in get_args(annotation)]
        return tuple(kind for part in parts for kind in part) if all(parts) else ()
    kind = get_origin(annotation) or (type(None) if annotation is None else annotation)
    return (kind,) if kind in _TYPES else ()


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, _TYPES[kind][0])
