"""The examples of docs/checker.md: a repaired stream behind the OpenAI client, FastAPI and LangChain."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from harness.text import repair_stream

PROMPT = "Use Sikalastic-609 on the roof."
PIECES = ["Use Sika", "lastic ", "- ", "609 on", " the roof."]


class Events(BaseHTTPRequestHandler):
    """Answers as a chat-completions endpoint does, in server-sent events."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in PIECES:
            choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Events)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


async def pieces_of(stream: Any) -> AsyncIterator[str]:
    async for chunk in stream:
        if chunk.choices:
            yield chunk.choices[0].delta.content or ""


def request() -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": PROMPT}], "stream": True}


def test_the_openai_client(address: str) -> None:
    from openai import OpenAI

    with OpenAI(base_url=address, api_key="none") as client:
        stream = client.chat.completions.create(**request())
        pieces = (chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        assert "".join(repair_stream(PROMPT, pieces)) == PROMPT


def test_the_asynchronous_openai_client(address: str) -> None:
    from openai import AsyncOpenAI

    async def joined() -> str:
        async with AsyncOpenAI(base_url=address, api_key="none") as client:
            stream = await client.chat.completions.create(**request())
            return "".join([piece async for piece in repair_stream(PROMPT, pieces_of(stream))])

    assert asyncio.run(joined()) == PROMPT


async def answer() -> AsyncIterator[str]:
    for piece in PIECES:
        yield piece


def test_a_fastapi_response() -> None:
    fastapi = pytest.importorskip("fastapi")
    from fastapi.responses import StreamingResponse

    app = fastapi.FastAPI()

    @app.post("/answers")
    async def answers() -> StreamingResponse:
        return StreamingResponse(repair_stream(PROMPT, answer()), media_type="text/plain")

    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if sent and not sent[-1].get("more_body", True):
            return {"type": "http.disconnect"}
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/answers",
        "raw_path": b"/answers",
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(app(scope, receive, send))
    assert b"".join(message.get("body", b"") for message in sent).decode() == PROMPT
    assert sum("body" in message for message in sent) > 2


def test_a_langchain_chain() -> None:
    pytest.importorskip("langchain_core")
    from langchain_core.runnables import RunnableGenerator

    async def model(_: AsyncIterator[str]) -> AsyncIterator[str]:
        async for piece in answer():
            yield piece

    async def mended(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        async for piece in repair_stream(PROMPT, chunks):
            yield piece

    async def joined() -> str:
        chain = RunnableGenerator(model) | RunnableGenerator(mended)
        return "".join([piece async for piece in chain.astream("x")])

    assert asyncio.run(joined()) == PROMPT
