"""LiteLLM, in process and as a gateway, in front of the faulty server. Skipped where LiteLLM is not installed."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from harness.endpoints.access import Access
from harness.endpoints.chat import ChatEndpoint
from harness.endpoints.litellm import LitellmEndpoint, decides_where
from harness.endpoints.providers import RECIPES
from harness.endpoints.retry import Retrying
from harness.errors import ConfigError, EndpointError
from harness.recording import Cassette
from tests.faulty_server.project import Project
from tests.faulty_server.server import FaultyServer

TARGET = "Sikalastic-609"
PROMPTS = [f"{number} Repeat: {TARGET}, 水吧台/岛台" for number in range(19)]
needs_litellm = pytest.mark.skipif(importlib.util.find_spec("litellm") is None, reason="LiteLLM is not installed")
needs_gateway = pytest.mark.skipif(
    importlib.util.find_spec("litellm") is None or importlib.util.find_spec("fastapi") is None,
    reason="litellm[proxy] is not installed",
)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


def test_without_litellm_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "litellm", None)
    with pytest.raises(ConfigError, match=r"kind litellm needs LiteLLM; run: pip install 'pytest-verbatim\[litellm\]'"):
        LitellmEndpoint(access=Access(), key=None, model="openai/m", timeout_s=1, model_label="m")


@needs_litellm
@pytest.mark.filterwarnings("ignore")
def test_a_run_in_process_records_and_replays(
    tmp_path: Path, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_TEST_KEY", "sk-litellmtestkey012345")
    settings = {"kind": "litellm", "model": "openai/m", "api_key_env": "LITELLM_TEST_KEY"}
    project = Project(tmp_path, server.base_url, PROMPTS, TARGET, **settings, timeout_s=60)
    code, output = project.run("--cassette-mode=record")
    assert code == 0, output
    assert len(Cassette(project.cassette)) == len(PROMPTS)
    assert "sk-litellmtestkey012345" not in project.cassette.read_text(encoding="utf-8")
    assert project.run()[0] == 0
    assert server.total == len(PROMPTS)


def in_process(base_url: str | None, model: str = "openai/m", **settings: Any) -> LitellmEndpoint:
    settings = {"timeout_s": 20, "model_label": "m", "key": "k", **settings}
    access = settings.pop("access", Access(base_url=base_url))
    return LitellmEndpoint(access=access, model=model, **settings)


@needs_litellm
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("fault", "unusable", "requests"),
    [("status-400", "http_400", 1), ("status-503 x1", None, 2), ("status-429 x1", None, 2), ("length", "length", 1)],
)
def test_faults_in_process(fault: str, unusable: str | None, requests: int, server: FaultyServer) -> None:
    endpoint = in_process(server.base_url, retrying=Retrying(first_delay_s=0.01))
    body = {"model": "openai/m", "messages": [{"role": "user", "content": f"[fault {fault}] Repeat: {TARGET}"}]}
    answer = asyncio.run(endpoint.ask(body))
    assert (answer.completion.unusable, answer.requests) == (unusable, requests)
    assert server.total == requests, "LiteLLM asks again by itself for nothing"


@needs_litellm
@pytest.mark.filterwarnings("ignore")
def test_a_key_that_is_refused_stops_the_run(server: FaultyServer) -> None:
    endpoint = in_process(server.base_url)
    body = {"model": "openai/m", "messages": [{"role": "user", "content": "[fault status-401] x"}]}
    with pytest.raises(EndpointError, match=r"http://127.0.0.1:\d+/v1 refuses the request without a key \(401\)"):
        asyncio.run(endpoint.ask(body))
    with pytest.raises(EndpointError, match="LLM Provider NOT provided"):
        asyncio.run(endpoint.ask({**body, "model": "no-such-provider-model"}))


BODY = {"model": "openai/m", "messages": [{"role": "user", "content": f"Repeat: {TARGET}"}]}


@needs_litellm
@pytest.mark.filterwarnings("ignore")
def test_headers_of_the_model_go_along_and_no_key_of_the_environment(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ofsomebodyelse0123456789")
    endpoint = in_process(
        None, key=None, access=Access(base_url=f"{server.base_url}/chat/completions", headers={"X-Team": "red"})
    )
    answer = asyncio.run(endpoint.ask(BODY))
    assert answer.completion.text == TARGET
    (headers,) = server.headers
    assert headers["x-team"] == "red"
    assert "ofsomebodyelse" not in json.dumps(headers), "a changed base_url would get the key of another provider"


@needs_litellm
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"query": {"api-version": "1"}}, r"query: not accepted for kind litellm; .*extra_body = \{ api_version"),
        ({"api_key_header": "api-key"}, "api_key_header: not accepted for kind litellm; LiteLLM knows"),
        ({"ca_bundle": Path("ca.pem")}, "ca_bundle: not accepted for kind litellm; .*SSL_CERT_FILE"),
        ({"client_certificate": Path("me.pem")}, "client_certificate: not accepted for kind litellm"),
        ({"verify": False}, "verify = false: not accepted for kind litellm"),
    ],
)
def test_what_litellm_cannot_do_is_refused_with_words(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=f"model m: {words}"):
        in_process(None, access=Access(base_url="http://127.0.0.1:9/v1", **settings))


@needs_litellm
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("model", "variable", "words"),
    [
        (
            "anthropic/claude-sonnet-4-5",
            "OPENAI_API_KEY",
            "belongs to api.openai.com or *.api.openai.com and would go to api.anthropic.com",
        ),
        ("openai/m", "ANTHROPIC_API_KEY", "belongs to anthropic.com and would go to api.openai.com"),
        ("nlp_cloud/m", "DEEPSEEK_API_KEY", "belongs to deepseek.com and would go to nlp_cloud.litellm"),
        ("deepseek/deepseek-chat", "DEEPSEEK_API_KEY", None),
        ("anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY", None),
        ("gemini/gemini-2.5-flash", "GEMINI_API_KEY", None),
    ],
)
def test_a_key_goes_to_its_own_provider_alone(model: str, variable: str, words: str | None) -> None:
    if words is None:
        in_process(None, model, key_variables=[variable])
        return
    with pytest.raises(EndpointError, match=words):
        in_process(None, model, key_variables=[variable])


@pytest.mark.parametrize(
    "name",
    [
        *("aws_bedrock_runtime_endpoint", "aws_sts_endpoint", "aws_web_identity_token", "aws_role_name", "hf_token"),
        *("aws_profile_name", "aws_access_key_id", "aws_session_token", "vertex_credentials", "watsonx_url", "proxies"),
        *("azure_ad_token_provider", "success_callback", "langfuse_host", "langfuse_secret", "ssl_certificate"),
    ],
)
def test_arguments_of_single_providers_cannot_send_a_request_elsewhere(name: str) -> None:
    assert decides_where(name, "x")


@pytest.mark.parametrize(
    "name",
    [
        *("max_tokens", "max_completion_tokens", "skip_special_tokens", "stop_token_ids", "return_token_ids", "top_k"),
        *(
            "aws_region_name",
            "vertex_project",
            "vertex_location",
            "api_version",
            "thinking",
            "logit_bias",
            "prompt_cache_key",
        ),
    ],
)
def test_what_a_provider_is_asked_for_is_sent(name: str) -> None:
    assert not decides_where(name, "x")
    assert decides_where(name, "os.environ/AWS_SECRET_ACCESS_KEY")


@needs_litellm
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["api_base", "base_url", "api_key", "fallbacks", "mock_response", "litellm_params"])
def test_a_body_cannot_send_a_request_elsewhere(name: str, server: FaultyServer) -> None:
    with pytest.raises(ConfigError, match=f"model m: extra_body: found '{name}'"):
        asyncio.run(in_process(server.base_url).ask({**BODY, name: "http://elsewhere.example"}))
    assert server.total == 0


@needs_litellm
@pytest.mark.filterwarnings("ignore")
def test_what_a_provider_refuses_is_sent_otherwise_in_process_too(server: FaultyServer) -> None:
    def reply(body: dict[str, Any]) -> tuple[int, str, bytes, dict[str, str]]:
        if "temperature" in body:
            words = "Unsupported value: 'temperature' does not support 0.0 with this model."
            return (
                400,
                "application/json",
                json.dumps({"error": {"message": words, "code": "unsupported"}}).encode(),
                {},
            )
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": TARGET}}
        made = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        return 200, "application/json", json.dumps(made).encode(), {}

    server.reply = reply
    endpoint = in_process(server.base_url)
    answer = asyncio.run(endpoint.ask({**BODY, "temperature": 0.0}))
    assert (answer.completion.text, answer.requests) == (TARGET, 2)
    assert endpoint.changes == ("without temperature",)


@needs_litellm
@pytest.mark.filterwarnings("ignore")
def test_attempts_and_patience_of_the_model_hold_in_process(tmp_path: Path, server: FaultyServer) -> None:
    fault = [f"[fault status-503] Repeat: {TARGET}"]
    settings = {"kind": "litellm", "model": "openai/m", "timeout_s": 60}
    project = Project(tmp_path, server.base_url, fault, TARGET, **settings, attempts=2, patience_s=0)
    code, output = project.run("--cassette-mode=record")
    assert code == 1
    assert "http_503" in output
    assert server.total == 2, output


KEY = f"sk-{uuid4().hex}"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, FaultyServer]]:
    """A real LiteLLM proxy in front of a faulty server; it takes a minute to start."""
    folder = tmp_path_factory.mktemp("gateway")
    with FaultyServer() as server, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        entry = {"model": "openai/m", "api_base": server.base_url, "api_key": "k"}
        models = [{"model_name": "m", "litellm_params": entry}]
        (folder / "litellm.yaml").write_text(json.dumps({"model_list": models}))  # JSON is YAML
        free.close()
        command = [sys.executable, "-c", "from litellm import run_server; run_server()", "--config", "litellm.yaml"]
        local = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": KEY, "NO_PROXY": "127.0.0.1"}
        with subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            env={**os.environ, **local},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                _wait_for(f"http://127.0.0.1:{port}/health/liveliness", process)
                yield f"http://127.0.0.1:{port}/v1", server
            finally:
                process.terminate()


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert process.poll() is None, "the gateway ended by itself"
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the gateway does not answer")


@needs_gateway
@pytest.mark.timeout(400)
@pytest.mark.parametrize("stream", [False, True])
def test_a_run_through_the_gateway(
    stream: bool, tmp_path: Path, gateway: tuple[str, FaultyServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_API_KEY", KEY)
    base_url, server = gateway
    before = server.total
    project = Project(
        tmp_path, base_url, PROMPTS, TARGET, stream=stream, timeout_s=60, model="m", api_key_env="GATEWAY_API_KEY"
    )
    started = time.monotonic()
    code, output = project.run("--cassette-mode=record")
    assert code == 0, output
    assert time.monotonic() - started < 60
    assert len(Cassette(project.cassette)) == len(PROMPTS)
    assert server.total - before == len(PROMPTS)


@needs_gateway
@pytest.mark.timeout(400)
def test_a_server_with_one_place_behind_the_gateway_does_not_stall(
    tmp_path: Path, gateway: tuple[str, FaultyServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_API_KEY", KEY)
    base_url, server = gateway
    before = server.total
    server.slots, server.delay_s = asyncio.Semaphore(1), 0.5
    project = Project(tmp_path, base_url, PROMPTS, TARGET, timeout_s=3, model="m", api_key_env="GATEWAY_API_KEY")
    try:
        code, output = project.run("--cassette-mode=record")
    finally:
        server.slots, server.delay_s = None, 0.0
    assert code == 0, output
    assert server.total - before == len(PROMPTS), "the gateway goes on with requests that were given up"


@needs_gateway
@pytest.mark.timeout(400)
def test_the_headers_of_the_recipe_free_the_place_of_a_request_that_was_given_up(
    gateway: tuple[str, FaultyServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    base_url, server = gateway
    before = server.total
    server.delay_s = 5
    headers = {**RECIPES["litellm"].settings["headers"], "x-litellm-timeout": "1"}
    monkeypatch.setenv("GATEWAY_API_KEY", KEY)
    access = Access(base_url=base_url, api_key_env="GATEWAY_API_KEY", headers=headers)
    endpoint = ChatEndpoint(access=access, timeout_s=20, model_label="m", retrying=Retrying(1))
    try:
        answer = asyncio.run(endpoint.ask({"model": "m", "messages": [{"role": "user", "content": "Repeat: A-1"}]}))
    finally:
        server.delay_s = 0.0
    assert answer.completion.unusable == "http_408"
    assert server.total - before == 1, "LiteLLM asks again by itself"
