"""A conversation in the forms of chat APIs: the texts that a model was given, and the texts of its answer."""

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from harness.records.case import texts_of
from harness.text import VERDICTS, CheckResult, Mention, SymbolTable, check

SOURCE_FORMS = "a text, a list of texts, or a list of chat messages"
ANSWER_FORMS = "a text, a chat message, a list of tool calls, or the response of a chat API"

_REASONING = frozenset({"thinking", "redacted_thinking", "reasoning"})
"""Types of content that are no output; Gemini marks it with `thought`."""
_INSIDE = (
    *("choices", "candidates", "output", "message", "content", "parts"),
    *("text", "tool_calls", "function_call", "functionCall", "toolUse"),
)
"""Where the texts of an answer are, in reading order: OpenAI (both APIs), Anthropic, Gemini, Bedrock."""
_ARGUMENTS = ("arguments", "input", "args")


_SYSTEM = ("system", "instructions", "systemInstruction", "system_instruction")
MESSAGES = ("messages", "input", "contents")
"""The conversation in the body of a request."""
_OF_MESSAGE = frozenset({"content", "parts", "tool_calls", "function_call"})


class Part(NamedTuple):
    """One text of an answer.

    Attributes:
        text: the text; arguments that came as an object are their JSON.
        channel: `text`, `json` or `tool`.
        place: the steps to it in the answer; none where the answer is the text itself.
        was_object: whether the text is the JSON of an object.
    """

    text: str
    channel: str
    place: tuple[str | int, ...] = ()
    was_object: bool = False

    @property
    def pointer(self) -> str:
        """JSON Pointer from the answer to the text."""
        return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in self.place)


def unquoted(value: Any) -> Any:
    """A text that holds a JSON list or object, as exporters write nested values, is that; any other value is itself."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def source_texts(given: Any) -> list[str] | None:
    """All text that a model was given; None if `given` has none of SOURCE_FORMS.

    The body of a request counts as its messages (`messages`, `input`, Gemini's `contents`) and its system prompt.
    """
    if isinstance(given, str):
        return [given]
    if isinstance(given, dict):
        parts = [given[name] for name in (*_SYSTEM, *MESSAGES) if given.get(name) is not None]
        texts = [source_texts([part] if isinstance(part, dict) else part) for part in parts]
        if not parts or None in texts or not any(name in given for name in MESSAGES):
            return None
        return [text for found in texts if found for text in found]
    if not isinstance(given, list):
        return None
    texts_found: list[str] = []
    for part in given:
        if isinstance(part, str):
            texts_found.append(part)
        elif isinstance(part, dict):
            try:
                texts_found += texts_of((part,) if not _OF_MESSAGE.isdisjoint(part) else ({"content": [part]},))
            except (AttributeError, TypeError):  # a message of another shape
                return None
        else:
            return None
    return texts_found


def last_answer(messages: Sequence[Any]) -> int:
    """How many messages at the end are the model's: what is before them is the source."""
    count = 0
    while count < len(messages) and _role(messages[-1 - count]) in ANSWERERS:
        count += 1
    return count


ANSWERERS = ("assistant", "model", "ai")
"""OpenAI and Anthropic, Gemini, LangChain."""


def _role(message: Any) -> Any:
    return message.get("role") or message.get("type") if isinstance(message, dict) else None


def answer_parts(answer: Any, channel: str = "text") -> list[Part] | None:
    """The texts of an answer in order; None if it has none of ANSWER_FORMS.

    `channel` is that of its texts: the arguments of tool calls are always `tool`, and the texts beside them `text`
    where the case is about tools. Reasoning is left out. Where `channel` is not `text`, any other object is an answer
    that somebody has decoded already.
    """
    if isinstance(answer, str):
        return [Part(answer, channel)]
    if not isinstance(answer, dict | list) or not answer:
        return None
    found = _parts_of_form(answer, channel)
    if found is None and channel != "text":
        return [Part(json.dumps(answer, ensure_ascii=False), channel, was_object=True)]
    return found


def _parts_of_form(answer: dict[str, Any] | list[Any], channel: str) -> list[Part] | None:
    of_texts = "text" if channel == "tool" else channel
    found: list[Part] = []
    pending: list[tuple[Any, tuple[str | int, ...]]] = [(answer, ())]
    while pending:
        value, place = pending.pop()
        if value is None:
            continue
        if isinstance(value, str) and place and isinstance(place[-1], str):
            found.append(Part(value, of_texts, place))
        elif isinstance(value, list):
            pending += [(member, (*place, number)) for number, member in reversed(list(enumerate(value)))]
        elif not isinstance(value, dict):
            return None
        elif value.get("type") not in _REASONING and value.get("thought") is not True:
            arguments = _arguments_of(value)
            inside = [name for name in _INSIDE if name in value]
            older = value.get("additional_kwargs")  # LangChain's place for what it has no field for
            if isinstance(older, dict) and not value.get("tool_calls"):
                pending += [
                    (older[name], (*place, "additional_kwargs", name))
                    for name in ("function_call", "tool_calls")
                    if name in older
                ]
            if arguments:
                found += _tool_part(value, arguments, place)
            elif inside:
                pending += [(value[name], (*place, name)) for name in reversed(inside)]
            elif not place or not isinstance(place[-1], int):
                return None
    return found


def _arguments_of(value: Mapping[str, Any]) -> tuple[str, ...]:
    """The steps to the arguments of a tool call; none if it is none."""
    function = value.get("function")
    if isinstance(function, dict):
        return ("function", "arguments")
    named = "name" in value or "toolName" in value
    name = next((name for name in _ARGUMENTS if name in value), "") if named else ""
    return (name,) if name else ()


def _tool_part(call: Mapping[str, Any], steps: tuple[str, ...], place: tuple[str | int, ...]) -> list[Part]:
    given: Any = call
    for step in steps:
        given = given.get(step)
    if given is None:
        return []
    if isinstance(given, str):
        return [Part(given, "tool", (*place, *steps))]
    return [Part(json.dumps(given, ensure_ascii=False), "tool", (*place, *steps), was_object=True)]


def with_texts(answer: Any, parts: Sequence[Part], texts: Sequence[str]) -> Any:
    """The answer with other texts in the places of its parts; `answer` itself stays as it is."""
    copied: set[int] = set()
    for part, text in zip(parts, texts, strict=True):
        if text == part.text:
            continue
        new = json.loads(text) if part.was_object else text
        if not part.place:
            return new
        answer = _own(answer, copied)
        inner = answer
        for step in part.place[:-1]:
            inner[step] = _own(inner[step], copied)
            inner = inner[step]
        inner[part.place[-1]] = new
    return answer


def _own(value: Any, copied: set[int]) -> Any:
    """A copy of one level, made once."""
    if id(value) in copied:
        return value
    own = copy.copy(value)
    copied.add(id(own))
    return own


class AnswerResult(NamedTuple):
    """What became of each target over all parts of an answer; each mention with the part that holds it."""

    verdicts: dict[str, str]
    mentions: dict[str, list[tuple[Part, Mention]]]
    within: dict[str, str]
    unscored: bool


def check_answer(
    source: str | Sequence[str],
    parts: Sequence[Part],
    targets: Sequence[str] | None,
    *,
    symbols: SymbolTable,
) -> AnswerResult:
    """`check` over the parts of one answer: the worst verdict counts, and absent is what no part mentions."""
    results = [(part, check(source, part.text, targets, channel=part.channel, symbols=symbols)) for part in parts]
    return merged(results or [(Part("", "text"), check(source, "", targets, symbols=symbols))])


def merged(results: Sequence[tuple[Part, CheckResult]]) -> AnswerResult:
    """The results of the parts of one answer as one."""
    verdicts: dict[str, str] = {}
    mentions: dict[str, list[tuple[Part, Mention]]] = {}
    within: dict[str, str] = {}
    for part, result in results:
        for target, verdict in result.verdicts.items():
            verdicts[target] = worse(verdicts.get(target, "absent"), verdict)
            mentions.setdefault(target, []).extend((part, mention) for mention in result.mentions[target])
        within |= result.within
    within = {target: outer for target, outer in within.items() if verdicts[target] == "absent"}
    return AnswerResult(verdicts, mentions, within, all(result.unscored for _, result in results))


_RANK = {verdict: rank for rank, verdict in enumerate(VERDICTS)}


def worse(one: str, other: str) -> str:
    """The worse of two verdicts; `absent` is not damage and gives way to any other."""
    return other if one == "absent" else one if other == "absent" else max(one, other, key=_RANK.__getitem__)
