"""A response body as a `Completion`: one parser for live answers and for cassettes.

Chat-completions responses, plain JSON or server-sent events; https://platform.openai.com/docs/api-reference/chat.
"""

import json
from typing import Any

from harness.records.completion import Completion, ToolCall

_CUT = {"length": "length", "max_tokens": "length", "content_filter": "content_filter", "sensitive": "content_filter"}
"""Finish reasons after which an answer bears no verdict."""


def parse(body: str | bytes, content_type: str) -> Completion:
    """Never raises: a body that is no answer gives a completion with its `unusable` reason."""
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
    except UnicodeDecodeError:
        return Completion(unusable="invalid_utf8")
    if "text/event-stream" in content_type or text.startswith("data:"):
        return _parse_stream(text)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return Completion(unusable="not_json")
    if not isinstance(content, dict):
        return Completion(unusable="not_json")
    if "error" in content and "choices" not in content:
        return Completion(unusable="error_in_body")
    choice = _first_choice(content)
    if choice is None:
        return Completion(unusable="no_choices", model=_string(content.get("model")))
    message = choice.get("message")
    if not isinstance(message, dict):
        return Completion(unusable="no_message", model=_string(content.get("model")))
    calls = [call for call in _list(message.get("tool_calls")) if isinstance(call, dict)]
    return _completion(
        content,
        text=_content_text(message.get("content")),
        calls=[_function(call) for call in calls],
        finish_reason=_string(choice.get("finish_reason")),
        usage=content.get("usage"),
    )


def _parse_stream(text: str) -> Completion:
    pieces: list[str] = []
    calls: dict[int, list[str]] = {}
    finish_reason: str | None = None
    first: dict[str, Any] = {}
    usage: Any = None
    done = False
    for line in text.splitlines() if "\r" in text else text.split("\n"):
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            done = True
            break
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            return Completion(unusable="broken_stream")
        if not isinstance(chunk, dict) or "error" in chunk:
            return Completion(unusable="error_in_body")
        first = first or chunk
        usage = chunk.get("usage") or usage
        choice = _first_choice(chunk)
        if choice is None:
            continue
        finish_reason = _string(choice.get("finish_reason")) or finish_reason
        delta = choice.get("delta")
        if isinstance(delta, dict):
            pieces.append(_content_text(delta.get("content")))
            _add_calls(calls, delta.get("tool_calls"))
    if not first:
        return Completion(unusable="no_choices")
    if not done and finish_reason is None:
        return Completion(unusable="broken_stream", model=_string(first.get("model")))
    functions = [ToolCall(name=name, arguments=arguments) for _, (name, arguments) in sorted(calls.items())]
    return _completion(first, text="".join(pieces), calls=functions, finish_reason=finish_reason, usage=usage)


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
        model=_string(content.get("model")),
        system_fingerprint=_string(content.get("system_fingerprint")),
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        unusable=_CUT.get(finish_reason or ""),
    )


def _first_choice(content: dict[str, Any]) -> dict[str, Any] | None:
    choices = content.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return None


def _function(call: dict[str, Any]) -> ToolCall:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        # Ollama and some gateways answer with the decoded object
        arguments = json.dumps(arguments, ensure_ascii=False)
    return ToolCall(name=_string(function.get("name")) or "", arguments=_string(arguments) or "")


def _content_text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
