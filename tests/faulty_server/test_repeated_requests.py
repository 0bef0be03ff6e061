"""What goes out is what the openai client sends, whichever request of an endpoint it is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness import __version__
from harness.endpoints.access import Access
from harness.endpoints.chat import ChatEndpoint
from harness.endpoints.parse import Attempt
from harness.endpoints.transport import httpx2
from tests.faulty_server.server import FaultyServer


def body_of(prompt: str, **more: object) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": prompt}], **more}


BODIES = [
    body_of("Repeat: 水吧台/岛台区域 ‐ 🙂"),
    body_of("Repeat: x", tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]),
    body_of("Repeat: y", temperature=0.0, seed=7, top_p=1e-7, stream=False, max_tokens=20, stop=None),
    body_of('Repeat: "\\ \u2028 \x7f'),
]


def asked(server: FaultyServer, **access: Any) -> list[Attempt]:
    """What each body gets from one endpoint."""

    async def ask() -> list[Attempt]:
        endpoint = ChatEndpoint(access=Access(base_url=server.base_url, **access), timeout_s=20.0, model_label="m")
        try:
            return [await endpoint.attempt(body) for body in BODIES]
        finally:
            await endpoint.aclose()

    return asyncio.run(ask())


def asked_by_openai(server: FaultyServer, key: str, *, headers: dict[str, str], query: dict[str, str]) -> None:
    from openai import AsyncOpenAI

    async def ask() -> None:
        async with AsyncOpenAI(
            api_key=key, base_url=server.base_url, default_headers=headers, default_query=query, max_retries=0
        ) as client:
            for body in BODIES:
                await client.post("/chat/completions", body=body, cast_to=httpx2.Response)

    asyncio.run(ask())


_OF_A_CLIENT = ("user-agent", "accept-encoding", "host")
_KEY = "not-a-real-key-of-anybody"


def sent_to(server: FaultyServer) -> list[dict[str, str]]:
    return [
        {name: value for name, value in one.items() if name not in _OF_A_CLIENT and not name.startswith("x-stainless")}
        for one in server.headers
    ]


@pytest.mark.parametrize(
    "access",
    [
        {},
        {"headers": {"X-Own": "a b=c", "accept": "own"}, "query": {"api-version": "1 2"}},
        {"api_key_env": "A_KEY_FOR_THIS_TEST", "headers": {"authorization": "Basic eDp5"}},
        {"api_key_env": "A_KEY_FOR_THIS_TEST"},
    ],
)
def test_the_openai_client_sends_the_same(access: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY_FOR_THIS_TEST", _KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project")
    with FaultyServer() as ours, FaultyServer() as theirs:
        got = asked(ours, **access)
        key = _KEY if "api_key_env" in access else "not-needed"
        asked_by_openai(theirs, key, headers=access.get("headers", {}), query=access.get("query", {}))
        assert sent_to(ours) == sent_to(theirs)
        assert ours.bodies == theirs.bodies
        assert len(ours.bodies) == len(BODIES)
        assert all(one.exchange is not None for one in got)
        assert [one.exchange and one.exchange.request_body for one in got] == [
            httpx2.Request("POST", ours.base_url, json=body).content for body in BODIES
        ]


def test_a_key_in_a_header_of_its_own_goes_there_alone(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY_FOR_THIS_TEST", _KEY)
    asked(server, api_key_env="A_KEY_FOR_THIS_TEST", api_key_header="api-key")
    assert [(one.get("api-key"), one.get("authorization")) for one in server.headers] == [(_KEY, None)] * len(BODIES)


def test_an_endpoint_learns_who_asks(server: FaultyServer) -> None:
    asked(server)
    asked(server, headers={"user-agent": "own"})
    assert {one["user-agent"] for one in server.headers} == {f"pytest-verbatim/{__version__}", "own"}


def test_a_cookie_of_the_endpoint_goes_back_to_it(server: FaultyServer) -> None:
    """Those who share work among servers send one to keep a client at the same."""
    answer = b'{"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}'
    server.reply = lambda body: (200, "application/json", answer, {"Set-Cookie": "place=7"})
    asked(server)
    assert [one.get("cookie") for one in server.headers] == [None, "place=7", "place=7", "place=7"]
