"""An endpoint behind the proxy that answers as a test says, to the byte, and the proxy before it in a thread."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import uvicorn

from harness.proxy import doors
from harness.proxy.forwarding import Proxy, ProxySettings
from harness.proxy.rows import RowLog
from harness.recording import Secrets
from harness.text import DEFAULT_SYMBOLS
from tests.faulty_server.connection import ClosedError, Connection
from tests.faulty_server.server_thread import ServerThread


@dataclass(frozen=True)
class Seen:
    """A request as it came to the upstream."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answering = Callable[[Connection, Seen], Awaitable[None]]


class Upstream(ServerThread):
    """Answers with `answer`, and keeps what it saw. `gone` counts clients that left before their answer was whole."""

    def __init__(self, answer: Answering) -> None:
        super().__init__()
        self.answer = answer
        self.seen: list[Seen] = []
        self.gone = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ", 2)
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:]) if name
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.seen.append(seen := Seen(method, path, headers, body))
                await self.answer(connection, seen)
        except (asyncio.IncompleteReadError, ConnectionError, ClosedError):
            self.gone += 1
        except asyncio.CancelledError:
            pass
        finally:
            writer.close()


class RunningProxy:
    """`base_url` is where clients go, `rows` what was logged."""

    def __init__(self, upstream: str, log: Path, *, repairs: bool = True, timeout_s: float = 20.0) -> None:
        self.log = log
        settings = ProxySettings(
            upstream=doors.Upstream(upstream),
            hosts=doors.allowed_hosts("127.0.0.1", ()),
            symbols=DEFAULT_SYMBOLS,
            repairs=repairs,
            log=RowLog(log),
            secrets=Secrets(["environment-secret-1"]),
            timeout_s=timeout_s,
        )
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = self._socket.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        config = uvicorn.Config(
            Proxy(settings), loop="asyncio", http="h11", ws="none", lifespan="on", log_config=None, log_level="critical"
        )
        config.timeout_graceful_shutdown = 1
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()

    def rows(self, count: int) -> list[dict[str, Any]]:
        """The first rows, once so many were written: a row comes after the last byte of its answer."""
        for _ in range(200):
            lines = self.log.read_text(encoding="utf-8").splitlines()
            if len(lines) >= count:
                return [json.loads(line) for line in lines]
            time.sleep(0.02)
        raise AssertionError(f"{len(lines)} rows of {count}")


def completion(text: str | None, **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text, **message}}
    return {"id": "c-1", "object": "chat.completion", "created": 1, "model": "served", "choices": [choice]}


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    value = {
        "id": "c-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "served",
        "choices": [choice],
        **more,
    }
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def says(text: str | None, **message: Any) -> Answering:
    """The same answer always, whole or as a stream of pieces of three characters."""

    async def answer(connection: Connection, seen: Seen) -> None:
        body = json.loads(seen.body)
        if not body.get("stream"):
            await connection.json(completion(text, **message))
            return
        pieces = [(text or "")[start : start + 3] for start in range(0, len(text or ""), 3)]
        events = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": piece}) for piece in pieces)]
        await connection.stream([*events, chunk({}, "stop"), "data: [DONE]\n\n"])

    return answer
