"""Reading cassettes, also those that a stranger sent."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from harness.errors import CassetteError
from harness.recording import Cassette, Recorder, cassette, from_line
from harness.recording.cassette import Interaction
from harness.recording.recorder import locked_file
from harness.records.answer import request_key
from harness.runs.record import git_commit
from tests.recording.conftest import MakeExchange


@pytest.fixture
def line(tmp_path: Path, exchange: MakeExchange) -> dict[str, Any]:
    """A line as a recorder writes it, decoded."""
    recorder = Recorder(tmp_path / "line.jsonl")
    recorder.append(exchange("1"), sample=0, model="m", runtime="r 1")
    recorder.close()
    decoded: dict[str, Any] = json.loads((tmp_path / "line.jsonl").read_text())
    return decoded


def test_an_edited_prompt_no_longer_belongs_to_its_key(tmp_path: Path, line: dict[str, Any]) -> None:
    key = line["key"]
    line["request"]["body"] = line["request"]["body"].replace('"1"', '"2"')
    (tmp_path / "s.jsonl").write_text(json.dumps(line, separators=(",", ":")) + "\n")
    with pytest.raises(CassetteError, match=r"s\.jsonl:1: key: does not belong to this request; the line was edited"):
        Cassette(tmp_path / "s.jsonl").get(key)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("recorded_at",), "../../../../tmp/x", "recorded_at: found '../../../../tmp/x'; accepted: a time such as"),
        (("recorded_at",), "2026-01-31T10:00:00Z\n\x1b[2J", "recorded_at: found"),
        (("recorded_at",), 5, "recorded_at: found 5"),
        (("runtime",), "\x1b]0;owned\x07", r"runtime: found '\\x1b\]0;owned\\x07'; accepted: a printable name"),
        (("model",), "m" * 1000, "model: found"),
        (("latency_s",), float("nan"), "NaN is not JSON; accepted: finite numbers"),
        (("latency_s",), -1, "latency_s: found -1"),
        (("first_token_s",), True, "first_token_s: found True"),
        (("sample",), -1, "sample: found -1; accepted: a whole number from 0"),
        (("sample",), True, "sample: found True"),
        (("response", "status", "code"), 500, "status 500: an error is not an answer; accepted: 200"),
        (("response", "body", "string"), {"a": 1}, "not an interaction of vcrpy's form"),
        (("request", "body"), "[1]", r"request.body: found \[1\]; accepted: a JSON object"),
        (("request", "body"), "[" * 100_000, "request.body: nested too deeply"),
        (("request",), None, "not an interaction of vcrpy's form"),
    ],
)
def test_every_field_is_looked_at(path: tuple[str, ...], value: Any, message: str, line: dict[str, Any]) -> None:
    place = line
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(CassetteError, match=message):
        from_line(json.dumps(line).encode())


@pytest.mark.parametrize("content", [b"[" * 5_000_000, b'{"key":' * 100_000, b"null", b'"x"', b"\xff\xfe", b"{}"])
def test_a_line_that_is_no_interaction_is_an_error_with_its_place(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_bytes(content + b"\n")
    with pytest.raises(CassetteError, match=r"s\.jsonl:1: "):
        Cassette(tmp_path / "s.jsonl")


def test_a_line_of_a_gigabyte_is_refused_before_it_is_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    with path.open("wb") as file:
        file.seek(1_000_000_000)  # sparse: it takes no room on the disk
        file.write(b"\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CassetteError, match=r"s\.jsonl:1: longer than 64,000,000 bytes"):
        Cassette(path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < 300_000_000


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> other", "||||||| base"])
def test_a_merge_conflict_is_told_with_its_line(marker: str, tmp_path: Path, line: dict[str, Any]) -> None:
    (tmp_path / "s.jsonl").write_text(json.dumps(line) + "\n" + marker + "\n")
    with pytest.raises(CassetteError, match=r"s\.jsonl:2: a merge conflict was left here; keep all lines of both"):
        Cassette(tmp_path / "s.jsonl")


def test_blank_lines_and_crlf_line_ends_do_no_harm(tmp_path: Path, line: dict[str, Any]) -> None:
    (tmp_path / "s.jsonl").write_bytes(b"\r\n" + json.dumps(line).encode() + b"\r\n\n")
    cassette = Cassette(tmp_path / "s.jsonl")
    assert cassette.get(line["key"]) is not None


def test_answers_stay_on_the_disk_until_they_are_asked_for(tmp_path: Path, exchange: MakeExchange) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    for number in range(30):
        recorder.append(exchange(str(number), "x" * 1_000_000), sample=0, model="m", runtime=None)
    recorder.close()
    import tracemalloc

    tracemalloc.start()
    cassette = Cassette(path)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(cassette) == 30
    assert held < 1_000_000
    assert peak < 10_000_000


def test_a_folder_in_the_place_of_a_cassette_is_told(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").mkdir()
    with pytest.raises(CassetteError, match="cannot be read: Is a directory"):
        Cassette(tmp_path / "s.jsonl")


def test_a_cassette_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert len(Cassette(tmp_path / "none.jsonl")) == 0
    assert not os.path.exists(tmp_path / "none.jsonl")


# Many recorders on one cassette, one after the other, in threads and processes; and the commit of a git worktree.

_CHILD = """
import sys
from pathlib import Path
from harness.recording.recorder import locked_file
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


@pytest.mark.parametrize(("block", "times"), [(256_000, 1), (10, 6)])
def test_a_cassette_is_opened_once_a_block_and_not_once_an_answer(
    tmp_path: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch, block: int, times: int
) -> None:
    path = tmp_path / "s.jsonl"
    recorder = Recorder(path)
    for number in range(3):
        recorder.append(exchange(str(number)), sample=0, model="m", runtime=None)
    recorder.close()
    monkeypatch.setattr("harness.recording.cassette._BLOCK", block)
    cassette = Cassette(path)
    opened: list[Path] = []
    original: Any = Path.open

    def noted(self: Path, *mode: str) -> Any:
        opened.append(self)
        return original(self, *mode)

    monkeypatch.setattr(Path, "open", noted)
    keys = [*cassette.keys(), *cassette.keys()]
    assert [one.key for key in keys if (one := cassette.get(key))] == keys
    assert len(opened) == times


def read(line: bytes) -> Interaction | str:
    """A line, or what is wrong with it."""
    try:
        return from_line(line)
    except CassetteError as error:
        return str(error)


PIECES = [
    *(
        b'"',
        b"\\",
        b"{",
        b"}",
        b",",
        b":",
        b"\\u0041",
        b"\\ud83d",
        b"\xff",
        b"\r",
        b"\x00",
        b"1e999",
        b"NaN",
        b"9" * 500,
    ),
    *(
        b'"sample":0,',
        b'"key":"x",',
        b'"model":1,',
        b'"digest":"0",',
        b'"headers":{},',
        b"null",
        b"201",
        b'\\"',
        b"0",
        b".5",
    ),
]


def damaged(line: bytes, draw: random.Random) -> bytes:
    """A line with a piece put in, taken out or replaced; most have their digest made again, as a forger would."""
    at = draw.randrange(len(line) + 1)
    line = line[:at] + draw.choice([b"", *PIECES]) + line[at + draw.choice([0, 1, 4]) :]
    head, sign, _ = line.rpartition(b',"digest":"')
    if not sign or draw.random() < 0.2:
        return line
    return head + sign + hashlib.sha256(head).hexdigest().encode() + b'"}'


def test_a_line_in_its_usual_form_is_read_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The short way knows where each member is. Whatever a stranger puts there, the answer is that of the long way."""
    shipped = [path.read_bytes().split(b"\n")[0] for path in sorted(Path("cassettes").glob("*@*/*.jsonl"))]
    assert shipped
    assert all(cassette._as_written(line) is not None for line in shipped)
    draw = random.Random(24)
    lines = [*shipped, *(damaged(draw.choice(shipped), draw) for _ in range(3000))]
    short = [cassette._as_written(line) is not None for line in lines]
    assert len(shipped) < sum(short) < len(lines)
    found = list(map(read, lines))
    monkeypatch.setattr(cassette, "_as_written", lambda line: None)
    assert found == list(map(read, lines))


@pytest.mark.parametrize(
    ("member", "is_read"),
    [
        ('"n":' + "9" * 400, True),
        ('"n":' + "9" * 401, False),
        ('"n":-' + "9" * 399, True),
        ('"n":-' + "9" * 400, False),
        ('"n":1e308', True),
        ('"n":1e309', False),
        ('"n":-1e309', False),
        ('"n":NaN', False),
        ('"n":"Infinity, NaN"', True),
        ('"n":"\\u0022"', True),
        ('"n":1,"n":1', False),
        ('"n":1,"n":1,"m":"\\u0022\\u0022"', False),
        ('"n":1,"\\u006e":1', False),
        ('"n":"a","n":"a","m":1E5,"o":"\\/"', False),
        ('"n":{"m":[{"o":1,"o":2}]}', False),
        ('"n":"\\ud83d"', True),
        ('"n":"\\ud83d\\ude00"', True),
        ('"n":' + "[" * 150 + "]" * 150, True),
        ('"n":' + "[" * 100_000 + "]" * 100_000, False),
    ],
)
def test_what_a_request_may_hold_is_the_same_however_its_line_is_laid_out(
    member: str, is_read: bool, line: dict[str, Any]
) -> None:
    """The short way has a quicker reader, which takes names twice and numbers of any size."""
    body = line["request"]["body"].rstrip("}") + f",{member}}}"
    with contextlib.suppress(ValueError, RecursionError):
        line["key"] = request_key(json.loads(body), 0)
    line["request"]["body"] = body
    line.pop("digest", None)
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    for layout in (text, text.replace("{", "{ ", 1)):
        if is_read:
            assert from_line(layout.encode()).request == json.loads(body)
        else:
            with pytest.raises(CassetteError):
                from_line(layout.encode())


@pytest.mark.parametrize(
    "edit",
    [
        ('"sample":0', '"sample":1'),
        ('"recorded_at":"', '"recorded_at":"x'),
        ('"runtime":"r 1"', f'"runtime":"{"r" * 201}"'),
        ('"code":200', '"code":201'),
        ('"request":{', '"request":{"body":"{}",'),
        ("messages", "message"),
        ('\\"messages\\":', '\\"messages\\":[],\\"messages\\":'),
    ],
)
def test_a_line_that_was_edited_and_sealed_again_is_refused(line: dict[str, Any], edit: tuple[str, str]) -> None:
    text = json.dumps(line, separators=(",", ":"))
    assert from_line(text.encode()).key == line["key"]
    assert text.count(edit[0]) == 1, text
    head = text.replace(*edit).rpartition(',"digest":"')[0]
    forged = f'{head},"digest":"{hashlib.sha256(head.encode()).hexdigest()}"}}'
    with pytest.raises(CassetteError, match=r"key|recorded_at|runtime|status|twice"):
        from_line(forged.encode())
