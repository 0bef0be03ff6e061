"""How long an endpoint wants to be left alone, and how long it is waited for."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints import retry
from harness.endpoints.pace import Pace
from harness.endpoints.parse import Answer, Attempt
from harness.endpoints.refusals import Refusals
from harness.endpoints.retry import Outage, Retrying, ask, retry_after_s
from harness.errors import EndpointError
from harness.pytest_plugin.terminal import _text as progress_text
from harness.records.answer import Completion
from harness.runs.answers import Answers
from tests.factory import exchange
from tests.faulty_server.conftest import TARGET, case
from tests.faulty_server.server import FaultyServer


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
        said = progress_text(answers, bar=False)
        away.set()
        completion = answers.completion(asked, 0, lambda future: future.result(timeout=30))
        assert completion is not None
        assert completion.unusable is None
        assert "waiting" not in progress_text(answers, bar=False)
    finally:
        answers.close()
    assert re.fullmatch(
        rf"m@v1: waiting for {server.base_url}, without an answer for \d s, and a run gives up after 60 s "
        r"\(patience_s\): Loading model; 0 of 1 answers fetched",
        said,
    ), said


def test_requests_and_pauses_together_end_at_the_deadline() -> None:
    async def slow(body: dict[str, object]) -> Attempt:
        await asyncio.sleep(0.4)
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
