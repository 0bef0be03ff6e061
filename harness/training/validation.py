"""Is a training file fit to be uploaded? Every problem with its line, in one pass."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.decisions.leaks import find_leaks
from harness.records.case import Case
from harness.records.explain import found
from harness.records.training import TrainingError
from harness.suite.lines import Problem, numbered_objects
from harness.text import extract_targets
from harness.training.line_hints import hint
from harness.training.providers import ProviderRules
from harness.training.sample_checks import gold_problems, shape_problems, turn_problems


@dataclass(frozen=True, slots=True)
class SuiteContent:
    """What the suites test: strings that must not be trained on, and prompts with those strings taken out."""

    strings: frozenset[str] = frozenset()
    templates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Validation:
    """Problems in the order of the lines; line 0 is the file as a whole."""

    samples: int
    bytes: int
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Seen:
    conversations: dict[str, int] = field(default_factory=dict)
    prompts: dict[str, tuple[int, str]] = field(default_factory=dict)


def validate(path: Path, rules: ProviderRules, tested: SuiteContent = SuiteContent()) -> Validation:
    """All problems of a training file for one provider.

    Raises:
        TrainingError: the file cannot be opened.
    """
    if not path.is_file():
        raise TrainingError(f"{path}: no such file; accepted: a training file, one JSON object a line")
    raw = path.read_bytes().splitlines()
    problems: list[Problem] = []
    samples: list[tuple[int, list[dict[str, Any]]]] = []
    seen = _Seen()
    numbers: set[int] = set()
    for entry in numbered_objects(path):
        if isinstance(entry, Problem):
            problems.append(_with_hint(entry, raw))
            numbers.add(entry.line)
            continue
        number, value = entry
        numbers.add(number)
        before = len(problems)
        problems += [Problem(number, message) for message in shape_problems(value, rules)]
        if len(problems) > before and not _readable(value):
            continue
        messages = value["messages"]
        problems += [Problem(number, message) for message in turn_problems(messages, rules)]
        problems += [Problem(number, message) for message in gold_problems(messages)]
        problems += [Problem(number, message) for message in _repeats(messages, number, seen)]
        samples.append((number, messages))
    problems += _leaks(samples, tested)
    problems += [Problem(0, message) for message in _file_problems(path, len(numbers), rules)]
    return Validation(len(samples), path.stat().st_size, tuple(sorted(problems, key=lambda problem: problem.line)))


def template(text: str) -> str:
    """A prompt without its strings, numbers and spacing: two prompts of one template differ in those alone."""
    strings = {target.text for target in extract_targets(text)}
    for string in sorted(strings, key=len, reverse=True):
        text = text.replace(string, "\0")
    return re.sub(r"\s+", " ", re.sub(r"\d+", "0", text)).strip().lower()


def suite_content(cases: Iterable[Case], *, trained_on: Collection[str] = ()) -> SuiteContent:
    """What these cases test, less those that were made into samples on purpose (`suite/id` in `trained_on`)."""
    kept = [case for case in cases if f"{case.suite}/{case.id}" not in trained_on]
    prompts = [str(message.get("content")) for case in kept for message in case.messages if message["role"] == "user"]
    return SuiteContent(
        frozenset(target for case in kept for target in case.targets), frozenset(map(template, prompts))
    )


def _readable(value: dict[str, Any]) -> bool:
    messages = value.get("messages")
    return (
        isinstance(messages, list)
        and bool(messages)
        and all(
            isinstance(message, dict)
            and message.get("role") in ("system", "user", "assistant")
            and isinstance(message.get("content"), str)
            and bool(message["content"].strip())
            for message in messages
        )
    )


def _with_hint(problem: Problem, raw: list[bytes]) -> Problem:
    if not problem.message.startswith("not JSON") or problem.line > len(raw):
        return problem
    told = hint(raw[problem.line - 1].decode("utf-8", "replace"))
    return Problem(problem.line, f"not JSON: {told}") if told else problem


def _file_problems(path: Path, lines: int, rules: ProviderRules) -> Iterator[str]:
    size = path.stat().st_size
    if path.suffix != ".jsonl":
        yield f"the name ends with {path.suffix!r}; {rules.name} accepts: .jsonl"
    if not lines:
        yield "no samples; accepted: one JSON object a line"
    if rules.max_bytes is not None and size > rules.max_bytes:
        yield f"{size:,} bytes; {rules.name} accepts: at most {rules.max_bytes:,} ({rules.source})"
    if rules.max_lines is not None and lines > rules.max_lines:
        yield f"{lines:,} samples; {rules.name} accepts: at most {rules.max_lines:,} ({rules.source})"
    if rules.min_lines is not None and 0 < lines < rules.min_lines:
        yield f"{lines} samples; {rules.name} accepts: at least {rules.min_lines} ({rules.source})"


def _repeats(messages: list[dict[str, Any]], number: int, seen: _Seen) -> Iterator[str]:
    turns = [f"{message['role']}\0{message['content'].strip()}" for message in messages]
    conversation, prompt = "\0".join(turns), "\0".join(turns[:-1])
    first = seen.conversations.setdefault(conversation, number)
    if first != number:
        yield f"the same as line {first}; a sample that is repeated counts twice in the loss"
        return
    line, answer = seen.prompts.setdefault(prompt, (number, turns[-1]))
    if answer != turns[-1]:
        yield f"the prompt of line {line} with another answer; the model cannot learn both"


def _leaks(samples: list[tuple[int, list[dict[str, Any]]]], tested: SuiteContent) -> Iterator[Problem]:
    leaked = find_leaks((message["content"] for _, turns in samples for message in turns), tested.strings)
    for number, turns in samples:
        texts = [message["content"] for message in turns]
        for string in sorted(find_leaks(texts, leaked)):
            yield Problem(
                number, f"the tested string {found(string)} stands here; train on other strings than are tested"
            )
        if tested.templates:
            prompts = [message["content"] for message in turns if message["role"] == "user"]
            if any(template(prompt) in tested.templates for prompt in prompts):
                yield Problem(
                    number, "a tested prompt with other strings in it; train on other wordings than are tested"
                )
