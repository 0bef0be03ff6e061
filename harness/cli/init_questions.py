"""The questions of `harness init`: options first, then questions where there is a terminal, then defaults."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from harness.records.errors import ConfigError
from harness.scaffold.asking_endpoints import Listing, models_at
from harness.scaffold.choices import Choices, check_address, name_for
from harness.scaffold.providers import PROVIDERS, provider_at
from harness.text.visible import show

_SHOWN = 12
"""Model names that are listed; a provider's hundreds would push the question off the screen."""


def choose(root: Path, given: Mapping[str, str | None], *, asking: bool) -> Choices:
    """What to set up.

    Raises:
        ConfigError: an answer is missing without a terminal, or cannot work.
        click.Abort: Ctrl-C or the end of the input; it is told that nothing is written.
    """
    try:
        return _choose(root, given, asking=asking)
    except click.Abort:
        click.echo("\nnothing was written", err=True)
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


def _model(listing: Listing, hint: str) -> str:
    """The endpoint's own list is shown, and its only model is the default."""
    if listing.problem:
        click.echo(f"  {listing.problem}", err=True)
    names = listing.models
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        click.echo(f"  The endpoint knows {', '.join(show(name) for name in names[:_SHOWN])}{more}", err=True)
        hint = show(names[0])

    def given(text: str) -> str:
        if not text.strip():
            raise click.UsageError(f"the endpoint wants a model name, such as {hint}")
        return text.strip()

    only = names[0] if len(names) == 1 and names[0].isprintable() else ""
    return _asked(f"Model, as the endpoint knows it (such as {hint})", only, given)


def _asked(question: str, default: str, checked: Callable[[str], str] | None = None) -> str:
    answer: str = click.prompt(question, default=default, value_proc=checked, err=True, show_default=default != "")
    return answer


def _listed(text: str) -> tuple[str, ...]:
    parts = [part.strip() for part in text.split(",")]
    return tuple(dict.fromkeys(part for part in parts if part and part != "none"))


def _used_services(root: Path) -> str:
    used = [name for name, sign in (("github", ".github"), ("gitlab", ".gitlab-ci.yml")) if (root / sign).exists()]
    return ",".join(used) or "github"
