"""Streams of server-sent events: the events, and the completion that their pieces make."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.endpoints.message import (
    Message,
    completion_of,
    finish_of,
    first_choice,
    items,
    json_object,
    name,
    says_error,
    string,
    tokens_of,
    tool_call,
)
from harness.records.answer import Completion, Token, ToolCall, ending

_FIELD = re.compile(r"(data(?<![^\r\n]data)|event(?<![^\r\n]event))(?::([^\r\n]*)|(?=[\r\n]|\Z))")
_BLANK = re.compile(r"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_FEWEST_BYTES = 20
"""Of a line with data. A body of `event:` alone has millions, and reading each would take minutes."""


_CUT_OFF = ("length", "content_filter", "refusal")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """The data of one event, its lines joined, its name, and the offset in the text at which the event ended."""

    data: str
    end: int
    name: str = ""


def events(text: str) -> Iterator[ServerSentEvent]:
    """Events that carry data. Comments and other fields are skipped.

    The specification drops a last event that no blank line ends; here it is given out, because servers end their
    streams so. A half one is not JSON, and the reader of the data finds that.
    """
    data: list[str] = []
    name = ""
    place = 0
    # what is skipped is never looked at line by line: 30 MB of comments would take a minute
    for line in _FIELD.finditer(text):
        blank = _BLANK.search(text, place, line.start()) if data or name else None
        if blank:
            if data:
                yield ServerSentEvent("\n".join(data), blank.end(), name)
            data, name = [], ""
        value = line[2] or ""
        if line[1] == "data":
            data.append(value.removeprefix(" "))
        else:
            name = value.strip()
        place = line.end()
    if data:
        blank = _BLANK.search(text, place)
        yield ServerSentEvent("\n".join(data), blank.end() if blank else len(text), name)


def has_too_many_lines(text: str) -> bool:
    """Whether a stream has more lines than anything that is said in it could need."""
    return text.count("data") + text.count("event") > max(100_000, len(text) // _FEWEST_BYTES)


def first_content_end(text: str) -> int | None:
    """Offset at which the first piece of the answer in a stream ended; None if none came."""
    for event in events(text):
        chunk = json_object(event.data)
        delta = (first_choice(chunk) or {}).get("delta") if chunk else None
        if isinstance(delta, dict) and (Message.of(delta).text or delta.get("tool_calls")):
            return event.end
    return None


class _Broken(Exception):
    """Why a stream is not an answer; its argument is the reason."""


@dataclass(slots=True)
class _Call:
    index: int
    identity: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Stream:
    """What the chunks so far said."""

    message: Message = field(default_factory=Message)
    tokens: list[Token] = field(default_factory=list)
    calls: list["_Call"] = field(default_factory=list)
    first: dict[str, Any] = field(default_factory=dict)
    usage: Any = None
    finish_reason: str | None = None
    answered: bool = False
    came_whole: bool = False

    def add(self, event: ServerSentEvent) -> None:
        """The next event.

        Raises:
            _Broken: it is an error, or not a chunk.
        """
        if event.name == "error":
            raise _Broken("error_in_body")
        chunk = json_object(event.data)
        if chunk is None:
            raise _Broken("broken_stream")
        if says_error(chunk, has_choice=isinstance(chunk.get("choices"), list)):
            raise _Broken("error_in_body")
        self.first = self.first or chunk
        self.usage = chunk.get("usage") or self.usage
        choice = first_choice(chunk)
        if choice is not None:
            self._choose(choice)

    def _choose(self, choice: dict[str, Any]) -> None:
        self.answered = True
        if ending(self.finish_reason) not in _CUT_OFF:  # a stop that a gateway adds does not make it whole
            self.finish_reason = finish_of(choice) or self.finish_reason
        self.tokens += tokens_of(choice.get("logprobs"))
        delta, message = choice.get("delta"), choice.get("message")
        if not isinstance(delta, dict) and isinstance(message, dict):
            # a gateway that makes a stream of one whole answer; a second one cannot be distinguished from a repetition
            if self.came_whole or self.message.text or self.calls:
                raise _Broken("broken_stream")
            delta, self.came_whole = message, True
        elif self.came_whole and isinstance(delta, dict) and Message.of(delta).text:
            raise _Broken("broken_stream")
        if isinstance(delta, dict):
            self.message.extend(Message.of(delta))
            self._add_calls(delta.get("tool_calls"))

    def _add_calls(self, deltas: Any) -> None:
        for delta in items(deltas):
            if not isinstance(delta, dict):
                continue
            index = delta.get("index")
            index = index if isinstance(index, int) else 0
            identity = string(delta.get("id")) or ""
            call = next((call for call in reversed(self.calls) if call.index == index), None)
            if call is None or (identity and call.identity and identity != call.identity):
                # Gemini's gateway gives all calls the index 0, each with an id of its own
                call = _Call(index)
                self.calls.append(call)
            call.identity = call.identity or identity
            function = delta.get("function")
            if isinstance(function, dict):
                name = string(function.get("name")) or ""
                # some servers repeat the whole name in every chunk
                call.name += name if name != call.name else ""
                arguments = function.get("arguments")
                if isinstance(arguments, dict):
                    arguments = tool_call(delta).arguments
                call.arguments.append(string(arguments) or "")

    def completion(self, *, is_done: bool) -> Completion:
        """The answer at the end of the stream; `is_done` if `[DONE]` came."""
        if not is_done and self.finish_reason is None:
            raise _Broken("broken_stream" if self.first else "no_choices")
        if not self.answered:
            raise _Broken("no_choices")
        if ending(self.finish_reason) is None:
            raise _Broken("unknown_end")
        return completion_of(
            self.first,
            message=self.message,
            calls=[
                ToolCall(name=call.name, arguments="".join(call.arguments))
                for call in sorted(self.calls, key=lambda call: call.index)
            ],
            tokens=self.tokens,
            finish_reason=self.finish_reason,
            usage=self.usage,
        )


def parse_stream(text: str) -> Completion:
    """Never raises: a stream that is not an answer gives a completion with its `unusable` reason."""
    stream = _Stream()
    is_done = False
    try:
        for event in events(text):
            if event.data.strip() == "[DONE]":
                is_done = True
                break
            stream.add(event)
        return stream.completion(is_done=is_done)
    except _Broken as broken:
        reason = str(broken) if text else "no_choices"
        return Completion(unusable=reason, model=name(stream.first.get("model")), finish_reason=stream.finish_reason)
