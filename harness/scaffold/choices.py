"""What a project is set up for, checked before a file is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.config import NAME_PATTERN
from harness.records.errors import ConfigError

LANGUAGES = ("zh", "en")
SERVICES = ("github", "gitlab", "cron")


@dataclass(frozen=True, slots=True)
class Choices:
    """The answers to the questions of `harness init`.

    Raises:
        ConfigError: one of them cannot work; a value that may be a key is not repeated.
    """

    name: str
    model: str
    provider: str = "other"
    base_url: str | None = None
    key_env: str | None = None
    languages: tuple[str, ...] = LANGUAGES
    services: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.match(NAME_PATTERN, self.name):
            raise ConfigError(
                f"--name: found {self.name!r}; accepted: letters, digits, '.', '_' and '-', a letter or digit first"
            )
        if not self.model.strip() or not self.model.isprintable():
            raise ConfigError("--model: empty or with control characters; accepted: the name that the endpoint knows")
        if self.base_url is not None:
            check_address(self.base_url)
        if self.key_env is not None and not re.match(r"[A-Za-z_][A-Za-z0-9_]*\Z", self.key_env):
            raise ConfigError(
                "--key-env: found something that is no name of an environment variable (it is not shown, for it may "
                "be the key itself); accepted: a name such as OPENAI_API_KEY"
            )
        _check_listed("--language", self.languages, LANGUAGES)
        _check_listed("--ci", self.services, SERVICES)
        if not self.languages:
            raise ConfigError(f"--language: none given; accepted: {', '.join(LANGUAGES)}")


def name_for(model: str) -> str:
    """A short name for the entry, made of the endpoint's name for the model: `Qwen/Qwen3-8B` gives `qwen3-8b`."""
    name = re.sub(r"[^a-z0-9._-]+", "-", model.rpartition("/")[2].lower()).strip("-._")
    return name or "model"


def check_address(address: str) -> None:
    """Raise ConfigError unless requests can go to `address` and it holds no secret."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or not address.isprintable():
        raise ConfigError("--base-url: no address of an endpoint; accepted: http://HOST:PORT/v1 or https://HOST/v1")
    if parts.username or parts.password or parts.query:
        raise ConfigError(
            "--base-url: a user name, password or query stands in the address, and pyproject.toml is no place for "
            "secrets; accepted: the plain address, with the key in an environment variable (--key-env)"
        )


def _check_listed(option: str, found: tuple[str, ...], accepted: tuple[str, ...]) -> None:
    from harness.records.explain import nearest

    for value in found:
        if value not in accepted:
            raise ConfigError(f"{option}: found {value!r}{nearest(value, accepted)}; accepted: {', '.join(accepted)}")
