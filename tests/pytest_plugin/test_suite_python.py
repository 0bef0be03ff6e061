"""With --model, Python inside a suite is not run, whatever way pytest would come to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import run_apart

OWNED = "import pathlib; pathlib.Path(r'{place}').touch()\n\ndef test_it(): pass\n"


@pytest.fixture
def owned(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite with Python in all places that pytest runs; the file is there once one of them was."""
    mark = tmp_path_factory.mktemp("mark") / "owned"
    suite = project / "suites" / "mine"
    (suite / "deeper").mkdir()
    for place in ("conftest.py", "test_a.py", "a_test.py", "__init__.py", "deeper/conftest.py", "deeper/test_b.py"):
        (suite / place).write_text(OWNED.format(place=mark))
    (project / "suites" / "conftest.py").write_text(OWNED.format(place=mark))
    return mark


@pytest.mark.parametrize(
    "paths",
    [(), ("suites",), ("suites/mine",), ("suites/mine/deeper",), ("suites/mine/test_a.py",), ("--suites=mine",)],
    ids=str,
)
def test_python_in_a_suite_is_not_run(paths: tuple[str, ...], owned: Path, pytester: pytest.Pytester) -> None:
    run_apart(pytester, "--model=fake", *paths)
    assert not owned.exists()


def test_it_is_said_and_workers_do_not_run_it_either(owned: Path, pytester: pytest.Pytester) -> None:
    result = run_apart(pytester, "--model=fake", "-n", "2")
    assert not owned.exists()
    result = run_apart(pytester, "--model=fake")
    result.stdout.fnmatch_lines(["Python in suites was not run: *conftest.py*"])


def test_a_file_that_the_project_names_is_run(owned: Path, project: Path, pytester: pytest.Pytester) -> None:
    settings = project / "pyproject.toml"
    text = settings.read_text().replace("[tool.harness]\n", "")
    settings.write_text(f'[tool.harness]\nsuite_python = ["suites/mine/test_a.py"]\n{text}')
    result = run_apart(pytester, "--model=fake")
    assert owned.exists()
    result.stdout.fnmatch_lines(["*not run: *conftest.py*"])


def test_the_projects_own_conftest_is_run(project: Path, pytester: pytest.Pytester, tmp_path: Path) -> None:
    (project / "conftest.py").write_text(OWNED.format(place=tmp_path / "owned"))
    run_apart(pytester, "--model=fake")
    assert (tmp_path / "owned").exists()


def test_what_pytest_itself_loads_is_run(
    project: Path, pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SECURITY.md does not promise: a pull request that may change pyproject.toml may run code."""
    (project / "addons").mkdir()
    for name in ("of_addopts", "of_the_environment"):
        (project / "addons" / f"{name}.py").write_text(f"import pathlib; pathlib.Path(r'{tmp_path / name}').touch()\n")
    settings = project / "pyproject.toml"
    text = '[tool.pytest.ini_options]\naddopts = "-p of_addopts"\npythonpath = ["addons"]\n'
    settings.write_text(text + settings.read_text())
    monkeypatch.setenv("PYTEST_PLUGINS", "of_the_environment")
    monkeypatch.setenv("PYTHONPATH", str(project / "addons"))
    run_apart(pytester, "--model=fake")
    assert (tmp_path / "of_addopts").exists()
    assert (tmp_path / "of_the_environment").exists()


def test_folders_that_the_project_names_may_be_outside_it(
    project: Path, pytester: pytest.Pytester, tmp_path: Path
) -> None:
    (project / "suites" / "mine").rename(tmp_path / "mine")
    settings = project / "pyproject.toml"
    text = settings.read_text().replace("[tool.harness]\n", "")
    outside = f"suites = [{json.dumps(str(tmp_path))}]\nreports = {json.dumps(str(tmp_path / 'out'))}\n"
    settings.write_text(f"[tool.harness]\n{outside}{text}")
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    assert list((tmp_path / "out").glob("fake@v1/*.json"))


@pytest.mark.parametrize("name", ["pytest.ini", "tox.ini", "pyproject.toml"])
def test_settings_in_a_suite_that_is_given_as_a_path_are_refused(
    name: str, project: Path, pytester: pytest.Pytester
) -> None:
    header = {"pytest.ini": "[pytest]", "tox.ini": "[pytest]", "pyproject.toml": "[tool.pytest.ini_options]"}[name]
    (project / "suites" / "mine" / name).write_text(f"{header}\n")
    result = run_apart(pytester, "--model=fake", "suites/mine")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*settings of pytest in a suite, which is data*"])


def test_without_a_model_pytest_is_as_it_was(owned: Path, pytester: pytest.Pytester) -> None:
    run_apart(pytester, "suites/mine/test_a.py")
    assert owned.exists()
