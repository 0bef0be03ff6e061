"""The lines of a case file become cases, or errors that name line and field."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from sys import intern
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticCustomError

from harness import checks
from harness.errors import CONFLICT, SuiteError, found, nearest, place_of
from harness.files import DEPTH_LIMIT, LINE_LIMIT, UnfitFileError, depth_over, lines_of, loads, opened, reason_of
from harness.records import lean
from harness.records.case import ID_PATTERN, Case, CheckCall, too_many

_ONE_OBJECT = "accepted: one JSON object a line"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class BadLineError(Exception):
    """What is wrong with a line, without its place."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line (1-based; 0 is the file as a whole)."""

    line: int
    message: str


def numbered_objects(path: Path, *, crlf: bool = False) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    """Each line that is not blank as its number and its JSON object, or as the problem with it.

    A fault of the whole file (byte order mark, CRLF, UTF-16, indented JSON, a line over the limit) is reported once.

    Args:
        crlf: whether lines may end in CRLF, as Git for Windows checks them out.
    """
    try:
        with opened(path) as file:
            yield from _objects(file, crlf_noted=crlf)
    except (OSError, UnfitFileError) as error:
        yield Problem(0, f"cannot be read: {reason_of(error)}")


def _objects(file: Any, *, crlf_noted: bool) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    for number, _, content in lines_of(file, limit=LINE_LIMIT):
        if content is None:
            yield Problem(number, f"longer than {LINE_LIMIT:,} bytes; accepted: one shorter case a line")
            return
        raw = content
        if number == 1 and raw.startswith(_UTF16):
            yield Problem(1, "starts with a byte order mark of UTF-16; save the file as UTF-8 without BOM")
            return
        if number == 1 and raw.startswith(_BOM):
            yield Problem(1, "there is a byte order mark at the start; save the file as UTF-8 without BOM")
            raw = raw.removeprefix(_BOM)
        if raw.rstrip(b"\n").endswith(b"\r") and not crlf_noted:
            crlf_noted = True
            yield Problem(number, "the line ends in CRLF; save the file with LF line ends")
        if not raw.strip():
            continue
        if raw.strip() in (b"{", b"["):
            yield Problem(number, f"JSON over several lines; {_ONE_OBJECT}")
            return
        try:
            yield number, _object(raw)
        except BadLineError as error:
            yield Problem(number, str(error))


def _object(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadLineError(f"not UTF-8 at byte {error.start + 1}; save the file as UTF-8") from None
    if "\r" in text.rstrip():
        raise BadLineError("holds a bare CR (old Macintosh line ends); save the file with LF line ends")
    try:
        value = loads(text.rstrip())  # so that a line that is cut off is said to end where it ends
    except UnfitFileError as error:
        raise BadLineError(str(error)) from None
    except json.JSONDecodeError as error:
        if (raw.rstrip() + b"\n").startswith(CONFLICT) or raw.startswith(CONFLICT):
            conflict = "a merge conflict was left here; keep all lines of both sides, and take the markers out"
            raise BadLineError(conflict) from None
        raise BadLineError(f"not JSON at column {error.colno}: {error.msg}; {_ONE_OBJECT}") from None
    except RecursionError:
        raise BadLineError(f"nested too deeply; accepted: at most {DEPTH_LIMIT} levels") from None
    if not isinstance(value, dict):
        raise BadLineError(f"found {found(value)}; {_ONE_OBJECT}")
    if depth_over(value, DEPTH_LIMIT):
        raise BadLineError(f"nested too deeply; accepted: at most {DEPTH_LIMIT} levels")
    return value


Role = Literal["system", "developer", "user", "assistant", "tool"]
Format = Literal["text", "json_object", "json_schema"]
LANGUAGE_PATTERN = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
_ASKING = ("user", "tool")
_LONGEST_SHOWN = 60
_LONE_SURROGATE = "holds a lone surrogate, which no request can carry; accepted: whole characters"
_ID_WORDS = "letters, digits, '.', '_' and '-', a letter or digit first"
_CALL = '{"id", "type": "function", "function": {"name", "arguments": JSON text}}'
_TOOL = '{"type": "function", "function": {"name", "parameters"}}'


def _slip(said: str, at: str = "") -> PydanticCustomError:
    """An error of a field; `at` is the place inside it, such as `[1].role`."""
    return PydanticCustomError("slip", "{said}", {"said": said, "at": at})


def _must(accepted: str, good: Callable[[Any], bool]) -> BeforeValidator:
    """A field that is not `good` gives `found ..., accepted ...`, and is not looked at further."""

    def look(value: Any) -> Any:
        if not good(value):
            raise _slip(f"found {found(value)}; accepted: {accepted}")
        return value

    return BeforeValidator(look)


def _or_else(accepted: str) -> WrapValidator:
    """Whatever is wrong inside a field gives `found ..., accepted ...` for the field as a whole."""

    def look(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise _slip(f"found {found(value)}; accepted: {accepted}") from None

    return WrapValidator(look)


def _one_of(names: tuple[str, ...]) -> BeforeValidator:
    def look(value: Any) -> Any:
        if value not in names:
            hint = nearest(value, names) if isinstance(value, str) else ""
            raise _slip(f"found {found(value)}{hint}; accepted: {', '.join(names)}")
        return value

    return BeforeValidator(look)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_full_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _each_once(values: list[str]) -> list[str]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise _slip(f"{found(value)} is there twice; keep one", f"[{index}]")
    return values


_LINE = _must("a non-empty string on one line", lambda value: _is_text(value) and value.isprintable())
_Word = Annotated[str, Field(pattern=r"\S"), _LINE]
_Text = Annotated[str, Field(pattern=r"\S"), _must("a non-empty string", _is_text)]
_Strings = Annotated[
    list[Annotated[str, Field(pattern=r"\S"), _must("a non-blank string", _is_text)]],
    Field(json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
    _must("a list of strings", _is_list),
]


class GivenObject(BaseModel):
    """An object that goes to an endpoint as it was given, so it may hold more than is named here."""

    model_config = ConfigDict(extra="allow", strict=True, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _absent_is_null(cls, given: Any) -> Any:
        """The field of a key that is missing then says itself what it accepts."""
        if not isinstance(given, dict):
            return given
        missing = [name for name, one in cls.model_fields.items() if one.is_required() and name not in given]
        return {**given, **dict.fromkeys(missing)} if missing else given


class ContentPart(GivenObject):
    type: str
    text: str | None = Field(default=None, validate_default=True)

    @field_validator("text", mode="wrap")
    @classmethod
    def _text_of_a_text(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if info.data.get("type") == "text" and not isinstance(value, str):
            raise _slip(f"found {found(value)}; accepted: a string")
        return value


class CalledFunction(GivenObject):
    name: str
    arguments: str


class GivenCall(GivenObject):
    id: str
    function: CalledFunction


def _is_part(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


_Parts = list[Annotated[ContentPart, _must('{"type": "text", "text": ...}', _is_part)]]


def _form_of(content: Any) -> str:
    return "<text>" if isinstance(content, str) else "<parts>"


_Content = Annotated[Annotated[str, Tag("<text>")] | Annotated[_Parts, Tag("<parts>")], Discriminator(_form_of)]
"""The tags name the form in pydantic's place of an error; `_place` leaves them out."""


class CaseMessage(GivenObject):
    """A message in the chat-completions form."""

    role: Annotated[Role, _one_of(get_args(Role))]
    tool_calls: Annotated[list[Annotated[GivenCall, _or_else(_CALL)]], Field(min_length=1)] | None = None
    content: _Content | None = Field(default=None, validate_default=True)
    tool_call_id: str | None = Field(default=None, validate_default=True)

    @field_validator("tool_calls", mode="wrap")
    @classmethod
    def _calls_of_the_model(cls, calls: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        role = info.data.get("role")
        if calls is None or role is None:
            return None
        if role != "assistant":
            raise _slip(f"in a message of role {role!r}; accepted: in role assistant alone")
        if not _is_full_list(calls):
            raise _slip(f"found {found(calls)}; accepted: a non-empty list of calls")
        return handler(calls)

    @field_validator("content", mode="wrap")
    @classmethod
    def _content_or_calls(cls, content: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if content is None and info.data.get("tool_calls"):
            return None
        if not isinstance(content, str) and not _is_full_list(content):
            raise _slip(f"found {found(content)}; accepted: a string, or a list of parts")
        return handler(content)

    @field_validator("tool_call_id", mode="wrap")
    @classmethod
    def _id_of_a_result(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if info.data.get("role") == "tool" and not isinstance(value, str):
            raise _slip(f"found {found(value)}; accepted: the id of the call that it answers")
        return value


def _something_is_asked(messages: list[CaseMessage]) -> list[CaseMessage]:
    role = messages[-1].role
    if role not in _ASKING:
        at = f"[{len(messages) - 1}].role"
        raise _slip(f"found {role!r}, so nothing is asked; accepted: user or tool in the last message", at)
    return messages


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


class ToolFunction(GivenObject):
    name: Annotated[str, Field(min_length=1), _must("a non-empty string", lambda name: isinstance(name, str) and name)]
    parameters: Annotated[dict[str, Any], _must("a JSON schema object", _is_object)] = Field(default_factory=dict)


class GivenTool(GivenObject):
    type: Literal["function"]
    function: ToolFunction


def _is_tool(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "function" and isinstance(value.get("function"), dict)


def _tools_once(tools: list[GivenTool]) -> list[GivenTool]:
    names = [tool.function.name for tool in tools]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise _slip(f"{found(name)} is there twice; keep one", f"[{index}].function.name")
    return tools


class SchemaFormat(GivenObject):
    """The `json_schema` of a response format."""

    schema_: dict[str, Any] = Field(alias="schema")


class ResponseFormat(GivenObject):
    type: Annotated[Format, _one_of(get_args(Format))]
    json_schema: Annotated[SchemaFormat, _or_else('{"name": ..., "schema": {...}}')] | None = Field(
        default=None, validate_default=True
    )

    @field_validator("json_schema", mode="wrap")
    @classmethod
    def _schema_where_one_is_meant(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if info.data.get("type") != "json_schema":
            return None
        if value is None:
            raise _slip('found None; accepted: {"name": ..., "schema": {...}}')
        return handler(value)


def _is_format(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and value.get("type") is not None)


def _known_check(call: dict[str, Any]) -> dict[str, Any]:
    arguments = {name: value for name, value in call.items() if name != "check"}
    problem = checks.problem_with(call["check"], arguments)
    if problem:
        raise _slip(problem)
    return call


class _CheckSchema:
    """A call of a check in the schema: one of those that are registered now."""

    @staticmethod
    def __get_pydantic_json_schema__(schema: Any, handler: Any) -> dict[str, Any]:
        return {"oneOf": [_check(name) for name in sorted(checks.known())]}


def _is_call(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("check"), str)


_LEFT_OUT: Any = None
"""The default of a field that may be left out, but may not be null."""


class CaseLine(BaseModel):
    """One line of a case file over the defaults of its suite: the case format, which `case_schema` publishes."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        title="A case: one line of a *.jsonl file beside a suite.toml",
        json_schema_extra={
            "required": ["id"],  # suite.toml may give the others
            "oneOf": [{"required": ["prompt"]}, {"required": ["messages"]}],
            "anyOf": [{"required": [name], "properties": {name: {"minItems": 1}}} for name in ("targets", "checks")],
        },
    )

    id: Annotated[str, Field(pattern=ID_PATTERN), _or_else(_ID_WORDS), _LINE] = Field(
        description="Unique in the suite."
    )
    domain: _Word = Field(description="Subject matter; rates are given by domain.")
    language: Annotated[str, Field(pattern=LANGUAGE_PATTERN), _or_else("a code such as zh, en or pt-BR"), _LINE] = (
        Field(description="zh, en, pt-BR ...")
    )
    task: _Word = Field(description="copy, qa, rewrite, summarise, translate, table, list, json, tool ...")
    prompt: _Text = Field(default=_LEFT_OUT, description="One user message. Either this or messages.")
    messages: Annotated[
        list[Annotated[CaseMessage, _must("an object with role and content", _is_object)]],
        Field(min_length=1),
        AfterValidator(_something_is_asked),
        _must("a non-empty list of messages", _is_full_list),
    ] = Field(default=_LEFT_OUT)
    checks: Annotated[
        list[
            Annotated[
                dict[str, Any],
                _CheckSchema,
                AfterValidator(_known_check),
                _must('{"check": NAME, ...arguments}', _is_call),
            ]
        ],
        _must("a list of checks", _is_list),
    ] = Field(default_factory=list)
    targets: _Strings = Field(
        default_factory=list, description="Strings of the source that must come back code point for code point."
    )
    required: _Strings = Field(default=_LEFT_OUT, description="Those targets that may not be left out. Default: all.")
    tags: _Strings = Field(default_factory=list)
    tools: Annotated[
        list[Annotated[GivenTool, _must(_TOOL, _is_tool)]],
        AfterValidator(_tools_once),
        _must("a list of tools", _is_list),
    ] = Field(default_factory=list)
    response_format: Annotated[
        ResponseFormat | None, _must('{"type": text | json_object | json_schema}', _is_format)
    ] = None
    stream: Annotated[bool | None, _must("true or false", lambda value: value is None or isinstance(value, bool))] = (
        Field(default=None, description="Ask for a stream; default: as the model configures.")
    )

    @model_validator(mode="after")
    def _can_be_asked_and_judged(self) -> "CaseLine":
        given = self.model_fields_set
        if {"prompt", "messages"} <= given:
            raise _slip("given together with messages; accepted: one of the two", "prompt")
        if not given & {"prompt", "messages"}:
            raise _slip("missing; accepted: prompt or messages", "prompt")
        if not self.targets and not self.checks:
            raise _slip("empty, and no checks; a case needs one of the two to have a verdict", "targets")
        if problem := too_many(self.targets):
            raise _slip(problem, "targets")
        for target in self.required or ():
            if target not in self.targets:
                raise _slip(f"{found(target)} is not one of the targets{nearest(target, self.targets)}", "required")
        return self


CASE_FIELDS = frozenset(CaseLine.model_fields)
DEFAULT_FIELDS = CASE_FIELDS - {"id"}
_ALIKE = ("domain", "language", "task")
"""Fields of which many cases have the same: 10,000 cases share one text."""


def build_case(line: Mapping[str, Any], defaults: Mapping[str, Any], suite: str) -> Case:
    """A case from the fields of a line, over the defaults of its suite.

    Raises:
        BadLineError: the first field that is wrong, what was found and what is accepted.
    """
    fields = {**defaults, **line}
    # a line's own conversation takes the place of a default one, whichever of the two forms each has
    if "prompt" in line and "messages" not in line:
        fields.pop("messages", None)
    if "messages" in line and "prompt" not in line:
        fields.pop("prompt", None)
    try:
        CaseLine.model_validate(fields)
    except ValidationError as error:
        raise BadLineError(_first_slip(error)) from None
    try:
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadLineError(_LONE_SURROGATE) from None
    # the case keeps what was given, and not what the models above made of it: its digest pairs runs
    if "prompt" in fields:
        fields["messages"] = [{"role": "user", "content": fields.pop("prompt")}]
    calls = [dict(call) for call in fields.get("checks", [])]
    fields["checks"] = [CheckCall(check=call.pop("check"), arguments=call) for call in calls]
    fields.setdefault("required", fields.get("targets", []))
    for name in _ALIKE:
        fields[name] = intern(fields[name])
    case = Case.model_validate({**fields, "suite": suite})
    return lean(case, required=case.targets) if case.required == case.targets else lean(case)


def _first_slip(error: ValidationError) -> str:
    problems = error.errors(include_url=False)
    first = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    if first["type"] == "string_unicode":
        return _LONE_SURROGATE
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        return _unknown(name)
    if first["type"] == "missing":
        return (
            f"{name}: missing; accepted: a string{'' if name == 'id' else ', here or under [defaults] of suite.toml'}"
        )
    place = place_of([step for step in first["loc"] if not str(step).startswith("<")]) if first["loc"] else ""
    return f"{place}{first['ctx']['at']}: {first['msg']}"


def _unknown(name: str) -> str:
    if name == "suite":
        return "suite: unknown field; the folder's name is the suite"
    shown = name if name.isidentifier() and len(name) <= _LONGEST_SHOWN else found(name)
    return f"{shown}: unknown field{nearest(name, CASE_FIELDS)}; accepted: {', '.join(sorted(CASE_FIELDS))}"


def case_from(fields: Mapping[str, Any], suite: str) -> Case:
    """A case from the fields of a line that is in no file.

    Raises:
        SuiteError: what is wrong with it.
    """
    try:
        return build_case(fields, {}, suite)
    except BadLineError as error:
        raise SuiteError(str(error)) from None


class _Readable(GenerateJsonSchema):
    """Without titles that repeat the name of their field, and without the null of a field that may be left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def case_schema() -> dict[str, Any]:
    """The JSON schema of one line, derived from `CaseLine`, with the checks that are registered now.

    What a schema cannot say (ids are unique, `required` is part of `targets`, patterns are RE2's) the loader says.
    """
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= CaseLine.model_json_schema(schema_generator=_Readable)
    listed = schema["properties"]["checks"]
    schema["$defs"]["check"], listed["items"] = listed["items"], {"$ref": "#/$defs/check"}
    return schema


def _check(name: str) -> dict[str, Any]:
    parameters = checks.parameters_of(name)
    return {
        "type": "object",
        "description": (checks.known()[name].__doc__ or "").strip().split("\n")[0],
        "properties": {"check": {"const": name}, **{one.name: one.schema for one in parameters}},
        "required": ["check", *(one.name for one in parameters if one.required)],
        "additionalProperties": False,
    }
