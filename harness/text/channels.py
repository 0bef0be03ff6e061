"""The texts of an answer that are checked: the answer itself, or the decoded strings of a JSON answer."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

CHANNELS = ("text", "json", "tool")

_FENCE = re.compile(r"\s*(`{3,}|~{3,})[^\n`]*\n")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')
_TOKEN = re.compile(r'"|[{}\[\],:]|[^"{}\[\],:]++')
_UNIT = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Passage:
    """One text to check. In JSON, `start` and `end` bound the encoded text between the quotes."""

    text: str
    path: str | None
    start: int
    end: int


def passages(output: str, channel: str) -> list[Passage]:
    """The texts of `output` in order. Raises ValueError for a channel that is none of CHANNELS."""
    if channel not in CHANNELS:
        raise ValueError(f"channel {channel!r} is not known; accepted are {', '.join(CHANNELS)}")
    if channel != "text":
        for start, end in _bodies(output):
            if _is_json(output[start:end]):
                return list(_strings(output, start, end))
    return [Passage(output, None, 0, len(output))]


def _bodies(output: str) -> Iterator[tuple[int, int]]:
    """What may be the JSON text: the whole output, or what one code fence holds."""
    yield 0, len(output)
    opening = _FENCE.match(output)
    if opening:
        end = len(output.rstrip())
        body_end = len(output[:end].rstrip(opening[1][0]))
        if end - body_end >= len(opening[1]) and body_end >= opening.end():
            yield opening.end(), body_end


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _strings(output: str, start: int, end: int) -> Iterator[Passage]:
    """Keys and string values of valid JSON. A key's path is that of its member."""
    containers: list[list[str | int | None]] = []
    is_key = False
    place = start
    while place < end:
        token = _TOKEN.match(output, place, end)
        assert token is not None
        sign = token[0]
        place = token.end()
        if sign == '"':
            string = _STRING.match(output, token.start(), end)
            assert string is not None
            place = string.end()
            decoded = json.loads(string[0])
            if is_key:
                containers[-1][0] = decoded
                is_key = False
            path = "".join("/" + str(step[0]).replace("~", "~0").replace("/", "~1") for step in containers)
            yield Passage(decoded, path, string.start() + 1, place - 1)
        elif sign == "{":
            containers.append([None])
            is_key = True
        elif sign == "[":
            containers.append([0])
        elif sign in "}]":
            containers.pop()
            is_key = False
        elif sign == "," and containers:
            step = containers[-1][0]
            if isinstance(step, int):
                containers[-1][0] = step + 1
            else:
                is_key = True


def raw_offsets(encoded: str) -> list[int]:
    """For each character of the decoded string, and for its end, the offset in the encoded one."""
    offsets = [unit.start() for unit in _UNIT.finditer(encoded)]
    offsets.append(len(encoded))
    return offsets
