"""The table of checks by name, and the one way to run one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from harness.checks.arguments import Parameter, declared
from harness.records.explain import nearest
from harness.records.run import CheckResult

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


def known() -> Mapping[str, Check]:
    """All registered checks by name."""
    import harness.checks.builtin  # noqa: F401  (importing registers them)

    return {name: function for name, (function, _) in _CHECKS.items()}


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
    return CheckResult(check=name, passed=False, detail=_printable(problem[:_DETAIL_LIMIT]))


def _printable(text: str) -> str:
    # what a check says may quote a hostile answer; a terminal must not obey it
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
