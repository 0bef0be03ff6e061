"""A proxy before an upstream, and the real openai client before both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.proxy.upstream import Answering, RunningProxy, Upstream

Started = tuple[RunningProxy, Upstream, openai.OpenAI]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    with ExitStack() as stack:

        def begin(answer: Answering, **settings: Any) -> Started:
            upstream = stack.enter_context(Upstream(answer))
            proxy = stack.enter_context(
                RunningProxy(settings.pop("upstream", upstream.base_url), tmp_path / "rows.jsonl", **settings)
            )
            client = openai.OpenAI(base_url=proxy.base_url, api_key="sk-clientskey0123456789", max_retries=0)
            stack.enter_context(client)
            return proxy, upstream, client

        yield begin
