"""The table of checks by name, and the one way to run one."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from harness.records.explain import found, nearest
from harness.records.run import CheckResult

Check = Callable[..., str | None]
"""`function(answer: str, *, argument=...) -> None if it passes, else what was wrong`."""

_CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Register a function under its own name. Its keyword-only parameters are the arguments a case may give.

    An attribute `validate` (same keyword arguments) may say what is wrong with the arguments of a case.
    """
    name = function.__name__
    if name in _CHECKS and _CHECKS[name] is not function:
        raise ValueError(f"a check named {name!r} exists; choose another name")
    _CHECKS[name] = function
    return function


def known() -> Mapping[str, Check]:
    """All registered checks by name."""
    import harness.checks.builtin  # (importing registers them)
    import harness.checks.schema  # noqa: F401

    return _CHECKS


def problem_with(name: str, arguments: Mapping[str, Any]) -> str | None:
    """What is wrong with a call of a check, or None."""
    checks = known()
    if name not in checks:
        return f"unknown check {name!r}{nearest(name, checks)}; accepted: {', '.join(sorted(checks))}"
    parameters = {
        parameter.name: parameter
        for parameter in inspect.signature(checks[name]).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    for argument in arguments:
        if argument not in parameters:
            return (
                f"{name}: unknown argument {argument!r}{nearest(argument, parameters)}; "
                f"accepted: {', '.join(parameters)}"
            )
    for parameter in parameters.values():
        if parameter.default is parameter.empty and parameter.name not in arguments:
            return f"{name}: argument {parameter.name!r} is missing"
        wrong = parameter.name in arguments and _wrong_type(arguments[parameter.name], parameter.annotation)
        if wrong:
            return f"{name}.{parameter.name}: found {found(arguments[parameter.name])}; accepted: {wrong}"
    validate = getattr(checks[name], "validate", None)
    return validate(**arguments) if validate else None


def run(name: str, arguments: Mapping[str, Any], answer: str) -> CheckResult:
    """Run a check on an answer. A check that raises has failed: it says so, and never passes."""
    try:
        problem = known()[name](answer, **arguments)
    except Exception as error:
        problem = f"the check itself failed: {type(error).__name__}: {error}"
    return CheckResult(check=name, passed=problem is None, detail=problem or "")


_TYPES: dict[Any, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a string"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    bool: ((bool,), "true or false"),
    dict: ((dict,), "an object"),
    list: ((list,), "a list"),
}


def _wrong_type(value: Any, annotation: Any) -> str | None:
    origin = getattr(annotation, "__origin__", annotation)
    if origin not in _TYPES:
        return None
    types, words = _TYPES[origin]
    if isinstance(value, bool) and bool not in types:
        return words
    return None if isinstance(value, types) else words
