"""Appending to a cassette: nothing that was written is lost, whatever becomes of the process, the disk or the file."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import CassetteError
from harness.history import History
from harness.recording import Cassette, Recorder, Secrets, UnfitAnswerError
from harness.recording import recorder as recorder_module
from harness.recording.cassette import file_of
from harness.recording.recorder import without
from harness.recording.secrets import problems
from harness.records.answer import request_key
from tests.factory import case_result, run_record
from tests.recording.conftest import MakeExchange

SCRIPT = """
import resource, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from harness.recording import Recorder
from harness.errors import CassetteError
from harness.records.answer import Exchange
{prelude}
def exchange(number):
    body = b'{{"model": "m", "messages": [{{"role": "user", "content": "%d"}}]}}' % number
    return Exchange("http://h/v1", (), body, 200, (), b'{{"choices": []}}', 0.1, None, "2026-01-31T10:00:00Z")
written = 0
try:
    recorder = Recorder(Path({path!r}))
    for number in range(100):
        recorder.append(exchange(number), sample=0, model="m", runtime=None)
        written += 1
    recorder.close()
except CassetteError as error:
    print(written, error)
"""


def run_script(path: Path, prelude: str) -> str:
    root = str(Path(__file__).parents[2])
    script = SCRIPT.format(root=root, path=str(path), prelude=prelude)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def append(recorder: Recorder, made: object, sample: int = 0) -> None:
    recorder.append(made, sample=sample, model="m", runtime="r 1")  # type: ignore[arg-type]


def key_of(prompt: str, sample: int = 0) -> str:
    return request_key({"model": "m", "messages": [{"role": "user", "content": prompt}]}, sample)


def test_an_answer_comes_back_as_it_was(tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "m@v1" / "s.jsonl"
    recorder = Recorder(path)
    append(recorder, exchange("水吧台/岛台\u2028?", "水吧台/岛台\u2028\n-"))
    recorder.close()
    found = Cassette(path).get(key_of("水吧台/岛台\u2028?"))
    assert found is not None
    assert json.loads(found.body)["choices"][0]["message"]["content"] == "水吧台/岛台\u2028\n-"
    assert (found.recorded_at, found.model, found.runtime) == ("2026-01-31T10:00:00Z", "m", "r 1")
    assert path.read_bytes().count(b"\n") == 1


def test_headers_and_addresses_leave_their_secrets_behind(tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    append(recorder, exchange(uri="https://user:topsecretkey1@host:8443/v1/chat/completions?key=topsecretkey1#k"))
    recorder.close()
    assert "topsecretkey1" not in path.read_text()
    assert json.loads(path.read_text())["request"]["uri"] == "https://host:8443/v1/chat/completions"


@pytest.mark.parametrize(
    "spelling",
    ["a/b-topsecretkey1", "a\\/b-topsecretkey1", "a%2Fb-topsecretkey1", "YS9iLXRvcHNlY3JldGtle"],
    ids=["as it is", "JSON", "address", "base64"],
)
def test_an_answer_that_repeats_a_secret_is_not_written(spelling: str, tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path, secrets=Secrets(["a/b-topsecretkey1"]))
    append(recorder, exchange("1"))
    with pytest.raises(UnfitAnswerError, match="repeats the value of a key") as raised:
        append(recorder, exchange("2", f"you sent {spelling}"))
    assert spelling not in path.read_text()
    assert raised.value.reason == "secret_echoed"
    assert spelling not in str(raised.value)
    append(recorder, exchange("3"))
    recorder.close()
    assert len(Cassette(path)) == 2


@pytest.mark.parametrize("cut", range(1, 400, 7))
def test_a_torn_last_line_is_taken_away_and_nothing_else(cut: int, tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    for prompt in ("1", "2"):
        append(recorder, exchange(prompt))
    recorder.close()
    whole = path.read_bytes()
    line = whole.splitlines(keepends=True)[1]
    path.write_bytes(whole + line[:cut])
    cassette = Cassette(path)
    assert (len(cassette), cassette.torn_line) == (2, 3)
    recorder = Recorder(path)
    assert recorder.cut_bytes == cut
    append(recorder, exchange("3"))
    recorder.close()
    assert path.read_bytes().startswith(whole)
    assert len(Cassette(path)) == 3


def test_a_whole_last_line_without_its_line_end_is_kept(tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    append(recorder, exchange("1"))
    recorder.close()
    path.write_bytes(path.read_bytes().rstrip(b"\n"))  # some editors save so
    assert len(Cassette(path)) == 1
    recorder = Recorder(path)
    append(recorder, exchange("2"))
    recorder.close()
    assert recorder.cut_bytes == 0
    assert len(Cassette(path)) == 2


@pytest.mark.parametrize("between", [b"", b"\r", b" "])
def test_answers_whose_line_ends_were_lost_are_not_torn_and_stay(
    between: bytes, tmp_path: Path, exchange: MakeExchange
) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    for prompt in ("1", "2", "3"):
        append(recorder, exchange(prompt))
    recorder.close()
    glued = between.join(path.read_bytes().splitlines())
    path.write_bytes(glued)
    (found,) = problems(path, Secrets([]))
    assert found.message == "several answers in one line; give each a line of its own, and keep them all"
    recorder = Recorder(path)
    append(recorder, exchange("4"))
    recorder.close()
    assert recorder.cut_bytes == 0
    assert path.read_bytes().startswith(glued + b"\n")


def test_a_last_line_that_was_edited_is_not_torn(tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    append(recorder, exchange("1", "an answer"))
    recorder.close()
    edited = path.read_bytes().replace(b"an answer", b"a better one").rstrip(b"\n")
    path.write_bytes(edited)
    Recorder(path).close()
    assert path.read_bytes() == edited + b"\n"
    assert [problem.message for problem in problems(path, Secrets([]))] == [
        "digest: does not belong to this answer; the line was edited (record it again)"
    ]


@pytest.mark.parametrize("text", ["<<<<<<< HEAD\n", "=======\n", ">>>>>>> branch", "notes of mine"])
def test_what_no_recorder_wrote_is_never_cut(text: str, tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    append(recorder, exchange("1"))
    recorder.close()
    path.write_text(path.read_text() + text)
    before = path.read_bytes()
    with pytest.raises(CassetteError, match=r"s\.jsonl:2: .*harness cassettes verify"):
        Recorder(path)
    assert path.read_bytes() == before


def test_a_full_disk_keeps_what_was_written_and_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    limit = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))"
    written, _, message = run_script(path, limit).partition(" ")
    assert "cannot be written: File too large; what was answered before is kept" in message
    assert "--cassette-mode=record" in message
    assert 10 < int(written) < 100
    cassette = Cassette(path)
    assert (len(cassette), cassette.torn_line) == (int(written), None)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="only root can mount a disk")
def test_a_disk_that_is_really_full_keeps_what_was_written(tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        written, _, message = run_script(tmp_path / "s.jsonl", "").partition(" ")
        assert "cannot be written: No space left on device" in message
        cassette = Cassette(tmp_path / "s.jsonl")
        assert (len(cassette), cassette.torn_line) == (int(written), None)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "cassettes"
    folder.mkdir(mode=0o555)
    drop = "import os\nif os.geteuid() == 0:\n    os.setgid(65534)\n    os.setuid(65534)"
    output = run_script(folder / "m@v1" / "s.jsonl", drop)
    assert output.startswith("0 ")
    assert "cannot be written: Permission denied" in output


def test_a_second_recorder_waits_and_is_told(tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    first = Recorder(path)
    append(first, exchange("1"))
    with pytest.raises(CassetteError, match="another recorder holds this cassette"):
        Recorder(path, wait_s=0.1)
    threading.Timer(0.3, first.close).start()
    second = Recorder(path, wait_s=10)
    append(second, exchange("2"))
    second.close()
    assert len(Cassette(path)) == 2


def test_a_file_put_in_its_place_is_written_from_then_on(tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    append(recorder, exchange("1"))
    other = tmp_path / "other"
    other.write_bytes(path.read_bytes())
    other.replace(path)  # as `git checkout` does
    append(recorder, exchange("2"))
    path.unlink()
    append(recorder, exchange("3"))
    recorder.close()
    assert list(Cassette(path).keys()) == [key_of("3")]


def test_a_later_answer_wins(tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    append(recorder, exchange("1", "old"))
    append(recorder, exchange("1", "new"))
    recorder.close()
    found = Cassette(path).get(key_of("1"))
    assert found is not None
    assert "new" in found.body


def test_samples_have_keys_of_their_own(tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    append(recorder, exchange("1", "one"), sample=0)
    append(recorder, exchange("1", "two"), sample=1)
    recorder.close()
    cassette = Cassette(path)
    bodies = [found.body for sample in (0, 1) if (found := cassette.get(key_of("1", sample)))]
    assert ["one" in bodies[0], "two" in bodies[1]] == [True, True]


def test_a_recorder_without_answers_leaves_no_file(tmp_path: Path) -> None:
    Recorder(tmp_path / "s.jsonl").close()
    assert not (tmp_path / "s.jsonl").exists()


def test_an_answer_too_long_to_be_read_again_is_not_written(
    tmp_path: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "LINE_LIMIT", 2000)
    recorder = Recorder(tmp_path / "s.jsonl")
    with pytest.raises(UnfitAnswerError) as raised:
        append(recorder, exchange("1", "x" * 2000))
    assert raised.value.reason == "too_long"
    recorder.close()


def test_the_last_answer_is_synced_though_no_other_comes(
    tmp_path: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "_SYNC_EVERY_S", 0.1)
    recorder = Recorder(tmp_path / "s.jsonl")
    synced = threading.Event()
    monkeypatch.setattr(recorder_module.os, "fsync", lambda descriptor: synced.set())
    append(recorder, exchange("1"))
    assert synced.wait(20)
    recorder.close()


# What Windows does otherwise: a file that is open is neither replaced nor removed.


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """This system with that rule of Windows; lock files are the affair of filelock."""
    if not Path("/proc/self/fd").exists():
        pytest.skip("looks for open files in /proc")

    def refusing(original: Callable[..., None]) -> Callable[..., None]:
        def checked(*paths: object, **options: object) -> None:
            for path in paths:
                name = os.path.realpath(str(path))
                held = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
                if name in held and not name.endswith(".lock"):
                    raise PermissionError(13, "The process cannot access the file", name)
            original(*paths, **options)

        return checked

    for name in ("replace", "rename", "unlink", "remove"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))


@pytest.mark.usefixtures("windows")
def test_the_rule_is_in_force(tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    with (tmp_path / "a").open("w"):
        with pytest.raises(PermissionError):
            (tmp_path / "b").replace(tmp_path / "a")
        with pytest.raises(PermissionError):
            (tmp_path / "a").unlink()


@pytest.mark.usefixtures("windows")
def test_a_cassette_is_recorded_pruned_and_recorded_again_on_windows(tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    for prompt in ("1", "2", "3"):
        append(recorder, exchange(prompt))
    recorder.close()
    without(path, {2})
    assert sorted(Cassette(path).keys()) == sorted([key_of("1"), key_of("3")])
    recorder = Recorder(path)
    with pytest.raises(CassetteError, match="another recorder holds this cassette"):
        without(path, {1}, wait_s=0.1)
    append(recorder, exchange("2"))
    recorder.close()
    without(path, set())
    assert len(Cassette(path)) == 3


@pytest.mark.usefixtures("windows")
def test_records_and_baselines_are_replaced_on_windows(tmp_path: Path) -> None:
    history = History(tmp_path / "reports")
    run = run_record([case_result("one", "damaged")])
    for _ in range(2):
        history.write(run)
        history.set_baseline("tuned", run.label)
    assert history.resolve("tuned") == run


def test_workers_ignore_ctrl_c_where_no_signal_can_be_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: the worker itself ignores it, and its end of the pipe that closes is the end of it."""
    from harness.logs import processes

    monkeypatch.delattr(signal, "pthread_sigmask")
    set_to: list[object] = []
    monkeypatch.setattr(processes.signal, "signal", lambda number, what: set_to.append((number, what)))
    with processes._deaf_to_interrupts():
        pass
    ours, theirs = multiprocessing.Pipe()
    ours.close()
    processes._work(theirs, None)  # type: ignore[arg-type]
    assert set_to == [(signal.SIGINT, signal.SIG_IGN)]


def test_lines_are_not_taken_out_of_another_file_than_was_read(tmp_path: Path, exchange: MakeExchange) -> None:
    """Two who prune at once: the numbers of the second are those of lines that the first has moved."""
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    for prompt in ("old", "1", "2"):
        append(recorder, exchange(prompt))
    recorder.close()
    read = file_of(path)
    without(path, {1}, file=read)
    with pytest.raises(CassetteError, match="replaced while it was read; nothing was taken out of it"):
        without(path, {1}, file=read)
    assert sorted(Cassette(path).keys()) == sorted([key_of("1"), key_of("2")])


def test_lines_are_taken_out_of_a_file_that_grew_meanwhile(tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    append(recorder, exchange("old"))
    read = file_of(path)
    append(recorder, exchange("1"))
    recorder.close()
    without(path, {1}, file=read)
    assert list(Cassette(path).keys()) == [key_of("1")]
