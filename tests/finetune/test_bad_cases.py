"""Bad cases of a run as new samples: right strings put back, checked, deduplicated, named."""

import pytest

from harness.finetune.bad_cases import harvest
from harness.records.run import CaseResult, RunRecord, SampleResult, Totals
from harness.text import check


def case(key, prompt, output, *targets, outcome="damaged", **fields):
    return CaseResult(
        suite="symbols", id=key, domain="cars", language="en", task="qa", digest="d",
        messages=({"role": "user", "content": prompt},), targets=targets, required=targets, outcome=outcome,
        samples=(SampleResult(sample=0, outcome=outcome, output=output),), **fields,
    )  # fmt: skip


def run(*cases):
    return RunRecord(
        run_id="r1", model="spaced", version="1", configuration_digest="c", suite_digest="s", harness_version="0",
        mode="replay", started="2026-01-01T00:00:00Z", ended="2026-01-01T00:00:00Z", totals=Totals(), cases=cases,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("output", "gold"),
    [
        ("It is the KJ - 55.", "It is the KJ-55."),
        ("It is the KJ\u2011\u200b55.", "It is the KJ-55."),
        ("It is the KJ_55, a 5 - 3 mix.", "It is the KJ-55, a 5 - 3 mix."),
        ("kj - 55 and KJ 55", "KJ-55 and KJ-55"),
    ],
)
def test_the_right_string_is_put_back_and_nothing_else(output, gold):
    [sample] = harvest(run(case("a", "Which? The KJ-55.", output, "KJ-55"))).samples
    assert sample.gold == gold
    assert check(sample.source, sample.gold, ["KJ-55"]).verdicts == {"KJ-55": "verbatim"}


def test_cases_that_are_fine_are_no_samples():
    result = harvest(run(case("a", "KJ-55?", "KJ-55", "KJ-55", outcome="aligned")))
    assert (result.samples, result.cases, result.skipped) == ((), (), {})


def test_the_cases_used_are_named_and_keep_their_domain():
    result = harvest(run(case("a", "KJ-55?", "KJ - 55", "KJ-55")))
    assert result.cases == ("symbols/a",)
    assert result.samples[0].domain == "cars"


def test_strings_that_the_case_does_not_test_are_put_right_too():
    [sample] = harvest(run(case("a", "The KJ-55, in the wet-room.", "KJ - 55, wet - room", "KJ-55"))).samples
    assert sample.gold == "KJ-55, wet-room"


def test_a_case_whose_string_stands_in_another_prompt_is_named_too():
    other = case("b", "LM-9?", "LM-9", "LM-9", outcome="aligned")
    result = harvest(run(case("a", "KJ-55, not LM-9?", "KJ - 55", "KJ-55"), other))
    assert result.cases == ("symbols/a", "symbols/b")
    assert len(result.samples) == 1


def test_the_same_prompt_is_taken_once():
    result = harvest(run(*(case(key, "KJ-55?", "KJ - 55", "KJ-55") for key in "ab")))
    assert len(result.samples) == 1
    assert result.skipped == {"symbols/b": "the same prompt as another case"}


def test_an_answer_that_leaves_a_required_string_out_is_skipped():
    result = harvest(run(case("a", "KJ-55 or LM-9?", "KJ - 55", "KJ-55", "LM-9")))
    assert result.skipped == {"symbols/a": "the damage could not be put right by program"}


def test_a_json_answer_stays_json():
    [sample] = harvest(run(case("a", "KJ-55 as JSON", '{"part": "KJ - 55"}', "KJ-55", channel="json"))).samples
    assert sample.gold == '{"part": "KJ-55"}'


def test_the_answer_as_it_was_received_is_mended_and_not_the_repaired_one():
    received = SampleResult(sample=0, outcome="damaged", output="KJ-55 x", raw_output="KJ - 55 y")
    [sample] = harvest(run(case("a", "KJ-55?", "", "KJ-55").model_copy(update={"samples": (received,)}))).samples
    assert sample.gold == "KJ-55 y"


def test_tool_answers_and_tool_prompts_are_skipped_with_the_reason():
    tool_prompt = case("b", "KJ-55?", "KJ - 55", "KJ-55").model_copy(
        update={"messages": ({"role": "tool", "content": "KJ-55"},)}
    )
    result = harvest(run(case("a", "KJ-55?", "", "KJ-55", channel="tool"), tool_prompt))
    assert "tool arguments" in result.skipped["symbols/a"]
    assert "more than system, user and assistant" in result.skipped["symbols/b"]
