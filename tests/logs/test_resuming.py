"""A killed run goes on where it stopped and ends with the same bytes; a folder of another run is refused."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError, HarnessError
from harness.logs import run as out_folder
from harness.logs.judge import ScoredChunk
from harness.logs.processes import carry_on_ray as carry
from harness.logs.rows import Columns
from harness.logs.run import ScoringProgress, mark_failed, score
from tests.logs.conftest import Score, content, job, log_row, write_log

ROWS = 40_000
COMMAND = "from harness.cli import main; main()"


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten chunks. Most answers are cut off, which costs the checker nothing."""
    folder = tmp_path_factory.mktemp("logs")
    with (folder / "log.jsonl").open("w", encoding="utf-8") as file:
        for number in range(ROWS):
            row = log_row(number)
            if number % 12:
                row["finish_reason"] = "length"
            file.write("{not JSON\n" if number % 5001 == 5000 else json.dumps(row) + "\n")
    return folder


@pytest.fixture(scope="module")
def expected(logs: Path) -> dict[str, bytes]:
    """The result of a run that nobody disturbs."""
    done = run(logs, "whole")
    _, told = done.communicate(timeout=120)
    assert done.returncode == 0, told
    return content(logs / "whole")


def run(logs: Path, out: str, *options: str) -> subprocess.Popen[bytes]:
    arguments = ["score", "log.jsonl", "--out", out, "--by", "region", "--workers", "2", *options]
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments], cwd=logs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def gone(group: int) -> bool:
    """Whether every process of the run has ended, the workers too."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.xdist_group("resuming")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_killed_at_any_moment_ends_with_the_same_bytes(logs: Path, expected: dict[str, bytes], seed: int) -> None:
    drawn = random.Random(seed)
    out = logs / f"killed-{seed}"
    kills = 0
    for _ in range(4):
        process = run(logs, out.name)
        parts = len(list(out.glob("parts/*.json")))
        deadline = time.monotonic() + 300
        # wait for some progress, so that the kills strike at every stage, then for a moment more
        while process.poll() is None and len(list(out.glob("parts/*.json"))) < parts + drawn.randint(0, 3):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        with suppress(subprocess.TimeoutExpired):
            process.wait(drawn.random() * 0.3)
        process.kill()
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        assert gone(process.pid)
    assert kills
    last = run(logs, out.name)
    _, told = last.communicate(timeout=120)
    assert last.returncode == 0, told
    assert content(out) == expected


KILLED_WHILE_IT_WAITS_FOR_THE_DISK = """
import os, sys
left, wait = int(sys.argv.pop()), os.fsync
def fsync(file):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), 9)
    wait(file)
os.fsync = fsync
from harness.cli import main; main()
"""


@pytest.mark.xdist_group("resuming")
def test_a_run_killed_at_any_write_ends_with_the_same_bytes(tmp_path: Path) -> None:
    rows = [json.dumps(log_row(number)) for number in range(200)]
    (tmp_path / "log.jsonl").write_text("\n".join([*rows, "{not JSON"]), encoding="utf-8")

    def end(out: str, code: str, *waits: str) -> int:
        arguments = ["score", "log.jsonl", "--out", out, "--workers", "1", *waits]
        done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, check=False)
        return done.returncode

    assert end("whole", COMMAND) == 0
    kills = 0
    while end(f"killed-{kills}", KILLED_WHILE_IT_WAITS_FOR_THE_DISK, str(kills + 1)) == -signal.SIGKILL:
        assert end(f"killed-{kills}", COMMAND) == 0
        assert content(tmp_path / f"killed-{kills}") == content(tmp_path / "whole")
        kills += 1
    assert kills > 5


@pytest.mark.xdist_group("resuming")
def test_ctrl_c_exits_130_and_keeps_what_is_done(logs: Path, expected: dict[str, bytes]) -> None:
    out = logs / "interrupted"
    process = run(logs, out.name)
    while process.poll() is None and not list(out.glob("parts/*.json")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"the same command goes on" in told
    assert b"Traceback" not in told
    assert gone(process.pid)
    done = {path.name: path.stat().st_mtime_ns for path in out.glob("parts/*.json")}
    assert done
    last = run(logs, out.name)
    _, told = last.communicate(timeout=120)
    assert last.returncode == 0, told
    assert content(out) == expected


class Stopped(Exception):
    pass


def stopped_after(chunks: int) -> Any:
    seen: list[ScoringProgress] = []

    def tell(progress: ScoringProgress) -> None:
        seen.append(progress)
        if len(seen) == chunks:
            raise Stopped

    return tell


@pytest.mark.xdist_group("resuming")
def test_chunks_that_are_done_are_not_scored_again(
    logs: Path, expected: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(logs)
    columns = Columns(by=("region",))
    half = job("log.jsonl", out=tmp_path / "out", columns=columns)
    with pytest.raises(Stopped):
        score(half, stopped_after(6))
    rest: list[ScoringProgress] = []
    score(half, rest.append)
    assert len(rest) == 4
    assert content(tmp_path / "out") == expected
    score(half, stopped_after(1))  # finished: nothing is scored at all
    assert content(tmp_path / "out") == expected


@pytest.fixture
def half_done(tmp_path: Path, logs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of our own, scored half."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.jsonl").write_bytes((logs / "log.jsonl").read_bytes()[: 3 << 20])
    with pytest.raises(Stopped):
        score(job("log.jsonl", out=tmp_path / "out"), stopped_after(1))
    return tmp_path


@pytest.mark.xdist_group("resuming")
def test_an_input_that_changed_is_told(half_done: Path, scored: Score) -> None:
    os.utime(half_done / "log.jsonl", ns=(1, 1))
    with pytest.raises(HarnessError, match=r"holds another run: 'log.jsonl' has changed since.*--out"):
        scored("log.jsonl")


@pytest.mark.xdist_group("resuming")
def test_an_object_that_changed_is_told(tmp_path: Path, scored: Score) -> None:
    store = pytest.importorskip("fsspec").filesystem("memory")
    store.pipe("/changing/log.jsonl", write_log(tmp_path / "log.jsonl", 5).read_bytes())
    with pytest.raises(Stopped):
        score(job("memory://changing", out=tmp_path / "out"), stopped_after(1))
    store.pipe("/changing/log.jsonl", write_log(tmp_path / "log.jsonl", 5).read_bytes())
    with pytest.raises(HarnessError, match=r"'memory:///changing/log\.jsonl' has changed since"):
        scored("memory://changing")


@pytest.mark.xdist_group("resuming")
def test_parquet_verdicts_resume_to_the_same_bytes(half_done: Path, scored: Score) -> None:
    pytest.importorskip("pyarrow")
    scored("log.jsonl", out="whole", verdict_format="parquet")
    with pytest.raises(Stopped):
        score(job("log.jsonl", out=half_done / "halves", verdict_format="parquet"), stopped_after(1))
    assert len(list(half_done.glob("halves/verdicts/*.parquet"))) == 1
    scored("log.jsonl", out="halves", verdict_format="parquet")
    assert content(half_done / "halves") == content(half_done / "whole")


@pytest.mark.xdist_group("resuming")
def test_other_options_are_told(half_done: Path, scored: Score) -> None:
    with pytest.raises(HarnessError, match="output was 'output' and is 'answer'"):
        scored("log.jsonl", columns=Columns(output=("answer",)))
    with pytest.raises(HarnessError, match="max_groups was 500 and is 3"):
        scored("log.jsonl", most_groups=3)


@pytest.mark.xdist_group("resuming")
def test_other_inputs_are_told(half_done: Path, scored: Score) -> None:
    write_log(half_done / "more.jsonl", 3)
    with pytest.raises(HarnessError, match="1 files were read, 2 are found now"):
        scored("log.jsonl", "more.jsonl")
    with pytest.raises(HarnessError, match=r"where 'log\.jsonl' was read, 'more\.jsonl' is now"):
        scored("more.jsonl")


@pytest.mark.xdist_group("resuming")
def test_another_version_of_ours_is_told(half_done: Path, scored: Score, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.logs.run.__version__", "99")
    with pytest.raises(HarnessError, match="another version"):
        scored("log.jsonl")


@pytest.mark.xdist_group("resuming")
def test_a_damaged_manifest_is_told(half_done: Path, scored: Score) -> None:
    (half_done / "out" / "run.json").write_text("[]")
    with pytest.raises(HarnessError, match=r"run\.json cannot be read"):
        scored("log.jsonl")


@pytest.mark.xdist_group("resuming")
def test_a_file_that_grows_while_it_is_read_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    log = write_log(tmp_path / "log.jsonl", 5)
    work = job("log.jsonl", out=tmp_path / "out")

    def grow(progress: ScoringProgress) -> None:
        write_log(log, 6)

    with pytest.raises(HarnessError, match="changed while it was read"):
        score(work, grow)
    assert not (tmp_path / "out" / "rates.json").exists()


@pytest.mark.xdist_group("resuming")
def test_standard_input_is_not_read_into_a_folder_twice(
    tmp_path: Path, scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    write_log(tmp_path / "log.jsonl", 5)
    scored("log.jsonl")
    with pytest.raises(HarnessError, match="standard input cannot be read twice"):
        scored("-")


@pytest.mark.xdist_group("resuming")
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, scored: Score) -> None:
    write_log(tmp_path / "log.jsonl", 5)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("x")
    with pytest.raises(HarnessError, match=r"not empty.*'thesis\.txt'"):
        scored("log.jsonl")
    assert {path.name for path in (tmp_path / "out").iterdir()} <= {"thesis.txt", ".lock"}


@pytest.mark.xdist_group("resuming")
def test_two_runs_in_one_folder_are_refused(tmp_path: Path, scored: Score) -> None:
    write_log(tmp_path / "log.jsonl", 5)
    work = job("log.jsonl", out=tmp_path / "out")
    with (
        out_folder.OutFolder(tmp_path / "out", work.stored(), "jsonl"),
        pytest.raises(HarnessError, match="another harness score is writing there"),
    ):
        scored("log.jsonl")
    assert scored("log.jsonl")["rows"] == 5


@pytest.mark.xdist_group("resuming")
def test_a_folder_that_cannot_be_written_is_an_error_that_says_so(tmp_path: Path, scored: Score) -> None:
    write_log(tmp_path / "log.jsonl", 5)
    (tmp_path / "file").write_text("x")
    for out in ("file", "file/out"):
        with pytest.raises(HarnessError, match=r"cannot be written.*--out"):
            scored("log.jsonl", out=out)


@pytest.mark.xdist_group("resuming")
def test_a_full_disk_is_an_error_and_keeps_what_is_done(half_done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = job("log.jsonl", out=half_done / "out")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with out_folder.OutFolder(half_done / "out", work.stored(), "jsonl") as folder:
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(HarnessError, match=r"No space left.*make room"):
            folder.write(ScoredChunk("000000-000001", b"x", b"", b"{}", 1, 0))
    assert len(list(half_done.glob("out/parts/*.json"))) == 1
    assert not list(half_done.rglob("*.tmp"))


@pytest.mark.xdist_group("resuming")
def test_a_worker_that_is_killed_is_told_with_its_rows(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(logs)
    work = replace(job("log.jsonl", out=tmp_path / "out"), workers=2)

    def kill_workers(progress: ScoringProgress) -> None:
        for line in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
            command = Path(f"/proc/{line}/cmdline").read_bytes()
            if b"spawn_main" in command:
                os.kill(int(line), signal.SIGKILL)

    if not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists():
        pytest.skip("no list of child processes on this system")
    with pytest.raises(HarnessError, match=r"a worker ended \(exit code -9\) with the rows from log.jsonl, row \d+"):
        score(work, kill_workers)
    assert list(tmp_path.glob("out/parts/*.json"))


@pytest.mark.xdist_group("resuming")
def test_a_run_that_came_to_nothing_gives_its_folder_to_the_next(
    scored: Score, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(tmp_path / "log.jsonl", 30)
    with pytest.raises(HarnessError, match="map the columns"):
        scored("log.jsonl", columns=Columns(source=("prompt",)))
    first = scored("log.jsonl")
    assert first["rows"] == 30
    with pytest.raises(HarnessError, match="holds another run"):
        scored("log.jsonl", columns=Columns(targets="id"))
    mark_failed(tmp_path / "out")  # as the command does where it ends with 2 or 3
    assert scored("log.jsonl") == first
    assert scored("log.jsonl", columns=Columns(targets="none"))["targets_given"] == 0
    assert content(tmp_path / "out").keys() == {
        "rates.json",
        "rejected.jsonl",
        "run.json",
        "verdicts/000000-000000.jsonl",
    }


# On Ray the same function gives the same bytes.


def score_with_ray(folder: Path, out: str, *options: str) -> None:
    """In a process of its own: Ray starts servers, and its libraries warn."""
    arguments = ["score", "logs", "--out", out, "--by", "region", *options]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif("sys.platform == 'win32'")
def test_a_local_ray_gives_the_same_bytes_as_processes_do(tmp_path: Path) -> None:
    pytest.importorskip("ray.data")
    logs = tmp_path / "logs"
    logs.mkdir()
    rows = [json.dumps({**log_row(number), "finish_reason": "length"}) for number in range(9000)]
    (logs / "large.jsonl").write_text("\n".join([*rows, "{bad"]))
    (logs / "padded.csv").write_text("source,output\n" + "Use TCP/IP.,TCP / IP\n" * 3000)
    for name in "abc":
        write_log(logs / f"{name}.jsonl", 20)
    score_with_ray(tmp_path, "plain", "--workers", "1")
    expected = content(tmp_path / "plain")
    assert len(expected) > 5
    score_with_ray(tmp_path, "on-ray", "--ray")
    assert content(tmp_path / "on-ray") == expected
    score_with_ray(tmp_path, "on-ray", "--workers", "1")  # a finished run is only read, on whatever it ran
    assert content(tmp_path / "on-ray") == expected


def test_standard_input_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    work = job("-", out=tmp_path / "out")
    with pytest.raises(ConfigError, match="standard input"):
        next(carry([work.files], work.reading, work.scoring, frozenset(), None))


def test_an_address_where_nobody_listens_is_told_at_once(tmp_path: Path, scored: Score) -> None:
    pytest.importorskip("ray.data")
    write_log(tmp_path / "log.jsonl", 5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        for given in (address, f"ray://{address}"):
            with pytest.raises(ConfigError, match="nobody answers there"):
                scored("log.jsonl", ray=given)


def test_without_ray_the_command_that_installs_it_is_told(
    tmp_path: Path, scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(tmp_path / "log.jsonl", 5)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install 'pytest-verbatim\[ray\]'"):
        scored("log.jsonl", ray="")
