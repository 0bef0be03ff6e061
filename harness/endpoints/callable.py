"""Answers without a network: kind `callable`, a Python function, so that a whole application can be tested, and kind
`outputs`, answers that are in a file already, one JSON object a line: `id`, `output`, optional `sample`."""

import asyncio
import contextlib
import importlib
import inspect
import json
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from harness.endpoints.pace import Pace
from harness.endpoints.parse import Answer, Attempt, in_process, parse
from harness.errors import ConfigError, EndpointError, found
from harness.files import json_lines, now
from harness.records.answer import Completion

NOT_RECORDED = "http_not_recorded"
"""An application asked for HTTP that its replay does not hold."""
_ALONE = threading.Lock()
_LOOK_EVERY_S = 0.005


class RecordedHttp(Protocol):
    """The HTTP of one call, as `harness.recording.application` records and replays it."""

    keep: bool
    recorded_at: str | None
    missed: list[str]
    lost: list[str]


class FunctionEndpoint:
    """Calls `package.module:function(body)`, which returns the answer as text (or is a coroutine that does).

    The body is that of a chat-completions request. An exception of the function is an unusable answer, as an
    endpoint's error is; so is an answer that takes longer than `timeout_s`.

    Args:
        http: a context in which all HTTP is recorded or replayed; given, calls are made one at a time in the process.
    """

    runtime: str | None = None

    def __init__(
        self,
        reference: str,
        root: Path,
        model_label: str,
        *,
        timeout_s: float = 120.0,
        http: Callable[[], AbstractContextManager[RecordedHttp]] | None = None,
    ) -> None:
        self._reference = reference
        self._model_label = model_label
        self._http = http
        self._timeout_s = timeout_s
        self._function = _load(reference, root, model_label)

    async def ask(self, body: dict[str, Any], pace: Pace | None = None) -> Answer:
        """One answer of the function, kept in the form of a chat completion."""
        pace = pace or Pace()
        turn = await pace.enter(body)
        attempt: Attempt | None = None
        try:
            attempt = await (self._attempt(body) if self._http is None else self._with_http(body, self._http))
        finally:
            pace.leave(turn, attempt)
        return Answer(attempt.completion, attempt.exchange, 1, attempt.said)

    async def _with_http(
        self, body: dict[str, Any], opened: Callable[[], AbstractContextManager[RecordedHttp]]
    ) -> Attempt:
        async with _alone():
            with opened() as http:
                attempt = await self._attempt(body)
                http.keep = attempt.exchange is not None and not http.lost
        if http.lost:
            raise EndpointError(
                f"model {self._model_label}: {self._reference} opened a connection to {http.lost[0]} that cannot be "
                "recorded: it is not HTTP, or requests or urllib is used in several threads there. Name the host in "
                "allow_hosts, or ask in one thread, or with httpx"
            )
        if http.missed:
            said = f"{self._reference} asked for {http.missed[0]}, which is not recorded"
            return Attempt(Completion(unusable=NOT_RECORDED), said=said)
        if attempt.completion.unusable == "timeout" and not inspect.iscoroutinefunction(self._function):
            raise EndpointError(
                f"model {self._model_label}: {self._reference} did not end within {self._timeout_s:g} s and "
                "still runs; its HTTP would be taken for that of the next case. Raise timeout_s, or set "
                "record_http = false"
            )
        if http.recorded_at is not None:
            # what an application makes today of old HTTP is an old answer
            completion = attempt.completion.model_copy(update={"recorded_at": http.recorded_at})
            return Attempt(completion, attempt.exchange)
        return attempt

    async def _attempt(self, body: dict[str, Any]) -> Attempt:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout_s):
                if inspect.iscoroutinefunction(self._function):
                    text = await self._function(body)
                else:
                    text = await _in_thread(self._function, body)
        except TimeoutError:
            return Attempt(Completion(unusable="timeout"))
        except (Exception, SystemExit) as error:  # what a function ends is itself, not the run
            return Attempt(Completion(unusable=f"function_raised_{type(error).__name__}"))
        if not isinstance(text, str):
            raise ConfigError(f"{self._reference} returned {type(text).__name__}; accepted: str")
        latency = time.perf_counter() - started
        recorded_at = now()
        content = {
            "object": "chat.completion",
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        }
        try:
            encoded = json.dumps(content, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            return Attempt(Completion(unusable="invalid_unicode"))
        completion = parse(encoded, "application/json").model_copy(
            update={"latency_s": round(latency, 4), "recorded_at": recorded_at}
        )
        exchange = in_process(f"callable:{self._reference}", body, encoded, latency_s=latency, recorded_at=recorded_at)
        return Attempt(completion, exchange)

    async def aclose(self) -> None:
        """Nothing to close."""


@asynccontextmanager
async def _alone() -> AsyncIterator[None]:
    """One call at a time in this process, whatever its thread and loop."""
    while not _ALONE.acquire(blocking=False):
        await asyncio.sleep(_LOOK_EVERY_S)
    try:
        yield
    finally:
        _ALONE.release()


async def _in_thread(function: Callable[[dict[str, Any]], Any], body: dict[str, Any]) -> Any:
    """Like `asyncio.to_thread`, but nothing waits at the end of the run for a function that hangs."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def call() -> None:
        result: Any = None
        failure: BaseException | None = None
        try:
            result = function(body)
        except (Exception, SystemExit) as error:
            # a future takes no StopIteration
            failure = RuntimeError("StopIteration") if isinstance(error, StopIteration) else error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=call, name="harness-function", daemon=True).start()
    return await future


def _load(reference: str, root: Path, model_label: str) -> Callable[[dict[str, Any]], Any]:
    module_name, separator, function_name = reference.partition(":")
    if not separator or not module_name or not function_name:
        raise ConfigError(f"model {model_label}: function: found {reference!r}; accepted: package.module:function")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except (Exception, SystemExit) as error:
        what = "" if isinstance(error, ImportError | AttributeError) else f"{type(error).__name__}: "
        raise ConfigError(f"model {model_label}: function: {reference!r} cannot be imported: {what}{error}") from error
    if not callable(function):
        raise ConfigError(f"model {model_label}: function: {reference!r} is not callable")
    result: Callable[[dict[str, Any]], Any] = function
    return result


_ACCEPTED = 'accepted: {"id": "suite/case" or "case", "output": text, "sample"?: whole number}'
_LINE_LIMIT = 32_000_000
"""Bytes: an endpoint may not answer more either."""


class OutputsFile:
    """Answers by case. An `id` without a suite's name serves the case of that id in any suite."""

    def __init__(self, path: Path, model_label: str) -> None:
        self.path = path
        self._answers: dict[tuple[str, int], str] = {}
        hint = f"outputs of model {model_label}; {_ACCEPTED}"
        for number, value in json_lines(path, ConfigError, limit=_LINE_LIMIT, hint=hint):
            self._add(value, f"{path}:{number}")

    def _add(self, value: Any, place: str) -> None:
        if not isinstance(value, dict) or not isinstance(value.get("id"), str):
            raise ConfigError(f"{place}: found {found(value)}; {_ACCEPTED}")
        sample = value.get("sample", 0)
        if not isinstance(value.get("output"), str) or not isinstance(sample, int):
            raise ConfigError(f"{place}: found {found(value)}; {_ACCEPTED}")
        if (value["id"], sample) in self._answers:
            raise ConfigError(f"{place}: id {found(value['id'])}, sample {sample} is in the file twice; keep one")
        self._answers[value["id"], sample] = value["output"]

    def get(self, suite: str, case: str, sample: int) -> Completion | None:
        """The answer to a case, or None."""
        for name in (f"{suite}/{case}", case):
            text = self._answers.get((name, sample))
            if text is not None:
                return Completion(text=text, finish_reason="stop")
        return None
