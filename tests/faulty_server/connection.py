"""One connection of the faulty server: whole responses, half ones, and ways to end badly."""

import asyncio
import json
import socket
import struct
from collections.abc import Sequence
from typing import Any


class ClosedError(Exception):
    """The connection was ended on purpose."""


class Connection:
    """Writes bytes as they are wanted, which HTTP libraries do not let one do."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def request(self) -> tuple[dict[str, str], bytes] | None:
        """Headers (names in lower case) and body of the next request; None if the client has gone."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
            }
            headers[":path"] = first.split(" ")[1] if first.count(" ") == 2 else first
            return headers, await self._reader.readexactly(int(headers.get("content-length", "0")))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError as error:
            raise ClosedError from error

    async def respond(
        self, body: bytes, content_type: str, headers: dict[str, str] | None = None, status: int = 200
    ) -> None:
        await self.write(self._head(status, {"Content-Type": content_type, **(headers or {})}, len(body)) + body)

    async def json(self, value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        await self.respond(json.dumps(value).encode(), "application/json", headers, status)

    async def half(self, value: Any) -> None:
        """The headers of a whole response, and half its body."""
        body = json.dumps(value).encode()
        await self.write(self._head(200, {"Content-Type": "application/json"}, len(body)) + body[: len(body) // 2])

    async def stream(self, parts: Sequence[str | bytes], *, end: bool = True) -> None:
        """A chunked response of events."""
        await self.write(self._head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}, None))
        for part in parts:
            await self.chunk(part.encode() if isinstance(part, str) else part)
        if end:
            await self.write(b"0\r\n\r\n")

    async def chunk(self, data: bytes) -> None:
        await self.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def stall(self) -> None:
        """Say nothing until the client goes away."""
        await self._reader.read()
        raise ClosedError

    def reset(self) -> None:
        """End with RST in place of FIN."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
        raise ClosedError

    def close(self) -> None:
        """End as if that were all."""
        self._writer.close()
        raise ClosedError

    @staticmethod
    def _head(status: int, headers: dict[str, str], length: int | None) -> bytes:
        lines = [f"HTTP/1.1 {status} Told", *(f"{name}: {value}" for name, value in headers.items())]
        lines += [f"Content-Length: {length}"] if length is not None else []
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
