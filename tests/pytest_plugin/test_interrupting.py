"""Ctrl-C in the middle of a live run leaves every finished answer on disk, and the next run asks only for the rest."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import CASES, FakeEndpoint, write_suite

NUMBER = 40


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_keeps_what_was_answered(project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint) -> None:
    cases = [{**CASES[0], "id": f"c-{n}", "prompt": f"{n} Sikalastic-609"} for n in range(NUMBER)]
    write_suite(project / "suites" / "mine", cases)
    endpoint.delay_s = 0.15
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "--model=fake", "--cassette-mode=record", "--max-concurrency=2"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while endpoint.asked < 8 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    asked = endpoint.asked
    kept = len((project / "cassettes" / "fake@v1" / "mine.jsonl").read_text().splitlines())
    assert asked - 2 <= kept < NUMBER
    endpoint.delay_s = 0.0
    pytester.runpytest("--model=fake", "--cassette-mode=record").assert_outcomes(passed=NUMBER)
    assert endpoint.asked - asked == NUMBER - kept
