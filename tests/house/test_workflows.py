"""The project's own automation: pinned, bounded, with no more rights than a job needs, and the same command as here."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_pinned_bounded_and_asks_for_few_rights(path: Path) -> None:
    text = path.read_text("utf-8")
    assert path.suffix == ".yml"
    uses = re.findall(r"uses: *(\S+)(.*)", text)
    assert all(re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action) for action, _ in uses), "pinned by commit"
    assert all(re.match(r" # v\d+\.\d+\.\d+$", comment) for _, comment in uses), "the version beside it"
    assert "permissions: {}" in text, "nothing unless a job asks for it"
    jobs = len(re.findall(r"^    runs-on:", text, re.MULTILINE))
    assert jobs
    assert len(re.findall(r"^    timeout-minutes: \d+$", text, re.MULTILINE)) == jobs
    assert len(re.findall(r"^    permissions:$", text, re.MULTILINE)) == jobs
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")
    assert "concurrency:" in text


def test_the_tests_run_on_three_systems_and_every_python_of_the_classifiers() -> None:
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    named = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    assert named
    assert set(named) <= set(re.findall(r'"(3\.\d+)"', text))
    assert all(system in text for system in ("ubuntu-", "windows-", "macos-"))


def test_a_release_is_built_by_known_tools_in_a_job_without_rights() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    build, publish = text.split("\n  publish:\n")
    assert "write" not in build
    assert "pip install" not in publish
    installs = re.findall(r"pip install (.*)", build)
    assert [line for line in installs if "--require-hashes" not in line] == ["--quiet dist/*.whl"], "what is listed"
    tools = (ROOT / ".github" / "release-tools.txt").read_text("utf-8")
    assert len(re.findall(r"^[\w.-]+==\S+ \\$", tools, re.MULTILINE)) == tools.count("==")
    assert "://" not in tools


def test_ci_runs_the_readmes_second_command() -> None:
    command = next(line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if "'.[dev]'" in line)
    assert command.removeprefix("$ ") in (ROOT / ".ci" / "run").read_text("utf-8")


def test_coverage_is_measured_as_contributors_measure_it() -> None:
    commands = re.findall(r"^\$ \.venv/bin/(coverage .*)$", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    workflow = (ROOT / ".github" / "workflows" / "checks.yml").read_text("utf-8")
    assert [line.strip() for line in workflow.splitlines() if line.strip().startswith("coverage ")] == commands != []
    assert all((ROOT / path).exists() for path in commands[0].split() if path.startswith("tests/"))
