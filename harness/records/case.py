"""One case of a suite: what is asked, and which strings must come back."""

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from harness.records import Record, kept_property, loose

Channel = Literal["text", "json", "tool"]

HELD_OUT = "held-out"
"""Tag of a case that no training set may hold and no page shows as text."""

NOT_IN_HEADLINE = "not-in-headline"
"""Tag of the cases of a suite with `headline = false`: other questions, whose checks would move the check rate."""


@lru_cache(maxsize=4096)  # a history holds few domains, and each of its cases names one
def domain_name(name: str) -> str:
    """The one name of a domain: `Finance` and `finance` are one field, and its cases are one cluster."""
    return " ".join(unicodedata.normalize("NFKC", name).lower().split())


Domain = Annotated[str, AfterValidator(domain_name)]
"""Of a result, a rule or a training sample. A `Case` keeps the spelling of its file, which is in its digest."""

MOST_TARGETS = 100
"""Targets of a case. Shipped cases have at most five."""
MOST_TARGET_WORK = 1_000_000
"""Targets of a case times their characters: targets that hold each other are looked for in each other."""

_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
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
    def key(self) -> str:
        """`suite/id`: what pairs the case with its results, and with the same case of another run."""
        return f"{self.suite}/{self.id}"

    @property
    def channel(self) -> Channel:
        """How the answer is decoded before it is checked."""
        if self.tools:
            return "tool"
        if self.response_format is not None or self.task == "json":
            return "json"
        return "text"

    @kept_property
    def digest(self) -> str:
        """SHA-256 of everything but the place of the case: two cases pair only if it is equal."""
        content = loose(self).model_dump(mode="json", exclude={"suite", "id", "tags"})
        return hashlib.sha256(_canonical(content).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def symbols(self) -> str:
        """Which of the two main symbols the targets hold: `-`, `/`, `both` or `none`."""
        joined = "".join(self.targets)
        kinds = [symbol for symbol in "-/" if symbol in joined]
        return "both" if len(kinds) == 2 else (kinds[0] if kinds else "none")


def too_many(targets: Sequence[str]) -> str | None:
    """Why these are more, or longer, than a case may have; None if they are not."""
    many, size = len(targets), sum(map(len, targets))
    if many <= MOST_TARGETS and (many <= 1 or many * size <= MOST_TARGET_WORK):
        return None
    most = MOST_TARGET_WORK // min(max(many, 1), MOST_TARGETS)
    return f"found {many} with {size:,} characters; accepted: at most {MOST_TARGETS}, with {most:,} characters in all"


def texts_of(messages: tuple[dict[str, Any], ...]) -> tuple[str, ...]:
    """All text that a model is given in a conversation: contents, tool results, and arguments of earlier tool calls.

    Raises AttributeError or TypeError for a message of another shape.
    """
    texts: list[str] = []
    for message in messages:
        texts += _texts_of_content(message.get("content"))
        texts += _texts_of_content(message.get("parts"))  # Gemini's name for it
        for call in message.get("tool_calls") or ():
            called = call.get("function") or call  # LangChain has the name and `args` in the call itself
            texts += _arguments(called.get("arguments", called.get("args")))
        texts += _arguments((message.get("function_call") or {}).get("arguments"))
        if "role" not in message:  # an item of the Responses API
            texts += [*_arguments(message.get("arguments")), *_texts_of_content(message.get("output"))]
    return tuple(texts)


_GIVEN = ("input", "args", "arguments", "response", "result")
"""What a tool was called with and gave back, by each vendor's name."""
_INSIDE = ("toolUse", "toolResult", "functionCall", "functionResponse", "content")


def with_system(messages: tuple[dict[str, Any], ...], system: str | None) -> tuple[dict[str, Any], ...]:
    """A conversation with a system prompt before its own."""
    if not system:
        return messages
    first, *rest = messages
    if first["role"] == "system" and isinstance(first["content"], str):
        # one system message: several servers refuse two
        return ({"role": "system", "content": f"{system}\n\n{first['content']}"}, *rest)
    return ({"role": "system", "content": system}, *messages)


def _texts_of_content(content: Any) -> list[str]:
    """A text, or parts of content; the result of a tool is a part that holds parts."""
    texts: list[str] = []
    pending = [content]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, list):
            pending += reversed(part)
        elif part is not None:
            if isinstance(part.get("text"), str):
                texts.append(part["text"])
            for name in _GIVEN:
                texts += _arguments(part.get(name))
            pending += [part[name] for name in _INSIDE if part.get(name)]
    return texts


def _arguments(given: Any) -> list[str]:
    """The strings of the arguments of a tool call, which are JSON or an object."""
    if isinstance(given, str):
        try:
            return _strings_in(json.loads(given))
        except (ValueError, RecursionError):
            return [given]
    return _strings_in(given)


def _strings_in(decoded: Any) -> list[str]:
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
