"""Kind `callable`: a Python function in place of an endpoint, so that a whole application can be tested."""

import asyncio
import importlib
import inspect
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.endpoints.answer import Answer
from harness.endpoints.parse import parse
from harness.records.completion import Completion
from harness.records.errors import ConfigError
from harness.records.exchange import Exchange


class FunctionEndpoint:
    """Calls `package.module:function(body)`, which returns the answer as text (or is a coroutine that does).

    The body is that of a chat-completions request. An exception of the function is an unusable answer, as an
    endpoint's error is.
    """

    runtime: str | None = None

    def __init__(self, reference: str, root: Path, model_label: str) -> None:
        self._reference = reference
        self._function = _load(reference, root, model_label)

    async def ask(self, body: dict[str, Any]) -> Answer:
        """One answer of the function, kept in the form of a chat completion."""
        started = time.perf_counter()
        try:
            if inspect.iscoroutinefunction(self._function):
                text = await self._function(body)
            else:
                text = await asyncio.to_thread(self._function, body)
        except Exception as error:
            return Answer(Completion(unusable=f"function_raised_{type(error).__name__}"), None, 1)
        if not isinstance(text, str):
            raise ConfigError(f"{self._reference} returned {type(text).__name__}; accepted: str")
        latency = time.perf_counter() - started
        recorded_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        content = {
            "object": "chat.completion",
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        }
        try:
            encoded = json.dumps(content, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            return Answer(Completion(unusable="invalid_utf8"), None, 1)
        completion = parse(encoded, "application/json").model_copy(
            update={"latency_s": round(latency, 4), "recorded_at": recorded_at}
        )
        exchange = Exchange(
            uri=f"callable:{self._reference}",
            request_headers=(("content-type", "application/json"),),
            request_body=json.dumps(body, ensure_ascii=False).encode("utf-8"),
            status=200,
            response_headers=(("content-type", "application/json"),),
            response_body=encoded,
            latency_s=latency,
            first_token_s=None,
            recorded_at=recorded_at,
        )
        return Answer(completion, exchange, 1)

    async def aclose(self) -> None:
        """Nothing to close."""


def _load(reference: str, root: Path, model_label: str) -> Callable[[dict[str, Any]], Any]:
    module_name, separator, function_name = reference.partition(":")
    if not separator or not module_name or not function_name:
        raise ConfigError(f"model {model_label}: function: found {reference!r}; accepted: package.module:function")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"model {model_label}: function: {reference!r} cannot be imported: {error}") from error
    if not callable(function):
        raise ConfigError(f"model {model_label}: function: {reference!r} is not callable")
    result: Callable[[dict[str, Any]], Any] = function
    return result
