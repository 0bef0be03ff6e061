"""The page on writing cases: its blocks are a project that loads, and its output is what the commands print."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "writing-cases.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project that the page describes, but for the lines that it calls broken."""
    suite, configuration = blocks("toml")
    orders, short, _ = blocks("jsonl")
    folder = tmp_path / "suites" / "pumps"
    folder.mkdir(parents=True)
    (folder / "suite.toml").write_text(suite)
    (folder / "orders.jsonl").write_text(orders)
    (folder / "short.jsonl").write_text(short)
    (tmp_path / "pyproject.toml").write_text(configuration)
    (tmp_path / "my_checks.py").write_text(blocks("python")[0])
    (tmp_path / "parts.csv").write_text(blocks("")[0])
    return tmp_path


def run(project: Path, command: str) -> tuple[int, str]:
    arguments = [sys.executable, "-c", "from harness.cli import main; main()", *command.split()[1:]]
    done = subprocess.run(arguments, cwd=project, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.returncode, done.stdout + done.stderr


def told(number: int) -> tuple[str, str]:
    """A command of the page and its output."""
    command, output = blocks("console")[number].split("\n", 1)
    return command.removeprefix("$ "), output


def test_the_suite_of_the_page_is_sound(project: Path) -> None:
    code, output = run(project, "harness suites lint --strict")
    assert (code, output.splitlines()[-1]) == (0, "2 files, 5 cases: 0 errors, 0 warnings, 0 notes")


def test_make_prints_what_the_page_shows(project: Path) -> None:
    command, output = told(0)
    assert run(project, command) == (0, output)


def test_the_lint_prints_what_the_page_shows(project: Path) -> None:
    for path in (project / "suites" / "pumps").glob("*.jsonl"):
        path.unlink()
    (project / "suites" / "pumps" / "broken.jsonl").write_text(blocks("jsonl")[2])
    command, output = told(1)
    assert run(project, command) == (1, output)


def test_the_page_names_every_check_and_every_rule_with_its_level() -> None:
    from harness import checks
    from harness.authoring.lint import RULES

    shipped = {name for name, function in checks.known().items() if function.__module__.startswith("harness.checks")}
    assert {name for name in shipped if f"`{name}`" not in PAGE} == set()
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| (error|warning|note) \|", PAGE, re.MULTILINE)
    levels = {rule: level for names, level in rows for rule in re.findall(r"`([a-z-]+)`", names)}
    assert levels == {rule: level for rule, (level, _) in RULES.items()}
