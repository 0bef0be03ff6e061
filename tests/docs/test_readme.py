"""The READMEs say what is true: their commands run, their outputs are what a command prints, both say the same."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from html import unescape
from pathlib import Path

import pytest

from harness.config import ModelConfig
from harness.suite import default_cases
from tests import processes
from tests.examples.echo_endpoint import EchoEndpoint

ROOT = Path(__file__).parents[2]
READMES = ["README.md", "README.zh-CN.md"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(text: str) -> list[str]:
    return [line[2:] for block in blocks(text, "console") for line in block.splitlines() if line.startswith("$ ")]


def in_table(text: str) -> list[str]:
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    return [code for row in rows for code in re.findall(r"`((?:pytest|harness) [^`]+)`", row[2])]


def test_both_languages_show_the_same_commands_and_code() -> None:
    one, other = (read(name) for name in READMES)
    assert commands(one) == commands(other)
    assert in_table(one) == in_table(other)
    assert blocks(one, "python") == blocks(other, "python")
    assert tomllib.loads(blocks(one, "toml")[0]) == tomllib.loads(blocks(other, "toml")[0])


def test_ci_runs_the_second_command_as_the_readme_gives_it() -> None:
    assert commands(read("README.md"))[1] in read(".ci/run")


@pytest.mark.parametrize("name", READMES)
def test_python_examples_run(name: str) -> None:
    for block in blocks(read(name), "python"):
        exec(compile(block, name, "exec"), {})


def test_model_entries_are_valid() -> None:
    models = tomllib.loads(blocks(read("README.md"), "toml")[0])["tool"]["harness"]["models"]
    assert len(models) == 5
    for name, settings in models.items():
        ModelConfig.model_validate({**settings, "name": name})


def run(command: str, home: Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A command of this environment, with 80 columns and no colour."""
    environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "80", "NO_COLOR": "1", "HOME": str(home)}
    program, *arguments = command.split()
    return processes.run("harness" if program == "harness" else "pytest", *arguments, cwd=cwd, env=environment)


Printed = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def printed_by(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """`printed_by(command)` in the checkout. Both READMEs and their tables name the same commands: each runs once."""
    folder = tmp_path_factory.mktemp("readme")

    @cache
    def printed_by(command: str) -> subprocess.CompletedProcess[str]:
        away = f" --report-dir={folder} -p no:cacheprovider" if command.startswith("pytest") else ""
        return run(command + away, folder)

    return printed_by


@pytest.mark.parametrize(("damage", "red", "verdict"), [(False, 0, "INCONCLUSIVE"), (True, 1, "NO-GO")])
def test_an_address_alone_comes_to_a_verdict_and_a_page(damage: bool, red: int, verdict: str, tmp_path: Path) -> None:
    """The commands for a model of one's own, in an empty folder."""
    wanted = [line for line in commands(read("README.md")) if "my-model" in line or line == "harness report"]
    codes = []
    with EchoEndpoint() as endpoint:
        endpoint.damage = damage
        for command in wanted[: wanted.index("pytest --model=my-model --gate") + 1]:
            done = run(command.replace("http://localhost:8000/v1", endpoint.base_url), tmp_path, tmp_path)
            codes.append((command.split()[0], done.returncode))
        assert endpoint.asked == 8
    assert codes == [("harness", 0), ("pytest", red), ("harness", 0), ("pytest", 1)]
    assert f"{verdict}  my-model@v1" in done.stdout
    assert (tmp_path / "reports/index.html").is_file()


def test_the_number_of_shipped_cases_is_right() -> None:
    cases = default_cases(ROOT / "suites")
    aviation = [case for case in cases if case.domain == "aviation"]
    for name in READMES:
        assert f" {len(cases)} " in read(name)
        assert "`-k aviation` " in read(name)
        assert f" {len(aviation)} " in read(name)


@pytest.mark.xdist_group("readme")
@pytest.mark.parametrize("command", [c for c in in_table(read("README.md")) if "--cassette-mode" not in c])
def test_commands_of_the_table_are_known(command: str, printed_by: Printed) -> None:
    """Commands that need answers or files of the reader's own are asked for their help; the others run."""
    needs_more = (
        "init",
        "hunt",
        "drift",
        "suites make",
        "dataset validate",
        "check",
        "proxy",
        "repair",
        "report",
        "score",
    )
    if command.startswith("harness") and command.removeprefix("harness ").startswith(needs_more):
        words = [word for word in command.split() if not word.startswith("-")]
        command = " ".join(words[: 3 if words[1] in ("suites", "dataset") else 2]) + " --help"
    done = printed_by(command)
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.xdist_group("readme")
@pytest.mark.parametrize("name", READMES)
def test_quoted_output_is_what_the_command_prints(name: str, printed_by: Printed) -> None:
    quoted = re.findall(r"<!-- output: (.*?) -->\n+```text\n(.*?)```", read(name), re.DOTALL)
    assert quoted
    for command, expected in quoted:
        printed = {line.rstrip() for line in printed_by(command).stdout.splitlines()}
        for line in expected.splitlines():
            if line.strip() not in ("", "..."):
                assert line.rstrip() in printed, line


# The tutorials do what they say: their commands run one after the other, and print what is quoted.

TUTORIALS = ["tutorial.md", "tutorial-zh.md"]
NOT_HERE = ("git clone", "python3 -m venv", "pip install", "harness init", "pytest --model=my-model")
"""Set-up, and the endpoint of the reader's own: those run in test_readme.py."""


def read_tutorial(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def tutorial_commands(name: str) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", read_tutorial(name), re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def quoted(name: str) -> dict[str, str]:
    return dict(re.findall(r"<!-- output: (.*?) -->\n+```text\n(.*?)```", read_tutorial(name), re.DOTALL))


def run_step(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """In the checkout, as the reader does, but what is written goes to `folder`."""
    away = command.replace("any.toml", str(folder / "any.toml"))
    if command.startswith("pytest"):
        away += f" --report-dir={folder} -p no:cacheprovider"
    elif command.startswith("harness report"):
        away += f" --out={folder}"
    environment = {
        "PATH": f"{folder}/bin:{Path(sys.executable).parent}:/usr/bin:/bin",
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "HOME": str(folder),
    }
    return subprocess.run(["bash", "-c", away], cwd=ROOT, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("tutorial")
    processes.write_stubs(folder / "bin")
    wanted = [command for command in tutorial_commands(TUTORIALS[0]) if not command.startswith(NOT_HERE)]
    return {command: run_step(command, folder) for command in wanted}


@pytest.mark.xdist_group("tutorials")
def test_every_command_gives_a_verdict_and_no_error(printed: dict[str, subprocess.CompletedProcess[str]]) -> None:
    assert len(printed) >= 8
    for command, done in printed.items():
        assert done.returncode in (0, 1), f"{command}\n{done.stdout[-2000:]}{done.stderr}"
        assert "Traceback" not in done.stderr


@pytest.mark.xdist_group("tutorials")
@pytest.mark.parametrize("name", TUTORIALS)
def test_what_is_quoted_is_printed(name: str, printed: dict[str, subprocess.CompletedProcess[str]]) -> None:
    assert len(quoted(name)) == 4
    for command, expected in quoted(name).items():
        lines = {line.rstrip() for line in printed[command].stdout.splitlines()}
        for line in expected.splitlines():
            if line.strip() not in ("", "..."):
                assert line.rstrip() in lines, f"{command}\n{line}"


@pytest.mark.xdist_group("tutorials")
def test_both_languages_quote_the_same() -> None:
    assert quoted(TUTORIALS[0]) == quoted(TUTORIALS[1])


@pytest.mark.xdist_group("tutorials")
def test_the_verdict_that_is_told_is_the_verdict(printed: dict[str, subprocess.CompletedProcess[str]]) -> None:
    (done,) = [done for command, done in printed.items() if command.startswith("harness gate")]
    assert done.returncode == 1
    assert done.stdout.count("BREACH") == 1


@pytest.mark.parametrize("picture", sorted((ROOT / "docs/screens").glob("*.svg")), ids=lambda path: path.stem)
def test_a_picture_of_a_screen_shows_what_its_command_says_and_all_of_it(picture):
    # the two of drift were published as the refusal of a name that had become another, far beyond their own edge
    text = picture.read_text(encoding="utf-8")
    assert runpy.run_path(str(ROOT / "docs/screens.py"))["SCREENS"][picture.stem] == unescape(
        re.findall(r"<title>(.*)</title>", text)[0]
    )
    assert not re.search(r">(harness|ERROR)[:：]", text)
    width = float(re.findall(r'viewBox="0 0 (\d+)', text)[0])
    places = [float(x) for xs in re.findall(r'<text x="([^"]+)"', text) for x in xs.split()]
    assert max(places) < width, picture


def test_a_picture_of_a_command_that_refuses_is_not_made():
    printed = runpy.run_path(str(ROOT / "docs/screens.py"))["printed"]
    with pytest.raises(SystemExit, match="no run of that name"):
        printed("harness compare spaced no-such-version")
