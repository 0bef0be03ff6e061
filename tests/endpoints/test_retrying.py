"""How long an endpoint wants to be left alone."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from harness.endpoints.pace import Pace
from harness.endpoints.parse import Attempt
from harness.endpoints.refusals import Refusals
from harness.endpoints.retry import Retrying, ask, retry_after_s
from harness.records.answer import Completion


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
