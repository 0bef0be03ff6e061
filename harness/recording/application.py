"""The HTTP of an application (kind `callable`), recorded and replayed by vcrpy: one file a case, beside the cassettes.

vcrpy patches HTTP clients for the whole process. So one application is called at one time, and requests that the
harness itself makes meanwhile, in other threads, are neither recorded nor replayed.
"""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from unittest import mock
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from harness.errors import CassetteError
from harness.files import UnfitFileError, content_of, json_of, now, reading, whole
from harness.recording.secrets import CassetteProblem, Secrets, kinds_in, secret_fields, shapes_in

HttpMode = Literal["replay", "record", "refresh"]

_SIZE_LIMIT = 64_000_000
_UNDATED = "1970-01-01T00:00:00Z"
_REQUEST_HEADERS = ("content-type", "accept")
_RESPONSE_HEADERS = ("content-type", "date", "location")
_FORM = "application/x-www-form-urlencoded"


_seen: ContextVar[bool] = ContextVar("seen", default=False)
"""Whether vcrpy is handling the request that is being made in this thread or task."""


@dataclass(slots=True)
class HttpUse:
    """One call of an application.

    Attributes:
        keep: set it when the call ended well; what a failed call asked for is not recorded.
        recorded_at: when the HTTP that was replayed was recorded; None where it goes out today.
        missed: what a replay was asked for and does not hold.
        lost: connections of a recording that vcrpy did not see. Clients over `http.client` (requests, urllib) in
            several threads make such: vcrpy takes its patches away, for all threads, while one of them is asking.
    """

    keep: bool = False
    recorded_at: str | None = None
    missed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class HttpCassettes:
    """The HTTP cassettes of a model version.

    Args:
        folder: that of the version, `cassettes/NAME@VERSION`.
        allow_hosts: hosts whose requests go out in every mode and are not recorded, such as a database's.
        is_ours: whether the request that is being made is one of the harness itself.
    """

    def __init__(
        self,
        folder: Path,
        mode: HttpMode,
        *,
        secrets: Secrets,
        allow_hosts: Sequence[str] = (),
        is_ours: Callable[[], bool] = lambda: False,
    ) -> None:
        self._folder = folder
        self._mode: HttpMode = mode
        self._secrets = secrets
        self._allow_hosts = frozenset(host.lower() for host in allow_hosts)
        self._is_ours = is_ours

    def path(self, suite: str, key: str) -> Path:
        """The file of a request to the application, by its key as in the cassette of answers."""
        return self._folder / f"{suite}.http" / f"{key[:16]}.json"

    def has(self, suite: str, key: str) -> bool:
        """Whether the HTTP of a request is recorded."""
        return self.path(suite, key).is_file()

    def has_any(self, suite: str) -> bool:
        """Whether the HTTP of any request of a suite is recorded."""
        return any(self.path(suite, "").parent.glob("*.json"))

    @contextmanager
    def use(self, suite: str, key: str) -> Iterator[HttpUse]:
        """All HTTP of the block is recorded, or replayed.

        Raises:
            CassetteError: the file cannot be read or written, or would hold a secret.
        """
        import vcr

        use = HttpUse()
        path = self.path(suite, key)
        stock = vcr.VCR(
            record_mode="none" if self._mode == "replay" else "new_episodes",
            match_on=("method", "scheme", "host", "port", "path", "query", "content"),
            before_record_request=self._request,
            before_record_response=self._response,
            decode_compressed_response=True,
        )
        stock.register_serializer("harness", _Serializer)
        stock.register_matcher("content", _same_content)
        stock.register_persister(_Persister(use, self._secrets, reads=self._mode != "refresh"))
        with ExitStack() as stack:
            cassette = stack.enter_context(stock.use_cassette(str(path), serializer="harness"))
            if self._mode == "replay":
                use.recorded_at = _date_of(cassette) if path.is_file() else _UNDATED
                self._watch(cassette, use)
            else:
                cassette.get_metadata("recorded_at", now())  # an application without HTTP leaves a file too
            stack.enter_context(self._guarded(use))
            yield use

    def _request(self, request: Any) -> Any:
        """What is kept of a request; None if it goes out unrecorded."""
        if self._is_ours() or (request.host or "").lower() in self._allow_hosts:
            return None
        _seen.set(True)
        request.uri = self._scrubbed_address(request.uri)
        content_type = str(request.headers.get("content-type", ""))
        request.headers = {
            name.lower(): value for name, value in request.headers.items() if name.lower() in _REQUEST_HEADERS
        }
        if isinstance(request.body, bytes | str) and request.body:
            request.body = self._scrubbed(request.body, content_type)
        return request

    def _response(self, response: dict[str, Any]) -> dict[str, Any]:
        _seen.set(False)
        headers = {name.lower(): value for name, value in response["headers"].items()}
        kept = {name: value for name, value in headers.items() if name in _RESPONSE_HEADERS}
        if "location" in kept:
            given = kept["location"]
            places = given if isinstance(given, list) else [given]
            kept["location"] = [self._scrubbed_address(str(place)) for place in places]
        body = response["body"]["string"]
        return {**response, "headers": kept, "body": {"string": self._redacted(body) if body else body}}

    def _scrubbed_address(self, address: str) -> str:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        query = parts.query
        if any(_is_secret(name, value) for name, value in pairs):
            query = urlencode([(name, value) for name, value in pairs if not _is_secret(name, value)])
        host = parts.netloc.rpartition("@")[2]
        return self._secrets.redacted(urlunsplit((parts.scheme, host, parts.path, query, "")))

    def _scrubbed(self, body: bytes | str, content_type: str) -> bytes:
        data = body.encode("utf-8") if isinstance(body, str) else body
        if _FORM in content_type.lower():
            pairs = parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True)
            if any(_is_secret(name, value) for name, value in pairs):
                data = urlencode([pair for pair in pairs if not _is_secret(*pair)]).encode()
        else:
            value = _json(data)
            if value is not None and (clean := _without_secrets(value)) != value:
                data = json.dumps(clean, ensure_ascii=False).encode()
        return self._redacted(data)

    def _redacted(self, data: bytes) -> bytes:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return b"" if self._secrets.found_in(data.decode("latin-1")) else data
        clean = self._secrets.redacted(text)
        return data if clean == text else clean.encode("utf-8")

    def _watch(self, cassette: Any, use: HttpUse) -> None:
        """Note what is asked for and not there: an application may swallow the exception."""
        can_play = cassette.can_play_response_for

        def noting(request: Any) -> Any:
            there = can_play(request)
            if not there and cassette.filter_request(request) is not None:
                use.missed.append(f"{request.method} {self._scrubbed_address(request.uri)}")
            return there

        cassette.can_play_response_for = noting

    @contextmanager
    def _guarded(self, use: HttpUse) -> Iterator[None]:
        """No connection that vcrpy does not see (a database, gRPC) is opened in a replay, or passes in a recording."""
        allowed = set(self._allow_hosts)
        for host in self._allow_hosts:
            try:
                allowed |= {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
            except OSError:
                continue  # it is not there today: then nothing connects to it either

        connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

        def look(address: Any) -> None:
            # a path of a socket on this machine is not a tuple
            if not isinstance(address, tuple) or str(address[0]).lower() in allowed or self._is_ours():
                return
            place = f"{address[0]}:{address[1]}"
            if self._mode == "replay":
                use.missed.append(f"a connection to {place}")
                raise ConnectionRefusedError(f"replay: no connection to {place}; accepted: hosts of allow_hosts")
            if not _seen.get():
                use.lost.append(place)

        def guarded(sock: socket.socket, address: Any) -> None:
            look(address)
            connect(sock, address)

        def guarded_ex(sock: socket.socket, address: Any) -> int:
            look(address)
            return connect_ex(sock, address)

        with (
            mock.patch.object(socket.socket, "connect", guarded),
            mock.patch.object(socket.socket, "connect_ex", guarded_ex),
        ):
            yield


def problems_of_http(path: Path, secrets: Secrets) -> Iterator[CassetteProblem]:
    """What is wrong with a file of recorded HTTP: it cannot be replayed, or holds a secret."""
    from vcr.serialize import deserialize

    try:
        with reading(path, CassetteError, form="JSON"):
            text = content_of(path, limit=_SIZE_LIMIT).decode("utf-8")
        deserialize(text, _Serializer)
    except (CassetteError, UnfitFileError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        yield CassetteProblem(0, f"not recorded HTTP: {type(error).__name__}; record it again")
        return
    if secrets.found_in(text):
        yield CassetteProblem(0, "holds the value of a key of this environment; revoke the key")
    for shape in shapes_in(text) or kinds_in(text):
        yield CassetteProblem(0, f"holds what looks like a secret ({shape}); revoke it, take the file away")


class _Serializer:
    """JSON with bytes in base64: vcrpy's own JSON takes text alone, and its YAML crashes on a hostile file."""

    @staticmethod
    def deserialize(text: str) -> Any:
        value = json_of(text.encode("utf-8"))
        for interaction in value["interactions"]:
            interaction["request"]["body"] = _bytes_of(interaction["request"]["body"])
            interaction["response"]["body"]["string"] = _bytes_of(interaction["response"]["body"]["string"])
        return value

    @staticmethod
    def serialize(value: dict[str, Any]) -> str:
        for interaction in value["interactions"]:
            interaction["request"]["body"] = _text_of(interaction["request"]["body"])
            interaction["response"]["body"]["string"] = _text_of(interaction["response"]["body"]["string"])
        return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _text_of(body: Any) -> Any:
    if isinstance(body, bytes | bytearray):
        return {"base64": base64.b64encode(body).decode("ascii")}
    return body


def _bytes_of(body: Any) -> Any:
    return base64.b64decode(body["base64"]) if isinstance(body, dict) else body


class _Persister:
    """Reads bounded files, writes whole ones."""

    def __init__(self, use: HttpUse, secrets: Secrets, *, reads: bool) -> None:
        self._use = use
        self._secrets = secrets
        self._reads = reads

    def load_cassette(self, cassette_path: str, serializer: Any) -> Any:
        from vcr.persisters.filesystem import CassetteNotFoundError
        from vcr.serialize import deserialize

        path = Path(cassette_path)
        if not self._reads or not path.is_file():
            raise CassetteNotFoundError
        with reading(path, CassetteError, form="JSON"):
            content = content_of(path, limit=_SIZE_LIMIT)
        try:
            return deserialize(content.decode("utf-8"), serializer)
        except (UnfitFileError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise CassetteError(
                f"{path}: not recorded HTTP: {type(error).__name__}: {error}; take it away, and run again with "
                "--cassette-mode=record"
            ) from error

    def save_cassette(self, cassette_path: str, cassette_dict: Any, serializer: Any) -> None:
        from vcr.serialize import serialize

        if not self._use.keep:
            return
        path = Path(cassette_path)
        text = serialize(cassette_dict, serializer)
        if self._secrets.found_in(text):
            raise CassetteError(
                f"{path}: would hold the value of a key and was not written; what does the HTTP repeat?"
            )
        for place in (path, path.parent, path.parent.parent):
            if place.is_symlink():
                raise CassetteError(f"{place}: is a symlink; refusing to write through it: put a file there")
        try:
            with whole(path) as file:
                file.write(text.encode("utf-8"))
        except OSError as error:
            raise CassetteError(f"{path}: cannot be written: {error.strerror or error}") from error


def _date_of(cassette: Any) -> str:
    from vcr.errors import MissingMetadataError

    try:
        text = cassette.get_metadata("recorded_at", None)
        return _UNDATED if datetime.fromisoformat(text).tzinfo is None else text
    except (MissingMetadataError, TypeError, ValueError):
        return _UNDATED  # it must look old, never fresh


def _same_content(one: Any, other: Any) -> None:
    """A matcher of vcrpy: JSON by its value (`0` is `0.0`, the order of names is free), anything else as vcrpy does."""
    from vcr import matchers

    first, second = _json(one.body), _json(other.body)
    if first is None or second is None:
        matchers.body(one, other)
    else:
        assert first == second, "the JSON bodies differ"


def _json(body: Any) -> Any:
    if not isinstance(body, bytes | str) or body.lstrip()[:1] not in (b"{", b"[", "{", "["):
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_secret(name: str, value: str) -> bool:
    """Whether a parameter of an address or a form is a key, by its name. An empty one counts: a replay has no key."""
    if name.lower() in ("key", "token", "sig", "signature"):  # short ones are words, such as `key=name`
        return not value or len(value) >= 16
    return bool(secret_fields({name: "x"}))


def _without_secrets(value: Any) -> Any:
    """JSON without the texts whose name says that they are keys: with and without a key it is the same request."""
    if isinstance(value, dict):
        return {
            name: _without_secrets(part)
            for name, part in value.items()
            if not ((part is None or isinstance(part, str)) and secret_fields({name: "x"}))
        }
    if isinstance(value, list):
        return [_without_secrets(part) for part in value]
    return value
