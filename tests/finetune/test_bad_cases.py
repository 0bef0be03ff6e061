"""Bad cases of a run as new samples: right strings put back, checked, deduplicated, named."""

import pytest

from harness.finetune import bad_cases
from harness.finetune.bad_cases import GoldSources
from harness.records.answer import Completion, ToolCall
from harness.records.run import SampleResult
from harness.text import check
from tests.factory import case_result, run_record, suite_case


def harvest(record, **options):
    """With the weak answer, its strings put right, as gold: `--mend`."""
    return bad_cases.harvest(record, **{"gold": GoldSources(mended=True)} | options)


def case(key, prompt, output, *targets, outcome="damaged", **fields):
    answer = SampleResult(sample=0, outcome=outcome, output=output)
    values = {"domain": "cars", "language": "en", "task": "qa"}
    return case_result(key, outcome, targets=targets, prompt=prompt, samples=[answer], **(values | fields))


def run(*cases):
    return run_record(cases, model="spaced", version="1", run_id="r1", mode="replay")


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
    assert result.cases == ("symbols/a", "symbols/b")
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


def test_a_call_is_not_mended_and_a_prompt_with_pictures_is_no_sample():
    picture = case("b", "KJ-55?", "KJ - 55", "KJ-55").model_copy(
        update={"messages": ({"role": "user", "content": [{"type": "image_url"}]},)}
    )
    result = harvest(run(case("a", "KJ-55?", "", "KJ-55", channel="tool"), picture))
    assert result.skipped["symbols/a"] == "no right answer to this prompt is at hand"
    assert "more than texts" in result.skipped["symbols/b"]


def test_without_a_right_answer_a_bad_case_is_refused():
    result = harvest(run(case("a", "KJ-55?", "KJ - 55", "KJ-55")), gold=GoldSources())
    assert result.skipped == {"symbols/a": "no right answer to this prompt is at hand"}


def test_gold_is_a_stronger_version_s_right_answer_to_the_same_prompt():
    weak = run(
        *(case(key, f"KJ-{number}, in Chinese?", f"KJ - {number}", f"KJ-{number}") for number, key in enumerate("abc"))
    )
    right = case("a", "KJ-0, in Chinese?", "是KJ-0。", "KJ-0", outcome="aligned")
    wrong = case("b", "KJ-1, in Chinese?", "KJ - 1", "KJ-1")
    other = case("c", "KJ-2?", "KJ-2", "KJ-2", outcome="aligned", digest="of another prompt")
    stronger = run_record((right, wrong, other), model="qwen", version="1", run_id="r2", mode="replay")
    result = harvest(weak, gold=GoldSources(stronger))
    assert [sample.gold for sample in result.samples] == ["是KJ-0。"]
    assert sorted(result.skipped) == ["symbols/b", "symbols/c"]


def test_gold_is_one_of_the_right_answers_beside_the_case_drawn_by_the_seed():
    right = {"symbols/a": [Completion(text=f"{n}: KJ-55") for n in range(20)]}
    weak = run(case("a", "KJ-55?", "", "KJ-55", outcome="omitted"))
    drawn = {
        harvest(weak, gold=GoldSources(right=right), outcomes=["omitted"], seed=n).samples[0].gold for n in range(9)
    }
    assert len(drawn) > 3
    assert harvest(weak, gold=GoldSources(right=right)).samples == ()


def test_damaged_tool_arguments_are_a_sample_with_its_tools():
    weak = run(case("a", "Order KJ-55.", "", "KJ-55", channel="tool"))
    call = ToolCall(name="order", arguments='{"part": "KJ-55"}')
    tools = {"symbols/a": [{"type": "function", "function": {"name": "order"}}]}
    right = {"symbols/a": [Completion(tool_calls=(call,))]}
    result = harvest(weak, gold=GoldSources(right=right, tools=tools))
    assert result.skipped == {}
    [sample] = result.samples
    assert sample.gold.split() == ["KJ-55", "part"]
    assert sample.tools == tuple(tools["symbols/a"])
    without = harvest(weak, gold=GoldSources(right=right)).skipped["symbols/a"]
    assert "tools of the case are not at hand" in without


def test_a_right_answer_that_would_teach_another_damage_is_refused():
    right = {"symbols/a": [Completion(text="KJ-55 in the wet - room")]}
    result = harvest(run(case("a", "KJ-55 in the wet-room?", "KJ - 55", "KJ-55")), gold=GoldSources(right=right))
    assert "gold answer is spaced" in result.skipped["symbols/a"]


def test_a_case_of_the_same_wording_is_named_as_met():
    tested = [suite_case("KJ-99?", "KJ-99", id="z", suite="symbols"), suite_case("Say LM-1.", "LM-1", id="y")]
    assert harvest(run(case("a", "KJ-55?", "KJ - 55", "KJ-55")), tested=tested).cases == ("symbols/a", "symbols/z")


def test_at_most_so_many_are_taken_over_all_domains():
    cases = [
        case(
            f"{domain}-{i}", f"{domain[0].upper()}J-{i}?", f"{domain[0].upper()}J - {i}", f"{domain[0].upper()}J-{i}"
        ).model_copy(update={"domain": domain})
        for domain, count in (("cars", 20), ("law", 4), ("tea", 4))
        for i in range(count)
    ]
    result = harvest(run(*cases), limit=6)
    assert sorted(sample.domain for sample in result.samples) == ["cars", "cars", "law", "law", "tea", "tea"]
    assert harvest(run(*cases), limit=6) == result
    assert harvest(run(*cases), limit=6, seed=8) != result
    assert len(harvest(run(*cases), domains=["law"]).samples) == 4
    assert harvest(run(*cases), suites=["other"]).samples == ()


def test_cases_held_out_are_never_taken_nor_what_holds_their_strings():
    held = case("held", "Which? KJ-55.", "KJ - 55", "KJ-55", tags=("held-out",))
    near = case("near", "KJ-55 or QQ-1?", "QQ - 1", "QQ-1")
    free = case("free", "ZZ-9?", "ZZ - 9", "ZZ-9")
    result = harvest(run(held, near, free))
    assert result.cases == ("symbols/free",)
    assert "held out" in result.skipped["symbols/held"]
    assert "held out" in result.skipped["symbols/near"]
    named = suite_case("Say KJ-55.", "KJ-55", id="held", suite="symbols", tags=("held-out",))
    result = harvest(run(case("held", "Say KJ-55.", "KJ - 55", "KJ-55"), free), tested=[named])
    assert result.cases == ("symbols/free",)
    same = harvest(run(case("near", "Say QQ-1.", "QQ - 1", "QQ-1"), free), tested=[named])
    assert same.skipped == {"symbols/near": "its wording is that of a case that is held out of training"}
