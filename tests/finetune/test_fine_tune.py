"""Around the training loop: learning rate, overfitting, loss plot, alignment, recipe. The step itself needs torch."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.finetune import gguf
from harness.finetune.lora import EncodedSample, Settings, batches, encode, is_aligned, rate_factor, targets_of
from harness.finetune.recipes import PRESETS, PROVIDERS, recipe_problems, starting_values
from harness.finetune.train import EpochReport, TrainingJob, overfitting, recipe_of, svg_plot, text_plot
from harness.records.training import Recipe, TrainingError, TrainingMessage, TrainingSample
from tests.finetune.test_gguf_adapter import gguf_bytes


def report(number, training, validation):
    return EpochReport(number, training, validation, 3, 4)


def sample(question, answer):
    return TrainingSample(
        messages=(TrainingMessage(role="user", content=question), TrainingMessage(role="assistant", content=answer))
    )


def test_the_learning_rate_rises_over_the_warm_up_and_then_falls_to_almost_nothing():
    factors = [rate_factor(step, 40, 0.1) for step in range(40)]
    assert factors[:4] == [0.25, 0.5, 0.75, 1.0]
    assert factors[4:] == sorted(factors[4:], reverse=True)
    assert 0 < factors[-1] < 0.05


def test_without_a_warm_up_the_rate_begins_whole():
    assert rate_factor(0, 10, 0) == 1.0
    assert rate_factor(0, 1, 1) == 1.0


def test_a_validation_loss_that_turns_upwards_is_told_as_overfitting():
    reports = [report(0, None, 2.0), report(1, 1.0, 1.2), report(2, 0.8, 1.1), report(3, 0.3, 1.4)]
    warning = overfitting(reports)
    assert warning
    assert "since epoch 2 the validation loss rose from 1.100 to 1.400" in warning
    assert "prefer the checkpoint of epoch 2" in warning


@pytest.mark.parametrize(
    "losses",
    [
        [(1.0, 1.2), (0.5, 1.0)],  # both fall
        [(1.0, 1.2), (0.5, 1.21)],  # noise
        [(1.0, 1.2), (1.3, 1.6)],  # both rise: not learnt by heart, but badly
        [(1.0, None), (0.5, None)],
        [(1.0, 1.2)],
    ],
)
def test_what_is_no_overfitting_is_not_told(losses):
    assert overfitting([report(i + 1, *pair) for i, pair in enumerate(losses)]) is None


def test_alignment_of_no_judged_sample_is_no_figure():
    assert EpochReport(1, 1.0, 1.0, 0, 0).alignment is None
    assert report(1, 1.0, 1.0).alignment == 0.75


def test_targets_are_the_strings_of_the_source_that_the_gold_answer_gives_back():
    one = sample("Someone wrote KJ - 55. It is KJ-55, not LM-9. Write it.", "KJ-55")
    assert targets_of(one) == ("KJ-55",)
    assert targets_of(sample("What is 9 plus 4?", "13")) == ()


@pytest.mark.parametrize(
    ("answer", "aligned"),
    [("It is KJ-55.", True), ("It is KJ - 55.", False), ("I know.", False), ("KJ-55, KJ -55", False)],
)
def test_an_answer_is_aligned_if_every_mention_is_verbatim(answer, aligned):
    assert is_aligned(sample("Is it KJ-55?", "KJ-55"), answer) is aligned


def test_a_text_plot_has_a_bar_for_each_loss_scaled_to_the_largest():
    lines = text_plot([report(0, None, 2.0), report(1, 1.0, 1.5)]).splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["training", "1", "1.0000"],
        ["validation", "0", "2.0000"],
        ["validation", "1", "1.5000"],
    ]
    assert [line.count("#") for line in lines] == [20, 40, 30]


def test_both_curves_are_drawn_as_a_picture_that_stands_alone():
    reports = [report(0, None, 2.0), report(1, 1.0, 1.5), report(2, 0.5, float("nan"))]
    root = ElementTree.fromstring(svg_plot(reports))
    texts = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"training", "validation", "epoch", "loss, nats per answer token", "0", "1", "2"} <= set(texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 4
    assert svg_plot([report(1, float("inf"), None)]) is None


class Tokenizer:
    """One token a character; the template names the role before the text."""

    eos_token_id = 0

    def apply_chat_template(self, turns, *, tokenize, add_generation_prompt):
        return "".join(f"{turn['role']}:{turn['content']}\n" for turn in turns) + "assistant:"

    def __call__(self, text, *, add_special_tokens):
        return type("Encoding", (), {"input_ids": [ord(char) for char in text]})()


def test_the_loss_begins_with_the_answer_and_ends_with_the_end_of_the_turn():
    [one] = encode([sample("a?", "KJ")], Tokenizer(), max_tokens=100)
    assert one.tokens[one.answer_start :] == (ord("K"), ord("J"), 0)
    assert one.answer_start == len("user:a?\nassistant:")


def test_a_sample_that_is_too_long_is_told_and_not_cut():
    with pytest.raises(TrainingError, match="sample 2: 43 tokens; accepted: at most 30"):
        encode([sample("a?", "b"), sample("a" * 20, "b" * 6)], Tokenizer(), max_tokens=30)


def test_batches_keep_the_order_and_leave_no_sample_out():
    samples = [EncodedSample((i,), 0) for i in range(5)]
    assert [[one.tokens[0] for one in batch] for batch in batches(samples, [4, 2, 0, 1, 3], 2)] == [[4, 2], [0, 1], [3]]


def test_missing_weights_are_told_with_the_command_that_gets_them(tmp_path):
    with pytest.raises(TrainingError, match="run: harness models pull"):
        gguf.load(tmp_path / "none.gguf")


def test_without_the_extra_the_installation_is_named(tmp_path, monkeypatch):
    (tmp_path / "w.gguf").write_bytes(gguf_bytes("llama", {}))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(TrainingError, match=r"needs torch; run: pip install 'pytest-verbatim\[train\]'"):
        gguf.load(tmp_path / "w.gguf")


def test_the_recipe_pins_data_and_adapter_by_digest(tmp_path):
    data, out = tmp_path / "set.jsonl", tmp_path / "x.gguf"
    data.write_text("abc")
    out.write_text("abc")
    job = TrainingJob(Path("smollm2.gguf"), [sample("a", "b")], [], out, on=(Path("spaced.gguf"),))
    recipe = recipe_of(job, Settings(epochs=2), data=data, started=0.0, loss=0.5, command="harness train set.jsonl")
    assert recipe.data_digest == recipe.output_digest
    assert recipe.data_digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (recipe.epochs, recipe.samples, recipe.on, recipe.seed) == (2, 1, ("spaced.gguf",), 7)


class ToolTokenizer:
    """A template that shows tools and calls, as Qwen's does, and one token a character."""

    eos_token, eos_token_id = "<end>", 0

    def apply_chat_template(self, turns, *, tokenize, add_generation_prompt=False, tools=None):
        assert not tokenize
        text = "".join(f"[{tool['function']['name']}]" for tool in tools or ())
        for turn in turns:
            calls = "".join(
                f"call {call['function']['name']} {sorted(call['function']['arguments'].items())}"
                for call in turn.get("tool_calls", ())
            )
            text += f"<{turn['role']}>{turn['content']}{calls}<end>"
        return text + ("<assistant>" if add_generation_prompt else "")

    def __call__(self, text, *, add_special_tokens):
        return type("Encoding", (), {"input_ids": [ord(char) for char in text]})()


def tool_sample(*before):
    call = {"id": "1", "function": {"name": "order", "arguments": '{"part": "KJ-55"}'}}
    tools = ({"type": "function", "function": {"name": "order"}},)
    turns = [{"role": "user", "content": "Order KJ-55."}, *before, {"role": "assistant", "tool_calls": [call]}]
    return TrainingSample.model_validate({"messages": turns, "tools": tools})


@pytest.mark.parametrize("turns_before", [0, 2])
def test_a_tool_call_is_learnt_as_the_template_of_the_weights_writes_it(turns_before):
    earlier = [
        {"role": "assistant", "tool_calls": [{"id": "0", "function": {"name": "find", "arguments": '{"a": "KJ"}'}}]},
        {"role": "tool", "content": "KJ-55", "tool_call_id": "0"},
    ]
    [one] = encode([tool_sample(*earlier[:turns_before])], ToolTokenizer(), max_tokens=1000)
    text = "".join(map(chr, one.tokens))
    assert text.startswith("[order]<user>Order KJ-55.<end>")
    assert text[one.answer_start :] == "call order [('part', 'KJ-55')]\0"


def test_a_template_without_tools_is_refused_and_not_taught_an_empty_answer():
    class Plain(ToolTokenizer):
        def apply_chat_template(self, turns, **options):
            return super().apply_chat_template([{**turn, "tool_calls": ()} for turn in turns], **options)

    with pytest.raises(TrainingError, match="sample 1: calls a tool, which the chat template of these weights cannot"):
        encode([tool_sample()], Plain(), max_tokens=1000)


# Recipes against provider ranges, and starting values.

OUTSIDE = [
    ("siliconflow", {"learning_rate": 0.2}, "learning_rate: found 0.2; siliconflow accepts: 0 to 0.1"),
    ("siliconflow", {"epochs": 11}, "epochs: found 11; siliconflow accepts: 1 to 10"),
    ("siliconflow", {"epochs": 0}, "epochs: found 0"),
    ("siliconflow", {"batch_size": 33}, "batch_size: found 33; siliconflow accepts: 1 to 32"),
    ("siliconflow", {"max_tokens": 4097}, "siliconflow accepts: 0 to 4096"),
    ("siliconflow", {"lora_rank": 65}, "siliconflow accepts: 1 to 64"),
    ("siliconflow", {"lora_alpha": 129}, "siliconflow accepts: 1 to 128"),
    ("siliconflow", {"lora_dropout": 1.5}, "siliconflow accepts: 0 to 1"),
    ("siliconflow", {"samples": 1001}, "accepts: at most 1000"),
    ("openai", {"samples": 9}, "accepts: at least 10"),
    ("ark", {"lora_rank": 8}, "lora_rank: found 8; ark accepts: 32 or 64"),
    ("ark", {"task_name": "v1.0"}, "task_name: found 'v1.0'"),
    ("ark", {"task_name": ""}, "task_name: found ''"),
    ("ark", {"task_name": "字" * 201}, "(201 characters)"),
]


@pytest.mark.parametrize(("provider", "fields", "expected"), OUTSIDE)
def test_a_number_outside_the_range_is_told(provider, fields, expected):
    [problem] = recipe_problems(Recipe(provider=provider, **fields), PROVIDERS[provider])
    assert expected in problem


def test_ends_of_a_range_are_accepted():
    low = Recipe(epochs=1, batch_size=1, lora_rank=1, lora_alpha=1, learning_rate=0, lora_dropout=0, max_tokens=0)
    high = Recipe(
        epochs=10, batch_size=32, lora_rank=64, lora_alpha=128, learning_rate=0.1, lora_dropout=1, max_tokens=4096
    )
    assert recipe_problems(low, PROVIDERS["siliconflow"]) == recipe_problems(high, PROVIDERS["siliconflow"]) == []
    assert recipe_problems(Recipe(lora_rank=64, task_name="符号-对齐_v2"), PROVIDERS["ark"]) == []


@pytest.mark.parametrize("preset", PRESETS)
def test_the_presets_are_within_the_ranges(preset):
    assert recipe_problems(Recipe.model_validate(PRESETS[preset]), PROVIDERS["siliconflow"]) == []


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
@pytest.mark.parametrize("samples", [10, 42, 300, 1000])
def test_starting_values_have_a_reason_and_a_source_and_pass_their_provider(provider, samples):
    values = starting_values(samples, PROVIDERS[provider])
    assert all(value.reason and value.source for value in values)
    numbers = {
        value.field: value.value for value in values if value.field in Recipe.model_fields and value.value != "auto"
    }
    assert recipe_problems(Recipe.model_validate(numbers), PROVIDERS[provider]) == []


def test_the_values_for_42_samples_on_ark_are_those_of_the_practitioner():
    values = {value.field: value.value for value in starting_values(42, PROVIDERS["ark"])}
    assert values == {
        "epochs": 3, "batch_size": 4, "learning_rate": 5e-5, "warmup": 0.1, "lora_rank": 32, "lora_alpha": 8,
        "save_every_epoch": True, "dynamic_batch": True,
    }  # fmt: skip


def test_conflicts_between_sources_are_shown():
    by_field = {value.field: value.conflict for value in starting_values(42, PROVIDERS["ark"])}
    assert "1e-4 to 2e-4" in by_field["learning_rate"]
    assert "alpha / rank" in by_field["lora_alpha"]
    assert "outside the advised 100 to 1,000" in starting_values(42, PROVIDERS["siliconflow"])[-1].conflict
