"""A tool call that a model wrote as text is read as one, and is not counted as delivered."""

import json
import time
from typing import Any

import pytest

from harness.checks.answers import calls_in_text
from harness.config import ModelConfig
from harness.decisions.metrics import alignment_rate, delivered_rate
from harness.records.answer import Completion, ToolCall
from harness.records.case import Case, CheckCall
from harness.runs.judge import Judge

TOOL = {"type": "function", "function": {"name": "move", "parameters": {"type": "object"}}}
CASE = Case(
    suite="any",
    id="move-1",
    domain="d",
    language="en",
    task="tool",
    messages=({"role": "user", "content": "Move a-1/x.txt to b-2/y.txt."},),
    targets=("a-1/x.txt", "b-2/y.txt"),
    required=("a-1/x.txt", "b-2/y.txt"),
    tools=(TOOL,),
    checks=(
        CheckCall(check="tool_called", arguments={"name": "move"}),
        CheckCall(check="equals", arguments={"field": "/from", "value": "a-1/x.txt"}),
        CheckCall(check="equals", arguments={"field": "/to", "value": "b-2/y.txt"}),
    ),
)
ARGUMENTS = {"from": "a-1/x.txt", "to": "b-2/y.txt"}
CALL = json.dumps({"name": "move", "arguments": ARGUMENTS})
JUDGE = Judge(ModelConfig(name="any"))
WRITTEN = {
    "bare": CALL,
    "in a fence": f"```json\n{CALL}\n```",
    "in tags": f"<tool_call>\n{CALL}\n</tool_call>",
    "in a tag that is not closed": f"<tool_call>\n{CALL}",
    "parameters": json.dumps({"name": "move", "parameters": ARGUMENTS}),
    "function": json.dumps({"function": "move", "arguments": ARGUMENTS}),
    "as endpoints return it": json.dumps({"type": "function", "function": {"name": "move", "arguments": ARGUMENTS}}),
    "arguments as text": json.dumps({"name": "move", "arguments": json.dumps(ARGUMENTS)}),
    "in a list": f"[{CALL}]",
    "under tool_calls": json.dumps({"tool_calls": [{"id": "1", "function": json.loads(CALL)}]}),
    "after reasoning with another": '<think>{"name": "move", "arguments": {"from": "?"}}</think>\n' + CALL,
    "over several lines": json.dumps(json.loads(CALL), indent=2),
}


@pytest.mark.parametrize("form", WRITTEN)
def test_a_call_written_as_text_is_read(form: str) -> None:
    sample = JUDGE.sample(CASE, Completion(text=WRITTEN[form]), 0)
    assert sample.outcome == "aligned", sample.checks
    assert [call.name for call in sample.tool_calls] == ["move"]
    assert sample.call_in_text
    # reasoning is kept apart, and is not output
    assert sample.raw_output == WRITTEN[form].rpartition("</think>\n")[2]


def test_text_round_a_call_is_kept_and_judged() -> None:
    sample = JUDGE.sample(CASE, Completion(text=f"I move a - 1/x.txt now.\n{CALL}\nDone."), 0)
    assert sample.output == "I move a - 1/x.txt now.\nDone."
    assert sample.outcome == "damaged"


def test_a_damaged_string_in_such_a_call_is_damaged() -> None:
    sample = JUDGE.sample(CASE, Completion(text=CALL.replace("a-1", "a - 1")), 0)
    assert (sample.outcome, sample.verdicts["a-1/x.txt"]) == ("damaged", "spaced")


NO_CALLS = {
    "another tool": json.dumps({"name": "copy", "arguments": ARGUMENTS}),
    "no arguments": json.dumps({"name": "move"}),
    "arguments that are a list": json.dumps({"name": "move", "arguments": ["a-1/x.txt"]}),
    "a name that is a number": json.dumps({"name": 7, "arguments": ARGUMENTS}),
    "cut off": CALL[:-2],
    "a name twice": '{"name": "move", "arguments": {"to": "a", "to": "b"}}',
    "arguments alone": json.dumps(ARGUMENTS),
    "in reasoning alone": f"<think>{CALL}</think>",
    "prose": "I moved a-1/x.txt to b-2/y.txt.",
    "a lone surrogate": '{"name": "move", "arguments": "\\ud800"}',
}


@pytest.mark.parametrize("form", NO_CALLS)
def test_what_is_no_call_of_the_case_stays_text(form: str) -> None:
    assert calls_in_text(NO_CALLS[form], [TOOL]) == ((), NO_CALLS[form])


def test_a_lone_surrogate_in_a_call_is_judged_and_written() -> None:
    text = r'{"name": "move", "arguments": {"from": "\ud800", "to": "b-2/y.txt"}}'
    sample = JUDGE.sample(CASE, Completion(text=text), 0)
    assert sample.outcome == "omitted"
    assert r"\ud800" in json.loads(sample.model_dump_json())["tool_calls"][0]["arguments"]


def test_a_case_without_tools_is_left_alone() -> None:
    case = CASE.model_copy(update={"tools": (), "checks": ()})
    sample = JUDGE.sample(case, Completion(text=CALL), 0)
    assert (sample.tool_calls, sample.output, sample.call_in_text) == ((), CALL, False)


def test_the_flag_is_written_only_where_it_is_true() -> None:
    delivered = Completion(tool_calls=(ToolCall(name="move", arguments=json.dumps(ARGUMENTS)),))
    assert "call_in_text" not in JUDGE.sample(CASE, delivered, 0).model_dump()
    assert JUDGE.sample(CASE, Completion(text=CALL), 0).model_dump()["call_in_text"] is True


def test_delivered_and_right_are_two_figures() -> None:
    answers = [
        Completion(tool_calls=(ToolCall(name="move", arguments=json.dumps(ARGUMENTS)),)),
        Completion(text=CALL),
        Completion(text="I cannot do that."),
    ]
    cases = [JUDGE.case(CASE, [JUDGE.sample(CASE, answer, 0)]) for answer in answers]
    assert delivered_rate(cases) == (1, 3)
    assert alignment_rate(cases) == (2, 3)


@pytest.mark.parametrize("piece", ['{"name": ', '{"name": "move", "arguments": {', '{"a":', "[", '<tool_call>{"name"'])
def test_a_hostile_answer_takes_no_long_time(piece: str) -> None:
    text = piece * (90_000 // len(piece))
    begin = time.perf_counter()
    found: tuple[Any, str] = calls_in_text(text, [TOOL])
    assert time.perf_counter() - begin < 2
    assert found == ((), text)
