"""The damaged answers of a run as new samples: the right string put back by program, then checked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from harness.decisions.leaks import find_leaks
from harness.records.run import CaseResult, RunRecord, SampleResult
from harness.records.training import TrainingSample, Turn
from harness.text import check, repair


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a run gave.

    `cases` are those that a version trained on the samples has met; `skipped` says why a damaged case is no sample.
    """

    samples: tuple[TrainingSample, ...]
    cases: tuple[str, ...]
    skipped: dict[str, str]


def harvest(run: RunRecord) -> Harvest:
    """One sample for each damaged case; answers that cannot be put right are skipped with the reason."""
    samples: dict[str, TrainingSample] = {}
    cases, skipped = [], {}
    for case in run.cases:
        if case.outcome != "damaged":
            continue
        sample, reason = _sample(case)
        if sample is None:
            skipped[case.key] = reason
        elif sample.source in samples:
            skipped[case.key] = "the same prompt as another case"
        else:
            samples[sample.source] = sample
            cases.append(case.key)
    return Harvest(tuple(samples.values()), (*cases, *_also_met(run, cases, list(samples.values()))), skipped)


def _also_met(run: RunRecord, used: list[str], samples: list[TrainingSample]) -> list[str]:
    # a prompt may hold strings that another case tests: that case is trained on too
    others = [case for case in run.cases if case.key not in used]
    met = find_leaks((sample.text for sample in samples), {target for case in others for target in case.targets})
    return [case.key for case in others if met.intersection(case.targets)]


def _sample(case: CaseResult) -> tuple[TrainingSample | None, str]:
    if case.channel == "tool":
        return None, "the damage is in tool arguments, which are no text that can be learnt"
    damaged = next((sample for sample in case.samples if sample.outcome == "damaged"), None)
    if damaged is None:
        return None, "no damaged answer is kept"
    try:
        turns = tuple(Turn.model_validate(message) for message in case.messages)
    except ValidationError:
        return None, "the prompt holds more than system, user and assistant texts"
    gold = mended([turn.content for turn in turns], _received(damaged), case)
    if gold is None:
        return None, "the damage could not be put right by program"
    return TrainingSample(messages=(*turns, Turn(role="assistant", content=gold)), domain=case.domain), ""


def _received(sample: SampleResult) -> str:
    return sample.raw_output if sample.raw_output is not None else sample.output


def mended(sources: Sequence[str], answer: str, case: CaseResult) -> str | None:
    """The answer with every required target verbatim, or None.

    `repair` mends what it is sure of; in a text answer, what is still damaged is replaced mention by mention, because
    here the case says which string is meant.
    """
    channel = "json" if case.channel == "json" else "text"
    text = repair(sources, answer, case.targets, channel=channel).text
    if channel == "text":
        left = check(sources, text, case.targets).mentions
        spans = [
            (one.start, one.end, target) for target, found in left.items() for one in found if one.verdict != "verbatim"
        ]
        for start, end, target in sorted(spans, reverse=True):
            text = text[:start] + target + text[end:]
    text = repair(sources, text, channel=channel).text  # the strings that the case does not test are learnt as well
    verdicts = check(sources, text, case.targets, channel=channel).verdicts
    if any(verdicts[target] != "verbatim" for target in case.required):
        return None
    verdicts |= check(sources, text, channel=channel).verdicts
    return text if set(verdicts.values()) <= {"verbatim", "absent"} else None
