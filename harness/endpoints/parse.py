"""What comes back from asking an endpoint, whatever its kind."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.files import has_too_many_values
from harness.records.answer import Completion, Exchange, Token, ToolCall


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what became of it."""

    completion: Completion
    exchange: Exchange | None = None
    """What to record; None if this is no answer."""
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


@dataclass(frozen=True, slots=True)
class Answer:
    """A completion, the exchange to record (None if it must not be), and how many requests it took."""

    completion: Completion
    exchange: Exchange | None
    requests: int
    said: str = ""
    unreachable: bool = False


_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """The data of one event, its lines joined, and the offset in the text at which the event ended."""

    data: str
    end: int


def events(text: str) -> Iterator[ServerSentEvent]:
    """Events that carry data. Comments and other fields are skipped.

    The specification drops a last event that no blank line ends; here it is given out, because servers end their
    streams so. A half one is no JSON, and the reader of the data finds that.
    """
    data: list[str] = []
    place = 0
    while place < len(text):
        line = _LINE.match(text, place)
        assert line is not None
        place = line.end()
        if not line[1]:
            if data:
                yield ServerSentEvent("\n".join(data), place)
                data = []
            continue
        field, _, value = line[1].partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
    if data:
        yield ServerSentEvent("\n".join(data), place)


_CUT = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "sensitive": "content_filter",
    "error": "error_in_body",
}
"""Finish reasons after which an answer bears no verdict."""
RECORDABLE = (None, "length", "content_filter", "refusal")
"""Values of `unusable` that asking again would only repeat: the endpoint did its work, and the answer is kept."""
_LONGEST_NAME = 200


def parse(body: str | bytes, content_type: str) -> Completion:
    """Never raises: a body that is no answer gives a completion with its `unusable` reason."""
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
    except UnicodeDecodeError:
        return Completion(unusable="invalid_utf8")
    text = text.removeprefix("\ufeff")
    if has_too_many_values(text):
        return Completion(unusable="too_long")
    completion = _parse_stream(text) if is_stream(text, content_type) else _parse_json(text)
    return completion if _is_unicode(completion) else Completion(unusable="invalid_unicode")


def is_stream(text: str, content_type: str) -> bool:
    """Whether a body is a stream of events. Some servers answer in the form that they were not asked for."""
    start = text[:64].lstrip()
    return start.startswith(("data:", "event:")) or (
        "text/event-stream" in content_type.lower() and not start.startswith("{")
    )


def first_content_end(text: str) -> int | None:
    """Offset at which the first piece of the answer in a stream ended; None if none came."""
    for event in events(text):
        chunk = _object(event.data)
        delta = (_choice(chunk) or {}).get("delta") if chunk else None
        if isinstance(delta, dict) and (_text(delta.get("content")) or delta.get("tool_calls")):
            return event.end
    return None


def _parse_json(text: str) -> Completion:
    content = _object(text)
    if content is None:
        return Completion(unusable="not_json")
    model = _name(content.get("model"))
    choice = _choice(content)
    if choice is None:
        return Completion(unusable="error_in_body" if content.get("error") else "no_choices", model=model)
    message = choice.get("message")
    if not isinstance(message, dict):
        return Completion(unusable="no_message", model=model)
    calls = [_call(call) for call in _list(message.get("tool_calls")) if isinstance(call, dict)]
    completion = _completion(
        content,
        text=_text(message.get("content")),
        calls=calls,
        finish_reason=_string(choice.get("finish_reason")),
        usage=content.get("usage"),
    )
    completion = completion.model_copy(update={"tokens": tuple(_tokens(choice.get("logprobs")))})
    if completion.unusable is None and message.get("content") is None and not calls:
        reason = "refusal" if _string(message.get("refusal")) else "no_content"
        return completion.model_copy(update={"unusable": reason})
    return completion


def _parse_stream(text: str) -> Completion:
    pieces: list[str] = []
    tokens: list[Token] = []
    calls: dict[int, list[str]] = {}
    finish_reason: str | None = None
    first: dict[str, Any] = {}
    usage: Any = None
    ended = answered = False
    for event in events(text):
        if event.data.strip() == "[DONE]":
            ended = True
            break
        chunk = _object(event.data)
        if chunk is None:
            return Completion(unusable="broken_stream", model=_name(first.get("model")))
        if chunk.get("error"):
            return Completion(unusable="error_in_body", model=_name(first.get("model")))
        first = first or chunk
        usage = chunk.get("usage") or usage
        choice = _choice(chunk)
        if choice is None:
            continue
        answered = True
        finish_reason = _string(choice.get("finish_reason")) or finish_reason
        tokens += _tokens(choice.get("logprobs"))
        delta = choice.get("delta")
        if isinstance(delta, dict):
            pieces.append(_text(delta.get("content")))
            _add_calls(calls, delta.get("tool_calls"))
    if not ended and finish_reason is None:
        return Completion(unusable="broken_stream" if text else "no_choices", model=_name(first.get("model")))
    if not answered:
        return Completion(unusable="no_choices", model=_name(first.get("model")))
    functions = [ToolCall(name=name, arguments=arguments) for _, (name, arguments) in sorted(calls.items())]
    completion = _completion(first, text="".join(pieces), calls=functions, finish_reason=finish_reason, usage=usage)
    return completion.model_copy(update={"tokens": tuple(tokens)}) if tokens else completion


def _add_calls(calls: dict[int, list[str]], deltas: Any) -> None:
    for delta in _list(deltas):
        if not isinstance(delta, dict):
            continue
        index = delta.get("index")
        entry = calls.setdefault(index if isinstance(index, int) else 0, ["", ""])
        function = delta.get("function")
        if isinstance(function, dict):
            entry[0] += _string(function.get("name")) or ""
            entry[1] += _string(function.get("arguments")) or ""


def _completion(
    content: dict[str, Any], *, text: str, calls: list[ToolCall], finish_reason: str | None, usage: Any
) -> Completion:
    usage = usage if isinstance(usage, dict) else {}
    return Completion(
        text=text,
        tool_calls=tuple(calls),
        finish_reason=finish_reason,
        model=_name(content.get("model")),
        system_fingerprint=_name(content.get("system_fingerprint")),
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        unusable=_CUT.get(finish_reason or ""),
    )


def _tokens(logprobs: Any) -> Iterator[Token]:
    """The tokens of `logprobs.content`, as OpenAI, vLLM and llama.cpp give them; one that is odd is left out."""
    for entry in _list(logprobs.get("content")) if isinstance(logprobs, dict) else ():
        if not isinstance(entry, dict):
            continue
        text, raw, value = entry.get("token"), entry.get("bytes"), entry.get("logprob")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            continue
        if isinstance(raw, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in raw):
            yield Token(spelling=bytes(raw).hex(), log_probability=value)
        elif isinstance(text, str):
            yield Token(spelling=text.encode("utf-8", "surrogatepass").hex(), log_probability=value)


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _choice(content: dict[str, Any]) -> dict[str, Any] | None:
    """The choice of index 0: with `n` above 1 a stream mixes the chunks of all choices."""
    for choice in _list(content.get("choices")):
        if isinstance(choice, dict) and choice.get("index") in (0, None):
            return choice
    return None


def _call(call: dict[str, Any]) -> ToolCall:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        # Ollama and some gateways answer with the decoded object
        arguments = json.dumps(arguments, ensure_ascii=False)
    return ToolCall(name=_string(function.get("name")) or "", arguments=_string(arguments) or "")


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def _is_unicode(completion: Completion) -> bool:
    """Lone surrogates, which JSON can spell, are no text: no file could hold them."""
    texts = [completion.text, completion.finish_reason or ""]
    for call in completion.tool_calls:
        texts += [call.name, call.arguments]
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _name(value: Any) -> str | None:
    """A name that the endpoint gives, fit for a terminal: printable characters, not longer than a name is."""
    if not isinstance(value, str):
        return None
    return "".join(char if char.isprintable() else "\ufffd" for char in value[:_LONGEST_NAME])


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
