"""Asking again after a failure that may pass: how often, how long in between, and when to give up."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from harness.endpoints.pace import Pace
from harness.endpoints.parse import Answer, Attempt
from harness.errors import EndpointError
from harness.records.answer import Completion

_WORTH_SAYING_S = 3.0


@dataclass(frozen=True, slots=True)
class Retrying:
    """`attempts` requests in all, with pauses that double from `first_delay_s` up to `longest_delay_s`."""

    attempts: int = 5
    first_delay_s: float = 0.5
    longest_delay_s: float = 8.0
    attempts_to_reach: int = 3
    """The same for an endpoint to which no connection ever came about: most likely nothing is there."""
    patience_s: float = 0.0
    """An endpoint that is away for all requests is waited for so long, whatever `attempts` says."""

    def delay_s(self, failures: int) -> float:
        """The pause after so many failures, with some chance in it, so that requests do not come in waves."""
        longest: float = min(self.first_delay_s * 2 ** (failures - 1), self.longest_delay_s)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  (nothing secret hangs on it)


class Outage:
    """How long an endpoint has been away for all requests: no answer came to anybody since."""

    def __init__(self) -> None:
        self._since: float | None = None
        self.said = ""

    def note(self, attempt: Attempt) -> None:
        """One more attempt has ended."""
        if attempt.outage or attempt.unreachable:
            self._since = time.monotonic() if self._since is None else self._since
            self.said = attempt.said or self.said
        elif attempt.exchange is not None or attempt.refused:
            self._since = None

    @property
    def lasted_s(self) -> float:
        """0 while the endpoint answers."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def waiting(self, where: str, patience_s: float) -> str:
        """What is waited for, since when and until when; empty while the endpoint answers."""
        lasted_s = self.lasted_s
        if self._since is None or lasted_s < _WORTH_SAYING_S:
            return ""
        until = f", and a run gives up after {patience_s:.0f} s (patience_s)" if patience_s else ""
        said = f": {self.said}" if self.said else ""
        return f"waiting for {where}, without an answer for {lasted_s:.0f} s{until}{said}"

    def check(self, answer: Answer, *, label: str, where: str, reached: bool, patience_s: float) -> Answer:
        """The answer, unless asking on is useless.

        Raises:
            EndpointError: nothing was ever there, or it has been away for longer than `patience_s`.
        """
        if answer.unreachable and not reached:
            raise EndpointError(f"model {label}: {answer.said}")
        if patience_s and self.lasted_s >= patience_s:
            said = f". It says: {self.said}" if self.said else ""
            raise EndpointError(
                f"model {label}: {where} has answered nothing for {self.lasted_s:.0f} s (patience_s){said}. What was "
                "answered is kept: once the endpoint works again, run with --cassette-mode=record to ask for the rest"
            )
        return answer


async def ask(
    attempt: Callable[[dict[str, Any]], Awaitable[Attempt]],
    body: dict[str, Any],
    *,
    pace: Pace,
    retrying: Retrying,
    total_s: float,
    reached: Callable[[], bool],
    outage: Outage | None = None,
) -> Answer:
    """The first usable answer, or the last failure.

    `total_s` bounds requests and pauses together; waiting for one's turn in `pace` does not count, for the request
    has not begun then.

    Raises:
        SpentError: `pace` lets no more requests out.
        EndpointError: asking on is useless.
    """
    used_s = 0.0
    failures = requests = 0
    outage = outage or Outage()
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
        outage.note(result)
        used_s += time.monotonic() - started
        requests += 1
        if result.learnt and requests <= _MOST_LEARNT:
            continue
        failures += 1
        most = retrying.attempts_to_reach if result.unreachable and not reached() else retrying.attempts
        delay_s = max(retrying.delay_s(failures), result.retry_after_s or 0.0)
        is_away = (result.outage or (result.unreachable and reached())) and outage.lasted_s < retrying.patience_s
        if not result.retry or (failures >= most and not is_away) or used_s + delay_s >= total_s:
            return Answer(
                result.completion,
                result.exchange,
                requests,
                result.said,
                unreachable=result.unreachable,
                refused=result.refused,
                setting=result.setting,
            )
        used_s += delay_s
        await asyncio.sleep(delay_s)


_MOST_LEARNT = 4
"""Requests of one answer that may be refused for something that the next one is sent without."""


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
