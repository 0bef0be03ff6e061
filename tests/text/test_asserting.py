"""`assert_verbatim` and the fixture `verbatim`: what fails, and what its message shows."""

from __future__ import annotations

import pytest

from harness import assert_verbatim

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
