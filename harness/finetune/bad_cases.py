"""The bad cases of a run as new samples, each with a right answer to its very prompt as gold."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from harness.decisions.exposure import find_leaks
from harness.errors import explain
from harness.files import LINE_LIMIT, json_lines
from harness.finetune.validate import sample_problems, template
from harness.records import Record
from harness.records.answer import Completion, ToolCall
from harness.records.case import HELD_OUT, Case, Domain
from harness.records.run import GOOD, CaseResult, RunRecord, SampleResult
from harness.records.training import TrainingCall, TrainingError, TrainingFunction, TrainingMessage, TrainingSample
from harness.text import check, repair


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a run gave.

    `cases` are those that a version trained on the samples has met; `skipped` says why a case is not a sample.
    """

    samples: tuple[TrainingSample, ...]
    cases: tuple[str, ...]
    skipped: dict[str, str]


@dataclass(frozen=True, slots=True)
class GoldSources:
    """Where a gold answer comes from, the first that has one: a damaged answer may be wrong in other ways too."""

    stronger: RunRecord | None = None
    """A run whose right answers to the same prompts are taken."""
    right: Mapping[str, Sequence[Completion]] = field(default_factory=dict)
    """Right answers that the suites hold, by `suite/id`, of cases that have not changed since the run."""
    tools: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Tools of the cases, by `suite/id`: a run record does not hold them."""
    mended: bool = False
    """Last, the weak answer with its strings put right by program: its other errors stay."""


class _Guard:
    """What may not be in any sample: strings and wordings of the cases that are held out."""

    def __init__(self, held: Iterable[Case | CaseResult]) -> None:
        cases = list(held)
        self.strings = {target for case in cases for target in case.targets}
        self.wordings = {template(prompt) for case in cases for prompt in _prompts(case)}

    def refuses(self, sample: TrainingSample) -> str:
        """Why this sample may not be used, or nothing."""
        if self.strings and find_leaks((sample.text,), self.strings):
            return "its text holds a string of a case that is held out of training"
        if any(template(turn.content) in self.wordings for turn in sample.messages if turn.role == "user"):
            return "its wording is that of a case that is held out of training"
        return ""


def _prompts(case: Case | CaseResult) -> list[str]:
    return [str(message.get("content")) for message in case.messages if message["role"] == "user"]


def harvest(
    run: RunRecord,
    *,
    gold: GoldSources = GoldSources(),
    outcomes: Collection[str] = ("damaged",),
    suites: Collection[str] = (),
    domains: Collection[str] = (),
    limit: int | None = None,
    tested: Sequence[Case] = (),
    seed: int = 7,
) -> Harvest:
    """One sample for each bad case; those without a gold answer are skipped with the reason.

    Args:
        outcomes: of the cases that are taken: damaged, omitted, failed.
        suites: take these alone; empty for all. `domains` is the same.
        limit: at most so many samples, spread over the domains in a seeded order.
        tested: cases of the project now. Those tagged so are held out, besides those that were in the run; those that a
            sample shares a string or a wording with are named as met.
    """
    samples: dict[str, TrainingSample] = {}
    used: list[str] = []
    skipped: dict[str, str] = {}
    held = [case for case in _both(run, tested) if HELD_OUT in case.tags]
    # by digest, which is that of the content: a selection has other names for the same cases
    kept_out, guard = {case.digest for case in held}, _Guard(held)
    better = {} if gold.stronger is None else {case.digest: case for case in gold.stronger.cases}
    bad = [
        case
        for case in run.cases
        if case.outcome in outcomes and (not suites or case.suite in suites) and (not domains or case.domain in domains)
    ]
    for case in bad if limit is None else _spread(bad, seed):
        if len(samples) == limit:
            break
        if case.digest in kept_out:
            skipped[case.key] = "held out of training"
            continue
        sample, reason = _sample(case, gold, better.get(case.digest))
        if sample is not None:
            reason = guard.refuses(sample) or next(sample_problems(sample), "")
        if sample is None or reason:
            skipped[case.key] = reason
        elif sample.source in samples:
            skipped[case.key] = "the same prompt as another case"
        else:
            samples[sample.source] = sample
            used.append(case.key)
    met = also_met(samples.values(), _both(run, tested), used)
    return Harvest(tuple(samples.values()), (*used, *met), skipped)


def _both(run: RunRecord, tested: Sequence[Case]) -> list[Case | CaseResult]:
    return [*run.cases, *tested]


def _spread(cases: Sequence[CaseResult], seed: int) -> list[CaseResult]:
    """One case of each domain after the other, both in a seeded order."""
    generator = random.Random(seed)  # noqa: S311 - reproducible order, no secret
    by_domain: dict[str, list[CaseResult]] = {}
    for case in generator.sample(list(cases), len(cases)):
        by_domain.setdefault(case.domain, []).append(case)
    rounds = max(map(len, by_domain.values()), default=0)
    return [group[turn] for turn in range(rounds) for group in by_domain.values() if turn < len(group)]


def also_met(
    samples: Iterable[TrainingSample], tested: Iterable[Case | CaseResult], used: Collection[str]
) -> list[str]:
    """Other cases that a sample shares a string or a wording with: who learns the samples has met them too."""
    given = list(samples)
    others = {case.key: case for case in tested if case.key not in used}
    strings = find_leaks(
        (sample.text for sample in given), {target for case in others.values() for target in case.targets}
    )
    wordings = {template(turn.content) for sample in given for turn in sample.messages if turn.role == "user"}
    return [
        key
        for key, case in others.items()
        if strings.intersection(case.targets) or any(template(prompt) in wordings for prompt in _prompts(case))
    ]


def _sample(case: CaseResult, gold: GoldSources, better: CaseResult | None) -> tuple[TrainingSample | None, str]:
    turns = _turns(case)
    if turns is None:
        return None, "the prompt holds more than texts and tool calls"
    try:
        answer = _gold(case, gold, better)
    except ValidationError as error:
        return None, explain(error, TrainingMessage)
    if answer is None and gold.mended and case.channel != "tool":
        damaged = next((sample for sample in case.samples if sample.outcome == "damaged"), None)
        mended = damaged and corrected([turn.text for turn in turns], _received(damaged), case)
        if not mended:
            return None, "the damage could not be put right by program"
        answer = TrainingMessage(role="assistant", content=mended)
    if answer is None:
        return None, "no right answer to this prompt is at hand"
    tools = tuple(dict(tool) for tool in gold.tools.get(case.key, ())) or None
    if answer.tool_calls and tools is None:
        return None, "the tools of the case are not at hand; run it where its suite is"
    try:
        return TrainingSample(messages=(*turns, answer), tools=tools, domain=case.domain), ""
    except ValidationError as error:
        return None, explain(error, TrainingSample)


def _turns(case: CaseResult) -> tuple[TrainingMessage, ...] | None:
    try:
        return tuple(map(TrainingMessage.model_validate, case.messages))
    except ValidationError:
        return None


def _gold(case: CaseResult, gold: GoldSources, better: CaseResult | None) -> TrainingMessage | None:
    """A right answer to the very prompt: a stronger version's, else the first of those beside the case.

    The others beside it show what a judge must accept as well, such as bold type: nothing that a model should learn.
    """
    if better is not None and better.outcome in GOOD:
        answer = better.samples[0]
        return answer_turn(answer.output, answer.tool_calls)
    written = gold.right.get(case.key, ())
    if not written:
        return None
    return answer_turn(written[0].text, written[0].tool_calls)


def answer_turn(text: str, calls: Sequence[ToolCall]) -> TrainingMessage | None:
    """The last turn of a sample, or None where there is nothing that can be learnt."""
    made = tuple(
        TrainingCall(id=f"call_{number}", function=TrainingFunction(name=call.name, arguments=call.arguments))
        for number, call in enumerate(calls, start=1)
    )
    if not made and not text.strip():
        return None
    return TrainingMessage(role="assistant", content=text, tool_calls=made or None)


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

    domain: Domain
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
        for name in ("prompt", "answer"):
            if "{string}" not in getattr(template, name):
                raise TrainingError(f"{path}:{number}: {name}: holds no {{string}}; the answer must give it back")
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


def from_run(run: RunRecord, *, domains: Collection[str], gold: GoldSources, tested: Sequence[Case] = ()) -> Harvest:
    """Right answers of a run as gold: a stronger model's teach a weaker one. No `domains` means all.

    Cases that are held out are left out, with every prompt that holds one of their strings or has their wording.
    """
    samples: dict[str, TrainingSample] = {}
    used: list[str] = []
    skipped: dict[str, str] = {}
    held = [case for case in _both(run, tested) if HELD_OUT in case.tags]
    kept_out, guard = {case.digest for case in held}, _Guard(held)
    for case in run.cases:
        if case.outcome not in GOOD or (domains and case.domain not in domains) or case.digest in kept_out:
            continue
        sample, reason = _sample(case, gold, case)
        if sample is not None:
            reason = guard.refuses(sample) or next(sample_problems(sample), "")
        if sample is None or reason:
            skipped[case.key] = reason
        elif sample.source not in samples:
            samples[sample.source] = sample
            used.append(case.key)
    return Harvest(tuple(samples.values()), (*used, *also_met(samples.values(), _both(run, tested), used)), skipped)


def distilled(run: RunRecord, *, system: str | None, suites: Collection[str] = (), tag: str | None = None) -> Harvest:
    """Answers to a long prompt as gold for a short one (prompt distillation): those that passed every check.

    The checks of a case are the filter: form, forbidden words, sentences, punctuation. The system prompt is replaced by
    `system`, or taken away where it is None; the other turns stay.
    """
    samples: dict[str, TrainingSample] = {}
    used: list[str] = []
    skipped: dict[str, str] = {}
    for case in run.cases:
        if (suites and case.suite not in suites) or (tag is not None and tag not in case.tags):
            continue
        if HELD_OUT in case.tags:
            skipped[case.key] = "held out of training"
            continue
        good = next((sample for sample in case.samples if sample.outcome in GOOD), None)
        turns = _turns(case)
        if good is None or turns is None:
            failed = [one.check for sample in case.samples for one in sample.checks if not one.passed]
            skipped[case.key] = f"failed: {', '.join(dict.fromkeys(failed))}" if failed else case.outcome
            continue
        answer = answer_turn(good.output, good.tool_calls)
        if answer is None or answer.tool_calls:
            skipped[case.key] = "no text that can be learnt"
            continue
        head = () if system is None else (TrainingMessage(role="system", content=system),)
        rest = tuple(turn for turn in turns if turn.role != "system")
        sample = TrainingSample(messages=(*head, *rest, answer), domain=case.domain)
        reason = next(sample_problems(sample), "")
        if reason or sample.source in samples:
            skipped[case.key] = reason or "the same prompt as another case, once it is shortened"
            continue
        samples[sample.source] = sample
        used.append(case.key)
    return Harvest(tuple(samples.values()), (*used, *also_met(samples.values(), run.cases, used)), skipped)
