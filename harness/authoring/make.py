"""A suite from a team's own strings: each gets a prompt, tasks and languages in equal shares, the same for one seed."""

import json
import random
import re
import shutil
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from harness.authoring.catalogue import Skipped, Term
from harness.authoring.findings import Placed
from harness.authoring.lint import Judging, LintResult, lint, unfit_checks, unfit_targets
from harness.errors import ConfigError, SuiteError
from harness.records import Record
from harness.suite import case_from

TASKS = ("copy", "qa", "rewrite", "summarise", "translate", "table", "list", "json", "dialogue", "tool")
LANGUAGES = ("zh", "en")
_PLACE = re.compile(r"\{(term|other|third)\}")


class ToolTemplate(Record):
    """A function with one string argument."""

    name: str
    description: str
    argument: str
    says: str


class TemplateMessage(Record):
    """One message of a template."""

    role: Literal["system", "user", "assistant"]
    content: str


class PromptTemplate(Record):
    """One entry of templates.toml."""

    name: str
    task: str
    language: str
    prompt: str | None = None
    messages: tuple[TemplateMessage, ...] = ()
    json_keys: tuple[str, ...] = Field(default=())
    tool: ToolTemplate | None = None

    @property
    def others(self) -> int:
        """How many strings beside the term it needs."""
        text = "".join([self.prompt or "", *(turn.content for turn in self.messages)])
        return len(set(_PLACE.findall(text)) - {"term"})

    def filled(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The fields of a case, but for id and domain. One pass: braces inside a term stay what they are."""

        def fill(text: str) -> str:
            return _PLACE.sub(lambda place: names[place[1]], text)

        fields: dict[str, Any] = {"language": self.language, "task": self.task}
        if self.prompt is not None:
            fields["prompt"] = fill(self.prompt)
        else:
            fields["messages"] = [{"role": turn.role, "content": fill(turn.content)} for turn in self.messages]
        fields["targets"] = [names["term"]]
        if self.json_keys:
            keys = list(self.json_keys)
            fields["checks"] = [{"check": "json_schema", "schema": {"type": "object", "required": keys}}]
        if self.tool is not None:
            fields["tools"] = [_tool(self.tool)]
            fields["checks"] = [{"check": "tool_called", "name": self.tool.name}]
        return fields | {"tags": [f"template:{self.name}"]}


def _tool(tool: ToolTemplate) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": {tool.argument: {"type": "string", "description": tool.says}},
        "required": [tool.argument],
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }


@cache
def shipped() -> tuple[PromptTemplate, ...]:
    """All templates, in file order."""
    text = (files("harness.authoring") / "templates.toml").read_text(encoding="utf-8")
    return tuple(PromptTemplate.model_validate(entry) for entry in tomllib.loads(text)["template"])


FILE_NAME = "cases.jsonl"
_TRIES = 200
"""How many random strings of the catalogue are looked at for one that may come beside the term."""


@dataclass(frozen=True, slots=True)
class Made:
    """Lines of a case file, and the terms that no template could carry."""

    lines: tuple[dict[str, Any], ...]
    skipped: tuple[Skipped, ...]


def make_lines(
    terms: Sequence[Term],
    templates: Sequence[PromptTemplate],
    *,
    cases: int,
    per_term: int,
    seed: int,
    judging: Judging,
) -> Made:
    """At most `cases` lines, at most `per_term` for one term. Every line is tried on the judge before it is kept."""
    chance = random.Random(seed)  # noqa: S311  (a draw that can be repeated, no secret)
    shares = _Shares(templates, chance)
    lines: list[dict[str, Any]] = []
    skipped: list[Skipped] = []
    used: Counter[str] = Counter()
    given: dict[str, set[tuple[str, str]]] = {}
    for _ in range(per_term):
        for term in chance.sample(terms, len(terms)):
            if len(lines) >= cases:
                return Made(tuple(lines), tuple(skipped))
            taken = given.setdefault(term.text, set())
            template = shares.next(term.domain, taken)
            names = _names(term, template, terms, chance) if template else None
            if template is None or names is None:
                continue
            kind = (template.task, template.language)
            number = used[f"{template.task}-{template.language}"] + 1
            line = {"id": f"{'-'.join(kind)}-{number:03d}", "domain": term.domain, **template.filled(names)}
            problem = _problem(line, judging)
            if problem:
                skipped.append(Skipped(term.row, problem))
                continue
            used["-".join(kind)] = number
            shares.count(term.domain, template)
            taken.add(kind)
            lines.append(line)
    return Made(tuple(lines), tuple(skipped))


class _Shares:
    """Which template is next: that whose task and language are rarest so far, in the domain first, then over all."""

    def __init__(self, templates: Sequence[PromptTemplate], chance: random.Random) -> None:
        self._templates = chance.sample(templates, len(templates))
        self._kinds: Counter[Any] = Counter()
        self._names: Counter[str] = Counter()

    def next(self, domain: str, taken: set[tuple[str, str]]) -> PromptTemplate | None:
        """None once a term has had every task in every language."""
        free = [one for one in self._templates if (one.task, one.language) not in taken]
        return min(free, key=lambda one: self._rank(domain, one), default=None)

    def _rank(self, domain: str, one: PromptTemplate) -> tuple[int, ...]:
        return (
            self._kinds[domain, one.task, one.language],
            self._kinds[domain, one.language],
            self._kinds[one.task, one.language],
            self._kinds[one.language],
            self._names[one.name],
        )

    def count(self, domain: str, one: PromptTemplate) -> None:
        for kind in ((domain, one.task, one.language), (domain, one.language), (one.task, one.language), one.language):
            self._kinds[kind] += 1
        self._names[one.name] += 1


def _names(
    term: Term, template: PromptTemplate, terms: Sequence[Term], chance: random.Random
) -> Mapping[str, str] | None:
    """The term and strings that may come beside it: none holds or looks like another. None if there are too few."""
    chosen = [term.text]
    for _ in range(_TRIES):
        if len(chosen) > template.others:
            return dict(zip(("term", "other", "third"), chosen, strict=False))
        candidate = chance.choice(terms).text
        if not any(_alike(candidate, one) for one in chosen):
            chosen.append(candidate)
    return None


def _alike(one: str, other: str) -> bool:
    first, second = (_letters(text) for text in (one, other))
    return first in second or second in first


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _problem(line: Mapping[str, Any], judging: Judging) -> str | None:
    try:
        case = case_from(line, "made")
    except SuiteError as error:
        return str(error)
    placed = Placed(case, Path(FILE_NAME), 0)
    findings = [*unfit_targets(placed, judging), *unfit_checks(placed, judging)]
    return next((finding.message for finding in findings), None)


def write_suite(out: Path, title: str, lines: Iterable[Mapping[str, Any]], judging: Judging) -> LintResult:
    """Write the suite folder whole or not at all, and lint it.

    Raises:
        ConfigError: something is at `out` already, or it cannot be written.
        SuiteError: the lint found an error.
    """
    if out.exists() or out.is_symlink():
        raise ConfigError(f"--out: {out} is there already, and nothing is overwritten; accepted: a new folder")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        workplace = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise ConfigError(f"--out: {out} cannot be written: {error.strerror or error}") from None
    try:
        folder = workplace / out.name
        folder.mkdir()
        # a JSON string is a TOML basic string too, so that no title can end it
        toml = f'title = {json.dumps(title)}\ndescription = "Made from a catalogue by `harness suites make`."\n'
        (folder / "suite.toml").write_text(toml, encoding="utf-8", newline="\n")
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / FILE_NAME).write_text(text, encoding="utf-8", newline="\n")
        result = lint([folder], judging)
        errors = [finding for finding in result.findings if finding.level == "error"]
        if errors:
            raise SuiteError(f"the suite would not be sound, and is not written: {errors[0].message}")
        folder.rename(out)
    except OSError as error:
        raise ConfigError(f"--out: {out} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return result
