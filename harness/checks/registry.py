"""The table of checks by name, and the one way to run one."""

import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Union, get_args, get_origin

from harness.errors import found, nearest
from harness.records.run import CheckResult
from harness.text.visible import show

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
        raise ValueError(f"its parameter {name!r} must come after a '*': def my_check(answer, *, {name})")
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


Check = Callable[..., str | None]
"""`function(answer: str, *, argument=...) -> None if it passes, else what was wrong`."""

_DETAIL_LIMIT = 500
_CHECKS: dict[str, tuple[Check, tuple[Parameter, ...]]] = {}


def check(function: Check) -> Check:
    """Register a function under its own name. Its keyword-only parameters are the arguments a case may give.

    An attribute `validate` (same keyword arguments) may say what is wrong with the arguments of a case.

    Raises:
        ValueError: the name is taken, or a parameter is not keyword-only.
    """
    name = function.__name__
    if name in _CHECKS and _CHECKS[name][0] is not function:
        raise ValueError(f"a check named {name!r} exists; choose another name")
    try:
        _CHECKS[name] = (function, declared(function))
    except ValueError as error:
        raise ValueError(f"check {name!r}: {error}") from None
    return function


@contextmanager
def registering() -> Iterator[None]:
    """Checks registered inside stay only if nothing is raised; the built-in names are taken before."""
    known()
    before = dict(_CHECKS)
    try:
        yield
    except BaseException:
        _CHECKS.clear()
        _CHECKS.update(before)
        raise


_BUILTIN = ("harness.checks.builtin", "harness.checks.json_schema")


def known() -> Mapping[str, Check]:
    """All registered checks by name."""
    for module in _BUILTIN:  # importing one registers its checks
        import_module(module)

    return {name: function for name, (function, _) in _CHECKS.items()}


def is_built_in(name: str) -> bool:
    """Whether a check comes with this package; one of a project, or one that is not known, does not."""
    known()
    return name in _CHECKS and _CHECKS[name][0].__module__ in _BUILTIN


def parameters_of(name: str) -> tuple[Parameter, ...]:
    """The arguments that a known check takes."""
    known()
    return _CHECKS[name][1]


def problem_with(name: str, arguments: Mapping[str, Any]) -> str | None:
    """What is wrong with a call of a check, or None."""
    checks = known()
    if name not in checks:
        return f"unknown check {name!r}{nearest(name, checks)}; accepted: {', '.join(sorted(checks))}"
    parameters = {parameter.name: parameter for parameter in _CHECKS[name][1]}
    for argument in arguments:
        if argument not in parameters:
            return (
                f"{name}: unknown argument {argument!r}{nearest(argument, parameters)}; "
                f"accepted: {', '.join(parameters) or 'none'}"
            )
    for parameter in parameters.values():
        if parameter.name not in arguments:
            if parameter.required:
                return f"{name}: argument {parameter.name!r} is missing"
            continue
        wrong = parameter.problem(arguments[parameter.name])
        if wrong:
            return f"{name}.{parameter.name}: {wrong}"
    validate = getattr(checks[name], "validate", None)
    wrong = validate(**arguments) if validate else None
    return f"{name}.{wrong}" if wrong else None


def run(name: str, arguments: Mapping[str, Any], answer: str) -> CheckResult:
    """Run a check on an answer. A check that raises, or says neither None nor a text, has failed; it never passes."""
    try:
        problem: object = known()[name](answer, **arguments)
    except (Exception, SystemExit) as error:
        problem = f"the check itself failed: {type(error).__name__}: {error}"
    if problem is None:
        return CheckResult(check=name, passed=True)
    if not isinstance(problem, str):
        problem = f"the check returned {problem!r}; accepted: None if the answer passes, else what was wrong"
    return CheckResult(check=name, passed=False, detail=show(problem[:_DETAIL_LIMIT], blanks=False))
