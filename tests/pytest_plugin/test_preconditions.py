"""What is reported before a run begins, and what a user reads when a run came to little."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import CASES, FakeEndpoint, write_suite


def test_a_suite_without_a_single_recording_is_one_sentence(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    write_suite(project / "suites" / "newer", [{**CASES[0], "id": f"n-{n}"} for n in range(2)])
    result = pytester.runpytest("--model=fake")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = " ".join(result.stderr.lines)
    assert "cassettes/fake@v1 for newer (2 cases); recorded are mine." in said
    assert "pytest --model=fake --cassette-mode=record" in said
    assert "pytest --model=fake --suites=mine" in said
    pytester.runpytest("--model=fake", "--suites=mine").assert_outcomes(passed=3)


def test_a_case_without_a_recording_is_an_error_without_a_traceback(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    write_suite(project / "suites" / "mine", [*CASES, {**CASES[0], "id": "a-4", "prompt": "new Sikalastic-609"}])
    result = pytester.runpytest("--model=fake")
    result.assert_outcomes(passed=3, errors=1)
    assert "Traceback" not in result.stdout.str()
    assert "items.py" not in result.stdout.str()


@pytest.mark.parametrize(
    "option", ["--suites=builtin", "--cassette-mode=record", "--gate", "--baseline=x", "--max-cost=1"]
)
def test_options_about_cases_need_a_model(project: Path, pytester: pytest.Pytester, option: str) -> None:
    result = pytester.runpytest(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{option.partition('=')[0]} requires --model=NAME; accepted: fake, *"])


def test_nothing_collected_names_the_models(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["cases of models are run with --model=NAME; accepted: fake, openai:NAME *"])


def test_tests_that_ran_say_nothing_of_models(project: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    assert "--model" not in pytester.runpytest().stdout.str()


@pytest.mark.parametrize("options", [("--baseline=missing",), ("--gate", "--gate-policy=none.toml")])
def test_a_verdict_that_cannot_be_given_costs_no_request(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint, options: tuple[str, ...]
) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=record", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert endpoint.asked == 0
    assert "missing" in result.stderr.str() or "none.toml" in result.stderr.str()


def test_a_baseline_that_the_run_itself_makes_is_waited_for(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=record", "--baseline=fake")
    assert result.ret == pytest.ExitCode.OK


def test_many_answers_cut_off_are_explained(project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    path = project / "cassettes" / "fake@v1" / "mine.jsonl"
    lines = []
    for line in path.read_text().splitlines():
        value = json.loads(line)
        body = value["response"]["body"]
        body["string"] = body["string"].replace('"finish_reason": "stop"', '"finish_reason": "length"')
        lines.append(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    path.write_text("\n".join(lines) + "\n")
    result = pytester.runpytest("--model=fake")
    result.stdout.fnmatch_lines(["fake@v1: 3 of 3 cases are unscored, most for length: * raise max_tokens in *"])
