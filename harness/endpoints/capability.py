"""What an endpoint refuses, learnt from its refusals and kept for the run: no list of model names can be up to date."""

import re
from typing import Any

_UNSUPPORTED = re.compile(
    r"unsupported|not support|n't support|not (?:allowed|permitted|enabled)|unknown|unrecognized|unexpected|deprecated"
    r"|only the default|only 1 is allowed|strictly positive|must be (?:greater|strictly)|extra inputs|no longer"
    r"|must alternate|roles? are supported|不支持|不被支持",
    re.IGNORECASE,
)
_SYSTEM = re.compile(
    r"system[\W_]{1,3}(?:role|message|prompt|instruction)|role\W{1,3}(?:of\W{1,3})?system|messages\W*0\W*\.?role"
    r"|developer instruction|roles? must alternate|only user and assistant",
    re.IGNORECASE,
)
_DROPPED = ("temperature", "seed", "stream_options")
_STATUSES = (400, 404, 422, 500)
"""500: llama.cpp's server, when a chat template raises."""


class Capability:
    """What one endpoint has refused so far.

    The recording keeps the request that was asked for; `changes` says how it was sent.
    """

    def __init__(self) -> None:
        self._renames = False
        self._folds_system = False
        self._left_out: dict[str, None] = {}

    @property
    def changes(self) -> tuple[str, ...]:
        """How requests differ from what was asked for, in words."""
        return (
            *(("max_tokens as max_completion_tokens",) if self._renames else ()),
            *(("the system message as a part of the first user message",) if self._folds_system else ()),
            *(f"without {name}" for name in self._left_out),
        )

    @property
    def settings(self) -> tuple[str, ...]:
        """What to set so that requests are sent so from the start."""
        return (
            *(('max_tokens = "default" and extra_body = { max_completion_tokens = ... }',) if self._renames else ()),
            *(f'{name} = "default"' for name in self._left_out if name == "temperature"),
        )

    def applied(self, body: dict[str, Any]) -> dict[str, Any]:
        """The request as this endpoint takes it."""
        if not self.changes:
            return body
        sent = {name: value for name, value in body.items() if name not in self._left_out}
        if self._renames and "max_tokens" in sent:
            limit = sent.pop("max_tokens")
            sent.setdefault("max_completion_tokens", limit)
        if self._folds_system and is_system_first(sent):
            sent["messages"] = _folded(sent["messages"])
        return sent

    def learn(self, status: int, error: dict[str, Any], words: str, sent: dict[str, Any]) -> bool:
        """Whether the refusal of `sent` is about something that can be sent otherwise; then `applied` does so.

        Args:
            error: the endpoint's error object; `param` names the parameter at OpenAI and its like.
            words: its message.
        """
        if status not in _STATUSES or not _UNSUPPORTED.search(words):
            return False
        param = error.get("param")
        param = param.removeprefix("body.") if isinstance(param, str) else ""
        if "max_tokens" in sent and (param == "max_tokens" or (not param and "max_tokens" in words)):
            self._renames = True
            return True
        for name in _DROPPED:
            if name in sent and (param == name or (not param and re.search(rf"(?<![\w-]){name}(?![\w-])", words))):
                self._left_out[name] = None
                return True
        if is_system_first(sent) and (_SYSTEM.search(words) or param == "messages[0].role"):
            self._folds_system = True
            return True
        return False


def is_system_first(body: dict[str, Any]) -> bool:
    """Whether the conversation begins with a system message in plain text, followed by a message in plain text."""
    messages = body.get("messages") or []
    return (
        len(messages) > 1
        and messages[0].get("role") == "system"
        and messages[1].get("role") == "user"
        and all(isinstance(message.get("content"), str) for message in messages[:2])
    )


def _folded(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    system, user, *rest = messages
    return [{**user, "content": f"{system['content']}\n\n{user['content']}"}, *rest]
