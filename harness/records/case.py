"""One case of a suite: what is asked, and which strings must come back."""

import hashlib
import json
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from harness.records import Record

Channel = Literal["text", "json", "tool"]

HELD_OUT = "held-out"
"""Tag of a case that no training set may hold and no page shows as text."""

NOT_IN_HEADLINE = "not-in-headline"
"""Tag of the cases of a suite with `headline = false`: other questions, whose checks would move the check rate."""

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class CheckCall(Record):
    """A named check with its arguments, as a case lists it."""

    check: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class Case(Record):
    """A prompt with its targets. `messages` is the conversation in the chat-completions form."""

    suite: str
    id: str = Field(pattern=ID_PATTERN)
    domain: str
    language: str
    task: str
    messages: tuple[dict[str, Any], ...]
    targets: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    tools: tuple[dict[str, Any], ...] = ()
    response_format: dict[str, Any] | None = None
    checks: tuple[CheckCall, ...] = ()
    tags: tuple[str, ...] = ()
    stream: bool | None = None

    @property
    def channel(self) -> Channel:
        """How the answer is decoded before it is checked."""
        if self.tools:
            return "tool"
        if self.response_format is not None or self.task == "json":
            return "json"
        return "text"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything but the place of the case: two cases pair only if it is equal."""
        content = self.model_dump(mode="json", exclude={"suite", "id", "tags"})
        canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def symbols(self) -> str:
        """Which of the two main symbols the targets hold: `-`, `/`, `both` or `none`."""
        joined = "".join(self.targets)
        kinds = [symbol for symbol in "-/" if symbol in joined]
        return "both" if len(kinds) == 2 else (kinds[0] if kinds else "none")


def texts_of(messages: tuple[dict[str, Any], ...]) -> tuple[str, ...]:
    """All text that a model is given in a conversation: contents, and arguments of earlier tool calls."""
    texts: list[str] = []
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            texts.append(content)
        elif isinstance(content, list):
            texts += [part["text"] for part in content if isinstance(part.get("text"), str)]
        for call in message.get("tool_calls") or ():
            arguments = call.get("function", {}).get("arguments")
            if isinstance(arguments, str):
                texts += _strings_of_json(arguments)
    return tuple(texts)


def _strings_of_json(encoded: str) -> list[str]:
    try:
        decoded = json.loads(encoded)
    except (ValueError, RecursionError):
        return [encoded]
    found: list[str] = []
    pending: list[Any] = [decoded]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            pending += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            pending += value
    return found
