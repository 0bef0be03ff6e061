"""Errors by status, connections that break, and answers that stall."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.faulty_server.connection import Connection
from tests.faulty_server.registry import WRONG, wrong
from tests.faulty_server.right_answer import Asked, chunks, completion, event


async def status(connection: Connection, asked: Asked, code: int, **headers: str) -> None:
    """An error as OpenAI words it; it repeats what it was sent, as careless servers do."""
    key = asked.headers.get("authorization", "")
    error = {"message": f"told {code}, you sent {key}", "type": "fault", "code": f"fault_{code}"}
    await connection.json({"error": error}, status=code, headers=headers)


for _code in (400, 401, 402, 403, 404, 408, 409, 413, 422, 425, 429, 500, 501, 502, 503, 504, 529):
    WRONG[f"status-{_code}"] = lambda connection, asked, code=_code: status(connection, asked, code)  # type: ignore[misc]


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
