"""`harness init`: set a project up, and ask the model its first case."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.authoring.init.choices import (
    PROVIDERS,
    Choices,
    ModelList,
    check_address,
    models_at,
    name_for,
    provider_at,
)
from harness.cli.arguments import tell
from harness.errors import ConfigError
from harness.show.words import translated
from harness.text.visible import show

if TYPE_CHECKING:
    from harness.authoring.init.files import Written


_SHOWN = 12
"""Model names that are listed; a provider's hundreds would push the question off the screen."""


def choose(root: Path, given: Mapping[str, str | None], *, asking: bool) -> Choices:
    """What to set up.

    Raises:
        ConfigError: an answer is missing without a terminal, or cannot work.
        click.Abort: Ctrl-C or the end of the input; it is reported that nothing was written.
    """
    try:
        return _choose(root, given, asking=asking)
    except click.Abort:
        tell("\nnothing was written", err=True)
        raise


def _choose(root: Path, given: Mapping[str, str | None], *, asking: bool) -> Choices:
    def answer(option: str, question: str, default: str) -> str:
        value = given[option]
        return value if value is not None else _asked(question, default) if asking else default

    provider, address = _endpoint(given, asking)
    known = PROVIDERS[provider]
    key_env = answer("key_env", "Environment variable of the key (empty for none)", known.key_env or "") or None
    model = given["model"]
    if model is None and asking:
        model = _model(models_at(address, os.environ.get(key_env) if key_env else None), known.model_hint)
    if model is None:
        raise ConfigError(f"--model: missing; accepted: the name that the endpoint knows, such as {known.model_hint}")
    return Choices(
        name=answer("name", "What to call it here", name_for(model)),
        model=model,
        provider=provider,
        base_url=address,
        key_env=key_env,
        languages=_listed(answer("languages", "Languages", "zh,en")),
        services=_listed(answer("ci", "Workflows: github, gitlab, cron or none", _used_services(root))),
    )


def on_a_terminal() -> bool:
    return sys.stdin.isatty()


def _endpoint(given: Mapping[str, str | None], asking: bool) -> tuple[str, str | None]:
    """Provider and address. An address alone is enough, and so is the name of a provider that has one."""
    provider, address = given["provider"], given["base_url"]
    if provider is None and address is None and asking:
        answer = _asked(f"Endpoint: its address, or {', '.join(_named())}", "", _endpoint_named)
        if "://" in answer:
            return provider_at(answer), answer
        provider = answer
    if provider is None and address is None:
        raise ConfigError(
            f"--provider or --base-url: missing, and there is no terminal to ask; accepted: {', '.join(PROVIDERS)}, "
            "or an address such as http://localhost:8000/v1"
        )
    if provider is None:
        return provider_at(address or ""), address
    if address is None:
        address = PROVIDERS[provider].base_url
        if asking and provider != "openai":
            address = _asked("Address", address or "", _address)
    return provider, address


def _named() -> list[str]:
    return [name for name in PROVIDERS if name != "other"]


def _endpoint_named(text: str) -> str:
    if "://" in text:
        return _address(text)
    if text not in PROVIDERS:
        raise click.UsageError(f"accepted: {', '.join(_named())}, or an address such as http://localhost:8000/v1")
    return text


def _address(text: str) -> str:
    try:
        check_address(text)
    except ConfigError as error:
        raise click.UsageError(str(error).removeprefix("--base-url: ")) from None
    return text


def _model(listing: ModelList, hint: str) -> str:
    """The endpoint's own list is shown, and its only model is the default."""
    if listing.problem:
        click.echo(f"  {listing.problem}", err=True)
    names = listing.models
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        tell(f"  The endpoint knows {', '.join(show(name) for name in names[:_SHOWN])}{more}", err=True)
        hint = show(names[0])

    def given(text: str) -> str:
        if not text.strip():
            raise click.UsageError(f"the endpoint wants a model name, such as {hint}")
        return text.strip()

    only = names[0] if len(names) == 1 and names[0].isprintable() else ""
    return _asked(f"Model, as the endpoint knows it (such as {hint})", only, given)


def _asked(question: str, default: str, checked: Callable[[str], str] | None = None) -> str:
    answer: str = click.prompt(
        translated(question), default=default, value_proc=checked, err=True, show_default=default != ""
    )
    return answer


def _listed(text: str) -> tuple[str, ...]:
    parts = [part.strip() for part in text.split(",")]
    return tuple(dict.fromkeys(part for part in parts if part and part != "none"))


def _used_services(root: Path) -> str:
    used = [name for name, sign in (("github", ".github"), ("gitlab", ".gitlab-ci.yml")) if (root / sign).exists()]
    return ",".join(used) or "github"


_LISTED = 3
"""Files of one suite that are named one by one; more are counted."""


@click.command("init")
@click.option("--provider", type=click.Choice(list(PROVIDERS)), help="Fills in address and key variable.")
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
    from harness.authoring.init.files import write

    root = Path.cwd()
    choices = choose(root, given, asking=on_a_terminal() and not as_json)
    written = write(root, choices)
    if not as_json:
        _tell(written)
    ready = choices.key_env is None or bool(os.environ.get(choices.key_env))
    code = _first_case(root, choices, quiet=as_json) if ready and not no_run else None
    if code in (0, 1) and (problem := _unusable(root, choices)):
        tell(f"the first answer cannot be judged ({problem}); run: harness models check {choices.name}", err=True)
        code = _UNUSABLE
    if as_json:
        click.echo(
            json.dumps({**_written_json(written), "model": choices.name, "asked": code is not None, "exit": code})
        )
    else:
        _tell_next(root, choices, ready, code)
    return 0 if code in (None, 0, 1) else 1


_UNUSABLE = 2
"""In place of pytest's exit code: the first case was asked, and its answer has no verdict."""


def _unusable(root: Path, choices: Choices) -> str | None:
    """Why the newest run has no verdict on the first case; None if it has one."""
    from harness import config as configuration
    from harness.project import Project

    project = Project.open(root)
    runs = project.history.runs(configuration.model(project.config, choices.name).label)
    reasons = [sample.reason for case in runs[-1].cases for sample in case.samples] if runs else []
    return next((reason for reason in reasons if reason), None)


def _first_case(root: Path, choices: Choices, *, quiet: bool) -> int:
    """The exit code of pytest for one case: 0 and 1 are verdicts, nothing else is."""
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


def _written_json(written: Written) -> dict[str, list[str]]:
    return {"created": written.created, "extended": written.extended, "kept": written.kept}


def _tell(written: Written) -> None:
    from harness.show.figures import pad

    for word, paths in _written_json(written).items():
        for line in _folded(paths):
            click.echo(f"{pad(translated(word), 9)} {line}")
    if ".gitlab-ci.yml" in written.kept:
        tell("to do     .gitlab-ci.yml: add  include: [{local: .gitlab/verbatim.yml}]")


def _folded(paths: list[str]) -> list[str]:
    """Paths, with the many files of a shipped suite as one line."""
    suites: dict[str, list[str]] = {}
    for path in paths:
        folder = path.rpartition("/")[0]
        suites.setdefault(folder if folder.startswith("suites/") else path, []).append(path)
    return [
        line
        for folder, files in suites.items()
        for line in (files if len(files) <= _LISTED else [f"{folder}/  " + translated(f"({len(files)} files)")])
    ]


def _tell_next(root: Path, choices: Choices, ready: bool, code: int | None) -> None:
    from harness.suite import default_cases, default_files

    click.echo()
    record = f"pytest --model={choices.name} --cassette-mode=record"
    if not ready:
        tell(f"the variable {choices.key_env} is not set; set it first:  export {choices.key_env}=...")
        tell(f"in PowerShell:  $env:{choices.key_env} = '...'")
    elif code not in (None, 0, 1):
        tell(f"the first case could not be asked. To find out why:  harness models check {choices.name}")
        tell(f"then fix [tool.harness.models.{choices.name}] in pyproject.toml")
        return
    paths = default_files(root / "suites")
    cases = len(default_cases(root / "suites"))
    if len(paths) == 1:
        steps = [(record, f"all {cases} cases")]
    else:
        steps = [
            (f"{record} --suites=suites/starter", "the first suite"),
            (record, f"all {cases} cases; then commit cassettes/"),
        ]
    steps.append(("harness report", "the pages"))
    tell("next")
    for command, what in steps:
        click.echo(f"  {command}   # {translated(what)}")
    if choices.services:
        tell("  commit ci/verbatim/ and the workflow files, and give the server its secrets")
