"""From a case and a model to the request body. The same body is the recording's key, so nothing else may build one."""

from typing import Any

from harness.config import ModelConfig
from harness.records.case import Case


def messages_for(case: Case, model: ModelConfig) -> tuple[dict[str, Any], ...]:
    """The conversation as it is sent: the model's own system prompt stands before the case's."""
    if not model.system:
        return case.messages
    first, *rest = case.messages
    if first["role"] == "system" and isinstance(first["content"], str):
        # one system message: several servers refuse two
        return ({"role": "system", "content": f"{model.system}\n\n{first['content']}"}, *rest)
    return ({"role": "system", "content": model.system}, *case.messages)


def body_for(case: Case, model: ModelConfig) -> dict[str, Any]:
    """The JSON body of the request."""
    body: dict[str, Any] = {"model": model.request_model, "messages": list(messages_for(case, model))}
    if model.temperature != "default":
        body["temperature"] = model.temperature
    if model.max_tokens != "default" and "max_completion_tokens" not in model.extra_body:
        body["max_tokens"] = model.max_tokens
    if model.seed is not None:
        body["seed"] = model.seed
    if case.tools:
        body["tools"] = list(case.tools)
    if case.response_format is not None:
        body["response_format"] = case.response_format
    if model.stream if case.stream is None else case.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return {**body, **model.extra_body}
