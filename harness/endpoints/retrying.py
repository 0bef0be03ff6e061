"""Asking again after a failure that may pass: how often, how long in between, and when to give up."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from harness.endpoints.answer import Answer, Attempt
from harness.endpoints.pacing import Pace
from harness.records.completion import Completion


@dataclass(frozen=True, slots=True)
class Retrying:
    """`attempts` requests in all, with pauses that double from `first_delay_s` up to `longest_delay_s`."""

    attempts: int = 5
    first_delay_s: float = 0.5
    longest_delay_s: float = 8.0
    attempts_to_reach: int = 3
    """The same for an endpoint to which no connection ever came about: most likely nothing is there."""

    def delay_s(self, failures: int) -> float:
        """The pause after so many failures, with some chance in it, so that requests do not come in waves."""
        longest: float = min(self.first_delay_s * 2 ** (failures - 1), self.longest_delay_s)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  (nothing secret hangs on it)


async def ask(
    attempt: Callable[[dict[str, Any]], Awaitable[Attempt]],
    body: dict[str, Any],
    *,
    pace: Pace,
    retrying: Retrying,
    total_s: float,
    reached: Callable[[], bool],
) -> Answer:
    """The first usable answer, or the last failure.

    `total_s` bounds requests and pauses together; waiting for one's turn in `pace` does not count, for the request
    has not begun then.

    Raises:
        SpentError: `pace` lets no more requests out.
        EndpointError: asking on is useless.
    """
    used_s = 0.0
    failures = 0
    while True:
        turn = await pace.enter(body)
        started = time.monotonic()
        result: Attempt | None = None
        try:
            async with asyncio.timeout(total_s - used_s):
                result = await attempt(body)
        except TimeoutError:
            result = Attempt(Completion(unusable="timeout"))
        finally:
            pace.leave(turn, result)
        used_s += time.monotonic() - started
        failures += 1
        most = retrying.attempts_to_reach if result.unreachable and not reached() else retrying.attempts
        delay_s = max(retrying.delay_s(failures), result.retry_after_s or 0.0)
        if not result.retry or failures >= most or used_s + delay_s >= total_s:
            return Answer(result.completion, result.exchange, failures, result.said)
        used_s += delay_s
        await asyncio.sleep(delay_s)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that the endpoint asks for: `retry-after-ms`, or `Retry-After` as seconds or as an HTTP date.

    RFC 9110, section 10.2.3. Nonsense counts as nothing said.
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
