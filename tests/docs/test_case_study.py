"""The case study: both languages have the same figures, and a figure is what its command prints."""

import importlib.util
from pathlib import Path

import pytest

from tests.docs.test_readme import ROOT

SPEC = importlib.util.spec_from_file_location("case_study", ROOT / "docs" / "case_study.py")
assert SPEC is not None
assert SPEC.loader is not None
case_study = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(case_study)


def commands(page: Path) -> list[str]:
    return [found["command"] for found in case_study.FIGURE.finditer(page.read_text("utf-8"))]


def test_both_languages_have_the_same_figures_in_the_same_order() -> None:
    english, chinese = (commands(page) for page in case_study.PAGES)
    assert len(english) >= 8
    assert [command.replace(" --lang zh", "") for command in chinese] == english


def test_a_figure_is_what_its_command_prints_and_the_rest_stays() -> None:
    page = "a\n<!-- figure: python -m benchmarks.sizes -->\nold\n<!-- end -->\nb\n"
    filled = case_study.filled(page, {})
    assert filled.startswith(
        "a\n<!-- figure: python -m benchmarks.sizes -->\n\n| folder | on disk | in a clone | why |"
    )
    assert filled.endswith("<!-- end -->\nb\n")
    assert case_study.filled(filled, {"python -m benchmarks.sizes": "same"}).count("same") == 1


def test_a_version_that_is_not_recorded_is_named_and_no_figure_is_made_up() -> None:
    said = case_study.printed("harness compare spaced no-such-version")
    assert said.startswith("*Not recorded yet* (`harness compare spaced no-such-version`: ")
    assert "no-such-version" in said.partition(": ")[2]
    assert str(ROOT) not in said


def test_other_programs_are_not_run() -> None:
    with pytest.raises(ValueError, match="accepted: harness"):
        case_study.printed("rm -r x")
