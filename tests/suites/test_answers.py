"""For every case of every shipped suite a right answer passes through the real judge, and a wrong one fails."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from harness.authoring.right_answers import broken, document
from harness.config import ModelConfig
from harness.records.answer import Completion, ToolCall
from harness.records.case import Case
from harness.runs.judge import Judge
from harness.suite import builtin_root, case_files, load_cases, load_info, load_suite
from harness.suite.answers import answers_file, read_answers

JUDGE = Judge(ModelConfig(name="any"))
WRITTEN = ("over_correction", "structured", "general", "streaming")
GOOD_ANSWERS = ("aligned", "passed")
Damage = Callable[[str], str]


@cache
def cases_of(suite: str) -> dict[str, Case]:
    return {case.id: case for case in load_suite(builtin_root() / suite)}


@cache
def right_answers(suite: str) -> dict[str, list[Any]]:
    """The right answers beside the cases: a text, or an object with `text` and `tool_calls`."""
    files = sorted((builtin_root() / suite).glob("*.answers.json"))
    answers = [json.loads(path.read_text(encoding="utf-8"))["answers"] for path in files]
    return {name: right for entries in answers for name, right in entries.items()}


@cache
def wrong_answers(suite: str) -> dict[str, Any]:
    lines = (Path(__file__).parent / "answers" / f"{suite}.jsonl").read_text(encoding="utf-8").splitlines()
    return {entry["id"]: entry["wrong"] for entry in map(json.loads, lines)}


def completion(answer: str | dict[str, Any]) -> Completion:
    if isinstance(answer, str):
        return Completion(text=answer)
    calls = tuple(
        ToolCall(name=call["name"], arguments=json.dumps(call["arguments"], ensure_ascii=False))
        for call in answer.get("tool_calls", answer.get("calls", ()))
    )
    return Completion(text=answer.get("text", ""), tool_calls=calls)


def outcome(case: Case, answer: Completion) -> str:
    return JUDGE.sample(case, answer, 0).outcome


def said(text: str) -> Completion:
    return Completion(text=text)


@pytest.mark.parametrize("suite", [*WRITTEN, "style"])
def test_every_case_has_two_right_answers(suite: str) -> None:
    assert set(right_answers(suite)) == set(cases_of(suite))
    assert {len(right) for right in right_answers(suite).values()} == {2}
    assert [name for name, right in right_answers(suite).items() if right[0] == right[1]] == []


@pytest.mark.parametrize("suite", WRITTEN)
def test_every_case_has_a_wrong_answer(suite: str) -> None:
    assert set(wrong_answers(suite)) == set(cases_of(suite))


@pytest.mark.parametrize("suite", [*WRITTEN, "style"])
def test_the_right_answers_pass(suite: str) -> None:
    outcomes = {
        (name, number): outcome(case, completion(answer))
        for name, case in cases_of(suite).items()
        for number, answer in enumerate(right_answers(suite)[name])
    }
    assert {name: found for name, found in outcomes.items() if found not in GOOD_ANSWERS} == {}


@pytest.mark.parametrize("suite", WRITTEN)
def test_the_wrong_answers_fail(suite: str) -> None:
    answers = wrong_answers(suite)
    outcomes = {name: outcome(case, completion(answers[name])) for name, case in cases_of(suite).items()}
    assert {name: found for name, found in outcomes.items() if found in GOOD_ANSWERS} == {}


def strings_of(answer: str | dict[str, Any]) -> dict[str, Any]:
    value = json.loads(answer) if isinstance(answer, str) else answer["tool_calls"][0]["arguments"]
    return value if isinstance(value, dict) else {}


def test_two_fields_exchanged_fail() -> None:
    passing, tried = [], 0
    for suite in ("structured", "streaming"):
        for name, case in cases_of(suite).items():
            if case.channel == "text":
                continue
            right = right_answers(suite)[name][0]
            fields = strings_of(right)
            for one, other in combinations([key for key, value in fields.items() if isinstance(value, str)], 2):
                exchanged = {**fields, one: fields[other], other: fields[one]}
                tried += 1
                answer: str | dict[str, Any] = (
                    json.dumps(exchanged, ensure_ascii=False)
                    if isinstance(right, str)
                    else {"tool_calls": [{**right["tool_calls"][0], "arguments": exchanged}]}
                )
                if outcome(case, completion(answer)) in GOOD_ANSWERS:
                    passing.append((name, one, other))
    assert passing == []
    assert tried > 60


def test_blanks_closed_up_fail_in_over_correction() -> None:
    passing, tried = [], 0
    for name, case in cases_of("over_correction").items():
        if not any(closed_up(target) != target for target in case.targets):
            continue
        for answer in right_answers("over_correction")[name]:
            tried += 1
            if outcome(case, completion(closed_up(answer))) != "damaged":
                passing.append(name)
    assert passing == []
    assert tried > 150


def closed_up(text: str) -> str:
    """What the cure does that people paste: no blank beside a symbol, but for the mark of a list."""
    return re.sub(r"(?m)(?!^- )[ \t]*([-/])[ \t]*", r"\1", text)


@pytest.mark.parametrize("suite", [*WRITTEN, "style", "symbols"])
@pytest.mark.parametrize(
    "excuse", ["", "I am not sure.", "不知道。", "{}", "null", "As an AI model, I cannot do that."]
)
def test_an_answer_that_says_nothing_never_passes(suite: str, excuse: str) -> None:
    assert [name for name, case in cases_of(suite).items() if outcome(case, said(excuse)) in GOOD_ANSWERS] == []


@pytest.mark.parametrize("suite", WRITTEN)
def test_the_prompt_given_back_is_no_right_answer(suite: str) -> None:
    # where there are targets a copy of the prompt holds them, and is right by them; here the checks must see through it
    passing = [
        name
        for name, case in cases_of(suite).items()
        if not case.targets and outcome(case, said(str(case.messages[-1]["content"]))) in GOOD_ANSWERS
    ]
    assert passing == []


def test_the_right_answer_to_another_question_fails_in_general() -> None:
    cases, answers = cases_of("general"), right_answers("general")
    wrong = []
    for name, case in cases.items():
        others = [
            answer
            for other, entry in cases.items()
            if entry.domain == case.domain and other != name
            for answer in answers[other]
            if answer not in answers[name]
        ]
        wrong += [(name, other) for other in others if outcome(case, completion(other)) in GOOD_ANSWERS]
    assert wrong == []


def kept(target: str) -> str:
    return target


def spaced(target: str) -> str:
    return target.translate(str.maketrans({"-": " - ", "/": " / "}))


def lookalike(target: str) -> str:
    return target.translate(str.maketrans({"-": "–", "/": "／"}))


def altered(target: str) -> str:
    """Without its last symbol between two characters."""
    place = max(index for index, char in enumerate(target[:-1]) if char in "-/")
    return target[:place] + target[place + 1 :]


def symbol_answer(case: Case, damage: Damage) -> Completion:
    """All targets in one plain answer, each with some damage."""
    strings = [damage(target) for target in case.targets]
    return said(json.dumps({"items": strings}, ensure_ascii=False) if case.channel == "json" else "\n".join(strings))


def symbol_cases() -> Iterator[tuple[str, Case]]:
    for case in cases_of("symbols").values():
        yield case.task, case


def test_symbols_pass_when_every_target_comes_back() -> None:
    failing = {case.id: found for _, case in symbol_cases() if (found := right_of(case)) != "aligned"}
    assert failing == {}
    assert set(Counter(task for task, _ in symbol_cases())) >= {"copy", "json", "table", "multi", "passage"}


def right_of(case: Case) -> str:
    first = outcome(case, symbol_answer(case, kept))
    if first == "aligned" or case.channel != "json":
        return first
    # a case that asks for named keys gets them
    fixed = {call.arguments["field"]: call.arguments["value"] for call in case.checks if "field" in call.arguments}
    value = document({"type": "object"}, case.targets, fixed)
    return outcome(case, said(json.dumps(value, ensure_ascii=False)))


@pytest.mark.parametrize("damage", [spaced, lookalike, altered])
def test_symbols_fail_when_any_kind_of_damage_is_done(damage: Damage) -> None:
    missed = []
    for _, case in symbol_cases():
        result = JUDGE.sample(case, symbol_answer(case, damage), 0)
        if result.outcome != "damaged" or set(result.verdicts.values()) != {damage.__name__}:
            missed.append((case.id, result.outcome, result.verdicts))
    assert missed == []


def test_symbols_fail_when_one_required_target_is_left_out() -> None:
    outcomes = Counter(
        outcome(case, said("; ".join(one for one in case.required if one != target)))
        for _, case in symbol_cases()
        if len(case.required) > 1
        for target in case.required
        if not any(target in other for other in case.required if other != target)
    )
    assert set(outcomes) == {"omitted"}
    assert outcomes["omitted"] > 50


TALE = {"title": "一点心事", "tale": "他把话写在纸上，折了三折，终究没有寄出去。"}
SLIPS: dict[str, dict[str, Any]] = {
    "three fields": {**TALE, "note": "完"},
    "one field": {"tale": TALE["tale"]},
    "no full stop": {**TALE, "tale": TALE["tale"][:-1]},
    "doubled full stop": {**TALE, "tale": TALE["tale"] + "。"},
    "two sentences": {**TALE, "tale": "他把话写在纸上，折了三折。终究没有寄出去。"},
    "no pause": {**TALE, "tale": "他把话写在纸上折了三折终究没有寄出去。"},
    "Latin word": {**TALE, "tale": "他把 email 写在纸上，折了三折，终究没有寄出去。"},
    "Latin title": {**TALE, "title": "Deadline"},
    "list for a text": {**TALE, "tale": [TALE["tale"]]},
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_tale_with_a_slip_of_form_fails_for_every_word(slip: str) -> None:
    answer = said(json.dumps(SLIPS[slip], ensure_ascii=False))
    assert {outcome(case, answer) for case in cases_of("style").values()} == {"failed"}


def test_a_tale_in_form_passes_for_every_word_and_fails_with_the_word_in_it() -> None:
    for case in cases_of("style").values():
        word = case.messages[-1]["content"]
        assert outcome(case, said(json.dumps(TALE, ensure_ascii=False))) == "passed", case.id
        named = {**TALE, "tale": f"他把{word}写在纸上，折了三折，终究没有寄出去。"}
        assert outcome(case, said(json.dumps(named, ensure_ascii=False))) == "failed", case.id
        assert outcome(case, said(f"故事：{json.dumps(TALE, ensure_ascii=False)}")) == "failed", case.id


# Beside every shipped case are two right answers that can be broken. That the right ones pass and that the broken ones
# fail is the lint's rule `answers`: test_balance.py runs it over all suites.

# the cases that a hunt found are made by program and have no answers
FILES = [path for path in case_files(builtin_root()) if path.parent.name != "adversarial"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_case_has_two_right_answers_and_each_required_target_is_broken(path: Path) -> None:
    answers = read_answers(answers_file(path), load_info(path.parent))
    cases = {located.case.id: located.case for located in load_cases(path)}
    assert list(answers) == list(cases)
    assert [name for name, right in answers.items() if len(set(right)) < 2] == []
    tried = sum(len(list(broken(case, right))) for name, case in cases.items() for right in answers[name])
    assert tried >= sum(len(case.required) for case in cases.values())
