"""What a request ought to get, whole or as a stream, and the pieces that faults are made of."""

import json
from dataclasses import dataclass
from typing import Any

from tests.faulty_server.connection import Connection


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a fault sees it: the answer that it ought to get, the whole body, and the headers."""

    text: str
    body: dict[str, Any]
    headers: dict[str, str]


def completion(asked: Asked, **changes: Any) -> dict[str, Any]:
    """A chat completion with the right answer; `message` and `choice` are laid over those parts."""
    message = {"role": "assistant", "content": asked.text} | changes.pop("message", {})
    choice = {"index": 0, "finish_reason": "stop", "message": message} | changes.pop("choice", {})
    usage = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
    return {"object": "chat.completion", "model": asked.body["model"], "choices": [choice], "usage": usage} | changes


def chunk(asked: Asked, content: str | None = None, *, finish: str | None = None, **changes: Any) -> dict[str, Any]:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "model": asked.body["model"], "choices": [choice]} | changes


def chunks(asked: Asked) -> list[dict[str, Any]]:
    """The right answer in four pieces, an end, and a last chunk with nothing but the usage."""
    text = asked.text
    step = max(1, len(text) // 4)
    pieces = [text[i : i + step] for i in range(0, len(text), step)]
    usage = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
    return [
        *(chunk(asked, piece) for piece in pieces),
        chunk(asked, finish="stop"),
        chunk(asked, choices=[], usage=usage),
    ]


def event(value: Any) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


async def well(connection: Connection, asked: Asked) -> None:
    """No fault."""
    if asked.body.get("stream"):
        await connection.stream([*(event(value) for value in chunks(asked)), "data: [DONE]\n\n"])
    else:
        await connection.json(completion(asked))
