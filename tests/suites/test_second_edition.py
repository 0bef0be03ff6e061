"""Each right answer of the second edition passes; with one damage or one omission it fails."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.config import ModelConfig
from harness.records.answer import Completion, ToolCall
from harness.records.case import Case
from harness.runs.judge import Judge
from harness.suite import load_cases

ROOT = Path(__file__).parents[2] / "examples" / "suites"
FILES = sorted(ROOT.rglob("*.jsonl"))
JUDGE = Judge(ModelConfig(name="answers", base_url="http://localhost/"))
SIGNS_ALONE = {"translation/interface-014"}
"""A target of signs alone (`%@`) is not found again with a blank in it; such an answer is judged as an omission."""


def completion(answer: Any) -> Completion:
    if isinstance(answer, str):
        return Completion(text=answer, finish_reason="stop")
    calls = [
        ToolCall(name=call["name"], arguments=json.dumps(call["arguments"], ensure_ascii=False))
        for call in answer["tool_calls"]
    ]
    return Completion(text=answer.get("text", ""), finish_reason="stop", tool_calls=tuple(calls))


def changed(answer: Any, change: Callable[[str], str]) -> Any:
    """The answer with its text, and every string in the arguments of its calls, changed."""
    if isinstance(answer, str):
        return change(answer)
    calls = [{"name": call["name"], "arguments": _inside(call["arguments"], change)} for call in answer["tool_calls"]]
    return {"text": change(answer.get("text", "")), "tool_calls": calls}


def _inside(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_inside(one, change) for one in value]
    return {key: _inside(one, change) for key, one in value.items()} if isinstance(value, dict) else value


def damaged(target: str) -> str:
    """One blank too many, or too few: beside a sign, at a CJK edge, or in the middle."""
    for sign in "-/_":
        place = target.find(sign, 1)
        if 0 < place < len(target) - 1:
            if target[place - 1] == " ":
                return target[: place - 1] + sign + target[place + 1 :].lstrip()
            return f"{target[:place]} {sign} {target[place + 1 :]}"
    edge = re.search(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u4e00-\u9fff])", target)
    if edge:
        return f"{target[: edge.start()]} {target[edge.start() :]}"
    inner = [place for place in range(1, len(target) - 1) if not (target[place].isalnum() or target[place].isspace())]
    if inner:
        return f"{target[: inner[0]]} {target[inner[0]]} {target[inner[0] + 1 :]}"
    return f"{target[: len(target) // 2]} {target[len(target) // 2 :]}"


def outcome(case: Case, answer: Any) -> str:
    return JUDGE.sample(case, completion(answer), 0).outcome


def test_there_are_as_many_as_the_page_says() -> None:
    total = sum(len(load_cases(file)) for file in FILES)
    assert f"{total:,} cases" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_right_answers_pass_and_broken_ones_fail(file: Path) -> None:
    answers = json.loads(file.with_suffix(".answers.json").read_text("utf-8"))["answers"]
    cases = {located.case.id: located.case for located in load_cases(file)}
    assert answers.keys() == cases.keys()
    for name, case in cases.items():
        assert len(answers[name]) >= 2, name
        for answer in answers[name]:
            if case.tools and isinstance(answer, str):
                continue  # a call written as text: what reads one is not built yet
            assert outcome(case, answer) in ("aligned", "passed"), (name, answer)
            for target in case.targets:
                broken = changed(answer, lambda text, target=target: text.replace(target, damaged(target)))
                if broken != changed(answer, str) and f"{case.suite}/{case.id}" not in SIGNS_ALONE:
                    assert outcome(case, broken) == "damaged", (name, broken)
            for target in case.required:
                without = changed(answer, lambda text, target=target: text.replace(target, "…"))
                assert outcome(case, without) in ("omitted", "failed"), (name, without)
