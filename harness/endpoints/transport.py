"""An httpx transport that notes what goes over the wire, without patching anything.

Each caller sets `exchange_slot` in its own task; the transport notes there. Concurrent requests therefore never see
each other's. Bodies are decompressed here, piece by piece, so that a small body cannot fill the memory.

`httpx2` is the HTTP library of the installed openai: httpx2 for openai 3, httpx for openai 2. Both have the same names,
and a client of one is refused by the openai of the other, so nothing else imports either.

`import openai` reads 520 modules, three quarters of them types of services that nobody asks: 0.3 s of each run that
asks, and 9 MB. With `import_client` a package of types is read when it is asked for one of its names. A module in it
that is imported by name is read as ever, and so is the client, which builds and sends the requests.
"""

import json
import sys
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import version
from threading import get_ident
from types import ModuleType
from typing import TYPE_CHECKING, Any

from harness import files

if TYPE_CHECKING:
    import httpx2
else:
    httpx2 = import_module("httpx" if version("openai").startswith("2.") else "httpx2")

__all__ = [
    "BODY_LIMIT",
    "AnswerTooLongError",
    "EncodingError",
    "NotingTransport",
    "RequestForm",
    "Wire",
    "exchange_slot",
    "httpx2",
    "import_client",
]

BODY_LIMIT = 32_000_000
"""Bytes, decompressed. A longer answer ends the request: no chat completion is that long."""
_PIECE = 1_000_000


class AnswerTooLongError(Exception):
    """The endpoint sent more than `BODY_LIMIT` bytes."""


class EncodingError(Exception):
    """The body is compressed in a way that was not asked for and cannot be read, or it is damaged."""


@dataclass(slots=True)
class Wire:
    """What one request sent and received. `marks`: bytes received so far, and when (`time.perf_counter`)."""

    uri: str = ""
    request_headers: tuple[tuple[str, str], ...] = ()
    request_body: bytes = b""
    status: int = 0
    response_headers: tuple[tuple[str, str], ...] = ()
    started: float = 0.0
    ended: float | None = None
    recorded_at: str = ""
    marks: list[tuple[int, float]] = field(default_factory=list)
    request: httpx2.Request | None = None
    """As it went out."""

    def time_of(self, size: int) -> float | None:
        """Seconds from the start of the request until `size` bytes of the body were there."""
        return next((files - self.started for received, files in self.marks if received >= size), None)


exchange_slot: ContextVar[Wire | None] = ContextVar("exchange_slot", default=None)


_LENGTH = b"content-length"
_IDEMPOTENCY = "idempotency-key"
"""Of one request alone; the client draws it for each, and sends none."""


class RequestForm:
    """A request that the openai client has built, to be sent again with another body.

    All requests of an endpoint are alike but for that. To have the client build each of them takes three tenths of the
    time that asking takes.
    """

    def __init__(self, request: httpx2.Request) -> None:
        self._request = request
        self._headers = list(request.headers.raw)

    @classmethod
    def of(cls, request: httpx2.Request | None, body: dict[str, Any]) -> "RequestForm | None":
        """None where the client has sent something other than what `new` would send for this body."""
        if request is None or httpx2.__name__ != "httpx2":  # the client of openai 2 wraps errors of more kinds
            return None
        if _IDEMPOTENCY in request.headers or request.content != _written(body):
            return None
        return cls(request)

    def new(self, body: dict[str, Any]) -> httpx2.Request:
        """The request with this body."""
        content = _written(body)
        length = b"%d" % len(content)
        headers = [(name, length if name.lower() == _LENGTH else value) for name, value in self._headers]
        like = self._request
        stream = httpx2.ByteStream(content)
        return httpx2.Request(like.method, like.url, headers=headers, stream=stream, extensions=like.extensions)


def _written(body: dict[str, Any]) -> bytes:
    """As the openai client writes it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


class NotingTransport(httpx2.AsyncBaseTransport):
    """Passes everything on and notes it in the caller's slot.

    A request goes out on a connection that no other has: the pool of the library looks at all its connections for each
    request and for each answer, and at 256 of them that took longer than to ask. After a request that failed or was
    given up, nothing is sent there again: the library may hold its connection for taken (httpcore 1.0.9), and the next
    request would wait for it until its own time was up.

    Args:
        open_one: makes what keeps one connection.
    """

    def __init__(self, open_one: Callable[[], httpx2.AsyncBaseTransport]) -> None:
        self._open_one = open_one
        self._all: set[httpx2.AsyncBaseTransport] = set()
        self._free: list[httpx2.AsyncBaseTransport] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        wire = exchange_slot.get()
        if wire is not None:
            wire.request = request
            wire.uri = str(request.url)
            wire.request_headers = tuple(request.headers.items())
            wire.request_body = await request.aread()
            wire.started = time.perf_counter()
        one = self._take()
        try:
            response = await one.handle_async_request(request)
        except BaseException:
            await self._release(one, usable=False)
            raise
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        release = partial(self._release, one)
        if wire is None:
            response.stream = _Stream(response.stream, release)
            return response
        wire.status = response.status_code
        wire.response_headers = tuple(response.headers.items())
        encoding = response.headers.pop("content-encoding", "identity")
        response.stream = _NotingStream(response.stream, release, wire, encoding.strip().lower())
        return response

    def _take(self) -> httpx2.AsyncBaseTransport:
        """The one that was last used, whose connection is the most likely to be open still."""
        if self._free:
            return self._free.pop()
        one = self._open_one()
        self._all.add(one)
        return one

    async def _release(self, one: httpx2.AsyncBaseTransport, usable: bool) -> None:
        if usable:
            self._free.append(one)
            return
        self._all.discard(one)
        with suppress(OSError):  # of a connection that is broken
            await one.aclose()

    async def aclose(self) -> None:
        for one in list(self._all):
            await one.aclose()


class _Stream(httpx2.AsyncByteStream):
    """The body of an answer, after which its connection is free if all of it was read."""

    def __init__(self, inner: httpx2.AsyncByteStream, release: Callable[[bool], Awaitable[None]]) -> None:
        self._inner = inner
        self._release: Callable[[bool], Awaitable[None]] | None = release
        self._whole = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            yield chunk
        self._whole = True

    async def aclose(self) -> None:
        release, self._release = self._release, None
        try:
            await self._inner.aclose()
        except BaseException:
            self._whole = False
            raise
        finally:
            if release is not None:
                await release(self._whole)


class _NotingStream(_Stream):
    def __init__(
        self, inner: httpx2.AsyncByteStream, release: Callable[[bool], Awaitable[None]], wire: Wire, encoding: str
    ) -> None:
        super().__init__(inner, release)
        self._wire = wire
        self._decoder = _Decoder(encoding)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        wire = self._wire
        size = 0
        async for chunk in self._inner:
            now = time.perf_counter()
            for piece in self._decoder.pieces(chunk):
                size += len(piece)
                if size > BODY_LIMIT:
                    raise AnswerTooLongError
                wire.marks.append((size, now))
                yield piece
        self._whole = True
        self._decoder.end()
        wire.ended = time.perf_counter()
        wire.recorded_at = files.now()


_MEMBER = b"\x1f"
"""How a member of gzip begins; zeros and the like after the last one are padding."""


class _Decoder:
    """Of `identity`, `gzip` and `deflate`. Only identity is asked for; some gateways compress all the same."""

    def __init__(self, encoding: str) -> None:
        if encoding not in ("identity", "", "gzip", "x-gzip", "deflate"):
            self._refused, self._inflater = encoding, None
            return
        self._refused = ""
        # 32 added to the window size: zlib finds out whether the header is gzip's or its own
        self._inflater = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS) if encoding not in ("identity", "") else None

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        if self._refused:
            raise EncodingError(self._refused)
        if self._inflater is None:
            yield chunk
            return
        while True:
            try:
                piece = self._inflater.decompress(chunk, _PIECE)
            except zlib.error as error:
                raise EncodingError(str(error)) from error
            if piece:
                yield piece
            if self._inflater.eof and (rest := self._inflater.unused_data).startswith(_MEMBER):
                # gzip may consist of several members, one after the other (RFC 1952, 2.2)
                self._inflater, chunk = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS), rest
                continue
            chunk = self._inflater.unconsumed_tail
            if self._inflater.eof or (not chunk and len(piece) < _PIECE):
                return

    def end(self) -> None:
        if self._inflater is not None and not self._inflater.eof:
            raise EncodingError("the compressed body is cut off")


_TYPES = "openai.types."
_reading: set[tuple[str, int]] = set()
"""Package and thread. Each thread that asks reads: a lock here and those of imports could wait for one another."""


class _Unread(ModuleType):
    """A package that becomes an ordinary module when it is asked for a name, for all names, or to take one.

    `importlib.util.LazyLoader` reads a package as soon as a module in it is imported: here all 520.
    """

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") or name == "__all__":  # the others are looked for in every module, as by pytest
            _read(self)
        return ModuleType.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("__") and not isinstance(value, ModuleType):  # the import of a module in it sets those
            _read(self)
        ModuleType.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        _read(self)
        ModuleType.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        _read(self)
        return list(ModuleType.__dir__(self))

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        _read(self)
        return _NAMES.__get__(self)  # type: ignore[no-any-return]


_NAMES: Any = vars(ModuleType)["__dict__"]


def _read(module: ModuleType) -> None:
    """Does nothing within itself. What fails is tried again by the next who asks, as with an import."""
    place = (module.__name__, get_ident())
    spec = module.__spec__
    if type(module) is not _Unread or place in _reading or spec is None or spec.loader is None:
        return
    _reading.add(place)
    try:
        spec.loader.exec_module(module)
    finally:
        _reading.remove(place)
    module.__class__ = ModuleType  # type: ignore[assignment]


class _ReadLater(Loader):
    def __init__(self, usual: Loader) -> None:
        self._usual = usual

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._usual.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._usual
        if module.__spec__ is not None:
            module.__spec__.loader = self._usual
        module.__class__ = _Unread


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if f"{fullname}.".startswith(_TYPES) else None
        if spec is None or spec.loader is None or not spec.submodule_search_locations:
            return None
        spec.loader = _ReadLater(spec.loader)
        return spec


def import_client() -> None:
    """Import `openai`, unless somebody has."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        import openai  # noqa: F401
    finally:
        sys.meta_path.remove(finder)
