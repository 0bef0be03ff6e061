"""`harness init`: set a project up, and ask the model its first case."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.init_questions import choose, on_a_terminal

if TYPE_CHECKING:
    from harness.scaffold.choices import Choices
    from harness.scaffold.writing import Written

_PROVIDERS = ("openai", "ark", "siliconflow", "vllm", "ollama", "other")
_LISTED = 3
"""Files of one suite that are named one by one; more are counted."""


@click.command("init")
@click.option("--provider", type=click.Choice(_PROVIDERS), help="Fills in address and key variable.")
@click.option("--base-url", metavar="URL", help="Address of the endpoint, as the openai client takes it.")
@click.option("--model", metavar="NAME", help="The model, as the endpoint knows it.")
@click.option("--name", metavar="NAME", help="What to call it here. [default: made of --model]")
@click.option("--key-env", metavar="VARIABLE", help="Environment variable that holds the key; '' for none.")
@click.option("--language", "languages", metavar="zh,en", help="Languages of the first cases. [default: zh,en]")
@click.option("--ci", metavar="github,gitlab,cron", help="Workflows to write; none for none. [default: what is used]")
@click.option("--no-run", is_flag=True, help="Do not ask the model the first case.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def init(*, no_run: bool, as_json: bool, **given: str | None) -> int:
    """Set up the project in this folder: settings, a first suite, workflows. Nothing is ever overwritten.

    On a terminal, what is not given is asked for. Exit code 1 if the first case could not be asked.
    """
    from harness.scaffold.writing import write

    root = Path.cwd()
    choices = choose(root, given, asking=on_a_terminal() and not as_json)
    written = write(root, choices)
    if not as_json:
        _tell(written)
    ready = choices.key_env is None or bool(os.environ.get(choices.key_env))
    code = _first_case(root, choices, quiet=as_json) if ready and not no_run else None
    if as_json:
        click.echo(json.dumps({**_plain(written), "model": choices.name, "asked": code is not None, "exit": code}))
    else:
        _tell_next(root, choices, ready, code)
    return 0 if code in (None, 0, 1) else 1


def _first_case(root: Path, choices: Choices, *, quiet: bool) -> int:
    """The exit code of pytest for one case: 0 and 1 are verdicts, anything else is none."""
    import subprocess

    from harness.suite import load_cases

    path = root / "suites" / "starter" / "cases.jsonl"
    case = load_cases(path)[0].case
    node = f"{path.relative_to(root).as_posix()}::{case.id}[{choices.name}]"
    command = ["pytest", f"--model={choices.name}", node, "--cassette-mode=record"]
    if not quiet:
        click.echo(f"\n$ {shlex.join(command)}")
    sys.stdout.flush()
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=root, stdout=subprocess.DEVNULL if quiet else None, check=False
    )
    return done.returncode


def _plain(written: Written) -> dict[str, list[str]]:
    return {"created": written.created, "extended": written.extended, "kept": written.kept}


def _tell(written: Written) -> None:
    for word, paths in _plain(written).items():
        for line in _folded(paths):
            click.echo(f"{word:<9} {line}")
    if ".gitlab-ci.yml" in written.kept:
        click.echo("to do     .gitlab-ci.yml: add  include: [{local: .gitlab/verbatim.yml}]")


def _folded(paths: list[str]) -> list[str]:
    """Paths, with the many files of a shipped suite as one line."""
    suites: dict[str, list[str]] = {}
    for path in paths:
        folder = path.rpartition("/")[0]
        suites.setdefault(folder if folder.startswith("suites/") else path, []).append(path)
    return [
        line
        for folder, files in suites.items()
        for line in (files if len(files) <= _LISTED else [f"{folder}/  ({len(files)} files)"])
    ]


def _tell_next(root: Path, choices: Choices, ready: bool, code: int | None) -> None:
    from harness.suite import case_files

    click.echo()
    record = f"pytest --model={choices.name} --cassette-mode=record"
    if not ready:
        click.echo(f"the variable {choices.key_env} is not set; set it first:  export {choices.key_env}=...")
    elif code not in (None, 0, 1):
        click.echo(f"the first case could not be asked. To find out why:  harness models check {choices.name}")
        click.echo(f"then mend [tool.harness.models.{choices.name}] in pyproject.toml")
        return
    paths = case_files(root / "suites")
    cases = sum(1 for path in paths for line in path.read_bytes().splitlines() if line.strip())
    if len(paths) == 1:
        steps = [(record, f"all {cases} cases")]
    else:
        steps = [
            (f"{record} --suites=suites/starter", "the first suite"),
            (record, f"all {cases} cases; then commit cassettes/"),
        ]
    steps.append(("harness report", "the pages"))
    click.echo("next")
    for command, what in steps:
        click.echo(f"  {command}   # {what}")
    if choices.services:
        click.echo("  commit ci/verbatim/ and the workflow files, and give the server its secrets")
