"""The Responses API: requests and answers in the forms of OpenAI's own client, through a server and a whole run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai.types.responses import Response
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

from harness.endpoints.parse import parse
from harness.endpoints.responses import request_of
from harness.recording import Cassette
from tests.faulty_server.connection import Connection
from tests.faulty_server.project import Project
from tests.faulty_server.server import answer_to
from tests.proxy.upstream import Seen, Upstream

TARGET = "Sikalastic-609"


def response(text: str | None, *output: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A response that OpenAI's own types accept."""
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    message = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [part]}
    value = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "served",
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "output": [*output, *([message] if text is not None else [])],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 7,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 3,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 10,
        },
        **changes,
    }
    Response.model_validate(value)
    return value


def streamed(value: dict[str, Any], text: str) -> str:
    begun = {**value, "output": [], "status": "in_progress"}
    start = {"type": "response.created", "sequence_number": 0, "response": begun}
    delta = {"type": "response.output_text.delta", "item_id": "m", "output_index": 0, "content_index": 0, "delta": text}
    events = [start, delta, {"type": f"response.{value['status']}", "response": value}]
    return "".join(f"event: {one['type']}\ndata: {json.dumps(one, ensure_ascii=False)}\n\n" for one in events)


@pytest.fixture
def server() -> Iterator[Upstream]:
    async def answer(connection: Connection, seen: Seen) -> None:
        assert seen.path == "/v1/responses", seen.path
        body = json.loads(seen.body)
        text = answer_to(body["input"][-1]["content"])
        if body.get("stream"):
            await connection.stream([streamed(response(text), text)])
        else:
            await connection.json(response(text))

    with Upstream(answer) as running:
        yield running


@pytest.mark.parametrize("stream", [False, True])
def test_a_run_records_and_replays(stream: bool, tmp_path: Path, server: Upstream) -> None:
    prompts = [f"{n} Repeat: {TARGET} \u2028 水吧台/岛台" for n in range(3)]
    project = Project(tmp_path, server.base_url, prompts, TARGET, kind="responses", stream=stream)
    code, output = project.run("--cassette-mode=record")
    assert code == 0, output
    assert len(Cassette(project.cassette)) == 3
    body = json.loads(server.seen[0].body)
    assert body["store"] is False
    assert body["max_output_tokens"] == 512
    line = json.loads(project.cassette.read_text(encoding="utf-8").split("\n")[0])
    assert json.loads(line["request"]["body"]) in [json.loads(seen.body) for seen in server.seen]
    asked = len(server.seen)
    assert project.run()[0] == 0
    assert len(server.seen) == asked


def test_a_chat_request_becomes_one_that_the_client_of_openai_accepts() -> None:
    tool = {"name": "look_up", "description": "d", "parameters": {"type": "object", "properties": {}}}
    call = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
    image = {"type": "image_url", "image_url": {"url": "https://h/i.png", "detail": "low"}}
    chat: dict[str, Any] = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "t"}, image]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "Sikalastic-609"},
            {"role": "assistant", "content": [{"type": "text", "text": "u"}]},
            {"role": "user", "content": "v"},
        ],
        "temperature": 0.0,
        "max_tokens": 100,
        "tools": [{"type": "function", "function": tool}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
        "logprobs": True,
    }
    body = request_of(chat)
    TypeAdapter(ResponseCreateParamsNonStreaming).validate_python(body)
    assert [item.get("role", item.get("type")) for item in body["input"]] == [
        "system", "user", "function_call", "function_call_output", "assistant", "user",
    ]  # fmt: skip
    assert body["input"][1]["content"][1] == {"type": "input_image", "image_url": "https://h/i.png", "detail": "low"}
    assert body["tools"] == [{"type": "function", "strict": False, **tool}]
    assert body["text"]["format"]["schema"] == {"type": "object"}
    with pytest.raises(ValueError, match="seed: the Responses API has none"):
        request_of({**chat, "seed": 1})


CALL = {"type": "function_call", "id": "f", "call_id": "c", "name": "look_up", "arguments": '{"a": "Sikalastic-609"}'}
REASONING = {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "Sikalastic - 609"}]}
COMMENTARY = {
    "type": "message", "id": "k", "role": "assistant", "status": "completed", "phase": "commentary",
    "content": [{"type": "output_text", "text": "Let me look.", "annotations": []}],
}  # fmt: skip
REFUSAL = {
    "type": "message", "id": "k", "role": "assistant", "status": "completed",
    "content": [{"type": "refusal", "refusal": "No."}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text", "unusable"),
    [
        (response("Sikalastic-609"), "Sikalastic-609", None),
        (response("Sikalastic-609", REASONING, COMMENTARY), "Sikalastic-609", None),
        (response(None, CALL), "", None),
        (response(None, REFUSAL), "", "refusal"),
        (response(None, REASONING), "", "only_reasoning"),
        (response("\n", REASONING), "\n", "only_reasoning"),
        (response(None), "", "no_content"),
        (
            response("Sikala", status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
            "Sikala",
            "length",
        ),
        (response("S", status="incomplete", incomplete_details={"reason": "content_filter"}), "S", "content_filter"),
        (response(None, status="failed", error={"code": "server_error", "message": "m"}), "", "error_in_body"),
        (response(None, status="queued"), "", "no_choices"),
    ],
)
def test_what_a_response_says(value: dict[str, Any], text: str, unusable: str | None) -> None:
    completion = parse(json.dumps(value), "application/json")
    assert (completion.text, completion.unusable) == (text, unusable)
    if value["status"] in ("completed", "incomplete", "failed"):
        again = parse(streamed(value, text), "text/event-stream")
        assert again == completion
    if value["output"] == [CALL]:
        assert completion.tool_calls[0].arguments == CALL["arguments"]
        assert completion.finish_reason == "tool_calls"
    assert (completion.prompt_tokens, completion.completion_tokens) == (7, 3)


@pytest.mark.parametrize(
    ("items", "reasoning"),
    [
        ([REASONING], "Sikalastic - 609"),
        ([{**REASONING, "content": [{"type": "reasoning_text", "text": "all of it"}]}], "all of it"),
        ([REASONING, {**REASONING, "id": "s"}], "Sikalastic - 609\n\nSikalastic - 609"),
        ([{**REASONING, "summary": []}], None),
        ([CALL], None),
    ],
)
def test_reasoning_is_kept_beside_the_text(items: list[dict[str, Any]], reasoning: str | None) -> None:
    value = response("Sikalastic-609", *items)
    for completion in (
        parse(json.dumps(value), "application/json"),
        parse(streamed(value, "Sikalastic-609"), "text/event-stream"),
    ):
        assert (completion.text, completion.reasoning) == ("Sikalastic-609", reasoning)


@pytest.mark.parametrize("summary", [7, "text", [7], [{"text": 7}], {"text": "x"}])
def test_odd_reasoning_is_left_out(summary: Any) -> None:
    value = {**response("Sikalastic-609"), "output": [{"type": "reasoning", "summary": summary}]}
    assert parse(json.dumps(value), "application/json").reasoning is None


@pytest.mark.parametrize(
    "text",
    [
        '{"object": "response"}',
        '{"object": "response", "output": [5, {"type": "message", "content": [null]}]}',
        '{"object": "response", "output": {"a": 1}, "usage": 5, "status": 7, "incomplete_details": []}',
        'data: {"type": "response.created"}\n\n',
        'data: {"type": "response.completed", "response": 5}\n\n',
        'data: {"type": "response.created"}\n\ndata: {"type": "error", "message": "m"}\n\n',
        'data: {"type": "response.output_text.delta", "delta": "Sikal"}\n\ndata: {"ty',
        json.dumps(response("x")).replace('"x"', '"\\ud800"'),
    ],
)
def test_what_is_no_answer_is_unusable(text: str) -> None:
    assert parse(text, "text/event-stream" if text.startswith("data") else "application/json").unusable


def test_a_chat_completion_that_talks_about_responses_stays_one() -> None:
    content = json.dumps({"object": "response", "output": []})
    chat = {"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}
    assert parse(json.dumps(chat), "application/json").text == content
    chunk = {"choices": [{"delta": {"content": content}, "finish_reason": "stop"}]}
    assert parse(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n", "text/event-stream").text == content
