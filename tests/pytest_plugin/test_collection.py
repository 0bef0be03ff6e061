"""Suites become items only with `--model`, and every selection that pytest knows works on them."""

from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import CASES, write_suite


def test_without_a_model_no_case_is_collected(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("suites")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_ids_name_case_and_model(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake", "--collect-only", "-q")
    result.stdout.fnmatch_lines(
        [
            "suites/mine/cases.jsonl::a-1?fake?",
            "suites/mine/cases.jsonl::a-2?fake?",
            "suites/mine/cases.jsonl::a-3?fake?",
        ]
    )


def test_a_node_id_runs_one_case(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    result = pytester.runpytest("--model=fake", "suites/mine/cases.jsonl::a-2[fake]")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*partial: paths were given"])


@pytest.mark.parametrize("word", ["a-2", "area", "zh"])
def test_k_selects_by_id_tag_and_language(project: Path, pytester: pytest.Pytester, word: str) -> None:
    result = pytester.runpytest("--model=fake", "--collect-only", "-q", "-k", word)
    result.stdout.fnmatch_lines(["*a-2?fake?", "*1/3 tests collected*"])


def test_two_models_make_two_items_a_case(project: Path, pytester: pytest.Pytester) -> None:
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text + '\n[tool.harness.models.other]\nbase = "fake"\n')
    result = pytester.runpytest("--model=fake,other", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["*a-1?fake?", "*a-1?other?", "*6 tests collected*"])


def test_jsonl_outside_a_suite_is_never_a_case(project: Path, pytester: pytest.Pytester) -> None:
    (project / "suites" / "training").mkdir()
    (project / "suites" / "training" / "set.jsonl").write_text('{"messages": []}\n')
    result = pytester.runpytest("--model=fake", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["*3 tests collected*"])


def test_a_broken_line_is_named_and_the_rest_is_not_judged(project: Path, pytester: pytest.Pytester) -> None:
    write_suite(project / "suites" / "bad", [{**CASES[0], "langage": "en"}])
    result = pytester.runpytest("--model=fake")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        ["*suites/bad/cases.jsonl:1: langage: unknown field (did you mean 'language'?); accepted: *"]
    )
    assert "Traceback" not in result.stdout.str()


def test_one_id_in_two_files_of_a_suite_is_an_error(project: Path, pytester: pytest.Pytester) -> None:
    write_suite(project / "suites" / "mine", CASES[:1], "more.jsonl")
    result = pytester.runpytest("--model=fake")
    result.stdout.fnmatch_lines(["*more.jsonl:1: id: 'a-1' is also at *cases.jsonl:1; ids are unique in a suite"])


def test_an_unknown_model_is_a_usage_error_with_the_nearest_name(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fakee")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unknown model 'fakee' (did you mean 'fake'?); accepted: fake, or openai:NAME"])


def test_builtin_suites_need_no_configuration(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest(
        "--model=openai:any", "--base-url=http://127.0.0.1:9/v1", "--suites=builtin", "--collect-only", "-q"
    )
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*construction-001?any?"])


def test_missing_suites_say_what_to_do(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=openai:any", "--base-url=http://127.0.0.1:9/v1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*give --suites=builtin *"])


def test_last_failed_runs_only_what_failed(project: Path, pytester: pytest.Pytester, endpoint: object) -> None:
    endpoint.reply = lambda prompt: prompt.replace("-", " - ")  # type: ignore[attr-defined]
    first = pytester.runpytest("--model=fake", "--cassette-mode=record")
    first.assert_outcomes(failed=2, passed=1)
    again = pytester.runpytest("--model=fake", "--lf")
    again.assert_outcomes(failed=2)
    again.stdout.fnmatch_lines(["*partial: *"])
