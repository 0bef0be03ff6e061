"""What a project is set up for, checked before a file is written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.config import NAME_PATTERN
from harness.endpoints.providers import REASONING, RECIPES
from harness.errors import ConfigError

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
                "--key-env: found something that is not a name of an environment variable (it is not shown, for it may "
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
            "--base-url: a user name, password or query is in the address, and pyproject.toml is not the place for "
            "secrets; accepted: the plain address, with the key in an environment variable (--key-env)"
        )


def _check_listed(option: str, found: tuple[str, ...], accepted: tuple[str, ...]) -> None:
    from harness.errors import nearest

    for value in found:
        if value not in accepted:
            raise ConfigError(f"{option}: found {value!r}{nearest(value, accepted)}; accepted: {', '.join(accepted)}")


PROVIDERS = RECIPES
_REASONING = re.compile(r"(gpt-5|o\d)")


def provider_at(base_url: str) -> str:
    """The provider whose host and port an address has; `other` if none has."""
    place = urlsplit(base_url).netloc
    for name, provider in PROVIDERS.items():
        if provider.base_url and urlsplit(provider.base_url).netloc == place:
            return name
    return "other"


def further_settings(provider: str, model: str) -> dict[str, object]:
    """OpenAI's reasoning models refuse `temperature` and `max_tokens`; those before them take both."""
    if provider == "openai":
        return dict(REASONING) if _REASONING.match(model) else {}
    return dict(PROVIDERS[provider].settings)


_SECONDS = 5
_LONGEST = 1_000_000
"""Bytes of the answer that are read."""


@dataclass(frozen=True, slots=True)
class ModelList:
    """Names as the endpoint gives them, which is foreign text; or why there are none, without key or body."""

    models: tuple[str, ...] = ()
    problem: str = ""


def models_at(base_url: str | None, key: str | None = None) -> ModelList:
    """Ask `GET {base_url}/models` once. The key goes to that host alone: a redirect is not followed."""
    if base_url is None:
        return ModelList()
    import http.client
    import urllib.error
    import urllib.request

    class _Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    headers = {"accept": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(f"{base_url.rstrip('/')}/models", headers=headers)  # noqa: S310
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=_SECONDS) as response:
            content = response.read(_LONGEST)
    except urllib.error.HTTPError as error:
        error.close()  # it is an answer, with a file of its own
        return ModelList(problem=_refused(error.code))
    except (OSError, http.client.HTTPException, ValueError):
        return ModelList(problem="Nothing answers there now; the set-up goes on.")
    return ModelList(_names(content))


def _refused(status: int) -> str:
    if status in (401, 403):
        return "The endpoint wants a key before it lists its models."
    if status == 404:
        return "There is no list of models at this address (404); most addresses end in /v1."
    return ""


def _names(content: bytes) -> tuple[str, ...]:
    try:
        entries = json.loads(content)["data"]
        return tuple(entry["id"] for entry in entries if isinstance(entry["id"], str) and entry["id"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ()
