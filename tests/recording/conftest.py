"""Exchanges as an endpoint makes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.records.answer import Exchange

MakeExchange = Callable[..., Exchange]


@pytest.fixture
def exchange() -> MakeExchange:
    """Makes one; the prompt tells it from others, the rest may be replaced."""

    def make(prompt: str = "hello", answer: str = "ok", **changes: Any) -> Exchange:
        request = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
        response = {"model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": answer}}]}
        return Exchange(
            **{
                "uri": "http://127.0.0.1:8000/v1/chat/completions",
                "request_headers": (("content-type", "application/json"), ("authorization", "Bearer topsecretkey1")),
                "request_body": json.dumps(request, ensure_ascii=False).encode(),
                "status": 200,
                "response_headers": (("content-type", "application/json"), ("set-cookie", "session=topsecretkey1")),
                "response_body": json.dumps(response, ensure_ascii=False).encode(),
                "latency_s": 0.5,
                "first_token_s": None,
                "recorded_at": "2026-01-31T10:00:00Z",
                **changes,
            }
        )

    return make
