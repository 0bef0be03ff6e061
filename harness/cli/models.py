"""`harness models`: what is configured, whether it works, its weights, a server that stays up; and `harness config`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import click

from harness import config as configuration
from harness.cli.arguments import CommandGroup, print_json, tell, tell_lines, tell_of_loading
from harness.show.words import Name, phrase, translated

_NONE_CONFIGURED = "no [tool.harness.models] in pyproject.toml; --model=openai:NAME --base-url=URL needs none"


@click.group(cls=CommandGroup)
def models() -> None:
    """The configured models: list, check, pull, serve."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_models(as_json: bool) -> int:
    """Names, versions, kinds and where requests go."""
    config = configuration.load(Path.cwd())
    entries = [configuration.model(config, name) for name in config.models]
    if as_json:
        for model in entries:
            click.echo(json.dumps({"name": model.name, "version": model.version, **model.public()}, ensure_ascii=False))
        return 0
    if not entries:
        tell(_NONE_CONFIGURED, err=True)
        return 0
    from harness.show.figures import table

    rows = []
    for model in entries:
        base = f"  {phrase('derived', names=phrase('list-comma').join(model.lineage))}" if model.lineage else ""
        rows.append([Name(model.label), model.kind, Name(f"{_target(model)}{base}")])
    tell_lines(table(rows, "", left=range(3), cut=False))
    return 0


def _target(model: configuration.ModelConfig) -> str:
    if model.kind == "local":
        return " + ".join([model.weights or translated("no weights"), *model.adapters])
    address = model.function or model.outputs or model.public().get("base_url")
    return address or translated("the client's default address")


@click.group(cls=CommandGroup)
def config() -> None:
    """The settings in `pyproject.toml`: print their JSON Schema."""


@config.command("schema")
@click.option("--pyproject", "whole", is_flag=True, help="Of a whole pyproject.toml, as editors want it.")
@click.option("--json", "as_json", is_flag=True, help="Accepted for uniformity: a schema is JSON anyway.")
def schema(*, whole: bool, as_json: bool) -> None:
    """Print the JSON Schema of `[tool.harness]`, for editors that complete and check TOML.

    \b
    $ harness config schema --pyproject > harness.schema.json
    """
    print_json(configuration.config_schema(whole=whole))


@models.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def pull(name: str, as_json: bool) -> int:
    """Fetch the weights of a model of kind local into the cache folder, and check their SHA-256.

    NAME is a configured model, or the name of weights, such as smollm2-135m-instruct.
    """
    from harness.endpoints import local
    from harness.errors import ConfigError

    config = configuration.load(Path.cwd())
    wanted = name
    if name not in local.KNOWN:
        model = configuration.model(config, name)
        if model.kind != "local" or model.weights is None:
            raise ConfigError(f"model {name}: kind {model.kind} has no weights to fetch; only kind local has")
        wanted = model.weights
        if wanted.endswith(".gguf"):
            raise ConfigError(f"model {name}: its weights are the file {wanted}; there is nothing to fetch")
    path = local.pull(wanted, lambda line: click.echo(line, err=True))
    click.echo(json.dumps({"weights": wanted, "path": str(path)}) if as_json else path)
    return 0


@models.command()
@click.argument("name")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--parallel",
    type=click.IntRange(min=1),
    help="Requests at one time. [default: max_concurrency of the model, 4 at most]",
)
@click.option("--json", "as_json", is_flag=True, help="Say as JSON where it answers.")
def serve(name: str, port: int, host: str, parallel: int | None, as_json: bool) -> int:
    """Keep a local model up as an endpoint for any chat-completions client, until Ctrl-C."""
    import time
    from dataclasses import replace

    from harness.endpoints.local import LocalServer
    from harness.errors import ConfigError
    from harness.runs.requests import server_settings

    config = configuration.load(Path.cwd())
    model = configuration.model(config, name)
    if model.kind != "local":
        raise ConfigError(f"model {name}: kind {model.kind} is served elsewhere; only kind local can be served here")
    settings = replace(server_settings(model, config.root, port=port, parallel=parallel), host=host)
    tell_of_loading(model)
    with LocalServer(settings) as server:
        if as_json:
            ready = {"name": model.name, "version": model.version, "model": model.request_model}
            click.echo(json.dumps({**ready, "base_url": server.base_url, "slots": settings.parallel}))
        else:
            tell(f"{model.label} answers at {server.base_url} (model {model.request_model!r}); Ctrl-C ends it")
            few = "request" if settings.parallel == 1 else "requests"
            tell(
                f"{settings.parallel} {few} at one time, others wait: set max_concurrency = {settings.parallel} where "
                "you ask from, behind a gateway too (--parallel changes it)"
            )
        while server.running:
            time.sleep(0.5)
    raise ConfigError(f"the server of {model.label} ended by itself; is port {port} taken?")


def _allow(models: Iterable[configuration.ModelConfig], host: str) -> None:
    from harness.endpoints import access
    from harness.errors import ConfigError

    variables = []
    for model in models:
        variables += [value.env for value in model.headers.values() if not isinstance(value, str)]
        variables += [model.api_key_env] if model.api_key_env else []
    if not variables:
        raise ConfigError("--allow-key-host: accepted with the NAME of a model that has a key (api_key_env)")
    for variable in dict.fromkeys(variables):
        access.remember(variable, host.lower())


@models.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--base-url", metavar="URL", help="Ask there, and not at the configured address.")
@click.option("--allow-key-host", metavar="HOST", help="Let the model's key go to this host from now on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def check(names: tuple[str, ...], base_url: str | None, allow_key_host: str | None, as_json: bool) -> int:
    """Look at the set-up of a model: key, address, model name, weights, cassettes. One remedy a finding.

    Sends the body of the first case of the project, and says where the key goes. Without NAME, of every configured
    model. Exit code 1 if one of them has a fault.
    """
    from harness.errors import ConfigError
    from harness.runs.inventory import diagnose

    config = configuration.load(Path.cwd())
    chosen = dict.fromkeys(names or config.models)
    if not chosen:
        raise ConfigError(f"{_NONE_CONFIGURED}; `harness init` makes an entry")
    if allow_key_host is not None:
        _allow([configuration.model(config, name, base_url=base_url) for name in names], allow_key_host)
    good = True
    for name in chosen:
        model = configuration.model(config, name, base_url=base_url)
        if not as_json:
            tell_of_loading(model)
        for finding in diagnose(config, model):
            good = good and finding.ok
            if as_json:
                shown = {"model": name, "ok": finding.ok, "what": finding.what, "remedy": finding.remedy}
                click.echo(json.dumps(shown))
                continue
            tell(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.what}")
            if finding.remedy and finding.remedy not in finding.what:
                tell(f"      {finding.remedy}")
    return 0 if good else 1
