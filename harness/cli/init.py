"""`harness init`: set a project up, and ask the model its first case."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.records.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.scaffold.choices import Choices
    from harness.scaffold.writing import Written

_PROVIDERS = ("openai", "ark", "siliconflow", "vllm", "ollama", "other")


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
    asking = _on_a_terminal() and not as_json
    choices = _choices(root, given, asking=asking)
    written = write(root, choices)
    if not as_json:
        _tell(written)
    ready = choices.key_env is None or bool(os.environ.get(choices.key_env))
    code = _first_case(root, choices, quiet=as_json) if ready and not no_run else None
    if as_json:
        click.echo(json.dumps({**_plain(written), "model": choices.name, "asked": code is not None, "exit": code}))
    else:
        _tell_next(choices, ready, code)
    return 0 if code in (None, 0, 1) else 1


def _choices(root: Path, given: Mapping[str, str | None], *, asking: bool) -> Choices:
    """Options first, then questions where there is a terminal, then defaults."""
    from harness.scaffold.choices import Choices, name_for
    from harness.scaffold.providers import PROVIDERS, provider_at

    def answer(option: str, question: str, default: str | None) -> str | None:
        value = given[option]
        return value if value is not None else _asked(question, default, asking)

    provider, address = given["provider"], given["base_url"]
    if provider is None:
        provider = provider_at(address) if address else _asked("Endpoint", None, asking, click.Choice(_PROVIDERS))
    if provider is None:
        raise ConfigError(
            f"--provider or --base-url: missing, and there is no terminal to ask; accepted: {', '.join(_PROVIDERS)}, "
            "or an address such as http://localhost:8000/v1"
        )
    known = PROVIDERS[provider]
    if address is None and provider != "openai":
        address = _asked("Address", known.base_url, asking)
    model = answer("model", f"Model, as the endpoint knows it (such as {known.model_hint})", None)
    if model is None:
        raise ConfigError(f"--model: missing; accepted: the name that the endpoint knows, such as {known.model_hint}")
    return Choices(
        name=answer("name", "What to call it here", name_for(model)) or "",
        model=model,
        provider=provider,
        base_url=address,
        key_env=answer("key_env", "Environment variable of the key (empty for none)", known.key_env or "") or None,
        languages=_listed(answer("languages", "Languages", "zh,en")),
        services=_listed(answer("ci", "Workflows: github, gitlab, cron or none", _used_services(root))),
    )


def _on_a_terminal() -> bool:
    return sys.stdin.isatty()


def _asked(question: str, default: str | None, asking: bool, kind: click.ParamType[str] | None = None) -> str | None:
    if not asking:
        return default
    answer: str = click.prompt(question, default=default, type=kind, err=True, show_default=default != "")
    return answer


def _listed(text: str | None) -> tuple[str, ...]:
    parts = [part.strip() for part in (text or "").split(",")]
    return tuple(dict.fromkeys(part for part in parts if part and part != "none"))


def _used_services(root: Path) -> str:
    used = [name for name, sign in (("github", ".github"), ("gitlab", ".gitlab-ci.yml")) if (root / sign).exists()]
    return ",".join(used) or "github"


def _first_case(root: Path, choices: Choices, *, quiet: bool) -> int:
    """The exit code of pytest for one case: 0 and 1 are verdicts, anything else is none."""
    import subprocess

    from harness.suite import load_cases

    path = root / "suites" / "starter" / "cases.jsonl"
    case = load_cases(path)[0].case
    node = f"{path.relative_to(root).as_posix()}::{case.id}[{choices.name}]"
    command = ["pytest", f"--model={choices.name}", node, "--cassette-mode=record"]
    if not quiet:
        click.echo(f"\n$ {' '.join(command)}")
    sys.stdout.flush()
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=root, stdout=subprocess.DEVNULL if quiet else None, check=False
    )
    return done.returncode


def _plain(written: Written) -> dict[str, list[str]]:
    return {"created": written.created, "extended": written.extended, "kept": written.kept}


def _tell(written: Written) -> None:
    for word, paths in _plain(written).items():
        for path in paths:
            click.echo(f"{word:<9} {path}")
    if ".gitlab-ci.yml" in written.kept:
        click.echo("to do     .gitlab-ci.yml: add  include: [{local: .gitlab/verbatim.yml}]")


def _tell_next(choices: Choices, ready: bool, code: int | None) -> None:
    click.echo()
    if not ready:
        click.echo(f"the variable {choices.key_env} is not set; once it is, the first case can be asked:")
    elif code not in (None, 0, 1):
        click.echo(f"the first case could not be asked; what is wrong says: harness models check {choices.name}")
    click.echo(f"next: pytest --model={choices.name} --cassette-mode=record   (all cases; then commit cassettes/)")
    if choices.services:
        click.echo("      ci/verbatim/ and the workflow files: commit them, and give the server its secrets")
