"""A real proxy on the loopback: CONNECT for TLS, whole addresses for plain http. It resolves every name to one port."""

from __future__ import annotations

import asyncio
import base64

from tests.faulty_server.server_thread import ServerThread


class ConnectProxy(ServerThread):
    """`asked` holds the first line of each request. `target` is the port that every name leads to.

    Args:
        credentials: `user:password` that it wants.
        refusal: a status with which it refuses everything.
    """

    def __init__(self, target: int, *, credentials: str | None = None, refusal: int | None = None) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._target = target
        self._refusal = refusal
        self._wanted = None
        if credentials is not None:
            self._wanted = f"basic {base64.b64encode(credentials.encode()).decode()}".lower()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            writer.close()
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        self.asked.append(first)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
        refusal = self._refusal
        if self._wanted is not None and headers.get("proxy-authorization", "").lower() != self._wanted:
            refusal = 407
        if refusal is not None:
            # closing with unread bytes would reset the connection, and the status would be lost
            await reader.readexactly(int(headers.get("content-length", "0")))
            writer.write(f"HTTP/1.1 {refusal} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            writer.close()
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target)
        method, address, _ = first.split(" ")
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = "/" + address.split("/", 3)[3]
            inner_writer.write(b"\r\n".join([f"{method} {path} HTTP/1.1".encode(), head.partition(b"\r\n")[2]]))
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer), return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
