"""Asking for many answers, with an endpoint of Python in the place of a server."""

from __future__ import annotations

import asyncio
import gc
import shutil
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from harness.endpoints.pace import Pace
from harness.endpoints.parse import Answer
from harness.errors import CassetteError, EndpointError, HarnessError
from harness.records.answer import Completion
from harness.runs.fetching import AnswerFollower, AnswerSender, Broadcast, Fetcher, FetchJob, FetchStoppedError
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


def test_a_future_is_made_for_those_that_wait_and_no_others() -> None:
    before = futures()
    fetcher = Fetcher(PythonEndpoint(good), jobs(100), keep, pace=Pace(max_concurrency=8))
    waiting = fetcher.future(("s", "k7"))
    assert fetcher.future(("s", "k7")) is waiting
    assert not fetcher.has_answer(("s", "k7"))
    fetcher.start()
    assert fetcher.join(30)
    assert len(futures() - before) == 1
    assert waiting.result(0).text == "7"
    assert all(fetcher.has_answer(("s", f"k{n}")) for n in range(100))
    assert fetcher.future(("s", "k50")).result(0).text == "50"
    fetcher.taken(("s", "k50"))
    assert ("s", "k50") not in fetcher
    assert fetcher.was_asked(("s", "k50"))
    assert not fetcher.was_asked(("other", "k50"))


def futures() -> set[Future[Any]]:
    """All that there are; kept, so that one of another test that goes meanwhile is not counted as less."""
    gc.collect()
    return {one for one in gc.get_objects() if isinstance(one, Future)}


def test_an_asking_that_ends_without_an_answer_says_so_to_those_that_wait_and_to_those_that_come_later() -> None:
    def refused(number: int) -> Answer:
        raise EndpointError("no such model")

    fetcher = Fetcher(PythonEndpoint(refused), jobs(3), keep, pace=Pace(max_concurrency=1))
    waiting = fetcher.future(("s", "k2"))
    fetcher.start()
    assert fetcher.join(30)
    assert str(waiting.exception(0)) == "no such model"
    assert str(fetcher.future(("s", "k1")).exception(0)) == "no such model"
    assert not fetcher.has_answer(("s", "k2"))
    assert not fetcher.has_answer(("s", "k1"))


def test_a_request_that_was_asked_is_let_go() -> None:
    class Body(dict[str, Any]):
        """One that can be watched."""

    bodies = [Body(n=number) for number in range(20)]
    watched = [weakref.ref(body) for body in bodies]
    fetcher = Fetcher(
        PythonEndpoint(good), [FetchJob(f"k{body['n']}", "s", 0, body) for body in bodies], keep, pace=Pace()
    )
    bodies.clear()
    fetcher.start()
    assert fetcher.join(30)
    assert (fetcher.progress.done, fetcher.progress.total) == (20, 20)
    gc.collect()
    assert [body() for body in watched if body() is not None] == []


def test_of_an_answer_that_was_taken_neither_request_nor_key_is_left() -> None:
    class Key(str):
        """One that can be watched."""

    key = Key("k0")
    watched = weakref.ref(key)
    fetcher = Fetcher(PythonEndpoint(good), [FetchJob(key, "s", 0, {"n": 0})], keep, pace=Pace())
    fetcher.start()
    assert fetcher.join(30)
    fetcher.taken(("s", "k0"))
    del key
    gc.collect()
    assert watched() is None
    assert fetcher.was_asked(("s", "k0"))
    assert ("s", "k0") not in fetcher


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


def test_a_stop_before_the_asking_has_begun_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = asyncio.run

    def late(coroutine: Any) -> None:
        time.sleep(0.2)
        begin(coroutine)

    monkeypatch.setattr(asyncio, "run", late)
    endpoint = PythonEndpoint(good)
    fetcher = Fetcher(endpoint, jobs(100), keep, pace=Pace(max_concurrency=2))
    fetcher.start()
    fetcher.stop()
    assert endpoint.asked == []
    assert all(isinstance(fetcher.future(("s", f"k{n}")).exception(0), FetchStoppedError) for n in range(100))


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


# One worker asks, others follow its file.

PLACE = ("m@v1", "s", "k")


def test_a_follower_whose_run_has_ended_waits_no_longer(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "answers.jsonl").write_text('{"alive": true}\n', encoding="utf-8")
    threading.Timer(0.1, shutil.rmtree, [folder]).start()
    began = time.monotonic()
    with pytest.raises(EndpointError, match="the run was stopped"):
        AnswerFollower(folder / "answers.jsonl").wait(("m@1", "s", "k"), silence_s=20)
    assert time.monotonic() - began < 10


def test_a_follower_hears_an_answer_and_then_the_end(tmp_path: Path) -> None:
    broadcast = Broadcast(tmp_path / "answers")
    teller = AnswerSender(broadcast, "m@v1")
    teller(FetchJob("k", "s", 0, {}), Completion(text="a\u2028b\nc"))
    listener = AnswerFollower(tmp_path / "answers")
    assert listener.wait(PLACE).text == "a\u2028b\nc"
    teller.ended("the key is refused")
    teller.ended(None)
    with pytest.raises(EndpointError, match="the key is refused"):
        listener.wait(("m@v1", "s", "other"))
    broadcast.close()


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / "answers"
    line = b'{"place": ["m@v1", "s", "k"], "completion": {"text": "a"}}\n'
    path.write_bytes(line[:20])
    listener = AnswerFollower(path)
    with pytest.raises(HarnessError, match=r"has been silent for 0\.1 s"):
        listener.wait(PLACE, silence_s=0.1)
    path.write_bytes(line)
    assert listener.wait(PLACE).text == "a"


def test_a_slow_endpoint_is_told_from_a_dead_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.runs.fetching._ALIVE_EVERY_S", 0.05)
    broadcast = Broadcast(tmp_path / "answers")
    listener = AnswerFollower(tmp_path / "answers")
    started = time.monotonic()
    _end_later(broadcast, 2.5)
    # signs of life keep the follower waiting for longer than its patience with silence
    with pytest.raises(EndpointError):
        listener.wait(PLACE, silence_s=1.5)
    assert time.monotonic() - started > 2
    broadcast.close()
    with pytest.raises(HarnessError, match=r"seems dead; what it recorded is kept"):
        AnswerFollower(tmp_path / "answers").wait(("other@v1", "s", "k"), silence_s=0.2)


def test_a_worker_that_seems_dead_is_waited_for_once(tmp_path: Path) -> None:
    listener = AnswerFollower(tmp_path / "answers")
    started = time.monotonic()
    for number in range(500):
        with pytest.raises(EndpointError, match="seems dead"):
            listener.wait(("m@v1", "s", str(number)), silence_s=0.5)
    assert time.monotonic() - started < 60, "250 s if each were waited for"


def test_a_death_that_is_known_is_not_waited_for_and_what_was_passed_on_is_read(tmp_path: Path) -> None:
    path, died = tmp_path / "answers", tmp_path / "died"
    path.write_bytes(b'{"place": ["m@v1", "s", "k"], "completion": {"text": "a"}}\n{"place": ["m@v1"')
    died.touch()
    listener = AnswerFollower(path, died)
    assert listener.wait(PLACE).text == "a"
    started = time.monotonic()
    with pytest.raises(EndpointError, match="the worker that asks has died"):
        listener.wait(("m@v1", "s", "other"))
    assert time.monotonic() - started < 60


def _end_later(broadcast: Broadcast, seconds: float) -> None:
    import threading

    threading.Timer(seconds, lambda: broadcast.end("m@v1", None)).start()


# A fault in the thread that asks is reported as what it is, ends the asking, and hangs nobody.


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


def fetched_with_a_fault(
    endpoint: Endpoint, keep: Callable[[FetchJob, Answer], Completion], *, concurrency: int
) -> list[Any]:
    jobs = [FetchJob(f"k{n}", "s", 0, {"n": n}) for n in range(12)]
    fetcher = Fetcher(endpoint, jobs, keep, pace=Pace(max_concurrency=concurrency))
    fetcher.start()
    got = [fetcher.future(job.place).exception(30) or fetcher.future(job.place).result() for job in jobs]
    fetcher.stop()
    return got


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("at", [0, 5])
@pytest.mark.parametrize(
    "error", [KeyError("k"), MemoryError(), RecursionError(), UnicodeError("u"), OSError(28, "No space left")], ids=repr
)
def test_whatever_is_raised_is_named_to_all_who_wait(error: Exception, at: int, concurrency: int) -> None:
    got = fetched_with_a_fault(Endpoint(raising(error, at)), keep, concurrency=concurrency)
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

    got = fetched_with_a_fault(Endpoint(lambda number: None), broken, concurrency=concurrency)
    assert isinstance(got[3], HarnessError)
    assert "TypeError" in str(got[3])
    assert "stopped" not in str(got[-1])


def test_a_fault_at_the_end_spoils_no_answer() -> None:
    def closing() -> None:
        raise ConnectionError("closed already")

    got = fetched_with_a_fault(Endpoint(lambda number: None, closing), keep, concurrency=2)
    assert [one.text for one in got] == [str(n) for n in range(12)]


# `--max-cost` bounds a hunt and the cases of the same run together.

ROOT = Path(__file__).parents[2]
APPLICATION = """
from pathlib import Path

def answer(body):
    with open("asked.txt", "a") as file:
        file.write("x")
    return "no idea"
"""
REQUEST_COSTS = 50 * 10_000 / 1e6
"""At most: `max_tokens` at the price of an output token; a function reports no usage, so it counts at its most."""


@pytest.mark.parametrize("requests", [3, 20])
def test_a_hunt_draws_from_the_purse_of_the_run(requests: int, pytester: pytest.Pytester) -> None:
    suite = pytester.path / "suites" / "adversarial"
    suite.mkdir(parents=True)
    for name in ("test_hunt.py", "conftest.py"):
        shutil.copy(ROOT / "suites" / "adversarial" / name, suite / name)
    (suite / "suite.toml").write_text('title = "Adversarial"\n')
    (pytester.path / "bounded_application.py").write_text(APPLICATION)
    pytester.makepyprojecttoml(
        """
        [tool.harness.models.m]
        version = "v1"
        kind = "callable"
        function = "bounded_application:answer"
        max_tokens = 50
        max_concurrency = 1
        price = { input = 0, output = 10000 }
        """
    )
    ceiling = requests * REQUEST_COSTS + 0.01
    pytester.runpytest_subprocess(
        "--model=m", "--cassette-mode=live", f"--max-cost={ceiling}", "--request-budget=60", "suites/adversarial"
    )
    asked = (pytester.path / "asked.txt").read_text()
    assert 0 < len(asked) <= requests
