"""The errors that a user can fix, and how they say what was found and what is accepted."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel, ValidationError


class HarnessError(Exception):
    """Root of all errors that faces print without a traceback (exit code 3, or pytest's usage error).

    Messages quote files and endpoints, and the names of files come from pull requests too: as text, whatever would
    command a terminal or cannot be printed is there as `<U+001B>`.
    """

    def __str__(self) -> str:
        lines = super().__str__().split("\n")
        if all(line.isprintable() for line in lines):
            return "\n".join(lines)
        from harness.text.visible import show  # the checker with it, which `--help` does without

        return "\n".join(line if line.isprintable() else show(line, blanks=False) for line in lines)


class ConfigError(HarnessError):
    """`[tool.harness]`, an option or an environment variable is wrong."""


class SuiteError(HarnessError):
    """A suite folder, a `suite.toml` or a line of cases is wrong."""


class CassetteError(HarnessError):
    """A cassette cannot be read or written."""


class MissingRecordingError(CassetteError):
    """Replay was asked for an answer that no cassette holds."""


class EndpointError(HarnessError):
    """The endpoint cannot be used at all (key, address, model name); the run stops."""


class RecordError(HarnessError):
    """A run record, baseline or policy file cannot be read, or is of a newer schema."""


_SHOWN = 60
_CONTROL = {code: f"\\x{code:02x}" for code in [*range(32), 127, *range(128, 160)]}


_NAMES_SHOWN = 20


def listed(names: Sequence[str]) -> str:
    """`a, b`, at most 20 of them and how many more there are; `none yet` without one."""
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return f"{', '.join(names[:_NAMES_SHOWN])}{more}" or "none yet"


def nearest(name: str, names: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the closest of `names`, or nothing if none is close."""
    import difflib

    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def found(value: Any) -> str:
    """A value as an error shows it: short, on one line, without control characters."""
    try:
        text = repr(value).translate(_CONTROL)
    except RecursionError:
        text = f"{type(value).__name__} that is nested too deeply"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def without_packages(error: ModuleNotFoundError) -> str:
    """What to do where the distribution was installed by `--no-deps`, which serves the checker alone.

    Raises the error itself if it is one of our own modules that is not there.
    """
    name = (error.name or "").partition(".")[0]
    if name == "harness":
        raise error
    return f"{name} is not installed: without it only harness.text works; run: pip install pytest-verbatim"


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """The first problem of a validation error, as `field: found ..., accepted ...`."""
    problems = error.errors(include_url=False)
    problem = problems[0]
    place = place_of(_without_branch(problem["loc"]))
    if problem["type"] == "extra_forbidden":
        fields = _fields_at(model, problem["loc"][:-1])
        hint = nearest(str(problem["loc"][-1]), fields)
        return f"{place}: unknown field{hint}; accepted: {', '.join(sorted(fields)) or 'none'}"
    if problem["type"] == "missing":
        return f"{place}: missing; it is required"
    if problem["type"] == "value_error":
        return f"{place}: {problem['msg'].removeprefix('Value error, ')}"
    of_this_field = [one for one in problems if _without_branch(one["loc"]) == _without_branch(problem["loc"])]
    accepted = dict.fromkeys(filter(None, map(_accepted, of_this_field)))
    if accepted:
        return f"{place}: found {found(problem['input'])}; accepted: {' or '.join(accepted)}"
    return f"{place}: found {found(problem['input'])}; {problem['msg'][0].lower()}{problem['msg'][1:]}"


_BRANCH = re.compile(r"constrained-.*|literal\[.*|str|int|float|bool|FromEnvironment")


def _without_branch(location: Sequence[str | int]) -> tuple[str | int, ...]:
    """A place without the branch of a union that pydantic names at its end: `temperature.constrained-float`."""
    last = str(location[-1]) if len(location) > 1 else ""
    return tuple(location[:-1] if _BRANCH.fullmatch(last) else location)


_TAKEN = {
    "tuple": "a list",
    "list": "a list",
    "dict": "a table",
    "model": "a table",
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "finite_number": "a finite number",
    "literal_error": "{expected}",
    "greater_than_equal": "no less than {ge:g}",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "no more than {le:g}",
    "less_than": "less than {lt:g}",
    "string_pattern_mismatch": "a text that matches {pattern}",
}
"""What a field takes by pydantic's type of the error, in the words of who writes TOML or JSON."""


def _accepted(problem: Mapping[str, Any]) -> str:
    """Empty where pydantic's own message has to do."""
    kind = re.sub("_(type|parsing|from_float)$", "", problem["type"])
    return _TAKEN.get(kind, "").format(**problem.get("ctx", {}))


def place_of(location: Sequence[str | int]) -> str:
    """A place in JSON as an error shows it: `messages[0].role`."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        # a name may be any text of a stranger's, of any length
        name = part if part.isprintable() and len(part) <= _SHOWN else found(part)
        text += f".{name}" if text else name
    return text or "the whole object"


def _fields_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    current: type[BaseModel] = model
    for part in location:
        field = current.model_fields.get(str(part))
        if field is None:
            continue
        inner = _model_in(field.annotation)
        if inner is None:
            return []
        current = inner
    return [field.alias or name for name, field in current.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    from pydantic import BaseModel  # here, since every command imports this module, and `--help` reads no record

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        inner = _model_in(argument)
        if inner is not None:
            return inner
    return None


SHELL = "powershell" if os.name == "nt" else "sh"
"""Whose lines the hints are in."""


def set_variable(name: str, value: str = "...") -> str:
    """The line that sets an environment variable, for whoever reads it on this system."""
    return f"$env:{name} = '{value}'" if SHELL == "powershell" else f"export {name}={value}"


CONFLICT = (b"<<<<<<< ", b"=======\n", b"=======\r\n", b">>>>>>> ", b"||||||| ")
"""How the lines begin that git leaves where two sides of a merge changed the same."""


def syntax_error(form: str, problem: Exception, content: bytes) -> str:
    """Why a file is not JSON or TOML: in the words of its parser, or because the two sides of a merge are in it."""
    lines = enumerate(content.splitlines(keepends=True), start=1)
    at = next((number for number, line in lines if line.startswith(CONFLICT)), None)
    if content.startswith(b"\xef\xbb\xbf"):
        return "there is a byte order mark at the start; save the file as UTF-8 without BOM"
    if at is None:
        return f"not {form}: {problem}"
    advice = "keep what is right of both sides, and take the markers out"
    return f"not {form}: a merge conflict was left at line {at}; {advice}"


def as_word(path: Path | str) -> str:
    """A path as it is typed into a shell: quoted where that would cut or read it, with `/` on Windows too."""
    return shlex.quote(path if isinstance(path, str) else path.as_posix())
