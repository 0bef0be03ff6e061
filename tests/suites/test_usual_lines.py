"""Most lines of a case file are known to be right without the classes that say what is wrong with the others."""

import json
from typing import Any

import pytest

from harness.errors import SuiteError
from harness.suite import cases, line
from harness.suite.cases import CASE_FIELDS, BadLineError, build_case, case_from

USUAL: dict[str, Any] = {
    "id": "a-1",
    "domain": "parts",
    "language": "en",
    "task": "copy",
    "prompt": "Copy X-1/2.",
    "targets": ["X-1/2", "Y-2"],
    "required": ["X-1/2"],
    "tags": ["one"],
}
SAID = {"role": "user", "content": "Copy X-1/2."}
ODD: list[Any] = [
    *("", " ", "\n", "\x1c", "en\n", "a\n", "-a", "en_", "zh-CN", "x" * 70, "\ud800", "a\u2028b", "a\tb", "\u00a0"),
    *(None, True, 1, 1.5, {}, {"a": 1}, SAID, [], [""], [" "], [1], [None], ["\ud800"], ["a", "a"], ["A", ["A"]]),
    *(["X-1/2"], ["X-1/2", "X-1/2"], [f"t{number}" for number in range(101)], ["x" * 600_000, "y" * 600_000]),
    *([SAID], [{**SAID, "content": ""}], [{**SAID, "content": None}], [{**SAID, "content": [{"type": "text"}]}]),
    *([{**SAID, "role": "assistant"}], [{**SAID, "role": "tool"}], [{**SAID, "role": ["user"]}], [{"role": "user"}]),
    *([{**SAID, "name": "b"}], [{**SAID, "tool_call_id": "c"}], [{**SAID, "role": "system"}, SAID], [SAID, "a"]),
]


def outcome(fields: dict[str, Any]) -> str:
    """The case, or what is wrong."""
    try:
        return repr(build_case(fields, {}, "mine"))
    except BadLineError as error:
        return f"wrong: {error}"


def test_a_line_gives_the_same_case_or_error_whether_it_is_known_at_once_or_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [USUAL, {name: value for name, value in USUAL.items() if name not in ("required", "tags")}]
    for name in (*sorted(CASE_FIELDS), "other"):
        without = {key: value for key, value in USUAL.items() if key != name}
        lines += [without, *({**USUAL, name: value} for value in ODD), *({**without, name: value} for value in ODD)]
    conversation = {name: value for name, value in USUAL.items() if name != "prompt"}
    lines += [{**conversation, "messages": value} for value in ODD]
    quick = [outcome(json.loads(json.dumps(fields))) for fields in lines]
    at_once = sum(cases._is_right(fields) for fields in lines)
    monkeypatch.setattr(cases, "_is_right", lambda fields: False)
    assert [outcome(json.loads(json.dumps(fields))) for fields in lines] == quick
    assert 20 < at_once < len([said for said in quick if not said.startswith("wrong")])


def test_the_names_of_the_fields_are_those_of_the_format() -> None:
    assert set(line.CaseLine.model_fields) == CASE_FIELDS


def test_a_usual_line_is_not_put_through_the_classes_of_the_format(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(fields: object) -> str:
        return "looked at"

    monkeypatch.setattr(line, "slip_in", refuse)
    assert case_from(USUAL, "mine").required == ("X-1/2",)
    messages = [{"role": "system", "content": "Be brief."}, SAID]
    talk = {name: value for name, value in USUAL.items() if name != "prompt"} | {"messages": messages}
    assert case_from(talk, "mine").messages[1] == SAID
    with pytest.raises(SuiteError, match="looked at"):
        case_from({**USUAL, "stream": True}, "mine")
