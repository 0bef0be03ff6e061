"""The tutorials do what they say: their commands run one after the other, and print what is quoted."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("tutorials")  # what they set up is costly, and shared

ROOT = Path(__file__).parents[2]
TUTORIALS = ["tutorial.md", "tutorial-zh.md"]
NOT_HERE = ("git clone", "python3 -m venv", "pip install", "harness init", "pytest --model=my-model")
"""Set-up, and the endpoint of the reader's own: those run in test_readme.py."""


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def commands(name: str) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", read(name), re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def quoted(name: str) -> dict[str, str]:
    return dict(re.findall(r"<!-- output: (.*?) -->\n+```text\n(.*?)```", read(name), re.DOTALL))


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """In the checkout, as the reader does, but what is written goes to `folder`."""
    away = command.replace("any.toml", str(folder / "any.toml"))
    if command.startswith("pytest"):
        away += f" --report-dir={folder} -p no:cacheprovider"
    elif command.startswith("harness report"):
        away += f" --out={folder}"
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "HOME": str(folder),
    }
    return subprocess.run(["bash", "-c", away], cwd=ROOT, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("tutorial")
    wanted = [command for command in commands(TUTORIALS[0]) if not command.startswith(NOT_HERE)]
    return {command: run(command, folder) for command in wanted}


def test_every_command_gives_a_verdict_and_no_error(printed: dict[str, subprocess.CompletedProcess[str]]) -> None:
    assert len(printed) >= 8
    for command, done in printed.items():
        assert done.returncode in (0, 1), f"{command}\n{done.stdout[-2000:]}{done.stderr}"
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", TUTORIALS)
def test_what_is_quoted_is_printed(name: str, printed: dict[str, subprocess.CompletedProcess[str]]) -> None:
    assert len(quoted(name)) == 4
    for command, expected in quoted(name).items():
        lines = {line.rstrip() for line in printed[command].stdout.splitlines()}
        for line in expected.splitlines():
            if line.strip() not in ("", "..."):
                assert line.rstrip() in lines, f"{command}\n{line}"


def test_both_languages_quote_the_same() -> None:
    assert quoted(TUTORIALS[0]) == quoted(TUTORIALS[1])


def test_the_verdict_that_is_told_is_the_verdict(printed: dict[str, subprocess.CompletedProcess[str]]) -> None:
    (done,) = [done for command, done in printed.items() if command.startswith("harness gate")]
    assert done.returncode == 1
    assert done.stdout.count("BREACH") == 1
