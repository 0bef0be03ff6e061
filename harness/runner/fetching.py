"""Asking an endpoint for all missing answers at once, in a thread of its own, while tests run.

The first request goes alone: a wrong key or model name costs one request, not one for each case.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from harness.endpoints.answer import Answer
from harness.records.completion import Completion
from harness.records.errors import HarnessError


class Endpoint(Protocol):
    """Anything that answers a chat-completions body."""

    runtime: str | None

    async def ask(self, body: dict[str, Any]) -> Answer:
        """One answer; raises `EndpointError` if asking on is useless."""

    async def aclose(self) -> None:
        """Release connections."""


@dataclass(frozen=True, slots=True)
class Job:
    """One request to make: its key, its body, its sample number, and the suite whose cassette it belongs to."""

    key: str
    suite: str
    sample: int
    body: dict[str, Any]

    @property
    def place(self) -> tuple[str, str]:
        """Suite and key: two suites may ask the same thing, and each keeps its own answer."""
        return (self.suite, self.key)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the fetching is. `failed` counts requests that ended without a usable exchange."""

    done: int
    total: int
    failed: int


class FetchStoppedError(HarnessError):
    """The session ended before this answer came."""


class Fetcher:
    """Asks for all jobs, at most `max_concurrency` at a time and at most `budget` in all.

    Args:
        keep: called in the fetching thread with each answer, before anybody can read it; it records.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        jobs: Sequence[Job],
        keep: Callable[[Job, Answer], None],
        *,
        max_concurrency: int,
        budget: int | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._jobs = list(jobs)
        self._keep = keep
        self._max_concurrency = max_concurrency
        self._budget = budget
        self._futures: dict[tuple[str, str], Future[Completion]] = {job.place: Future() for job in self._jobs}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._stopping = threading.Event()
        self._done = self._failed = self.requests = 0
        self.fatal: HarnessError | None = None
        self._thread = threading.Thread(target=self._run, name="harness-fetch", daemon=True)

    def start(self) -> None:
        """Begin asking."""
        self._thread.start()

    def __contains__(self, place: tuple[str, str]) -> bool:
        return place in self._futures

    def future(self, place: tuple[str, str]) -> Future[Completion]:
        """The answer to come, by suite and key. Its exception is a `HarnessError`."""
        return self._futures[place]

    @property
    def progress(self) -> Progress:
        """A snapshot."""
        return Progress(self._done, len(self._jobs), self._failed)

    def stop(self) -> None:
        """Cancel what is in flight and wait for the thread; answers that came are kept."""
        self._stopping.set()
        loop, main = self._loop, self._main
        if loop is not None and main is not None and self._thread.is_alive():
            with _LoopMayBeClosed():
                loop.call_soon_threadsafe(main.cancel)
        self.join()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; True if it has come."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._ask_all())
        except asyncio.CancelledError:
            pass
        except HarnessError as error:
            self.fatal = error
        finally:
            reason = self.fatal or FetchStoppedError("the run was stopped before this answer came")
            for future in self._futures.values():
                if not future.done():
                    future.set_exception(reason)

    async def _ask_all(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        try:
            if self._stopping.is_set() or not self._jobs:
                return
            await self._ask(self._jobs[0])
            pending = iter(self._jobs[1:])

            async def work() -> None:
                # one worker pulls from the shared iterator until it is empty, so memory stays flat
                for job in pending:
                    await self._ask(job)

            workers = min(self._max_concurrency, max(len(self._jobs) - 1, 1))
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(work())
        except* HarnessError as errors:
            raise _first(errors) from None
        finally:
            await asyncio.shield(self._endpoint.aclose())

    async def _ask(self, job: Job) -> None:
        if self._budget is not None and self.requests >= self._budget:
            self._futures[job.place].set_exception(
                FetchStoppedError(f"--request-budget: {self._budget} requests are spent; answers so far are kept")
            )
            return
        self.requests += 1
        answer = await self._endpoint.ask(job.body)
        self.requests += answer.requests - 1
        self._keep(job, answer)
        self._done += 1
        self._failed += answer.exchange is None
        self._futures[job.place].set_result(answer.completion)


def _first(errors: BaseExceptionGroup[HarnessError]) -> HarnessError:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, HarnessError)
    return error


class _LoopMayBeClosed:
    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is RuntimeError
