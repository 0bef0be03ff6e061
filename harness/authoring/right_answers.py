"""Right answers beside the cases, and broken ones made from them by program: the rule `answers` of the lint.

A sound case passes each right answer and fails each broken one, with the verdict that is due.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from harness.authoring.findings import Finding, Placed
from harness.checks.answers import calls_in_text, decoded, steps_of
from harness.errors import SuiteError
from harness.records.answer import Completion, ToolCall
from harness.records.case import Case
from harness.records.run import GOOD, Outcome, SampleResult
from harness.suite import load_info
from harness.suite.answers import answers_file, read_answers

_WANTED = 2
_GAP = "…"
_JOINED = "-/_.@:#&"
_BESIDE_CJK = re.compile(
    r"(?<=[\u3040-\u9fff\uac00-\ud7af])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u3040-\u9fff\uac00-\ud7af])"
)
_MOST_SWAPS = 20
_LEFT_OUT: tuple[Outcome, ...] = ("omitted", "failed")


@dataclass(slots=True)
class AnswersTried:
    """How many right answers, and broken ones made of them, came out as they should, and how many were tried."""

    right: int = 0
    right_passed: int = 0
    broken: int = 0
    broken_failed: int = 0


def unfit_answers(
    shelf: Sequence[Placed], judging: Callable[[Case, Completion], SampleResult], tried: AnswersTried
) -> Iterator[Finding]:
    """`answers` (error), and `few-answers` (warning) where a file of answers has fewer than two for a case.

    A case file without a file of answers is skipped. `tried` is counted up.
    """
    by_file: defaultdict[Path, list[Placed]] = defaultdict(list)
    for placed in shelf:
        by_file[placed.path].append(placed)
    for path, cases in by_file.items():
        beside = answers_file(path)
        if not beside.exists():
            continue
        try:
            answers = read_answers(beside, load_info(path.parent))
        except SuiteError as error:
            yield Finding("answers", "error", str(error).removeprefix(f"{beside}: "), beside, 0)
            continue
        for name in answers.keys() - {placed.case.id for placed in cases}:
            yield Finding("answers", "error", f"answers to {name!r}, and {path.name} has no such case", beside, 0)
        for placed in cases:
            right = answers.get(placed.case.id, ())
            if len(set(right)) < _WANTED:
                message = f"{len(set(right))} different right answers in {beside.name}; write two in different styles"
                yield placed.finding("few-answers", "warning", message)
            for number, answer in enumerate(right, start=1):
                yield from _tried(placed, number, answer, judging, tried)


def _tried(
    placed: Placed,
    number: int,
    answer: Completion,
    judging: Callable[[Case, Completion], SampleResult],
    tried: AnswersTried,
) -> Iterator[Finding]:
    case = placed.case
    sample = judging(case, answer)
    tried.right += 1
    tried.right_passed += sample.outcome in GOOD
    if sample.outcome not in GOOD:
        yield placed.finding("answers", "error", f"right answer {number} is {_said(sample)}")
        return
    for wrong in broken(case, answer):
        sample = judging(case, wrong.answer)
        tried.broken += 1
        tried.broken_failed += sample.outcome in wrong.expected
        if sample.outcome not in wrong.expected:
            expected = " or ".join(wrong.expected)
            message = f"right answer {number}, {wrong.what}, is {_said(sample)}; expected: {expected}"
            yield placed.finding("answers", "error", message)


def _said(sample: SampleResult) -> str:
    faults = [f"{target!r} {verdict}" for target, verdict in sample.verdicts.items() if verdict != "verbatim"]
    faults += [f"{result.check}: {result.detail}" for result in sample.checks if not result.passed]
    return sample.outcome + (f" ({'; '.join(faults)})" if faults and sample.outcome not in GOOD else "")


@dataclass(frozen=True, slots=True)
class BrokenAnswer:
    """A wrong answer.

    Attributes:
        what: what was done to a right answer, in words.
        expected: the outcomes that a sound case gives it.
    """

    what: str
    answer: Completion
    expected: tuple[Outcome, ...]


def broken(case: Case, right: Completion) -> Iterator[BrokenAnswer]:
    """One damage for each target, one omission for each required one, and fields exchanged in a call or in JSON.

    A call that `right` holds as text is read first: the broken ones come as calls.
    """
    answer = _as_call(case, right)
    for target in case.targets:
        spoilt = damaged(target)
        wrong = _mapped(case, answer, _replacing(target, spoilt))
        if wrong != answer:
            # of a string without a letter or a digit nothing is left to know it by
            known = any(char.isalnum() for char in target)
            yield BrokenAnswer(f"{spoilt!r} for {target!r}", wrong, ("damaged",) if known else ("damaged", *_LEFT_OUT))
    for target in case.required:
        wrong = _mapped(case, answer, _replacing(target, _GAP))
        if wrong != answer:
            inside = any(target in other for other in case.targets if other != target)
            yield BrokenAnswer(f"without {target!r}", wrong, ("damaged", *_LEFT_OUT) if inside else _LEFT_OUT)
    yield from _exchanged(case, answer)


def damaged(target: str) -> str:
    """The string with blanks round a sign, or without those that it has; else with a blank where it has none."""
    for sign in _JOINED:
        place = target.find(sign, 1)
        if 0 < place < len(target) - 1:
            before, after = target[:place], target[place + 1 :]
            if before.endswith(" ") or after.startswith(" "):
                return before.rstrip(" ") + sign + after.lstrip(" ")
            return f"{before} {sign} {after}"
    beside = _BESIDE_CJK.search(target)
    place = beside.start() if beside else len(target) // 2
    return f"{target[:place]} {target[place:]}"


def _as_call(case: Case, right: Completion) -> Completion:
    if not case.tools or right.tool_calls:
        return right
    calls, rest = calls_in_text(right.text, case.tools)
    return right.model_copy(update={"text": rest, "tool_calls": calls})


def _mapped(case: Case, answer: Completion, change: Callable[[str], str]) -> Completion:
    """The answer with every string in it changed: decoded ones where it is JSON."""
    calls = tuple(
        ToolCall(name=call.name, arguments=_json(_walked(json.loads(call.arguments), change)))
        for call in answer.tool_calls
    )
    return answer.model_copy(update={"text": _mapped_text(case, answer.text, change), "tool_calls": calls})


def _mapped_text(case: Case, text: str, change: Callable[[str], str]) -> str:
    if case.channel != "json":
        return change(text)
    try:
        value = decoded(text)
    except ValueError:
        return change(text)
    changed = _walked(value, change)
    return text if changed == value else _json(changed)


def _walked(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(name): _walked(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_walked(inner, change) for inner in value]
    return value


def _exchanged(case: Case, answer: Completion) -> Iterator[BrokenAnswer]:
    """Two targets that are whole values of one document, each in the place of the other."""
    if answer.tool_calls:
        first, others = answer.tool_calls[0], answer.tool_calls[1:]
        for what, wrong in _swaps(case, json.loads(first.arguments)):
            call = ToolCall(name=first.name, arguments=_json(wrong))
            yield BrokenAnswer(what, answer.model_copy(update={"tool_calls": (call, *others)}), ("failed",))
    elif case.channel == "json":
        try:
            value = decoded(answer.text)
        except ValueError:
            return
        for what, wrong in _swaps(case, value):
            yield BrokenAnswer(what, answer.model_copy(update={"text": _json(wrong)}), ("failed",))


def _swaps(case: Case, value: Any) -> Iterator[tuple[str, Any]]:
    here: dict[str, None] = {}
    _walked(value, lambda text: here.setdefault(text) or text)
    whole = [target for target in case.targets if target in here]
    for one, other in list(combinations(whole, 2))[:_MOST_SWAPS]:
        wrong = _walked(value, _exchanging(one, other))
        if wrong != value:
            yield f"{one!r} and {other!r} exchanged", wrong


def _replacing(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def _exchanging(one: str, other: str) -> Callable[[str], str]:
    places = {one: other, other: one}
    return lambda text: places.get(text, text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


Steps = tuple[str, ...]
_FILLER = "x"


def document(schema: Mapping[str, Any], strings: Sequence[str], fixed: Mapping[str, Any]) -> Any:
    """A value for a schema, as far as common keywords say, with all `strings` in it.

    `fixed` maps JSON Pointers to values that belong there. The strings that no fixed value holds go to the other string
    values, one each; what is left goes to the last.
    """
    value = _example(schema, schema, len(strings), 0)
    for pointer, wanted in fixed.items():
        value = _put(value, steps_of(pointer), wanted)
    places = {tuple(steps_of(pointer)) for pointer in fixed}
    held = "\n".join(leaf for _, leaf in _leaves(value, ()) if leaf != _FILLER)
    missing = [string for string in strings if string not in held]
    free = [path for path, leaf in _leaves(value, ()) if leaf == _FILLER and path not in places]
    for index, path in enumerate(free):
        here = missing[index : index + 1] if index + 1 < len(free) else missing[index:]
        if here:
            value = _put(value, path, "; ".join(here))
    return value


def _example(schema: Any, root: Mapping[str, Any], wanted: int, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > 20:
        return _FILLER
    for keyword in ("anyOf", "oneOf", "allOf"):
        if schema.get(keyword):
            return _example({**schema[keyword][0], **_without(schema, keyword)}, root, wanted, depth + 1)
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        return _example(root.get("$defs", {}).get(reference.removeprefix("#/$defs/")), root, wanted, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kind = kinds if isinstance(kinds, str) else next((one for one in kinds if one != "null"), "null")
    if kind == "object":
        names = dict.fromkeys([*schema.get("required", ()), *schema.get("properties", {})])
        properties = schema.get("properties", {})
        return {name: _example(properties.get(name, {}), root, wanted, depth + 1) for name in names}
    if kind == "array":
        number = min(max(schema.get("minItems", 1), wanted), schema.get("maxItems", max(wanted, 1)))
        return [_example(schema.get("items", {}), root, wanted, depth + 1) for _ in range(min(number, 50))]
    simple = {"integer": 1, "number": 1, "boolean": True, "null": None}
    return schema.get("minimum", simple[kind]) if kind in simple else _FILLER


def _without(schema: Mapping[str, Any], keyword: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != keyword}


def _put(value: Any, steps: Sequence[str], wanted: Any) -> Any:
    if not steps:
        return wanted
    name, rest = steps[0], steps[1:]
    if isinstance(value, list):
        place = int(name) if name.isdecimal() and len(name) < 3 else 0
        grown = [*value, *[{}] * (place + 1 - len(value))]
        return [_put(item, rest, wanted) if index == place else item for index, item in enumerate(grown)]
    inner = value if isinstance(value, dict) else {}
    return {**inner, name: _put(inner.get(name, {}), rest, wanted)}


def _leaves(value: Any, path: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, str(index)))


_SEPARATORS = ("\n", ", ", "、", " ", "。", ". ")
EMPTY_HANDED = ("I am not sure.", "不知道。", "{}")
"""Answers that say nothing; a case that passes one of them tests nothing."""


def answers(case: Case) -> Iterator[Completion]:
    """Completions that would be right if the case asks for no more than its targets and checks say."""
    if case.channel == "tool":
        yield from _calls(case)
    elif case.channel == "json" or any("field" in call.arguments for call in case.checks):
        yield from _documents(case)
    yield from _texts(case)


def alone(case: Case, target: str) -> Iterator[Completion]:
    """The target and hardly anything else, in the channel of the case."""
    for text in (target, f"x: {target}", f"“{target}”", f"({target})"):
        if case.channel == "tool":
            yield Completion(tool_calls=(ToolCall(name="x", arguments=_json_of_answers({"x": text})),))
        else:
            yield Completion(text=_json_of_answers({"x": text}) if case.channel == "json" else text)


def of_text(text: str) -> Completion:
    """A completed answer in plain text."""
    return Completion(text=text, finish_reason="stop")


def _texts(case: Case) -> Iterator[Completion]:
    pieces, ending = list(case.required), ""
    for call in case.checks:
        value = call.arguments.get("value")
        if "field" in call.arguments:
            continue
        if call.check == "equals":
            yield of_text(str(value))
        elif call.check == "json_equals":
            yield of_text(_json_of_answers(value))
        elif call.check in ("contains", "choice") and not any(str(value) in piece for piece in pieces):
            pieces.append(str(value))
        elif call.check == "number":
            pieces.append(_number(value))
        elif call.check == "ends_with" and not any(piece.endswith(str(value)) for piece in pieces[-1:]):
            ending = str(value)
    for separator in _SEPARATORS:
        yield of_text(separator.join(pieces) + ending)
    yield of_text("\n".join(f"“{piece}”" for piece in pieces) + ending)
    yield of_text(f"x {pieces[0]} {' '.join(pieces[1:])}{ending}" if pieces else f"OK{ending}")


def _documents(case: Case) -> Iterator[Completion]:
    wanted = (case.response_format or {}).get("json_schema", {}).get("schema", {})
    schemas = [call.arguments["schema"] for call in case.checks if call.check == "json_schema"] or [wanted]
    for schema in schemas:
        yield of_text(_json_of_answers(document(schema or {"type": "object"}, case.required, _fixed(case))))
    for layout in ({"items": list(case.required)}, {"answer": "; ".join(case.required)}):
        yield of_text(_json_of_answers(document({"const": layout}, (), _fixed(case))))


def _calls(case: Case) -> Iterator[Completion]:
    named = [call.arguments["name"] for call in case.checks if call.check == "tool_called"]
    functions = [tool["function"] for tool in case.tools]
    for function in functions:
        if not named or function["name"] in named:
            arguments = document(function.get("parameters", {"type": "object"}), case.required, _fixed(case))
            call = ToolCall(name=function["name"], arguments=_json_of_answers(arguments))
            yield Completion(tool_calls=(call,), finish_reason="tool_calls")


def _fixed(case: Case) -> dict[str, Any]:
    """JSON Pointer to the value that the checks ask for there."""
    fixed: dict[str, Any] = {}
    for call in case.checks:
        field = call.arguments.get("field")
        if field and call.check in ("equals", "number", "choice", "json_equals"):
            fixed[field] = call.arguments["value"]
        elif field and call.check == "contains" and isinstance(fixed.get(field, ""), str):
            before = fixed.get(field, "")
            fixed[field] = f"{before} {call.arguments['value']}".strip()
    return fixed


def _number(value: Any) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _json_of_answers(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
