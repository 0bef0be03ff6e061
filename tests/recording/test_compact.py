"""Packed cassettes: the same answers, recorded into, searched and pruned as plain ones are."""

from __future__ import annotations

import gzip
import os
import stat
from pathlib import Path

import pytest

from harness.errors import CassetteError
from harness.recording import Cassette, Recorder, Secrets
from harness.recording import cassette as module
from harness.recording.cassette import LINES_LIMIT, UNPACKED_LIMIT, cassettes_of, lines, stored_at
from harness.recording.recorder import compact, without
from harness.recording.secrets import problems
from tests.recording.conftest import MakeExchange


@pytest.fixture
def plain(tmp_path: Path, exchange: MakeExchange) -> Path:
    """A cassette of three answers."""
    path = tmp_path / "m@v1" / "s.jsonl"
    _record(path, exchange, "1", "2", "3")
    return path


def _record(path: Path, exchange: MakeExchange, *prompts: str) -> None:
    recorder = Recorder(path)
    for prompt in prompts:
        recorder.append(exchange(prompt), sample=0, model="m", runtime="r 1")
    recorder.close()


def test_a_packed_cassette_gives_the_same_answers(plain: Path) -> None:
    before, content = Cassette(plain), plain.read_bytes()
    keys = list(before.keys())
    answers = [before.get(key) for key in keys]
    packed = compact(plain)
    assert packed.name == "s.jsonl.gz"
    assert not plain.exists()
    assert gzip.decompress(packed.read_bytes()) == content
    for path in (plain, packed):
        after = Cassette(path)
        assert list(after.keys()) == keys
        assert [after.get(key) for key in reversed(keys)] == answers[::-1]
    assert compact(plain) == compact(packed) == packed  # once more changes nothing
    plain.with_name(f"._{plain.name}").write_bytes(b"\0\5\x16\7")  # macOS leaves it where a folder is packed
    assert cassettes_of(plain.parent.parent) == [plain]


def test_recording_into_a_packed_cassette_unpacks_it(plain: Path, exchange: MakeExchange) -> None:
    content = plain.read_bytes()
    packed = compact(plain)
    _record(plain, exchange, "4")
    assert not packed.exists()
    assert plain.read_bytes().startswith(content)
    assert len(Cassette(plain)) == 4


def test_a_torn_last_line_is_packed_and_taken_away_by_the_next_recorder(plain: Path, exchange: MakeExchange) -> None:
    with plain.open("ab") as file:
        file.write(b'{"key":"')
    compact(plain)
    assert Cassette(plain).torn_line == 4
    _record(plain, exchange, "4")
    assert len(Cassette(plain)) == 4


def test_pruning_packs_again(plain: Path) -> None:
    packed = compact(plain)
    without(packed, {2})
    assert stored_at(plain) == packed
    assert [line.number for line in lines(plain)] == [1, 2]


def test_a_packed_cassette_is_searched_for_secrets(plain: Path) -> None:
    secret = "sk-" + "a1B2" * 10
    plain.write_text(plain.read_text().replace('"runtime":"r 1"', f'"runtime":"{secret}"'))
    assert {problem.line for problem in problems(compact(plain), Secrets())} == {1, 2, 3}


def test_of_one_that_is_there_twice_the_plain_file_counts_and_verify_says_so(plain: Path) -> None:
    content = plain.read_bytes()
    packed = compact(plain)
    plain.write_bytes(content[: content.index(b"\n") + 1])
    assert len(Cassette(plain)) == 1
    assert [problem.message for problem in problems(packed, Secrets())] == [
        "is not read: s.jsonl is beside it; take one of them away"
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no gzip", "not packed by gzip"),
        (gzip.compress(b"{}\n", mtime=0)[:-9], "cut off"),
        (gzip.compress(b"{}\n", mtime=0) + b"more", "something follows"),
        (gzip.compress(b"{}\n", mtime=0) + gzip.compress(b"{}\n", mtime=0), "something follows"),
        (gzip.compress(bytes(UNPACKED_LIMIT + 1), 1, mtime=0), "longer than 256,000,000 bytes once it is unpacked"),
        (gzip.compress(b"\n" * (LINES_LIMIT + 1), 1, mtime=0), "more than 1,000,000 lines"),
    ],
    ids=["other", "cut", "more", "members", "bomb", "lines"],
)
def test_what_cannot_be_unpacked_is_an_error_with_its_name(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "s.jsonl.gz").write_bytes(content)
    with pytest.raises(CassetteError, match=rf"s\.jsonl\.gz: .*{said}"):
        Cassette(tmp_path / "s.jsonl")


def test_nothing_is_packed_through_a_link_or_under_a_recorder(plain: Path) -> None:
    recorder = Recorder(plain)
    with pytest.raises(CassetteError, match="another recorder holds this cassette"):
        compact(plain, wait_s=0.1)
    recorder.close()
    os.symlink(plain.with_name("elsewhere"), plain.with_name("s.jsonl.gz"))
    with pytest.raises(CassetteError, match="is a symlink"):
        compact(plain)
    assert len(Cassette(plain)) == 3


def test_who_could_not_read_it_cannot_read_it_packed(plain: Path, exchange: MakeExchange) -> None:
    os.chmod(plain, 0o640)
    packed = compact(plain)
    assert stat.S_IMODE(packed.stat().st_mode) == 0o640
    without(packed, {2})
    assert stat.S_IMODE(packed.stat().st_mode) == 0o640
    _record(plain, exchange, "4")
    assert stat.S_IMODE(plain.stat().st_mode) == 0o640
    without(plain, {1})
    assert stat.S_IMODE(plain.stat().st_mode) == 0o640


def test_a_replay_goes_on_while_its_cassette_is_packed_and_recorded_into(
    plain: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 1)
    replay = Cassette(plain)
    keys = list(replay.keys())
    compact(plain)
    assert replay.get(keys[2])
    second = Cassette(plain)
    _record(plain, exchange, "4")
    assert replay.get(keys[0])
    assert second.get(keys[1])


def test_packed_between_the_look_and_the_opening_it_is_no_empty_cassette(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(path: Path) -> object:
        monkeypatch.undo()
        compact(path)
        raise FileNotFoundError(path)

    monkeypatch.setattr(module, "opened", opened)
    assert len(Cassette(plain)) == 3


def test_unpacked_between_the_look_and_the_reading_it_is_read_as_it_is(
    plain: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    def content_of(path: Path, *, limit: int) -> bytes:
        monkeypatch.undo()
        _record(plain, exchange, "4")
        raise FileNotFoundError(path)

    compact(plain)
    monkeypatch.setattr(module, "content_of", content_of)
    assert len(Cassette(plain)) == 4


def test_a_process_that_was_killed_between_two_steps_loses_nothing(plain: Path, exchange: MakeExchange) -> None:
    content = plain.read_bytes()
    packed = compact(plain)
    plain.write_bytes(content)  # killed before the plain one was taken away, or before the packed one was
    _record(plain, exchange, "4")
    assert len(Cassette(plain)) == 4
    compact(plain)
    assert stored_at(plain) == packed
    assert len(Cassette(plain)) == 4


def test_many_packed_cassettes_hold_no_more_than_one_may(
    plain: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_held", {})
    monkeypatch.setattr(module, "_BLOCK", 1)
    monkeypatch.setattr(module, "UNPACKED_LIMIT", 2 * plain.stat().st_size)
    others = [plain, *(plain.with_name(f"{name}.jsonl") for name in "abc")]
    for path in others[1:]:
        _record(path, exchange, "1", "2", "3")
    for path in others:
        compact(path)
    replays = [Cassette(path) for path in others]
    for replay in replays * 2:
        assert all(replay.get(key) for key in list(replay.keys())[::-1])
        assert sum(map(len, module._held.values())) <= module.UNPACKED_LIMIT
