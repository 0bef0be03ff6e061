"""A repaired stream is the repair of the whole answer, and text is not held back for long."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import Target, repair, repair_stream

TARGETS = (
    "Sikalastic-609",
    "TCP/IP",
    "--dry-run",
    "水吧台/岛台",
    "GB/T 50081-2019",
    "A-B",
    "B-C-D",
    "C:\\a-b",
    "Mon - Fri",
)
PIECES = (
    *(
        "see ",
        "用",
        "。",
        "\n- ",
        "\n",
        " (",
        ", ",
        "12",
        "x",
        "“",
        "```",
        "`",
        '"',
        "The floor is dry. ",
        "<think>",
        "</think>",
        "[THINK]",
        "[/THINK]",
        "[think]",
        "<|channel|>analysis<|message|>",
        "<|channel|>final<|message|>",
        "\u0130",
    ),
    *(
        "Sikalastic - 609",
        "Sikalastic – 609",
        "Sika",
        "lastic",
        "-609",
        "TCP",
        " / ",
        "／",
        "IP",
        "IPv6",
        "-- dry - run",
    ),
    *(
        "水吧台 / 岛台",
        "GB / T 50081\n2019",
        "A - B - C- D",
        "A -",
        " B",
        "C:\\\\a - b",
        "\u200b",
        "\u00a0",
        "Mon  -  Fri",
    ),
)


def in_chunks(text: str, sizes: list[int]) -> Iterator[str]:
    place = number = 0
    while place < len(text):
        size = sizes[number % len(sizes)]
        yield text[place : place + size]
        place, number = place + size, number + 1


@given(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.lists(st.integers(1, 12), min_size=1, max_size=5),
    st.lists(st.sampled_from(TARGETS), max_size=5),
    st.booleans(),
)
def test_the_joined_stream_is_the_repair_of_the_whole(
    output: str, sizes: list[int], targets: list[str], listed: bool
) -> None:
    given_targets: list[str | Target] = list(targets) if listed else [Target(text, "code") for text in targets]
    source = targets[:1]
    joined = "".join(repair_stream(source, in_chunks(output, sizes), given_targets))
    assert joined == repair(source, output, given_targets).text


def held_back(output: str, targets: list[str]) -> int:
    """The most characters that were in and not yet out, fed one by one."""
    fed = out = most = 0

    def one_by_one() -> Iterator[str]:
        nonlocal fed, most
        for char in output:
            most = max(most, fed - out)
            fed += 1
            yield char

    for piece in repair_stream("", one_by_one(), targets):
        out += len(piece)
    return most


def test_clean_prose_is_passed_on_at_once() -> None:
    assert held_back("The membrane is laid on a dry floor, and the edges are sealed. " * 30, ["Sikalastic-609"]) < 40
    assert held_back("防水层应铺在干燥的基层上，边缘须先封好。" * 30, ["Sikalastic-609", "水吧台/岛台"]) < 40


@pytest.mark.parametrize(
    "output",
    [
        "A - B" * 2000,
        "A" + " " * 6000 + "- B",
        "-" * 6000,
        "A - " * 2000,
        "\u200b" * 6000,
        "A" + "\u200b" * 6000 + "-B",
        " " * 6000,
        "\n" * 6000 + "<think>",
    ],
)
def test_what_is_held_back_is_bounded(output: str) -> None:
    targets = ["A-B", "B-A", "--x"]
    assert held_back(output[:2300], targets) <= 6 * 3 + 2048
    assert held_back("x " + output[:2300], targets) <= 6 * 3 + 2048


def test_reasoning_goes_through_unchanged() -> None:
    output = " <think>TCP / IP</think>TCP / IP"
    assert "".join(repair_stream("", iter(output), ["TCP/IP"])) == " <think>TCP / IP</think>TCP/IP"
    assert "".join(repair_stream("", iter("<think>TCP / IP"), ["TCP/IP"])) == "<think>TCP / IP"
    for opening, closing in (
        ("[THINK]", "[/THINK]"),
        ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
        ("<THINK>\u0130\u0130\u0130\u0130", "</Think>"),
    ):
        output = f"{opening}TCP / IP{closing}TCP / IP"
        mended = f"{opening}TCP / IP{closing}TCP/IP"
        assert "".join(repair_stream("", iter(output), ["TCP/IP"])) == mended
        assert repair("", output, ["TCP/IP"]).text == mended
    assert "".join(repair_stream("", iter("[think]TCP / IP[/think]"), ["TCP/IP"])) == "[think]TCP/IP[/think]"
    assert "".join(repair_stream("", iter("<thing>TCP / IP"), ["TCP/IP"])) == "<thing>TCP/IP"


def test_nothing_to_protect_passes_everything_on() -> None:
    assert list(repair_stream("", ["a ", "- b"], [])) == ["a ", "- b"]


PROMPT = "Use Sikalastic-609 on the roof."
PIECES_OF_ANSWER = ["Use Sika", "lastic ", "- ", "609 on", " the roof."]


def test_a_plain_generator() -> None:
    assert "".join(repair_stream(PROMPT, iter(PIECES_OF_ANSWER))) == PROMPT


def test_an_asynchronous_generator() -> None:
    async def answer() -> AsyncIterator[str]:
        for piece in PIECES_OF_ANSWER:
            yield piece

    async def joined() -> str:
        return "".join([piece async for piece in repair_stream(PROMPT, answer())])

    assert asyncio.run(joined()) == PROMPT


# The examples of docs/checker.md: a repaired stream behind the OpenAI client, FastAPI and LangChain.

EXAMPLE_PIECES = ["Use Sika", "lastic ", "- ", "609 on", " the roof."]


class Events(BaseHTTPRequestHandler):
    """Answers as a chat-completions endpoint does, in server-sent events."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in EXAMPLE_PIECES:
            choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Events)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
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
    for piece in EXAMPLE_PIECES:
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


@pytest.mark.parametrize("piece", [None, b"x", {"content": "x"}])
def test_a_piece_that_is_not_text_is_named_with_what_an_api_has_in_its_place(piece: Any) -> None:
    with pytest.raises(TypeError, match=rf"chunk: found {type(piece).__name__}; .*delta\.content or ''"):
        list(repair_stream("Use A-1.", ["A", piece]))
    with pytest.raises(TypeError, match="source: found dict"):
        repair_stream([{"role": "user"}], ["A"])  # type: ignore[list-item]


class Broken(Exception):
    """As a client raises it whose connection ends."""


def test_what_came_before_the_producer_failed_is_passed_on() -> None:
    def pieces() -> Iterator[str]:
        yield from ["Use A", " - 1 and B"]
        raise Broken

    async def pieces_async() -> AsyncIterator[str]:
        for piece in ["Use A", " - 1 and B"]:
            yield piece
        raise Broken

    out: list[str] = []

    async def read() -> None:
        async for piece in repair_stream("A-1 B-2", pieces_async()):
            out.append(piece)

    with pytest.raises(Broken):
        out.extend(repair_stream("A-1 B-2", pieces()))
    out.append("|")
    with pytest.raises(Broken):
        asyncio.run(read())
    assert "".join(out) == "Use A-1 and B|Use A-1 and B"


def test_a_stream_that_is_left_ends_its_producer() -> None:
    ended: list[str] = []

    async def pieces() -> AsyncIterator[str]:
        try:
            while True:
                yield "word after word "
                await asyncio.sleep(0)
        finally:
            ended.append("ended")

    async def read() -> None:
        async for _ in repair_stream("A-1", pieces()):
            await asyncio.sleep(0)

    async def cancelled() -> None:
        task = asyncio.create_task(read())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert ended == ["ended"]
