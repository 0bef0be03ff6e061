"""A project made by `harness init`, in a git repository with a server, and a shell in which its scripts run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.authoring.init.choices import SERVICES, Choices
from harness.authoring.init.files import write
from tests.examples.echo_endpoint import EchoEndpoint
from tests.processes import write_stubs

STUB = """#!/usr/bin/env bash
printf '%s\\n' "$(basename "$0") $*" >> "$CALLS"
case "$*" in *--json*) echo ;; "api --paginate "*) cat "$CALLS.comments" 2> /dev/null ;; esac
true
"""


@dataclass
class Workplace:
    """What a job of a CI server has: a checkout, tools, variables. `pip` and `gh` only note how they were called."""

    root: Path
    endpoint: EchoEndpoint
    tools: Path
    variables: dict[str, str] = field(default_factory=dict)

    def shell(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run lines as a CI server does: stop at the first that fails."""
        environment = {
            "PATH": f"{self.tools}:{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(self.root.parent),
            "CALLS": str(self.tools / "calls"),
            "GITHUB_STEP_SUMMARY": str(self.tools / "summary.md"),
            "GIT_CONFIG_NOSYSTEM": "1",
            **self.variables,
            **variables,
        }
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def called(self) -> list[str]:
        """What `pip` and `gh` were asked to do."""
        calls = self.tools / "calls"
        return calls.read_text(encoding="utf-8").splitlines() if calls.is_file() else []

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True, text=True, env=_git_alone()
        )
        return done.stdout


def _git_alone() -> dict[str, str]:
    return {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def _make_small(root: Path) -> None:
    """Few cases, and a policy that few cases can meet: the scripts are tried here, and not the statistics."""
    for suite in ("symbols", "general"):
        shutil.rmtree(root / "suites" / suite)
    canaries = root / "suites/canary/cases.jsonl"
    canaries.write_text("".join(canaries.read_text(encoding="utf-8").splitlines(keepends=True)[:20]), encoding="utf-8")
    with (root / "pyproject.toml").open("a") as settings:
        settings.write('\n[[tool.harness.gate.rules]]\nmetric = "alignment_rate"\nmin = 0.7\nmax_drop = 0.2\n')


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    """A project with the models `base` and `mine`, pushed to a server of its own."""
    root = tmp_path / "project"
    root.mkdir()
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("pip", "gh"):
        (tools / name).write_text(STUB)
        (tools / name).chmod(0o755)
    write_stubs(tools)
    with EchoEndpoint() as endpoint:
        place = Workplace(root, endpoint, tools)
        for name in ("mine", "base"):
            write(root, Choices(name=name, model=name, base_url=endpoint.base_url, services=SERVICES))
        _make_small(root)
        subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "server.git")], check=True, env=_git_alone())
        place.git("init", "-q", "-b", "main")
        place.git("remote", "add", "origin", str(tmp_path / "server.git"))
        place.git("add", ".")
        place.git("commit", "-q", "-m", "start")
        place.git("push", "-q", "origin", "main")
        yield place
