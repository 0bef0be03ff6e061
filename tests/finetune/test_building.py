"""Sets by program: templates filled with strings, and right answers of a run."""

import json

import pytest

from harness.finetune.bad_cases import GoldSources, from_run, from_templates, read_templates, spaced
from harness.records.run import SampleResult
from harness.records.training import TrainingError
from tests.factory import case_result, run_record

TEMPLATE = {
    "domain": "cars",
    "prompt": "Someone wrote {damaged}, it is {string}. Write it.",
    "answer": "It is {string}.",
    "strings": ["KJ-55", "a/b"],
}


def templates(tmp_path, *values):
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return read_templates(path)


def test_every_string_goes_through_every_template(tmp_path):
    samples = from_templates(templates(tmp_path, TEMPLATE), seed=1)
    assert {(sample.source, sample.gold, sample.domain) for sample in samples} == {
        ("Someone wrote KJ - 55, it is KJ-55. Write it.", "It is KJ-55.", "cars"),
        ("Someone wrote a / b, it is a/b. Write it.", "It is a/b.", "cars"),
    }


def test_a_system_prompt_comes_first(tmp_path):
    [one, _] = from_templates(templates(tmp_path, {**TEMPLATE, "system": "Be brief."}), seed=1)
    assert [turn.role for turn in one.messages] == ["system", "user", "assistant"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"answer": "It."}, "answer: holds no {string}"),
        ({"prompt": "Say {damaged}."}, "prompt: holds no {string}"),
        ({"answer": "{damaged} {string}"}, "the model would learn the damage"),
        ({"string": ["x"]}, "string: unknown field (did you mean 'strings'?)"),
        ({"strings": []}, "strings: found"),
    ],
)
def test_a_wrong_template_is_told_with_its_line(tmp_path, change, expected):
    with pytest.raises(TrainingError) as error:
        templates(tmp_path, TEMPLATE, {**TEMPLATE, **change})
    assert "t.jsonl:2: " in str(error.value)
    assert expected in str(error.value)


def test_a_template_that_is_no_json_is_told_with_its_line(tmp_path):
    (tmp_path / "t.jsonl").write_text("\nnope\n")
    with pytest.raises(TrainingError, match=r"t\.jsonl:2: not JSON"):
        read_templates(tmp_path / "t.jsonl")


def test_spaced_is_the_defect():
    assert spaced("F/A-18") == "F / A - 18"


def result(key, domain, outcome, **fields):
    answer = SampleResult(sample=0, outcome=outcome, output="KJ-55")
    return case_result(key, outcome, targets=(), prompt="KJ-55?", domain=domain, samples=[answer], **fields)


def test_right_answers_of_the_wanted_domains_become_gold():
    cases = (
        result("a", "cars", "aligned"),
        result("b", "cars", "damaged"),
        result("c", "law", "aligned"),
        result("d", "cars", "aligned", channel="tool"),
    )
    record = run_record(cases, model="qwen", version="1", run_id="r1", mode="replay")
    taken = from_run(record, domains=["cars"], gold=GoldSources())
    assert [sample.gold for sample in taken.samples] == ["KJ-55"]
    # the other cases have the same prompt: who learns one answer has met all of them
    assert taken.cases == ("symbols/a", "symbols/b", "symbols/c", "symbols/d")
    assert len(from_run(record, domains=(), gold=GoldSources()).samples) == 1
