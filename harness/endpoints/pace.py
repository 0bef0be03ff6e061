"""When the next request may go out: at most so many at one time and a minute, fewer after a 429, none past a limit.

One `Pace` serves one model in one event loop.
"""

import asyncio
import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.endpoints.parse import Attempt
from harness.errors import HarnessError
from harness.records.answer import Completion

if TYPE_CHECKING:
    from aiolimiter import AsyncLimiter


_ASSUMED_ANSWER_TOKENS = 4096
"""Of a request that names no limit."""
_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")


class SpentError(HarnessError):
    """A limit is reached: no more requests go out, and what was answered is kept."""


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """Money for a million tokens."""

    input: float = 0.0
    output: float = 0.0

    def worst(self, body: dict[str, Any]) -> float:
        """The most that one request can cost. A token is at least one byte, so bytes bound the prompt's tokens."""
        prompt, answer = worst_tokens(body)
        return (prompt * self.input + answer * self.output) / 1e6

    def of(self, completion: Completion, body: dict[str, Any]) -> float:
        """What an answer cost, by the endpoint's own counts; without them, the most that it can have cost."""
        prompt, answer = worst_tokens(body)
        if completion.prompt_tokens is not None:
            prompt = completion.prompt_tokens
        if completion.completion_tokens is not None:
            answer = completion.completion_tokens
        return (prompt * self.input + answer * self.output) / 1e6


def worst_tokens(body: dict[str, Any]) -> tuple[int, int]:
    """Upper bounds of the tokens of prompt and answer."""
    limit = next((body[name] for name in _LIMITS if name in body), _ASSUMED_ANSWER_TOKENS)
    return len(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")), int(limit)


class CostLimit:
    """Money for one session, shared by all models (each asks in a thread of its own).

    Args:
        ceiling: in the currency of the models' prices.
    """

    def __init__(self, ceiling: float) -> None:
        self.ceiling = ceiling
        self.spent = 0.0
        self._reserved = 0.0
        self._mutex = threading.Lock()

    def reserve(self, amount: float) -> bool:
        """Set aside what a request may cost; False if others must end first.

        Raises:
            SpentError: nothing is outstanding, and the request still does not fit.
        """
        with self._mutex:
            if self.spent + self._reserved + amount <= self.ceiling:
                self._reserved += amount
                return True
            if self._reserved <= 0:
                raise SpentError(
                    f"--max-cost: {self.spent:.4f} of {self.ceiling:g} is spent, and the next request may cost "
                    f"{amount:.4f}; answers so far are kept"
                )
            return False

    def settle(self, reserved: float, cost: float) -> None:
        """Put the real cost in the place of what was set aside."""
        with self._mutex:
            # the subtraction may leave dust of the floating point; nothing outstanding must be exactly that
            self._reserved = self._reserved - reserved if self._reserved - reserved > 1e-12 else 0.0
            self.spent += cost


_LONGEST_PAUSE_S = 600.0
_FIRST = 2
"""Requests that go out at one time before anything is known of the endpoint."""
_PURSE_LOOK_S = 0.02
_BURST = 0.1
"""Share of a minute's tokens that may go at once; the rest flows so that no minute sees more than the limit."""
_TIMED_OUT = ("timeout", "http_408", "http_504", "http_524")
"""Here, or at a gateway, whose time-out says the same of the server behind it."""
_ASKING_S = 0.001
"""To ask takes the processor that long at least: more requests at one time than fit into an answer are of no use."""
_ROOM = 0.5
"""Share of the time-out that an answer may take before more requests would only wait for each other."""
_QUEUED = 1.5
"""So many times as long as the shortest answer: it has waited in a queue rather than been written for long."""


def expected_s(requests: int, latency_s: float, max_concurrency: int) -> float:
    """Seconds that so many requests take: rounds of one latency each, the first of two requests and each next one of
    twice as many, up to the most at one time."""
    at_once = min(_FIRST, max_concurrency)
    rounds, left = 0, requests
    while at_once < max_concurrency and left > at_once:
        rounds, left, at_once = rounds + 1, left - at_once, min(2 * at_once, max_concurrency)
    return latency_s * (rounds + max(1.0, left / at_once))


@dataclass(slots=True)
class Admission:
    """One request that was let out, and what was set aside for it."""

    number: int
    body: dict[str, Any]
    tokens: float = 0.0
    money: float = 0.0
    started: float = 0.0
    """`time.monotonic` when it went out."""


class Pace:
    """Lets requests out.

    Args:
        max_concurrency: requests at one time, reached by doubling from two; at once, as far as the processor can ask
            while one is answered, where the first answer is so quick that a server with one place would answer all of
            them in half of `timeout_s`. A 429 or a time-out halves
            what goes out, and answers bring it back one by one: a server with one place would otherwise still work on
            requests that nobody waits for any more. LiteLLM's proxy goes on asking for them, too, unless it is set not
            to, so a time-out there fills the queue for those that follow.
        timeout_s: of one request. Answers that take half of it because they wait for each other let no more go out.
        rpm: requests a minute, evenly spread.
        tpm: tokens a minute, by what the answers so far took.
        budget: requests in all, retries included.
        cost_limit, price: a ceiling of cost, and what a token costs.
    """

    def __init__(
        self,
        *,
        max_concurrency: int = 1_000_000,
        rpm: int | None = None,
        tpm: int | None = None,
        budget: int | None = None,
        cost_limit: CostLimit | None = None,
        price: TokenPrice | None = None,
        timeout_s: float | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._shortest_s = float("inf")
        self.requests = 0
        self.max_concurrency = max_concurrency
        self.concurrency = min(_FIRST, max_concurrency)
        self.lowest_concurrency = max_concurrency
        self._budget = budget
        self._cost_limit = cost_limit
        self._price = price or TokenPrice()
        self._rpm = rpm
        self._tpm = _TokensPerMinute(tpm) if tpm else None
        self._limiter: AsyncLimiter | None = None
        self._closed: SpentError | None = None
        self._active = 0
        self._waiting: deque[asyncio.Event] = deque()
        self._turns = 0
        self._last_cut = 0
        self._good = 0
        self._resume_at = 0.0

    @property
    def was_cut(self) -> bool:
        """Whether the endpoint wanted fewer requests, or was too slow for them."""
        return self._last_cut > 0

    @property
    def paused_s(self) -> float:
        """How long the endpoint still wants to be left alone (Retry-After)."""
        return max(0.0, self._resume_at - time.monotonic())

    async def enter(self, body: dict[str, Any]) -> Admission:
        """Wait for one's turn.

        Raises:
            SpentError: no more requests go out.
        """
        await self._come_first()
        self._active += 1
        turn = Admission(self._turns + 1, body)
        try:
            await self._wait(turn)
            self._check_open()
        except BaseException:
            self._free(turn)
            raise
        self._turns = turn.number = self._turns + 1
        self.requests += 1
        turn.started = time.monotonic()
        return turn

    async def _come_first(self) -> None:
        """Wait for room, in the order of coming: who has just left would otherwise be back before all others."""
        ticket = asyncio.Event()
        self._waiting.append(ticket)
        try:
            while self._closed is None and (self._active >= self.concurrency or self._waiting[0] is not ticket):
                ticket.clear()
                await ticket.wait()
        finally:
            self._waiting.remove(ticket)
            self._call_next()

    def _call_next(self) -> None:
        """Wake who comes first, and nobody else: to wake 256 for each place takes longer than to ask."""
        if self._waiting:
            self._waiting[0].set()

    async def _wait(self, turn: Admission) -> None:
        while (pause_s := self._resume_at - time.monotonic()) > 0 and self._closed is None:
            await asyncio.sleep(min(pause_s, 0.2))
        self._check_open()
        if self._rpm is not None:
            self._limiter = self._limiter or _evenly(self._rpm)
            await self._limiter.acquire()
        if self._tpm is not None:
            turn.tokens = await self._tpm.acquire(turn.body)
        if self._cost_limit is not None:
            money = self._price.worst(turn.body)
            while not self._cost_limit.reserve(money):
                self._check_open()
                await asyncio.sleep(_PURSE_LOOK_S)
            turn.money = money

    def _check_open(self) -> None:
        if self._closed is not None:
            raise self._closed
        if self._budget is not None and self.requests >= self._budget:
            raise SpentError(f"--request-budget: {self._budget} requests are spent; answers so far are kept")

    def _free(self, turn: Admission, cost: float = 0.0) -> None:
        self._active -= 1
        self._call_next()
        if self._cost_limit is not None:
            self._cost_limit.settle(turn.money, cost)

    def leave(self, turn: Admission, attempt: Attempt | None) -> None:
        """Give one's turn back; None for a request that was cancelled or ended all asking."""
        cost = 0.0
        if attempt is not None:
            used = attempt.completion
            # a time-out may be billed, and so may half a stream: both count at their worst
            billed = attempt.exchange is not None or not (used.unusable or "").startswith(("http_", "connection"))
            cost = self._price.of(used, turn.body) if billed else 0.0
            if self._tpm is not None and used.prompt_tokens is not None and used.completion_tokens is not None:
                self._tpm.learn(turn.tokens, used.prompt_tokens + used.completion_tokens)
            self._adapt(turn, attempt)
        self._free(turn, cost)

    def _adapt(self, turn: Admission, attempt: Attempt) -> None:
        if attempt.throttled or attempt.completion.unusable in _TIMED_OUT:
            self._good = 0
            if attempt.retry_after_s:
                pause_s = min(attempt.retry_after_s, _LONGEST_PAUSE_S)
                self._resume_at = max(self._resume_at, time.monotonic() + pause_s)
            # requests that were under way at the last cut tell nothing about the new speed
            if turn.number > self._last_cut:
                self._last_cut = self._turns
                self.concurrency = max(1, min(self.concurrency, self._active) // 2)
                self.lowest_concurrency = min(self.lowest_concurrency, self.concurrency)
        elif attempt.exchange is not None:
            self._good += 1
            took_s = time.monotonic() - turn.started
            if self._is_crowded(took_s):
                return
            wanted = min(self.max_concurrency, int(took_s / _ASKING_S))
            if not self._last_cut and self.concurrency < wanted and self._answers_all_in_time(took_s):
                self.concurrency = wanted
                self._call_next()
                return
            if self.concurrency < self.max_concurrency and (not self._last_cut or self._good >= self.concurrency):
                # one more for each answer doubles it in a round; after the first cut, one more for each round
                self.concurrency += 1
                self._good = 0
                self._call_next()

    def _answers_all_in_time(self, took_s: float) -> bool:
        """Whether even a server with one place would answer as many requests as are allowed at one time, one after the
        other, in the share of the time-out that is theirs: nothing is to be learnt by going slowly."""
        return self._timeout_s is not None and took_s * self.max_concurrency <= self._timeout_s * _ROOM

    def _is_crowded(self, took_s: float) -> bool:
        """Whether one more request at one time would bring all of them near the time-out: a server with one place
        takes them one after the other, and an answer takes as long as those before it together."""
        self._shortest_s = min(self._shortest_s, took_s)
        expected_s = took_s * (self.concurrency + 1) / self.concurrency
        return (
            self._timeout_s is not None and expected_s > self._timeout_s * _ROOM and took_s > self._shortest_s * _QUEUED
        )

    def close(self, reason: str) -> None:
        """Let nothing out any more."""
        self._closed = self._closed or SpentError(reason)
        self._call_next()


def _evenly(rpm: int) -> "AsyncLimiter":
    from aiolimiter import AsyncLimiter

    # one request each 60/rpm seconds: a bucket of a whole minute would let twice the limit out in the first minute
    return AsyncLimiter(1, 60 / rpm)


class _TokensPerMinute:
    """Sets aside what answers took so far on average, and makes up for the difference with the next request."""

    def __init__(self, tpm: int) -> None:
        self._tpm = tpm
        self._capacity = max(1.0, tpm * _BURST)
        self._limiter: AsyncLimiter | None = None
        self._answers = 0
        self._used = 0
        self._debt = 0.0

    async def acquire(self, body: dict[str, Any]) -> float:
        from aiolimiter import AsyncLimiter

        self._limiter = self._limiter or AsyncLimiter(self._capacity, 60 * _BURST / (1 - _BURST))
        expected = self._used / self._answers if self._answers else float(sum(worst_tokens(body)))
        wanted = min(max(expected + self._debt, 0.0), self._tpm)
        self._debt += expected - wanted
        remaining = wanted
        while remaining > 0:
            piece = min(remaining, self._capacity)
            await self._limiter.acquire(piece)
            remaining -= piece
        return expected

    def learn(self, expected: float, used: int) -> None:
        self._answers += 1
        self._used += used
        self._debt += used - expected
