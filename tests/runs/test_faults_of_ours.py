"""A fault in the thread that asks is reported as what it is, ends the asking, and hangs nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from harness.endpoints.pace import Pace
from harness.endpoints.parse import Answer
from harness.errors import HarnessError
from harness.records.answer import Completion
from harness.runs.fetching import Fetcher, FetchJob
from tests.factory import exchange

EXCHANGE = exchange()


class Endpoint:
    """Answers all; `fault` may raise in the place of the answer to a number."""

    runtime: str | None = None

    def __init__(self, fault: Callable[[int], None], fault_of_closing: Callable[[], None] = lambda: None) -> None:
        self.fault = fault
        self.fault_of_closing = fault_of_closing

    async def ask(self, body: dict[str, Any], pace: Pace | None = None) -> Answer:
        await asyncio.sleep(0)
        self.fault(body["n"])
        return Answer(Completion(text=str(body["n"])), EXCHANGE, 1)

    async def aclose(self) -> None:
        self.fault_of_closing()


def raising(error: BaseException, at: int) -> Callable[[int], None]:
    def fault(number: int) -> None:
        if number >= at:
            raise error

    return fault


def fetched(endpoint: Endpoint, keep: Callable[[FetchJob, Answer], Completion], *, concurrency: int) -> list[Any]:
    jobs = [FetchJob(f"k{n}", "s", 0, {"n": n}) for n in range(12)]
    fetcher = Fetcher(endpoint, jobs, keep, pace=Pace(max_concurrency=concurrency))
    fetcher.start()
    got = [fetcher.future(job.place).exception(30) or fetcher.future(job.place).result() for job in jobs]
    fetcher.stop()
    return got


def keep(job: FetchJob, answer: Answer) -> Completion:
    return answer.completion


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("at", [0, 5])
@pytest.mark.parametrize(
    "error", [KeyError("k"), MemoryError(), RecursionError(), UnicodeError("u"), OSError(28, "No space left")], ids=repr
)
def test_whatever_is_raised_is_named_to_all_who_wait(error: Exception, at: int, concurrency: int) -> None:
    got = fetched(Endpoint(raising(error, at)), keep, concurrency=concurrency)
    assert all(isinstance(one, Completion) for one in got[: max(0, at - concurrency)])
    told = [str(one) for one in got if not isinstance(one, Completion)]
    assert told
    assert all(type(error).__name__ in words and "please report it" in words for words in told), told
    assert not any("stopped" in words for words in told)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_fault_in_keeping_an_answer_is_named_too(concurrency: int) -> None:
    def broken(job: FetchJob, answer: Answer) -> Completion:
        if job.body["n"] == 3:
            raise TypeError("no such thing")
        return answer.completion

    got = fetched(Endpoint(lambda number: None), broken, concurrency=concurrency)
    assert isinstance(got[3], HarnessError)
    assert "TypeError" in str(got[3])
    assert "stopped" not in str(got[-1])


def test_a_fault_at_the_end_spoils_no_answer() -> None:
    def closing() -> None:
        raise ConnectionError("closed already")

    got = fetched(Endpoint(lambda number: None, closing), keep, concurrency=2)
    assert [one.text for one in got] == [str(n) for n in range(12)]
