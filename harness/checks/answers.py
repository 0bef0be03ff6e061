"""What a check looks at."""

import json
import math
import re
from typing import Any

from harness.errors import found
from harness.records.answer import ToolCall


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
