"""Sets by program: templates filled with strings, and right answers of a run."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.finetune import bad_cases
from harness.finetune.bad_cases import GoldSources, from_run, from_templates, read_templates, spaced
from harness.finetune.samples import advice, mix, read_samples, split, take, write_samples
from harness.records.answer import Completion, ToolCall
from harness.records.run import SampleResult
from harness.records.training import TrainingError, TrainingMessage, TrainingSample
from harness.text import check
from tests.factory import case_result, run_record, suite_case

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


# Bad cases of a run as new samples: right strings put back, checked, deduplicated, named.


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


def test_gold_is_the_first_of_the_right_answers_beside_the_case():
    right = {"symbols/a": [Completion(text="KJ-55"), Completion(text="**KJ-55**")]}
    weak = run(case("a", "KJ-55?", "", "KJ-55", outcome="omitted"))
    taken = [
        harvest(weak, gold=GoldSources(right=right), outcomes=["omitted"], seed=n).samples[0].gold for n in range(9)
    ]
    assert taken == ["KJ-55"] * 9, "what a judge must accept as well is not what a model should learn"
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
    renamed = case("symbols.held", "Say KJ-55.", "KJ - 55", "KJ-55", suite="canary", digest=named.digest)
    result = harvest(run(renamed, free), tested=[named])
    assert result.cases == ("symbols/free",)
    assert result.skipped == {"canary/symbols.held": "held out of training"}
    same = harvest(run(case("near", "Say QQ-1.", "QQ - 1", "QQ-1"), free), tested=[named])
    assert same.skipped == {"symbols/near": "its wording is that of a case that is held out of training"}


# `mix`: so many general samples that they make up the share asked for.


def numbered(count, word):
    return [
        TrainingSample(
            messages=(
                TrainingMessage(role="user", content=f"{word} {i}"),
                TrainingMessage(role="assistant", content="b"),
            )
        )
        for i in range(count)
    ]


@pytest.mark.parametrize(("count", "share", "general"), [(42, 0.2, 10), (40, 0.2, 10), (70, 0.3, 30), (10, 0.01, 1)])
def test_the_share_is_that_of_the_whole(count, share, general):
    mixed = mix(numbered(count, "special"), numbered(60, "general"), share, seed=1)
    assert sum(sample.source.startswith("general") for sample in mixed) == general
    assert len(mixed) == count + general


def test_the_order_is_seeded_and_mixed():
    special, general = numbered(40, "special"), numbered(40, "general")
    mixed = mix(special, general, 0.3, seed=1)
    assert mixed == mix(special, general, 0.3, seed=1) != mix(special, general, 0.3, seed=2)
    assert mixed[: len(special)] != special


def test_a_general_sample_that_is_in_the_set_already_is_not_drawn():
    special = numbered(4, "same")
    with pytest.raises(TrainingError, match="needs 1 general ones, found 0"):
        mix(special, special, 0.2, seed=1)


def test_too_few_general_samples_are_told_with_the_share_that_they_allow():
    with pytest.raises(TrainingError, match=r"needs 10 general ones, found 5; .* --share 0\.11"):
        mix(numbered(42, "special"), numbered(5, "general"), 0.2, seed=1)


@pytest.mark.parametrize("share", [0, 0.95, -1])
def test_a_share_that_makes_no_sense_is_refused(share):
    with pytest.raises(TrainingError, match="--share"):
        mix(numbered(2, "a"), numbered(2, "b"), share, seed=1)


def test_a_one_sided_share_is_advised_against():
    assert advice(0.2) is None
    assert advice(0.05) == "a share of 0.05 is outside the advised 0.15 to 0.3"


# `split`: seeded, stratified by domain, nothing lost.


def samples(**domains):
    return [
        TrainingSample(
            messages=(TrainingMessage(role="user", content=f"{d}{i}"), TrainingMessage(role="assistant", content="b")),
            domain=d,
        )
        for d, n in domains.items()
        for i in range(n)
    ]


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    data = samples(a=20, b=20)
    assert split(data, 0.1, seed=1) == split(data, 0.1, seed=1)
    assert any(split(data, 0.1, seed=1) != split(data, 0.1, seed=seed) for seed in range(2, 6))


def test_every_domain_gives_its_part():
    _, held = split(samples(a=50, b=30, c=20), 0.2)
    assert Counter(sample.domain for sample in held) == {"a": 10, "b": 6, "c": 4}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.floats(0.01, 0.5), st.integers(0, 99))
def test_nothing_is_lost_and_no_domain_is_a_whole_sample_off(sizes, share, seed):
    data = samples(**{f"d{i}": size for i, size in enumerate(sizes)})
    if len(data) < 2:
        return
    training, held = split(data, share, seed=seed)
    assert sorted(s.source for s in training + held) == sorted(s.source for s in data)
    assert len(held) == max(1, round(share * len(data)))
    counts = Counter(s.domain for s in held)
    for i, size in enumerate(sizes):
        assert abs(counts[f"d{i}"] - len(held) * size / len(data)) < 1


def test_samples_without_a_domain_are_split_too():
    data = [sample.model_copy(update={"domain": None}) for sample in samples(a=10)]
    training, held = split(data, 0.1)
    assert (len(training), len(held)) == (9, 1)


@pytest.mark.parametrize("share", [0, -0.1, 0.6, float("nan")])
def test_a_share_to_split_that_makes_no_sense_is_refused(share):
    with pytest.raises(TrainingError, match="accepted: above 0 and at most"):
        split(samples(a=4), share)


def test_one_sample_cannot_be_split():
    with pytest.raises(TrainingError, match="cannot be split"):
        split(samples(a=1), 0.5)


def test_smaller_takes_are_parts_of_larger_ones_and_even_over_domains():
    data = samples(a=20, b=6, c=3)
    taken = {count: take(data, count) for count in (1, 6, 10, 20, 29)}
    for smaller, larger in ((1, 6), (6, 10), (10, 20), (20, 29)):
        assert len(taken[smaller]) == smaller
        assert [sample for sample in taken[larger] if sample in taken[smaller]] == taken[smaller]
    assert Counter(sample.domain for sample in taken[6]) == {"a": 2, "b": 2, "c": 2}
    assert taken[29] == data
    with pytest.raises(TrainingError, match="accepted: at most 29"):
        take(data, 30)


def test_what_a_provider_takes_comes_back_as_it_was_written(tmp_path):
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": "KJ-5"}'}}
    samples = [
        TrainingSample.model_validate(value)
        for value in (
            {
                "messages": [
                    {"role": "user", "content": "KJ-5", "name": "Ada"},
                    {"role": "assistant", "content": "", "tool_calls": [call]},
                    {"role": "tool", "content": "done", "tool_call_id": "1"},
                    {"role": "assistant", "content": "KJ-5", "reasoning_content": "It is KJ-5.", "loss_weight": 0.5},
                ],
                "tools": [{"type": "function", "function": {"name": "f"}}],
                "parallel_tool_calls": False,
            },
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 1}]},
        )
    ]
    write_samples(tmp_path / "set.jsonl", samples)
    assert read_samples(tmp_path / "set.jsonl") == samples
    assert set(json.loads((tmp_path / "set.jsonl").read_text().splitlines()[1])) == {"messages"}
