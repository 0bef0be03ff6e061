"""`.ci/release` refuses before it builds; that it builds and tries a wheel is seen at each release."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import harness

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the command looks at first, ready for a release of 1.2.3."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "harness").mkdir()
    shutil.copy(ROOT / ".ci/release", tmp_path / ".ci/release")
    (tmp_path / "harness/__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.3 (2031-01-02)\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "start")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    alone = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, env=alone)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("CHANGELOG.md", "## 1.2.3 (not yet released)\n", "wanted: ## 1.2.3 (YYYY-MM-DD)"),
        ("note.txt", "", "not committed"),
    ],
)
def test_what_is_not_ready_is_refused_and_nothing_is_built(checkout: Path, file: str, content: str, said: str) -> None:
    (checkout / file).write_text(content)
    done = subprocess.run(
        ["bash", ".ci/release", str(checkout.parent / "out")], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert list((checkout.parent / "out").iterdir()) == []


def test_the_version_is_in_one_place_and_the_changelog_names_it() -> None:
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"## {harness.__version__} (" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
