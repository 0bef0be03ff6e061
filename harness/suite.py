"""Suites on disk: a folder with a `suite.toml` and `*.jsonl` files becomes cases, or an error that names the line."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness import checks
from harness.records.case import Case, CheckCall
from harness.records.errors import SuiteError
from harness.records.explain import explain, found, nearest

LINE_LIMIT = 1_000_000
"""Bytes. A longer line is an error and not read into memory."""
_SHOWN_ERRORS = 20
_TOML_KEYS = {"title", "title_zh", "description", "description_zh", "defaults"}
_ROLES = ("system", "developer", "user", "assistant", "tool")
_CASE_FIELDS = [name for name in Case.model_fields if name != "suite"]


@dataclass(frozen=True, slots=True)
class LocatedCase:
    """A case with the line (1-based) of the file that it stands on."""

    case: Case
    line: int


@dataclass(frozen=True, slots=True)
class SuiteInfo:
    """What `suite.toml` says."""

    name: str
    title: str = ""
    title_zh: str = ""
    description: str = ""
    defaults: dict[str, Any] = field(default_factory=dict)


def builtin_root() -> Path:
    """The suites that came with the package: in the wheel, or beside it in a checkout."""
    package = Path(__file__).parent
    carried = package / "builtin_suites"
    return carried if carried.is_dir() else package.parent / "suites"


def is_case_file(path: Path) -> bool:
    """True for `*.jsonl` in a folder that holds a `suite.toml`; training sets and cassettes never are."""
    return path.suffix == ".jsonl" and (path.parent / "suite.toml").is_file()


def case_files(root: Path) -> list[Path]:
    """All case files under a suite root, sorted, so that two runs see one order."""
    return sorted(path for path in root.rglob("*.jsonl") if is_case_file(path))


def load_info(folder: Path) -> SuiteInfo:
    """Read `suite.toml`."""
    path = folder / "suite.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read as TOML: {error}") from error
    for key in content:
        if key not in _TOML_KEYS:
            raise SuiteError(
                f"{path}: unknown key {key!r}{nearest(key, _TOML_KEYS)}; accepted: {', '.join(sorted(_TOML_KEYS))}"
            )
    defaults = content.get("defaults", {})
    accepted = {*_CASE_FIELDS, "prompt"} - {"id"}
    for key in defaults:
        if key not in accepted:
            raise SuiteError(
                f"{path}: defaults.{key}: unknown field{nearest(key, accepted)}; "
                f"accepted: {', '.join(sorted(accepted))}"
            )
    return SuiteInfo(name=folder.name, **{**content, "defaults": defaults})


def load_suite(folder: Path) -> list[Case]:
    """All cases of one suite folder, in file order. Two cases with one id are an error."""
    info = load_info(folder)
    seen: dict[str, str] = {}
    cases: list[Case] = []
    for path in sorted(folder.glob("*.jsonl")):
        for located in load_cases(path, info):
            place = f"{path}:{located.line}"
            first = seen.setdefault(located.case.id, place)
            if first != place:
                raise SuiteError(
                    f"{place}: id: {located.case.id!r} stands at {first} too; ids are unique in a suite"
                )
            cases.append(located.case)
    return cases


def load_cases(path: Path, info: SuiteInfo | None = None) -> list[LocatedCase]:
    """Cases of one file.

    Raises:
        SuiteError: one line for each bad line (the first 20), with file, line, field, what was found, what is accepted.
    """
    info = info or load_info(path.parent)
    cases: list[LocatedCase] = []
    errors: list[str] = []
    seen: dict[str, int] = {}
    for number, raw in _lines(path):
        try:
            case = _parse(raw, info)
            if case.id in seen:
                raise _BadLineError(
                    f"id: {case.id!r} stands on line {seen[case.id]} too; ids are unique in a suite"
                )
            seen[case.id] = number
            cases.append(LocatedCase(case, number))
        except _BadLineError as error:
            errors.append(f"{path}:{number}: {error}")
    if errors:
        more = f"\n... and {len(errors) - _SHOWN_ERRORS} more" if len(errors) > _SHOWN_ERRORS else ""
        raise SuiteError("\n".join(errors[:_SHOWN_ERRORS]) + more)
    return cases


class _BadLineError(Exception):
    """What is wrong with a line, without its place."""


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(LINE_LIMIT + 1):
                number += 1
                if len(raw) > LINE_LIMIT:
                    raise SuiteError(
                        f"{path}:{number}: longer than {LINE_LIMIT:,} bytes; accepted: one shorter case a line"
                    )
                if raw.strip():
                    yield number, raw
    except OSError as error:
        raise SuiteError(f"{path}: cannot be read: {error.strerror or error}") from error


def _parse(raw: bytes, info: SuiteInfo) -> Case:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise _BadLineError("a byte order mark stands at the start; save the file as UTF-8 without BOM")
    if raw.endswith(b"\r\n"):
        raise _BadLineError("the line ends in CRLF; save the file with LF line ends")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _BadLineError(f"not UTF-8 at byte {error.start + 1}; save the file as UTF-8") from error
    try:
        value = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _BadLineError(
            f"not JSON at column {error.colno}: {error.msg}; accepted: one JSON object a line"
        ) from error
    except RecursionError as error:
        raise _BadLineError("nested too deeply; accepted: one JSON object a line") from error
    if not isinstance(value, dict):
        raise _BadLineError(f"found {found(value)}; accepted: one JSON object a line")
    return build_case({**info.defaults, **value}, info.name)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise _BadLineError(f"{double}: stands twice in one object; keep one")
    return result


def _no_constant(name: str) -> Any:
    raise _BadLineError(f"{name} is not JSON; accepted: finite numbers")


def build_case(fields: dict[str, Any], suite: str) -> Case:
    """A case from the fields of a line (defaults already merged in)."""
    fields = dict(fields)
    if "suite" in fields:
        raise _BadLineError("suite: unknown field; the folder's name is the suite")
    prompt = fields.pop("prompt", None)
    if prompt is not None and "messages" in fields:
        raise _BadLineError("prompt: given together with messages; accepted: one of the two")
    if prompt is not None:
        if not isinstance(prompt, str) or not prompt.strip():
            raise _BadLineError(f"prompt: found {found(prompt)}; accepted: a non-empty string")
        fields["messages"] = [{"role": "user", "content": prompt}]
    if "messages" not in fields:
        raise _BadLineError("prompt: missing; accepted: prompt or messages")
    _check_messages(fields["messages"])
    fields["checks"] = [_check_call(call) for call in _list(fields, "checks")]
    targets = _list(fields, "targets")
    fields.setdefault("required", targets)
    try:
        case = Case.model_validate({**fields, "suite": suite})
    except ValidationError as error:
        raise _BadLineError(explain(error, Case).replace(", suite", "")) from error
    _check_targets(case)
    _check_encodable(case)
    return case


def _list(fields: dict[str, Any], name: str) -> list[Any]:
    value = fields.get(name, [])
    if not isinstance(value, list):
        raise _BadLineError(f"{name}: found {found(value)}; accepted: a list")
    return value


def _check_messages(messages: Any) -> None:
    if not isinstance(messages, list) or not messages:
        raise _BadLineError(f"messages: found {found(messages)}; accepted: a non-empty list of messages")
    for index, message in enumerate(messages):
        place = f"messages[{index}]"
        if not isinstance(message, dict):
            raise _BadLineError(f"{place}: found {found(message)}; accepted: an object with role and content")
        role = message.get("role")
        if role not in _ROLES:
            hint = nearest(role, _ROLES) if isinstance(role, str) else ""
            raise _BadLineError(f"{place}.role: found {found(role)}{hint}; accepted: {', '.join(_ROLES)}")
        content = message.get("content")
        if not isinstance(content, str | list) and not (content is None and message.get("tool_calls")):
            raise _BadLineError(
                f"{place}.content: found {found(content)}; accepted: a string, or a list of parts"
            )


def _check_call(call: Any) -> CheckCall:
    if not isinstance(call, dict) or not isinstance(call.get("check"), str):
        raise _BadLineError(f'checks: found {found(call)}; accepted: {{"check": NAME, ...arguments}}')
    arguments = {name: value for name, value in call.items() if name != "check"}
    problem = checks.problem_with(call["check"], arguments)
    if problem:
        raise _BadLineError(f"checks: {problem}")
    return CheckCall(check=call["check"], arguments=arguments)


def _check_targets(case: Case) -> None:
    if not case.targets and not case.checks:
        raise _BadLineError("targets: empty, and no checks; a case needs one of the two to have a verdict")
    if len(set(case.targets)) != len(case.targets):
        raise _BadLineError("targets: one stands there twice; keep one")
    for target in case.targets:
        if not target.strip():
            raise _BadLineError(f"targets: found {found(target)}; accepted: a non-blank string")
    for target in case.required:
        if target not in case.targets:
            raise _BadLineError(
                f"required: {found(target)} is not one of the targets{nearest(target, case.targets)}"
            )


def _check_encodable(case: Case) -> None:
    try:
        case.digest  # noqa: B018
        case.model_dump_json()
    except ValueError as error:
        raise _BadLineError(
            "holds a lone surrogate, which no request can carry; accepted: whole characters"
        ) from error
