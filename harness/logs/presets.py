"""Logs of well-known tools: what each calls the source, the answer and the rest, as the columns of a row.

A preset is a function from one JSON value, a line or a member of a document, to its rows. A row has the fields of the
value, so that options may name them, and over these `source`, `output`, `model` and the others of `Columns`.

Sources of the shapes: the API references of OpenAI (Chat Completions, Responses, Batch) and of Volcengine Ark (batch
inference); LiteLLM's StandardLoggingPayload; Langfuse's public API and its blob storage export; OTLP in JSON with the
semantic conventions for generative AI, the older ones of OpenLLMetry, and OpenInference; promptfoo's output file.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import found
from harness.logs.files import InputFile
from harness.logs.read import Block, pieces
from harness.logs.rows import RowError
from harness.records.conversation import answer_parts, last_answer, source_texts, unquoted

Rows = Iterator[dict[str, Any]]


def rows_of_value(preset: str, value: Any) -> Rows:
    """The rows of one value; none where it holds other things, such as a span that is not of a model.

    Raises RowError where the value is not an object.
    """
    if not isinstance(value, dict):
        raise RowError("not-an-object", f"found {found(value)}; accepted: one object a row")
    yield from PRESETS[preset](value)


def _first(value: Any, *names: str) -> Any:
    """The first of the fields that is there and not null."""
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in names if value.get(name) is not None), None)


def _at(value: Any, *steps: str) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _row(value: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The row. An answer that is an object of the application's own is judged as JSON."""
    row = {name: field for name, field in value.items() if name != "channel"}
    row |= {name: field for name, field in fields.items() if field is not None or name in ("source", "output")}
    if isinstance(row["output"], dict | list) and row["output"] and answer_parts(row["output"]) is None:
        row["channel"] = "json"
    return row


def _given(value: Any) -> Any:
    """What the model was given, in a form of a source: any object of the application's own is all its texts."""
    value = unquoted(value)
    if isinstance(value, dict) and ("messages" in value or "input" in value):
        named = ("system", "instructions", "messages", "input")
        value = {name: value[name] for name in named if value.get(name) is not None}
    elif isinstance(value, dict) and "content" in value:
        value = [value]
    if value is None or source_texts(value) is not None:
        return value
    return list(_texts(value))


def _texts(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            pending += reversed(one.values())
        elif isinstance(one, list):
            pending += reversed(one)


def _said(answer: Any) -> Any:
    """What the model said in a response of a chat API; other answers as they are."""
    answer = unquoted(answer)
    for name in ("choices", "output", "candidates"):
        if isinstance(answer, dict) and isinstance(answer.get(name), list):
            return {name: answer[name]}
    return answer


def _whole(answer: Any) -> Any:
    """A streamed answer, as a list of its chunks or as the text of its events, is what it adds up to."""
    chunks = answer if isinstance(answer, list) and answer and all(isinstance(one, dict) for one in answer) else []
    streamed = any("delta" in one or str(one.get("object")).endswith(".chunk") for one in (*chunks, *_choices(chunks)))
    if streamed:
        answer = "".join(f"data: {json.dumps(one)}\n\n" for one in chunks) + "data: [DONE]\n\n"
    elif not isinstance(answer, str) or not answer.lstrip()[:6].startswith(("data:", "event:")):
        return answer
    from harness.endpoints.parse import parse

    completion = parse(answer, "text/event-stream")
    calls = [{"function": {"name": call.name, "arguments": call.arguments}} for call in completion.tool_calls]
    reason = "error" if completion.unusable else completion.finish_reason
    message = {"role": "assistant", "content": completion.text, "tool_calls": calls}
    return {"model": completion.model, "choices": [{"message": message, "finish_reason": reason}]}


def _choices(chunks: list[Any]) -> Iterator[dict[str, Any]]:
    for one in chunks:
        choices = one.get("choices")
        yield from (choice for choice in choices if isinstance(choice, dict)) if isinstance(choices, list) else ()


def _is_error(answer: Any) -> bool:
    """What an endpoint says instead of an answer."""
    if not isinstance(answer, dict) or not answer.get("error"):
        return False
    return not any(answer.get(name) for name in ("choices", "output", "content", "candidates"))


def _finish(answer: Any) -> Any:
    """Why a response ended."""
    choices = _at(answer, "choices")
    if isinstance(choices, list) and choices:
        return _at(choices[0], "finish_reason")
    return _at(answer, "incomplete_details", "reason") or _first(answer, "finish_reason", "stop_reason")


def openai(value: dict[str, Any]) -> Rows:
    """Pairs of `request` and `response`, stored completions and responses, conversations that end in an answer."""
    if isinstance(value.get("data"), list):
        for member in value["data"]:
            if isinstance(member, dict):
                yield from openai(member)
        return
    asked = unquoted(_first(value, "request", "body"))
    asked = asked if isinstance(asked, dict) else value
    messages = _first(asked, "messages", "input", "prompt")
    answer = _whole(unquoted(_first(value, "response", "completion")))
    answer = _whole(_at(answer, "body")) or answer
    failed = _is_error(answer) or (answer is None and bool(value.get("error")))
    if answer is None and ("choices" in value or "output" in value):
        answer = value if isinstance(value.get("choices", value.get("output")), list) else value["output"]
    source = asked if "messages" in asked or "input" in asked else messages
    if answer is None and isinstance(messages, list):
        count = last_answer(messages)
        source, answer = messages[: len(messages) - count], messages[len(messages) - count :] or None
    yield _row(
        value,
        source=_given(source),
        output=None if failed else _said(answer),
        model=_first(answer, "model") or _first(asked, "model"),
        time=_first(answer, "created", "created_at") or _first(value, "created", "created_at", "timestamp", "time"),
        id=_first(value, "id", "custom_id") or _first(answer, "id"),
        finish_reason="error" if failed else _finish(answer),
    )


_NOT_CHAT = re.compile("embedding|image|transcription|speech|rerank|moderation|file|batch|vector|search|ocr")
"""Types of LiteLLM's calls that no text comes back from."""
_REDACTED = "redacted-by-litellm"


def litellm(value: dict[str, Any]) -> Rows:
    """LiteLLM's standard payload, as its loggers write it, and rows of the proxy's spend logs."""
    payload = _at(value, "kwargs", "standard_logging_object") or value.get("standard_logging_object") or value
    if _NOT_CHAT.search(str(payload.get("call_type"))):
        return
    answer = _whole(unquoted(_first(payload, "response")))
    messages = unquoted(payload.get("messages"))
    if _REDACTED in json.dumps([messages, answer]):
        raise RowError("source", f"{_REDACTED}: the proxy logs no messages; switch their logging on")
    asked = messages or unquoted(_first(payload, "proxy_server_request", "request"))
    asked = _at(asked, "body") or asked
    failed = payload.get("status") == "failure" or payload.get("exception") or _is_error(answer)
    yield _row(
        payload,
        source=_given(asked),
        output=None if failed else _said(answer) or None,
        model=_first(payload, "model_group", "model"),
        version=payload.get("model_id"),
        time=_first(payload, "startTime", "start_time"),
        id=_first(payload, "id", "request_id", "litellm_call_id"),
        finish_reason="error" if failed else _finish(answer),
    )


def langfuse(value: dict[str, Any]) -> Rows:
    """Generations: of the API, of the interface's export, and of the blob storage export. Spans and scores are not."""
    for name in ("data", "observations"):
        if isinstance(value.get(name), list):
            inside = [row for one in value[name] if isinstance(one, dict) for row in langfuse(one)]
            if inside or name == "data":
                yield from inside
                return
    # startTime, start_time and "Start Time" are the same field of different versions
    fields = {re.sub(r"[^a-z]", "", name.lower()): field for name, field in value.items()}
    if "input" not in fields or str(fields.get("type") or "GENERATION").upper() != "GENERATION":
        return
    answer = _whole(unquoted(fields.get("output")))
    yield _row(
        value,
        source=_given(fields["input"]),
        output=_said(answer) if answer != "" else None,
        model=_first(fields, "model", "providedmodelname", "internalmodel", "modelname"),
        version=_first(fields, "version", "promptversion"),
        time=_first(fields, "starttime", "timestamp", "createdat"),
        id=_joined_id(fields.get("traceid"), fields.get("id")),
        finish_reason="error" if fields.get("level") == "ERROR" else _finish(answer),
    )


def batch(value: dict[str, Any]) -> Rows:
    """An answer of a batch joined to its request (`Requests`); a request alone is not a row."""
    answered = value.get("answer") if "asked" in value else value
    asked = _at(value, "asked", "body")
    if not isinstance(answered, dict) or ("response" not in answered and "error" not in answered):
        if isinstance(answered, dict) and "custom_id" in answered:
            return
        raise RowError("source", "found neither a request nor a response of a batch; accepted: its lines as they came")
    if asked is None:
        name = found(answered.get("custom_id"))
        raise RowError("source", f"custom_id {name}: no such request; name the batch's input file beside its output")
    body = _at(answered, "response", "body")
    status = _at(answered, "response", "status_code")
    failed = bool(answered.get("error")) or (isinstance(status, int) and status != 200)
    yield _row(
        answered,
        source=_given(asked),
        output=None if failed else _said(body),
        model=_first(body, "model") or _first(asked, "model"),
        time=_first(body, "created", "created_at"),
        id=answered.get("custom_id"),
        finish_reason="error" if failed else _finish(body),
    )


def promptfoo(value: dict[str, Any]) -> Rows:
    """Results of `promptfoo eval --output`, as one document or one result a line."""
    inside = _at(value, "results", "results") or value.get("results")
    if isinstance(inside, list):
        for one in inside:
            if isinstance(one, dict):
                yield from promptfoo(one)
        return
    prompt = unquoted(_at(value, "prompt", "raw") or value.get("prompt"))
    answer = value.get("response")
    provider = value.get("provider")
    said = _first(answer, "output") if isinstance(answer, dict) else answer
    # a result that fails its assertions has an `error` as well, and its answer is what is to be judged
    failed = bool(_at(answer, "error")) or (said is None and bool(value.get("error")))
    yield _row(
        value,
        source=_given([prompt, *_texts(value.get("vars"))] if isinstance(prompt, str) else prompt),
        output=_said(said),
        model=(_first(provider, "label", "id") or None) if isinstance(provider, dict) else provider,
        time=_first(value, "timestamp", "createdAt"),
        id=_first(value, "id"),
        finish_reason="error" if failed else _first(answer, "finishReason"),
    )


def otel(value: dict[str, Any]) -> Rows:
    """Spans and events of models, in OTLP's JSON or as the console exporter prints them."""
    for outer, middles, inner in _OTLP:
        if not isinstance(value.get(outer), list):
            continue
        for resource in value[outer]:
            scopes = [scope for name in middles for scope in _at(resource, name) or ()]
            for scope in scopes:
                for span in _at(scope, inner) or ():
                    if isinstance(span, dict):
                        yield from _span(span)
        return
    yield from _span(value)


_OTLP = (
    ("resourceSpans", ("scopeSpans", "instrumentationLibrarySpans"), "spans"),
    ("resourceLogs", ("scopeLogs", "instrumentationLibraryLogs"), "logRecords"),
)
_ASKED = ("gen_ai.input.messages", "gen_ai.prompt", "llm.prompts", "input.value", "gen_ai.content.prompt")
_ANSWERED = (
    "gen_ai.output.messages",
    "gen_ai.completion",
    "llm.completions",
    "output.value",
    "gen_ai.content.completion",
)
_NUMBERED = (  # of OpenLLMetry and OpenInference: one attribute a field of a message
    (re.compile(r"(?:gen_ai\.prompt|llm\.input_messages)\.(\d+)\.(.+)"), "asked"),
    (re.compile(r"(?:gen_ai\.completion|llm\.output_messages)\.(\d+)\.(.+)"), "answered"),
)
_TEXT_FIELD = re.compile(r"(?:message\.)?(?:content|tool_calls\..*arguments|contents\.\d+\.message_content\.text)")
_EVENTS = ("gen_ai.user.message", "gen_ai.system.message", "gen_ai.assistant.message", "gen_ai.tool.message")


def _span(span: dict[str, Any]) -> Rows:
    own = _attributes(span.get("attributes"))
    events = [one for one in span.get("events") or () if isinstance(one, dict)]
    merged = dict(own)
    for event in events:
        merged |= {name: text for name, text in _attributes(event.get("attributes")).items() if name not in own}
    asked: list[str] = list(_otel_texts(own.get("gen_ai.system_instructions")))
    answered: Any = None
    for name in _ASKED:
        asked += _otel_texts(merged.get(name))
    answered = next((_otel_answer(merged[name]) for name in _ANSWERED if name in merged), None)
    numbered: dict[str, dict[tuple[int, str], str]] = {"asked": {}, "answered": {}}
    for name, text in merged.items():
        for pattern, kind in _NUMBERED:
            match = pattern.fullmatch(name)
            if match and isinstance(text, str) and _TEXT_FIELD.fullmatch(match[2]):
                numbered[kind][int(match[1]), match[2]] = text
    if numbered["asked"]:
        asked = [text for _, text in sorted(numbered["asked"].items())]
    if numbered["answered"]:
        answered = [
            {"name": "", "arguments": text} if "arguments" in field else {"content": text}
            for (_, field), text in sorted(numbered["answered"].items())
        ]
    for event in events:
        body = _attributes(event.get("attributes"))
        if event.get("name") in _EVENTS:
            asked += _otel_texts(body.get("content"))
        elif event.get("name") == "gen_ai.choice" and answered is None:
            answered = _otel_answer(body.get("message") or body.get("content"))
    if not asked and answered is None:
        return
    reasons = _first(merged, "gen_ai.response.finish_reasons", "gen_ai.completion.0.finish_reason")
    if answered is None and (merged.get("error.type") or _at(span, "status", "code") in (2, "STATUS_CODE_ERROR")):
        reasons = "error"
    yield _row(
        {**span, "attributes": own},
        source=asked,
        output=answered,
        model=_first(merged, "gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "llm.request.model"),
        time=_first(span, "startTimeUnixNano", "start_time", "timeUnixNano", "timestamp"),
        id=_joined_id(
            _first(span, "traceId") or _at(span, "context", "trace_id"),
            _first(span, "spanId") or _at(span, "context", "span_id"),
        ),
        finish_reason=reasons[0] if isinstance(reasons, list) and reasons else reasons or None,
    )


def _joined_id(trace: Any, one: Any) -> str | None:
    """`trace/span`, by which a score finds its way back; the one of them that there is."""
    parts = [str(part).removeprefix("0x") for part in (trace, one) if part]
    return "/".join(parts) or None


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
        return [_typed(one) for one in _at(inner, "values") or ()]
    return _attributes(_at(inner, "values")) if kind == "kvlistValue" else inner


def _otel_texts(given: Any) -> list[str]:
    """The texts of messages that the model was given; their roles, types and ids are not texts."""
    given = unquoted(given)
    if isinstance(given, str):
        return [given]
    if isinstance(given, dict) and not {"content", "parts", "type", "role"} & set(given):
        return list(_texts(given))
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
    return _said(given)


PRESETS: dict[str, Callable[[dict[str, Any]], Rows]] = {
    "openai": openai,
    "litellm": litellm,
    "langfuse": langfuse,
    "otel": otel,
    "openai-batch": batch,
    "ark-batch": batch,
    "promptfoo": promptfoo,
}
BATCHES = ("openai-batch", "ark-batch")


class Requests:
    """The requests of batches by `custom_id`, in a file: a log may be larger than memory."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE IF NOT EXISTS requests (id TEXT PRIMARY KEY, line BLOB) WITHOUT ROWID")

    def add(self, lines: Iterator[bytes]) -> None:
        """Keep those of the lines that are requests. The first of two with the same id stays."""
        self._database.execute("BEGIN")
        for line in lines:
            name = _custom_id(line, "body")
            if name is not None:
                self._database.execute("INSERT OR IGNORE INTO requests VALUES (?, ?)", (name, line.strip()))
        self._database.execute("COMMIT")

    def joined(self, line: bytes) -> bytes:
        """An answer with its request; any other line as it is."""
        name = _custom_id(line, "response") or _custom_id(line, "error")
        kept = name and self._database.execute("SELECT line FROM requests WHERE id = ?", (name,)).fetchone()
        return b'{"asked": %b, "answer": %b}' % (kept[0], line.strip()) if kept else line

    def close(self) -> None:
        self._database.close()


def joined(found: Iterator[Block], path: Path) -> Iterator[Block]:
    """The pieces of a file of a batch, each answer with its request."""
    requests = Requests(path)
    try:
        for piece in found:
            records = tuple(record._replace(raw=requests.joined(record.raw)) for record in piece.records)
            yield replace(piece, records=records)
    finally:
        requests.close()


def gather(files: Sequence[InputFile], longest: int, encoding: str | None, path: Path) -> None:
    """Keep the requests among the lines of `files` at `path`. Raises HarnessError for a file that cannot be read."""
    requests = Requests(path)
    try:
        for file in files:
            found = pieces(file, None, longest, None, encoding)
            requests.add(record.raw for piece in found for record in piece.records)
    finally:
        requests.close()


def _custom_id(line: bytes, beside: str) -> str | None:
    if b'"custom_id"' not in line:
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    name = value.get("custom_id") if isinstance(value, dict) and beside in value else None
    return name if isinstance(name, str) else None
