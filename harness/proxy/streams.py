"""A stream of chat chunks, mended on its way: each event goes on as soon as no mention can begin in its text."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from harness.proxy.mending import (
    LONGEST,
    ChatRequest,
    Report,
    Said,
    Wording,
    encoded,
    mend_message,
    mended_arguments,
    mended_text,
    report_on,
    texts_in,
)
from harness.text.repairing import StreamMender

_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE = re.compile(rb"\r\n|\n|\r")
_LONGEST_END = len(b"data: [DONE]\r\n\r")
_MOST_CHOICES = 128
"""Choices, and tool calls of one, that are followed; OpenAI gives no more, and a stranger's stream could count on."""


_FUNCTION = -1
"""In the place of an index, for the one call of a `function_call`."""


class TooLongError(Exception):
    """One event of a stream is longer than any chunk of an answer."""


class _Held:
    """In the place of a `StreamMender` where a text can only be mended as a whole: JSON, arguments of a tool."""

    def __init__(self, question: ChatRequest, channel: str) -> None:
        self._question = question
        self._channel = channel
        self._pieces: list[str] = []
        self.size = 0

    def feed(self, piece: str) -> str:
        self.size += len(piece)
        self._pieces.append(piece)
        if self.size <= LONGEST:
            return ""
        rest, self._pieces = "".join(self._pieces), []
        return rest

    def close(self) -> str:
        text = "".join(self._pieces)
        return mended_text(self._question, text, self._channel) if self.size <= LONGEST else text


@dataclass(slots=True)
class _HeldCall:
    """The arguments of a tool call that is not complete.

    Attributes:
        place: of the call in its answer.
        piece: the function in the event at hand that the last piece came with. What ends with its event goes out in
            it: clients take a call up at its id and name, and nothing of it may come before them.
    """

    text: _Held
    place: int
    identity: str = ""
    piece: dict[str, Any] | None = None


class MendedStream:
    """Takes the bytes of a stream in and gives those that are to be passed on.

    An event in which nothing changes goes on byte for byte; what is not a chat chunk always does. Arguments of tool
    calls, and all of a JSON answer, are held back until they are complete.

    Attributes:
        answers: what the choices said so far.
    """

    def __init__(self, question: ChatRequest, *, repairs: bool) -> None:
        self._question = question
        self._repairs = repairs and bool(question.judge.wanted)
        self._buffer = bytearray()
        self._looked_at = 0
        self._texts: dict[int, StreamMender | _Held] = {}
        self._calls: dict[tuple[int, int | None], _HeldCall] = {}
        self._last: dict[str, Any] = {}
        self._size = 0
        self._report: Report | None = None
        self._is_done = False
        self.answers: dict[int, Said] = {}
        self.id: str | None = None
        self.model: str | None = None

    def feed(self, data: bytes) -> bytes:
        """What is ready now.

        Raises:
            TooLongError: there is no end of an event in sight.
        """
        self._buffer += data
        ready: list[bytes] = []
        while (found := _BLANK_LINE.search(self._buffer, max(0, self._looked_at - 3))) is not None:
            event = bytes(self._buffer[: found.end()])
            del self._buffer[: found.end()]
            self._looked_at = 0
            ready.append(self._event(event))
        self._looked_at = len(self._buffer)
        if len(self._buffer) > LONGEST:
            raise TooLongError
        return b"".join(ready)

    def close(self) -> bytes:
        """What is left when no more will come: servers end their streams without a last blank line too."""
        event, self._buffer = bytes(self._buffer), bytearray()
        last = self._event(event) if event else b""
        return last + (b"" if self._report else self._ending())

    @property
    def is_cut(self) -> bool:
        """Whether neither the stream nor a choice of it has said that it ends."""
        return not self._is_done and not any(said.finish_reason for said in self.answers.values())

    @property
    def report(self) -> Report:
        """What was mended and what stayed damaged, once the stream has ended."""
        return self._report or Report()

    def _event(self, event: bytes) -> bytes:
        lines = _LINE.split(event)
        data = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
        if not data:
            return event
        if data == [b"[DONE]"]:
            self._is_done = True
            return self._ending() + event
        try:
            chunk = json.loads(b"\n".join(data))
        except (ValueError, RecursionError):
            return event
        if not isinstance(chunk, dict) or not isinstance(chunk.get("choices"), list):
            return event
        before, changed = self._chunk(chunk)
        for held in self._calls.values():
            held.piece = None
        # a piece that was held back and goes out in its own event may leave that as it was
        if not changed or chunk == json.loads(b"\n".join(data)):
            return before + event
        others = [line for line in lines if line and not line.startswith(b"data:")]
        return before + b"".join(line + b"\n" for line in others) + b"data: " + encoded(chunk) + b"\n\n"

    def _ending(self) -> bytes:
        """What was held back, and what was mended as a comment: the headers of a stream are gone before its text."""
        rest = b"".join(self._rest_of(number) for number in list(self.answers))
        self._report = report_on(self._question, self.answers)
        return rest + b"".join(f": {name}: {value}\n\n".encode("ascii") for name, value in self._report.headers())

    def _chunk(self, chunk: dict[str, Any]) -> tuple[bytes, bool]:
        """Repair a chunk in its place: what must go out before it, and whether it changed."""
        self.id = chunk["id"] if isinstance(chunk.get("id"), str) else self.id
        self.model = chunk["model"] if isinstance(chunk.get("model"), str) else self.model
        self._last = {name: value for name, value in chunk.items() if name not in ("choices", "usage")}
        before, changed = b"", False
        for choice in chunk["choices"]:
            number = choice.get("index") if isinstance(choice, dict) else None
            number = number if isinstance(number, int) else 0
            if not isinstance(choice, dict) or (number not in self.answers and len(self.answers) >= _MOST_CHOICES):
                continue
            said = self.answers.setdefault(number, Said())
            delta, message = choice.get("delta"), choice.get("message")
            if not isinstance(delta, dict):
                if isinstance(message, dict):  # a gateway that makes a stream of one whole answer
                    before += self._rest_of(number)
                    mend_message(self._question, message, said, repairs=self._repairs)
                    changed |= said.changed
                delta = {}
            texts = [(holder, name) for holder, name in texts_in(delta) if holder[name]]
            ended, new = self._delta(number, delta, said)
            before, changed = before + ended, changed or new
            if isinstance(choice.get("finish_reason"), str):
                said.finish_reason = choice["finish_reason"]
                if texts:
                    # the end of the text comes behind the text of this chunk, not before it
                    holder, name = texts[-1]
                    holder[name] += self._rest_of_text(number)
                before += self._rest_of(number)
        return before, changed

    def _delta(self, number: int, delta: dict[str, Any], said: Said) -> tuple[bytes, bool]:
        before, changed = b"", False
        for holder, name in texts_in(delta):
            content = holder[name]
            new = self._mender(number).feed(content) if self._repairs and content else content
            self._note(said.text, content, new)
            holder[name] = new
            changed |= new != content
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict) and isinstance(call.get("function"), dict):
                ended, new_arguments = self._call(number, call, said)
                before, changed = before + ended, changed or new_arguments
        if isinstance(delta.get("function_call"), dict):
            # the form before tool calls; some servers still give it
            ended, new_arguments = self._call(number, {"index": _FUNCTION, "function": delta["function_call"]}, said)
            before, changed = before + ended, changed or new_arguments
        return before, changed

    def _call(self, number: int, call: dict[str, Any], said: Said) -> tuple[bytes, bool]:
        """Hold the arguments of a call back: what must go out before, and whether they changed."""
        function, index, identity = call["function"], call.get("index"), call.get("id")
        key = (number, index if isinstance(index, int) else None)
        held, before = self._calls.get(key), b""
        if held is not None and identity and held.identity and identity != held.identity:
            # several calls of one index, or without any (Gemini, Ollama): each has an id of its own and comes whole
            before, held = self._rest_of_call(key), None
        arguments = function.get("arguments")
        if held is None:
            if len(said.calls) >= _MOST_CHOICES:
                return before, False
            held = self._calls[key] = _HeldCall(_Held(self._question, "tool"), len(said.calls))
            said.calls[held.place] = Wording()
        held.identity = held.identity or (identity if isinstance(identity, str) else "")
        if isinstance(arguments, dict):  # decoded, as some gateways give them: a whole call
            given, function["arguments"], new = mended_arguments(self._question, arguments, repairs=self._repairs)
            self._note(said.calls[held.place], given, new)
            return before, new != given
        if not isinstance(arguments, str) or not arguments:
            return before, False
        new = held.text.feed(arguments) if self._repairs else arguments
        self._note(said.calls[held.place], arguments, new)
        function["arguments"], held.piece = new, function
        return before, new != arguments

    def _note(self, wording: Wording, given: str, passed_on: str) -> None:
        """Keep what is said, for the report and the row, as long as an answer can be."""
        self._size += len(given)
        if self._size <= LONGEST:
            wording.add(given, passed_on)

    @property
    def size(self) -> int:
        """Characters of all texts so far: what a report at the end has to read."""
        return self._size

    def work(self, data: bytes) -> int:
        """Characters that may be read at once when these bytes are fed: the end of a stream is judged as a whole, and
        what was held back is mended as one; others must not wait for either."""
        if b"[DONE]" in self._buffer[-_LONGEST_END:] + data:
            return self._size
        return len(data) + sum(held.size for held in self._held())

    def _held(self) -> Iterator[_Held]:
        yield from (text for text in self._texts.values() if isinstance(text, _Held))
        yield from (call.text for call in self._calls.values())

    def _mender(self, number: int) -> StreamMender | _Held:
        if number not in self._texts:
            held = self._question.channel != "text"
            self._texts[number] = _Held(self._question, "json") if held else StreamMender(self._question.judge)
        return self._texts[number]

    def _rest_of_text(self, number: int) -> str:
        mender = self._texts.pop(number, None)
        text = mender.close() if mender else ""
        self._note(self.answers[number].text, "", text)
        return text

    def _rest_of(self, number: int) -> bytes:
        """Chunks with what was held back of a choice."""
        text = self._rest_of_text(number)
        rest = self._made(number, {"content": text}) if text else b""
        for key in [key for key in self._calls if key[0] == number]:
            rest += self._rest_of_call(key)
        return rest

    def _rest_of_call(self, key: tuple[int, int | None]) -> bytes:
        """A chunk with the arguments that were held back of a call; empty if there are none, or if the event at hand
        has a piece of the call and takes them."""
        (number, index), held = key, self._calls.pop(key)
        arguments = held.text.close() if self._repairs else ""
        if not arguments:
            return b""
        self._note(self.answers[number].calls[held.place], "", arguments)
        if held.piece is not None:
            held.piece["arguments"] += arguments
            return b""
        if index == _FUNCTION:
            return self._made(number, {"function_call": {"arguments": arguments}})
        # clients join what has one index; an id that is repeated would be joined too, so it goes along only without one
        named = {"index": index} if index is not None else {"index": 0, "id": held.identity}
        return self._made(number, {"tool_calls": [{**named, "function": {"arguments": arguments}}]})

    def _made(self, number: int, delta: dict[str, Any]) -> bytes:
        choice = {"index": number, "delta": delta, "finish_reason": None}
        return b"data: " + encoded({**deepcopy(self._last), "choices": [choice]}) + b"\n\n"
