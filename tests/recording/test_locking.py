"""Many recorders on one cassette, one after the other, in threads and processes; and the commit of a git worktree."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.recording import Cassette, Recorder
from harness.recording.cassette import locked_file
from harness.runs.record import git_commit

_CHILD = """
import sys
from pathlib import Path
from harness.recording.cassette import locked_file
for number in range(50):
    with locked_file(Path(sys.argv[1]), wait_s=60) as file:
        before = file.seek(0, 2)
        file.write(f"{sys.argv[2]} {number}\\n".encode())
        assert file.seek(0, 2) > before
"""


def test_processes_that_append_in_turn_lose_no_line_and_leave_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    children = [subprocess.Popen([sys.executable, "-c", _CHILD, str(path), str(number)]) for number in range(3)]
    assert [child.wait(timeout=120) for child in children] == [0, 0, 0]
    assert sorted(path.read_text().split("\n")[:-1]) == sorted(f"{n} {i}" for n in range(3) for i in range(50))
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_closed_in_another_thread_is_free(tmp_path: Path) -> None:
    file = locked_file(tmp_path / "s.jsonl", wait_s=1)
    closing = threading.Thread(target=file.close)
    closing.start()
    closing.join()
    locked_file(tmp_path / "s.jsonl", wait_s=1).close()


def test_a_system_without_fcntl_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    Recorder(tmp_path / "s.jsonl").close()
    assert len(Cassette(tmp_path / "s.jsonl")) == 0


def test_the_commit_of_a_worktree_is_found(tmp_path: Path) -> None:
    def git(*arguments: str, folder: Path = tmp_path) -> str:
        who = {
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b",
        }
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env={**os.environ, **who}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    main = tmp_path / "main"
    main.mkdir()
    git("init", "-q", folder=main)
    assert git_commit(main) is None, "nothing is committed yet"
    git("commit", "-q", "--allow-empty", "-m", "one", folder=main)
    git("worktree", "add", "-q", str(tmp_path / "other"), folder=main)
    below = tmp_path / "other" / "below"
    below.mkdir()
    assert git_commit(below) == git_commit(main) == git("rev-parse", "HEAD", folder=main)
    assert git_commit(tmp_path) is None
