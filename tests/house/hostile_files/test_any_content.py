"""Files from a pull request cannot crash, hang, exhaust or run: an error in words, soon, in little memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.house.hostile_files.conftest import Done, Run
from tests.house.hostile_files.contents import JSON_VALUES, TEXTS, VALUES, WHOLE, text_with, zip_of_zips

COMMANDS: dict[str, list[tuple[str, ...]]] = {
    "record": [
        ("runs", "show", "m"),
        ("runs", "list"),
        ("gate", "--candidate", "m"),
        ("compare", "m", "m"),
        ("drift", "--model", "m"),
        ("report", "m"),
        ("report",),
    ],
    "baselines": [("runs", "baseline")],
    "cases": [("suites", "lint"), ("cassettes", "status"), ("gate", "--plan")],
    "cassette": [("cassettes", "status"), ("cassettes", "verify"), ("cassettes", "prune"), ("pytest", "--model=m")],
    "import": [("cassettes", "import", "stock", "--model=m", "--suite=s")],
    "import-yaml": [("cassettes", "import", "stock", "--model=m", "--suite=s")],
    "outputs": [("pytest", "--model=kept")],
    "policy": [("gate", "--candidate", "m", "--policy", "policy.toml")],
    "suite": [("suites", "lint"), ("cassettes", "status"), ("gate", "--plan")],
    "selection": [("pytest", "--model=m", "--suites=few")],
}
ONE_OF_MANY = [("runs", "list"), ("report",)]
"""Commands over all records: they name the bad one and go on."""
MOST_CPU_S = 8  # a YAML file of two million lists is refused after 4.3 s of a quiet processor and 5.1 s of a busy one
MOST_MEGABYTES = 300
LONGEST_OUTPUT = 6_000


def assert_told(kind: str, run: Run, project: Path) -> None:
    for command in COMMANDS[kind]:
        by_pytest = command[0] == "pytest"
        done = run(*command[1:], program="pytest") if by_pytest else run(*command)
        said = f"{' '.join(command)}: {done}"[:LONGEST_OUTPUT]
        assert "Traceback" not in done.output, said
        assert "INTERNALERROR" not in done.output, said
        assert is_refused(kind, command, done) or is_left_out(kind, project, done), said
        assert done.cpu_s < MOST_CPU_S, said
        assert done.megabytes < MOST_MEGABYTES, said
        assert len(done.output) < LONGEST_OUTPUT, said
    assert not (project / "OWNED").exists()


def is_refused(kind: str, command: tuple[str, ...], done: Done) -> bool:
    """The exit code says no, and the words say which file."""
    if command[0] == "pytest":
        accepted: tuple[int, ...] = (2, 4)  # an error of collection, of usage
    elif command in ONE_OF_MANY:
        accepted = (0, 1, 3)
    else:
        accepted = (1, 3) if command[1] in ("lint", "status", "verify") else (3,)
    return done.code in accepted and Path(TEXTS[kind][0]).name.partition(".")[0] in done.output


def is_left_out(kind: str, project: Path, done: Done) -> bool:
    """A device in the place of a file counts as no file, and a list in the place of an interaction is skipped."""
    if kind == "import-yaml":
        return "0 imported" in done.output
    return kind in ("baselines", "suite") and not (project / TEXTS[kind][0]).is_file()


@pytest.mark.parametrize("content", WHOLE)
@pytest.mark.parametrize("kind", TEXTS)
def test_a_file_that_is_something_else(kind: str, content: str, run: Run, project: Path) -> None:
    path = project / TEXTS[kind][0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    WHOLE[content](path)
    assert_told(kind, run, project)


@pytest.mark.parametrize(("kind", "value"), VALUES, ids=[f"{kind}-{value}" for kind, value in VALUES])
def test_a_value_that_is_something_else(kind: str, value: str, run: Run, project: Path) -> None:
    path = project / TEXTS[kind][0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_with(kind, value))
    assert_told(kind, run, project)


@pytest.mark.parametrize("command", ["check", "repair"])
@pytest.mark.parametrize("value", ["half a gigabyte in one line", *JSON_VALUES])
def test_a_line_of_a_log_is_refused_and_the_next_is_read(value: str, command: str, run: Run, project: Path) -> None:
    path = project / "logs.jsonl"
    if value in WHOLE:
        WHOLE[value](path)
    else:
        path.write_text(f'{{"source": "A-1", "output": "A - 1", "note": {JSON_VALUES[value]}}}\n')
    with path.open("a") as file:
        file.write('{"source": "A-1", "output": "A - 1"}\n')
    done = run(command, "logs.jsonl")
    if value != "a lone surrogate":  # it is given back as the escape that it came as
        assert done.code == 3
        assert "logs.jsonl:1: " in done.output
    assert '"A - 1"' in done.output.splitlines()[-1]
    assert "Traceback" not in done.output
    assert done.cpu_s < MOST_CPU_S
    assert done.megabytes < MOST_MEGABYTES
    assert len(done.output) < LONGEST_OUTPUT


# Logs for `harness score`, packed or not: a row that cannot be read is counted, and the rest is scored.

GOOD = b'{"source": "A-1", "output": "A - 1"}\n'


def _bomb(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
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
