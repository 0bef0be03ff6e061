"""Named checks: what a case may ask of an answer beyond its targets.

A check is a pure function `(answer, *, arguments) -> str | None`: None if it passes, else what was wrong. An unknown
name or a wrong argument is an error of the case, never a pass. Built-in ones live in `builtin`; a project names
files of its own in `[tool.harness] checks = ["my_checks.py"]`.
"""

from harness.checks.answers import Reply
from harness.checks.registry import (
    Check,
    Parameter,
    check,
    is_built_in,
    known,
    parameters_of,
    problem_with,
    registering,
    run,
)

__all__ = [
    "Check",
    "Parameter",
    "Reply",
    "check",
    "is_built_in",
    "known",
    "parameters_of",
    "problem_with",
    "registering",
    "run",
]
