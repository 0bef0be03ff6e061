"""`pytest --model=m --cassette-mode=record --batch`, as a process of its own that may be killed at any moment."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.endpoints.batch import form_at, limits_at
from harness.errors import ConfigError
from harness.recording import Cassette
from harness.runs.batches import Submission, Submissions, _parts
from harness.runs.fetching import FetchJob
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


@pytest.mark.parametrize(
    "hostile", ["../../../precious", "another", "a link of requests", "a link of a note", "a lock"]
)
def test_a_note_of_a_stranger_leads_nowhere(hostile: str, tmp_path: Path) -> None:
    """A pull request may bring one: its id named the files that are taken away at the end."""
    folder = tmp_path / "cassettes/m@v1/batches"
    folder.mkdir(parents=True)
    precious = tmp_path / "precious.json"
    precious.write_text("precious")
    made = Submission(id="x", where="http://127.0.0.1/v1", submitted="2026-01-01T00:00:00Z", requests=())
    note = json.loads(made.model_dump_json())
    if hostile == "a lock":
        (folder / ".lock").symlink_to(precious)
    elif hostile == "a link of a note":
        (folder / "x.json").symlink_to(precious)
    else:
        note["id"] = hostile if not hostile.startswith("a link") else "x"
        (folder / "x.json").write_text(json.dumps(note))
        (folder / "x.requests").symlink_to(precious)
        if not hostile.startswith("a link"):
            (folder / "x.requests").unlink()
    with pytest.raises(ConfigError, match=r"cannot be read|is a symlink"):
        Submissions(folder).open_ones()
    assert precious.read_text() == "precious"


def test_a_batch_killed_three_times_pays_for_nothing_twice(project: Project, server: BatchServer) -> None:
    def until(seen: Callable[[], bool]) -> None:
        process = project.start("--cassette-mode=record", "--batch")
        while not seen():
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


KILLED_AT = """
import os
from harness.endpoints.batch import BatchApi
from harness.recording import Recorder
from harness.runs.batches import Submissions

method, left = {kind}.{name}, {count}
def killed(*args, **more):
    global left
    left -= 1
    if not left and not {after}:
        os._exit(9)
    made = method(*args, **more)
    if not left:
        os._exit(9)
    return made
{kind}.{name} = killed
"""
STEPS = [
    ("Submissions", "write_requests", 1, True),  # the requests are there, and no note
    ("Submissions", "write", 1, False),
    ("Submissions", "write", 1, True),  # noted, not uploaded
    ("BatchApi", "upload", 1, False),
    ("Submissions", "write", 1, False),  # uploaded, and nobody knows the file
    ("Submissions", "write", 1, True),
    ("BatchApi", "create", 1, False),
    ("Submissions", "write", 1, False),  # made, and nobody knows the batch
    ("Submissions", "write", 1, True),
    ("BatchApi", "ended", 1, False),
    ("Recorder", "append", 1, False),
    ("Recorder", "append", 1, True),
    ("Recorder", "append", 6, True),  # seven of twelve are recorded
    ("Submissions", "done", 1, False),
    ("Submissions", "done", 1, True),
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("keeps_metadata", [True, False])
def test_kills_at_each_step_pay_for_nothing_twice(keeps_metadata: bool, project: Project, server: BatchServer) -> None:
    server.keeps_metadata, server.looks = keeps_metadata, 1
    kill = project.folder / "conftest.py"
    for kind, name, count, after in STEPS:
        kill.write_text(KILLED_AT.format(kind=kind, name=name, count=count, after=after))
        code, output = batch(project)
        assert code == 9, (kind, name, after, output)
    kill.unlink()
    code, output = batch(project)
    assert (code, len(Cassette(project.cassette))) == (0, 12), output
    assert server.paid == dict.fromkeys(PROMPTS, 1)
    assert len(server.batches) == 1
    lines = project.cassette.read_text(encoding="utf-8").rstrip("\n").split("\n")
    assert len({json.loads(line)["key"] for line in lines}) == len(lines) == 12
    assert notes(project) == []


def test_lines_twice_torn_and_of_nobody_are_recorded_once(project: Project, server: BatchServer) -> None:
    server.repeats = True
    code, output = batch(project)
    assert (code, len(Cassette(project.cassette))) == (0, 12), output
    assert len(project.cassette.read_text(encoding="utf-8").rstrip("\n").split("\n")) == 12


def test_a_batch_that_was_cancelled_keeps_what_it_answered(project: Project, server: BatchServer) -> None:
    server.ends, server.expire = "cancelled", 4
    code, output = batch(project)
    assert code == 1
    assert len(Cassette(project.cassette)) == 8
    server.ends, server.expire = "completed", 0
    code, output = batch(project)
    assert (code, len(Cassette(project.cassette))) == (0, 12), output
    assert server.paid == dict.fromkeys(PROMPTS, 1)


def test_a_file_that_is_looked_at_first_is_waited_for(project: Project, server: BatchServer) -> None:
    server.pending = 2
    code, output = batch(project)
    assert (code, len(Cassette(project.cassette))) == (0, 12), output


@pytest.mark.parametrize("gone", ["batch_0", "file-output_file_id-batch_0"])
def test_a_batch_that_the_endpoint_has_forgotten_says_what_to_delete(
    gone: str, project: Project, server: BatchServer
) -> None:
    server.gone = {gone}
    code, output = batch(project)
    assert code == 4
    (note,) = [path for path in notes(project) if path.suffix == ".json"]
    words = "".join(output.split())
    assert f"doesnotknowthe{'batch' if gone == 'batch_0' else 'file'}{gone}" in words
    assert f"delete{note}:its12requests".replace(" ", "") in words
    note.unlink()
    server.gone = set()
    code, output = batch(project)
    assert (code, notes(project)) == (0, []), output


def test_more_requests_than_a_file_may_hold_make_several(project: Project, server: BatchServer) -> None:
    (project.folder / "conftest.py").write_text(
        "import harness.runs.batches as b\nb.limits_at = lambda _: b.BatchLimits(requests=5)\n"
    )
    code, output = batch(project)
    assert (code, len(Cassette(project.cassette)), len(server.batches)) == (0, 12, 3), output
    assert server.paid == dict.fromkeys(PROMPTS, 1)


def _jobs(count: int, size: int = 1) -> list[FetchJob]:
    return [FetchJob(f"{number:x}", "s", 0, {"model": "m", "x": "é" * size}) for number in range(count)]


def test_parts_are_within_the_limits_of_the_provider() -> None:
    def sizes(jobs: list[FetchJob], base_url: str) -> list[int]:
        return [len(part) for part in _parts(jobs, limits_at(base_url))]

    openai, siliconflow = "https://api.openai.com/v1", "https://api.siliconflow.cn/v1"
    assert sizes([], openai) == []
    assert sizes(_jobs(1), openai) == [1]
    assert sizes(_jobs(50_000), openai) == [50_000]
    assert sizes(_jobs(50_001), openai) == [50_000, 1]
    assert sizes(_jobs(5_001), siliconflow) == [5_000, 1]
    assert sizes(_jobs(50_000), "https://siliconflow-proxy.example") == [50_000]
    # 40 MB each, as two bytes a character: four are 160 MB
    assert sizes(_jobs(5, 20_000_000), openai) == [4, 1]
    assert sizes(_jobs(5, 20_000_000), "https://api.together.xyz/v1") == [2, 2, 1]


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


def test_the_form_is_that_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert form_at("https://ark.cn-beijing.volces.com/api/v3") == "ark"
    assert form_at("https://ark.ap-southeast.bytepluses.com/api/v3") == "ark"
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert form_at(None) == form_at("https://ark.example.com/v1") == form_at("http://[") == "openai"
    monkeypatch.setenv("OPENAI_BASE_URL", "https://ark.cn-beijing.volces.com/api/v3")
    assert form_at(None) == "ark"
