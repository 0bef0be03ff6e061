"""An httpx transport that keeps what goes over the wire, without patching anything.

Each caller sets `exchange_slot` in its own task; the transport puts the finished exchange there. Concurrent requests
therefore never see each other's.
"""

import time
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx2

BODY_LIMIT = 32_000_000
"""Bytes. A longer answer ends the request: no chat completion is that long."""


class AnswerTooLongError(Exception):
    """The endpoint sent more than `BODY_LIMIT` bytes."""


@dataclass(slots=True)
class Wire:
    """What one attempt of one request sent and received. `requests` counts attempts, so retries show."""

    uri: str = ""
    request_headers: tuple[tuple[str, str], ...] = ()
    request_body: bytes = b""
    status: int = 0
    response_headers: tuple[tuple[str, str], ...] = ()
    chunks: list[bytes] = field(default_factory=list)
    encoding: str = ""
    started: float = 0.0
    first_byte: float | None = None
    first_data: float | None = None
    ended: float | None = None
    recorded_at: str = ""
    requests: int = 0


exchange_slot: ContextVar[Wire | None] = ContextVar("exchange_slot", default=None)


class KeepingTransport(httpx2.AsyncBaseTransport):
    """Passes everything on to `inner` and keeps a copy in the caller's slot."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        wire = exchange_slot.get()
        if wire is None:
            return await self._inner.handle_async_request(request)
        wire.requests += 1
        wire.uri = str(request.url)
        wire.request_headers = tuple(request.headers.items())
        wire.request_body = await request.aread()
        wire.chunks = []
        wire.first_byte = wire.first_data = wire.ended = None
        wire.started = time.perf_counter()
        response = await self._inner.handle_async_request(request)
        wire.status = response.status_code
        wire.response_headers = tuple(response.headers.items())
        wire.encoding = response.headers.get("content-encoding", "")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _KeepingStream(response.stream, wire)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _KeepingStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, wire: Wire) -> None:
        self._inner = inner
        self._wire = wire

    async def __aiter__(self) -> AsyncIterator[bytes]:
        wire = self._wire
        size = 0
        async for chunk in self._inner:
            now = time.perf_counter()
            if wire.first_byte is None:
                wire.first_byte = now
            if wire.first_data is None and b'"content"' in chunk and b'"content":null' not in chunk:
                wire.first_data = now
            size += len(chunk)
            if size > BODY_LIMIT:
                raise AnswerTooLongError
            wire.chunks.append(chunk)
            yield chunk
        wire.ended = time.perf_counter()
        wire.recorded_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    async def aclose(self) -> None:
        await self._inner.aclose()
