"""promptfoo's configurations as cases: prompts with variables, assertions as named checks.

Nothing of a configuration is run: a JavaScript or Python assertion, a template with logic and a reference to a file
outside the folder are left out with their place and the reason.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from pathlib import Path
from typing import Any

from harness.authoring.importing import ImportedSuite, add_case, escaped, read_rows, text_of
from harness.authoring.make import sniffed
from harness.errors import ConfigError, found

_YAML_LIMIT = 4 << 20
_VALUES_LIMIT = 200_000
"""Values of a YAML document after its aliases: a few lines can stand for millions."""
_COMBINATIONS = 1000


def _data(path: Path) -> Any:
    """YAML or JSON."""
    if path.suffix.lower() == ".json":
        return _json(path)
    text = text_of(path, _YAML_LIMIT)
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        value = yaml.load(text, Loader=loader)  # noqa: S506  # a safe loader: plain values alone
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())[:300]}") from None
    if _size(value, {}, 0) > _VALUES_LIMIT:
        raise ConfigError(f"{path}: stands for more than {_VALUES_LIMIT:,} values, or for itself, by its aliases")
    return value


def _size(value: Any, known: dict[int, int], depth: int) -> int:
    """How many values a document stands for when every alias is written out; over the limit for one in itself."""
    if not isinstance(value, dict | list):
        return 1
    if depth > 100:
        return _VALUES_LIMIT + 1
    if id(value) not in known:
        known[id(value)] = _VALUES_LIMIT + 1  # what is met again inside itself
        members = value.values() if isinstance(value, dict) else value
        known[id(value)] = min(_VALUES_LIMIT + 1, 1 + sum(_size(one, known, depth + 1) for one in members))
    return known[id(value)]


def _json(path: Path) -> Any:
    try:
        return json.loads(text_of(path))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not JSON: {error}") from None


_SIMPLE = re.compile(r"\{\{-?\s*([A-Za-z_][\w.]*)\s*-?\}\}")
_LOGIC = re.compile(r"\{%|\{#|\{\{")


class _NotCarriedError(Exception):
    """Why a part is left out."""


def read_promptfoo(path: Path, made: ImportedSuite) -> None:
    config = _data(path)
    if not isinstance(config, dict):
        raise ConfigError(f"{path}: found {found(config)}; accepted: a promptfoo configuration with prompts and tests")
    folder = path.parent.resolve()
    prompts = list(_prompts(config.get("prompts"), folder, made))
    if not prompts:
        raise ConfigError(f"{path}: no prompt that can be carried over; accepted: prompts as texts or files of texts")
    default = config.get("defaultTest")
    default = default if isinstance(default, dict) else {}
    for name in ("scenarios", "redteam", "transform"):
        if config.get(name):
            made.leave(name, "not carried over")
    for place, test in _tests(config.get("tests"), folder, made):
        _add_test(place, test, default=default, prompts=prompts, folder=folder, made=made)


def _prompts(given: Any, folder: Path, made: ImportedSuite) -> Iterator[tuple[str, str]]:
    listed = given if isinstance(given, list) else list(given) if isinstance(given, dict) else [given]
    for number, one in enumerate(listed):
        place = f"prompts[{number}]"
        raw = one.get("raw") or one.get("id") if isinstance(one, dict) else one
        if not isinstance(raw, str):
            made.leave(place, f"found {found(raw)}; a text or a file of text is carried over")
            continue
        try:
            if raw.startswith("file://") or (len(raw) < 260 and "\n" not in raw and _is_file(folder, raw)):
                raw = _inside(folder, raw.removeprefix("file://"), (".txt", ".json", ".yaml", ".yml", ".md", ".j2"))
                pieces = re.split(r"(?m)^---\s*$", raw)
            else:
                pieces = [raw]
        except _NotCarriedError as error:
            made.leave(place, str(error))
            continue
        for piece in pieces:
            if piece.strip():
                yield place, piece.strip()


def _is_file(folder: Path, name: str) -> bool:
    return bool(re.search(r"\.(txt|json|ya?ml|md|j2|js|ts|py|csv)(:\w+)?$", name)) and " " not in name


def _inside(folder: Path, name: str, endings: Sequence[str]) -> str:
    """The text of a file that a configuration names, under its own folder alone."""
    if not name.lower().endswith(tuple(endings)):
        raise _NotCarriedError(f"{name}: not a file of {', '.join(endings)}; nothing is run")
    if any(sign in name for sign in "*?["):
        raise _NotCarriedError(f"{name}: a pattern of files; name them one by one")
    path = Path(os.path.realpath(folder / name))
    if not path.is_relative_to(folder):
        raise _NotCarriedError(f"{name}: outside the folder of the configuration; it is not read")
    if not path.is_file():
        raise _NotCarriedError(f"{name}: no such file")
    try:
        return text_of(path, _YAML_LIMIT)
    except ConfigError as error:
        raise _NotCarriedError(str(error)) from None


def _tests(given: Any, folder: Path, made: ImportedSuite) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(given, str):
        yield from _tests_of_file("tests", given, folder, made)
        return
    for number, one in enumerate(given if isinstance(given, list) else []):
        place = f"tests[{number}]"
        if isinstance(one, str):
            yield from _tests_of_file(place, one, folder, made)
        elif isinstance(one, dict):
            yield place, one
        else:
            made.leave(place, f"found {found(one)}; accepted: a test with vars and assert")
    if not given:
        made.leave("tests", "there are none")


def _tests_of_file(place: str, name: str, folder: Path, made: ImportedSuite) -> Iterator[tuple[str, dict[str, Any]]]:
    name = name.removeprefix("file://")
    try:
        text = _inside(folder, name, (".csv", ".yaml", ".yml", ".json", ".jsonl"))
        if name.lower().endswith(".csv"):
            rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=sniffed(text)))
            yield from ((f"{name}, row {number}", _csv_test(row)) for number, row in enumerate(rows, start=2))
            return
        if name.lower().endswith(".jsonl"):
            listed = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            listed = _data(Path(os.path.realpath(folder / name)))
    except (_NotCarriedError, ConfigError, csv.Error, ValueError) as error:
        made.leave(place, str(error))
        return
    for number, one in enumerate(listed if isinstance(listed, list) else [listed]):
        if isinstance(one, dict):
            yield f"{name}[{number}]", one


def _csv_test(row: Mapping[str, str | None]) -> dict[str, Any]:
    """A row of promptfoo's CSV of tests: `__expected` and its numbered kin are assertions, others are variables."""
    expected = [cell for name, cell in row.items() if name and name.startswith("__expected") and cell]
    asserts: list[dict[str, Any]] = []
    for cell in expected:
        kind, colon, value = cell.partition(":")
        known = bool(colon) and bool(re.fullmatch(r"[a-z][a-z-]*(?:\([\d.]+\))?", kind))
        asserts.append({"type": kind, "value": value.strip()} if known else {"type": "equals", "value": cell})
    return {"vars": {n: c or "" for n, c in row.items() if n and not n.startswith("__")}, "assert": asserts}


def _add_test(
    place: str,
    test: dict[str, Any],
    *,
    default: dict[str, Any],
    prompts: Sequence[tuple[str, str]],
    folder: Path,
    made: ImportedSuite,
) -> None:
    variables: dict[str, Any] = {}
    for given in (default.get("vars"), test.get("vars")):
        if isinstance(given, dict):
            variables |= given
        elif given:
            made.leave(f"{place}.vars", f"found {found(given)}; accepted: an object")
    asserts = [*_list(default.get("assert")), *_list(test.get("assert"))]
    for name in ("options", "provider", "providerOutput", "threshold", "assertScoringFunction"):
        if test.get(name):
            made.leave(f"{place}.{name}", "not carried over")
    try:
        listed = {name: _variable(value, folder) for name, value in variables.items()}
    except _NotCarriedError as error:
        made.leave(f"{place}.vars", str(error))
        return
    many = [(name, value if isinstance(value, list) else [value]) for name, value in listed.items()]
    combinations = list(islice(product(*(values for _, values in many)), _COMBINATIONS + 1))
    if len(combinations) > _COMBINATIONS:
        made.leave(f"{place}.vars", f"more than {_COMBINATIONS} combinations; the first {_COMBINATIONS} are cases")
    for values in combinations[:_COMBINATIONS]:
        one = dict(zip((name for name, _ in many), values, strict=True))
        try:
            checks = _checks(place, asserts, one, folder, made)
        except _NotCarriedError as error:
            made.leave(place, str(error))
            continue
        for of_prompt, prompt in prompts:
            try:
                add_case(made, f"{place} with {of_prompt}", _rendered_prompt(prompt, one), checks)
            except _NotCarriedError as error:
                made.leave(f"{place} with {of_prompt}", str(error))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _variable(value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return [_variable(one, folder) for one in value]
    if isinstance(value, str) and _LOGIC.search(value):
        raise _NotCarriedError("a variable that is a template itself")
    if isinstance(value, str) and value.startswith("file://"):
        return _inside(folder, value.removeprefix("file://"), (".txt", ".md", ".json", ".yaml", ".yml"))
    return value


def _rendered(text: str, variables: Mapping[str, Any]) -> str:
    """A template with its variables. Logic, filters and the environment are Nunjucks' own and are not run."""

    def value(match: re.Match[str]) -> str:
        one: Any = variables
        for step in match[1].split("."):
            if not isinstance(one, Mapping) or step not in one:
                raise _NotCarriedError(f"the template names {match[1]!r}, which no variable is")
            one = one[step]
        return one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)

    if _LOGIC.search(_SIMPLE.sub("", text)):
        raise _NotCarriedError("a template with logic, a filter or a comment; only {{ name }} is carried over")
    return _SIMPLE.sub(value, text)


def _rendered_prompt(prompt: str, variables: Mapping[str, Any]) -> str | list[dict[str, Any]]:
    if prompt.startswith("["):
        # a chat in JSON: the variables are set in its texts, so that a quote in one breaks nothing
        try:
            chat = json.loads(prompt)
        except ValueError:
            chat = None
        if isinstance(chat, list) and chat and all(isinstance(one, dict) and "role" in one for one in chat):
            if not all(isinstance(one.get("content"), str) for one in chat):
                raise _NotCarriedError("a chat whose content is not text")
            return [{"role": one["role"], "content": _rendered(one["content"], variables)} for one in chat]
    return _rendered(prompt, variables)


def _checks(
    place: str, asserts: Sequence[Any], variables: Mapping[str, Any], folder: Path, made: ImportedSuite
) -> list[dict[str, Any]]:
    checks: list[dict[str, Any]] = []
    for number, one in enumerate(asserts):
        at = f"{place}.assert[{number}]"
        if isinstance(one, dict) and one.get("type") == "assert-set" and not one.get("threshold"):
            checks += _checks(at, _list(one.get("assert")), variables, folder, made)
            continue
        if not isinstance(one, dict) or not isinstance(one.get("type"), str):
            made.leave(at, f"found {found(one)}; accepted: an assertion with a type")
            continue
        for name in ("transform", "threshold", "contextTransform"):
            if one.get(name) is not None:
                made.leave(f"{at}.{name}", "not carried over")
        try:
            if one.get("transform"):
                raise _NotCarriedError("what it asserts is the output of a transform")
            checks += _check(one["type"], _asserted(one.get("value"), variables, folder))
        except _NotCarriedError as error:
            made.leave(at, f"{one['type']}: {error}")
    return checks


def _asserted(value: Any, variables: Mapping[str, Any], folder: Path) -> Any:
    if isinstance(value, list):
        return [_asserted(one, variables, folder) for one in value]
    if not isinstance(value, str):
        return value
    if value.startswith("file://"):
        value = _inside(folder, value.removeprefix("file://"), (".txt", ".json", ".md"))
    return _rendered(value, variables)


def _check(kind: str, value: Any) -> list[dict[str, Any]]:
    """The named checks of one assertion. Raises _NotCarriedError where there is none."""
    negated, plain = kind.startswith("not-"), kind.removeprefix("not-")
    ignore = plain in ("icontains", "icontains-all", "icontains-any")
    more = {"ignore_case": True} if ignore else {}
    plain = plain.removeprefix("i") if ignore else plain
    texts = value if isinstance(value, list) else [one.strip() for one in str(value).split(",")]
    if plain == "equals" and not negated:
        if isinstance(value, dict | list):
            return [{"check": "json_equals", "value": value}]
        return [{"check": "equals", "value": _text(value), "strip": False}]
    if plain == "equals":
        return [{"check": "not_regex", "pattern": rf"\A{escaped(_text(value))}\z"}]
    if plain == "contains":
        return [{"check": "not_contains" if negated else "contains", "value": _text(value), **more}]
    if (plain == "contains-all" and not negated) or (plain == "contains-any" and negated):
        return [{"check": "not_contains" if negated else "contains", "value": _text(one), **more} for one in texts]
    if plain == "contains-any" and texts:
        pattern = "|".join(escaped(_text(one)) for one in texts)
        return [{"check": "regex", "pattern": f"(?i:{pattern})" if ignore else f"(?:{pattern})"}]
    if plain == "starts-with":
        return [{"check": "not_regex" if negated else "regex", "pattern": rf"\A{escaped(_text(value))}"}]
    if plain == "regex":
        return [{"check": "not_regex" if negated else "regex", "pattern": _text(value)}]
    if plain == "is-json" and not negated:
        if isinstance(value, str) and value.strip():
            try:
                value = json.loads(value)
            except ValueError:
                raise _NotCarriedError("its schema is not JSON") from None
        return [{"check": "json_schema", "schema": value if isinstance(value, dict) else {}}]
    raise _NotCarriedError("no named check does the same; write one in Python, or leave it to promptfoo")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        raise _NotCarriedError(f"found {found(value)}; a text is carried over")
    return json.dumps(value)


def import_file(kind: str, path: Path) -> ImportedSuite:
    """The cases of a file of one of KINDS. Nothing is written.

    Raises:
        ConfigError: the file cannot be read, or is of another form; it says what is accepted.
    """
    made = ImportedSuite()
    (read_promptfoo if kind == "promptfoo" else read_rows)(path, made)
    made.lines = [{"id": f"{kind}-{number:04d}", **line} for number, line in enumerate(made.lines, start=1)]
    return made
