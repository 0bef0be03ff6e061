"""Spans and log events of models, as OpenTelemetry's exporters, collectors and viewers write them.

Sources of the shapes: OTLP in JSON with the semantic conventions for generative AI, the older ones of OpenLLMetry,
OpenInference (also as Phoenix exports it), the Vercel AI SDK, Logfire; Jaeger's and Tempo's JSON of the same spans.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from harness.logs.forms import (
    Rows,
    at,
    finish_of,
    first,
    given_to,
    is_error,
    is_response,
    plain_names,
    row_of,
    said_in,
    texts_in,
)
from harness.records.conversation import MESSAGES, last_answer, unquoted

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
    if spans := _of_mlflow(value):
        models = [span for span in spans if _is_llm(_attribute(span, "mlflow.spanType"), unknown=False)]
        for span in models or spans[:1]:
            yield from _row_of_mlflow(span)
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
    if _of_mlflow(value):
        return True
    traces = value.get("data")
    if isinstance(traces, list) and traces and isinstance(at(traces[0], "spans"), list):
        return True
    return any(name.startswith(("gen_ai.", "llm.", "ai.", "openinference.")) for name in _attributes_of(value))


def _of_mlflow(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The spans of a trace of MLflow, the outermost first; none if it is of another tool."""
    spans = unquoted(at(value, "data", "spans") or value.get("spans"))
    found = [one for one in spans if isinstance(one, dict)] if isinstance(spans, list) else []
    found = [one for one in found if at(one, "attributes", "mlflow.spanInputs") is not None]
    return sorted(found, key=lambda one: first(one, "parent_span_id", "parent_id") is not None)


def _attribute(span: dict[str, Any], name: str) -> Any:
    """An attribute of MLflow's: each is JSON, also a text."""
    given = at(span, "attributes", name)
    try:
        return json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        return given


def _row_of_mlflow(span: dict[str, Any]) -> Rows:
    asked, answer = _attribute(span, "mlflow.spanInputs"), _attribute(span, "mlflow.spanOutputs")
    failed = is_error(answer) or (
        answer is None and "ERROR" in str(at(span, "status", "code") or span.get("status_code"))
    )
    yield row_of(
        span,
        source=given_to(asked),
        output=None if failed else _answer_of_run(answer),
        model=first(answer, "model") or first(asked, "model", "model_name") or _attribute(span, "mlflow.llm.model"),
        time=first(span, "start_time_unix_nano", "start_time"),
        id=joined_id(
            first(span, "trace_id") or at(span, "context", "trace_id"),
            first(span, "span_id") or at(span, "context", "span_id"),
        ),
        finish_reason="error" if failed else finish_of(answer),
    )


def traces(value: dict[str, Any]) -> Rows:
    """Runs of models with inputs and outputs of any form: LangSmith, Opik, W&B Weave, Datadog, Braintrust, Inspect."""
    fields = plain_names(value)
    if not is_of_model(value):
        return  # a tool, a retriever, or a chain around a run of a model
    asked = _unwrapped(unquoted(first(fields, *_INPUTS)))
    prompts = at(unquoted(fields.get("processdata")), "prompts")
    if isinstance(prompts, list):  # Dify: what the model was given, with what else its node takes
        asked = [first(one, "text", "content") for one in prompts]
    answer = _unwrapped(unquoted(first(fields, *_OUTPUTS)))
    failed = bool(first(fields, "error", "exception")) or is_error(answer)
    inside = at(value, "extra")
    yield row_of(
        value,
        source=given_to(asked),
        output=None if failed else _answer_of_run(answer),
        model=first(fields, "model", "modelname")
        or first(answer, "model")
        or first(asked, "model")
        or first(at(value, "metadata"), "model", "ls_model_name")
        or first(at(inside, "metadata"), "ls_model_name")
        or first(at(inside, "invocation_params"), "model", "model_name")
        or at(unquoted(fields.get("processdata")), "model_name"),
        time=first(fields, "starttime", "startedat", "startns", "createdat", "created", "timestamp"),
        id=joined_id(fields.get("traceid"), first(fields, "id", "spanid", "runid")),
        finish_reason="error" if failed else finish_of(answer),
    )


_INPUTS = ("inputs", "input", "inputmessages")
_OUTPUTS = ("outputs", "output", "outputmessages")


def is_run(value: dict[str, Any]) -> bool:
    """Whether a value is one that `traces` reads: inputs and outputs of which one at least is an object or a list."""
    fields = plain_names(value)
    asked, answer = unquoted(first(fields, *_INPUTS)), unquoted(first(fields, *_OUTPUTS))
    if asked is None or (answer is None and not first(fields, "error", "exception")):
        return False
    return is_of_model(value) and (isinstance(asked, dict) or isinstance(answer, dict | list))


def is_of_model(value: dict[str, Any]) -> bool:
    """Whether a run may be a model's; not if it says that it is of a tool, or of a function around the model."""
    fields = plain_names(value)
    kinds = (
        fields.get("runtype"),
        fields.get("type"),
        fields.get("spantype"),
        fields.get("nodetype"),  # Dify
        at(unquoted(fields.get("spanattributes")), "type"),
    )
    if not all(map(_is_llm, kinds)):
        return False
    if not isinstance(value.get("op_name"), str):
        return True
    asked = unquoted(first(fields, *_INPUTS))  # Weave: also functions of the application are calls
    return is_response(first(fields, *_OUTPUTS)) or any(isinstance(at(asked, name), list) for name in MESSAGES)


def _is_llm(kind: Any, *, unknown: bool = True) -> bool:
    if not isinstance(kind, str):
        return unknown
    return kind.lower() in ("llm", "chat", "generation", "chat_model", "completion", "model")


def _unwrapped(given: Any) -> Any:
    """Messages that LangChain serialized, as messages; lists of one batch, as what is in them."""
    if isinstance(given, list):
        inside = [_unwrapped(one) for one in given]
        return inside[0] if len(inside) == 1 and isinstance(inside[0], list) else inside
    if isinstance(given, dict):
        if isinstance(given.get("kwargs"), dict) and "content" in given["kwargs"]:
            kinds = {"human": "user", "ai": "assistant", "AIMessage": "assistant", "HumanMessage": "user"}
            kind = given["kwargs"].get("type") or str((given.get("id") or [""])[-1])
            return {"role": kinds.get(kind, kind), **given["kwargs"], "type": None}
        return {name: _unwrapped(one) for name, one in given.items()}
    return given


def _answer_of_run(answer: Any) -> Any:
    generations = at(answer, "generations")
    if isinstance(generations, list):
        return [at(one, "message") or {"content": at(one, "text")} for one in generations]
    messages = at(answer, "messages")
    if isinstance(messages, list):
        return messages[len(messages) - last_answer(messages) :] or messages
    if isinstance(answer, dict) and len(answer) == 1:  # {"output": ...}, whatever its name
        (only,) = answer.values()
        if isinstance(only, str):
            return only
    return said_in(answer)


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
    whole = unquoted(own.get("pydantic_ai.all_messages"))
    if isinstance(whole, list) and "gen_ai.output.messages" not in merged:
        count = last_answer(whole)
        return _otel_texts(whole[: len(whole) - count]), _otel_answer(whole[len(whole) - count :]) if count else None
    if "request_data" in own and "response_data" in own:  # Logfire
        body, answer = unquoted(own["request_data"]), unquoted(own["response_data"])
        said = first(answer, "message", "combined_chunk_content")
        return _otel_texts(first(body, "messages", "input")), _otel_answer(said if said is not None else answer)
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
        given = {
            name.removeprefix("attributes."): unquoted(one)
            for name, one in span.items()
            if name.startswith("attributes.")
        }
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
