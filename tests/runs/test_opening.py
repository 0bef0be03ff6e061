"""From a configured model to an endpoint: which kind needs what, and what must be found nowhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from harness.config import ModelConfig
from harness.endpoints.callable import FunctionEndpoint
from harness.endpoints.chat import ChatEndpoint
from harness.errors import ConfigError
from harness.runs import requests
from harness.runs.requests import opened, secrets_of, server_settings, threads_of


@pytest.fixture
def local(tmp_path: Path) -> ModelConfig:
    """A local model whose weights and adapter are there."""
    (tmp_path / "w.gguf").write_bytes(b"GGUF")
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    return ModelConfig(name="m", kind="local", weights="w.gguf", adapters=("a.gguf",), threads=3, max_concurrency=9)


def test_an_openai_model_is_a_chat_endpoint(tmp_path: Path) -> None:
    with opened(ModelConfig(name="m", base_url="http://127.0.0.1:9/v1"), tmp_path, max_concurrency=2) as endpoint:
        assert isinstance(endpoint, ChatEndpoint)
        assert endpoint.runtime is None
        asyncio.run(endpoint.aclose())


def test_a_callable_is_imported_when_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "opened_application.py").write_text("def answer(body):\n    return 'A-1'\n")
    monkeypatch.syspath_prepend(tmp_path)
    model = ModelConfig(name="m", kind="callable", function="opened_application:answer")
    with opened(model, tmp_path, max_concurrency=1) as endpoint:
        assert isinstance(endpoint, FunctionEndpoint)
        answer = asyncio.run(endpoint.ask({"model": "m", "messages": []}))
    assert answer.completion.text == "A-1"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "callable"}, r"model m: kind callable needs function = 'package\.module:function'"),
        ({"kind": "outputs", "outputs": "o.jsonl"}, r"kind outputs has no endpoint; its answers are in o\.jsonl"),
        ({"kind": "local"}, "model m: kind local needs weights; accepted: .*smollm2"),
        ({"kind": "local", "weights": "gone.gguf"}, r"weights: no file .*gone\.gguf"),
        ({"kind": "local", "weights": "w.gguf", "adapters": ("gone.gguf",)}, r"adapters: no file .*gone\.gguf"),
    ],
)
def test_what_a_kind_lacks_is_told(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    (tmp_path / "w.gguf").write_bytes(b"GGUF")
    model = ModelConfig.model_validate({"name": "m", **settings})
    with pytest.raises(ConfigError, match=message), opened(model, tmp_path, max_concurrency=1):
        pass


def test_a_local_model_is_asked_at_its_own_server_which_ends_with_it(
    local: ModelConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    class Server:
        base_url, runtime = "http://127.0.0.1:9/v1", "llama 1"

        def __init__(self, settings: object, log: Path | None) -> None:
            seen.append("made")

        def __enter__(self) -> Server:
            seen.append("started")
            return self

        def __exit__(self, *_: object) -> None:
            seen.append("ended")

    monkeypatch.setattr(requests, "LocalServer", Server)
    context = opened(local, tmp_path, max_concurrency=1)
    endpoint = context.__enter__()
    assert endpoint.runtime == "llama 1"
    with pytest.raises(RuntimeError, match="the run broke off"):
        context.gen.throw(RuntimeError("the run broke off"))  # type: ignore[attr-defined]
    assert seen == ["made", "started", "ended"]


def test_the_server_gets_whole_paths_and_no_more_slots_than_it_needs(local: ModelConfig, tmp_path: Path) -> None:
    settings = server_settings(local, tmp_path, port=81)
    assert (settings.weights, settings.adapters) == (str(tmp_path / "w.gguf"), (str(tmp_path / "a.gguf"),))
    assert (settings.alias, settings.port, settings.threads, settings.parallel) == ("m", 81, 3, 4)
    assert server_settings(local, tmp_path, parallel=7).parallel == 7


@pytest.mark.parametrize(("given", "threads"), [("", 3), ("2", 2), ("0", 0)])
def test_the_environment_goes_before_the_configured_threads(
    given: str, threads: int, local: ModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_THREADS", given)
    assert threads_of(local) == threads


@pytest.mark.parametrize("given", ["two", "-1", "1.5", " 2"])
def test_threads_that_are_no_number_are_told(given: str, local: ModelConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_THREADS", given)
    with pytest.raises(ConfigError, match=r"HARNESS_THREADS: found .*accepted: a whole number"):
        threads_of(local)


def test_secrets_are_those_of_the_environment_and_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARK", "ark-value-0001")
    monkeypatch.setenv("OPENAI_API_KEY", "openai-value-0002")
    monkeypatch.setenv("EDITOR", "an-editor-0003")
    model = ModelConfig(name="m", api_key_env="ARK", base_url="https://me:pass-word-0004@h/v1?key=query-value-0005")
    secrets = secrets_of(model)
    for value in ("ark-value-0001", "openai-value-0002", "pass-word-0004", "query-value-0005"):
        assert secrets.found_in(f"... {value} ...")
    assert not secrets.found_in("an-editor-0003")
