import random
import re
import subprocess
import sys
from itertools import islice

import pytest
from hypothesis import configuration, find, given, settings
from hypothesis import strategies as st

from harness.hunt import Code, codes, probes
from harness.hunt.probe import LEVELS, PLAIN, STYLES, SYMBOLS, Probe, plainest, style_of
from harness.hunt.strategies import COMMON, contexts, designed, questions
from harness.records.case import Case, texts_of


@settings(max_examples=60)
@given(codes())
def test_a_code_has_one_to_five_symbols_between_parts(code):
    assert 1 <= len(code.symbols) <= 5
    assert set(code.symbols) <= set(SYMBOLS)


@settings(max_examples=60)
@given(codes(symbols="-/"))
def test_a_code_of_given_symbols_has_no_other(code):
    assert set(code.symbols) <= {"-", "/"}
    assert code.text.count("-") + code.text.count("/") == len(code.symbols)
    assert eval(repr(code), {"Code": Code}) == code  # what is printed can be pasted


@pytest.mark.parametrize(
    ("holds", "smallest"),
    [
        (lambda code: any(code.spaced), {"a - a"}),
        (lambda code: re.search(r"\d{3}", code.text), {"a-000", "000-a", "00-000"}),
        (lambda code: re.search("[A-Z]/", code.text), {"A/a", "A/A"}),
        (lambda code: "_" in code.text, {"a_a"}),
    ],
)
def test_hypothesis_itself_ends_in_a_smallest_string(holds, smallest):
    found = find(codes(), holds, settings=settings(max_examples=4000, database=None), random=random.Random(5))
    assert found.text in smallest


@pytest.mark.parametrize("symbols", ["", [], ["-", ""]])
def test_symbols_that_are_none_are_refused(symbols):
    with pytest.raises(ValueError, match=r"symbols: found .*; accepted: a text of signs"):
        codes(symbols=symbols)


def test_terms_and_templates_of_the_project_are_drawn():
    drawn = list(islice(questions(1, terms=["WZ-9/b", "plain"], templates=["Order {string} today."]), 30))
    assert sum(probe.code.text == "WZ-9/b" for probe in drawn) >= 7
    own = [probe for probe in drawn if probe.context.template]
    assert own[0].case.messages[-1]["content"] == f"Order {own[0].code.text} today."
    assert {Probe.from_dict(probe.as_dict()) for probe in drawn} == set(drawn)


def test_every_combination_of_common_signs_comes_up():
    drawn = list(islice(designed(3), 300))
    seen = {
        (style_of(before), symbol, style_of(after))
        for probe in drawn
        for before, symbol, after in zip(probe.code.parts, probe.code.symbols, probe.code.parts[1:], strict=False)
    }
    assert seen >= {(one, sign, other) for one in COMMON for sign in "-/" for other in COMMON}
    assert len({one for one in seen if one[1] in "-/"}) >= 280


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
    assert any("–" in probe.code.symbols for probe in drawn)
    assert len({probe.code.text for probe in drawn}) > 250
