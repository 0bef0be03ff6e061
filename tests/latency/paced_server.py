"""An endpoint that streams its answers at a known pace, on connections that are kept or ended as a test wants."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.faulty_server.connection import ClosedError, Connection
from tests.faulty_server.server_thread import ServerThread


class PacedServer(ServerThread):
    """Use it as a context manager.

    Args:
        first_s: from the request to the first token.
        between_s: from token to token.
        script: what the first requests meet, in order: `ok`, `close` (the connection ends without a word), `500`, `429`
            or `whole` (the answer comes in one piece and not as a stream).
    """

    def __init__(
        self,
        *,
        first_s: float = 0.05,
        between_s: float = 0.01,
        tokens: int = 6,
        script: tuple[str, ...] = (),
        default: str = "ok",
        usage: bool = True,
    ) -> None:
        super().__init__()
        self.first_s, self.between_s, self.tokens, self.usage = first_s, between_s, tokens, usage
        self.default = default
        self.bodies: list[dict[str, Any]] = []
        self.most_running = 0
        self._script = list(script)
        self._running = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        try:
            while (request := await connection.request()) is not None:
                self._running += 1
                self.most_running = max(self.most_running, self._running)
                try:
                    await self._answer(connection, json.loads(request[1]))
                finally:
                    self._running -= 1
        except (ClosedError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, connection: Connection, body: dict[str, Any]) -> None:
        self.bodies.append(body)
        meets = self._script.pop(0) if self._script else self.default
        if meets == "close":
            connection.close()
        if meets.isdecimal():
            await connection.json({"error": {"message": "no"}}, status=int(meets), headers={"retry-after-ms": "5"})
            return
        await asyncio.sleep(self.first_s)
        usage = {"prompt_tokens": 9, "completion_tokens": self.tokens, "total_tokens": self.tokens + 9}
        if meets == "whole":
            message = {"role": "assistant", "content": "a b c"}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            await connection.json({"model": "paced-1", "choices": [choice], "usage": usage})
            return
        head = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        await connection.write(f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode())
        for number in range(self.tokens):
            await asyncio.sleep(self.between_s if number else 0)
            await self._event(connection, {"index": 0, "delta": {"content": f"t{number} "}, "finish_reason": None})
        await self._event(connection, {"index": 0, "delta": {}, "finish_reason": "length"})
        if self.usage:
            await connection.chunk(
                f"data: {json.dumps({'model': 'paced-1', 'choices': [], 'usage': usage})}\n\n".encode()
            )
        await connection.chunk(b"data: [DONE]\n\n")
        await connection.write(b"0\r\n\r\n")

    async def _event(self, connection: Connection, choice: dict[str, Any]) -> None:
        await connection.chunk(f"data: {json.dumps({'model': 'paced-1', 'choices': [choice]})}\n\n".encode())
