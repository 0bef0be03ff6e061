"""From a case and a model to the request body, and to the endpoint that takes it.

Endpoints are imported where one is opened: a replay asks none, and they would be a tenth of the replay of one case.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.config import ModelConfig
from harness.errors import ConfigError
from harness.recording import Secrets
from harness.records.case import Case, with_system

if TYPE_CHECKING:
    from harness.endpoints.access import Access
    from harness.endpoints.batch import BatchForm
    from harness.endpoints.callable import RecordedHttp
    from harness.endpoints.chat import ChatEndpoint
    from harness.endpoints.local import ServerSettings
    from harness.endpoints.retry import Retrying
    from harness.runs.fetching import Endpoint


def body_for(case: Case, model: ModelConfig) -> dict[str, Any]:
    """The JSON body of the request."""
    body: dict[str, Any] = {"model": model.request_model, "messages": list(with_system(case.messages, model.system))}
    if model.temperature != "default":
        body["temperature"] = model.temperature
    if model.max_tokens != "default" and "max_completion_tokens" not in model.extra_body:
        body["max_tokens"] = model.max_tokens
    if model.seed is not None:
        body["seed"] = model.seed
    if case.tools:
        body["tools"] = list(case.tools)
    if case.response_format is not None:
        body["response_format"] = case.response_format
    if model.stream if case.stream is None else case.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    if model.logprobs:
        body["logprobs"] = True
    if model.kind == "responses":
        from harness.endpoints import responses

        try:
            body = responses.request_of(body)
        except ValueError as error:
            raise ConfigError(f"model {model.name}: {error}") from None
    return {**body, **model.extra_body}


def threads_of(model: ModelConfig) -> int:
    """HARNESS_THREADS, for a machine that is busy with other work too, before the configured number."""
    given = os.environ.get("HARNESS_THREADS", "")
    if given and not given.isdecimal():
        raise ConfigError(f"HARNESS_THREADS: found {given!r}; accepted: a whole number, 0 for one per core")
    return int(given) if given else model.threads


def server_settings(model: ModelConfig, root: Path, *, port: int = 0, parallel: int | None = None) -> ServerSettings:
    """How the embedded server is started for a model of kind `local`.

    Raises:
        ConfigError: weights or adapters are not there.
    """
    from harness.endpoints import local

    if model.weights is None:
        raise ConfigError(
            f"model {model.name}: kind local needs weights; accepted: {', '.join(local.KNOWN)}, or a file"
        )
    path = local.path_of(model.weights, root=root, model_name=model.name)
    adapters = []
    for name in model.adapters:
        if not (root / name).is_file():
            raise ConfigError(f"model {model.name}: adapters: no file {root / name}")
        adapters.append(str(root / name))
    return local.ServerSettings(
        weights=str(path),
        adapters=tuple(adapters),
        alias=model.request_model,
        context_length=model.context_length,
        port=port,
        threads=threads_of(model),
        parallel=parallel or min(model.max_concurrency, 4),
    )


@contextmanager
def opened(
    model: ModelConfig,
    root: Path,
    *,
    log: Path | None = None,
    retrying: Retrying | None = None,
    http: Callable[[], AbstractContextManager[RecordedHttp]] | None = None,
    batch: BatchForm | None = None,
) -> Iterator[Endpoint]:
    """The model's endpoint; a local server runs for as long as the context.

    Args:
        http: what records or replays the HTTP of a function.
        batch: the form of the Batch API in which requests are asked.
    """
    from harness.endpoints.access import Access
    from harness.endpoints.callable import FunctionEndpoint
    from harness.endpoints.chat import key_from
    from harness.endpoints.litellm import LitellmEndpoint
    from harness.endpoints.local import LocalServer

    if (model.record_http or model.allow_hosts) and model.kind != "callable":
        setting = "record_http" if model.record_http else "allow_hosts"
        raise ConfigError(
            f"model {model.name}: {setting}: accepted for kind callable; answers of {model.kind} are kept anyway"
        )
    if model.kind == "callable":
        if model.function is None:
            raise ConfigError(f"model {model.name}: kind callable needs function = 'package.module:function'")
        yield FunctionEndpoint(model.function, root, model.name, timeout_s=model.timeout_s, http=http)
        return
    if model.kind == "litellm":
        yield LitellmEndpoint(
            access=access_of(model, root),
            key=key_from(model.api_key_env, model.name),
            key_variables=[*([model.api_key_env] if model.api_key_env else []), *_header_variables(model)],
            model=model.request_model,
            timeout_s=model.timeout_s,
            model_label=model.name,
            redact=secrets_of(model).redacted,
            retrying=retrying or _retrying(model),
        )
        return
    if model.kind == "outputs":
        raise ConfigError(f"model {model.name}: kind outputs has no endpoint; its answers are in {model.outputs}")
    if model.kind == "local":
        with LocalServer(server_settings(model, root), log) as server:
            access = Access(base_url=server.base_url)
            endpoint = _chat(model, access, server.runtime, retrying, ended=lambda: server.ended)
            endpoint.load()
            yield endpoint
        return
    endpoint = _chat(model, access_of(model, root), None, retrying, batch=batch)
    endpoint.load()
    yield endpoint


def is_asking() -> bool:
    """Whether a request is one of ours, made while an application's HTTP is recorded.

    Chat endpoints set the slot in their task; everything else that we ask for (a local server that starts) is asked for
    by the main thread, in which no application runs.
    """
    from harness.endpoints.transport import exchange_slot

    return exchange_slot.get() is not None or threading.current_thread() is threading.main_thread()


def secrets_of(model: ModelConfig) -> Secrets:
    """What must be found nowhere: keys in the environment, and passwords and keys in the model's address."""
    names = [model.api_key_env] if model.api_key_env else []
    names += _header_variables(model)
    addresses = [model.base_url or "", *_proxies()]
    return Secrets.of_environment(os.environ, [*names, "OPENAI_API_KEY"], addresses, models=[model.request_model])


def access_of(model: ModelConfig, root: Path) -> Access:
    """How a model's endpoint is reached; paths of files are relative to the project."""
    from harness.endpoints.access import Access, check_key
    from harness.endpoints.chat import key_from

    def path(name: str | None) -> Path | None:
        return root / Path(name).expanduser() if name else None

    access = Access(
        base_url=model.base_url,
        api_key_env=model.api_key_env,
        api_key_header=model.api_key_header,
        headers={
            name: value if isinstance(value, str) else key_from(value.env, model.name) or ""
            for name, value in model.headers.items()
        },
        query=model.query,
        verify=model.verify,
        ca_bundle=path(model.ca_bundle),
        client_certificate=path(model.client_certificate),
        client_key=path(model.client_key),
    )
    for variable in _header_variables(model) if model.kind != "litellm" else ():  # LiteLLM knows where they would go
        check_key(variable, access, model.name)
    return access


def _header_variables(model: ModelConfig) -> list[str]:
    return [value.env for value in model.headers.values() if not isinstance(value, str)]


def _proxies() -> list[str]:
    """Addresses of proxies, whose passwords must be found nowhere either."""
    if sys.platform not in ("darwin", "win32") and not any(name.lower().endswith("_proxy") for name in os.environ):
        return []  # only there the system has settings of its own; urllib takes its time to be imported
    from urllib.request import getproxies

    return [address for kind, address in getproxies().items() if kind != "no"]


def _chat(
    model: ModelConfig,
    access: Access,
    runtime: str | None,
    retrying: Retrying | None,
    *,
    batch: BatchForm | None = None,
    ended: Callable[[], str] = str,
) -> ChatEndpoint:
    from harness.endpoints import responses
    from harness.endpoints.batch import ARK_PATH, ARK_TIMEOUT_S
    from harness.endpoints.chat import ChatEndpoint

    return ChatEndpoint(
        access=access,
        timeout_s=ARK_TIMEOUT_S if batch == "ark" else model.timeout_s,
        path=ARK_PATH if batch == "ark" else responses.PATH if model.kind == "responses" else "/chat/completions",
        model_label=model.name,
        runtime=runtime,
        redact=secrets_of(model).redacted,
        retrying=retrying or _retrying(model),
        ended=ended,
    )


def _retrying(model: ModelConfig) -> Retrying:
    from harness.endpoints.retry import Retrying

    return Retrying(attempts=model.attempts, patience_s=model.patience_s)
