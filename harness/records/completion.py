"""What an endpoint answered, from the wire or from a cassette: the same type for both."""

from harness.records.record import Record


class ToolCall(Record):
    """One tool call of an answer; `arguments` is JSON text as the model wrote it."""

    name: str
    arguments: str


class Completion(Record):
    """One answer. Times are seconds, `recorded_at` is ISO 8601 in UTC, token counts are the endpoint's."""

    text: str = ""
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
    unusable: str | None = None
    """Why this answer can bear no verdict (`length`, `content_filter`, `empty` ...); None if it can."""
