"""A run that ends early: Ctrl-C, signals, a full disk. What was answered is kept; the next run asks for the rest."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from harness.errors import CassetteError
from harness.pytest_plugin import progress
from harness.recording import Recorder
from tests import processes
from tests.pytest_plugin.conftest import CASES, FakeEndpoint, write_suite

NUMBER = 40


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_keeps_what_was_answered(project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint) -> None:
    cases = [{**CASES[0], "id": f"c-{n}", "prompt": f"{n} Sikalastic-609"} for n in range(NUMBER)]
    write_suite(project / "suites" / "mine", cases)
    endpoint.delay_s = 0.15
    process = processes.start("pytest", "--model=fake", "--cassette-mode=record", "--max-concurrency=2", cwd=project)
    while endpoint.asked < 8 and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate()
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    asked = endpoint.asked
    kept = len((project / "cassettes" / "fake@v1" / "mine.jsonl").read_text().splitlines())
    assert asked - 2 <= kept < NUMBER
    endpoint.delay_s = 0.0
    pytester.runpytest("--model=fake", "--cassette-mode=record").assert_outcomes(passed=NUMBER)
    assert endpoint.asked - asked == NUMBER - kept


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("mode", ["record", "live"])
@pytest.mark.parametrize(
    ("signals", "options"),
    [
        ("SIGINT SIGINT SIGINT", ()),
        ("SIGTERM", ()),
        ("SIGHUP SIGINT", ()),
        ("SIGINT", ("-n2",)),
        ("SIGTERM SIGINT SIGINT", ("-n2",)),
        ("SIGTERM SIGTERM to workers too", ("-n2",)),  # as `timeout` and systemd send it
    ],
)
def test_whatever_ends_a_run_it_asks_no_more_and_its_record_is_written(
    signals: str, options: tuple[str, ...], mode: str, project: Path, endpoint: FakeEndpoint
) -> None:
    cases = [{**CASES[0], "id": f"c-{n}", "prompt": f"{n} Sikalastic-609"} for n in range(400)]
    write_suite(project / "suites" / "mine", cases)
    endpoint.delay_s = 0.15
    asking = ("--model=fake", f"--cassette-mode={mode}", "--max-concurrency=2", *options)
    process = processes.start("pytest", *asking, cwd=project)
    while endpoint.asked < 8 and process.poll() is None:
        time.sleep(0.05)
    asked = endpoint.asked
    names, _, to_all = signals.partition(" to ")
    tasks = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if to_all and not tasks.exists():
        pytest.skip("finds the workers in /proc")
    workers = [int(pid) for pid in tasks.read_text().split()] if to_all else []
    for name in names.split():
        for pid in (*workers, process.pid):
            os.kill(pid, getattr(signal, name))
        time.sleep(0.05)
    output, error = process.communicate()
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output + error
    assert "Traceback" not in output + error
    assert endpoint.asked - asked < 40  # for a moment more: with workers it went on until they were killed
    (record,) = (project / "reports" / "fake@v1").glob("*-partial.json")
    (kept,) = [path for path in project.rglob("*.jsonl") if path.parent.name == "fake@v1"]
    assert kept.name == ("mine.jsonl" if mode == "record" else f"{record.stem}.live.jsonl")
    lines = kept.read_text("utf-8").splitlines()
    assert asked - 2 <= len(lines) <= endpoint.asked
    assert f"fake@v1: stopped after {len(lines)} of 400 answers" in output


def test_a_signal_that_somebody_else_handles_is_left_to_that(
    project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: signal.getsignal(getattr(signal, name)) for name in ("SIGINT", "SIGTERM")}
    signals = progress.Signals()
    signals.take()
    signals.stopping()
    signals.restore()
    with monkeypatch.context() as patch:
        patch.setattr(signal, "getsignal", lambda number: signal.SIG_IGN)
        signals.take()
        signals.stopping()
    pytester.runpytest_inprocess("--model=fake", "--cassette-mode=live").assert_outcomes(passed=3)
    assert before == {name: signal.getsignal(getattr(signal, name)) for name in before}


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("first", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_that_come_in_the_same_instant_end_a_run_once(first: str) -> None:
    together = {signal.SIGINT, signal.SIGTERM, getattr(signal, first)}
    signals = progress.Signals()
    signals.take()
    interrupts = 0
    try:
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, together)
            for number in together:  # to this thread: another one of the tests may not block them
                signal.pthread_kill(threading.get_ident(), number)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, together)
            pytest.fail("no signal came")
        except KeyboardInterrupt:
            interrupts += 1
            "".join(map(str, range(100)))
            signals.restore()
    except KeyboardInterrupt:  # the second one, while the first is dealt with
        interrupts += 1
        signals.restore()
    assert interrupts == 1


def test_a_disk_that_is_full_ends_the_run_at_the_first_case_that_it_lost(
    project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [{**CASES[0], "id": f"c-{n}", "prompt": f"{n} Sikalastic-609"} for n in range(NUMBER)]
    write_suite(project / "suites" / "mine", cases)
    append, appended = Recorder.append, itertools.count()

    def full(self: Recorder, *args: Any, **given: Any) -> None:
        if next(appended) >= 5:
            raise CassetteError("mine.jsonl: cannot be written: No space left on device")
        append(self, *args, **given)

    monkeypatch.setattr(Recorder, "append", full)
    result = pytester.runpytest_inprocess("--model=fake", "--cassette-mode=record", "--max-concurrency=1")
    assert result.parseoutcomes() == {"passed": 5, "errors": 1}
    result.stdout.fnmatch_lines(["*Interrupted: mine.jsonl: cannot be written*", "next: * --cassette-mode=record *"])


@pytest.mark.parametrize("mode", ["record", "live"])
def test_what_a_partial_run_did_not_ask_is_no_recording_to_replay(
    mode: str, project: Path, pytester: pytest.Pytester
) -> None:
    result = pytester.runpytest_inprocess("--model=fake", f"--cassette-mode={mode}", "-k", str(CASES[0]["id"]))
    result.stdout.fnmatch_lines([f"next: pytest * --cassette-mode={mode}  (this run was partial)"])
