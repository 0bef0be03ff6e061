"""The examples of docs/checker.md for `repair_stream` are run as they are there, with the frameworks themselves."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.text import repair_stream

ROOT = Path(__file__).parents[2]
PROMPT = "Use Sikalastic-609 on the roof."
PIECES = ["Use Sika", "lastic ", "- ", "609 on", " the roof."]


def example(title: str) -> str:
    """The part of the block of examples that begins with the comment `# title`."""
    text = (ROOT / "docs" / "checker.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(# a plain generator\n.*?)```", text, re.DOTALL)
    assert block is not None
    parts = re.split(r"(?m)^# (.+)\n", block[1])
    return dict(zip(parts[1::2], parts[2::2], strict=True))[title]


def run(title: str, **names: Any) -> dict[str, Any]:
    namespace: dict[str, Any] = {"repair_stream": repair_stream, **names}
    exec(example(title), namespace)
    return namespace


def chunk(piece: str | None) -> SimpleNamespace:
    """As the client gives it; the last one of a stream with usage has no choice."""
    choices = [] if piece is None else [SimpleNamespace(delta=SimpleNamespace(content=piece))]
    return SimpleNamespace(choices=choices)


class Client:
    """The OpenAI client as far as the examples use it; tests/text runs the real one against a server."""

    def __init__(self, *, is_async: bool = False) -> None:
        self.is_async = is_async
        self.chat = SimpleNamespace(completions=self)

    def create(self, **request: Any) -> Any:
        assert request["stream"] is True
        return self._streamed() if self.is_async else (chunk(piece) for piece in [*PIECES, None])

    async def _streamed(self) -> AsyncIterator[SimpleNamespace]:
        async def chunks() -> AsyncIterator[SimpleNamespace]:
            for piece in [*PIECES, None]:
                yield chunk(piece)

        return chunks()


async def joined(stream: Any) -> str:
    return "".join([piece async for piece in stream])


def test_a_plain_generator() -> None:
    shown: list[str] = []
    run("a plain generator", prompt=PROMPT, pieces=iter(PIECES), print=lambda piece, end: shown.append(piece))
    assert "".join(shown) == PROMPT
    assert len(shown) > 1


def test_the_openai_client() -> None:
    answer = run("the OpenAI client")["answer"](Client(), PROMPT)
    assert isinstance(answer, Iterator)
    assert "".join(answer) == PROMPT


def test_the_asynchronous_client() -> None:
    answer = run("the same, asynchronous")["answer_async"]

    async def asked() -> str:
        return await joined(await answer(Client(is_async=True), PROMPT))

    assert asyncio.run(asked()) == PROMPT


def test_a_fastapi_response() -> None:
    fastapi = pytest.importorskip("fastapi")
    from fastapi.responses import StreamingResponse
    from pydantic import BaseModel

    class Question(BaseModel):
        text: str

    answer = run("the same, asynchronous")["answer_async"]
    names = run(
        "FastAPI",
        app=fastapi.FastAPI(),
        Question=Question,
        StreamingResponse=StreamingResponse,
        answer_async=answer,
        client=Client(is_async=True),
    )

    async def asked() -> str:
        response = await names["answers"](Question(text=PROMPT))
        return await joined(response.body_iterator)

    assert asyncio.run(asked()) == PROMPT


def test_a_langchain_chain() -> None:
    pytest.importorskip("langchain_core")
    from langchain_core.language_models import GenericFakeChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.runnables import RunnableGenerator

    model = GenericFakeChatModel(messages=iter([AIMessage("Use Sikalastic - 609 on the roof.")]))
    chain = run(
        "LangChain", RunnableGenerator=RunnableGenerator, StrOutputParser=StrOutputParser, model=model, prompt=PROMPT
    )["chain"]

    async def asked() -> str:
        return await joined(chain.astream(PROMPT))

    assert asyncio.run(asked()) == PROMPT
