"""A recording run is killed (SIGKILL) at random moments, again and again, until all is recorded.

The normal test run kills a few times. The full test, 100 kills, takes about ten minutes:

    HARNESS_KILLS=100 python -m pytest tests/faulty_server/test_kills.py -s --timeout=3600
"""

from __future__ import annotations

import os
import random
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
    prompts = [f"{number} Repeat: {TARGET}" for number in range(KILLS * 40)]
    with FaultyServer(share=0.3, seed=1, delay_s=0.03) as server:
        project = Project(tmp_path, server.base_url, prompts, TARGET, max_concurrency=CONCURRENCY)
        kills = 0
        while kills < KILLS:
            before = server.total
            process = project.start("--cassette-mode=record", "-q")
            while server.total == before and process.poll() is None:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.8))
            process.kill()
            output, _ = process.communicate()
            if process.returncode == 0:
                break  # all was recorded before the kill
            assert process.returncode == -9, output
            kills += 1
            recorded = prompts_in(project.cassette)
            assert len(recorded) >= len(server.answered) - kills * CONCURRENCY, "a finished answer was lost"
            for prompt in recorded:
                assert server.answered[prompt] > 0
        asked_before = dict(server.asked)
        kept = prompts_in(project.cassette)
        code, output = project.run("--cassette-mode=record", "-q")
        assert code == 0, output
        assert f"{len(prompts)} passed" in output
        for prompt in kept:
            assert server.asked[prompt] == asked_before[prompt], "a recorded answer was asked for again"
        twice = sum(count - 1 for count in server.answered.values())
        assert twice <= kills * CONCURRENCY, "more was lost than was in flight"
        assert sorted(prompts_in(project.cassette)) == sorted(prompts)
    lines = project.cassette.read_bytes().splitlines()
    assert len(lines) == len(prompts), "no answer stands there twice, and no half line"
    print(f"{kills} kills, {len(prompts)} answers, {twice} of them in flight at a kill and asked for again")


def prompts_in(path: Path) -> list[str]:
    """Prompts of all answers that can be read."""
    cassette = Cassette(path)
    found = [cassette.get(key) for key in list(cassette.keys())]
    return [one.request["messages"][0]["content"] for one in found if one]
