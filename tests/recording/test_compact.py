"""Packed cassettes: the same answers, recorded into, searched and pruned as plain ones are."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from harness.errors import CassetteError
from harness.recording import Cassette, Recorder, Secrets
from harness.recording.cassette import UNPACKED_LIMIT, cassettes_of, compact, lines, stored_at, without
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
        (gzip.compress(b"{}\n")[:-9], "cut off"),
        (gzip.compress(b"{}\n") + b"more", "something follows"),
        (gzip.compress(bytes(UNPACKED_LIMIT + 1), 1), "longer than 256,000,000 bytes once it is unpacked"),
    ],
    ids=["other", "cut", "more", "bomb"],
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
