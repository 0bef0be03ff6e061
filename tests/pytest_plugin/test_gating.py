"""`--gate` and `--early-stop` in a run: the verdict of the commands, and no request too many."""

from __future__ import annotations

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
