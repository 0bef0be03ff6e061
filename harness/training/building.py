"""A training set assembled by program: templates filled with strings, and answers of a run that were right."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from harness.records.explain import explain
from harness.records.record import Record
from harness.records.run import RunRecord
from harness.records.training import TrainingError, TrainingSample, Turn


class Template(Record):
    """A question and its answer with `{string}` where a string goes. `{damaged}` shows it with spaced symbols."""

    domain: str
    prompt: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    system: str | None = None
    strings: tuple[str, ...] = Field(min_length=1)


def read_templates(path: Path) -> list[Template]:
    """Templates of a file, one JSON object a line.

    Raises:
        TrainingError: a bad line, a template without `{string}` in its answer, or `{damaged}` in its answer.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read: {error}") from error
    templates = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            template = Template.model_validate(json.loads(line))
        except ValidationError as error:
            raise TrainingError(f"{path}:{number}: {explain(error, Template)}") from error
        except (ValueError, RecursionError) as error:
            raise TrainingError(f"{path}:{number}: not JSON: {error}; accepted: one template a line") from error
        for field in ("prompt", "answer"):
            if "{string}" not in getattr(template, field):
                raise TrainingError(f"{path}:{number}: {field}: holds no {{string}}; the answer must give it back")
        if "{damaged}" in template.answer:
            raise TrainingError(f"{path}:{number}: answer: holds {{damaged}}; the model would learn the damage")
        templates.append(template)
    return templates


def from_templates(templates: Sequence[Template], *, seed: int) -> list[TrainingSample]:
    """One sample for each template and string, in a seeded order."""
    samples = [_filled(template, string) for template in templates for string in template.strings]
    random.Random(seed).shuffle(samples)  # noqa: S311 - reproducible order, no secret
    return samples


def _filled(template: Template, string: str) -> TrainingSample:
    def fill(text: str) -> str:
        return text.replace("{damaged}", spaced(string)).replace("{string}", string)

    system = [Turn(role="system", content=fill(template.system))] if template.system else []
    return TrainingSample(
        messages=(
            *system,
            Turn(role="user", content=fill(template.prompt)),
            Turn(role="assistant", content=fill(template.answer)),
        ),
        domain=template.domain,
    )


def spaced(string: str) -> str:
    """The string with the defect: a space on both sides of each symbol."""
    return "".join(f" {char} " if char in "-/" else char for char in string)


def from_run(run: RunRecord, *, domains: Collection[str]) -> tuple[list[TrainingSample], list[str]]:
    """Right answers of a run as gold, and the cases that they come from; no `domains` means all.

    A stronger model's verbatim answers teach a weaker one. Cases with tool calls are left out.
    """
    samples, cases = [], []
    for case in run.cases:
        if case.outcome != "aligned" or case.channel == "tool" or (domains and case.domain not in domains):
            continue
        try:
            turns = tuple(Turn.model_validate(message) for message in case.messages)
            gold = Turn(role="assistant", content=case.samples[0].output)
        except ValidationError:
            continue
        samples.append(TrainingSample(messages=(*turns, gold), domain=case.domain))
        cases.append(case.key)
    return samples, cases
