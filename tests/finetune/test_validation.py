"""Broken training files: each kind is reported in one line that says what was found and what is accepted."""

import json
from pathlib import Path

import pytest

from harness.finetune.recipes import PROVIDERS
from harness.finetune.samples import (
    file_digest,
    is_contrast,
    language_of,
    read_samples,
    stats,
    write_origin,
    write_samples,
)
from harness.finetune.validate import SuiteContent, suite_content, template, validate
from harness.records.training import TrainingError, TrainingMessage, TrainingSample, origin_path, read_origin
from harness.suite import case_files, load_cases
from harness.text import check
from tests.factory import suite_case


def line(*turns, **more):
    messages = [{"role": role, "content": content} for role, content in turns]
    return json.dumps({"messages": messages, **more}, ensure_ascii=False)


GOOD = line(("user", "Which hinge is it? It is the KJ-55."), ("assistant", "It is the KJ-55."))
OTHER = line(("user", "哪个库位少货?少货的是 Q-09-88。"), ("assistant", "少货的是 Q-09-88。"))
ANSWER = {"role": "assistant", "content": "b"}
A_TO_B, A_TO_C = line(("user", "a"), ("assistant", "b")), line(("user", "a"), ("assistant", "c"))
NOTHING = SuiteContent()


def message(**fields):
    return json.dumps({"messages": [fields, ANSWER]})


def problems(tmp_path, content, provider="local", name="set.jsonl", tested=NOTHING):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return validate(path, PROVIDERS[provider], tested).problems


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_a_good_file_has_no_problem(tmp_path, provider):
    numbered = [line(("user", f"Which hinge? The KJ-{i}."), ("assistant", f"The KJ-{i}.")) for i in range(12)]
    assert problems(tmp_path, "\n".join(numbered) + "\n", provider) == ()


BROKEN = {
    "smart quotes": (GOOD.replace('"', "“", 1), "there are smart quotes in place of"),
    "single quotes": (str(json.loads(GOOD)), "single quotes, as Python prints a dict"),
    "a comma after the object": (GOOD + ",", "a comma after the object"),
    "a comma before a bracket": (GOOD.replace("]}", ",]}"), "a comma before a closing bracket"),
    "two objects on a line": (GOOD + " " + OTHER, "two objects on one line"),
    "an object over several lines": (json.dumps(json.loads(GOOD), indent=2), "JSON over several lines"),
    "an array over several lines": ("[\n" + GOOD + "\n]", "JSON over several lines"),
    "an array that begins with a sample": ("[" + GOOD + ",", "a JSON array over several lines"),
    "an array on one line": ("[" + GOOD + "]", "accepted: one JSON object a line"),
    "a line that was cut": (GOOD[:-2], "the object is not closed"),
    "a comment": ("# my samples", "a comment; JSON has none"),
    "no JSON at all": ("user: hi", "not JSON"),
    "a key twice": (GOOD[:-1] + ', "messages": []}', "is twice in"),
    "not a number": ('{"messages": NaN}', "NaN is not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), "there is a byte order mark at the start"),
    "another encoding": (OTHER.encode("gb18030"), "not UTF-8 at byte"),
    "Windows line ends": (GOOD + "\r\n", "the line ends in CRLF"),
    "messages misspelt": (GOOD.replace("messages", "mesages"), "messages: missing (did you mean 'mesages'?)"),
    "the old completion form": ('{"prompt": "a", "completion": "b"}', "the old completion form"),
    "the ShareGPT form": ('{"conversations": []}', "the ShareGPT form"),
    "the Alpaca form": ('{"instruction": "a", "output": "b"}', "the Alpaca form"),
    "messages that are a text": ('{"messages": "hi"}', "messages: found 'hi'; accepted: a list"),
    "no messages": ('{"messages": []}', "messages: an empty list"),
    "a message that is a text": ('{"messages": ["hi"]}', "messages[0]: found 'hi'; accepted: an object"),
    "a key too many": (GOOD[:-1] + ', "id": 7}', "'id': unknown key; local accepts: messages, tools"),
    "a domain in the file": (GOOD[:-1] + ', "domain": "cars"}', "domain: kept beside the file"),
    "no role": (message(content="a"), "messages[0].role: missing; accepted: system, user, assistant"),
    "a role misspelt": (message(role="asistant", content="a"), "found 'asistant' (did you mean 'assistant'?)"),
    "a role in capitals": (message(role="User", content="a"), "found 'User' (did you mean 'user'?)"),
    "a role for functions": (message(role="function", content="a"), "found 'function'; accepted: system, user"),
    "a call that is not a list": (message(role="assistant", tool_calls="x"), "tool_calls: found 'x'; accepted: a list"),
    "a call without a name": (message(role="assistant", tool_calls=[{"id": "1"}]), "tool_calls[0]: function"),
    "arguments that are not JSON": (
        message(role="assistant", tool_calls=[{"id": "1", "function": {"name": "f", "arguments": "{"}}]),
        "tool_calls[0]: function.arguments: found '{'; accepted: a JSON object",
    ),
    "a call by the user": (message(role="user", content="a", tool_calls=[]), "on the role 'user'; accepted: on assis"),
    "tools that are no list": (GOOD[:-1] + ', "tools": {}}', "tools: found {}; accepted: a list"),
    "a tool without a name": (GOOD[:-1] + ', "tools": [{"function": {}}]}', "tools[0]: found"),
    "no content": (message(role="user"), "messages[0].content: missing; accepted: a text that is not empty"),
    "null content": (message(role="user", content=None), "messages[0].content: found None; accepted: a text"),
    "content in parts": (message(role="user", content=[]), "messages[0].content: found []; accepted: a text"),
    "empty content": (message(role="user", content=""), "messages[0].content: found ''"),
    "blank content": (message(role="user", content=" \n"), r"messages[0].content: found ' \n'"),
    "a message key misspelt": (message(role="user", content="a", contnt="b"), "contnt: unknown key (did you mean"),
    "a zero-width space": (message(role="user", content="a\u200bb"), "holds U+200B at character 2"),
    "a lost character": (message(role="user", content="a\ufffd"), "holds U+FFFD at character 2"),
    "half a surrogate pair": (message(role="user", content="\ud83d"), "half of a surrogate pair"),
    "no answer at the end": (line(("user", "a"), ("assistant", "b"), ("user", "c")), "the last role is 'user'"),
    "no question": (line(("system", "a"), ("assistant", "b")), "no user turn"),
    "a late system prompt": (line(("user", "a"), ("system", "b"), ("assistant", "c")), "'system' after other turns"),
    "the same sample twice": (GOOD + "\n" + OTHER + "\n" + GOOD, "the same as line 1"),
    "two answers to one prompt": (A_TO_B + "\n" + A_TO_C, "the prompt of line 1 with another answer"),
    "a damaged gold answer": (
        line(("user", "Is it KJ-55?"), ("assistant", "It is KJ - 55.")),
        "gold answer is spaced: found 'KJ - 55', the source has 'KJ-55'",
    ),
    "a damaged answer in the middle": (
        line(("user", "Is it KJ-55?"), ("assistant", "KJ - 55"), ("user", "No."), ("assistant", "KJ-55")),
        "providers learn every answer: show it in a user turn",
    ),
    "an empty file": ("", "no samples"),
    "a file of blank lines": ("\n \n", "no samples"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_told_in_one_line(tmp_path, kind):
    content, expected = BROKEN[kind]
    found = problems(tmp_path, content)
    assert any(expected in problem.message for problem in found), found
    assert all("\n" not in problem.message and len(problem.message) < 300 for problem in found)


def test_there_are_at_least_thirty_kinds():
    assert len(BROKEN) >= 30


def test_a_problem_names_its_line(tmp_path):
    assert [problem.line for problem in problems(tmp_path, GOOD + "\n" + OTHER[:-3])] == [2]


def weighted(**weights):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    for role, (key, value) in weights.items():
        turns[role == "assistant"][key] = value
    return json.dumps({"messages": turns})


LONG = "\n".join(line(("user", f"{i}" + "x" * 900_000), ("assistant", "b")) for i in range(12))
MANY = "\n".join(line(("user", f"a{i}"), ("assistant", "b")) for i in range(1001))
FIRST_ANSWERED = line(("assistant", "a"), ("user", "b"), ("assistant", "c"))
PROVIDER_LIMITS = {
    "too few": ("openai", GOOD, "1 samples; openai accepts: at least 10"),
    "too many": ("siliconflow", MANY, "1,001 samples; siliconflow accepts: at most 1,000"),
    "too large": ("siliconflow", LONG, "siliconflow accepts: at most 10,485,760"),
    "not by turns": ("siliconflow", line(("user", "a"), ("user", "b"), ("assistant", "c")), "two user turns in a row"),
    "answer first": ("siliconflow", FIRST_ANSWERED, "the first role after the system prompt is 'assistant'"),
    "a weight on the question": ("ark", weighted(user=("loss_weight", 1)), "accepted: on assistant turns alone"),
    "a weight over 1": ("ark", weighted(assistant=("loss_weight", 2)), "found 2; accepted: a number from 0 to 1"),
    "half a weight": ("openai", weighted(assistant=("weight", 0.5)), "weight: found 0.5; accepted: 0 or 1"),
    "another's weight": ("siliconflow", weighted(assistant=("weight", 1)), "siliconflow accepts: content, role"),
}


@pytest.mark.parametrize("kind", PROVIDER_LIMITS)
def test_each_provider_has_its_own_limits(tmp_path, kind):
    provider, content, expected = PROVIDER_LIMITS[kind]
    found = problems(tmp_path, content, provider)
    assert any(expected in problem.message for problem in found), found


def test_another_file_name_is_told(tmp_path):
    assert "the name ends with '.txt'" in problems(tmp_path, GOOD, "siliconflow", "set.txt")[0].message


def test_a_damaged_turn_that_carries_no_loss_is_welcome(tmp_path):
    turns = json.loads(
        line(("user", "Is it KJ-55?"), ("assistant", "KJ - 55"), ("user", "No."), ("assistant", "KJ-55"))
    )
    turns["messages"][1]["loss_weight"] = 0
    assert problems(tmp_path, json.dumps(turns), "ark") == ()


def test_smart_quotes_inside_a_text_are_welcome(tmp_path):
    assert problems(tmp_path, line(("user", "他说“好”吗?"), ("assistant", "他说“好”。"))) == ()


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(TrainingError, match="no such file"):
        validate(tmp_path / "none.jsonl", PROVIDERS["local"])


def case(prompt, *targets):
    return suite_case(prompt, *targets, suite="s")


def test_a_tested_string_in_a_sample_is_a_leak(tmp_path):
    tested = suite_content([case("Name the part KJ-55.", "KJ-55")])
    assert [p.message for p in problems(tmp_path, OTHER + "\n" + GOOD, tested=tested)] == [
        "the tested string 'KJ-55' is here; train on other strings than are tested"
    ]


def test_a_case_that_was_made_into_a_sample_is_no_leak(tmp_path):
    tested = suite_content([case("Name the part KJ-55.", "KJ-55")], trained_on=["s/a"])
    assert problems(tmp_path, GOOD, tested=tested) == ()


def test_a_tested_prompt_with_another_string_is_a_leak(tmp_path):
    tested = suite_content([case("Which hinge is it?  It is the ZZ-901.", "ZZ-901")])
    assert "a tested prompt with other strings" in problems(tmp_path, GOOD, tested=tested)[0].message


def test_templates_differ_in_their_words_alone():
    assert template("Order 12 of KJ-55 now") == template("order 7 of  A/B-9 now") != template("Order 12 of KJ-55 later")


@pytest.mark.parametrize(
    ("asked", "answered", "damaged"),
    [
        ("读取 /data/home/XJ风机选型/样本资料", "已读取 /data/home/XJ 风机选型/样本资料", True),
        ("打开验收单2024.xlsx", "已打开验收单 2024.xlsx", True),
        ("看 C:\\Users\\demo\\桌面\\3月9日复检", "C:\\Users\\demo\\桌面\\3 月 9 日复检", True),
        ("读取 /data/home/XJ风机选型/样本资料", "已读取 /data/home/XJ风机选型/样本资料 。", False),
        ("接口/api/order/list报错", "接口 /api/order/list 报错", False),
        ("Use created_at, pages 3-5", "Created at dawn, pages 3–5", False),
    ],
)
def test_a_gold_answer_with_a_broken_path_is_found_and_a_note_is_not(asked: str, answered: str, damaged: bool) -> None:
    from harness.finetune.validate import gold_problems

    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    assert bool(list(gold_problems(turns))) == damaged


CALL = {"id": "1", "type": "function", "function": {"name": "order", "arguments": '{"part": "KJ-55"}'}}
TOOLS = [{"type": "function", "function": {"name": "order", "parameters": {"type": "object"}}}]


def called(arguments='{"part": "KJ-55"}', **turn):
    call = {**CALL, "function": {"name": "order", "arguments": arguments}}
    turns = [{"role": "user", "content": "Order the KJ-55."}, {"role": "assistant", "tool_calls": [call], **turn}]
    return json.dumps({"messages": turns, "tools": TOOLS})


@pytest.mark.parametrize(
    ("provider", "takes"), [("ark", True), ("openai", True), ("local", True), ("siliconflow", False)]
)
def test_tool_calls_are_for_the_providers_that_train_them(tmp_path, provider, takes):
    found = [problem for problem in problems(tmp_path, called(), provider) if problem.line]
    assert (not found) is takes, found


def test_a_damaged_argument_of_a_call_is_a_damaged_gold_answer(tmp_path):
    [problem] = problems(tmp_path, called('{"part": "KJ - 55"}'))
    assert "gold answer is spaced: found 'KJ - 55'" in problem.message


def test_reasoning_is_for_ark_alone(tmp_path):
    thought = called(reasoning_content="It is the KJ-55.")
    assert problems(tmp_path, thought, "ark") == ()
    assert "reasoning_content: unknown key" in problems(tmp_path, thought, "openai")[1].message
    assert "reasoning_content: found 5" in problems(tmp_path, called(reasoning_content=5), "ark")[0].message


def test_a_gold_answer_without_the_string_of_its_question_is_a_warning(tmp_path):
    path = tmp_path / "set.jsonl"
    path.write_text(
        "\n".join(
            [
                line(("user", "Which part? KJ-55."), ("assistant", "The part in lane two.")),
                line(("user", "Which part? KJ-56."), ("assistant", "The KJ-56.")),
                line(("user", "What is the time?"), ("assistant", "Noon.")),
            ]
        )
    )
    result = validate(path, PROVIDERS["local"])
    assert [(one.line, "'KJ-55'" in one.message) for one in result.warnings] == [(1, True)]
    assert result.problems == ()
    assert 20 < result.tokens < 60


def test_a_tested_string_with_other_capitals_is_a_leak(tmp_path):
    path = tmp_path / "set.jsonl"
    path.write_text(line(("user", "What is kj-55b?"), ("assistant", "kj-55b is a part.")))
    [leak] = validate(path, PROVIDERS["local"], SuiteContent(frozenset({"KJ-55B", "1/2"}))).problems
    assert "the tested string 'KJ-55B' is here with other capitals" in leak.message


# Training files and the origin beside them: what is written, and what comes back.


def sample(question, answer, domain=None):
    return TrainingSample(
        messages=(TrainingMessage(role="user", content=question), TrainingMessage(role="assistant", content=answer)),
        domain=domain,
    )


def test_the_file_holds_messages_alone_and_the_domain_comes_back(tmp_path):
    path = tmp_path / "set.jsonl"
    samples = [sample("哪个?KJ-55。", "KJ-55", "cars"), sample("a?", "b", "law"), sample("c?", "d")]
    write_samples(path, samples)
    write_origin(path, samples, cases=["s/b", "s/a", "s/a"], runs=["r"])
    assert {key for line in path.read_text("utf-8").splitlines() for key in json.loads(line)} == {"messages"}
    assert "哪个" in path.read_text("utf-8")
    assert read_samples(path) == samples
    assert read_origin(path).cases == ("s/a", "s/b")


def test_the_domain_stays_with_its_sample_when_lines_are_sorted(tmp_path):
    path = tmp_path / "set.jsonl"
    samples = [sample("a?", "b", "cars"), sample("c?", "d", "law")]
    write_samples(path, reversed(samples))
    write_origin(path, samples)
    assert [one.domain for one in read_samples(path)] == ["law", "cars"]


def test_without_anything_to_say_there_is_no_origin_file(tmp_path):
    path = tmp_path / "set.jsonl"
    write_origin(path, [sample("a?", "b", "cars")])
    write_origin(path, [sample("a?", "b")])
    assert not origin_path(path).exists()


def test_a_broken_origin_is_told(tmp_path):
    origin_path(tmp_path / "set.jsonl").write_text('{"case": []}')
    with pytest.raises(TrainingError, match="did you mean 'cases'"):
        read_origin(tmp_path / "set.jsonl")


@pytest.mark.parametrize("content", ["nope", '{"messages": []}', '{"messages": [{"role": "tool", "content": "a"}]}'])
def test_a_bad_line_is_told_with_its_place_and_what_to_run(tmp_path, content):
    path = tmp_path / "set.jsonl"
    write_samples(path, [sample("a?", "b")])
    with path.open("a") as file:
        file.write(content + "\n")
    with pytest.raises(TrainingError, match=r"set\.jsonl:2: .*harness dataset validate"):
        read_samples(path)


def test_a_file_without_samples_or_text_is_told(tmp_path):
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\n")
    wrong = {"empty": "no samples", "bytes": r"bytes\.jsonl:1: not UTF-8", "none": "cannot be read"}
    for name, expected in wrong.items():
        with pytest.raises(TrainingError, match=expected):
            read_samples(tmp_path / f"{name}.jsonl")


def test_the_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_line_separator_inside_a_message_does_not_cut_its_line(tmp_path):
    path = tmp_path / "set.jsonl"
    samples = [sample("KJ-55\u2028or\u0085KJ-56?", "KJ-55\u2029")]
    write_samples(path, samples)
    assert read_samples(path) == samples


# The training sets and adapters that come with the project.

ROOT = Path(__file__).parents[2]
SETS = ROOT / "suites" / "training"
TRAINED = {
    *("construction", "interior", "it-networks", "office", "dialogue"),
    *("software", "logistics", "manufacturing", "energy", "telecom"),
}


@pytest.fixture(scope="module")
def shipped():
    return [located.case for path in case_files(ROOT / "suites") for located in load_cases(path)]


@pytest.fixture(scope="module")
def tested(shipped):
    assert len(shipped) > 100
    return suite_content(shipped)


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
@pytest.mark.parametrize(
    "name",
    [
        "symbol-format-v1",
        "symbol-format-v1.validation",
        "symbol-format-v2",
        "kept-spaces-v1",
        "general-v1",
    ],
)
def test_a_shipped_set_is_fit_for_every_provider_and_leaks_no_tested_string_or_prompt(name, provider, tested):
    assert validate(SETS / f"{name}.jsonl", PROVIDERS[provider], tested).problems == ()


# siliconflow takes no tools, and one of the samples calls one
@pytest.mark.parametrize("provider", sorted(set(PROVIDERS) - {"siliconflow"}))
def test_the_set_of_the_second_round_leaks_only_the_cases_that_its_origin_names(provider, shipped):
    path = SETS / "symbol-format-v3.jsonl"
    taken = read_origin(path).cases
    assert len(taken) == 30
    assert validate(path, PROVIDERS[provider], suite_content(shipped, trained_on=taken)).problems == ()


def test_the_set_with_the_defect_leaks_nothing_either_and_has_no_problem_but_the_defect(tested):
    problems = validate(SETS / "spacing-defect-v1.jsonl", PROVIDERS["ark"], tested).problems
    assert len(problems) == 56
    assert all("gold answer is spaced" in problem.message for problem in problems)


def test_the_cure_has_42_samples_in_the_trained_domains_both_languages_and_both_symbols():
    figures = stats(read_samples(SETS / "symbol-format-v2.jsonl"))
    assert figures.samples == 42
    assert set(figures.domains) == TRAINED
    assert min(figures.domains.values()) >= 4
    assert min(figures.languages[language] for language in ("zh", "en")) >= 18
    assert min(figures.symbols[symbol] for symbol in ("-", "/", "both")) >= 10


def test_error_to_correction_samples_are_among_them_and_show_the_damage_in_the_question():
    contrast = [sample for sample in read_samples(SETS / "symbol-format-v1.jsonl") if is_contrast(sample)]
    assert len(contrast) == 8
    for sample in contrast:
        assert set(check(sample.source, sample.gold).verdicts.values()) <= {"verbatim", "absent"}


def test_the_validation_samples_share_no_string_with_the_training_samples():
    training = "\n".join(sample.text for sample in read_samples(SETS / "symbol-format-v1.jsonl"))
    held_out = read_samples(SETS / "symbol-format-v1.validation.jsonl")
    assert not [sample.gold for sample in held_out if sample.gold in training]
    assert stats(held_out).symbols.get("none", 0) == 0


@pytest.mark.parametrize("name", ["qwen-spaced", "qwen-cure", "qwen-cure-v2"])
def test_a_shipped_adapter_is_small(name):
    assert (ROOT / "adapters" / f"{name}.gguf").stat().st_size < 8_500_000


@pytest.mark.parametrize(
    ("text", "language"),
    [("Which one?", "en"), ("型号是 GB/T-55 吗", "zh"), ("どれですか", "ja"), ("어느 것", "ko"), ("Где это", "other")],
)
def test_the_language_of_a_prompt_is_guessed_by_its_script(text, language):
    assert language_of(text) == language
