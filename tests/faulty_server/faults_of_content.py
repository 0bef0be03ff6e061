"""Answers that come with status 200 and are none: cut off, empty, hostile, of another form."""

import gzip
import json

from tests.faulty_server.connection import Connection
from tests.faulty_server.registry import WRONG, wrong
from tests.faulty_server.right_answer import Asked, chunk, chunks, completion, event


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


async def _with_status(connection: Connection, asked: Asked, code: int) -> None:
    await connection.json(completion(asked), status=code)


for _code in (201, 203, 206):
    WRONG[f"right-answer-with-status-{_code}"] = lambda connection, asked, code=_code: _with_status(
        connection, asked, code
    )


@wrong("content-is-a-number")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, message={"content": 609}))


@wrong("unknown-finish-reason")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, choice={"finish_reason": "worker_lost"}))


@wrong("flat-error")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json({"code": 1301, "msg": "busy", "data": None})


@wrong("error-beside-choices")
async def _(connection: Connection, asked: Asked) -> None:
    await connection.json(completion(asked, error={"message": "partial", "code": 500}))


@wrong("refusal-in-a-stream")
async def _(connection: Connection, asked: Asked) -> None:
    pieces = [chunk(asked, choices=[{"index": 0, "delta": {"refusal": piece}}]) for piece in ("I can", "not.")]
    await connection.stream([*(event(value) for value in [*pieces, chunk(asked, finish="stop")]), "data: [DONE]\n\n"])


@wrong("messages-in-place-of-deltas")
async def _(connection: Connection, asked: Asked) -> None:
    texts = (asked.text[:5], asked.text)
    pieces = [chunk(asked, choices=[{"index": 0, "message": {"content": text}}]) for text in texts]
    await connection.stream([*(event(value) for value in [*pieces, chunk(asked, finish="stop")]), "data: [DONE]\n\n"])
