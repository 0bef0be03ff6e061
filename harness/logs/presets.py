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
from collections.abc import Callable
from typing import Any

from harness.errors import found
from harness.logs.forms import (
    SPEAKERS,
    TIMES_OF_MESSAGES,
    Rows,
    at,
    conversations_of,
    each_choice,
    finish_of,
    first,
    given_to,
    is_chat,
    is_error,
    of_request,
    plain_names,
    row_of,
    said_in,
    texts_in,
    turns_of,
    whole_answer,
)
from harness.logs.rows import RowError
from harness.logs.spans import joined_id, otel, traces
from harness.records.conversation import MESSAGES, last_answer, unquoted


def rows_of_value(preset: str, value: Any) -> Rows:
    """The rows of one value; none where it holds other things, such as a span that is not of a model.

    Raises RowError where the value is not an object.
    """
    if not isinstance(value, dict):
        raise RowError("not-an-object", f"found {found(value)}; accepted: one object a row")
    for row in PRESETS[preset](value):
        yield from each_choice(row)


LISTS = ("data", "records")
"""Where a document holds its rows: of OpenAI's lists, of Azure's diagnostic logs."""
REQUESTS = (
    *("request", "body", "requestbody", "backendrequestbody", "requestjson", "requestmessages"),
    *("modelinput", "fullrequest", "inputmessages"),
)
RESPONSES = (
    *("response", "completion", "responsebody", "backendresponsebody", "responsejson", "responsemessages"),
    *("modeloutput", "fullresponse", "outputmessages"),
)


def openai(value: dict[str, Any]) -> Rows:
    """Pairs of `request` and `response`, stored completions and responses, conversations that end in an answer."""
    for name in LISTS:
        if isinstance(value.get(name), list):
            yield from (row for one in value[name] if isinstance(one, dict) for row in openai(one))
            return
    fields = plain_names(value) | plain_names(at(value, "properties") or {})
    asked = unquoted(first(fields, *REQUESTS) or at(value, "input", "inputBodyJson"))
    asked = of_request(
        unquoted(at(asked, "body") or at(asked, "postData", "text") or asked)
    )  # of a gateway; of an HTTP archive
    answer = whole_answer(unquoted(first(fields, *RESPONSES) or at(value, "output", "outputBodyJson")))
    inside = at(answer, "body") or (at(answer, "content", "text") if at(answer, "content", "mimeType") else None)
    answer = whole_answer(unquoted(inside)) or answer
    failed = is_error(answer) or (answer is None and bool(value.get("error")))
    failed = failed or (answer == {} and bool(value.get("status")))  # Vertex: what went wrong
    if answer is None and ("choices" in value or "output" in value):
        answer = value if isinstance(value.get("choices", value.get("output")), list) else value["output"]
    if not isinstance(asked, dict):
        asked = {"messages": asked} if asked else value
    if not any(asked.get(name) for name in MESSAGES) and isinstance(at(value, "input_items"), dict | list):
        asked = {"input": at(value, "input_items", "data") or value["input_items"]}
    name = next(
        (one for one in (*MESSAGES, "prompt", "inputText", "inputs", "message") if asked.get(one) is not None), ""
    )
    messages = asked.get(name)
    source = asked if name in MESSAGES else messages
    if isinstance(messages, list) and (answer is None or asked is value):
        count = last_answer(messages)  # the answer is at the end, and no source of itself
        before, said = messages[: len(messages) - count], messages[len(messages) - count :]
        source = {**asked, name: before} if name in MESSAGES else before
        answer = (said or None) if answer is None else answer
    yield row_of(
        value,
        source=given_to(source),
        output=None if failed else said_in(answer),
        model=first(answer, "model", "modelVersion") or first(asked, "model") or first(fields, *_MODELS),
        time=first(answer, "created", "created_at") or first(fields, *_TIMES),
        id=first(value, "id", "custom_id", "recordId", "key") or first(answer, "id"),
        finish_reason="error" if failed else finish_of(answer),
    )


_MODELS = ("model", "modelid", "modelname", "aimodel")
_TIMES = (
    *("created", "createdat", "timestamp", "time", "timegenerated", "requestcreatedat"),
    *("processedtime", "loggingtime", "starteddatetime", "starttime"),
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
    asked = first(value.get("asked"), *_ASKED_IN)
    if batch_side(answered) != "answer":
        if batch_side(answered):
            return
        raise RowError("source", "found neither a request nor a response of a batch; accepted: its lines as they came")
    assert isinstance(answered, dict)
    if asked is None:
        name = found(first(answered, *BATCH_IDS))
        raise RowError("source", f"custom_id {name}: no such request; name the batch's input file beside its output")
    if _NOT_CHAT.search(str(at(value, "asked", "url"))):
        return
    body = at(answered, "response", "body") or at(answered, "result", "message") or answered.get("response")
    status = at(answered, "response", "status_code")
    failed = bool(answered.get("error")) or (isinstance(status, int) and status != 200) or is_error(body)
    failed = failed or at(answered, "result", "type") in ("errored", "canceled", "expired")
    yield row_of(
        answered,
        source=given_to(asked),
        output=None if failed else said_in(body),
        model=first(body, "model", "modelVersion") or first(asked, "model"),
        time=first(body, "created", "created_at"),
        id=first(answered, *BATCH_IDS),
        finish_reason="error" if failed else finish_of(body),
    )


BATCH_IDS = ("custom_id", "key")
"""What an answer of a batch has in common with its request."""
_ASKED_IN = ("body", "params", "request")
"""Where a line of a batch has the body of its request: OpenAI and Ark, Anthropic, Gemini."""


def batch_side(value: Any) -> str:
    """Whether a line of a batch is a `request` or an `answer`; empty if it is neither, or both in one."""
    if not isinstance(value, dict) or first(value, *BATCH_IDS) is None:
        return "request" if isinstance(at(value, "requests"), list) else ""
    has_request = any(isinstance(value.get(name), dict) for name in _ASKED_IN)
    has_answer = any(value.get(name) is not None for name in ("response", "result", "error"))
    return "" if has_request == has_answer else "request" if has_request else "answer"


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


def chats(value: dict[str, Any]) -> Rows:
    """Conversations: every answer is a row; its source is what the system and the users said before it."""
    for name in ("data", "list", "items"):
        if is_chat(value) and not turns_of(value) and isinstance(value.get(name), list | dict):
            inside = value[name] if isinstance(value[name], list) else [value[name]]
            yield from (row for one in inside if isinstance(one, dict) for row in chats(one))
            return
    for one in conversations_of(value):
        yield from chats(one)
    asked: list[str] = [value["system"]] if isinstance(value.get("system"), str) else []
    shared = {name: field for name, field in value.items() if isinstance(field, str | int | float)}
    models = at(value, "chat", "models")
    for turn in turns_of(value):
        if not turn.is_answer:
            asked += turn.texts
            continue
        yield row_of(
            shared,
            source=list(asked),
            output=turn.said,
            model=turn.model or first(value, "model") or (models[0] if isinstance(models, list) and models else None),
            time=turn.time or first(value, "create_time", "created_at", "timestamp", "time"),
            id=first(value, "id", "conversation_id", "chatId", "chat_id") or turn.id,
            finish_reason=None,
        )


def messages(value: dict[str, Any]) -> Rows:
    """An answer of a conversation whose messages are a row each, with what users said before it (`Conversations`)."""
    message = value.get("message")
    fields = plain_names(message) if isinstance(message, dict) else {}
    if "too many" in value:
        raise RowError("conversation", f"more than {value['too many']:,} messages of one conversation; accepted: fewer")
    if "asked" not in value:
        raise RowError("role", f"found {found(first(fields, *SPEAKERS))}; {_OF_MESSAGES}")
    yield row_of(
        message if isinstance(message, dict) else {},
        source=value["asked"],
        output=value["said"],
        model=first(fields, *_MODELS),
        time=first(fields, *TIMES_OF_MESSAGES),
        id=first(fields, "id", "messageid"),
        finish_reason=first(fields, "finishreason", "stopreason"),
    )


_OF_MESSAGES = (
    "accepted: a conversation's id, a text, and who spoke: user, human, customer, system, tool; assistant, ai, bot, "
    "model"
)


def evals(value: dict[str, Any]) -> Rows:
    """Samples of lm-evaluation-harness, predictions and results of OpenCompass, predictions of EvalScope before 1.0,
    output items of OpenAI's hosted Evals.

    The right answer, which is beside the model's, is not read. Raises RowError where nothing was written by a model.
    """
    if is_sample(value):
        yield from _of_lm_eval(value)
    elif is_prediction(value):
        yield from _of_opencompass(value)
    elif value.get("object") == _OUTPUT_ITEM:
        sample = value.get("sample")
        failed = bool(at(sample, "error"))
        yield row_of(
            value,
            source=given_to(at(sample, "input")),
            output=None if failed else said_in(at(sample, "output")),
            model=first(sample, "model"),
            time=first(value, "created_at"),
            id=first(value, "id"),
            finish_reason="error" if failed else finish_of(sample),
        )
    elif isinstance(at(value, "details"), dict):
        yield from evals(value["details"])
    elif "choices" in value:
        asked = value.get("origin_prompt") or value.get("raw_input")
        given = [at(asked, "system_prompt"), at(asked, "data")] if at(asked, "data") else asked
        yield row_of(
            value,
            source=list(texts_in(given)),
            output=said_in(value),
            model=first(value, "model"),
            time=first(value, "created"),
            id=first(value, "index"),
            finish_reason=finish_of(value),
        )
    else:
        for name, one in value.items():
            if isinstance(one, dict) and is_prediction(one):
                yield from _of_opencompass({"idx": name, **one})


_OUTPUT_ITEM = "eval.run.output_item"


def is_sample(value: dict[str, Any]) -> bool:
    """Whether a value is a sample of lm-evaluation-harness."""
    return {"doc", "resps"} <= value.keys() or {"arguments", "filtered_resps"} <= value.keys()


def is_prediction(value: Any) -> bool:
    """Whether a value is one prediction of OpenCompass, or a detail of its results."""
    return isinstance(value, dict) and ({"origin_prompt", "prediction"} <= value.keys() or "origin_prediction" in value)


def is_of_evals(value: dict[str, Any]) -> bool:
    """Whether a value is one that `evals` reads."""
    if is_sample(value) or is_prediction(value) or {"choices", "raw_input"} <= value.keys():
        return True
    if value.get("object") == _OUTPUT_ITEM:
        return True
    details = value.get("details")  # of results, beside `type`
    inside = details if isinstance(details, dict) else value
    named = [one for name, one in inside.items() if name.isdigit()]
    return bool(named) and all(map(is_prediction, named)) and (inside is details or len(named) == len(value))


def _of_lm_eval(value: dict[str, Any]) -> Rows:
    arguments = value.get("arguments")
    calls = list(arguments.values()) if isinstance(arguments, dict) else arguments
    answers = value.get("resps") if value.get("resps") is not None else value.get("filtered_resps")
    if not isinstance(calls, list) or not isinstance(answers, list) or len(calls) != 1:
        raise RowError("output", _NOTHING_WRITTEN)
    asked = at(calls[0], "arg_0") if isinstance(calls[0], dict) else next(iter(calls[0] or ()), None)
    while isinstance(asked, list) and len(asked) == 1 and isinstance(asked[0], str):
        asked = unquoted(asked[0])
    for one in answers[0] if answers and isinstance(answers[0], list) else answers:
        if not isinstance(one, str):
            raise RowError("output", _NOTHING_WRITTEN)
        yield row_of(value, source=given_to(asked), output=one, id=value.get("doc_id"))


_NOTHING_WRITTEN = (
    "probabilities of given answers, nothing that a model wrote; accepted: tasks that generate (generate_until, gen)"
)


def _of_opencompass(value: dict[str, Any]) -> Rows:
    asked, said = first(value, "origin_prompt", "prompt"), first(value, "origin_prediction", "prediction")
    if any(name.startswith("label:") for name in value) or not isinstance(said, str | list):
        raise RowError("output", _NOTHING_WRITTEN)
    rounds = said if isinstance(said, list) else [said]
    before = asked if isinstance(asked, list) and len(asked) == len(rounds) > 1 else None
    for number, one in enumerate(rounds):
        if isinstance(one, dict):  # a dialogue: round, user, assistant
            before = [*(before if number and before else []), *texts_in(first(one, "user"))]
        given = before[: number + 1] if before is not None else asked
        answer = first(one, "assistant") if isinstance(one, dict) else one
        if isinstance(given, list):
            given = [text for turn in given for text in texts_in(first(turn, "prompt", "content") or turn)]
        yield row_of(value, source=given, output=answer, id=first(value, "idx"))


PRESETS: dict[str, Callable[[dict[str, Any]], Rows]] = {
    "openai": openai,
    "litellm": litellm,
    "langfuse": langfuse,
    "otel": otel,
    "traces": traces,
    "chats": chats,
    "promptfoo": promptfoo,
    "evals": evals,
    "messages": messages,
    "openai-batch": batch,
    "ark-batch": batch,
    "anthropic-batch": batch,
    "gemini-batch": batch,
}
BATCHES = ("openai-batch", "ark-batch", "anthropic-batch", "gemini-batch")
