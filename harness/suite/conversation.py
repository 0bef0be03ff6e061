"""The messages of a case: what every chat-completions endpoint takes, so that a slip is told before money is spent."""

from typing import Any

from harness.records.explain import found, nearest
from harness.suite.lines import BadLineError

ROLES = ("system", "developer", "user", "assistant", "tool")
_ASKING = ("user", "tool")


def check_messages(messages: Any) -> None:
    """Raise BadLineError for the first message that is not in the chat-completions form."""
    if not isinstance(messages, list) or not messages:
        raise BadLineError(f"messages: found {found(messages)}; accepted: a non-empty list of messages")
    for index, message in enumerate(messages):
        _check_message(f"messages[{index}]", message)
    role = messages[-1]["role"]
    if role not in _ASKING:
        raise BadLineError(
            f"messages[{len(messages) - 1}].role: found {role!r}, so nothing is asked; "
            "accepted: user or tool in the last message"
        )


def _check_message(place: str, message: Any) -> None:
    if not isinstance(message, dict):
        raise BadLineError(f"{place}: found {found(message)}; accepted: an object with role and content")
    role = message.get("role")
    if role not in ROLES:
        hint = nearest(role, ROLES) if isinstance(role, str) else ""
        raise BadLineError(f"{place}.role: found {found(role)}{hint}; accepted: {', '.join(ROLES)}")
    calls = message.get("tool_calls")
    if calls is not None:
        _check_calls(place, role, calls)
    _check_content(f"{place}.content", message.get("content"), optional=bool(calls))
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise BadLineError(
            f"{place}.tool_call_id: found {found(message.get('tool_call_id'))}; "
            "accepted: the id of the call that it answers"
        )


def _check_content(place: str, content: Any, *, optional: bool) -> None:
    if content is None and optional:
        return
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not content:
        raise BadLineError(f"{place}: found {found(content)}; accepted: a string, or a list of parts")
    for index, part in enumerate(content):
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise BadLineError(f'{place}[{index}]: found {found(part)}; accepted: {{"type": "text", "text": ...}}')
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            raise BadLineError(f"{place}[{index}].text: found {found(part.get('text'))}; accepted: a string")


def _check_calls(place: str, role: str, calls: Any) -> None:
    if role != "assistant":
        raise BadLineError(f"{place}.tool_calls: in a message of role {role!r}; accepted: in role assistant alone")
    if not isinstance(calls, list) or not calls:
        raise BadLineError(f"{place}.tool_calls: found {found(calls)}; accepted: a non-empty list of calls")
    for index, call in enumerate(calls):
        function = call.get("function") if isinstance(call, dict) else None
        good = (
            isinstance(function, dict)
            and isinstance(call.get("id"), str)
            and isinstance(function.get("name"), str)
            and isinstance(function.get("arguments"), str)
        )
        if not good:
            raise BadLineError(
                f"{place}.tool_calls[{index}]: found {found(call)}; "
                'accepted: {"id", "type": "function", "function": {"name", "arguments": JSON text}}'
            )
