"""Spans and log events of models, as OpenTelemetry's exporters, collectors and viewers write them.

Sources of the shapes: OTLP in JSON with the semantic conventions for generative AI, the older ones of OpenLLMetry,
OpenInference (also as Phoenix exports it), the Vercel AI SDK, Logfire; Jaeger's and Tempo's JSON of the same spans.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from harness.logs.forms import Rows, at, first, row_of, said_in, texts_in
from harness.records.conversation import unquoted

_OTLP = (
    ("resourceSpans", ("scopeSpans", "instrumentationLibrarySpans"), "spans"),
    ("batches", ("scopeSpans", "instrumentationLibrarySpans"), "spans"),  # Tempo
    ("resourceLogs", ("scopeLogs", "instrumentationLibraryLogs"), "logRecords"),
)
_ASKED = (
    *("gen_ai.input.messages", "gen_ai.prompt", "llm.prompts", "input.value", "gen_ai.content.prompt"),
    "ai.prompt.messages",  # of the Vercel AI SDK; `ai.prompt` is on the span around this one
)
_ANSWERED = (
    *("gen_ai.output.messages", "gen_ai.completion", "llm.completions", "output.value"),
    "gen_ai.content.completion",
)
_VERCEL = ("ai.response.text", "ai.result.text", "ai.response.toolCalls", "ai.result.toolCalls", "ai.response.object")
_NUMBERED = (  # of OpenLLMetry and OpenInference: one attribute a field of a message
    (re.compile(r"(?:gen_ai\.prompt|llm\.input_messages)\.(\d+)\.(.+)"), "asked"),
    (re.compile(r"(?:gen_ai\.completion|llm\.output_messages)\.(\d+)\.(.+)"), "answered"),
)
_TEXT_FIELD = re.compile(r"(?:message\.)?(?:content|tool_calls\..*arguments|contents\.\d+\.message_content\.text)")
_EVENTS = ("gen_ai.user.message", "gen_ai.system.message", "gen_ai.assistant.message", "gen_ai.tool.message")
_CHOICE = "gen_ai.choice"
_MODELS = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "llm.request.model")
_REASONS = ("gen_ai.response.finish_reasons", "gen_ai.completion.0.finish_reason", "ai.response.finishReason")


def otel(value: dict[str, Any]) -> Rows:
    """Spans and events of models, in OTLP's JSON or as the console exporter prints them."""
    for outer, middles, inner in _OTLP:
        if not isinstance(value.get(outer), list):
            continue
        scopes = [scope for resource in value[outer] for name in middles for scope in at(resource, name) or ()]
        spans = [span for scope in scopes for span in at(scope, inner) or () if isinstance(span, dict)]
        for span in _joined(spans) if inner == "logRecords" else spans:
            yield from _row_of_span(span)
        return
    if isinstance(value.get("data"), list):  # Jaeger: traces with their spans
        for span in (span for trace in value["data"] for span in at(trace, "spans") or ()):
            yield from _row_of_span(_of_jaeger(span)) if isinstance(span, dict) else ()
        return
    inside = value.get("trace")
    yield from otel(inside) if isinstance(inside, dict) else _row_of_span(value)


def is_of_spans(value: dict[str, Any]) -> bool:
    """Whether a value is one that `otel` reads."""
    if any(isinstance(value.get(outer), list) for outer, _, _ in _OTLP):
        return True
    traces = value.get("data")
    if isinstance(traces, list) and traces and isinstance(at(traces[0], "spans"), list):
        return True
    return any(name.startswith(("gen_ai.", "llm.", "ai.", "openinference.")) for name in _attributes_of(value))


def _joined(records: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Log records; those that are one message each are put together by the span that they belong to."""
    messages: dict[tuple[Any, Any], dict[str, Any]] = {}
    for record in records:
        own = _attributes(record.get("attributes"))
        name = first(record, "eventName", "event_name") or first(own, "event.name")
        if name not in (*_EVENTS, _CHOICE):
            yield record
            continue
        span = messages.setdefault(
            (record.get("traceId"), record.get("spanId")), {**record, "attributes": {}, "events": []}
        )
        span["attributes"] |= own
        span["events"].append({"name": name, "attributes": _typed(record.get("body")) or own})
    yield from messages.values()


def _of_jaeger(span: dict[str, Any]) -> dict[str, Any]:
    tags = [one for one in span.get("tags") or () if isinstance(one, dict) and "key" in one]
    start = span.get("startTime")  # microseconds
    return {
        "traceId": span.get("traceID"),
        "spanId": span.get("spanID"),
        "attributes": {one["key"]: one.get("value") for one in tags},
        **({"start_time": start / 1e6} if isinstance(start, int | float) else {}),
    }


def _row_of_span(span: dict[str, Any]) -> Rows:
    own = _attributes_of(span)
    events = [one for one in span.get("events") or () if isinstance(one, dict)]
    listed = unquoted(own.get("events"))  # Logfire
    if isinstance(listed, list):
        events += [{"name": one.get("event.name"), "attributes": one} for one in listed if isinstance(one, dict)]
    merged = dict(own)
    for event in events:
        merged |= {name: text for name, text in _attributes(event.get("attributes")).items() if name not in own}
    asked, answered = _messages(own, merged, events)
    if not asked and answered is None:
        return
    reasons = first(merged, *_REASONS) or (at(answered[-1], "finish_reason") if isinstance(answered, list) else None)
    if answered is None and (merged.get("error.type") or at(span, "status", "code") in (2, "STATUS_CODE_ERROR")):
        reasons = "error"
    yield row_of(
        {**span, "attributes": own},
        source=asked,
        output=answered,
        model=first(merged, *_MODELS, "ai.response.model", "ai.model.id"),
        time=first(span, "startTimeUnixNano", "start_time", "timeUnixNano", "timestamp"),
        id=joined_id(
            first(span, "traceId", "trace_id", "context.trace_id") or at(span, "context", "trace_id"),
            first(span, "spanId", "span_id", "context.span_id") or at(span, "context", "span_id"),
        ),
        finish_reason=reasons[0] if isinstance(reasons, list) and reasons else reasons or None,
    )


def _messages(own: dict[str, Any], merged: dict[str, Any], events: list[dict[str, Any]]) -> tuple[list[str], Any]:
    """The texts that were given, and the answer; None where there is none."""
    asked: list[str] = list(_otel_texts(own.get("gen_ai.system_instructions")))
    for name in _ASKED:
        asked += _otel_texts(merged.get(name))
    answered = next((_otel_answer(merged[name]) for name in _ANSWERED if name in merged), None)
    if "ai.prompt.messages" in own and any(own.get(name) for name in _VERCEL):
        given = [unquoted(own[name]) if name.endswith("Calls") else own[name] for name in _VERCEL if own.get(name)]
        answered = [{"content": one} if isinstance(one, str) else one for one in given]
    numbered: dict[str, dict[tuple[int, str], str]] = {"asked": {}, "answered": {}}
    for name, text in merged.items():
        for pattern, kind in _NUMBERED:
            match = pattern.fullmatch(name)
            if match and isinstance(text, str) and _TEXT_FIELD.fullmatch(match[2]):
                numbered[kind][int(match[1]), match[2]] = text
    if numbered["asked"]:
        asked = [one for _, text in sorted(numbered["asked"].items()) for one in _otel_texts(text)]
    if numbered["answered"]:
        answered = [
            {"name": "", "arguments": text} if "arguments" in field else {"content": _of_parts(text)}
            for (_, field), text in sorted(numbered["answered"].items())
        ]
    for event in events:
        body = _attributes(event.get("attributes"))
        if event.get("name") in _EVENTS:
            asked += _otel_texts(body.get("content"))
        elif event.get("name") == _CHOICE and answered is None:
            answered = _otel_answer(body.get("message") or body.get("content"))
    return asked, answered


def _of_parts(text: str) -> Any:
    """Content that OpenLLMetry wrote as the JSON of its parts."""
    given = unquoted(text)
    return given if isinstance(given, list) and all(isinstance(one, dict) and "type" in one for one in given) else text


def joined_id(trace: Any, one: Any) -> str | None:
    """`trace/span`, by which a score finds its way back; the one of them that there is."""
    parts = [str(part).removeprefix("0x") for part in (trace, one) if part]
    return "/".join(parts) or None


def _attributes_of(span: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a span. Phoenix writes them as objects in each other, or as columns `attributes.NAME`."""
    given = span.get("attributes")
    if given is None:
        given = {name.removeprefix("attributes."): one for name, one in span.items() if name.startswith("attributes.")}
    if isinstance(given, dict):
        return dict(_flat(given))
    return _attributes(given)


def _flat(given: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    pending = deque(given.items())
    while pending:
        name, value = pending.popleft()
        if isinstance(value, dict) and name.split(".")[0] in ("llm", "gen_ai", "ai", "input", "output"):
            pending += [(f"{name}.{step}", one) for step, one in value.items()]
        elif isinstance(value, list) and name.startswith(("llm.input_messages", "llm.output_messages")):
            pending += [(f"{name}.{number}", one) for number, one in enumerate(value)]
        else:
            yield name, value


def _attributes(given: Any) -> dict[str, Any]:
    """Attributes by name, from OTLP's list of typed values or from a plain object."""
    if isinstance(given, dict):
        return given
    if not isinstance(given, list):
        return {}
    return {one["key"]: _typed(one.get("value")) for one in given if isinstance(one, dict) and "key" in one}


def _typed(value: Any) -> Any:
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, inner),) = value.items()
    if kind == "arrayValue":
        return [_typed(one) for one in at(inner, "values") or ()]
    return _attributes(at(inner, "values")) if kind == "kvlistValue" else inner


def _otel_texts(given: Any) -> list[str]:
    """The texts of messages that the model was given; their roles, types and ids are not texts."""
    given = unquoted(given)
    if isinstance(given, str):
        return [given]
    if isinstance(given, dict) and not {"content", "parts", "type", "role"} & set(given):
        return list(texts_in(given))
    texts: list[str] = []
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, str):
            texts.append(one)
        elif isinstance(one, dict):
            for name in ("content", "parts", "text", "arguments", "response", "result", "tool_calls", "function"):
                texts += _otel_texts(one[name]) if one.get(name) is not None else []
    return texts


def _otel_answer(given: Any) -> Any:
    given = unquoted(given)
    if isinstance(given, list) and given and all(isinstance(one, str) for one in given):
        return [{"content": one} for one in given]
    return said_in(given)
