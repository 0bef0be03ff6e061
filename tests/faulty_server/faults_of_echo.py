"""Answers that repeat the key of the request, each in another spelling or another part of the answer."""

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.faulty_server.connection import Connection
from tests.faulty_server.registry import wrong
from tests.faulty_server.right_answer import Asked, chunk, completion, event

PREFIX = "echoes-the-key"


def key_of(asked: Asked) -> str:
    return asked.headers.get("authorization", "").removeprefix("Bearer ")


def whole(name: str) -> Callable[[Callable[[str], str]], Callable[[str], str]]:
    """Registers the spelling of a key within a whole answer."""

    def registered(spelling: Callable[[str], str]) -> Callable[[str], str]:
        async def fault(connection: Connection, asked: Asked) -> None:
            await connection.json(completion(asked, message={"content": f"{asked.text} {spelling(key_of(asked))}"}))

        wrong(f"{PREFIX}{name}")(fault)
        return spelling

    return registered


whole("")(str)
whole("-backwards")(lambda key: key[::-1])
whole("-spaced")(" ".join)
whole("-as-hexadecimal")(lambda key: key.encode().hex(" "))
whole("-percent-coded")(lambda key: "".join(f"%{byte:02X}" for byte in key.encode()))
whole("-as-base64")(lambda key: base64.b64encode(key.encode()).decode())
whole("-as-base64-at-1")(lambda key: base64.b64encode(b"?" + key.encode()).decode())
whole("-as-base64-at-2")(lambda key: base64.b64encode(b"??" + key.encode()).decode())
whole("-as-base64-with-bearer")(lambda key: base64.b64encode(f"Bearer {key}".encode()).decode())


@wrong(f"{PREFIX}-in-its-model-name")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, model=asked.headers.get("authorization", "")))


@wrong(f"{PREFIX}-escaped")
async def _(connection: Connection, asked: Asked) -> None:
    escaped = "".join(f"\\u{ord(char):04x}" for char in key_of(asked))
    body = json.dumps(completion(asked, message={"content": f"{asked.text} @"}), ensure_ascii=False)
    await connection.respond(body.replace("@", escaped).encode(), "application/json")


@wrong(f"{PREFIX}-in-its-reasoning")
async def _(connection: Connection, asked: Asked) -> None:
    key = key_of(asked)
    parts = [{"type": "text", "text": key[:9]}, {"type": "text", "text": key[9:]}]
    await connection.json(completion(asked, message={"reasoning_content": parts}))


def streamed(name: str) -> Callable[[Callable[[str], dict[str, Any]]], None]:
    """Registers a stream that gives the right answer and the key in two pieces; made of a piece, the delta of each."""

    def registered(delta: Callable[[str], dict[str, Any]]) -> None:
        async def fault(connection: Connection, asked: Asked) -> None:
            key = key_of(asked)
            values = [chunk(asked, asked.text), *(_with_delta(asked, delta(p)) for p in (key[:12], key[12:]))]
            await connection.stream([*map(event, [*values, chunk(asked, finish="stop")]), "data: [DONE]\n\n"])

        wrong(f"{PREFIX}-in-pieces-of-{name}")(fault)

    return registered


def _with_delta(asked: Asked, delta: dict[str, Any]) -> dict[str, Any]:
    return chunk(asked, choices=[{"index": 0, "delta": delta, "finish_reason": None}])


streamed("content")(lambda piece: {"content": piece})
streamed("reasoning")(lambda piece: {"reasoning_content": piece})
streamed("arguments")(lambda piece: {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": piece}}]})
streamed("a-field-of-its-own")(lambda piece: {"x": {"y": [piece]}})


def names(known: Iterable[str]) -> list[str]:
    """Those of this file among the names of faults."""
    return sorted(name for name in known if name.startswith(PREFIX))
