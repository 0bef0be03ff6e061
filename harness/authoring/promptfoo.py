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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import count, islice, product
from pathlib import Path
from typing import Any

from harness.authoring.hosted_evals import read_hosted
from harness.authoring.importing import (
    NAME,
    ImportedSuite,
    add_case,
    csv_rows,
    escaped,
    foreign_json,
    plain_yaml,
    read_rows,
    text_of,
    value_at,
)
from harness.authoring.make import sniffed
from harness.checks.builtin import pattern_problem
from harness.errors import ConfigError, found

_YAML_LIMIT = 4 << 20
_COMBINATIONS = 1000


def _data(path: Path) -> Any:
    """YAML or JSON."""
    if path.suffix.lower() == ".json":
        return _json(path)
    try:
        return plain_yaml(text_of(path, _YAML_LIMIT))
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def _json(path: Path) -> Any:
    try:
        return foreign_json(text_of(path))
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from None


_NAME = re.compile(rf"\{{\{{-?\s*({NAME})\s*(?:\|\s*(dump|safe|trim|upper|lower)\s*)?-?\}}\}}")
_LOGIC = re.compile(r"\{%|\{#|\{\{")
_FILTERS: dict[str | None, Callable[[str], str]] = {
    None: str,
    "safe": str,
    "trim": str.strip,
    "upper": str.upper,
    "lower": str.lower,
    "dump": lambda text: json.dumps(text, ensure_ascii=False),
}
_ADDRESS = re.compile(r"(?!file://)[A-Za-z][\w+.-]*://")
_MOST_FILES = 1000

Prompt = str | list[dict[str, Any]]


class _NotCarriedError(Exception):
    """Why a part is left out."""


@dataclass(frozen=True, slots=True)
class _Template:
    """A prompt before its variables, and the names by which a test may choose it."""

    place: str
    names: tuple[str, ...]
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class _Project:
    """A configuration and what all of its tests share."""

    config: dict[str, Any]
    folder: Path
    made: ImportedSuite
    prompts: tuple[_Template, ...] = ()
    default: dict[str, Any] = field(default_factory=dict)


def read_promptfoo(path: Path, made: ImportedSuite) -> None:
    config = _data(path)
    if isinstance(config, dict) and "results" in config and isinstance(config.get("config"), dict):
        results, config = config["results"], config["config"]  # of a run, which hold what was run
        if not config.get("prompts"):
            _add_results(results, _Project(config, path.parent.resolve(), made))
            return
    if not isinstance(config, dict):
        raise ConfigError(f"{path}: found {found(config)}; accepted: a promptfoo configuration with prompts and tests")
    project = _Project(config, path.parent.resolve(), made)
    prompts = tuple(_prompts(project))
    if not prompts:
        first = f"; {made.left_out[0].place}: {made.left_out[0].reason}" if made.left_out else ""
        raise ConfigError(
            f"{path}: no prompt that can be carried over; accepted: prompts as texts or files of texts{first}"
        )
    for name in ("redteam", "transform", "extensions", "nunjucksFilters"):
        if config.get(name):
            made.leave(name, "not carried over")
    providers = config.get("providers") or config.get("targets")
    if providers:
        made.notes.append("providers: not part of a suite; name the model with --model")
    project = replace(project, prompts=prompts, default=_default(project))
    given = config.get("tests")
    if given:
        for place, test in _tests("tests", given, project):
            _add_test(place, test, project)
    scenarios = config.get("scenarios")
    for number, scenario in enumerate(scenarios if isinstance(scenarios, list) else []):
        for place, test in _scenario(f"scenarios[{number}]", scenario, project):
            _add_test(place, test, project)
    if not given and not scenarios:
        made.leave("tests", "there are none")


def _add_results(results: Any, project: _Project) -> None:
    """The tests of results that came without their configuration: prompts as they were sent, with their assertions."""
    for number, one in enumerate(_list(results.get("results") if isinstance(results, dict) else results)):
        place = f"results[{number}]"
        test = _object(_object(one).get("testCase"))
        prompt = _object(one).get("prompt")
        raw = prompt.get("raw") if isinstance(prompt, dict) else prompt
        if not isinstance(raw, str) or not raw.strip():
            project.made.leave(place, f"its prompt: found {found(raw)}; accepted: a text")
            continue
        variables = _object(_object(one).get("vars")) or _object(test.get("vars"))
        asserts = [(f"{place}.assert[{place_of}]", said) for place_of, said in enumerate(_list(test.get("assert")))]
        if any(_object(test.get("options")).get(name) for name in _OPTIONS):
            project.made.leave(place, "what is asserted is the output of a transform")
            continue
        add_case(project.made, place, _chat(raw.strip()) or raw.strip(), _checks(asserts, variables, project))


def _default(project: _Project) -> dict[str, Any]:
    """What every test has; `defaultTest` may be in a file of its own."""
    given = project.config.get("defaultTest")
    if isinstance(given, str):
        found_tests = list(_tests_of_file("defaultTest", given, project))
        given = found_tests[0][1] if found_tests else None
    if given is not None and not isinstance(given, dict):
        project.made.leave("defaultTest", f"found {found(given)}; accepted: an object, or a file of one")
    default = given if isinstance(given, dict) else {}
    _leave_settings("defaultTest", default, project.made)
    return default


def _scenario(place: str, scenario: Any, project: _Project) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each set of variables of a scenario with each of its tests."""
    if not isinstance(scenario, dict):
        project.made.leave(place, f"found {found(scenario)}; accepted: an object with config and tests")
        return
    sets = list(_tests(f"{place}.config", scenario.get("config"), project))
    for of_set, given in sets or [(place, {})]:
        for of_test, test in _tests(f"{place}.tests", scenario.get("tests") or [{}], project):
            variables = {**_object(given.get("vars")), **_object(test.get("vars"))}
            yield f"{of_test} with {of_set}", {**given, **test, "vars": variables}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _prompts(project: _Project) -> Iterator[_Template]:
    given = project.config.get("prompts")
    named = given if isinstance(given, dict) else {}
    listed = given if isinstance(given, list) else list(named) or [given]
    for number, one in enumerate(listed):
        place = f"prompts[{number}]"
        raw = one.get("raw") or one.get("id") if isinstance(one, dict) else one
        label = one.get("label") if isinstance(one, dict) else named.get(one) if isinstance(one, str) else None
        if not isinstance(raw, str):
            project.made.leave(place, f"found {found(raw)}; a text or a file of text is carried over")
            continue
        names = tuple(name for name in (label, raw) if isinstance(name, str))
        try:
            if raw.startswith("file://") or (len(raw) < 260 and "\n" not in raw and _is_file(raw)):
                for name in _files(project.folder, raw.removeprefix("file://")):
                    yield from (_Template(place, (*names, name), one) for one in _of_file(project.folder, name))
            elif raw.strip():
                yield _Template(place, names, _chat(raw.strip()) or raw.strip())
        except _NotCarriedError as error:
            project.made.leave(place, str(error))


def _is_file(name: str) -> bool:
    return bool(re.search(r"\.(txt|jsonl?|ya?ml|md|j2|[jt]s|py|csv)(:\w+)?$", name)) and " " not in name


def _of_file(folder: Path, name: str) -> Iterator[Prompt]:
    """The prompts of a file, as promptfoo cuts it."""
    text = _inside(folder, name, (".txt", ".json", ".yaml", ".yml", ".md", ".j2", ".csv"))
    ending = name.lower().rpartition(".")[2]
    if ending == "csv" and len(_cells(text)) > 1:
        yield from (row["prompt"].strip() for _, row in csv_rows(text) if (row.get("prompt") or "").strip())
    elif ending == "csv":
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        yield from lines[1:] if lines and lines[0].lower() == "prompt" else lines
    elif ending in ("json", "yaml", "yml"):
        chat = _chat(text)
        if chat is None and ending != "json":
            raise _NotCarriedError(f"{name}: accepted in YAML: a list of messages with role and content")
        yield chat or text.strip()
    else:
        for piece in re.split(r"(?m)^[ \t]*---[ \t]*\r?$", text) if ending == "txt" else [text]:
            if piece.strip():
                yield _chat(piece.strip()) or piece.strip()


def _cells(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=sniffed(text)), [])


def _chat(text: str) -> list[dict[str, Any]] | None:
    """Messages written as JSON, or as a YAML list of roles; None for any other text."""
    if not text.lstrip().startswith(("[", "- role:")):
        return None
    try:
        chat = foreign_json(text) if text.lstrip().startswith("[") else plain_yaml(text)
    except ValueError:
        return None
    if isinstance(chat, list) and chat and all(isinstance(one, dict) and "role" in one for one in chat):
        return chat
    return None


def _files(folder: Path, name: str) -> list[str]:
    """A name, or the files that a pattern finds under the folder."""
    if not any(sign in name for sign in "*?[") or _ADDRESS.match(name):
        return [name]
    try:
        paths = sorted(islice((path for path in folder.glob(name) if path.is_file()), _MOST_FILES + 1))
    except (NotImplementedError, ValueError, IndexError, OSError):  # of `glob`: for `/abs/*`, `**x`, `.`, no right
        paths = []
    if not paths:
        raise _NotCarriedError(f"{name}: no file there under the folder of the configuration")
    if len(paths) > _MOST_FILES:
        raise _NotCarriedError(f"{name}: more than {_MOST_FILES} files")
    return [os.path.relpath(path, folder) for path in paths]


def _inside(folder: Path, name: str, endings: Sequence[str]) -> str:
    """The text of a file that a configuration names, under its own folder alone."""
    if _ADDRESS.match(name):
        raise _NotCarriedError(f"{name}: an address; nothing is fetched, name a file")
    if not name.lower().endswith(tuple(endings)):
        raise _NotCarriedError(f"{name}: not a file of {', '.join(endings)}; nothing is run")
    path = Path(os.path.realpath(folder / name))
    if not path.is_relative_to(folder):
        raise _NotCarriedError(f"{name}: outside the folder of the configuration; it is not read")
    if not path.is_file():
        raise _NotCarriedError(f"{name}: no such file")
    try:
        return text_of(path, _YAML_LIMIT)
    except ConfigError as error:
        raise _NotCarriedError(str(error)) from None


def _tests(place: str, given: Any, project: _Project) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(given, str):
        yield from _tests_of_file(place, given, project)
        return
    if not isinstance(given, list):
        project.made.leave(place, f"found {found(given)}; accepted: a list of tests, or a file of them; nothing is run")
        return
    for number, one in enumerate(given):
        at = f"{place}[{number}]"
        if isinstance(one, str):
            yield from _tests_of_file(at, one, project)
        elif isinstance(one, dict) and "path" in one:
            project.made.leave(at, f"{found(one['path'])}: a program that makes tests; nothing is run")
        elif isinstance(one, dict):
            yield at, one
        else:
            project.made.leave(at, f"found {found(one)}; accepted: a test with vars and assert")


def _tests_of_file(place: str, name: str, project: _Project) -> Iterator[tuple[str, dict[str, Any]]]:
    folder = project.folder
    try:
        for one in _files(folder, name.removeprefix("file://")):
            yield from _tests_in(folder, one, project)
    except (_NotCarriedError, ConfigError, csv.Error, ValueError) as error:
        project.made.leave(place, str(error))


def _tests_in(folder: Path, name: str, project: _Project) -> Iterator[tuple[str, dict[str, Any]]]:
    text = _inside(folder, name, (".csv", ".yaml", ".yml", ".json", ".jsonl"))
    if name.lower().endswith(".csv"):
        yield from ((f"{name}, row {number}", _csv_test(row)) for number, row in csv_rows(text))
        return
    if name.lower().endswith(".jsonl"):
        try:
            listed = [foreign_json(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise ConfigError(f"{folder / name}: not JSON lines: {error}") from None
    else:
        listed = _data(Path(os.path.realpath(folder / name)))
    for number, one in enumerate(listed if isinstance(listed, list) else [listed]):
        if isinstance(one, dict):
            yield f"{name}[{number}]", one
        else:
            project.made.leave(f"{name}[{number}]", f"found {found(one)}; accepted: a test with vars and assert")


_CSV_ASSERTION = re.compile(r"((?:not-)?[a-z][a-z-]*)(?:\(([\d.]+)\))?(?::(.*))?", re.DOTALL)


def _csv_test(row: Mapping[str, str]) -> dict[str, Any]:
    """A row of promptfoo's CSV of tests: columns with two underscores are its own, others are variables."""
    asserts: list[dict[str, Any]] = []
    for cell in (cell.strip() for name, cell in row.items() if name.startswith("__expected")):
        match = _CSV_ASSERTION.fullmatch(cell)
        if cell and match and match[1].removeprefix("not-") in _KINDS:
            asserts.append({"type": match[1], "value": match[3].strip() if match[3] is not None else None})
        elif cell:
            asserts.append({"type": "equals", "value": cell})
    own = {name[2:]: cell for name, cell in row.items() if name.startswith("__") and cell}
    return {
        "vars": {name: cell for name, cell in row.items() if name and not name.startswith("__")},
        "assert": asserts,
        "options": {name: own[name] for name in ("prefix", "suffix") if name in own},
        **{name: own[name] for name in ("providerOutput", "threshold") if name in own},
        **{name: own[name] for name in own if name.startswith("config:")},
    }


_CARRIED = frozenset(
    (
        "equals",
        "contains",
        "icontains",
        "contains-all",
        "contains-any",
        "icontains-all",
        "icontains-any",
        "starts-with",
        "regex",
        "is-json",
    )
)
_KINDS = _CARRIED | set(
    re.split(
        r"\s+",
        """answer-relevance bleu classifier contains-html contains-json contains-sql contains-xml context-faithfulness
        context-recall context-relevance conversation-relevance cost eval factuality finish-reason fn g-eval gleu grade
        guardrails is-html is-refusal is-sql is-valid-function-call is-valid-openai-function-call
        is-valid-openai-tools-call is-xml javascript latency levenshtein llm-rubric meteor model-graded-closedqa
        model-graded-factuality moderation perplexity perplexity-score pi python rouge-n search-rubric similar
        trace-error-spans trace-span-count trace-span-duration webhook word-count""",
    )
)
"""What promptfoo takes for a kind of assertion in a cell: any other cell is a text that the answer must equal."""
_SETTINGS = ("provider", "providers", "providerOutput", "threshold", "assertScoringFunction")
_OPTIONS = ("transform", "postprocess", "transformVars")
"""Options of a test that change what is asked or judged; a model that grades is of assertions that are left out."""


def _leave_settings(place: str, test: Mapping[str, Any], made: ImportedSuite) -> None:
    for name in (*_SETTINGS, *(name for name in test if name.startswith("config:"))):
        if test.get(name):
            made.leave(f"{place}.{name}", "not carried over")


def _add_test(place: str, test: dict[str, Any], project: _Project) -> None:
    made, default = project.made, project.default
    _leave_settings(place, test, made)
    options = {**_object(default.get("options")), **_object(test.get("options"))}
    variables: dict[str, Any] = {}
    for given in (default.get("vars"), test.get("vars")):
        if isinstance(given, dict):
            variables |= given
        elif given:
            made.leave(f"{place}.vars", f"found {found(given)}; accepted: an object")
    asserts = [(f"defaultTest.assert[{number}]", one) for number, one in enumerate(_list(default.get("assert")))]
    asserts += [(f"{place}.assert[{number}]", one) for number, one in enumerate(_list(test.get("assert")))]
    try:
        if any(options.get(name) for name in _OPTIONS):
            raise _NotCarriedError("what is asserted is the output of a transform")
        listed = {name: _variable(value, project.folder) for name, value in variables.items()}
    except _NotCarriedError as error:
        made.leave(f"{place}.vars" if "transform" not in str(error) else place, str(error))
        return
    whole = options.get("disableVarExpansion")
    many = [value if isinstance(value, list) and not whole else [value] for value in listed.values()]
    combinations = list(islice(product(*many), _COMBINATIONS + 1))
    if len(combinations) > _COMBINATIONS:
        made.leave(f"{place}.vars", f"more than {_COMBINATIONS} combinations; the first {_COMBINATIONS} are cases")
    wanted = test.get("prompts")
    for values in combinations[:_COMBINATIONS]:
        one = dict(zip(listed, values, strict=True))
        checks = _checks(asserts, one, project)
        for template in project.prompts:
            if isinstance(wanted, list) and not _chosen(template.names, wanted):
                continue
            at = f"{place} with {template.place}"
            try:
                add_case(made, at, _rendered_prompt(template.prompt, one, options), checks)
            except _NotCarriedError as error:
                made.leave(at, str(error))


def _chosen(names: Sequence[str], wanted: Sequence[Any]) -> bool:
    return any(fnmatchcase(name, str(pattern)) for name in names for pattern in wanted)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _variable(value: Any, folder: Path) -> Any:
    """The value, or the text of the file that it names. A pattern of files is as many values."""
    if isinstance(value, list):
        return [_variable(one, folder) for one in value]
    if isinstance(value, str) and _LOGIC.search(value):
        raise _NotCarriedError("a variable that is a template itself")
    if isinstance(value, str) and value.startswith("file://"):
        endings = (".txt", ".md", ".json", ".yaml", ".yml", ".csv", ".html", ".xml", ".sql")
        texts = []
        for name in _files(folder, value.removeprefix("file://")):
            text = _inside(folder, name, endings).strip()
            texts.append(json.dumps(plain_yaml(text), ensure_ascii=False) if name.endswith(("yaml", "yml")) else text)
        return texts if len(texts) > 1 else texts[0]
    return value


def _rendered(text: str, variables: Mapping[str, Any]) -> str:
    """A template with its variables. Logic, other filters and the environment are Nunjucks' own and are not run."""

    def value(match: re.Match[str]) -> str:
        try:
            one = value_at(variables, match[1])
        except ValueError as error:
            raise _NotCarriedError(str(error)) from None
        if not isinstance(one, str):
            return json.dumps(one, ensure_ascii=False)
        return _FILTERS[match[2]](one)

    if _LOGIC.search(_NAME.sub("", text)):
        raise _NotCarriedError("a template with logic, a filter or a comment; only {{ name }} is carried over")
    return _NAME.sub(value, text)


def _rendered_prompt(prompt: Prompt, variables: Mapping[str, Any], options: Mapping[str, Any]) -> Prompt:
    """With the variables. In a chat they are set in its texts, so that a quote in one breaks nothing."""
    around = [str(options.get(name) or "") for name in ("prefix", "suffix")]
    if isinstance(prompt, str):
        text = _rendered(f"{around[0]}{prompt}{around[1]}", variables)
        return _chat(text) or text
    if any(around):
        raise _NotCarriedError("a prefix or suffix of a chat")
    if not all(isinstance(one.get("content"), str) for one in prompt):
        raise _NotCarriedError("a chat whose content is not text")
    return [{"role": one["role"], "content": _rendered(one["content"], variables)} for one in prompt]


def _checks(
    asserts: Sequence[tuple[str, Any]], variables: Mapping[str, Any], project: _Project
) -> list[dict[str, Any]]:
    checks: list[dict[str, Any]] = []
    for at, written in asserts:
        shared = isinstance(written, dict) and isinstance(written.get("$ref"), str)
        one = _referred(written["$ref"], project.config) if shared else written
        if not isinstance(one, dict) or not isinstance(one.get("type"), str):
            project.made.leave(at, f"found {found(one)}; accepted: an assertion with a type")
            continue
        if one["type"] == "assert-set" and not one.get("threshold"):
            inner = [(f"{at}.assert[{number}]", member) for number, member in enumerate(_list(one.get("assert")))]
            checks += _checks(inner, variables, project)
            continue
        try:
            if one["type"].removeprefix("not-") not in _CARRIED:
                raise _NotCarriedError("no named check does the same; write one in Python, or leave it to promptfoo")
            if one.get("transform") or one.get("contextTransform"):
                raise _NotCarriedError("what it asserts is the output of a transform")
            if one.get("weight") == 0:
                raise _NotCarriedError("its weight is 0: it cannot fail a test")
            checks += _check(one["type"], _asserted(one.get("value"), variables, project.folder))
        except _NotCarriedError as error:
            project.made.leave(at, f"{one['type']}: {error}")
    return checks


def _referred(pointer: str, config: dict[str, Any]) -> Any:
    """What `#/assertionTemplates/name` stands for in the same file."""
    value: Any = config
    for step in pointer.removeprefix("#").strip("/").split("/"):
        value = value.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
    return value


def _asserted(value: Any, variables: Mapping[str, Any], folder: Path) -> Any:
    if isinstance(value, list):
        return [_asserted(one, variables, folder) for one in value]
    if not isinstance(value, str):
        return value
    if value.startswith("file://"):
        value = _inside(folder, value.removeprefix("file://"), (".txt", ".json", ".md", ".yaml", ".yml"))
    return _rendered(value, variables)


def _check(kind: str, value: Any) -> list[dict[str, Any]]:
    """The named checks of one assertion. Raises _NotCarriedError where there is none."""
    negated, plain = kind.startswith("not-"), kind.removeprefix("not-")
    ignore = plain in ("icontains", "icontains-all", "icontains-any")
    more = {"ignore_case": True} if ignore else {}
    plain = plain.removeprefix("i") if ignore else plain
    texts = value if isinstance(value, list) else _listed(str(value))
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
        return [{"check": "not_regex" if negated else "regex", "pattern": _pattern(_text(value))}]
    if plain == "is-json" and not negated:
        try:
            value = plain_yaml(value) if isinstance(value, str) and value.strip() else value
        except ValueError as error:
            raise _NotCarriedError(f"its schema is {error}") from None
        return [{"check": "json_schema", "schema": value if isinstance(value, dict) else {}}]
    raise _NotCarriedError("no named check does the same; write one in Python, or leave it to promptfoo")


def _listed(text: str) -> list[str]:
    """Texts with commas between them, some of them in quotes."""
    return [one.strip().removeprefix('"').removesuffix('"') for one in re.findall(r'\s*"[^"]*"\s*|[^,]+', text)]


def _pattern(text: str) -> str:
    """A pattern of JavaScript for RE2. Raises _NotCarriedError where RE2 has no such pattern."""
    text = re.sub(r"\\u([0-9A-Fa-f]{4})", r"\\x{\1}", text)
    problem = pattern_problem(pattern=text)
    if problem:
        raise _NotCarriedError(problem)
    return text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        raise _NotCarriedError(f"found {found(value)}; a text is carried over")
    return json.dumps(value)


def import_file(kind: str, path: Path, sheet: str | None = None) -> ImportedSuite:
    """The cases of a file of one of KINDS, of a workbook those of the sheet. Nothing is written.

    Raises:
        ConfigError: the file cannot be read, or is of another form; it says what is accepted.
    """
    made = ImportedSuite()
    if kind != "openai-evals" or not read_hosted(path, made):
        if kind == "promptfoo":
            read_promptfoo(path, made)
        else:
            read_rows(path, made, sheet)
    numbers = (name for name in (f"{kind}-{number:04d}" for number in count(1)) if name not in made.names)
    made.lines = [line if "id" in line else {"id": next(numbers), **line} for line in made.lines]
    return made
