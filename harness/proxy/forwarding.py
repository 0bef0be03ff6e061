"""The proxy itself, an ASGI application: requests go on as they came, chat answers come back mended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from harness.errors import found
from harness.proxy import doors
from harness.proxy.mending import LONGEST, ChatRequest, Report, Said, mended_body, question_of, report_on
from harness.proxy.rows import RowLog, rows_of
from harness.proxy.streams import MendedStream, TooLongError
from harness.recording import Secrets

if TYPE_CHECKING:
    import httpx2

    from harness.text import SymbolTable

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
T = TypeVar("T")

_REQUEST_LIMIT = 64_000_000
"""Bytes of a chat request. Other requests go through piece by piece, whatever their length."""
_SMALL = 4_000
"""Characters that are mended without leaving the loop; a longer text is mended in a thread, and others go on."""
_KEY_HEADERS = (b"authorization", b"api-key", b"x-api-key", b"x-goog-api-key")


class _RefusedError(Exception):
    """An answer of the proxy's own, in the form of OpenAI's errors."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = json.dumps({"error": {"message": f"harness proxy: {message}", "type": "proxy_error", "code": code}})


class _CutError(Exception):
    """The answer has begun and cannot be ended: the connection must break, so that nobody takes it for whole."""


@dataclass(slots=True)
class ProxySettings:
    """What a proxy does. `repairs`: repair answers; else they are only checked."""

    upstream: doors.Upstream
    hosts: frozenset[str]
    symbols: SymbolTable
    repairs: bool
    log: RowLog | None
    secrets: Secrets
    timeout_s: float


class Proxy:
    """Use it as the application of an ASGI server."""

    def __init__(self, settings: ProxySettings) -> None:
        self._settings = settings
        self._client: httpx2.AsyncClient | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """One connection's request, or the server's own start and end."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await _Passage(self._settings, self._opened(), scope, receive, send).run()

    def _opened(self) -> httpx2.AsyncClient:
        from harness.endpoints.transport import httpx2

        if self._client is None:
            # as many connections as clients ask for: the upstream says itself when there are too many
            limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
            timeout = httpx2.Timeout(self._settings.timeout_s, connect=min(10.0, self._settings.timeout_s), pool=None)
            self._client = httpx2.AsyncClient(limits=limits, timeout=timeout, follow_redirects=False)
        return self._client

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._client is not None:
                    await self._client.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return


class _Passage:
    """One request and its answer."""

    def __init__(
        self,
        settings: ProxySettings,
        client: httpx2.AsyncClient,
        scope: MutableMapping[str, Any],
        receive: Receive,
        send: Send,
    ) -> None:
        self._settings = settings
        self._client = client
        self._method: str = scope["method"]
        self._headers: doors.Headers = scope["headers"]
        self._path = scope["raw_path"].decode("latin-1").partition("?")[0]
        self._query = scope["query_string"].decode("latin-1")
        self._receive = receive
        self._send = send
        self._read = asyncio.Event()
        self._started = time.monotonic()
        self._responded = False

    async def run(self) -> None:
        """Answer, and stop asking when the client goes away: what nobody waits for may still cost money."""
        work = asyncio.ensure_future(self._answer())
        watch = asyncio.ensure_future(self._gone())
        try:
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, watch):
                task.cancel()
            # returning with an answer half sent makes the server break the connection
            with contextlib.suppress(asyncio.CancelledError, _CutError):
                await work

    async def _gone(self) -> None:
        await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _answer(self) -> None:
        from harness.endpoints.transport import httpx2

        try:
            await self._forward()
        except _RefusedError as error:
            await self._refuse(error)
        except httpx2.TimeoutException:
            await self._refuse(_RefusedError(504, "upstream_timeout", "the upstream did not answer in time"))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            what = f"{self._settings.upstream.base} cannot be reached or broke off ({type(error).__name__})"
            await self._refuse(_RefusedError(502, "upstream_unreachable", what))
        except TooLongError:
            raise _CutError from None

    async def _refuse(self, error: _RefusedError) -> None:
        if self._responded:
            raise _CutError
        self._read.set()
        await self._start(error.status, [(b"content-type", b"application/json")])
        await self._send({"type": "http.response.body", "body": error.body.encode()})

    async def _start(self, status: int, headers: doors.Headers) -> None:
        mode = b"repair" if self._settings.repairs else b"check"
        self._responded = True
        headers = [*headers, *doors.for_pages(self._headers, self._settings.hosts), (b"x-harness-proxy", mode)]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _forward(self) -> None:
        if not doors.is_allowed(self._headers, self._settings.hosts):
            named = next((value.decode("latin-1") for name, value in self._headers if name == b"host"), "")
            raise _RefusedError(
                403,
                "host_not_allowed",
                f"called as {found(named)}, or from a web page of another host; "
                "accepted: 127.0.0.1 or localhost, and names given with --allow-host",
            )
        if doors.is_preflight(self._method, self._headers):
            self._read.set()
            methods = (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE")
            await self._start(204, [methods, (b"access-control-max-age", b"600")])
            await self._send({"type": "http.response.body", "body": b""})
            return
        url = self._settings.upstream.url(self._path, self._query)
        if url is None:
            raise _RefusedError(400, "bad_path", "the path leads out of the upstream's address")
        is_chat = self._method == "POST" and self._path.endswith("/chat/completions")
        content: bytes | AsyncIterator[bytes] = await self._whole_body() if is_chat else self._pieces()
        question = await self._question(content) if isinstance(content, bytes) else None
        headers = doors.to_upstream(self._headers, identity=question is not None)
        if isinstance(content, bytes):
            headers = [(name, value) for name, value in headers if name != b"content-length"]
        elif not any(name in (b"content-length", b"transfer-encoding") for name, _ in self._headers):
            content = b""
            self._read.set()
        request = self._client.build_request(self._method, url, headers=headers, content=content)
        response = await self._client.send(request, stream=True)
        try:
            await self._pass_back(response, question)
        finally:
            await response.aclose()

    async def _whole_body(self) -> bytes:
        body = bytearray()
        async for piece in self._pieces():
            body += piece
            if len(body) > _REQUEST_LIMIT:
                raise _RefusedError(413, "too_long", f"the request is longer than {_REQUEST_LIMIT:,} bytes")
        return bytes(body)

    async def _pieces(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _CutError
            more = message.get("more_body", False)
            yield message.get("body", b"")
        self._read.set()

    async def _question(self, content: bytes) -> ChatRequest | None:
        """What is asked, with its targets found; None for what is not a chat request, which goes through untouched."""
        targets = _targets_of(self._headers)
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            return None
        question = question_of(body, targets, self._settings.symbols)
        if question is not None:
            await _off_the_loop(lambda: question.judge, sum(map(len, question.source)))
        return question

    async def _pass_back(self, response: httpx2.Response, question: ChatRequest | None) -> None:
        status = response.status_code
        if 300 <= status < 400 and status != 304:
            raise _RefusedError(
                502,
                "upstream_redirects",
                f"{self._settings.upstream.base} answers with a redirect ({status}), which "
                "is not followed, for the key would go along; give --upstream the address that answers",
            )
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        is_readable = encoding in ("", "identity", "gzip", "deflate")
        if status != 200 or question is None or not is_readable:
            await self._through(response)
        elif "text/event-stream" in response.headers.get("content-type", "").lower():
            await self._stream(response, question)
        else:
            await self._whole(response, question)

    async def _through(self, response: httpx2.Response) -> None:
        """Byte for byte, in the coding in which it came."""
        await self._start(response.status_code, doors.to_client(response.headers.raw, decoded=False))
        async for piece in response.aiter_raw():
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def _whole(self, response: httpx2.Response, question: ChatRequest) -> None:
        content = bytearray()
        pieces = response.aiter_bytes()
        async for piece in pieces:
            content += piece
            if len(content) > LONGEST:
                break
        headers = doors.to_client(response.headers.raw, decoded=True)
        body, report, answers = bytes(content), Report(), None
        if len(content) <= LONGEST:
            mended = await _off_the_loop(
                lambda: mended_body(question, body, repairs=self._settings.repairs), len(body) + len(question.source)
            )
            if mended is not None:
                body, answers = mended
                report = await _off_the_loop(lambda: report_on(question, answers), len(body))
        headers += [(name.encode(), value.encode()) for name, value in report.headers()]
        await self._start(200, headers)
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        async for piece in pieces:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})
        if answers:
            value = json.loads(body)
            self._log(question, answers, report, value.get("id"), value.get("model"), broken=False)

    async def _stream(self, response: httpx2.Response, question: ChatRequest) -> None:
        await self._start(200, doors.to_client(response.headers.raw, decoded=True))
        stream = MendedStream(question, repairs=self._settings.repairs)
        whole = False
        try:
            async for piece in response.aiter_bytes():
                ready = await _off_the_loop(partial(stream.feed, piece), stream.work(piece))
                if ready:
                    await self._send({"type": "http.response.body", "body": ready, "more_body": True})
            whole = True
        finally:
            # of a stream that broke off, what was held back is the client's all the same
            last = await _off_the_loop(stream.close, stream.size)
            if last and not asyncio.current_task().cancelling():  # type: ignore[union-attr]
                await self._send({"type": "http.response.body", "body": last, "more_body": True})
            self._log(
                question, stream.answers, stream.report, stream.id, stream.model, broken=not whole or stream.is_cut
            )
        await self._send({"type": "http.response.body", "body": b""})

    def _log(
        self,
        question: ChatRequest,
        answers: dict[int, Said],
        report: Report,
        answer_id: Any,
        model: Any,
        *,
        broken: bool,
    ) -> None:
        if self._settings.log is None:
            return
        keys = [value.decode("latin-1") for name, value in self._headers if name in _KEY_HEADERS]
        own = Secrets([key.rpartition(" ")[2] for key in keys])
        rows = rows_of(
            question,
            answers,
            report,
            secrets=(self._settings.secrets, own),
            answer_id=answer_id if isinstance(answer_id, str) else None,
            model=model if isinstance(model, str) else None,
            repairs=self._settings.repairs,
            broken=broken,
            latency_s=time.monotonic() - self._started,
        )
        for row in rows:
            self._settings.log.write(row)


def _targets_of(headers: doors.Headers) -> tuple[str, ...] | None:
    """The strings that the client names in `x-harness-targets`: a JSON list, in ASCII with `\\u` or in UTF-8."""
    given = [value for name, value in headers if name == b"x-harness-targets"]
    if not given:
        return None
    try:
        targets = json.loads(given[0])
    except (ValueError, RecursionError):
        targets = None
    if not isinstance(targets, list) or not all(isinstance(one, str) and one.strip() for one in targets):
        raise _RefusedError(
            400, "bad_targets", 'x-harness-targets: accepted: a JSON list of texts, such as ["Sikalastic-609"]'
        )
    return tuple(targets)


async def _off_the_loop(function: Callable[[], T], size: int) -> T:
    return await asyncio.to_thread(function) if size > _SMALL else function()
