"""The openai client builds one request, and it is sent again with other bodies: what both ways send and meet is one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.endpoints.access import Access
from harness.endpoints.chat import ChatEndpoint
from harness.endpoints.parse import Attempt
from harness.endpoints.transport import RequestForm, httpx2
from tests.faulty_server import faults
from tests.faulty_server.conftest import TARGET
from tests.faulty_server.server import FaultyServer
from tests.faulty_server.test_fault_table import SILENT

pytestmark = pytest.mark.skipif(httpx2.__name__ != "httpx2", reason="with openai 2 its client builds each request")


def body_of(prompt: str, **more: object) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": prompt}], **more}


def asked(
    server: FaultyServer, bodies: list[dict[str, Any]], *, through_client: bool, timeout_s: float = 20.0, **access: Any
) -> list[Attempt | str]:
    """What each body gets from one endpoint; an error as its words."""

    async def ask() -> list[Attempt | str]:
        endpoint = ChatEndpoint(access=Access(base_url=server.base_url, **access), timeout_s=timeout_s, model_label="m")
        got: list[Attempt | str] = []
        try:
            for body in bodies:
                if through_client:
                    endpoint._form = None
                try:
                    got.append(await endpoint.attempt(body))
                except Exception as error:
                    got.append(f"{type(error).__name__}: {error}")
        finally:
            await endpoint.aclose()
        return got

    return asyncio.run(ask())


def without_times(got: Attempt | str) -> Attempt | str:
    if isinstance(got, str):
        return re.sub(r"until \S+ \S+ UTC", "until T UTC", got)
    none: dict[str, Any] = {"latency_s": None, "first_token_s": None, "recorded_at": None}
    exchange = got.exchange
    if exchange is not None:
        exchange = replace(exchange, latency_s=0.0, first_token_s=None, recorded_at="")
    after = got.retry_after_s and round(got.retry_after_s, -1)  # of a date, which is counted from now
    return replace(got, completion=got.completion.model_copy(update=none), exchange=exchange, retry_after_s=after)


@pytest.mark.parametrize("fault", sorted({*faults.WRONG, *faults.ODD}))
def test_each_fault_is_met_alike(fault: str) -> None:
    bodies = [body_of(prompt) for prompt in (f"Repeat: {TARGET}", f"[fault {fault}] Repeat: {TARGET}")]
    timeout_s = 0.5 if fault in SILENT else 20.0
    got = []
    for through_client in (True, False):
        with FaultyServer() as server:
            met = asked(server, bodies, through_client=through_client, timeout_s=timeout_s)
            assert server.total == 2
            got.append([without_port(without_times(one), server) for one in met])
    assert got[0] == got[1]


def without_port(value: object, server: FaultyServer) -> str:
    """Each server has another address."""
    return repr(value).replace(str(server.port), "PORT")


BODIES = [
    body_of("Repeat: 水吧台/岛台区域 ‐ 🙂"),
    body_of("Repeat: x", tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]),
    body_of("Repeat: y", temperature=0.0, seed=7, top_p=1e-7, stream=False, max_tokens=20, stop=None),
    body_of('Repeat: "\\ \u2028 \x7f'),
]


@pytest.mark.parametrize(
    "access",
    [
        {},
        {"headers": {"X-Own": "Ä".encode().decode("latin-1"), "user-agent": "own"}, "query": {"api-version": "1 2"}},
        {"api_key_env": "A_KEY_FOR_THIS_TEST", "api_key_header": "api-key"},
        {"api_key_env": "A_KEY_FOR_THIS_TEST"},
    ],
)
def test_the_same_bytes_go_out(access: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY_FOR_THIS_TEST", "not-a-real-key-of-anybody")
    monkeypatch.setenv("OPENAI_ORG_ID", "org")
    sent: list[list[Any]] = []
    for through_client in (True, False):
        with FaultyServer() as server:
            asked(server, BODIES, through_client=through_client, **access)
            sent.append([without_port(list(one.items()), server) for one in server.headers] + server.bodies)
    assert sent[0] == sent[1]


def test_the_client_builds_the_first_request_and_no_other(
    server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import openai

    built: list[str] = []
    post: Callable[..., Any] = openai.AsyncOpenAI.post

    def counted(self: Any, *given: Any, **named: Any) -> Any:
        built.append(given[0])
        return post(self, *given, **named)

    monkeypatch.setattr(openai.AsyncOpenAI, "post", counted)
    got = asked(server, BODIES, through_client=False)
    assert all(isinstance(one, Attempt) and one.exchange is not None for one in got)
    assert built == ["/chat/completions"]
    assert [one.exchange.request_body for one in got] == [  # type: ignore[union-attr]
        httpx2.Request("POST", server.base_url, json=body).content for body in BODIES
    ]


def test_a_cookie_of_the_endpoint_goes_back_to_it(server: FaultyServer) -> None:
    """Those who share work among servers send one to keep a client at the same."""
    answer = b'{"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}'
    server.reply = lambda body: (200, "application/json", answer, {"Set-Cookie": "place=7"})
    asked(server, BODIES, through_client=False)
    assert [one.get("cookie") for one in server.headers] == [None, "place=7", "place=7", "place=7"]


def test_a_client_that_writes_otherwise_goes_on_building_its_requests() -> None:
    body = body_of("x")
    numbered = {"Idempotency-Key": "1"}
    assert RequestForm.of(httpx2.Request("POST", "http://a/", json=body), body) is not None
    assert RequestForm.of(httpx2.Request("POST", "http://a/", json={**body, "n": 1}), body) is None
    assert RequestForm.of(httpx2.Request("POST", "http://a/", json=body, headers=numbered), body) is None
    assert RequestForm.of(None, body) is None
