"""A recording run is killed (SIGKILL) at random moments, again and again, until all is recorded.

The normal test run kills a few times. The full test, 100 kills, takes some minutes:

    HARNESS_KILLS=100 python -m pytest tests/faulty_server/test_kills.py -s --timeout=3600
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from harness.recording import Cassette
from tests.faulty_server.conftest import TARGET
from tests.faulty_server.project import Project
from tests.faulty_server.server import FaultyServer

KILLS = int(os.environ.get("HARNESS_KILLS", "4"))
CONCURRENCY = 8


@pytest.mark.timeout(3600)
def test_killed_runs_lose_only_what_was_in_flight(tmp_path: Path) -> None:
    chance = random.Random(20261120)
    prompts = [f"{number} Repeat: {TARGET}" for number in range(20 + KILLS * 15)]
    with FaultyServer(share=0.3, seed=1, delay_s=0.03) as server:
        project = Project(tmp_path, server.base_url, prompts, TARGET, max_concurrency=CONCURRENCY)
        for kill in range(1, KILLS + 1):
            before = server.total
            process = project.start("--cassette-mode=record", "-q")
            # a random number of requests, and a random moment between two of them
            until = before + chance.randint(1, 14)
            while server.total < until and process.poll() is None:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, server.delay_s))
            assert process.poll() is None, process.communicate()[0]
            process.kill()
            process.wait()
            recorded = prompts_in(project.cassette)
            assert len(recorded) >= len(server.answered) - kill * CONCURRENCY, "a finished answer was lost"
            assert set(recorded) <= set(server.answered)
        asked_before = dict(server.asked)
        kept = prompts_in(project.cassette)
        assert 0 < len(kept) < len(prompts)
        for _ in range(4):
            # three faults in ten: one answer in 400 fails five times in a row, and the next run asks for it again
            code, output = project.run("--cassette-mode=record", "-q")
            if code == 0:
                break
        assert f"{len(prompts)} passed" in output, output
        for prompt in kept:
            assert server.asked[prompt] == asked_before[prompt], "a recorded answer was asked for again"
        twice = sum(count - 1 for count in server.answered.values())
        assert twice <= KILLS * CONCURRENCY, "more was lost than was in flight"
        assert sorted(prompts_in(project.cassette)) == sorted(prompts)
    lines = project.cassette.read_bytes().splitlines()
    assert len(lines) == len(prompts), "no answer is there twice, and no half line"
    print(f"{KILLS} kills, {len(kept)} of {len(prompts)} answers kept before the last run, {twice} asked for twice")


def prompts_in(path: Path) -> list[str]:
    """Prompts of all answers that can be read."""
    cassette = Cassette(path)
    found = [cassette.get(key) for key in list(cassette.keys())]
    return [one.request["messages"][0]["content"] for one in found if one]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the worker in /proc")
@pytest.mark.parametrize("fatal", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_whose_asking_worker_is_killed_ends_soon_and_says_so(fatal: signal.Signals, tmp_path: Path) -> None:
    prompts = [f"{number} Repeat: {TARGET}" for number in range(400)]
    with FaultyServer(delay_s=0.05) as server:
        project = Project(tmp_path, server.base_url, prompts, TARGET, max_concurrency=4)
        run = project.start("--cassette-mode=record", "-q", "-n", "2")
        while server.total < 20:
            time.sleep(0.01)
        os.kill(first_child(run.pid), fatal)
        started = time.monotonic()
        output, _ = run.communicate(timeout=300)
        assert time.monotonic() - started < 60
    assert run.returncode in (1, 2)
    assert "the worker that asks has died; what it recorded is kept" in output
    assert len(prompts_in(project.cassette)) >= len(server.answered) - 4


def first_child(process: int) -> int:
    """The worker `gw0` of pytest-xdist: it is started first."""
    return min(int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split())
