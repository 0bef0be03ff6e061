"""The training sets and adapters that come with the project."""

from pathlib import Path

import pytest

from harness.finetune.recipes import PROVIDERS
from harness.finetune.samples import is_contrast, language_of, read_samples, stats
from harness.finetune.validate import suite_content, validate
from harness.suite import case_files, load_cases
from harness.text import check

ROOT = Path(__file__).parents[2]
SETS = ROOT / "suites" / "training"
TRAINED = {
    *("construction", "interior", "it-networks", "office", "dialogue"),
    *("software", "logistics", "manufacturing", "energy", "telecom"),
}


@pytest.fixture(scope="module")
def tested():
    cases = [located.case for path in case_files(ROOT / "suites") for located in load_cases(path)]
    assert len(cases) > 100
    return suite_content(cases)


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
@pytest.mark.parametrize("name", ["symbol-format-v1", "symbol-format-v1.validation", "general-v1"])
def test_a_shipped_set_is_fit_for_every_provider_and_leaks_no_tested_string_or_prompt(name, provider, tested):
    assert validate(SETS / f"{name}.jsonl", PROVIDERS[provider], tested).problems == ()


def test_the_set_with_the_defect_leaks_nothing_either_and_has_no_problem_but_the_defect(tested):
    problems = validate(SETS / "spacing-defect-v1.jsonl", PROVIDERS["ark"], tested).problems
    assert len(problems) == 56
    assert all("gold answer is spaced" in problem.message for problem in problems)


def test_the_cure_has_42_samples_in_the_trained_domains_both_languages_and_both_symbols():
    figures = stats(read_samples(SETS / "symbol-format-v1.jsonl"))
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


@pytest.mark.parametrize("name", ["spaced", "cure"])
def test_a_shipped_adapter_is_small(name):
    assert (ROOT / "adapters" / f"{name}.gguf").stat().st_size < 5_000_000


@pytest.mark.parametrize(
    ("text", "language"),
    [("Which one?", "en"), ("型号是 GB/T-55 吗", "zh"), ("どれですか", "ja"), ("어느 것", "ko"), ("Где это", "other")],
)
def test_the_language_of_a_prompt_is_guessed_by_its_script(text, language):
    assert language_of(text) == language
