"""Asking for many answers, with an endpoint of Python in the place of a server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from harness.endpoints.pace import Pace
from harness.endpoints.parse import Answer
from harness.errors import CassetteError, EndpointError, HarnessError
from harness.records.answer import Completion
from harness.runs.fetching import Fetcher, FetchJob, FetchStoppedError
from tests.factory import exchange

EXCHANGE = exchange()


class PythonEndpoint:
    """Answers with what `answer` makes of the number in the body."""

    runtime: str | None = None

    def __init__(self, answer: Callable[[int], Answer]) -> None:
        self.answer = answer
        self.asked: list[int] = []
        self.delay_s = 0.0

    async def ask(self, body: dict[str, Any], pace: Pace | None = None) -> Answer:
        assert pace is not None
        turn = await pace.enter(body)
        self.asked.append(body["n"])
        try:
            await asyncio.sleep(self.delay_s if body["n"] else 0)
            return self.answer(body["n"])
        finally:
            pace.leave(turn, None)

    async def aclose(self) -> None:
        pass


def good(number: int) -> Answer:
    return Answer(Completion(text=str(number)), EXCHANGE, 1)


def keep(job: FetchJob, answer: Answer) -> Completion:
    return answer.completion


def jobs(count: int) -> list[FetchJob]:
    return [FetchJob(f"k{n}", "s", 0, {"n": n}) for n in range(count)]


def fetched(endpoint: PythonEndpoint, count: int, keeping: Any = keep, **limits: Any) -> list[Any]:
    fetcher = Fetcher(endpoint, jobs(count), keeping, pace=Pace(**limits))
    fetcher.start()
    got = []
    for n in range(count):
        error = fetcher.future(("s", f"k{n}")).exception(30)
        got.append(error or fetcher.future(("s", f"k{n}")).result())
    fetcher.stop()
    return got


def test_every_job_gets_its_own_answer() -> None:
    got = fetched(PythonEndpoint(good), 50, max_concurrency=8)
    assert [completion.text for completion in got] == [str(n) for n in range(50)]


def test_the_first_request_goes_alone_and_its_refusal_ends_all() -> None:
    def refuse(number: int) -> Answer:
        raise EndpointError("refused")

    endpoint = PythonEndpoint(refuse)
    got = fetched(endpoint, 20, max_concurrency=8)
    assert {str(error) for error in got} == {"refused"}
    assert endpoint.asked == [0]


def test_a_full_disk_ends_the_asking_with_its_own_words() -> None:
    def full(job: FetchJob, answer: Answer) -> Completion:
        if job.body["n"] == 3:
            raise CassetteError("cannot be written: No space left on device")
        return answer.completion

    got = fetched(PythonEndpoint(good), 20, full, max_concurrency=1)
    assert [completion.text for completion in got[:3]] == ["0", "1", "2"]
    assert {str(error) for error in got[3:]} == {"cannot be written: No space left on device"}


def test_what_is_in_flight_when_another_request_is_refused_is_kept() -> None:
    def refuse_ten(number: int) -> Answer:
        if number == 10:
            raise EndpointError("refused")
        return good(number)

    endpoint = PythonEndpoint(refuse_ten)
    kept: list[int] = []

    def keeping(job: FetchJob, answer: Answer) -> Completion:
        kept.append(job.body["n"])
        return answer.completion

    endpoint.delay_s = 0.1
    fetched(endpoint, 40, keeping, max_concurrency=4)
    assert set(kept) >= set(range(10))
    assert set(endpoint.asked) - set(kept) == {10}


def test_a_fault_of_ours_is_told_and_hangs_nobody() -> None:
    def broken(number: int) -> Answer:
        if number < 3:
            return good(number)
        raise ZeroDivisionError("sk-secret")

    got = fetched(PythonEndpoint(broken), 9, max_concurrency=2)
    assert all(isinstance(error, HarnessError) for error in got[3:])
    assert "ZeroDivisionError" in str(got[3])
    assert "sk-secret" not in str(got[3])


def test_stopping_keeps_what_came_and_ends_the_rest() -> None:
    endpoint = PythonEndpoint(good)
    endpoint.delay_s = 0.05
    fetcher = Fetcher(endpoint, jobs(1000), keep, pace=Pace(max_concurrency=2))
    fetcher.start()
    assert fetcher.future(("s", "k0")).result(10).text == "0"
    fetcher.stop()
    errors = [fetcher.future(("s", f"k{n}")).exception(0) for n in range(1000)]
    assert errors[0] is None
    assert isinstance(errors[-1], FetchStoppedError)
    assert not any(thread.name == "harness-fetch" for thread in threading.enumerate())


@pytest.mark.parametrize("concurrency", [1, 4, 20])
def test_the_circuit_opens_after_failures_in_a_row_and_nothing_else(concurrency: int) -> None:
    def fails_often(number: int) -> Answer:
        return good(number) if number % 5 == 0 else Answer(Completion(unusable="http_500"), None, 1)

    got = fetched(PythonEndpoint(fails_often), 200, max_concurrency=concurrency)
    assert all(isinstance(completion, Completion) for completion in got), "one answer in five keeps it closed"

    def fails(number: int) -> Answer:
        return good(number) if number < 5 else Answer(Completion(unusable="http_500"), None, 1, "overloaded")

    endpoint = PythonEndpoint(fails)
    got = fetched(endpoint, 200, max_concurrency=concurrency)
    assert isinstance(got[-1], EndpointError)
    assert "(http_500 " in str(got[-1])
    assert "the endpoint says: overloaded" in str(got[-1])
    assert len(endpoint.asked) <= 5 + max(10, 2 * concurrency) + concurrency
