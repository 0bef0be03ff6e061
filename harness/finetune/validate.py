"""Is a training file fit to be uploaded? Every problem with its line, in one pass."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.decisions.exposure import find_leaks, find_mentions
from harness.errors import explain, found, nearest
from harness.files import LINE_LIMIT, lines_of, opened
from harness.finetune.recipes import PROVIDERS, ProviderRules
from harness.finetune.samples import estimated_tokens
from harness.records.case import Case, texts_of
from harness.records.training import TrainingCall, TrainingError, TrainingMessage, TrainingSample
from harness.suite.cases import Problem, numbered_objects
from harness.text import check, extract_targets

ROLES = ("system", "user", "assistant")


def _roles(rules: ProviderRules) -> tuple[str, ...]:
    return (*ROLES, "tool") if "tools" in rules.sample_keys else ROLES


_OTHER_FORMS = {
    "prompt": "the old completion form (prompt, completion)",
    "conversations": "the ShareGPT form (conversations, from, value)",
    "instruction": "the Alpaca form (instruction, input, output)",
    "query": "a question-and-answer form",
    "text": "plain text for further pre-training",
}
_ACCEPTED = 'accepted: {"messages": [{"role": ..., "content": ...}, ...]}'
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\u200b\u2060\ufeff]")
"""Control characters, the mark of a lost character, and invisible ones: all of them would be learnt."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def shape_problems(value: dict[str, Any], rules: ProviderRules) -> Iterator[str]:
    """Problems of the JSON object of one line, each as `field: found ..., accepted ...`."""
    messages = value.get("messages")
    if "messages" not in value:
        form = next((text for key, text in _OTHER_FORMS.items() if key in value), "")
        hint = nearest("messages", value) if not form else f" (this looks like {form})"
        yield f"messages: missing{hint}; {_ACCEPTED}"
        return
    for key in value:
        if key == "domain":
            yield "domain: kept beside the file, not in it; run: harness dataset split FILE (it moves it)"
        elif key not in rules.sample_keys:
            keys = ", ".join(sorted(rules.sample_keys))
            yield f"{found(key)}: unknown key{nearest(key, rules.sample_keys)}; {rules.name} accepts: {keys}"
    if "tools" in rules.sample_keys and "tools" in value:
        yield from _tools_problems(value["tools"])
    if not isinstance(messages, list):
        yield f"messages: found {found(messages)}; accepted: a list of messages"
    elif not messages:
        yield f"messages: an empty list; {_ACCEPTED}"
    else:
        for place, message in enumerate(messages):
            yield from _message_problems(f"messages[{place}]", message, rules)


def _message_problems(place: str, message: Any, rules: ProviderRules) -> Iterator[str]:
    if not isinstance(message, dict):
        yield f'{place}: found {found(message)}; accepted: an object {{"role", "content"}}'
        return
    for key in message:
        if key not in rules.message_keys:
            yield (
                f"{place}.{key}: unknown key{nearest(key, rules.message_keys)}; "
                f"{rules.name} accepts: {', '.join(sorted(rules.message_keys))}"
            )
    role, roles = message.get("role"), _roles(rules)
    if "role" not in message:
        yield f"{place}.role: missing; accepted: {', '.join(roles)}"
    elif role not in roles:
        guess = nearest(role.lower(), roles) if isinstance(role, str) else ""
        yield f"{place}.role: found {found(role)}{guess}; accepted: {', '.join(roles)}"
    calls = message.get("tool_calls")
    if calls is not None and "tool_calls" in rules.message_keys:
        yield from _call_problems(f"{place}.tool_calls", calls, role)
    if not calls or message.get("content"):
        yield from _content_problems(f"{place}.content", message)
    if message.get("reasoning_content") is not None and "reasoning_content" in rules.message_keys:
        yield from _reasoning_problems(f"{place}.reasoning_content", message["reasoning_content"], role)
    for key in ("loss_weight", "weight"):
        if key in message and key in rules.message_keys:
            yield from _weight_problems(f"{place}.{key}", message[key], role, whole=key == "weight")


def _tools_problems(tools: Any) -> Iterator[str]:
    accepted = 'accepted: a list of {"type": "function", "function": {"name": ...}}'
    if not isinstance(tools, list) or not tools:
        yield f"tools: found {found(tools)}; {accepted}"
        return
    for place, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            yield f"tools[{place}]: found {found(tool)}; {accepted}"


def _call_problems(place: str, calls: Any, role: Any) -> Iterator[str]:
    accepted = 'accepted: a list of {"id", "type": "function", "function": {"name", "arguments"}}'
    if role != "assistant":
        yield f"{place}: on the role {found(role)}; accepted: on assistant turns alone"
    if not isinstance(calls, list) or not calls:
        yield f"{place}: found {found(calls)}; {accepted}"
        return
    for number, call in enumerate(calls):
        try:
            TrainingCall.model_validate(call)
        except ValidationError as error:
            yield f"{place}[{number}]: {explain(error, TrainingCall)}; {accepted}"


def _reasoning_problems(place: str, reasoning: Any, role: Any) -> Iterator[str]:
    if not isinstance(reasoning, str):
        yield f"{place}: found {found(reasoning)}; accepted: a text"
    elif role != "assistant":
        yield f"{place}: on the role {found(role)}; accepted: on assistant turns alone"


def _content_problems(place: str, message: dict[str, Any]) -> Iterator[str]:
    content = message.get("content")
    if "content" not in message:
        yield f"{place}: missing; accepted: a text that is not empty"
    elif not isinstance(content, str):
        yield f"{place}: found {found(content)}; accepted: a text (one string)"
    elif not content.strip():
        yield f"{place}: found {found(content)}; accepted: a text that is not empty"
    elif _SURROGATE.search(content):
        yield f"{place}: holds half of a surrogate pair, which is not a character; write the character itself"
    elif unwanted := _UNWANTED.search(content):
        yield f"{place}: holds U+{ord(unwanted[0]):04X} at character {unwanted.start() + 1}; the model would learn it"


def _weight_problems(place: str, weight: Any, role: Any, *, whole: bool) -> Iterator[str]:
    accepted = "0 or 1" if whole else "a number from 0 to 1"
    valid = isinstance(weight, int | float) and not isinstance(weight, bool) and 0 <= weight <= 1
    if not valid or (whole and weight not in (0, 1)):
        yield f"{place}: found {found(weight)}; accepted: {accepted}"
    elif role != "assistant" and weight:
        yield f"{place}: found {found(weight)} on the role {found(role)}; accepted: on assistant turns alone"


def turn_problems(messages: list[dict[str, Any]], rules: ProviderRules) -> Iterator[str]:
    """Problems with the order of the turns; each message has passed `shape_problems`."""
    roles = [message["role"] for message in messages]
    for place, role in enumerate(roles):
        if role == "system" and place:
            yield f"messages[{place}].role: 'system' after other turns; accepted: as the first message alone"
    spoken = [role for role in roles if role != "system"]
    if "user" not in spoken:
        yield "messages: no user turn; a sample is a question and its answer"
    if not spoken or spoken[-1] != "assistant":
        yield f"messages: the last role is {roles[-1]!r}; accepted: 'assistant', the gold answer"
    if not rules.alternates or not spoken:
        return
    if spoken[0] != "user":
        yield f"messages: the first role after the system prompt is {spoken[0]!r}; {rules.name} accepts: 'user'"
    for role, following in pairwise(spoken):
        if role == following:
            yield f"messages: two {role} turns in a row; {rules.name} accepts: user and assistant by turns"
            break


def gold_problems(messages: list[dict[str, Any]]) -> Iterator[str]:
    """Assistant turns in which a string of the turns before is damaged: the fine-tune would learn the damage."""
    for place, message in enumerate(messages):
        weight = message.get("loss_weight", message.get("weight", 1))
        before = texts_of(tuple(messages[:place]))
        if message["role"] != "assistant" or not before or weight == 0:
            continue
        result = check(before, "\n".join(texts_of((message,))))
        for target, mentions in result.mentions.items():
            damaged = next((mention for mention in mentions if mention.is_damage), None)
            if damaged is not None:
                advice = "" if place == len(messages) - 1 else "; providers learn every answer: show it in a user turn"
                yield (
                    f"messages[{place}].content: gold answer is {damaged.verdict}: found {found(damaged.text)}, "
                    f"the source has {found(target)}{advice}"
                )
                break


def gold_warnings(messages: list[dict[str, Any]]) -> Iterator[str]:
    """A gold answer with none of the strings of its question: right for a yes or no, else the model learns to omit."""
    asked = [target.text for target in extract_targets(texts_of(tuple(messages[:-1])))]
    if not asked:
        return
    said = "\n".join(texts_of((messages[-1],)))
    if find_mentions((said,), asked) or any(verdict != "absent" for verdict in check(asked, said).verdicts.values()):
        return
    named = ", ".join(found(string) for string in asked[:3])
    yield f"gold answer holds none of the strings of its question: {named}; does it have to name one?"


def sample_problems(sample: TrainingSample) -> Iterator[str]:
    """What would be wrong with this sample in a file, for any provider that takes its kind of turns."""
    value = json.loads(sample.model_dump_json(include={"messages", "tools"}, exclude_none=True))
    rules = replace(PROVIDERS["ark"], message_keys=frozenset().union(*(one.message_keys for one in PROVIDERS.values())))
    yield from shape_problems(value, rules)
    yield from turn_problems(value["messages"], rules)
    yield from gold_problems(value["messages"])


_SMART_QUOTES = "“”„‟«»＂"
_LAST_COMMA = re.compile(r",\s*[}\]]")


def hint(line: str) -> str:
    """What to fix in a line that the JSON parser refused, or nothing if it looks like none of the usual mistakes."""
    text = line.strip()
    if any(char in _SMART_QUOTES for char in re.sub(r'"(?:[^"\\]|\\.)*"', "", text)):
        return 'there are smart quotes in place of "; write straight quotes (in a text they are welcome)'
    if text.startswith("[{") and not _parses(text):
        return "a JSON array over several lines; write each of its objects on a line of its own, without the brackets"
    if re.match(r"^\{\s*'", text):
        return "single quotes, as Python prints a dict; JSON has double quotes (json.dumps writes them)"
    if text.startswith(("//", "#")):
        return "a comment; JSON has none"
    if text.endswith(",") and _parses(text[:-1]):
        return "a comma after the object; each line is an object of its own"
    if _two_objects(text):
        return "two objects on one line; break the line between them"
    if _LAST_COMMA.search(text) and _parses(_LAST_COMMA.sub(lambda found: found[0].lstrip(", \t"), text)):
        return "a comma before a closing bracket; JSON allows none there"
    if text.count("{") > text.count("}"):
        return "the object is not closed; the line may have been cut"
    return ""


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _two_objects(text: str) -> bool:
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return text[end:].lstrip().startswith("{")


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
    warnings: tuple[Problem, ...] = ()
    """What may be right: it is not a reason to refuse the file."""
    tokens: int = 0
    """Of all samples, about: `estimated_tokens`, and a few for the marks of each turn."""


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
    problems: list[Problem] = []
    warnings: list[Problem] = []
    samples: list[tuple[int, list[dict[str, Any]]]] = []
    seen = _Seen()
    numbers: set[int] = set()
    for entry in numbered_objects(path):
        if isinstance(entry, Problem):
            problems.append(entry)
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
        warnings += [Problem(number, message) for message in gold_warnings(messages)]
        samples.append((number, messages))
    problems = _with_hints(path, problems)
    problems += _leaks(samples, tested)
    problems += [Problem(0, message) for message in _file_problems(path, len(numbers), rules)]
    return Validation(
        len(samples),
        path.stat().st_size,
        tuple(sorted(problems, key=lambda problem: problem.line)),
        tuple(warnings),
        sum(map(_tokens, (messages for _, messages in samples))),
    )


_TURN_TOKENS = 4
"""Marks at the beginning and end of a turn, and its role."""


def _tokens(messages: list[dict[str, Any]]) -> int:
    return sum(estimated_tokens("\n".join(texts_of((message,)))) + _TURN_TOKENS for message in messages)


def template(text: str) -> str:
    """A prompt without its strings, numbers and spacing: two prompts of one template differ in those alone."""
    strings = {target.text for target in extract_targets(text)}
    for string in sorted(strings, key=len, reverse=True):
        text = text.replace(string, "\0")
    return re.sub(r"\s+", " ", re.sub(r"\d+", "0", text)).strip().lower()


def suite_content(cases: Iterable[Case], *, trained_on: Collection[str] = ()) -> SuiteContent:
    """What these cases test, less those that were made into samples on purpose (`suite/id` in `trained_on`)."""
    kept = [case for case in cases if case.key not in trained_on]
    prompts = [str(message.get("content")) for case in kept for message in case.messages if message["role"] == "user"]
    return SuiteContent(
        frozenset(target for case in kept for target in case.targets), frozenset(map(template, prompts))
    )


def _readable(value: dict[str, Any]) -> bool:
    messages = value.get("messages")
    if not isinstance(messages, list) or not messages:
        return False
    for message in messages:
        try:
            turn = TrainingMessage.model_validate(
                {key: part for key, part in message.items() if key in TrainingMessage.model_fields}
            )
        except (ValidationError, AttributeError):
            return False
        if not turn.text.strip() or _SURROGATE.search(turn.text):
            return False
    return True


def _with_hints(path: Path, problems: list[Problem]) -> list[Problem]:
    """What to fix in place of what the parser says, where the line shows a usual mistake."""
    broken = {problem.line for problem in problems if problem.message.startswith("not JSON")}
    if not broken:
        return problems
    with opened(path) as file:
        hints = {
            line.number: hint(line.content.decode("utf-8", "replace"))
            for line in lines_of(file, limit=LINE_LIMIT)
            if line.number in broken and line.content is not None
        }
    return [
        Problem(problem.line, f"not JSON: {hints[problem.line]}")
        if problem.line in broken and hints.get(problem.line)
        else problem
        for problem in problems
    ]


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
    turns = ["\0".join((message["role"], *texts_of((message,)))).strip() for message in messages]
    conversation, prompt = "\0".join(turns), "\0".join(turns[:-1])
    first = seen.conversations.setdefault(conversation, number)
    if first != number:
        yield f"the same as line {first}; a sample that is repeated counts twice in the loss"
        return
    line, answer = seen.prompts.setdefault(prompt, (number, turns[-1]))
    if answer != turns[-1]:
        yield f"the prompt of line {line} with another answer; the model cannot learn both"


def _leaks(samples: list[tuple[int, list[dict[str, Any]]]], tested: SuiteContent) -> Iterator[Problem]:
    texts = {number: texts_of(tuple(turns)) for number, turns in samples}
    leaked = find_leaks((text for given in texts.values() for text in given), tested.strings)
    folded = {string.lower(): string for string in tested.strings if string.lower() not in tested.strings}
    copied = find_leaks((text.lower() for given in texts.values() for text in given), folded)
    for number, turns in samples:
        here = find_leaks(texts[number], leaked)
        for string in sorted(here):
            yield Problem(number, f"the tested string {found(string)} is here; train on other strings than are tested")
        for copy in sorted(find_leaks([text.lower() for text in texts[number]], copied)):
            if folded[copy] not in here:
                yield Problem(
                    number,
                    f"the tested string {found(folded[copy])} is here with other capitals; "
                    "train on other strings than are tested",
                )
        if tested.templates:
            prompts = ["\n".join(texts_of((message,))) for message in turns if message["role"] == "user"]
            if any(template(prompt) in tested.templates for prompt in prompts):
                yield Problem(
                    number, "a tested prompt with other strings in it; train on other wordings than are tested"
                )
