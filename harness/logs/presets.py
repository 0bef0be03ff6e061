"""Logs of well-known tools: what each calls the source, the answer and the rest, as the columns of a row.

A preset is a function from one JSON value, a line or a member of a document, to its rows. A row has the fields of the
value, so that options may name them, and over these `source`, `output`, `model` and the others of `Columns`.

Sources of the shapes: the API references of OpenAI (Chat Completions, Responses, Batch) and of Volcengine Ark (batch
inference); the logs of Azure's API Management and of Bedrock; LiteLLM's StandardLoggingPayload; Langfuse's public API
and its blob storage export; promptfoo's output file.
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
from harness.logs.forms import (
    Rows,
    at,
    finish_of,
    first,
    given_to,
    is_error,
    plain_names,
    row_of,
    said_in,
    texts_in,
    whole_answer,
)
from harness.logs.read import Block, pieces
from harness.logs.rows import RowError
from harness.logs.spans import joined_id, otel
from harness.records.conversation import MESSAGES, last_answer, unquoted


def rows_of_value(preset: str, value: Any) -> Rows:
    """The rows of one value; none where it holds other things, such as a span that is not of a model.

    Raises RowError where the value is not an object.
    """
    if not isinstance(value, dict):
        raise RowError("not-an-object", f"found {found(value)}; accepted: one object a row")
    yield from PRESETS[preset](value)


LISTS = ("data", "records")
"""Where a document holds its rows: of OpenAI's lists, of Azure's diagnostic logs."""
REQUESTS = ("request", "body", "requestbody", "backendrequestbody", "requestjson", "requestmessages")
RESPONSES = ("response", "completion", "responsebody", "backendresponsebody", "responsejson", "responsemessages")


def openai(value: dict[str, Any]) -> Rows:
    """Pairs of `request` and `response`, stored completions and responses, conversations that end in an answer."""
    for name in LISTS:
        if isinstance(value.get(name), list):
            yield from (row for one in value[name] if isinstance(one, dict) for row in openai(one))
            return
    fields = plain_names(value) | plain_names(at(value, "properties") or {})
    asked = unquoted(first(fields, *REQUESTS) or at(value, "input", "inputBodyJson"))
    answer = whole_answer(unquoted(first(fields, *RESPONSES) or at(value, "output", "outputBodyJson")))
    answer = whole_answer(at(answer, "body")) or answer
    failed = is_error(answer) or (answer is None and bool(value.get("error")))
    if answer is None and ("choices" in value or "output" in value):
        answer = value if isinstance(value.get("choices", value.get("output")), list) else value["output"]
    if not isinstance(asked, dict):
        asked = {"messages": asked} if asked else value
    if not any(asked.get(name) for name in MESSAGES) and isinstance(at(value, "input_items"), dict | list):
        asked = {"input": at(value, "input_items", "data") or value["input_items"]}
    messages = first(asked, *MESSAGES, "prompt")
    source = asked if any(name in asked for name in MESSAGES) else messages
    if answer is None and isinstance(messages, list):
        count = last_answer(messages)
        source, answer = messages[: len(messages) - count], messages[len(messages) - count :] or None
    yield row_of(
        value,
        source=given_to(source),
        output=None if failed else said_in(answer),
        model=first(answer, "model", "modelVersion") or first(asked, "model") or first(fields, "model", "modelid"),
        time=first(answer, "created", "created_at")
        or first(fields, "created", "createdat", "timestamp", "time", "timegenerated", "requestcreatedat"),
        id=first(value, "id", "custom_id") or first(answer, "id"),
        finish_reason="error" if failed else finish_of(answer),
    )


_NOT_CHAT = re.compile("embedding|image|transcription|speech|rerank|moderation|file|batch|vector|search|ocr")
"""Types of LiteLLM's calls that no text comes back from."""
_REDACTED = "redacted-by-litellm"


def litellm(value: dict[str, Any]) -> Rows:
    """LiteLLM's standard payload, as its loggers write it, and rows of the proxy's spend logs."""
    payload = at(value, "kwargs", "standard_logging_object") or value.get("standard_logging_object") or value
    if _NOT_CHAT.search(str(payload.get("call_type"))):
        return
    answer = whole_answer(unquoted(first(payload, "response")))
    messages = unquoted(payload.get("messages"))
    if _REDACTED in json.dumps([messages, answer]):
        raise RowError("source", f"{_REDACTED}: the proxy logs no messages; switch their logging on")
    asked = messages or unquoted(first(payload, "proxy_server_request", "request"))
    asked = at(asked, "body") or asked
    if not asked and not answer and payload.get("status") != "failure":
        raise RowError("source", "no prompt and no answer: set general_settings: store_prompts_in_spend_logs: true")
    failed = payload.get("status") == "failure" or payload.get("exception") or is_error(answer)
    yield row_of(
        payload,
        source=given_to(asked),
        output=None if failed else said_in(answer) or None,
        model=first(payload, "model_group", "model"),
        version=payload.get("model_id"),
        time=first(payload, "startTime", "start_time"),
        id=first(payload, "id", "request_id", "litellm_call_id"),
        finish_reason="error" if failed else finish_of(answer),
    )


def langfuse(value: dict[str, Any]) -> Rows:
    """Generations: of the API, of the interface's export, and of the blob storage export. Spans and scores are not."""
    for name in ("data", "observations"):
        if isinstance(value.get(name), list):
            inside = [row for one in value[name] if isinstance(one, dict) for row in langfuse(one)]
            if inside or name == "data":
                yield from inside
                return
    fields = plain_names(value)
    if "input" not in fields or str(fields.get("type") or "GENERATION").upper() != "GENERATION":
        return
    answer = whole_answer(unquoted(fields.get("output")))
    yield row_of(
        value,
        source=given_to(fields["input"]),
        output=said_in(answer) if answer != "" else None,
        model=first(fields, "model", "providedmodelname", "internalmodel", "modelname"),
        version=first(fields, "version", "promptversion"),
        time=first(fields, "starttime", "timestamp", "createdat"),
        id=joined_id(fields.get("traceid"), fields.get("id")),
        finish_reason="error" if fields.get("level") == "ERROR" else finish_of(answer),
    )


def batch(value: dict[str, Any]) -> Rows:
    """An answer of a batch joined to its request (`Requests`); a request alone is not a row."""
    answered = value.get("answer") if "asked" in value else value
    asked = at(value, "asked", "body")
    if not isinstance(answered, dict) or ("response" not in answered and "error" not in answered):
        if isinstance(answered, dict) and "custom_id" in answered:
            return
        raise RowError("source", "found neither a request nor a response of a batch; accepted: its lines as they came")
    if asked is None:
        name = found(answered.get("custom_id"))
        raise RowError("source", f"custom_id {name}: no such request; name the batch's input file beside its output")
    body = at(answered, "response", "body")
    if _NOT_CHAT.search(str(at(value, "asked", "url"))):
        return
    status = at(answered, "response", "status_code")
    failed = bool(answered.get("error")) or (isinstance(status, int) and status != 200)
    yield row_of(
        answered,
        source=given_to(asked),
        output=None if failed else said_in(body),
        model=first(body, "model") or first(asked, "model"),
        time=first(body, "created", "created_at"),
        id=answered.get("custom_id"),
        finish_reason="error" if failed else finish_of(body),
    )


def promptfoo(value: dict[str, Any]) -> Rows:
    """Results of `promptfoo eval --output`, as one document or one result a line."""
    inside = at(value, "results", "results") or value.get("results")
    if isinstance(inside, list):
        for one in inside:
            if isinstance(one, dict):
                yield from promptfoo(one)
        return
    prompt = unquoted(at(value, "prompt", "raw") or value.get("prompt"))
    answer = value.get("response")
    provider = value.get("provider")
    said = first(answer, "output") if isinstance(answer, dict) else answer
    # a result that fails its assertions has an `error` as well, and its answer is what is to be judged
    failed = bool(at(answer, "error")) or (said is None and bool(value.get("error")))
    yield row_of(
        value,
        source=given_to([prompt, *texts_in(value.get("vars"))] if isinstance(prompt, str) else prompt),
        output=said_in(said),
        model=(provider.get("label") or provider.get("id")) if isinstance(provider, dict) else provider,
        time=first(value, "timestamp", "createdAt"),
        id=first(value, "id"),
        finish_reason="error" if failed else first(answer, "finishReason"),
    )


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
