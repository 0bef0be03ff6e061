"""What repair changes, what it leaves, and that its list of edits is the whole of it."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import Edit, repair
from harness.text.edits import applied, composed

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
