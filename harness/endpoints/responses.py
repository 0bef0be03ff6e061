"""Kind `responses`: OpenAI's Responses API. What is sent is made of a chat request, and what comes back is read here.

https://developers.openai.com/api/reference/resources/responses
"""

import json
from collections.abc import Iterator
from typing import Any

from harness.endpoints.message import count, items, json_object, name, tokens_of
from harness.records.answer import Completion, Token, ToolCall

PATH = "/responses"
_ENDINGS = ("response.completed", "response.incomplete", "response.failed")
_CUT = {"max_output_tokens": "length", "content_filter": "content_filter"}
_LONGEST_NAME = 200


def request_of(chat: dict[str, Any]) -> dict[str, Any]:
    """The body of the Responses API that asks what a chat body asks.

    `store` is false, so that the provider keeps nothing. A function is not strict unless its definition says so, as in
    chat completions; the Responses API takes every function for strict otherwise.

    Raises:
        ValueError: a setting that the Responses API does not have.
    """
    if "seed" in chat:
        raise ValueError("seed: the Responses API has none; take it out")
    body: dict[str, Any] = {"model": chat["model"], "input": list(_items(chat["messages"])), "store": False}
    if "temperature" in chat:
        body["temperature"] = chat["temperature"]
    if "max_tokens" in chat:
        body["max_output_tokens"] = chat["max_tokens"]
    if "tools" in chat:
        body["tools"] = [_tool(tool) for tool in chat["tools"]]
    if "response_format" in chat:
        body["text"] = {"format": _format(chat["response_format"])}
    if chat.get("stream"):
        body["stream"] = True
    if chat.get("logprobs"):
        body["include"] = ["message.output_text.logprobs"]
    return body


def _items(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for message in messages:
        role, content = message["role"], message.get("content")
        if role == "tool":
            output = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
            yield {"type": "function_call_output", "call_id": message.get("tool_call_id", ""), "output": output}
            continue
        if content:
            yield {"role": role, "content": content if isinstance(content, str) else _parts(content, role)}
        for call in message.get("tool_calls") or ():
            function = call["function"]
            yield {
                "type": "function_call",
                "call_id": call.get("id", ""),
                "name": function["name"],
                "arguments": function["arguments"],
            }


def _parts(content: list[dict[str, Any]], role: str) -> Any:
    if role == "assistant":  # text alone: parts of an answer need the id that the API gave them
        return "".join(_text(part.get("text")) for part in content)
    return [_part(part) for part in content]


def _part(part: dict[str, Any]) -> dict[str, Any]:
    if part.get("type") == "text":
        return {"type": "input_text", "text": part["text"]}
    if part.get("type") == "image_url":
        given = part["image_url"]
        return {"type": "input_image", "image_url": given["url"], "detail": given.get("detail", "auto")}
    return part


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    if tool.get("type") != "function":
        return tool
    return {"type": "function", "strict": False, **tool["function"]}


def _format(wanted: dict[str, Any]) -> dict[str, Any]:
    if wanted.get("type") != "json_schema":
        return wanted
    return {"type": "json_schema", **wanted["json_schema"]}


def completion_of(text: str) -> Completion | None:
    """What a body of the Responses API says, whole or streamed; None for a body of another form."""
    if '"response' not in text:
        return None
    if text.lstrip().startswith("{"):
        value = json_object(text)
        return _completion(value) if value is not None and value.get("object") == "response" else None
    started = False
    for line in text.split("\n"):
        event = json_object(line[5:]) if line.startswith("data:") else None
        kind = event.get("type") if event is not None else None
        if event is None or not isinstance(kind, str):
            continue
        if kind in _ENDINGS and isinstance(event.get("response"), dict):
            return _completion(event["response"])
        if kind == "error" and started:
            return Completion(unusable="error_in_body")
        started = started or kind.startswith("response.")
    return Completion(unusable="broken_stream") if started else None


def _completion(value: dict[str, Any]) -> Completion:
    status, incomplete = value.get("status"), value.get("incomplete_details")
    reason = incomplete.get("reason") if isinstance(incomplete, dict) else None
    texts: list[str] = []
    reasonings: list[str] = []
    refused = False
    calls: list[ToolCall] = []
    tokens: list[Token] = []
    output = [item for item in items(value.get("output")) if isinstance(item, dict)]
    for item in output:
        if item.get("type") == "reasoning":
            # open models give the reasoning itself, OpenAI's a summary
            said = _parts_said(item.get("content")) or _parts_said(item.get("summary"))
            reasonings += [said] if said else []
        if item.get("type") == "function_call":
            calls.append(ToolCall(name=_text(item.get("name")), arguments=_text(item.get("arguments"))))
        # commentary is what a model says while it works, not its answer
        if item.get("type") != "message" or item.get("phase") == "commentary":
            continue
        for part in items(item.get("content")):
            if isinstance(part, dict) and part.get("type") == "output_text":
                texts.append(_text(part.get("text")))
                tokens += tokens_of({"content": part.get("logprobs")})
            refused = refused or (isinstance(part, dict) and part.get("type") == "refusal")
    usage = value.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    unusable = None
    if status == "failed" or value.get("error"):
        unusable = "error_in_body"
    elif status == "incomplete":
        unusable = _CUT.get(_text(reason), "incomplete")
    elif status not in ("completed", None):
        unusable = "no_choices"  # queued or in progress: there is no answer yet
    elif not calls and not "".join(texts).strip() and (refused or reasonings or not texts):
        unusable = "refusal" if refused else "only_reasoning" if reasonings else "no_content"
    completion = Completion(
        text="".join(texts),
        reasoning="\n\n".join(reasonings) or None,
        tool_calls=tuple(calls),
        finish_reason=_text(reason) or ("tool_calls" if calls else "stop"),
        model=name(value.get("model")),
        prompt_tokens=count(usage.get("input_tokens")),
        completion_tokens=count(usage.get("output_tokens")),
        tokens=tuple(tokens),
        unusable=unusable,
    )
    return (
        completion.model_copy(update={"text": "", "reasoning": None, "tool_calls": ()})
        if unusable == "error_in_body"
        else completion
    )


def _parts_said(parts: Any) -> str:
    texts = (_text(part.get("text")) for part in items(parts) if isinstance(part, dict))
    return "\n\n".join(text for text in texts if text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
