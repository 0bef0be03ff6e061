"""Recipes against provider ranges, and starting values."""

import pytest

from harness.finetune.recipes import PRESETS, PROVIDERS, recipe_problems, starting_values
from harness.records.training import Recipe

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
