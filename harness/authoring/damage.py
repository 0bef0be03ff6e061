"""Broken answers, made from a right one by program: a sound case fails each of them, with the verdict that is due."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from harness.checks.answers import decoded
from harness.records.answer import Completion, ToolCall
from harness.records.case import Case
from harness.records.run import Outcome
from harness.runs.text_calls import calls_in_text

_GAP = "…"
_JOINED = "-/_.@:#&"
_BESIDE_CJK = re.compile(
    r"(?<=[\u3040-\u9fff\uac00-\ud7af])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u3040-\u9fff\uac00-\ud7af])"
)
_MOST_SWAPS = 20
_LEFT_OUT: tuple[Outcome, ...] = ("omitted", "failed")


@dataclass(frozen=True, slots=True)
class Broken:
    """A wrong answer.

    Attributes:
        what: what was done to a right answer, in words.
        expected: the outcomes that a sound case gives it.
    """

    what: str
    answer: Completion
    expected: tuple[Outcome, ...]


def broken(case: Case, right: Completion) -> Iterator[Broken]:
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
            yield Broken(f"{spoilt!r} for {target!r}", wrong, ("damaged",) if known else ("damaged", *_LEFT_OUT))
    for target in case.required:
        wrong = _mapped(case, answer, _replacing(target, _GAP))
        if wrong != answer:
            inside = any(target in other for other in case.targets if other != target)
            yield Broken(f"without {target!r}", wrong, ("damaged", *_LEFT_OUT) if inside else _LEFT_OUT)
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


def _exchanged(case: Case, answer: Completion) -> Iterator[Broken]:
    """Two targets that are whole values of one document, each in the place of the other."""
    if answer.tool_calls:
        first, others = answer.tool_calls[0], answer.tool_calls[1:]
        for what, wrong in _swaps(case, json.loads(first.arguments)):
            call = ToolCall(name=first.name, arguments=_json(wrong))
            yield Broken(what, answer.model_copy(update={"tool_calls": (call, *others)}), ("failed",))
    elif case.channel == "json":
        try:
            value = decoded(answer.text)
        except ValueError:
            return
        for what, wrong in _swaps(case, value):
            yield Broken(what, answer.model_copy(update={"text": _json(wrong)}), ("failed",))


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
