"""Asking again after a failure that may pass: how often, how long in between, and when to give up."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from harness.addresses import shown_address
from harness.endpoints.pace import Pace
from harness.endpoints.parse import Answer, Attempt
from harness.errors import EndpointError, found
from harness.records.answer import Completion

if TYPE_CHECKING:
    import httpx2


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


_AGAIN = (408, 409, 425, 429)
_OVERLOADED = (503, 529)
_NO_CREDIT = ("insufficient_quota", "insufficient_balance", "billing_hard_limit_reached")
_LONGEST_WORDS = 300


class Refusals:
    """Reads errors of one endpoint.

    Args:
        label: the model's name in messages.
        base_url: None for the client's default address.
        api_key_env: name of the variable that holds the key, or None.
        redact: takes secrets out of a text; endpoints repeat keys in their messages.
    """

    def __init__(
        self, *, label: str, base_url: str | None, api_key_env: str | None, redact: Callable[[str], str]
    ) -> None:
        self._label = label
        self._where = shown_address(base_url) if base_url else "the default address"
        self._api_key_env = api_key_env
        self._redact = redact

    def of_status(self, response: "httpx2.Response", body: dict[str, Any], *, has_answered: bool) -> Attempt:
        """A status that is not 200.

        Raises:
            EndpointError: key, model name, address or account are refused.
        """
        status = response.status_code
        error = error_in(_decoded(response.content))
        said = self.words(error)
        stop = self._reason_to_stop(response, body, error, has_answered=has_answered)
        if stop:
            raise EndpointError(f"model {self._label}: {stop}" + (f". It says: {said}" if said else ""))
        after_s = retry_after_s(response.headers)
        retry = (status in _AGAIN or status >= 500) and response.headers.get("x-should-retry") != "false"
        throttled = status == 429 or (status in _OVERLOADED and after_s is not None)
        return Attempt(
            Completion(unusable=f"http_{status}"), retry=retry, retry_after_s=after_s, throttled=throttled, said=said
        )

    def _reason_to_stop(
        self, response: "httpx2.Response", body: dict[str, Any], error: dict[str, Any], *, has_answered: bool
    ) -> str | None:
        status = response.status_code
        if 300 <= status < 400:
            target = shown_address(response.headers.get("location", "")) or "nowhere"
            return (
                f"{self._where} answers with a redirect ({status}) to {found(target)}, which is not followed, for "
                "the key would go there too; set base_url to the address that answers"
            )
        if status in (404, 410):
            return (
                f"{self._where} does not know {found(body.get('model'))} or has no chat completions there "
                f"({status}); set model and base_url, then run: harness models check"
            )
        if status == 402 or error.get("code") in _NO_CREDIT or error.get("type") in _NO_CREDIT:
            return f"the account at {self._where} has no credit left ({status})"
        # gateways answer 403 to single prompts that they take for an attack: only a first 403 is about the key
        if status == 401 or (status == 403 and not has_answered):
            key = f"the key in ${self._api_key_env}" if self._api_key_env else "the request without a key"
            hint = "" if self._api_key_env else "; set api_key_env to the name of the variable that holds one"
            return f"{self._where} refuses {key} ({status}){hint}"
        return None

    def unreachable(self) -> str:
        """The message for an endpoint to which no connection ever came about."""
        return (
            f"model {self._label}: nothing answers at {self._where}; "
            "is the server running, is base_url right? run: harness models check"
        )

    def bad_address(self) -> str:
        """The message for an address that is none."""
        return f"model {self._label}: base_url: {found(self._where)}; accepted: http://... or https://..."

    def untrusted(self) -> str:
        """The message for a TLS certificate that does not hold."""
        return (
            f"model {self._label}: the certificate of {self._where} is not trusted; set SSL_CERT_FILE to the file "
            "with your organisation's certificates"
        )

    def words(self, error: dict[str, Any]) -> str:
        """The endpoint's own message: one line, short, without control characters and secrets."""
        message = error.get("message")
        if not isinstance(message, str):
            return ""
        # redacted before it is cut: a key that a cut goes through is not found, and its first half is shown
        line = " ".join(self._redact(message)[: 10 * _LONGEST_WORDS].split())
        line = "".join(char for char in line if char.isprintable())
        return line if len(line) <= _LONGEST_WORDS else line[: _LONGEST_WORDS - 1] + "…"

    def words_of_body(self, content: bytes) -> str:
        """The message of an error that came with status 200, plain or as an event of a stream."""
        for line in content.splitlines():
            words = self.words(error_in(_decoded(line.removeprefix(b"data:"))))
            if words:
                return words
        return self.words(error_in(_decoded(content)))


def error_in(content: Any) -> dict[str, Any]:
    """The `error` of a decoded body, in the forms that endpoints give it; empty if there is none."""
    if not isinstance(content, dict):
        return {}
    error = content.get("error", content)
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
