"""`pytest --model=m --cassette-mode=record --batch`, as a process of its own that may be killed at any moment."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.endpoints.batch import form_at
from harness.recording import Cassette
from tests.batch.server import BatchServer
from tests.faulty_server.project import Project

TARGET = "Sikalastic-609"
ODD = "Repeat: \u2028 水吧台/岛台 \x85 Sikalastic-609"
PROMPTS = [*(f"{number} Repeat: {TARGET}" for number in range(11)), ODD]


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with BatchServer() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, server: BatchServer) -> Project:
    return Project(tmp_path, server.base_url, PROMPTS, TARGET)


def batch(project: Project, *options: str) -> tuple[int, str]:
    return project.run("--cassette-mode=record", "--batch", *options)


def notes(project: Project) -> list[Path]:
    return list(project.cassette.parent.glob("batches/*"))


def test_answers_of_a_batch_are_recorded_and_replayed(project: Project, server: BatchServer) -> None:
    code, output = batch(project)
    assert code == 0, output
    assert "batch_0: 12 requests submitted" in output
    assert "batch_0: completed, 0 of 12" in output
    assert len(Cassette(project.cassette)) == 12
    assert set(server.paid.values()) == {1}
    assert notes(project) == []
    line = json.loads(project.cassette.read_text(encoding="utf-8").split("\n")[0])
    assert line["latency_s"] is None, "nobody measured it"
    code, output = project.run()
    assert (code, server.paid.total(), len(server.batches)) == (0, 12, 1), output


def test_a_batch_that_is_asked_for_twice_is_one(project: Project, server: BatchServer) -> None:
    batch(project)
    code, _ = batch(project)
    assert (code, len(server.batches)) == (0, 1)


def test_what_failed_in_a_batch_is_asked_for_again(project: Project, server: BatchServer) -> None:
    server.fail = {PROMPTS[3]}
    server.expire = 2
    server.ends = "expired"
    code, output = batch(project)
    assert code == 1
    assert len(Cassette(project.cassette)) == 9
    assert "http_400" in output
    assert "batch_expired" in output
    server.fail, server.expire, server.ends = set(), 0, "completed"
    code, output = batch(project)
    assert (code, len(Cassette(project.cassette))) == (0, 12), output
    assert "batch_1: 3 requests submitted" in output
    assert set(server.paid.values()) == {1}


def test_a_batch_that_failed_says_why(project: Project, server: BatchServer) -> None:
    server.ends = "failed"
    code, output = batch(project)
    assert code == 1
    assert "batch_0: failed: line 3 is bad" in output
    assert "batch_failed" in output
    assert notes(project) == []


def test_a_refused_batch_is_no_batch(project: Project, server: BatchServer) -> None:
    server.refuse = 400
    code, output = batch(project)
    assert code == 4, "a usage error of pytest's"
    assert "the Batch API refuses (400). It says: token limit of the queue" in output
    assert notes(project) == []


def test_an_endpoint_that_is_away_now_and_then_ends_nothing(project: Project, server: BatchServer) -> None:
    server.flaky = True
    code, output = batch(project)
    assert (code, len(Cassette(project.cassette))) == (0, 12), output


def test_a_batch_killed_three_times_pays_for_nothing_twice(project: Project, server: BatchServer) -> None:
    def until(seen: Callable[[], bool]) -> None:
        process = project.start("--cassette-mode=record", "--batch")
        deadline = time.monotonic() + 60
        while not seen():
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.01)
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.communicate()

    # the server has made the batch, and its answer never came
    server.slow_create_s = 60
    until(lambda: bool(server.batches))
    # while it is looked at
    server.slow_create_s = 0
    server.looks = 100
    until(lambda: server.looked > 1)
    # while the answers are fetched, half of them recorded
    server.looks, server.slow_download_s = 2, 60
    until(lambda: server.downloads > 0 and project.cassette.exists() and project.cassette.stat().st_size > 0)
    kept = len(Cassette(project.cassette))
    assert 0 < kept < 12
    server.slow_download_s = 0
    code, output = batch(project)
    assert (code, len(Cassette(project.cassette))) == (0, 12), output
    assert len(server.batches) == 1
    assert server.paid == dict.fromkeys(PROMPTS, 1)
    keys = [json.loads(line)["key"] for line in project.cassette.read_text(encoding="utf-8").split("\n") if line]
    assert len(set(keys)) == len(keys) == 12, "no answer is recorded twice"
    assert notes(project) == []


def test_another_address_does_not_take_up_the_batch_of_the_first(project: Project, server: BatchServer) -> None:
    server.slow_create_s = 0
    server.looks = 1000
    process = project.start("--cassette-mode=record", "--batch")
    while not server.looked:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    code, output = batch(project, "--base-url=http://127.0.0.1:9/v1")
    assert code == 4
    assert f"a batch is under way at {server.base_url}" in output
    (note,) = [path for path in notes(project) if path.suffix == ".json"]
    note.write_text("{")
    code, output = batch(project)
    assert code == 4
    assert "Look at the endpoint's list of batches before you take it away" in " ".join(output.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--batch"], "--batch: found --cassette-mode=replay; accepted: record"),
        (["--batch", "--cassette-mode=live"], "accepted: record"),
        (["--batch", "--cassette-mode=record", "--request-budget=5"], "not together with"),
        (["--batch", "--cassette-mode=record", "-n2"], "not together with"),
    ],
)
def test_what_cannot_work_is_refused(options: list[str], words: str, project: Project, server: BatchServer) -> None:
    code, output = project.run(*options)
    assert code == 4
    assert words in output
    assert not server.batches


def test_arks_form_asks_at_its_own_path(tmp_path: Path, server: BatchServer) -> None:
    project = Project(tmp_path, server.base_url, PROMPTS, TARGET, batch="ark")
    code, output = batch(project)
    assert (code, len(Cassette(project.cassette))) == (0, 12), output
    assert server.paid == dict.fromkeys(PROMPTS, 1)
    assert not server.batches
    code, output = project.run()
    assert code == 0, output


def test_the_form_is_that_of_the_address() -> None:
    assert form_at("https://ark.cn-beijing.volces.com/api/v3") == "ark"
    assert form_at("https://ark.ap-southeast.bytepluses.com/api/v3") == "ark"
    assert form_at(None) == form_at("https://ark.example.com/v1") == form_at("http://[") == "openai"
