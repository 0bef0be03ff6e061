"""Right answers, kept beside the cases: `FILE.answers.json` for `FILE.jsonl`. They show that a case is sound.

`{"contamination": "the line of suite.toml", "answers": {"case-001": ["a text", {"text": "…", "tool_calls": [{"name":
"…", "arguments": {…}}]}]}}`. Not JSON Lines, so that nothing takes the file for cases or for training samples.
"""

import json
from pathlib import Path
from typing import Any

from harness.errors import SuiteError, found, nearest
from harness.files import DEPTH_LIMIT, UnfitFileError, content_of, depth_over, json_of
from harness.records.answer import Completion, ToolCall
from harness.suite.folders import SuiteInfo

_LIMIT = 20_000_000
"""Bytes."""
_KEYS = ("contamination", "answers")
_ANSWER_KEYS = ("text", "tool_calls")
_CALL_KEYS = ("name", "arguments")
_ONE_ANSWER = "accepted: a text, or an object with text, tool_calls or both"

RightAnswers = dict[str, tuple[Completion, ...]]
"""Right answers by the id of their case, in the order of the file."""


def answers_file(cases: Path) -> Path:
    """Where the right answers to a case file are, if there are any."""
    return cases.with_name(f"{cases.stem}.answers.json")


def read_answers(path: Path, info: SuiteInfo) -> RightAnswers:
    """The right answers of one file.

    Raises:
        SuiteError: the file cannot be read, an answer has another form, or the contamination marker is missing or is
            not that of the suite.
    """
    try:
        content = json_of(content_of(path, limit=_LIMIT))
    except OSError as error:
        raise SuiteError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnfitFileError as error:
        raise SuiteError(f"{path}: {error}") from error
    if depth_over(content, DEPTH_LIMIT):
        raise SuiteError(f"{path}: nested too deeply; accepted: at most {DEPTH_LIMIT} levels")
    try:
        _check_keys("", content, _KEYS, required=_KEYS)
        _check_marker(content["contamination"], info.contamination)
        answers = content["answers"]
        if not isinstance(answers, dict):
            raise UnfitFileError(f"answers: found {found(answers)}; accepted: an object of lists by case id")
        return {name: _right(f"answers.{_shown(name)}", given) for name, given in answers.items()}
    except UnfitFileError as error:
        raise SuiteError(f"{path}: {error}") from None


def _check_keys(place: str, value: Any, accepted: tuple[str, ...], *, required: tuple[str, ...]) -> None:
    shown = f"{place}: " if place else ""
    if not isinstance(value, dict):
        raise UnfitFileError(f"{shown}found {found(value)}; accepted: an object with {', '.join(accepted)}")
    for key in value:
        if key not in accepted:
            raise UnfitFileError(
                f"{shown}unknown key {found(key)}{nearest(key, accepted)}; accepted: {', '.join(accepted)}"
            )
    for key in required:
        if key not in value:
            raise UnfitFileError(f"{shown}{key}: missing; accepted: {', '.join(accepted)}")


def _check_marker(marker: Any, wanted: str) -> None:
    if not isinstance(marker, str) or not marker.strip():
        raise UnfitFileError(f"contamination: found {found(marker)}; accepted: a line that marks evaluation data")
    if marker != wanted:
        raise UnfitFileError(
            f"contamination: found {found(marker)}; accepted: that of suite.toml, {found(wanted) if wanted else 'none'}"
        )


def _right(place: str, given: Any) -> tuple[Completion, ...]:
    if not isinstance(given, list) or not given:
        raise UnfitFileError(f"{place}: found {found(given)}; accepted: a non-empty list of answers")
    return tuple(_answer(f"{place}[{index}]", answer) for index, answer in enumerate(given))


def _answer(place: str, given: Any) -> Completion:
    if isinstance(given, str):
        return Completion(text=given, finish_reason="stop")
    if not isinstance(given, dict) or not given:
        raise UnfitFileError(f"{place}: found {found(given)}; {_ONE_ANSWER}")
    _check_keys(place, given, _ANSWER_KEYS, required=())
    text, calls = given.get("text", ""), given.get("tool_calls", [])
    if not isinstance(text, str):
        raise UnfitFileError(f"{place}.text: found {found(text)}; accepted: a string")
    if not isinstance(calls, list):
        raise UnfitFileError(f"{place}.tool_calls: found {found(calls)}; accepted: a list of calls")
    read = tuple(_call(f"{place}.tool_calls[{index}]", call) for index, call in enumerate(calls))
    return Completion(text=text, tool_calls=read, finish_reason="tool_calls" if read else "stop")


def _call(place: str, given: Any) -> ToolCall:
    _check_keys(place, given, _CALL_KEYS, required=_CALL_KEYS)
    name, arguments = given["name"], given["arguments"]
    if not isinstance(name, str) or not name:
        raise UnfitFileError(f"{place}.name: found {found(name)}; accepted: the name of a tool")
    if not isinstance(arguments, dict):
        raise UnfitFileError(f"{place}.arguments: found {found(arguments)}; accepted: an object")
    return ToolCall(name=name, arguments=json.dumps(arguments, ensure_ascii=False))


def _shown(name: str) -> str:
    return name if name.isprintable() and len(name) <= _LONGEST_SHOWN else found(name)


_LONGEST_SHOWN = 80
