"""Beside plugins that have an option of the same name: a run that has nothing to do with either may not end for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import FakeEndpoint

PLUGIN = """
def pytest_addoption(parser):
    parser.addoption("--base-url", metavar="url", default="http://of.the.application.example")
"""


@pytest.mark.parametrize("order", [(), ("-p", "verbatim")], ids=["as installed", "ours first"])
def test_pytest_base_url_keeps_its_option_and_ours_is_asked_at_the_address_that_was_typed(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint, order: tuple[str, ...], tmp_path: Path
) -> None:
    """A stand-in for pytest-base-url: a plugin of its entry point and module names."""
    site = tmp_path / "site"
    (site / "pytest_base_url-2.1.0.dist-info").mkdir(parents=True)
    (site / "pytest_base_url-2.1.0.dist-info" / "METADATA").write_text("Name: pytest-base-url\nVersion: 2.1.0\n")
    entry = "[pytest11]\nbase_url = pytest_base_url\n"
    (site / "pytest_base_url-2.1.0.dist-info" / "entry_points.txt").write_text(entry)
    (site / "pytest_base_url.py").write_text(PLUGIN)
    (project / "test_own.py").write_text(
        "def test_own(request):\n    assert request.config.getoption('base_url').endswith('.example')\n"
    )

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *order, "-p", "no:langsmith_plugin", *arguments],
            cwd=project,
            env=os.environ | {"PYTHONPATH": str(site)},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    code, said = run("-q", "test_own.py")
    assert (code, "1 passed" in said) == (0, True), said
    code, said = run("--model=openai:other", f"--base-url={endpoint.base_url}", "--cassette-mode=live", "-q")
    assert (code, endpoint.asked) == (0, 3), said
    code, said = run("--model=fake", "--cassette-mode=live", "-q")
    assert (code, endpoint.asked) == (0, 6), "the address of the application is not the model's: " + said
