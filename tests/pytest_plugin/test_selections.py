"""`--suites=NAME`: a selection of fixed cases is a suite of its own; a folder can be meant by its name."""

from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import FakeEndpoint


@pytest.fixture
def selection(project: Path) -> Path:
    path = project / "suites" / "canary.cases"
    path.write_text("# two of three\nmine/a-1\nmine/a-3  # the last\n")
    return path


def test_a_selection_runs_its_cases_under_its_own_name(
    selection: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    result = pytester.runpytest("--model=fake", "--suites=canary", "--cassette-mode=live")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*  canary"])
    assert "partial" not in result.stdout.str()


def test_a_selection_is_not_run_with_the_suites_that_it_is_taken_from(
    selection: Path, pytester: pytest.Pytester
) -> None:
    result = pytester.runpytest("--model=fake", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["*3 tests collected*"])


def test_a_selection_replays_the_recordings_of_its_suites(
    selection: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record").assert_outcomes(passed=3)
    pytester.runpytest("--model=fake", "--suites=canary").assert_outcomes(passed=2)
    assert endpoint.asked == 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mine/a-9", "*canary.cases: no case mine/a-9 (did you mean 'a-?'?)*"),
        ("a-1", "*canary.cases:1: found 'a-1'; accepted: suite/id"),
        ("mine/a-1\nmine/a-1", "*canary.cases:2: mine/a-1 is there twice; keep one"),
    ],
)
def test_a_wrong_line_of_a_selection_is_named(
    selection: Path, pytester: pytest.Pytester, line: str, message: str
) -> None:
    selection.write_text(line + "\n")
    result = pytester.runpytest("--model=fake", "--suites=canary")
    result.stdout.fnmatch_lines([message])


def test_a_suite_is_meant_by_its_name(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake", "--suites=mine", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["*3 tests collected*"])


def test_an_unknown_name_lists_the_known_ones(selection: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake", "--suites=canari")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*(did you mean 'canary'?); accepted: builtin, a folder of suites, or one of: canary, mine"]
    )


def test_the_shipped_canaries_are_at_least_sixty_with_targets() -> None:
    from harness.suite import builtin_root, load_selection

    cases = load_selection(builtin_root() / "canary.cases")
    assert sum(bool(case.targets) for case in cases) >= 60
    assert len({case.id for case in cases}) == len(cases)
