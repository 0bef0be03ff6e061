"""The right answer in an unusual form, which must not matter."""

import gzip
import json
from typing import Any

from tests.faulty_server.connection import Connection
from tests.faulty_server.registry import odd
from tests.faulty_server.right_answer import Asked, chunk, chunks, completion, event


@odd("wrong-content-type")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.respond(json.dumps(completion(asked)).encode(), "text/plain")


@odd("claims-a-stream")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.respond(json.dumps(completion(asked)).encode(), "text/event-stream")


@odd("byte-order-mark")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.respond(b"\xef\xbb\xbf" + json.dumps(completion(asked)).encode(), "application/json")


@odd("gzip")
async def _(connection: Connection, asked: Asked) -> None:
    body = gzip.compress(json.dumps(completion(asked)).encode())
    await connection.respond(body, "application/json", {"Content-Encoding": "gzip"})


@odd("gzip-of-two-members")
async def _(connection: Connection, asked: Asked) -> None:
    body = json.dumps(completion(asked)).encode()
    packed = gzip.compress(body[:40]) + gzip.compress(body[40:]) + bytes(8)
    await connection.respond(packed, "application/json", {"Content-Encoding": "gzip"})


@odd("usage-missing")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, usage=None))


@odd("other-model")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, model="another-model-0613"))


@odd("content-in-parts")
async def _(connection: Connection, asked: Asked) -> None:
    half = len(asked.text) // 2
    parts = [{"type": "text", "text": asked.text[:half]}, {"type": "text", "text": asked.text[half:]}]
    await connection.json(completion(asked, message={"content": parts}))


@odd("stream")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.stream([*(event(value) for value in chunks(asked)), "data: [DONE]\n\n"])


@odd("stream-in-single-bytes")
async def _(connection: Connection, asked: Asked) -> None:
    data = ("".join(event(value) for value in chunks(asked)) + "data: [DONE]\n\n").encode()
    await connection.stream([data[i : i + 1] for i in range(len(data))])


@odd("stream-crlf")
async def _(connection: Connection, asked: Asked) -> None:
    text = "".join(event(value) for value in chunks(asked)) + "data: [DONE]\n\n"
    await connection.stream([text.replace("\n", "\r\n")])


@odd("stream-with-comments")
async def _(connection: Connection, asked: Asked) -> None:
    lines = [": OPENROUTER PROCESSING\n\n", "retry: 100\n\n"]
    for value in chunks(asked):
        lines += ["event: message\nid: 1\n", event(value), ": ping\n\n"]
    await connection.stream([*lines, "data: [DONE]\n\n"])


@odd("stream-data-over-several-lines")
async def _(connection: Connection, asked: Asked) -> None:
    pretty = [json.dumps(value, ensure_ascii=False, indent=1).split("\n") for value in chunks(asked)]
    await connection.stream(["".join(f"data:{line}\n" for line in lines) + "\n" for lines in pretty])


@odd("stream-without-done")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.stream([event(value) for value in chunks(asked)])


@odd("stream-unfinished-last-line")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.stream([*(event(value) for value in chunks(asked)), "data: [DONE]"])


@odd("stream-of-two-choices")
async def _(connection: Connection, asked: Asked) -> None:
    values: list[Any] = []
    for value in chunks(asked):
        other = json.loads(json.dumps(value))
        for choice in other["choices"]:
            choice["index"] = 1
            choice["delta"] = {"content": "something else "}
        values += [value, other]
    await connection.stream([*(event(value) for value in values), "data: [DONE]\n\n"])


@odd("stream-with-line-separators")
async def _(connection: Connection, asked: Asked) -> None:
    """U+2028 and U+0085 end no line of an event, though Python's `splitlines` thinks so."""
    values = [chunk(asked, asked.text + "\u2028\u0085 ok"), chunk(asked, finish="stop")]
    await connection.stream([event(value) for value in values])


@odd("stream-of-one-message")
async def _(connection: Connection, asked: Asked) -> None:
    """A gateway that makes a stream of a whole answer."""
    choice = completion(asked)["choices"][0]
    await connection.stream([event(chunk(asked, choices=[choice])), "data: [DONE]\n\n"])


@odd("error-that-says-nothing")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, error={"code": 0, "message": ""}, base_resp={"status_code": 0}))


@odd("finish-reason-in-capitals")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, choice={"finish_reason": "FINISH_REASON_STOP"}))
