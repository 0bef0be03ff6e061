"""The style task: training words are not tested ones, and prompts are compared from records."""

import json

from benchmarks.style import WORDS, comparison, shipped_words, write_suite
from harness.records.run import CheckResult, SampleResult
from harness.suite import load_suite
from tests.factory import case_result, run_record


def test_no_training_word_is_tested_and_none_is_there_twice():
    words = [word for given in WORDS.values() for word in given.split()]
    assert len(set(words)) == len(words) >= 80
    assert not shipped_words().intersection(words)


def test_the_training_suite_asks_the_shipped_long_prompt_for_each_word(tmp_path):
    count = write_suite(tmp_path / "tales")
    cases = load_suite(tmp_path / "tales")
    assert len(cases) == count
    assert {str(case.messages[-1]["content"]) for case in cases}.isdisjoint(shipped_words())
    for case in cases:
        forbidden = [call.arguments["value"] for call in case.checks if call.check == "not_contains"]
        assert case.messages[-1]["content"] in forbidden
        assert not shipped_words().intersection(forbidden)
        assert "又悄悄收回去" in forbidden  # a clause of an example: what copies it is not a sample


def test_form_tokens_latency_and_cost_are_by_version_and_prompt():
    def case(number, tag, outcome, *, output="他每天加班。", form=True, **answer):
        checks = (CheckResult(check="regex", passed=form), CheckResult(check="not_contains", passed=False))
        sample = SampleResult(sample=0, outcome=outcome, output=output, checks=checks, **answer)
        words = ({"role": "user", "content": "加班"},)
        tags = (tag,)
        return case_result(
            f"c{number}", outcome, targets=(), samples=[sample], tags=tags, suite="style", messages=words
        )

    cases = [
        case(1, "long-prompt", "passed", prompt_tokens=550, completion_tokens=40, latency_s=3.0, cost=0.02),
        case(
            2,
            "long-prompt",
            "failed",
            output="他走得很晚。",
            form=False,
            prompt_tokens=560,
            completion_tokens=60,
            latency_s=5.0,
            cost=0.04,
        ),
        case(3, "short-prompt", "failed", prompt_tokens=20),
        case(4, "short-prompt", "unscored"),
    ]
    head, long, short = comparison([run_record(cases)])
    assert head[0] == "version"
    assert long[1:3] == ["long", "50.0% (1/2)"]
    assert head[4:6] == ["form", "word left out"]
    assert long[4:6] == ["1/2", "1/2"]  # the word is not a matter of form
    assert long[6:] == ["555", "50", "4.00 s", "30.00", "0 of 2"]
    assert short[1:3] == ["short", "0.0% (0/1)"]
    assert short[6:] == ["20", "not recorded", "not recorded", "no price", "1 of 2"]
    assert json.dumps(comparison([run_record([])])[1:]) == "[]"
