"""What a chat request gave to the model, and what became of it in the answer: whole bodies, without any network."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from typing import Any
from urllib.parse import quote

from harness.records.case import texts_of
from harness.text import SymbolTable, check, repair
from harness.text.checking import Judge

LONGEST = 32_000_000
"""Bytes of an answer, and of text held back in a stream, up to which there is mending."""
_LONGEST_REPORT = 2000
_JSON_FORMATS = ("json_object", "json_schema")


@dataclass(slots=True)
class ChatRequest:
    """A chat request as a repair sees it.

    Attributes:
        source: what the model was given by others than itself, a text a message. Answers of earlier turns are left
            out: damage that a model once did must not pass for what it was given.
        targets: the strings that the client named; None to find them in the source.
        channel: `json` where a JSON answer was asked for, which cannot be mended before it is complete.
    """

    source: tuple[str, ...]
    targets: tuple[str, ...] | None
    channel: str
    model: str
    symbols: SymbolTable
    _judge: Judge | None = None

    @property
    def judge(self) -> Judge:
        """The targets, looked for once."""
        if self._judge is None:
            self._judge = Judge(self.source, self.targets, self.symbols)
        return self._judge


def question_of(body: Any, targets: tuple[str, ...] | None, symbols: SymbolTable) -> ChatRequest | None:
    """The question of a decoded request body; None if it is not that of a chat completion."""
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        return None
    given = [
        message for message in body["messages"] if isinstance(message, dict) and message.get("role") != "assistant"
    ]
    try:
        source = texts_of(tuple(given))
    except (AttributeError, TypeError):  # a message of another shape: the endpoint may know it, we do not
        return None
    wanted = body.get("response_format")
    is_json = isinstance(wanted, dict) and wanted.get("type") in _JSON_FORMATS
    model = body.get("model")
    return ChatRequest(source, targets, "json" if is_json else "text", model if isinstance(model, str) else "", symbols)


class Wording:
    """A text as the model gave it and as it was passed on; buffers, since a stream has tens of thousands of pieces."""

    __slots__ = ("_given", "_passed_on")

    def __init__(self, given: str = "", passed_on: str = "") -> None:
        self._given, self._passed_on = StringIO(), StringIO()
        self.add(given, passed_on)

    def add(self, given: str, passed_on: str) -> None:
        """The next piece of both."""
        self._given.write(given)
        self._passed_on.write(passed_on)

    @property
    def both(self) -> tuple[str, str]:
        """As given, as passed on."""
        return self._given.getvalue(), self._passed_on.getvalue()


@dataclass(slots=True)
class Said:
    """One choice of an answer. `calls`: the arguments of its tool calls, by their place."""

    text: Wording = field(default_factory=Wording)
    calls: dict[int, Wording] = field(default_factory=dict)
    finish_reason: str | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was passed on otherwise than it was given."""
        return any(given != passed_on for given, passed_on in (one.both for one in (self.text, *self.calls.values())))


@dataclass(slots=True)
class Report:
    """What became of the strings of an answer.

    Attributes:
        mended: target to verdict of what was put right.
        damaged: target to verdict of what is damaged in what was passed on.
    """

    mended: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)

    def headers(self) -> list[tuple[str, str]]:
        """Both in printable ASCII: `Sikalastic-609=spaced`, other characters as in an address."""
        named = (("x-harness-mended", self.mended), ("x-harness-damaged", self.damaged))
        return [(name, _listed(found)) for name, found in named if found]


def _listed(found: dict[str, str]) -> str:
    text = ", ".join(f"{quote(target, safe='-/ +.@:')}={verdict}" for target, verdict in found.items())
    return text if len(text) <= _LONGEST_REPORT else text[:_LONGEST_REPORT].rpartition(", ")[0] + ", ..."


def mended_text(question: ChatRequest, text: str, channel: str) -> str:
    """The text as `repair` gives it."""
    if not text or not question.judge.wanted:
        return text
    return repair(question.source, text, question.judge.targets, channel=channel, symbols=question.symbols).text


def report_on(question: ChatRequest, answers: dict[int, Said]) -> Report:
    """Judge what was given and what was passed on; of a target in several places the worst counts."""
    report = Report()
    if not question.judge.wanted:
        return report
    for said in answers.values():
        parts = [(*said.text.both, question.channel)]
        parts += [(*written.both, "tool") for written in said.calls.values()]
        for given, passed_on, channel in parts:
            after = _damage(question, passed_on, channel)
            before = after if given == passed_on else _damage(question, given, channel)
            report.damaged |= after
            report.mended |= {target: verdict for target, verdict in before.items() if target not in after}
    return report


def _damage(question: ChatRequest, text: str, channel: str) -> dict[str, str]:
    if not text:
        return {}
    found = check(question.source, text, question.judge.targets, channel=channel, symbols=question.symbols)
    return {target: verdict for target, verdict in found.verdicts.items() if verdict not in ("verbatim", "absent")}


def mended_body(question: ChatRequest, content: bytes, *, repairs: bool) -> tuple[bytes, dict[int, Said]] | None:
    """A whole answer, mended, and what its choices say; None if it is not a chat completion.

    Without a change the bytes are those that came.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("choices"), list):
        return None
    answers: dict[int, Said] = {}
    for place, choice in enumerate(value["choices"]):
        if isinstance(choice, dict) and isinstance(choice.get("message"), dict):
            finish = choice.get("finish_reason")
            said = answers[place] = Said(finish_reason=finish if isinstance(finish, str) else None)
            mend_message(question, choice["message"], said, repairs=repairs)
    return (encoded(value) if any(said.changed for said in answers.values()) else content), answers


def mend_message(question: ChatRequest, message: dict[str, Any], said: Said, *, repairs: bool) -> None:
    """Mend all that a message says in its place, and add it to what is `said`."""
    for holder, name in texts_in(message):
        text = holder[name]
        new = mended_text(question, text, question.channel) if repairs else text
        said.text.add(text, new)
        holder[name] = new
    for place, function in enumerate(_functions(message)):
        given, function["arguments"], new = mended_arguments(question, function["arguments"], repairs=repairs)
        said.calls[place] = Wording(given, new)


def mended_arguments(
    question: ChatRequest, arguments: str | dict[str, Any], *, repairs: bool
) -> tuple[str, str | dict[str, Any], str]:
    """Arguments of a call as JSON text, mended in the form in which they came, and mended as JSON text."""
    given = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    new = mended_text(question, given, "tool") if repairs else given
    if new == given:
        return given, arguments, new
    return given, new if isinstance(arguments, str) else json.loads(new), new


def texts_in(message: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """What holds each text of a message, or of a piece of one, and under which name."""
    content = message.get("content")
    if isinstance(content, str):
        yield message, "content"
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and part.get("type", "text") == "text" and isinstance(part.get("text"), str):
                yield part, "text"


def _functions(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    calls = message.get("tool_calls")
    functions = [call.get("function") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    for function in [*functions, message.get("function_call")]:
        if isinstance(function, dict) and isinstance(function.get("arguments"), str | dict):
            yield function


def encoded(value: Any) -> bytes:
    """JSON in UTF-8; with escapes only where a lone surrogate could not be written otherwise."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")
