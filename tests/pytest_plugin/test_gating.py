"""`--gate` and `--early-stop` in a run: the verdict of the commands, and no request too many."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import CASES, FakeEndpoint, write_suite

POLICY = """
[[rules]]
metric = "alignment_rate"
tier = "critical"
min = 0.9
"""
NUMBER = 120
HARNESS = Path(sys.executable).parent / "harness"


@pytest.fixture
def policy(project: Path) -> str:
    cases = [{**CASES[0], "id": f"c-{n}", "prompt": f"{n} Sikalastic-609"} for n in range(NUMBER)]
    write_suite(project / "suites" / "mine", cases)
    (project / "policy.toml").write_text(POLICY)
    return "--gate-policy=policy.toml"


def test_go_is_exit_0(policy: str, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", "--gate", policy)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["GO  fake@v1*"])


def test_no_go_is_exit_1_and_the_command_says_the_same(
    policy: str, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = lambda prompt: prompt.replace("-", " - ")
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", "--gate", policy)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["NO-GO  fake@v1*"])
    command = pytester.run(HARNESS, "gate", "--candidate", "fake", "--policy", "policy.toml")
    assert command.ret == 1
    command.stdout.fnmatch_lines(["NO-GO  fake@v1*"])


def test_a_suite_that_is_named_does_not_stand_for_core(
    policy: str, project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    """No run of the whole suites is known: the suites themselves say what the selection lacks."""
    hard = [{**CASES[0], "id": f"h-{n}", "prompt": f"hard {n} Sikalastic-609"} for n in range(20)]
    write_suite(project / "suites" / "hard", hard)
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", "--gate", "--suites=mine", policy)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["INCONCLUSIVE  fake@v1*"])
    text = " ".join(result.stdout.str().split())
    assert "Held back: it holds 120 of the 140 cases that this policy is about" in text
    assert "next: pytest --model=fake --gate --cassette-mode=record (a run of all cases; 140 requests)" in text
    command = pytester.run(HARNESS, "gate", "--candidate", "fake", "--policy", "policy.toml")
    assert command.ret == 2
    (project / "mine.toml").write_text(POLICY + 'suite = "mine"\n')
    command = pytester.run(HARNESS, "gate", "--candidate", "fake", "--policy", "mine.toml")
    assert command.ret == 0, command.stdout.str()


def test_a_newer_run_of_another_suite_is_not_the_candidate(
    policy: str, project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=live", "--gate", policy)
    others = [{**CASES[0], "id": f"o-{n}", "prompt": f"other {n} Sikalastic-609"} for n in range(9)]
    write_suite(project / "suites" / "other", others)
    (project / "suites" / "other" / "suite.toml").write_text('title = "Other"\ndefault = false\n')
    endpoint.reply = lambda prompt: prompt.replace("-", " - ")
    pytester.runpytest("--model=fake", "--cassette-mode=live", "--suites=other")
    command = pytester.run(HARNESS, "gate", "--candidate", "fake", "--policy", "policy.toml")
    assert command.ret == 0, command.stdout.str()
    assert "120 cases, unscored 0.0%" in " ".join(command.stdout.str().split())


def test_early_stop_saves_requests_and_keeps_the_verdict(
    policy: str, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = lambda prompt: prompt.replace("-", " - ")
    endpoint.delay_s = 0.01
    options = ["--cassette-mode=live", "--gate", "--early-stop", "--max-concurrency=1", policy]
    result = pytester.runpytest("--model=fake", *options)
    result.stdout.fnmatch_lines(["NO-GO  fake@v1*", "early stop: the verdict is settled; * requests saved"])
    assert endpoint.asked < NUMBER / 2
    assert result.ret != 0


def test_early_stop_asks_no_more_at_once_and_counts_what_was_asked(
    policy: str, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = lambda prompt: prompt.replace("-", " - ")
    endpoint.delay_s = 0.02
    options = ["--cassette-mode=live", "--gate", "--early-stop", "--max-concurrency=8", policy]
    text = pytester.runpytest("--model=fake", *options).stdout.str()
    said = re.search(r"(\d+) of (\d+) requests saved", text)
    assert said is not None
    assert int(said[2]) == NUMBER
    assert int(said[2]) - int(said[1]) == endpoint.asked


def test_early_stop_without_a_gate_is_refused(policy: str, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", "--early-stop")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--early-stop: accepted together with --gate and a single model"])


def test_a_record_of_the_version_that_cannot_be_read_is_no_go(
    policy: str, project: Path, pytester: pytest.Pytester
) -> None:
    broken = project / "reports" / "fake@v1" / "20260101-broken.json"
    broken.parent.mkdir(parents=True)
    broken.write_text('{"schema": 1}')
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", "--gate", policy)
    assert result.ret != 0
    assert "20260101-broken" in result.stdout.str() + result.stderr.str()


def test_early_stop_ends_with_the_exit_code_of_the_verdict(
    policy: str, project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = lambda prompt: prompt.replace("-", " - ")
    options = ["--cassette-mode=live", "--gate", "--early-stop", "--max-concurrency=1", policy]
    assert pytester.runpytest("--model=fake", *options).ret == 1
    [record] = (project / "reports" / "fake@v1").glob("*.json")
    kept = json.loads(record.read_text("utf-8"))
    asked = [case for case in kept["cases"] if case["samples"]]
    assert len(asked) < NUMBER / 2
    shown = pytester.run(HARNESS, "runs", "show", "fake")
    assert f"0.0% (0/{len(asked)})" in shown.stdout.str()  # what was never asked is not unscored


@pytest.fixture
def long_suite(project: Path) -> str:
    """400 cases in 25 domains, and a policy that speaks for this suite."""
    cases = [{**CASES[0], "id": f"c-{n}", "domain": f"d-{n % 25}", "prompt": f"{n} Sikalastic-609"} for n in range(400)]
    write_suite(project / "suites" / "mine", cases)
    (project / "policy.toml").write_text('population = "suite"\n' + POLICY)
    return "--gate-policy=policy.toml"


def test_a_sequential_run_stops_at_its_first_look_with_a_go(
    long_suite: str, project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    options = ["--cassette-mode=live", "--gate", "--sequential", long_suite]
    result = pytester.runpytest("--model=fake", *options)
    result.stdout.fnmatch_lines(["GO  fake@v1*", "*sequential: GO after 100 of 400 cases; 300 requests saved"])
    assert (result.ret, endpoint.asked) == (0, 100)
    [path] = (project / "reports" / "fake@v1").glob("*.json")
    record = json.loads(path.read_text("utf-8"))
    assert record["partial"] is False
    assert record["looks"]["sizes"] == [100, 160, 220, 280, 340, 400]
    assert len(record["looks"]["asked"]) == len(record["cases"]) == 100
    assert {case["domain"] for case in record["cases"]} == {f"d-{n}" for n in range(25)}
    command = pytester.run(HARNESS, "gate", "--candidate", "fake", "--policy", "policy.toml")
    assert command.ret == 0
    command.stdout.fnmatch_lines(["*sequential: 100 of 400 cases asked; looked at after 100*"])


def test_a_sequential_run_stops_at_its_first_look_with_a_no_go(
    long_suite: str, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = lambda prompt: prompt.replace("-", " - ")
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", "--gate", "--sequential", long_suite)
    assert (result.ret, endpoint.asked) == (1, 100)


def test_a_sequential_run_that_settles_nothing_asks_everything(
    long_suite: str, project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = lambda prompt: prompt if int(prompt.split()[0]) % 10 else prompt.replace("-", " - ")
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", "--gate", "--sequential", long_suite)
    result.stdout.fnmatch_lines(["INCONCLUSIVE  fake@v1*"])
    assert (result.ret, endpoint.asked) == (1, 400)


def test_a_sequential_run_is_a_first_attempt(
    long_suite: str, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=live", "--gate", long_suite)
    asked = endpoint.asked
    again = pytester.runpytest("--model=fake", "--cassette-mode=live", "--gate", "--sequential", long_suite)
    assert again.ret == pytest.ExitCode.USAGE_ERROR
    again.stderr.fnmatch_lines(["*--sequential: fake@v1 was run on these cases before*"])
    assert endpoint.asked == asked


@pytest.mark.parametrize("options", [["--sequential"], ["--gate", "--sequential", "--early-stop"]])
def test_sequential_needs_a_gate_and_stops_by_itself(
    long_suite: str, pytester: pytest.Pytester, options: list[str]
) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--sequential: *"])


@pytest.mark.parametrize("option", ["--sequential", "--early-stop"])
def test_what_stops_a_run_early_is_refused_before_workers_start(
    pytester: pytest.Pytester, project: Path, endpoint: FakeEndpoint, option: str
) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", "--gate", option, "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{option}: does not work with -n*"])
    assert endpoint.asked == 0


def test_a_baseline_that_is_not_there_is_refused_before_workers_ask(
    pytester: pytest.Pytester, project: Path, endpoint: FakeEndpoint
) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", "--gate", "--baseline=nope", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'nope': no run of that name*"])
    assert endpoint.asked == 0
