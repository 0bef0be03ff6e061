"""The damaged answers of a run as new samples: the right string put back by program, then checked again."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from harness.decisions.exposure import find_leaks
from harness.errors import explain
from harness.files import LINE_LIMIT, json_lines
from harness.records import Record
from harness.records.case import HELD_OUT
from harness.records.run import CaseResult, RunRecord, SampleResult
from harness.records.training import TrainingError, TrainingMessage, TrainingSample
from harness.text import check, repair


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a run gave.

    `cases` are those that a version trained on the samples has met; `skipped` says why a damaged case is not a sample.
    """

    samples: tuple[TrainingSample, ...]
    cases: tuple[str, ...]
    skipped: dict[str, str]


def harvest(
    run: RunRecord,
    *,
    suites: Collection[str] = (),
    domains: Collection[str] = (),
    limit: int | None = None,
    held_out: Collection[str] = (),
    seed: int = 7,
) -> Harvest:
    """One sample for each damaged case; answers that cannot be put right are skipped with the reason.

    Args:
        suites: take these alone; empty for all. `domains` is the same.
        limit: at most so many samples, spread over the domains in a seeded order.
        held_out: keys of cases that no training set may hold, besides those that were tagged so in the run.
    """
    samples: dict[str, TrainingSample] = {}
    cases, skipped = [], {}
    kept_out = {case.key for case in run.cases if case.key in held_out or HELD_OUT in case.tags}
    guarded = {target for case in run.cases if case.key in kept_out for target in case.targets}
    damaged = [
        case
        for case in run.cases
        if case.outcome == "damaged"
        and (not suites or case.suite in suites)
        and (not domains or case.domain in domains)
    ]
    for case in damaged if limit is None else _spread(damaged, seed):
        if len(samples) == limit:
            break
        if case.key in kept_out:
            skipped[case.key] = "held out of training"
            continue
        sample, reason = _sample(case)
        if sample is not None and guarded and find_leaks((sample.text,), guarded):
            sample, reason = None, "its text holds a string of a case that is held out of training"
        if sample is None:
            skipped[case.key] = reason
        elif sample.source in samples:
            skipped[case.key] = "the same prompt as another case"
        else:
            samples[sample.source] = sample
            cases.append(case.key)
    return Harvest(tuple(samples.values()), (*cases, *_also_met(run, cases, list(samples.values()))), skipped)


def _spread(cases: Sequence[CaseResult], seed: int) -> list[CaseResult]:
    """One case of each domain after the other, both in a seeded order."""
    generator = random.Random(seed)  # noqa: S311 - reproducible order, no secret
    by_domain: dict[str, list[CaseResult]] = {}
    for case in generator.sample(list(cases), len(cases)):
        by_domain.setdefault(case.domain, []).append(case)
    rounds = max(map(len, by_domain.values()), default=0)
    return [group[turn] for turn in range(rounds) for group in by_domain.values() if turn < len(group)]


def _also_met(run: RunRecord, used: list[str], samples: list[TrainingSample]) -> list[str]:
    # a prompt may hold strings that another case tests: that case is trained on too
    others = [case for case in run.cases if case.key not in used]
    met = find_leaks((sample.text for sample in samples), {target for case in others for target in case.targets})
    return [case.key for case in others if met.intersection(case.targets)]


def _sample(case: CaseResult) -> tuple[TrainingSample | None, str]:
    if case.channel == "tool":
        return None, "the damage is in tool arguments, which are not text that can be learnt"
    damaged = next((sample for sample in case.samples if sample.outcome == "damaged"), None)
    if damaged is None:
        return None, "no damaged answer is kept"
    try:
        turns = tuple(TrainingMessage.model_validate(message) for message in case.messages)
    except ValidationError:
        return None, "the prompt holds more than system, user and assistant texts"
    gold = corrected([turn.content for turn in turns], _received(damaged), case)
    if gold is None:
        return None, "the damage could not be put right by program"
    return TrainingSample(messages=(*turns, TrainingMessage(role="assistant", content=gold)), domain=case.domain), ""


def _received(sample: SampleResult) -> str:
    return sample.raw_output if sample.raw_output is not None else sample.output


def corrected(sources: Sequence[str], answer: str, case: CaseResult) -> str | None:
    """The answer with every required target verbatim, or None.

    `repair` fixes what it is sure of; in a text answer, what is still damaged is replaced mention by mention, because
    here the case says which string is meant.
    """
    channel = "json" if case.channel == "json" else "text"
    text = repair(sources, answer, case.targets, channel=channel).text
    if channel == "text":
        left = check(sources, text, case.targets).mentions
        spans = [(one.start, one.end, target) for target, found in left.items() for one in found if one.is_damage]
        for start, end, target in sorted(spans, reverse=True):
            text = text[:start] + target + text[end:]
    text = repair(sources, text, channel=channel).text  # the strings that the case does not test are learnt as well
    verdicts = check(sources, text, case.targets, channel=channel).verdicts
    if any(verdicts[target] != "verbatim" for target in case.required):
        return None
    verdicts |= check(sources, text, channel=channel).verdicts
    return text if set(verdicts.values()) <= {"verbatim", "absent"} else None


class SampleTemplate(Record):
    """A question and its answer with `{string}` where a string goes. `{damaged}` shows it with spaced symbols."""

    domain: str
    prompt: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    system: str | None = None
    strings: tuple[str, ...] = Field(min_length=1)


def read_templates(path: Path) -> list[SampleTemplate]:
    """Templates of a file, one JSON object a line.

    Raises:
        TrainingError: a bad line, a template without `{string}` in its answer, or `{damaged}` in its answer.
    """
    templates = []
    for number, value in json_lines(path, TrainingError, limit=LINE_LIMIT, hint="accepted: one template a line"):
        try:
            template = SampleTemplate.model_validate(value)
        except ValidationError as error:
            raise TrainingError(f"{path}:{number}: {explain(error, SampleTemplate)}") from error
        for field in ("prompt", "answer"):
            if "{string}" not in getattr(template, field):
                raise TrainingError(f"{path}:{number}: {field}: holds no {{string}}; the answer must give it back")
        if "{damaged}" in template.answer:
            raise TrainingError(f"{path}:{number}: answer: holds {{damaged}}; the model would learn the damage")
        templates.append(template)
    return templates


def from_templates(templates: Sequence[SampleTemplate], *, seed: int) -> list[TrainingSample]:
    """One sample for each template and string, in a seeded order."""
    samples = [_filled(template, string) for template in templates for string in template.strings]
    random.Random(seed).shuffle(samples)  # noqa: S311 - reproducible order, no secret
    return samples


def _filled(template: SampleTemplate, string: str) -> TrainingSample:
    def fill(text: str) -> str:
        return text.replace("{damaged}", spaced(string)).replace("{string}", string)

    system = [TrainingMessage(role="system", content=fill(template.system))] if template.system else []
    return TrainingSample(
        messages=(
            *system,
            TrainingMessage(role="user", content=fill(template.prompt)),
            TrainingMessage(role="assistant", content=fill(template.answer)),
        ),
        domain=template.domain,
    )


def spaced(string: str) -> str:
    """The string with the defect: a space on both sides of each symbol."""
    return "".join(f" {char} " if char in "-/" else char for char in string)


def from_run(
    run: RunRecord, *, domains: Collection[str], held_out: Collection[str] = ()
) -> tuple[list[TrainingSample], list[str]]:
    """Right answers of a run as gold, and the cases that they come from; no `domains` means all.

    A stronger model's verbatim answers teach a weaker one. Cases with tool calls are left out, and those that are held
    out of training, with every prompt that holds one of their strings.
    """
    samples, cases = [], []
    kept_out = {case.key for case in run.cases if case.key in held_out or HELD_OUT in case.tags}
    guarded = {target for case in run.cases if case.key in kept_out for target in case.targets}
    for case in run.cases:
        if case.outcome != "aligned" or case.channel == "tool" or (domains and case.domain not in domains):
            continue
        if case.key in kept_out:
            continue
        try:
            turns = tuple(TrainingMessage.model_validate(message) for message in case.messages)
            gold = TrainingMessage(role="assistant", content=case.samples[0].output)
        except ValidationError:
            continue
        sample = TrainingSample(messages=(*turns, gold), domain=case.domain)
        if guarded and find_leaks((sample.text,), guarded):
            continue
        samples.append(sample)
        cases.append(case.key)
    return samples, cases
