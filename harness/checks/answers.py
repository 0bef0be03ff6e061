"""What a check looks at: the text of an answer, a field of it, and tool calls, also those that a model wrote as text.

Small models and servers without a parser for a model's own form answer `{"name": …, "arguments": …}` bare, in a code
fence, or in `<tool_call>` tags; some say `function` or `parameters`. Whether the server returned a call is one
question, whether the strings in it are right is another."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from harness.errors import found
from harness.files import DECODER, UnfitFileError, loads
from harness.records.answer import ToolCall
from harness.text.channels import REASONING_TAGS, masked, reasoning_spans


class Reply(str):
    """The text of an answer, with the tool calls that came with it."""

    __slots__ = ("tool_calls",)
    tool_calls: tuple[ToolCall, ...]

    @classmethod
    def of(cls, text: str, tool_calls: tuple[ToolCall, ...] = ()) -> "Reply":
        """A reply from its parts."""
        reply = cls(text)
        reply.tool_calls = tool_calls
        return reply


def part_of(answer: str, field: str | None) -> Any:
    """The answer, or the value that a JSON Pointer names inside a JSON answer, or in the first tool call's arguments.

    Raises:
        ValueError: the answer is not JSON, or has no such value; the check then fails and says so.
    """
    if field is None:
        return answer
    calls = answer.tool_calls if isinstance(answer, Reply) else ()
    value = decoded(calls[0].arguments if calls else answer)
    for name in steps_of(field):
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and _INDEX.fullmatch(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            raise ValueError(f"the answer has no {field}")
    return value


def steps_of(pointer: str) -> list[str]:
    """The names and indices of a JSON Pointer (RFC 6901), without escapes."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


_INDEX = re.compile("0|[1-9][0-9]{0,8}")
"""RFC 6901, section 4: no leading zero, and the digits of ASCII alone."""


def decoded(answer: str) -> Any:
    """The JSON value of an answer; one code fence round it is allowed.

    What JSON parsers disagree about fails: a key that is twice in an object, NaN, a number beyond a double.
    """
    text = answer.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        text = text[text.index("\n") + 1 : -3].strip()
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_refused, parse_float=_finite)
    except _UnsoundError as error:
        raise ValueError(f"the answer is not sound JSON: {error}") from None
    except (ValueError, RecursionError):
        raise ValueError(f"the answer is not JSON: {found(answer)}") from None


def json_value(answer: str, field: str | None) -> Any:
    """Like `part_of`, for checks of JSON values: without a field, the whole answer decoded."""
    return decoded(answer) if field is None else part_of(answer, field)


def text_of(answer: str, field: str | None) -> str:
    """Like `part_of`, for checks of text: a value that is not a string is seen as its JSON."""
    value = part_of(answer, field)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class _UnsoundError(Exception):
    pass


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _UnsoundError("a key is twice in one object")
    return result


def _refused(name: str) -> Any:
    raise _UnsoundError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _UnsoundError(f"the number {found(text)} is too large")
    return value


_LONGEST = 100_000
"""Characters of an answer that are searched for calls."""
_TRIES = 32
"""Places in one answer. Each may cost as much as the rest of the answer is long."""
_OPENING = re.compile(r'\{\s*"(?:name|function|arguments|parameters|tool_calls|type|id)"')
_SURROGATE = re.compile("[\ud800-\udfff]")
_LIST_ENDS = re.compile(r"[\[\],;\s]*")
_WRAPPERS = re.compile(r"</?tool_calls?>|</?function_calls?>|```[A-Za-z_]*", re.IGNORECASE)


def calls_in_text(text: str, tools: Sequence[dict[str, Any]]) -> tuple[tuple[ToolCall, ...], str]:
    """The calls that are in an answer as JSON, and the answer without them.

    Args:
        tools: those that the case offers. What names no tool of these is not a call.

    Returns:
        No calls and the text as it is, where there is none.
    """
    offered = {tool["function"]["name"] for tool in tools}
    if not offered or "{" not in text or len(text) > _LONGEST:
        return (), text
    calls: list[ToolCall] = []
    rest: list[str] = []
    end = 0
    for start, stop, value in _objects(masked(text, reasoning_spans(text, (), REASONING_TAGS))):
        here = _calls_of(value, offered)
        if here:
            calls += here
            rest.append(text[end:start])
            end = stop
    if not calls:
        return (), text
    rest.append(text[end:])
    return tuple(calls), _unwrapped(rest)


def _objects(text: str) -> Iterator[tuple[int, int, Any]]:
    """Start, end and value of the JSON objects that may be calls; none inside another."""
    place = 0
    for _ in range(_TRIES):
        opening = _OPENING.search(text, place)
        if opening is None:
            return
        try:
            value, stop = DECODER.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            place = opening.end()
            continue
        yield opening.start(), stop, value
        place = stop


def _calls_of(value: Any, offered: set[str]) -> list[ToolCall]:
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("tool_calls"), list):
        return [call for inner in value["tool_calls"] for call in _calls_of(inner, offered)]
    if isinstance(value.get("function"), dict):
        return _calls_of(value["function"], offered)
    name = value.get("name", value.get("function"))
    arguments = _arguments(value.get("arguments", value.get("parameters")))
    if not isinstance(name, str) or name not in offered or arguments is None:
        return []
    return [ToolCall(name=name, arguments=arguments)]


def _arguments(given: Any) -> str | None:
    """As JSON text. Some models write the arguments as a string that holds JSON, as an endpoint would return them."""
    if isinstance(given, str):
        try:
            return given if isinstance(loads(given), dict) else None
        except (UnfitFileError, ValueError, RecursionError):
            return None
    if not isinstance(given, dict):
        return None
    text = json.dumps(given, ensure_ascii=False)
    # a lone surrogate can be written as an escape and in no file, so it stays one
    return json.dumps(given) if _SURROGATE.search(text) else text


def _unwrapped(pieces: list[str]) -> str:
    """What stood round the calls, without fences, tags and the brackets of a list; nothing is left of a bare call."""
    kept = [_WRAPPERS.sub("", piece) for piece in pieces]
    return "\n".join(piece.strip() for piece in kept if not _LIST_ENDS.fullmatch(piece))
