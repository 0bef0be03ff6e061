"""What the server can do to a request. A fault is one function here, named in a prompt as `[fault NAME]`.

Functions of `WRONG` spoil the answer; those of `ODD` give the right answer in an unusual form, which must not matter.
"""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.faulty_server.connection import Connection


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a fault sees it: the answer that it ought to get, the whole body, and the headers."""

    text: str
    body: dict[str, Any]
    headers: dict[str, str]


Fault = Callable[[Connection, Asked], Awaitable[None]]
WRONG: dict[str, Fault] = {}
ODD: dict[str, Fault] = {}


def wrong(name: str) -> Callable[[Fault], Fault]:
    return lambda fault: WRONG.setdefault(name, fault)


def odd(name: str) -> Callable[[Fault], Fault]:
    return lambda fault: ODD.setdefault(name, fault)


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


async def status(connection: Connection, asked: Asked, code: int, **headers: str) -> None:
    """An error as OpenAI words it; it repeats what it was sent, as careless servers do."""
    key = asked.headers.get("authorization", "")
    error = {"message": f"told {code}, you sent {key}", "type": "fault", "code": f"fault_{code}"}
    await connection.json({"error": error}, status=code, headers=headers)


for _code in (400, 401, 402, 403, 404, 408, 409, 413, 422, 425, 429, 500, 501, 502, 503, 504, 529):
    WRONG[f"status-{_code}"] = lambda connection, asked, code=_code: status(connection, asked, code)


@wrong("429-after-seconds")
async def _(connection: Connection, asked: Asked) -> None:
    await status(connection, asked, 429, **{"Retry-After": "0.4"})


@wrong("429-after-date")
async def _(connection: Connection, asked: Asked) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=1)
    await status(connection, asked, 429, **{"Retry-After": format_datetime(moment, usegmt=True)})


@wrong("429-after-an-hour")
async def _(connection: Connection, asked: Asked) -> None:
    await status(connection, asked, 429, **{"Retry-After": "3600"})


@wrong("429-no-credit")
async def _(connection: Connection, asked: Asked) -> None:
    error = {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}
    await connection.json({"error": error}, status=429)


@wrong("500-do-not-retry")
async def _(connection: Connection, asked: Asked) -> None:
    await status(connection, asked, 500, **{"x-should-retry": "false"})


@wrong("redirect")
async def _(connection: Connection, asked: Asked) -> None:
    await status(connection, asked, 307, Location="http://user:hunter2hunter2@elsewhere.invalid/v1?key=hunter2hunter2")


@wrong("reset-before-headers")
async def _(connection: Connection, asked: Asked) -> None:
    connection.reset()


@wrong("close-before-headers")
async def _(connection: Connection, asked: Asked) -> None:
    connection.close()


@wrong("reset-in-headers")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.write(b"HTTP/1.1 200 OK\r\nContent-Ty")
    connection.reset()


@wrong("reset-in-body")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.half(completion(asked))
    connection.reset()


@wrong("close-in-body")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.half(completion(asked))
    connection.close()


@wrong("stall-before-headers")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.stall()


@wrong("stall-in-body")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.half(completion(asked))
    await connection.stall()


@wrong("stall-in-stream")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.stream([event(value) for value in chunks(asked)[:2]], end=False)
    await connection.stall()


@wrong("drip")
async def _(connection: Connection, asked: Asked) -> None:
    """A sign of life now and then, so that no silence is ever long, and never an end."""
    await connection.stream([], end=False)
    while True:
        await connection.chunk(b": wait\n\n")
        await asyncio.sleep(0.05)


@wrong("truncated-json")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.respond(json.dumps(completion(asked)).encode()[:-20], "application/json")


@wrong("stream-without-end")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.stream([event(value) for value in chunks(asked)[:2]])


@wrong("stream-cut-in-an-event")
async def _(connection: Connection, asked: Asked) -> None:
    text = "".join(event(value) for value in chunks(asked)[:3])
    await connection.stream([text[:-15]])


@wrong("stream-reset")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.stream([event(value) for value in chunks(asked)[:2]], end=False)
    connection.reset()


@wrong("stream-error")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.stream([event(chunks(asked)[0]), event({"error": {"message": "overloaded"}})])


@wrong("html")
async def _(connection: Connection, asked: Asked) -> None:
    page = f"<html><body><h1>Welcome to nginx</h1>{asked.text}</body></html>"
    await connection.respond(page.encode(), "text/html")


@wrong("empty-body")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.respond(b"", "application/json")


@wrong("error-in-body")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json({"error": {"message": "upstream is busy", "code": 500}})


@wrong("empty-choices")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, choices=[]))


@wrong("null-content")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, message={"content": None}))


@wrong("refusal")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, message={"content": None, "refusal": "I cannot help with that."}))


@wrong("length")
async def _(connection: Connection, asked: Asked) -> None:
    half = asked.text[: len(asked.text) // 2]
    await connection.json(completion(asked, message={"content": half}, choice={"finish_reason": "length"}))


@wrong("content-filter")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, message={"content": ""}, choice={"finish_reason": "content_filter"}))


@wrong("invalid-utf8")
async def _(connection: Connection, asked: Asked) -> None:
    body = json.dumps(completion(asked), ensure_ascii=False).encode()
    await connection.respond(body.replace(b'"content": "', b'"content": "\xff\xfe'), "application/json")


@wrong("lone-surrogate")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, message={"content": asked.text + "\ud83d"}))


@wrong("deep-nesting")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.respond(b"[" * 1_000_000, "application/json")


@wrong("fifty-megabytes")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, message={"content": asked.text + " " * 50_000_000}))


@wrong("gzip-bomb")
async def _(connection: Connection, asked: Asked) -> None:
    body = gzip.compress(b" " * 80_000_000, compresslevel=1)
    await connection.respond(body, "application/json", {"Content-Encoding": "gzip"})


@wrong("gzip-cut")
async def _(connection: Connection, asked: Asked) -> None:
    body = gzip.compress(json.dumps(completion(asked)).encode())[:-12]
    await connection.respond(body, "application/json", {"Content-Encoding": "gzip"})


@wrong("unknown-encoding")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.respond(b"\x0b\x02\x80abc\x03", "application/json", {"Content-Encoding": "br"})


@wrong("echoes-the-key")
async def _(connection: Connection, asked: Asked) -> None:
    key = asked.headers.get("authorization", "").removeprefix("Bearer ")
    await connection.json(completion(asked, message={"content": f"{asked.text} {key}"}))


@wrong("echoes-the-key-in-its-model-name")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, model=asked.headers.get("authorization", "")))


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
