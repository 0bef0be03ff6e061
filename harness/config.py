"""`[tool.harness]` of pyproject.toml.

Precedence, highest first: option on the command line, environment, pyproject.toml, default. Options are laid over
the values of this module by the face that reads them; docs/reference.md lists what the environment holds.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, field_validator

from harness.addresses import shown_address
from harness.errors import ConfigError, explain, found, nearest
from harness.files import is_portable, reading, toml_of
from harness.records import Record
from harness.records.policy import DEFAULT_POLICY, METRIC_DIRECTIONS, GatePolicy, Rule, parse_policy
from harness.text.channels import REASONING_TAGS

if TYPE_CHECKING:
    from harness.text import SymbolTable


Kind = Literal["openai", "responses", "litellm", "local", "callable", "outputs"]


def _variable_name(value: str) -> str:
    """A frequent slip is the key itself in the place of the name: it is not repeated in the message."""
    import re

    written = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value) and not re.fullmatch(r"(?=.*\d)[A-Za-z0-9]{24,}", value)
    if not written:
        raise ValueError(
            "not the name of an environment variable; accepted: a name such as OPENAI_API_KEY. If it is a key, take it "
            "out, revoke it, and put the new one into a variable"
        )
    return value


VariableName = Annotated[str, AfterValidator(_variable_name)]
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_ENDPOINT_FIELDS = ("kind", "base_url", "model", "api_key_env", "weights", "adapters", "function", "outputs")
_OWN_FIELDS = ("version", "base", "training_data", "trained_domains", "training", "repair", "price")
_ANONYMOUS = "openai:"
_LIMIT = 1_000_000
"""Bytes of a pyproject.toml."""
_OUR_HEADERS = ("content-length", "content-type", "host", "transfer-encoding", "accept-encoding", "connection")
_SAID_ELSEWHERE = {
    "messages": "the prompt of each case (a system prompt: system)",
    "input": "the prompt of each case (a system prompt: system)",
    "model": "the model of the configuration (its name there: model)",
}
"""Fields of a request that `extra_body` may not hold, and what they would replace."""
_CONNECTION = {"verify", "api_key_header", "attempts", "patience_s", "ca_bundle", "client_certificate", "client_key"}
_NOT_PART_OF_THE_ANSWER = {
    "name",
    "version",
    "lineage",
    "threads",
    "max_concurrency",
    "rpm",
    "tpm",
    "allow_hosts",
    "batch",
    *_CONNECTION,
}


class Price(Record):
    """Money for a million tokens, in `currency`."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    currency: str = "USD"


class Reasoning(Record):
    """What a model writes before its answer. It is cut off before judging, wherever the endpoint puts it."""

    tags: tuple[
        Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_:-]*|\[[A-Za-z0-9][A-Za-z0-9_:-]*\])$")], ...
    ] = REASONING_TAGS
    """Names of the tags round it in the text of an answer: `think`, `[THINK]` with its brackets, `harmony` for the
    channels of gpt-oss; none to judge the text as it is."""
    keep: bool = True
    """Whether run records keep it."""


class FromEnvironment(Record):
    """A value that is in an environment variable, because it is secret."""

    env: VariableName = Field(json_schema_extra={"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"})


class ModelConfig(Record):
    """One entry of `[tool.harness.models]`, with what it inherits from `base` filled in."""

    name: str
    kind: Kind = "openai"
    version: str = Field(default="1", pattern=NAME_PATTERN)
    base_url: str | None = None
    model: str | None = None
    """What the request's `model` field says; default: the name."""
    api_key_env: VariableName | None = None
    api_key_header: str | None = Field(default=None, pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
    """The header that carries the key as it is, such as `api-key` for Azure; default: `Authorization: Bearer KEY`."""
    headers: dict[str, str | FromEnvironment] = Field(default_factory=dict)
    """Sent with every request; `{ env = "NAME" }` for a value that is secret."""
    query: dict[str, str] = Field(default_factory=dict)
    """Added to the address of every request, such as `{ api-version = "2024-10-21" }`."""
    ca_bundle: str | None = None
    """A PEM file of certificates that are trusted beside those of the system."""
    client_certificate: str | None = None
    """A PEM file that says who asks, for servers that want to know; its key is in it or in `client_key`."""
    client_key: str | None = None
    verify: bool = True
    """False accepts any certificate; then no key is sent."""
    weights: str | None = None
    adapters: tuple[str, ...] = ()
    context_length: int = Field(default=4096, ge=256)
    threads: int = Field(default=0, ge=0)
    """Of the embedded server; 0 means one per core, at most 8. The answers do not depend on it."""
    function: str | None = None
    record_http: bool = False
    """Of a function: record all its HTTP too, so that a replay runs the function again, offline."""
    allow_hosts: tuple[str, ...] = ()
    """With `record_http`: hosts whose requests are made in every mode and are not recorded."""
    outputs: str | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | Literal["default"] = 0.0
    """"default" sends none, for endpoints that refuse the parameter."""
    max_tokens: Annotated[int, Field(ge=1)] | Literal["default"] = 512
    seed: int | None = None
    stream: bool = False
    logprobs: bool = False
    """Ask for token probabilities, and keep that of each sign that must survive (llama.cpp, vLLM, OpenAI give them)."""
    system: str | None = None
    extra_body: dict[str, Any] = Field(
        default_factory=dict, json_schema_extra={"propertyNames": {"not": {"enum": list(_SAID_ELSEWHERE)}}}
    )
    reasoning: Reasoning = Field(default_factory=Reasoning)
    training_data: tuple[str, ...] = ()
    trained_domains: tuple[str, ...] = ()
    training: dict[str, Any] | None = None
    base: str | None = None
    repair: Literal["restore", "collapse"] | None = None
    price: Price | None = None
    batch: Literal["openai", "ark"] | None = None
    """Form of the Batch API for `--batch`. [default: by the address]"""
    max_concurrency: int = Field(default=8, ge=1)
    rpm: int | None = Field(default=None, ge=1)
    tpm: int | None = Field(default=None, ge=1)
    timeout_s: float = Field(default=120.0, gt=0)
    attempts: int = Field(default=5, ge=1)
    """Requests for one answer, where asking again may help."""
    patience_s: float = Field(default=180.0, ge=0)
    """How long an endpoint that is away (502, 503, 504, 529, no connection) is waited for: a server may restart."""
    lineage: tuple[str, ...] = ()

    @field_validator("headers", mode="before")
    @classmethod
    def _variables_of_headers_are_names(cls, value: Any) -> Any:
        # before the union of text and table is tried: its message would repeat what was found
        for content in value.values() if isinstance(value, dict) else ():
            if isinstance(content, dict) and isinstance(content.get("env"), str):
                _variable_name(content["env"])
        return value

    @field_validator("headers")
    @classmethod
    def _headers_can_be_sent(cls, value: dict[str, str | FromEnvironment]) -> dict[str, str | FromEnvironment]:
        import re

        for name, content in value.items():
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                raise ValueError(f"found the name {name!r}; accepted: a name of an HTTP header")
            if name.lower() in _OUR_HEADERS:
                raise ValueError(f"{name}: is set by the client; accepted: other headers (the key: api_key_env)")
            if isinstance(content, str) and not (content.isascii() and content.isprintable()):
                raise ValueError(f"{name}: holds a character that no header can carry; accepted: printable ASCII")
        return value

    @field_validator("extra_body")
    @classmethod
    def _cases_say_what_is_asked(cls, value: dict[str, Any]) -> dict[str, Any]:
        # it is sent over what the case and the model say, so every case would be judged on another question
        for name, place in _SAID_ELSEWHERE.items():
            if name in value:
                raise ValueError(f"found {name!r}, which would be sent in place of {place}; accepted: other fields")
        return value

    @field_validator("name")
    @classmethod
    def _name_is_a_folder_name(cls, value: str) -> str:
        import re

        if not re.fullmatch(NAME_PATTERN, value):
            raise ValueError(f"found {value!r}; accepted: letters, digits, '.', '_' and '-', a letter or digit first")
        return value

    @field_validator("name", "version")
    @classmethod
    def _folders_can_have_the_name(cls, value: str) -> str:
        if not is_portable(value):
            raise ValueError(
                f"found {value!r}, which no folder on Windows can be called; accepted: a name without a dot at its end "
                "and not the name of a device there (CON, NUL, AUX.txt)"
            )
        return value

    @property
    def label(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def request_model(self) -> str:
        """The `model` field of the requests."""
        return self.model or self.name

    def public(self) -> dict[str, Any]:
        """The settings as a run record keeps them: no default, no user name or password in the address."""
        settings = self.model_dump(mode="json", exclude_defaults=True, exclude=_NOT_PART_OF_THE_ANSWER)
        if self.base_url:
            settings["base_url"] = shown_address(self.base_url)
        return settings

    @property
    def digest(self) -> str:
        """SHA-256 of the public settings."""
        text = json.dumps(self.public(), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class HarnessConfig(Record):
    """The whole `[tool.harness]` table."""

    suites: tuple[str, ...] = ("suites",)
    cassettes: str = "cassettes"
    reports: str = "reports"
    checks: tuple[str, ...] = ()
    suite_python: tuple[str, ...] = ()
    """Files with Python in suites that `pytest --model` may run: conftest.py, test_*.py, __init__.py."""
    symbols: dict[str, Any] = Field(default_factory=dict)
    models: dict[str, dict[str, Any]] = Field(default_factory=dict)
    gate: dict[str, Any] = Field(default_factory=dict)
    drift: dict[str, Any] = Field(default_factory=dict)
    root: Path = Path()

    @field_validator("models")
    @classmethod
    def _no_two_models_share_a_folder(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        seen: dict[str, str] = {}
        for name in value:
            other = seen.setdefault(name.casefold(), name)
            if other != name:
                raise ValueError(
                    f"found {other!r} and {name!r}, which are one folder on Windows and macOS; accepted: names that "
                    "differ in more than capitals"
                )
        return value


def load(start: Path) -> HarnessConfig:
    """The table of the nearest pyproject.toml at or above `start`; without one, the defaults."""
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            return read(path)
    return HarnessConfig(root=start)


def read(path: Path) -> HarnessConfig:
    """The `[tool.harness]` table of one file."""
    with reading(path, ConfigError, form="TOML"):
        content = toml_of(path, limit=_LIMIT)
    table = content.get("tool", {}).get("harness", {})
    if "root" in table:
        raise ConfigError(f"{path}: [tool.harness] root: unknown field")
    try:
        return HarnessConfig.model_validate({**table, "root": path.parent})
    except ValidationError as error:
        message = explain(error, HarnessConfig).replace(", root", "")
        raise ConfigError(f"{path}: [tool.harness] {message}") from error


def config_schema(*, whole: bool = False) -> dict[str, Any]:
    """The JSON Schema of `[tool.harness]`, derived from the classes that read it; `whole`: of pyproject.toml around it.

    Draft 7, the newest that taplo and Even Better TOML read. What a schema cannot say (`base` names another model, the
    bounds of a rule fit its metric) the loader says.
    """
    from harness.records.policy import DriftPolicy
    from harness.records.training import Recipe

    definitions: dict[str, Any] = {}
    tables = {
        one: _table_schema(one, definitions) for one in (HarnessConfig, ModelConfig, GatePolicy, DriftPolicy, Recipe)
    }
    table, of_model = tables[HarnessConfig], tables[ModelConfig]
    for schema, filled_in in ((table, ("root",)), (of_model, ("name", "lineage"))):
        for name in filled_in:
            del schema["properties"][name]
        schema.pop("required", None)  # what the loader fills in, and nothing else
    of_model["properties"]["training"] = tables[Recipe]
    lookalikes = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 1}}
    symbol = {"type": "object", "properties": {"lookalikes": lookalikes}, "additionalProperties": False}
    table["properties"] |= {
        "models": {"type": "object", "propertyNames": {"pattern": NAME_PATTERN}, "additionalProperties": of_model},
        "gate": tables[GatePolicy],
        "drift": tables[DriftPolicy],
        "symbols": {"type": "object", "propertyNames": {"maxLength": 1}, "additionalProperties": symbol},
    }
    head = {"$schema": "http://json-schema.org/draft-07/schema#"}
    definitions["Rule"]["properties"]["metric"]["enum"] = list(METRIC_DIRECTIONS)
    if whole:
        holder: dict[str, Any] = {"type": "object", "properties": {"harness": table}}
        return {**head, "type": "object", "properties": {"tool": holder}, "definitions": definitions}
    return {**head, **table, "title": "[tool.harness]", "definitions": definitions}


def _table_schema(table: type[Record], definitions: dict[str, Any]) -> dict[str, Any]:
    """One table without `null`, which TOML has not, and with the words of its fields; what it refers to is added."""
    schema = table.model_json_schema(ref_template="#/definitions/{model}")
    inner = {one.__name__: one for one in (Price, Reasoning, FromEnvironment, Rule)}
    for name, one in schema.pop("$defs", {}).items():
        definitions[name] = _readable(one, inner[name])
    readable: dict[str, Any] = _readable(schema, table)
    return readable


def _readable(schema: Any, table: type[Record] | None = None) -> Any:
    if isinstance(schema, list):
        return [_readable(one) for one in schema if one != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _readable(value) for key, value in schema.items() if not (key == "default" and value is None)}
    if len(kept.get("anyOf", ())) == 1:
        kept |= kept.pop("anyOf")[0]
    if table is not None:
        kept.pop("title", None)
        for name, words in _words_of(table).items():
            kept["properties"][name]["description"] = words
        for field in kept["properties"].values():
            field.pop("title", None)
    return kept


def _words_of(table: type[Record]) -> dict[str, str]:
    """The text below each field of a class: it is in the source alone."""
    import ast
    import inspect

    try:
        body = ast.parse(inspect.getsource(table)).body[0]
    except OSError:  # an installation without its source
        return {}
    assert isinstance(body, ast.ClassDef)
    words: dict[str, str] = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
            words[field.target.id] = " ".join(str(ast.literal_eval(after.value)).split())
    return words


def symbols(config: HarnessConfig) -> SymbolTable:
    """`[tool.harness.symbols]` over the built-in table.

    Raises:
        ConfigError: what is wrong with it.
    """
    from harness.text import DEFAULT_SYMBOLS, SymbolTable

    if not config.symbols:
        return DEFAULT_SYMBOLS
    try:
        return SymbolTable.from_mapping(config.symbols)
    except ValueError as error:
        raise ConfigError(f"{config.root / 'pyproject.toml'}: [tool.harness] {error}") from error


def model(config: HarnessConfig, name: str, *, base_url: str | None = None) -> ModelConfig:
    """A model by its name in the registry, or `openai:NAME` without any configuration.

    Raises:
        ConfigError: unknown name (the message suggests a similar one), unknown key, or a loop of `base`.
    """
    if name.startswith(_ANONYMOUS):
        return _anonymous(name.removeprefix(_ANONYMOUS), base_url)
    settings, lineage = _resolve(config, name, ())
    if base_url is not None:
        settings["base_url"] = base_url
    try:
        return ModelConfig.model_validate({**settings, "name": name, "lineage": lineage})
    except ValidationError as error:
        message = explain(error, ModelConfig).replace(", lineage", "").replace(", name", "")
        raise ConfigError(f"{_where(config, name)} {message}") from error


def name_to_ask(config: HarnessConfig, name: str, model_name: str) -> str:
    """What `--model` takes to ask a model again: its name in the settings, else `openai:` and its model name."""
    return name if name in config.models else f"{_ANONYMOUS}{model_name}"


def pytest_options(config: HarnessConfig, name: str, model_name: str, base_url: str | None) -> list[str]:
    """The options of pytest that ask a model again; one that the settings do not name is written out."""
    asked = f"--model={name_to_ask(config, name, model_name)}"
    if name in config.models:
        return [asked]
    words = [asked, *([f"--base-url={base_url}"] if base_url else [])]
    return words if any((config.root / one).exists() for one in config.suites) else [*words, "--suites=builtin"]


_OVER_RUNS = ("pytest ", *(f"harness {name} " for name in ("compare", "runs", "report", "show", "drift", "gate")))


def over_runs_in(config: HarnessConfig, reports: Path, command: str) -> str:
    """The command for the folder that these runs are in, where it is not the one of the settings."""
    if not command.startswith(_OVER_RUNS) or reports.resolve() == (config.root / config.reports).resolve():
        return command
    here = reports.resolve()
    named = here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else reports
    return f"{command} {shlex.join([f'--report-dir={named.as_posix()}'])}"


def _anonymous(model_name: str, base_url: str | None) -> ModelConfig:
    import re

    name = re.sub(r"[^A-Za-z0-9._-]+", "-", model_name).strip("-._")
    if not name:
        raise ConfigError("--model=openai:NAME: the name is empty; accepted: openai:NAME, as the endpoint knows it")
    from harness.addresses import key_belongs

    # a server of one's own wants no key, and OpenAI's key is none of its business
    has_key = "OPENAI_API_KEY" in os.environ
    keyless = base_url is not None and not (has_key and key_belongs("OPENAI_API_KEY", base_url))
    return ModelConfig(
        name=name,
        model=model_name,
        base_url=base_url or os.environ.get("OPENAI_BASE_URL"),
        api_key_env=None if keyless else "OPENAI_API_KEY",
    )


def _where(config: HarnessConfig, name: str) -> str:
    return f"{config.root / 'pyproject.toml'}: [tool.harness.models.{name}]"


def _resolve(config: HarnessConfig, name: str, above: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Own settings over those of `base`, and the labels of all bases, nearest first."""
    if name not in config.models:
        raise ConfigError(_unknown(config, name))
    own = dict(config.models[name])
    accepted = set(ModelConfig.model_fields) - {"name", "lineage"}
    for key in own:
        if key not in accepted:
            raise ConfigError(
                f"{_where(config, name)} {key}: unknown key{nearest(key, accepted)}; "
                f"accepted: {', '.join(sorted(accepted))}"
            )
    base = own.get("base")
    if base is None:
        return own, ()
    if base in (*above, name):
        raise ConfigError(f"{_where(config, name)} base: {' -> '.join((*above, name, base))} is a loop")
    inherited, lineage = _resolve(config, base, (*above, name))
    label = f"{base}@{inherited.get('version', '1')}"
    settings = {key: value for key, value in inherited.items() if key not in _OWN_FIELDS}
    if any(field in own for field in _ENDPOINT_FIELDS):
        # its requests go elsewhere: they must not look identical to those of the base
        settings.pop("model", None)
    else:
        settings.setdefault("model", base)
    for field in ("training_data", "trained_domains"):
        merged = [*inherited.get(field, ()), *own.get(field, ())]
        settings[field] = list(dict.fromkeys(merged))
    own_settings = {key: value for key, value in own.items() if key not in ("training_data", "trained_domains")}
    return {**settings, **own_settings}, (label, *lineage)


def _unknown(config: HarnessConfig, name: str) -> str:
    names = sorted(config.models)
    if not names:
        return (
            f"model {name!r} is not configured: there is no [tool.harness.models] in "
            f"{config.root / 'pyproject.toml'}; accepted: a name from there, or openai:NAME with --base-url=URL "
            "(run: harness init)"
        )
    return f"unknown model {name!r}{nearest(name, names)}; accepted: {', '.join(names)}, or openai:NAME"


def read_policy(file: Path | None, table: Mapping[str, Any]) -> tuple[GatePolicy, str]:
    """The policy in force and where it comes from, in words.

    `table` is `[tool.harness.gate]` of the project; an empty one means the default. A file of its own may
    hold the keys at the top or, like pyproject.toml, under `[tool.harness.gate]`.
    """
    if file is not None:
        data = _toml(file)
        own = _gate_table(data)
        return parse_policy(data if own is None else own, str(file)), str(file)
    if table:
        where = "pyproject.toml [tool.harness.gate]"
        return parse_policy(table, where), where
    return DEFAULT_POLICY, "default promotion policy"


def _toml(file: Path) -> dict[str, Any]:
    with reading(file, ConfigError, form="TOML"):
        try:
            return toml_of(file)
        except FileNotFoundError as error:
            raise ConfigError(f"{file}: no such policy file; expected TOML with the keys of docs/gate.md") from error


def _gate_table(data: dict[str, Any]) -> dict[str, Any] | None:
    value: Any = data
    for key in ("tool", "harness", "gate"):
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    if not isinstance(value, dict):
        raise ConfigError(f"[tool.harness.gate]: found {found(value)}, expected a table")
    return value
