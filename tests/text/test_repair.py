"""What repair changes, what it leaves, and that its list of edits is the whole of it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import assert_verbatim
from harness.text import Edit, check, repair
from harness.text.repairing import applied, composed

SPACING = st.text(st.sampled_from("ab-/ \n\t\u00a0\x1c–"), max_size=20)


@given(SPACING)
def test_collapse_does_what_the_two_pasted_lines_do(output: str) -> None:
    result = repair("", output, strategy="collapse")
    assert result.text == re.sub(r"\s*/\s*", "/", re.sub(r"\s*-\s*", "-", output))
    assert applied(output, result.edits) == result.text


def test_collapse_shows_its_collateral_damage() -> None:
    output = "- one\n- two\n\n5 - 3 = 2, see Sikalastic - 609"
    assert repair("Sikalastic-609", output).text == output.replace("c - 6", "c-6")
    assert repair("Sikalastic-609", output, strategy="collapse").text == "-one-two\n\n5-3 = 2, see Sikalastic-609"


def test_collapse_lists_what_it_changed_and_nothing_else() -> None:
    assert repair("", "a-b X c", strategy="collapse").edits == ()
    assert repair("", "a - -b/ c", strategy="collapse").edits == (Edit(1, 5, " - -", "--"), Edit(6, 8, "/ ", "/"))


def test_an_unknown_strategy_is_refused() -> None:
    with pytest.raises(ValueError, match="strategy 'undo' is not known; accepted are restore, collapse"):
        repair("a-b", "a-b", strategy="undo")


def test_edits_say_what_stood_there() -> None:
    result = repair("A-1", "x A – 1 y")
    assert result.edits == (Edit(3, 4, " ", ""), Edit(4, 5, "–", "-"), Edit(5, 6, " ", ""))
    assert result.text == "x A-1 y"


def test_a_wrap_at_a_space_of_the_target_stays() -> None:
    target = "GB/T 50081-2019"
    assert repair(target, "GB / T\n50081–2019").text == "GB/T\n50081-2019"


@pytest.mark.parametrize("output", ["tcp / ip", "TCP IP", "TCP//IP", r"TCP\/IP", "TCP / <br>IP", "TCP-IP"])
def test_altered_mentions_are_left(output: str) -> None:
    assert repair("TCP/IP", output).edits == ()


def test_a_target_uncovered_by_the_mending_of_another_is_mended_too() -> None:
    targets = ["A-B", "A-B-C", "A-B-C-D"]
    result = repair(targets, "see A - B - C - D.", targets)
    assert result.text == "see A-B-C-D."
    assert applied("see A - B - C - D.", result.edits) == result.text


def test_sources_are_not_joined() -> None:
    assert repair(["A-", "1"], "A - 1").edits == ()
    assert repair(["A-1", "A - 1"], "A - 1").edits == ()


Steps = list[tuple[int, int, str]]
STEPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.text("xy", max_size=3)), max_size=4)


def as_edits(text: str, steps: Steps) -> list[Edit]:
    """Edits in order that do not touch: after each a character is left alone."""
    edits: list[Edit] = []
    place = 0
    for skip, length, new in steps:
        start = min(place + skip, len(text))
        end = min(start + length, len(text))
        if not edits or start > edits[-1].end:
            edits.append(Edit(start, end, text[start:end], new))
            place = end
    return edits


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ([(2, 1, "")], [(3, 1, "")], [Edit(2, 3, "c", ""), Edit(4, 5, "e", "")]),
        ([(2, 1, "")], [(2, 1, "x")], [Edit(2, 4, "cd", "x")]),
        ([(2, 1, "")], [(1, 1, "x")], [Edit(1, 3, "bc", "x")]),
        ([(2, 1, "xyx")], [(3, 1, "")], [Edit(2, 3, "c", "xx")]),
        ([(2, 1, "xyx")], [(4, 2, "y")], [Edit(2, 4, "cd", "xyy")]),
        ([(2, 1, "x"), (2, 1, "y")], [(3, 1, "")], [Edit(2, 4, "cd", "x"), Edit(5, 6, "f", "y")]),
        ([(1, 1, ""), (2, 1, "")], [(0, 6, "x")], [Edit(0, 8, "abcdefgh", "x")]),
        ([(5, 1, "xx")], [(1, 1, ""), (1, 1, "y")], [Edit(1, 2, "b", ""), Edit(3, 4, "d", "y"), Edit(5, 6, "f", "xx")]),
    ],
)
def test_edits_that_touch_become_one(first: Steps, second: Steps, both: list[Edit]) -> None:
    text = "abcdefgh"
    one = as_edits(text, first)
    found = composed(text, one, as_edits(applied(text, one), second))
    assert [edit for edit in found if edit.old or edit.new] == both


@given(st.text("abcdefgh", max_size=16), STEPS, STEPS)
def test_two_rounds_of_edits_make_one_list(text: str, one: Steps, two: Steps) -> None:
    first = as_edits(text, one)
    between = applied(text, first)
    second = as_edits(between, two)
    both = composed(text, first, second)
    assert applied(text, both) == applied(between, second)
    assert all(text[edit.start : edit.end] == edit.old for edit in both)
    assert all(before.end <= after.start for before, after in pairwise(both))


# `assert_verbatim` and the fixture `verbatim`: what fails, and what its message shows.

SOURCE = "防水层用 Sikalastic-609，见 GB/T 50081-2019。"


def test_what_comes_back_passes_and_notes_do_not_fail() -> None:
    assert_verbatim(SOURCE, "用 Sikalastic-609。")
    assert_verbatim("Take 3-5 of A-1.", "Take 3–5 of A-1.", ["A-1"])
    assert_verbatim(["Find A-1.", "And B/2."], '{"code": "A-1"}', ["A-1"], channel="tool")


def test_the_damage_is_marked_where_it_is() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_verbatim(SOURCE, "前文" * 40 + "用 Sikalastic – 609（GB/T 50081-2019）。" + "后文" * 40)
    lines = str(raised.value).splitlines()
    assert lines[0] == "1 of 2 protected strings did not come back verbatim"
    assert lines[1] == "  Sikalastic-609"
    assert "用 ⟦Sikalastic␣–<U+2013>␣609⟧（GB/T 50081-2019）" in lines[2]
    assert len(lines) == 3
    assert lines[2].strip().startswith("…")


def test_damage_in_the_arguments_of_a_tool_call_has_its_place() -> None:
    with pytest.raises(AssertionError, match=r"⟦A␣-␣1⟧ at /code"):
        assert_verbatim("Find A-1.", '{"code": "A - 1"}', channel="tool")


@pytest.mark.parametrize(
    ("answer", "targets", "said"),
    [
        ("", None, "names none of the 2 protected strings"),
        ("Nothing of it.", None, "names none"),
        ("用 Sikalastic-609。", ["Sikalastic-609", "GB/T 50081-2019"], "GB/T 50081-2019\n    not in the answer"),
        ("<think>Sikalastic-609</think>", None, "nothing but reasoning"),
        ("\x1b[2J Sikalastic - 609", None, "<U+001B>"),
    ],
)
def test_an_assertion_that_could_not_fail_fails(answer: str, targets: list[str] | None, said: str) -> None:
    with pytest.raises(AssertionError) as raised:
        assert_verbatim(SOURCE, answer, targets)
    assert said in str(raised.value)
    assert "\x1b" not in str(raised.value)


def test_nothing_to_protect_and_what_is_not_text_are_mistakes_of_the_test() -> None:
    with pytest.raises(ValueError, match="nothing to protect"):
        assert_verbatim("Good morning", "Good morning")
    with pytest.raises(TypeError, match=r"found dict; accepted: text, such as response\.choices"):
        assert_verbatim(SOURCE, {"content": "x"})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"found dict; accepted: a text, or a list of texts"):
        assert_verbatim([{"role": "user", "content": SOURCE}], "x")  # type: ignore[list-item]


@pytest.mark.parametrize("call", [check, repair, assert_verbatim])
@pytest.mark.parametrize(
    ("source", "answer", "said"),
    [
        (SOURCE, None, "answer: found NoneType; accepted: text"),
        (SOURCE, b"x", "answer: found bytes"),
        (None, "x", "source: found NoneType; accepted: a text, or a list of texts"),
        ([{"role": "user", "content": SOURCE}], "x", r"source: found dict; .*message\['content'\]"),
        ([SOURCE, None], "x", "source: found NoneType"),
        ((part for part in (SOURCE,)), "x", "source: found generator"),
    ],
)
def test_what_is_not_text_is_refused_with_what_it_was(call: Any, source: Any, answer: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        call(source, answer)


def test_one_text_as_targets_is_one_target_and_not_its_characters() -> None:
    assert_verbatim("Use A-1.", "A-1", "A-1")
    with pytest.raises(AssertionError, match="⟦A␣-␣1⟧"):
        assert_verbatim("Use A-1.", "A - 1", "A-1")
    assert repair("Use A-1.", "A - 1", "A-1").text == "A-1"


def test_a_thousand_damaged_strings_make_a_short_message() -> None:
    targets = [f"A-{number}/B" for number in range(1000)]
    with pytest.raises(AssertionError) as raised:
        assert_verbatim(" ".join(targets), " ".join(targets).replace("-", " - "), targets)
    assert "and 980 more" in str(raised.value)
    assert len(str(raised.value)) < 10_000


def test_the_fixture_knows_the_symbols_of_the_project(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml('[tool.harness.symbols."→"]\nlookalikes = ["⟶"]\n')
    pytester.makepyfile(
        """
        def test_right(verbatim):
            verbatim("Go A→B.", "Go A→B.", ["A→B"])

        def test_wrong(verbatim):
            verbatim("Go A→B.", "Go A⟶B.", ["A→B"])
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*1 of 1 protected strings did not come back verbatim*", "*lookalike*"])
    assert "asserting.py" not in result.stdout.str()
