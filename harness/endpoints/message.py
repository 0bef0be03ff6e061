"""The parts of a chat completion: text, reasoning, refusal, tool calls, tokens; and errors in place of an answer."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.records.answer import Completion, Ending, Token, ToolCall, ending

_LONGEST_NAME = 200
_UNUSABLE: dict[Ending | None, str | None] = {None: None, "complete": None}
"""Endings after which an answer can be judged; the others are reasons of an unscored sample themselves."""
_REASONING = ("reasoning_content", "reasoning", "thinking", "thinking_content")
"""Fields beside `content` in which vLLM, SGLang, DeepSeek, OpenRouter, Ollama and others give reasoning."""
_REASONING_PARTS = ("thinking", "reasoning", "redacted_thinking")
_TEXT_PARTS = ("text", "output_text")


@dataclass(slots=True)
class Message:
    """Text, reasoning and refusal of a message, or of a piece of one."""

    texts: list[str] = field(default_factory=list)
    reasonings: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    is_odd: bool = False
    """Whether the content is a number, an object or another thing that is not text."""

    @property
    def text(self) -> str:
        """All text so far."""
        return "".join(self.texts)

    @classmethod
    def of(cls, message: dict[str, Any]) -> "Message":
        """From `content` as text or in parts, and from the fields beside it."""
        made = cls()
        content = message.get("content")
        if isinstance(content, list):
            for part in content:
                made._add(part)
        elif isinstance(content, str):
            made.texts.append(content)
        else:
            made.is_odd = content is not None
        made.refusals.append(string(message.get("refusal")) or "")
        # some gateways give the same reasoning in two fields
        made.reasonings.append(next((said for name in _REASONING if (said := _plain(message.get(name)))), ""))
        return made

    def _add(self, part: Any) -> None:
        if isinstance(part, str):
            self.texts.append(part)
            return
        if not isinstance(part, dict):
            self.is_odd = True
            return
        kind = part.get("type")
        if kind in _REASONING_PARTS:
            said = next((said for name in (*_REASONING, "text") if (said := _plain(part.get(name)))), "")
            self.reasonings.append(said)
        elif kind == "refusal":
            self.refusals.append(string(part.get("refusal")) or "")
        elif isinstance(part.get("text"), str):
            self.texts.append(part["text"])
        elif part.get("text") is not None or (kind in _TEXT_PARTS and "text" not in part):
            self.is_odd = True  # text in a form that is not known: without it the model would seem to have left it out

    def extend(self, piece: "Message") -> None:
        """Add the next piece of a stream."""
        self.texts += piece.texts
        self.reasonings += piece.reasonings
        self.refusals += piece.refusals
        self.is_odd = self.is_odd or piece.is_odd


def _plain(value: Any) -> str:
    """Reasoning as text, or in parts of text (Mistral)."""
    if isinstance(value, list):
        return "".join(_plain(part.get("text")) if isinstance(part, dict) else _plain(part) for part in value)
    return value if isinstance(value, str) else ""


def says_error(content: dict[str, Any], *, has_choice: bool) -> bool:
    """Whether a body of status 200 reports an error: `error` beside choices or without any, or the flat forms."""
    error = content.get("error")
    if isinstance(error, dict):
        # {"error": {"code": 0, "message": ""}} means that there was none
        error = any(value not in (None, "", 0, False) for value in error.values())
    if error:
        return True
    if isinstance(status := content.get("base_resp"), dict) and status.get("status_code") not in (None, 0):
        return True  # MiniMax
    if has_choice:
        return False
    if content.get("object") == "error" or content.get("type") == "error" or content.get("success") is False:
        return True
    return any(isinstance(content.get(field), str) and content[field] for field in MESSAGE_FIELDS)


MESSAGE_FIELDS = ("message", "msg", "detail", "error_msg", "error_message", "errorMessage")
"""Where endpoints put the words of an error that is not in an `error` object."""


def completion_of(
    content: dict[str, Any],
    *,
    message: Message,
    calls: list[ToolCall],
    tokens: Iterable[Token],
    finish_reason: str | None,
    usage: Any,
    is_empty: bool = False,
) -> Completion:
    usage = usage if isinstance(usage, dict) else {}
    end = ending(finish_reason)
    unusable = _UNUSABLE.get(end, end)
    text, reasoning = message.text, "".join(message.reasonings)
    if unusable is None and not calls and not text.strip():
        if any(message.refusals):
            unusable = "refusal"
        elif reasoning.strip():
            unusable = "only_reasoning"
        elif is_empty:
            unusable = "no_content"
    if message.is_odd:
        unusable = "content_not_text"
    return Completion(
        text=text,
        reasoning=reasoning or None,
        tool_calls=tuple(calls),
        finish_reason=finish_reason,
        model=name(content.get("model")),
        system_fingerprint=name(content.get("system_fingerprint")),
        prompt_tokens=count(usage.get("prompt_tokens")),
        completion_tokens=count(usage.get("completion_tokens")),
        tokens=tuple(tokens),
        unusable=unusable,
    )


def tokens_of(logprobs: Any) -> Iterator[Token]:
    """The tokens of `logprobs.content`, as OpenAI, vLLM and llama.cpp give them; one that is odd is left out."""
    for entry in items(logprobs.get("content")) if isinstance(logprobs, dict) else ():
        if not isinstance(entry, dict):
            continue
        text, raw, value = entry.get("token"), entry.get("bytes"), entry.get("logprob")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            continue
        if isinstance(raw, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in raw):
            yield Token(spelling=bytes(raw).hex(), log_probability=value)
        elif isinstance(text, str):
            yield Token(spelling=text.encode("utf-8", "surrogatepass").hex(), log_probability=value)


def json_object(text: str | bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def first_choice(content: dict[str, Any]) -> dict[str, Any] | None:
    """The choice of index 0: with `n` above 1 a stream mixes the chunks of all choices."""
    for choice in items(content.get("choices")):
        if isinstance(choice, dict) and choice.get("index") in (0, None):
            return choice
    return None


def tool_call(call: dict[str, Any]) -> ToolCall:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        # Ollama and some gateways answer with the decoded object
        arguments = json.dumps(arguments, ensure_ascii=False)
    return ToolCall(name=string(function.get("name")) or "", arguments=string(arguments) or "")


def string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def finish_of(choice: dict[str, Any]) -> str | None:
    """Why the answer ended; a number or an object, which no table knows, in its own words."""
    value = choice.get("finish_reason")
    if value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value)[:_LONGEST_NAME]


def name(value: Any) -> str | None:
    """A name that the endpoint gives, fit for a terminal: printable characters, not longer than a name is."""
    if not isinstance(value, str):
        return None
    return "".join(char if char.isprintable() else "\ufffd" for char in value[:_LONGEST_NAME])


def count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
