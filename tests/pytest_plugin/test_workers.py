"""What one worker of pytest-xdist counts and notes while it asks is in the record of the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import CASES, FakeEndpoint, write_suite


@pytest.fixture
def wide(project: Path) -> Path:
    """The project with twelve cases that ask for different things."""
    cases = [{**CASES[0], "id": f"c-{n}", "prompt": f"{n} Sikalastic-609"} for n in range(12)]
    write_suite(project / "suites" / "mine", cases)
    return project


def requests_of(folder: Path) -> list[int]:
    records = sorted((folder / "reports").glob("*@*/*.json"))
    return [json.loads(path.read_text("utf-8"))["totals"]["requests"] for path in records]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_requests_are_counted_in_whichever_process_asks(
    workers: str, wide: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    result = pytester.runpytest_subprocess("--model=fake", "--cassette-mode=record", "-n", workers)
    result.assert_outcomes(passed=12)
    assert requests_of(wide) == [12] == [endpoint.asked]


def test_a_replay_with_workers_keeps_the_count_of_the_run_that_asked(wide: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest_subprocess("--model=fake", "--cassette-mode=record", "-n", "2")
    pytester.runpytest_subprocess("--model=fake", "-n", "2").assert_outcomes(passed=12)
    assert requests_of(wide) == [12]


def test_what_the_asking_worker_noted_is_told(wide: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest_subprocess("--model=fake", "--cassette-mode=record", "-k", "c-1")
    cassette = wide / "cassettes" / "fake@v1" / "mine.jsonl"
    cassette.write_bytes(cassette.read_bytes()[:-30])
    result = pytester.runpytest_subprocess("--model=fake", "--cassette-mode=record", "-n", "2")
    result.stdout.fnmatch_lines(["*bytes was torn (the run that wrote it was killed); it was taken away*"])
