"""Files from a pull request cannot crash, hang, exhaust or run: an error in words, soon, in little memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.hostile_files.conftest import Done, Run
from tests.house.hostile_files.contents import JSON_VALUES, TEXTS, VALUES, WHOLE

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


@pytest.mark.parametrize(("kind", "value", "text"), VALUES, ids=[f"{kind}-{value}" for kind, value, _ in VALUES])
def test_a_value_that_is_something_else(kind: str, value: str, text: str, run: Run, project: Path) -> None:
    path = project / TEXTS[kind][0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert_told(kind, run, project)


@pytest.mark.parametrize("command", ["check", "repair"])
@pytest.mark.parametrize("value", ["a gigabyte in one line", *JSON_VALUES])
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
