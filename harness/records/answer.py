"""A request, what came back for it, and the two together as they are kept."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from harness.records import Record


class ToolCall(Record):
    """One tool call of an answer; `arguments` is JSON text as the model wrote it."""

    name: str
    arguments: str


class Token(Record):
    """One token of an answer and the natural logarithm of the probability that the model gave it.

    A token may be a part of a character, which no JSON string can hold: `spelling` is its bytes in hexadecimal.
    """

    spelling: str
    log_probability: float

    @property
    def text(self) -> bytes:
        """Its bytes."""
        return bytes.fromhex(self.spelling)


class Completion(Record):
    """One answer. Times are seconds, `recorded_at` is ISO 8601 in UTC, token counts are the endpoint's."""

    text: str = ""
    reasoning: str | None = None
    """What the model wrote before its answer, where the endpoint gives it in a field of its own."""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    latency_s: float | None = None
    first_token_s: float | None = None
    recorded_at: str | None = None
    runtime: str | None = None
    tokens: tuple[Token, ...] = ()
    """With their probabilities, where they were asked for and the endpoint gives them."""
    unusable: str | None = None
    """Why this answer allows no verdict (`length`, `content_filter`, `empty` ...); None if it can."""


_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class Request(Record):
    """The JSON body of one chat-completions call, and which sample of that call it is (0-based)."""

    body: dict[str, Any]
    sample: int = 0

    @property
    def key(self) -> str:
        """SHA-256 of the body and the sample number. Never of the address or a header."""
        return request_key(self.body, self.sample)


def request_key(body: dict[str, Any], sample: int) -> str:
    """The key of a stored request: what a cassette line can be found by, derivable from the line itself."""
    return hashlib.sha256(f"{sample}\n{_canonical(body)}".encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished exchange. Times in seconds, None where nobody measured; `recorded_at` ISO 8601 in UTC.

    Bodies are decoded from any compression.
    """

    uri: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    status: int
    response_headers: tuple[tuple[str, str], ...]
    response_body: bytes
    latency_s: float | None
    first_token_s: float | None
    recorded_at: str
