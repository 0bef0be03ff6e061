"""What comes back from asking an endpoint, whatever its kind."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.endpoints import responses
from harness.endpoints.message import (
    Message,
    completion_of,
    finish_of,
    first_choice,
    items,
    json_object,
    name,
    says_error,
    tokens_of,
    tool_call,
)
from harness.files import has_too_many_values
from harness.records.answer import Completion, Exchange


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what became of it."""

    completion: Completion
    exchange: Exchange | None = None
    """What to record; None if this is not an answer."""
    retry: bool = False
    """Whether asking again may help."""
    retry_after_s: float | None = None
    """How long the endpoint wants to be left alone."""
    throttled: bool = False
    """Whether the endpoint said that it is asked too often."""
    unreachable: bool = False
    """Whether no connection came about."""
    said: str = ""
    """The endpoint's own words about an error: one line, without secrets."""
    outage: bool = False
    """Whether the endpoint is away, as a server that restarts is."""
    refused: bool = False
    """Whether the request itself was refused, so that asking again would only repeat it."""
    setting: str = ""
    """What to set so that it is not refused."""
    learnt: bool = False
    """Whether the refusal was about something that is now sent otherwise: ask again at once."""


def in_process(uri: str, body: Mapping[str, Any], answer: bytes, *, latency_s: float, recorded_at: str) -> Exchange:
    """The exchange with an application of this process, in the form of one over HTTP."""
    return Exchange(
        uri=uri,
        request_headers=(("content-type", "application/json"),),
        request_body=json.dumps(body, ensure_ascii=False).encode("utf-8"),
        status=200,
        response_headers=(("content-type", "application/json"),),
        response_body=answer,
        latency_s=latency_s,
        first_token_s=None,
        recorded_at=recorded_at,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """A completion, the exchange to record (None if it must not be), and how many requests it took."""

    completion: Completion
    exchange: Exchange | None
    requests: int
    said: str = ""
    unreachable: bool = False
    refused: bool = False
    setting: str = ""


RECORDABLE = (None, "length", "content_filter", "refusal", "only_reasoning")
"""Values of `unusable` that asking again would only repeat: the endpoint did its work, and the answer is kept."""


def parse(body: str | bytes, content_type: str) -> Completion:
    """Never raises: a body that is not an answer gives a completion with its `unusable` reason."""
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
    except UnicodeDecodeError:
        return Completion(unusable="invalid_utf8")
    text = text.removeprefix("\ufeff")
    streamed = is_stream(text, content_type)
    if streamed:
        from harness.endpoints.stream import has_too_many_lines, parse_stream  # here: a replay may hold no stream
    if has_too_many_values(text) or (streamed and has_too_many_lines(text)):
        return Completion(unusable="too_long")
    completion = responses.completion_of(text)
    if completion is None:
        completion = parse_stream(text) if streamed else _parse_json(text)
    return completion if _is_unicode(completion) else Completion(unusable="invalid_unicode")


def is_stream(text: str, content_type: str) -> bool:
    """Whether a body is a stream of events. Some servers answer in the form that they were not asked for."""
    start = text[:64].lstrip()
    return start.startswith(("data:", "event:")) or (
        "text/event-stream" in content_type.lower() and not start.startswith("{")
    )


def _parse_json(text: str) -> Completion:
    content = json_object(text)
    if content is None:
        return Completion(unusable="not_json")
    model = name(content.get("model"))
    choice = first_choice(content)
    if says_error(content, has_choice=choice is not None):
        return Completion(unusable="error_in_body", model=model)
    if choice is None:
        return Completion(unusable="no_choices", model=model)
    message = choice.get("message")
    if not isinstance(message, dict):
        return Completion(unusable="no_message", model=model)
    calls = [tool_call(call) for call in items(message.get("tool_calls")) if isinstance(call, dict)]
    return completion_of(
        content,
        message=Message.of(message),
        calls=calls,
        tokens=tokens_of(choice.get("logprobs")),
        finish_reason=finish_of(choice),
        usage=content.get("usage"),
        is_empty=message.get("content") is None,
    )


def _is_unicode(completion: Completion) -> bool:
    """Lone surrogates, which JSON can spell, are no text: no file could hold them."""
    texts = [completion.text, completion.reasoning or "", completion.finish_reason or ""]
    for call in completion.tool_calls:
        texts += [call.name, call.arguments]
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
