"""When requests go out: rates, limits, and less after a 429."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints import retry
from harness.endpoints.pace import CostLimit, Pace, SpentError, TokenPrice, expected_s
from harness.endpoints.parse import Answer, Attempt
from harness.endpoints.refusals import Refusals
from harness.endpoints.retry import Outage, Retrying, ask, retry_after_s
from harness.errors import EndpointError
from harness.pytest_plugin.progress import text_of
from harness.records.answer import Completion
from harness.runs.answers import Answers
from tests.factory import exchange
from tests.faulty_server.conftest import TARGET, case
from tests.faulty_server.server import FaultyServer

EXCHANGE = exchange()
BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 100}
GOOD = Attempt(Completion(prompt_tokens=20, completion_tokens=10), EXCHANGE)
THROTTLED = Attempt(Completion(unusable="http_429"), retry=True, throttled=True)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(coroutine, 30))


def test_who_comes_first_is_woken_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = itertools.count(1)

    class Counting(asyncio.Event):
        async def wait(self) -> Any:
            next(waits)
            return await super().wait()

    monkeypatch.setattr(asyncio, "Event", Counting)

    async def many() -> list[int]:
        pace = Pace(max_concurrency=1)
        came: list[int] = []

        async def one(number: int) -> None:
            turn = await pace.enter(BODY)
            came.append(number)
            await asyncio.sleep(0)
            pace.leave(turn, GOOD)

        await asyncio.gather(*map(one, range(100)))
        return came

    assert run(many()) == list(range(100))
    assert next(waits) < 300  # with all of them woken for each place: 5,000


def test_no_more_at_one_time_than_allowed() -> None:
    async def many() -> int:
        pace = Pace(max_concurrency=3)
        running = most = 0

        async def one() -> None:
            nonlocal running, most
            turn = await pace.enter(BODY)
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.005)
            running -= 1
            pace.leave(turn, GOOD)

        await asyncio.gather(*(one() for _ in range(30)))
        assert pace.requests == 30
        return most

    assert run(many()) == 3


def test_a_429_halves_the_concurrency_once_and_answers_bring_it_back() -> None:
    async def slow_down() -> list[int]:
        pace = Pace(max_concurrency=8)
        for _ in range(8):
            pace.leave(await pace.enter(BODY), GOOD)
        turns = [await pace.enter(BODY) for _ in range(8)]
        for turn in turns:
            pace.leave(turn, THROTTLED)  # all eight were under way before the first 429
        seen = [pace.concurrency]
        for _ in range(100):
            pace.leave(await pace.enter(BODY), GOOD)
        return [*seen, pace.concurrency, pace.lowest_concurrency]

    assert run(slow_down()) == [4, 8, 4]


def test_who_waits_longest_goes_next() -> None:
    async def order() -> list[int]:
        pace = Pace(max_concurrency=1)
        went: list[int] = []

        async def worker(number: int) -> None:
            for _ in range(3):
                turn = await pace.enter(BODY)
                went.append(number)
                await asyncio.sleep(0)
                pace.leave(turn, GOOD)

        await asyncio.gather(*(worker(number) for number in range(3)))
        return went

    assert run(order()) == [0, 1, 2] * 3


def test_it_starts_low_doubles_in_a_round_and_a_time_out_halves_it() -> None:
    async def grow() -> list[int]:
        pace = Pace(max_concurrency=32)
        seen = [pace.concurrency]
        for _ in range(3):
            turns = [await pace.enter(BODY) for _ in range(pace.concurrency)]
            for turn in turns:
                pace.leave(turn, GOOD)
            seen.append(pace.concurrency)
        assert not pace.was_cut
        turns = [await pace.enter(BODY) for _ in range(pace.concurrency)]
        for turn in turns:
            pace.leave(turn, Attempt(Completion(unusable="timeout"), retry=True))
        assert pace.was_cut
        return [*seen, pace.concurrency]

    assert run(grow()) == [2, 4, 8, 16, 8]


@pytest.mark.parametrize(("took_s", "then"), [(0.002, 3), (0.02, 20), (0.05, 32), (0.9, 32), (1.0, 3)])
def test_a_quick_endpoint_is_asked_at_full_concurrency_after_its_first_answer(
    took_s: float, then: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr("harness.endpoints.pace.time", clock)

    async def grow() -> list[int]:
        # with one place, 32 answers of 0.9 s take 29 s; more than 20 requests of 1 ms do not fit into 20 ms
        pace = Pace(max_concurrency=32, timeout_s=60.0)
        turn, other = await pace.enter(BODY), await pace.enter(BODY)
        clock.now += took_s
        pace.leave(turn, GOOD)
        grown = pace.concurrency
        pace.leave(other, Attempt(Completion(unusable="http_429"), throttled=True))
        slowed = pace.concurrency
        again = await pace.enter(BODY)
        pace.leave(again, GOOD)  # after a cut it comes back one by one, however quick
        return [grown, slowed, pace.concurrency]

    grown, slowed, again = run(grow())
    assert grown == then
    assert (slowed, again) == (1, 2)


@pytest.mark.parametrize("reason", ["timeout", "http_408", "http_504", "http_524"])
def test_a_time_out_of_a_gateway_counts_as_one_of_ours(reason: str) -> None:
    async def cut() -> int:
        pace = Pace(max_concurrency=2)
        turns = [await pace.enter(BODY) for _ in range(2)]
        pace.leave(turns[0], Attempt(Completion(unusable=reason), retry=True))
        return pace.concurrency

    assert run(cut()) == 1


def test_a_server_with_one_place_is_not_asked_into_its_time_out(
    server: FaultyServer, make_model: Callable[..., ModelConfig], ask_all: Callable[..., list[Any]]
) -> None:
    # eight requests at one time would take 3.2 s; what the server works on goes on when its client has given up
    server.slots, server.delay_s = asyncio.Semaphore(1), 0.4
    model = make_model(max_concurrency=8, timeout_s=2.0)
    got = ask_all(model, [case(f"{number} Repeat: {TARGET}", number) for number in range(10)])
    assert [getattr(one, "unusable", one) for one in got] == [None] * 10
    assert server.total == 10, "a request that timed out is asked for again while the server still works on it"


def test_answers_that_are_long_by_themselves_slow_nothing_down(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr("harness.endpoints.pace.time", clock)

    async def grow() -> int:
        pace = Pace(max_concurrency=8, timeout_s=0.1)
        for _ in range(6):
            turns = [await pace.enter(BODY) for _ in range(pace.concurrency)]
            clock.now += 0.08  # as long with eight at one time as alone
            for turn in turns:
                pace.leave(turn, GOOD)
        return pace.concurrency

    assert run(grow()) == 8


def test_retry_after_holds_all_requests_back() -> None:
    async def wait() -> float:
        pace = Pace(max_concurrency=8)
        turn = await pace.enter(BODY)
        pace.leave(turn, Attempt(Completion(unusable="http_429"), throttled=True, retry_after_s=0.3))
        started = time.monotonic()
        await pace.enter(BODY)
        return time.monotonic() - started

    assert run(wait()) >= 0.29


def test_requests_a_minute_are_spread_evenly() -> None:
    async def spread() -> float:
        pace = Pace(rpm=600)  # one each 0.1 s
        started = time.monotonic()
        for _ in range(6):
            pace.leave(await pace.enter(BODY), GOOD)
        return time.monotonic() - started

    assert run(spread()) >= 0.49


def test_tokens_a_minute_count_what_answers_took() -> None:
    async def spread() -> float:
        pace = Pace(tpm=3000)  # 45 a second, after 300 at once
        started = time.monotonic()
        for _ in range(14):  # the first is taken for about 170 tokens, each then for the 30 that answers take
            pace.leave(await pace.enter(BODY), GOOD)
        return time.monotonic() - started

    taken = run(spread())
    assert 1.0 < taken < 30, "46 s if each were taken for as many as the first"


def test_a_budget_is_never_exceeded() -> None:
    async def spend() -> int:
        pace = Pace(max_concurrency=4, budget=5)

        async def one() -> None:
            turn = await pace.enter(BODY)
            await asyncio.sleep(0.001)
            pace.leave(turn, GOOD)

        results = await asyncio.gather(*(one() for _ in range(12)), return_exceptions=True)
        assert sum(isinstance(result, SpentError) for result in results) == 7
        return pace.requests

    assert run(spend()) == 5


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_ceiling_of_cost_is_never_exceeded_and_used_to_the_last_request_that_fits(concurrency: int) -> None:
    price = TokenPrice(input=10.0, output=100.0)
    cost = price.of(GOOD.completion, BODY)
    worst = price.worst(BODY)

    async def spend(cost_limit: CostLimit) -> int:
        pace = Pace(max_concurrency=concurrency, cost_limit=cost_limit, price=price)

        async def one() -> None:
            turn = await pace.enter(BODY)
            await asyncio.sleep(0.001)
            pace.leave(turn, GOOD)

        results = await asyncio.gather(*(one() for _ in range(100)), return_exceptions=True)
        spent = [result for result in results if isinstance(result, SpentError)]
        assert spent
        assert "--max-cost: " in str(spent[0])
        return pace.requests

    cost_limit = CostLimit(worst + 20 * cost)
    requests = run(spend(cost_limit))
    assert cost_limit.spent <= cost_limit.ceiling
    assert cost_limit.spent == pytest.approx(requests * cost)
    assert requests >= 20


def test_a_cancelled_request_gives_its_place_and_its_money_back() -> None:
    async def cancel() -> None:
        pace = Pace(max_concurrency=1, cost_limit=CostLimit(1.0), price=TokenPrice(1.0, 1.0))
        turn = await pace.enter(BODY)
        waiting = asyncio.create_task(pace.enter(BODY))
        await asyncio.sleep(0.01)
        waiting.cancel()
        pace.leave(turn, None)
        pace.leave(await pace.enter(BODY), GOOD)

    run(cancel())


def test_closing_ends_all_waiting() -> None:
    async def close() -> str:
        pace = Pace(max_concurrency=1)
        await pace.enter(BODY)
        waiting = asyncio.create_task(pace.enter(BODY))
        await asyncio.sleep(0.01)
        pace.close("no more")
        with pytest.raises(SpentError) as raised:
            await waiting
        return str(raised.value)

    assert run(close()) == "no more"


# How long an endpoint wants to be left alone, and how long it is waited for.


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 99 Oct 2015 07:28:00 GMT"}, None),
    ],
)
def test_retry_after_is_read_or_passed_over(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_retry_after_as_a_date_is_seconds_from_now() -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    seconds = retry_after_s({"retry-after": moment})
    assert seconds is not None
    assert 25 < seconds <= 30


def test_pauses_double_and_stay_below_the_longest() -> None:
    retrying = Retrying(first_delay_s=1, longest_delay_s=5)
    for failures, most in ((1, 1), (2, 2), (3, 4), (4, 5), (50, 5)):
        pauses = [retrying.delay_s(failures) for _ in range(50)]
        assert most / 2 <= min(pauses)
        assert max(pauses) <= most


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that passes in pauses alone."""
    now = [0.0]

    async def pause(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(retry, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(asyncio, "sleep", pause)
    return now


@pytest.mark.parametrize(("back_at_s", "unusable"), [(5.0, None), (170.0, None), (200.0, "http_503")])
def test_an_endpoint_that_is_away_is_waited_for_180_s(
    back_at_s: float, unusable: str | None, clock: list[float]
) -> None:
    model = ModelConfig(name="m", version="v1")
    retrying = Retrying(attempts=model.attempts, patience_s=model.patience_s)
    outage = Outage()

    async def loading(body: dict[str, object]) -> Attempt:
        if clock[0] < back_at_s:
            return Attempt(Completion(unusable="http_503"), retry=True, outage=True, said="Loading model")
        return Attempt(Completion(text="x"), exchange())

    async def asked() -> Answer:
        return await ask(loading, {}, pace=Pace(), retrying=retrying, total_s=300, reached=lambda: True, outage=outage)

    answer = asyncio.run(asked())
    assert answer.completion.unusable == unusable
    checked = {"label": "m", "where": "http://h/v1", "reached": True, "patience_s": model.patience_s}
    if unusable is None:
        assert outage.check(answer, **checked) is answer
        assert outage.waiting("http://h/v1", 180) == ""
        return
    assert 180 <= clock[0] < 190
    with pytest.raises(
        EndpointError, match=r"http://h/v1 has answered nothing for 18\d s \(patience_s\). It says: Load"
    ):
        outage.check(answer, **checked)


def test_what_is_waited_for_is_said_with_its_end(clock: list[float]) -> None:
    outage = Outage()
    outage.note(Attempt(Completion(unusable="http_503"), retry=True, outage=True, said="Loading model"))
    clock[0] += 2
    assert outage.waiting("http://h/v1", 180) == "", "a hiccup is not worth a word"
    clock[0] += 40
    said = "waiting for http://h/v1, without an answer for 42 s"
    assert outage.waiting("http://h/v1", 180) == f"{said}, and a run gives up after 180 s (patience_s): Loading model"
    assert outage.waiting("http://h/v1", 0) == f"{said}: Loading model"


def test_a_run_says_what_it_waits_for(
    tmp_path: Path, server: FaultyServer, make_model: Callable[..., ModelConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "_WORTH_SAYING_S", 0.0)
    away = threading.Event()

    def reply(body: dict[str, object]) -> tuple[int, str, bytes, dict[str, str]]:
        content = json.dumps({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}})
        if not away.is_set():
            return 503, "application/json", content.encode(), {}
        choice = {"index": 0, "finish_reason": "stop", "message": {"content": TARGET}}
        return 200, "application/json", json.dumps({"choices": [choice]}).encode(), {}

    server.reply = reply
    asked = case(f"Repeat: {TARGET}")
    model = make_model(patience_s=60)
    retrying = Retrying(first_delay_s=0.05, longest_delay_s=0.1, patience_s=60)
    answers = Answers(HarnessConfig(root=tmp_path), model, "record", live_file=tmp_path / "l", retrying=retrying)
    try:
        answers.start(answers.missing([asked], 1))
        while server.total < 2:
            time.sleep(0.01)
        said = text_of(answers, 0, bar=False)
        away.set()
        completion = answers.completion(asked, 0, lambda future: future.result(timeout=30))
        assert completion is not None
        assert completion.unusable is None
        assert "waiting" not in text_of(answers, 0, bar=False)
    finally:
        answers.close()
    assert re.fullmatch(
        rf"m@v1: waiting for {server.base_url}, without an answer for \d s, and a run gives up after 60 s "
        r"\(patience_s\): Loading model; 0 of 1 answers fetched",
        said,
    ), said


def test_requests_and_pauses_together_end_at_the_deadline() -> None:
    asked = itertools.count(1)

    async def slow(body: dict[str, object]) -> Attempt:
        await asyncio.sleep(0.01 if next(asked) < 3 else 60)
        return Attempt(Completion(unusable="http_500"), retry=True)

    retrying = Retrying(attempts=100, first_delay_s=0.01, longest_delay_s=0.01)
    started = time.monotonic()
    answer = asyncio.run(ask(slow, {}, pace=Pace(), retrying=retrying, total_s=1.0, reached=lambda: True))
    assert answer.completion.unusable == "timeout"
    assert answer.requests == 3
    assert time.monotonic() - started >= 1.0


@pytest.mark.parametrize("at", [0, 250, 290, 2990, 2999, 200_000])
def test_a_key_that_a_cut_goes_through_is_not_shown_in_part(at: int) -> None:
    key = "sk-live-0123456789abcdef"
    refusals = Refusals(label="m@1", where="x", api_key_env="KEY", redact=lambda text: text.replace(key, "[key]"))
    for filler in ("x", " ", "\n"):
        said = refusals.one_line(f"{filler * at}{key} is wrong")
        assert len(said) <= 300
        assert not any(key[:size] in said for size in range(4, len(key)))


@pytest.mark.parametrize(
    ("requests", "at_once", "rounds"),
    [(1, 8, 1), (2, 8, 1), (3, 8, 2), (7, 8, 3), (100, 8, 13.75), (5, 1, 5), (6, 2, 3), (581, 4, 145.75)],
)
def test_the_time_of_many_requests_counts_the_first_rounds_of_few(requests: int, at_once: int, rounds: float) -> None:
    assert expected_s(requests, 2.0, at_once) == 2 * rounds
