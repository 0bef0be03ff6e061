"""The fields of one line become a case; each is looked at by itself, so that the error can name it."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from harness import checks
from harness.records.case import ID_PATTERN, Case, CheckCall
from harness.records.errors import SuiteError
from harness.records.explain import explain, found, nearest
from harness.suite.conversation import check_messages
from harness.suite.lines import BadLineError
from harness.suite.requests import check_response_format, check_tools

CASE_FIELDS = frozenset({*Case.model_fields, "prompt"} - {"suite"})
DEFAULT_FIELDS = CASE_FIELDS - {"id"}
LANGUAGE_PATTERN = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
_LONGEST_SHOWN = 60
_ID_WORDS = "letters, digits, '.', '_' and '-', a letter or digit first"


def build_case(line: Mapping[str, Any], defaults: Mapping[str, Any], suite: str) -> Case:
    """A case from the fields of a line, over the defaults of its suite.

    Raises:
        BadLineError: the first field that is wrong, what was found and what is accepted.
    """
    for name in line:
        if name not in CASE_FIELDS:
            raise BadLineError(_unknown(name))
    fields = {**defaults, **line}
    # a line's own conversation takes the place of a default one, whichever of the two forms each has
    if "prompt" in line and "messages" not in line:
        fields.pop("messages", None)
    if "messages" in line and "prompt" not in line:
        fields.pop("prompt", None)
    _check_words(fields)
    fields["messages"] = _conversation(fields)
    fields["checks"] = [_check_call(index, call) for index, call in enumerate(_list(fields, "checks", "checks"))]
    for name in ("targets", "required", "tags"):
        _check_strings(name, _list(fields, name, "strings"))
    check_tools(_list(fields, "tools", "tools"))
    check_response_format(fields.get("response_format"))
    if not isinstance(fields.get("stream"), bool | None):
        raise BadLineError(f"stream: found {found(fields['stream'])}; accepted: true or false")
    fields.setdefault("required", fields.get("targets", []))
    try:
        case = Case.model_validate({**fields, "suite": suite})
    except ValidationError as error:
        raise BadLineError(explain(error, Case)) from error
    _check_targets(case)
    _check_encodable(case)
    return case


def _unknown(name: str) -> str:
    if name == "suite":
        return "suite: unknown field; the folder's name is the suite"
    shown = name if name.isidentifier() and len(name) <= _LONGEST_SHOWN else found(name)
    return f"{shown}: unknown field{nearest(name, CASE_FIELDS)}; accepted: {', '.join(sorted(CASE_FIELDS))}"


def _check_words(fields: Mapping[str, Any]) -> None:
    for name in ("id", "domain", "language", "task"):
        if name not in fields:
            where = "" if name == "id" else ", here or under [defaults] of suite.toml"
            raise BadLineError(f"{name}: missing; accepted: a string{where}")
        value = fields[name]
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise BadLineError(f"{name}: found {found(value)}; accepted: a non-empty string on one line")
    if not re.match(ID_PATTERN, fields["id"]):
        raise BadLineError(f"id: found {found(fields['id'])}; accepted: {_ID_WORDS}")
    if not re.match(LANGUAGE_PATTERN, fields["language"]):
        raise BadLineError(f"language: found {found(fields['language'])}; accepted: a code such as zh, en or pt-BR")


def _conversation(fields: dict[str, Any]) -> list[dict[str, Any]]:
    if "prompt" in fields:
        prompt = fields.pop("prompt")
        if "messages" in fields:
            raise BadLineError("prompt: given together with messages; accepted: one of the two")
        if not isinstance(prompt, str) or not prompt.strip():
            raise BadLineError(f"prompt: found {found(prompt)}; accepted: a non-empty string")
        return [{"role": "user", "content": prompt}]
    if "messages" not in fields:
        raise BadLineError("prompt: missing; accepted: prompt or messages")
    check_messages(fields["messages"])
    messages: list[dict[str, Any]] = fields["messages"]
    return messages


def _list(fields: Mapping[str, Any], name: str, of: str) -> list[Any]:
    value = fields.get(name, [])
    if not isinstance(value, list):
        raise BadLineError(f"{name}: found {found(value)}; accepted: a list of {of}")
    return value


def _check_strings(name: str, values: list[Any]) -> None:
    seen = set()
    for index, value in enumerate(values):
        if not isinstance(value, str) or not value.strip():
            raise BadLineError(f"{name}[{index}]: found {found(value)}; accepted: a non-blank string")
        if value in seen:
            raise BadLineError(f"{name}[{index}]: {found(value)} stands there twice; keep one")
        seen.add(value)


def _check_call(index: int, call: Any) -> CheckCall:
    place = f"checks[{index}]"
    if not isinstance(call, dict) or not isinstance(call.get("check"), str):
        raise BadLineError(f'{place}: found {found(call)}; accepted: {{"check": NAME, ...arguments}}')
    arguments = {name: value for name, value in call.items() if name != "check"}
    problem = checks.problem_with(call["check"], arguments)
    if problem:
        raise BadLineError(f"{place}: {problem}")
    return CheckCall(check=call["check"], arguments=arguments)


def _check_targets(case: Case) -> None:
    if not case.targets and not case.checks:
        raise BadLineError("targets: empty, and no checks; a case needs one of the two to have a verdict")
    for target in case.required:
        if target not in case.targets:
            raise BadLineError(f"required: {found(target)} is not one of the targets{nearest(target, case.targets)}")


def _check_encodable(case: Case) -> None:
    try:
        case.model_dump_json()
    except ValueError:
        raise BadLineError("holds a lone surrogate, which no request can carry; accepted: whole characters") from None


def case_from(fields: Mapping[str, Any], suite: str) -> Case:
    """A case from the fields of a line that stands in no file.

    Raises:
        SuiteError: what is wrong with it.
    """
    try:
        return build_case(fields, {}, suite)
    except BadLineError as error:
        raise SuiteError(str(error)) from None
