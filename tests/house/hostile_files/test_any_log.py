"""Logs for `harness score`, packed or not: a row that cannot be read is counted, and the rest is scored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.house.hostile_files.conftest import Run
from tests.house.hostile_files.contents import JSON_VALUES, zip_of_zips

GOOD = b'{"source": "A-1", "output": "A - 1"}\n'


def _bomb(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b"\0" * 500_000_000 + b"\n" + GOOD)


def _bomb_of_many_members(path: Path) -> None:
    path.write_bytes(gzip.compress(b" " * 10_000_000) * 50 + gzip.compress(b"\n" + GOOD))


def _bomb_in_a_bomb(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.compress(b"\0" * 100_000_000) + b"\n" + GOOD))


def _cut(path: Path) -> None:
    path.write_bytes(gzip.compress(GOOD * 1000)[:-20])


PACKED: dict[str, tuple[Callable[[Path], None], bool]] = {
    # what: (maker, whether the good row behind it can be reached)
    "half a gigabyte in one line": (_bomb, True),
    "half a gigabyte in fifty members": (_bomb_of_many_members, True),
    "packed twice": (_bomb_in_a_bomb, True),
    "a zip of zips": (partial(zip_of_zips, size=10_000_000), False),
    "cut off": (_cut, False),
}


@pytest.mark.parametrize("what", PACKED)
def test_a_packed_log_fills_no_memory(what: str, run: Run, project: Path) -> None:
    make, is_reached = PACKED[what]
    make(project / "logs.jsonl.gz")
    done = run("score", "logs.jsonl.gz", "--out", "out", "--workers", "1")
    assert "Traceback" not in done.output, done.output[-3000:]
    assert done.cpu_s < 15
    assert done.megabytes < 300
    assert len(done.output) < 6000
    if is_reached:
        assert scored(project) == ["damaged"]
    else:
        assert done.code == 3
        assert "logs.jsonl.gz" in done.output


@pytest.mark.parametrize("value", JSON_VALUES)
def test_a_row_that_holds_anything_else_stops_nothing(value: str, run: Run, project: Path) -> None:
    bad = f'{{"source": "A-1", "output": "A-1", "note": {JSON_VALUES[value]}}}\n'.encode()
    (project / "logs.jsonl").write_bytes(GOOD + bad + GOOD)
    done = run("score", "logs.jsonl", "--out", "out", "--workers", "1")
    assert "Traceback" not in done.output, done.output[-3000:]
    assert done.megabytes < 300
    assert done.cpu_s < 5
    verdicts = scored(project)
    assert verdicts[0] == verdicts[-1] == "damaged"
    assert len(verdicts) in (2, 3)


@pytest.mark.usefixtures("_nothing_beside")
def test_the_result_is_not_written_through_a_link(run: Run, project: Path) -> None:
    (project / "logs.jsonl").write_bytes(GOOD)
    (project / "out").mkdir()
    for name in ("rates.json", "summary.json", "verdicts", "parts"):
        (project / "out" / name).symlink_to(project.parent / "elsewhere" / name)
    run("score", "logs.jsonl", "--out", "out", "--workers", "1")


@pytest.fixture
def _nothing_beside(project: Path):  # type: ignore[no-untyped-def]
    yield
    assert list((project.parent / "elsewhere").iterdir()) == []


def scored(project: Path) -> list[str]:
    """What became of each row that could be read, in the order of the rows."""
    files = sorted((project / "out" / "verdicts").glob("*.jsonl"))
    return [json.loads(line)["outcome"] for path in files for line in path.read_bytes().split(b"\n") if line]
