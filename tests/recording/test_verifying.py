"""The problems of a whole cassette, whether its lines are searched together, in parts or one by one."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from harness.errors import CassetteError
from harness.recording import Cassette, Recorder
from harness.recording import secrets as secrets_module
from harness.recording.cassette import LINE_LIMIT, Line
from harness.recording.secrets import Secrets, problems
from tests.recording.conftest import MakeExchange

KEY = "sk-canary-4f1d/9b2e+77c0aa"
TOLD = f"the key {KEY} was told"


def recorded(path: Path, exchange: MakeExchange, count: int, answers: Mapping[int, str] = MappingProxyType({})) -> Path:
    """A cassette of so many lines, which answer `ok` and their number but for `answers`."""
    recorder = Recorder(path)
    for number in range(count):
        answer = answers.get(number, f"ok {number}")
        recorder.append(exchange(f"p{number}", answer), sample=0, model="m", runtime=None)
    recorder.close()
    return path


def test_lines_are_searched_together_and_what_one_ends_with_hides_nothing_of_the_next(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text("it begins here: <\n" + "\x1b[1m".join((KEY[:9], KEY[9:])) + " > is it\nok\n")
    found = [problem for problem in problems(path, Secrets([KEY])) if "environment" in problem.message]
    assert [problem.line for problem in found] == [2]


@pytest.mark.parametrize("end", ["torn", "conflict"])
def test_a_large_cassette_is_searched_in_parts_and_its_problems_keep_their_lines(
    end: str, tmp_path: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recorded(tmp_path / "s.jsonl", exchange, 40, dict.fromkeys((0, 17, 38), TOLD))
    lines = path.read_bytes().splitlines(keepends=True)
    lines[5] = b"\n  \n" + lines[5].replace(b"ok 5", b"ok 6")
    lines[30:] = [b"<<<<<<< ours\n", *lines[30:]] if end == "conflict" else [*lines[30:-1], lines[-1][:-30]]
    path.write_bytes(b"".join(lines))
    whole = list(problems(path, Secrets([KEY])))
    assert [problem.line for problem in whole][-1] == (0 if end == "conflict" else 42)
    assert {1, 8, 20} <= {problem.line for problem in whole}
    monkeypatch.setattr(secrets_module, "_WORTH_WORKERS", 1000)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert len(secrets_module._places(path, 8)) == 7
    assert list(problems(path, Secrets([KEY]))) == whole


def test_lines_with_which_nothing_is_wrong_are_not_searched_one_by_one(
    tmp_path: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recorded(tmp_path / "s.jsonl", exchange, 20)
    clean = path.read_bytes()
    searched: list[int] = []
    one_by_one = secrets_module._searched

    def counted(line: Line) -> secrets_module._Searched:
        searched.append(line.number)
        return one_by_one(line)

    monkeypatch.setattr(secrets_module, "_searched", counted)
    monkeypatch.setattr(secrets_module, "_BLOCK", 4 * len(clean) // 20)
    assert list(problems(path, Secrets([KEY]))) == []
    assert searched == []
    path.write_bytes(clean.replace(b"ok 17", b"ok 18"))
    assert [problem.line for problem in problems(path, Secrets([KEY]))] == [18]
    assert 18 in searched
    assert len(searched) < 8


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("end", ["", "torn", "no line end", "conflict", "blank", "carriage returns"])
def test_blocks_of_lines_have_the_problems_of_their_lines(
    end: str, packed: bool, tmp_path: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recorded(tmp_path / "s.jsonl", exchange, 12, dict.fromkeys((0, 6), TOLD))
    lines = path.read_bytes().replace(b"ok 3", b"ok 4").splitlines(keepends=True)
    if end == "carriage returns":
        lines = [line.replace(b"\n", b"\r\n") for line in lines]
    if end in ("torn", "no line end"):
        lines[-1] = lines[-1][: -40 if end == "torn" else -1]
    lines[9:9] = {"conflict": [b">>>>>>> theirs\n"], "blank": [b"\n", b"  \n"]}.get(end, [])
    content = b"".join(lines)
    path.write_bytes(gzip.compress(content) if packed else content)
    kept = path.rename(f"{path}.gz") if packed else path
    monkeypatch.setattr(secrets_module, "_is_clean", lambda block, secrets: False)
    by_lines = list(problems(kept, Secrets([KEY])))
    assert {1, 4, 7} <= {problem.line for problem in by_lines}
    monkeypatch.undo()
    for size in (1, 700, 3000, 10**6):
        monkeypatch.setattr(secrets_module, "_BLOCK", size)
        assert list(problems(kept, Secrets([KEY]))) == by_lines


@pytest.mark.parametrize("parts", [False, True])
def test_more_lines_than_a_replay_reads_are_a_problem_however_they_are_searched(
    parts: bool, tmp_path: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recorded(tmp_path / "s.jsonl", exchange, 40)
    path.write_bytes(path.read_bytes().replace(b"ok 24", b"ok 25").replace(b"ok 32", b"ok 33"))
    monkeypatch.setattr("harness.recording.cassette.LINES_LIMIT", 30)
    monkeypatch.setattr(secrets_module, "LINES_LIMIT", 30)
    if parts:
        monkeypatch.setattr(secrets_module, "_WORTH_WORKERS", 1000)
        monkeypatch.setattr(os, "cpu_count", lambda: 2)
    found = [(problem.line, problem.message) for problem in problems(path, Secrets())]
    assert [line for line, _ in found] == [25, 0]
    assert found[-1][1] == "more than 30 lines"
    with pytest.raises(CassetteError, match="more than 30 lines"):
        Cassette(path)


def test_a_line_of_some_megabytes_is_looked_at_by_itself_and_one_that_is_too_long_is_not_read_again_and_again(
    tmp_path: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recorded(tmp_path / "s.jsonl", exchange, 6, {2: "long " * 10_000 + KEY})
    path.write_bytes(path.read_bytes().replace(b"ok 4", b"ok 3"))
    whole = list(problems(path, Secrets([KEY])))
    assert [problem.line for problem in whole] == [3, 5]
    monkeypatch.setattr(secrets_module, "_READ", 1000)
    monkeypatch.setattr(secrets_module, "_BLOCK", 1500)
    assert list(problems(path, Secrets([KEY]))) == whole
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + 10**9)  # zeros that are nowhere on the disk
    monkeypatch.undo()
    sizes: list[int] = []

    class Counted(io.FileIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)  # there are no line ends
            sizes.append(len(piece))
            return piece

    monkeypatch.setattr(secrets_module, "opened", Counted)
    assert secrets_module._places(path, 8) == []
    assert sum(sizes) <= 7 * (LINE_LIMIT + secrets_module._READ)
