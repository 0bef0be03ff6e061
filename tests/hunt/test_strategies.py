import subprocess
import sys
from itertools import islice

from hypothesis import configuration, given, settings
from hypothesis import strategies as st

from harness.hunt.probe import LEVELS, PLAIN, STYLES, Probe, plainest, style_of
from harness.hunt.strategies import codes, contexts, probes, questions
from harness.records.case import Case, texts_of


@settings(max_examples=60)
@given(codes())
def test_a_code_has_one_to_five_symbols_between_parts(code):
    assert 1 <= len(code.symbols) <= 5
    assert set(code.symbols) <= {"-", "/"}
    assert code.text.count("-") + code.text.count("/") == len(code.symbols)


@settings(max_examples=60)
@given(probes())
def test_the_string_stands_in_the_prompt_as_often_as_the_context_says(probe):
    text = "\n".join(texts_of(probe.case.messages))
    assert text.count(probe.code.text) >= (2 if probe.context.times == "twice" else 1)
    assert Case.model_validate(probe.case.model_dump()) == probe.case


@settings(max_examples=40)
@given(probes())
def test_a_stored_question_comes_back_the_same(probe):
    assert Probe.from_dict(probe.as_dict()) == probe
    assert Probe.from_dict(probe.as_dict()).digest == probe.digest


@settings(max_examples=40)
@given(contexts(), contexts())
def test_two_contexts_never_ask_the_same(one, other):
    asked = PLAIN.with_context(one).digest, PLAIN.with_context(other).digest
    assert (asked[0] == asked[1]) == (one == other)


@given(st.sampled_from(STYLES), st.integers(2, 9))
def test_the_plainest_string_of_a_style_has_that_style(style, length):
    assert style_of(plainest(style, length)) == style
    assert len(plainest(style, length)) == length


def test_one_seed_draws_the_same_questions_and_none_twice():
    first = list(islice(questions(7), 60))
    assert first == list(islice(questions(7), 60))
    assert len({probe.digest for probe in first}) == 60
    assert first != list(islice(questions(8), 60))


def test_drawing_questions_leaves_nothing_in_the_project(tmp_path):
    script = (
        "from itertools import islice; from harness.hunt.strategies import questions; list(islice(questions(7), 40))"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_hypothesis_is_the_users_again():
    before = configuration.storage_directory(intent_to_write=False).home_directory
    next(questions(7))
    assert configuration.storage_directory(intent_to_write=False).home_directory == before


def test_questions_are_wide(wide):
    drawn = list(wide(1))
    for factor, levels in LEVELS.items():
        assert {probe.context.level(factor) for probe in drawn} == set(levels)
    assert {style_of(part) for probe in drawn for part in probe.code.parts} >= set(STYLES)
    assert any(any(probe.code.spaced) for probe in drawn)
    assert any("–" in part for probe in drawn for part in probe.code.parts)
    assert len({probe.code.text for probe in drawn}) > 250
