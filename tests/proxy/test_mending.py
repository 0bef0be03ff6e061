"""Answers through the proxy, with the openai client as everybody uses it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.proxy.mending import mended_body, question_of
from harness.proxy.streams import MendedStream
from harness.text import DEFAULT_SYMBOLS
from tests.faulty_server.connection import Connection
from tests.proxy.conftest import Started
from tests.proxy.upstream import Seen, chunk, completion, says

PROMPT: list[Any] = [{"role": "user", "content": "Which primer goes on Sikalastic-609 in the 水吧台/岛台 area?"}]
DAMAGED = "Take the primer for Sikalastic - 609, also in the 水吧台 / 岛台 area, as on page 3 - 4."
RIGHT = "Take the primer for Sikalastic-609, also in the 水吧台/岛台 area, as on page 3 - 4."
MENDED = "Sikalastic-609=spaced, %E6%B0%B4%E5%90%A7%E5%8F%B0/%E5%B2%9B%E5%8F%B0=spaced"


def streamed(client: Any, **settings: Any) -> str:
    stream = client.chat.completions.create(model="m", messages=PROMPT, stream=True, **settings)
    return "".join(part.choices[0].delta.content or "" for part in stream if part.choices)


def test_an_answer_is_mended_and_the_header_says_what(start: Callable[..., Started]) -> None:
    proxy, upstream, client = start(says(DAMAGED))
    raw = client.chat.completions.with_raw_response.create(model="m", messages=PROMPT)
    assert raw.parse().choices[0].message.content == RIGHT
    assert raw.headers["x-harness-mended"] == MENDED
    assert "x-harness-damaged" not in raw.headers
    assert upstream.seen[0].headers["authorization"] == "Bearer sk-clientskey0123456789"
    (row,) = proxy.rows(1)
    assert (row["output"], row["repaired"], row["model"], row["finish_reason"]) == (DAMAGED, RIGHT, "served", "stop")
    assert row["source"] == [PROMPT[0]["content"]]


def test_a_stream_is_mended_piece_by_piece(start: Callable[..., Started]) -> None:
    proxy, _, client = start(says(DAMAGED))
    assert streamed(client) == RIGHT
    (row,) = proxy.rows(1)
    assert (row["output"], row["repaired"], row["finish_reason"]) == (DAMAGED, RIGHT, "stop")


def test_a_stream_says_in_a_comment_what_was_mended(start: Callable[..., Started]) -> None:
    _, _, client = start(says(DAMAGED))
    with client.chat.completions.with_streaming_response.create(model="m", messages=PROMPT, stream=True) as raw:
        lines = list(raw.iter_lines())
    assert lines[lines.index("data: [DONE]") - 2] == f": x-harness-mended: {MENDED}"


@pytest.mark.parametrize("stream", [False, True])
def test_check_changes_nothing_and_says_what_is_damaged(stream: bool, start: Callable[..., Started]) -> None:
    proxy, _, client = start(says(DAMAGED), repairs=False)
    if stream:
        assert streamed(client) == DAMAGED
    else:
        raw = client.chat.completions.with_raw_response.create(model="m", messages=PROMPT)
        assert raw.parse().choices[0].message.content == DAMAGED
        assert raw.headers["x-harness-damaged"] == MENDED
        assert raw.headers["x-harness-proxy"] == "check"
    (row,) = proxy.rows(1)
    assert row["output"] == DAMAGED
    assert "repaired" not in row


def test_what_is_right_goes_through_byte_for_byte(start: Callable[..., Started]) -> None:
    odd = b'{ "choices" : [ {"message": {"content": "Sikalastic-609 \\u6c34", "x": 1e2}} ], "own": 1.50 }'

    async def answer(connection: Connection, seen: Seen) -> None:
        await connection.respond(odd, "application/json; charset=utf-8", {"X-Request-Id": "r-1"})

    _, _, client = start(answer)
    raw = client.chat.completions.with_raw_response.create(model="m", messages=PROMPT)
    assert raw.http_response.content == odd
    assert raw.headers["x-request-id"] == "r-1"
    assert not [name for name in raw.headers if name.startswith("x-harness-m")]


def test_arguments_of_tools_are_mended_whole_and_streamed(start: Callable[..., Started]) -> None:
    arguments = '{"name": "Sikalastic - 609", "area": "水吧台 \\/ 岛台"}'
    call = {"id": "t", "type": "function", "function": {"name": "look_up", "arguments": arguments}}

    async def answer(connection: Connection, seen: Seen) -> None:
        if not json.loads(seen.body).get("stream"):
            await connection.json(completion(None, tool_calls=[call]))
            return
        begin = {"tool_calls": [{"index": 0, **call, "function": {"name": "look_up", "arguments": ""}}]}
        pieces = [{"tool_calls": [{"index": 0, "function": {"arguments": char}}]} for char in arguments]
        await connection.stream(
            [chunk(begin), *(chunk(piece) for piece in pieces), chunk({}, "tool_calls"), "data: [DONE]\n\n"]
        )

    proxy, _, client = start(answer)
    whole = client.chat.completions.create(model="m", messages=PROMPT)
    assert whole.choices[0].message.tool_calls is not None
    found = whole.choices[0].message.tool_calls[0]
    assert found.type == "function"
    assert json.loads(found.function.arguments) == {"name": "Sikalastic-609", "area": "水吧台/岛台"}
    pieces, names = "", []
    for part in client.chat.completions.create(model="m", messages=PROMPT, stream=True):
        for piece in part.choices[0].delta.tool_calls or ():
            assert piece.function is not None
            pieces += piece.function.arguments or ""
            names += [piece.function.name] if piece.function.name else []
    assert json.loads(pieces) == {"name": "Sikalastic-609", "area": "水吧台/岛台"}
    assert names == ["look_up"]
    assert [row["channel"] for row in proxy.rows(2)] == ["tool", "tool"]


def test_a_json_answer_stays_json(start: Callable[..., Started]) -> None:
    prompt: list[Any] = [{"role": "user", "content": 'The pipe is called 3/4"-PVC, in C:\\a-b\\c.'}]
    answer = '{"pipe": "3 / 4\\"-PVC", "place": "C:\\\\a - b\\\\c"}'
    _, _, client = start(says(answer))
    stream = client.chat.completions.create(
        model="m", messages=prompt, stream=True, response_format={"type": "json_object"}
    )
    text = "".join(part.choices[0].delta.content or "" for part in stream if part.choices)
    whole = client.chat.completions.create(model="m", messages=prompt, response_format={"type": "json_object"})
    assert json.loads(text) == json.loads(whole.choices[0].message.content or "")
    assert json.loads(text)["place"] == "C:\\a-b\\c"


def test_text_behind_the_last_mention_comes_before_the_end(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        last = chunk(
            {"content": " - 609."}, "stop", usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
        )
        await connection.stream([chunk({"content": "Take "}), chunk({"content": "Sikalastic"}), last])

    proxy, _, client = start(answer)
    parts = list(client.chat.completions.create(model="m", messages=PROMPT, stream=True))
    assert "".join(part.choices[0].delta.content or "" for part in parts) == "Take Sikalastic-609."
    assert [part.choices[0].finish_reason for part in parts] == [None] * (len(parts) - 1) + ["stop"]
    assert parts[-1].usage is not None
    assert proxy.rows(1)[0]["finish_reason"] == "stop"


def test_each_choice_is_mended_by_itself(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        def piece(number: int, text: str, finish: str | None = None) -> str:
            return chunk({}, None, choices=[{"index": number, "delta": {"content": text}, "finish_reason": finish}])

        halves = [piece(n, half) for half in ("Sikalastic -", " 609") for n in (0, 1)]
        await connection.stream([*halves, piece(1, "!", "stop"), piece(0, ".", "stop"), "data: [DONE]\n\n"])

    proxy, _, client = start(answer)
    texts = {0: "", 1: ""}
    for part in client.chat.completions.create(model="m", messages=PROMPT, stream=True, n=2):
        for choice in part.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == {0: "Sikalastic-609.", 1: "Sikalastic-609!"}
    assert [row["id"] for row in proxy.rows(2)] == ["c-1", "c-1#1"]


def test_damage_of_an_earlier_answer_is_no_source(start: Callable[..., Started]) -> None:
    _, _, client = start(says(DAMAGED))
    talk: list[Any] = [*PROMPT, {"role": "assistant", "content": DAMAGED}, {"role": "user", "content": "Again."}]
    answer = client.chat.completions.create(model="m", messages=talk)
    assert answer.choices[0].message.content == RIGHT


def test_a_client_may_name_its_strings(start: Callable[..., Started]) -> None:
    proxy, upstream, client = start(says("Use ab - cd and Sikalastic - 609."))
    headers = {"x-harness-targets": json.dumps(["ab-cd"])}
    answer = client.chat.completions.create(model="m", messages=PROMPT, extra_headers=headers)
    assert answer.choices[0].message.content == "Use ab-cd and Sikalastic - 609."
    assert "x-harness-targets" not in upstream.seen[0].headers
    assert proxy.rows(1)[0]["targets"] == ["ab-cd"]


def test_reasoning_is_left_alone(start: Callable[..., Started]) -> None:
    thought = "<think>Sikalastic - 609?</think>Sikalastic - 609."
    _, _, client = start(says(thought))
    assert streamed(client) == "<think>Sikalastic - 609?</think>Sikalastic-609."


CALLS = [json.dumps({"code": "Sikalastic - 609", "n": number}) for number in range(3)]


def lines(client: Any) -> list[dict[str, Any]]:
    """The first choice of each chunk, as it came."""
    with client.chat.completions.with_streaming_response.create(model="m", messages=PROMPT, stream=True) as raw:
        data = [line.removeprefix("data: ") for line in raw.iter_lines() if line.startswith("data: {")]
    return [json.loads(line)["choices"][0] for line in data]


@pytest.mark.parametrize("index", [{"index": 0}, {}])
def test_calls_of_one_index_or_without_any_stay_apart(index: dict[str, int], start: Callable[..., Started]) -> None:
    # Gemini's gateway gives all calls the index 0, Ollama gave none; each has an id and comes whole
    async def answer(connection: Connection, seen: Seen) -> None:
        deltas = [
            {"tool_calls": [{**index, "id": f"call_{n}", "function": {"name": "f", "arguments": arguments}}]}
            for n, arguments in enumerate(CALLS)
        ]
        await connection.stream([*map(chunk, deltas), chunk({}, "tool_calls"), "data: [DONE]\n\n"])

    proxy, _, client = start(answer)
    written: list[str] = []
    for choice in lines(client):
        for call in choice["delta"].get("tool_calls", ()):
            if "name" in call["function"]:
                written.append("")
            written[-1] += call["function"]["arguments"]
    assert [json.loads(arguments) for arguments in written] == [{"code": "Sikalastic-609", "n": n} for n in range(3)]
    (row,) = proxy.rows(1)
    assert json.loads(row["output"]) == CALLS
    assert [json.loads(one)["code"] for one in json.loads(row["repaired"])] == ["Sikalastic-609"] * 3


@pytest.mark.parametrize("finish", [None, "tool_calls"])
def test_no_piece_of_a_call_comes_before_its_name(finish: str | None, start: Callable[..., Started]) -> None:
    # Ollama, Gemini and llama.cpp give calls whole, in the last chunk too
    async def answer(connection: Connection, seen: Seen) -> None:
        calls = [
            {"index": n, "id": f"call_{n}", "type": "function", "function": {"name": "f", "arguments": arguments}}
            for n, arguments in enumerate(CALLS)
        ]
        await connection.stream([chunk({"tool_calls": calls}, finish), chunk({}, "tool_calls"), "data: [DONE]\n\n"])

    _, _, client = start(answer)
    written: dict[int, str] = {}
    for choice in lines(client):
        for call in choice["delta"].get("tool_calls", ()):
            assert call["index"] in written or (call["id"], call["function"]["name"]) == (f"call_{call['index']}", "f")
            written[call["index"]] = written.get(call["index"], "") + call["function"]["arguments"]
    assert [json.loads(one) for one in written.values()] == [{"code": "Sikalastic-609", "n": n} for n in range(3)]


def test_calls_that_are_right_and_whole_go_through_byte_for_byte() -> None:
    asked = question_of({"messages": PROMPT}, None, DEFAULT_SYMBOLS)
    assert asked is not None
    right = CALLS[0].replace(" - ", "-")
    call = {"index": 0, "id": "t", "function": {"name": "f", "arguments": right}}
    event = chunk({"tool_calls": [call]}, "tool_calls").encode()
    assert MendedStream(asked, repairs=True).feed(event) == event


@pytest.mark.parametrize(
    "message",
    [
        {"content": [{"type": "text", "text": "Sikalastic - 609"}]},
        {"tool_calls": [{"id": "t", "function": {"name": "f", "arguments": {"code": "Sikalastic - 609"}}}]},
    ],
    ids=["parts of content", "decoded arguments"],
)
@pytest.mark.parametrize("place", ["delta", "message", "whole"])
def test_other_forms_of_an_answer_are_mended_too(
    message: dict[str, Any], place: str, start: Callable[..., Started]
) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        if place == "whole":
            await connection.json(completion(None, **message))
            return
        choice = {"index": 0, place: message, "finish_reason": "stop"}
        await connection.stream([chunk({}, choices=[choice]), "data: [DONE]\n\n"])

    proxy, _, client = start(answer)
    if place == "whole":
        body = client.chat.completions.with_raw_response.create(model="m", messages=PROMPT).text
    else:
        body = json.dumps(lines(client))
    assert "Sikalastic-609" in body
    assert "Sikalastic - 609" not in body
    assert proxy.rows(1)[0]["mended"] == {"Sikalastic-609": "spaced"}


def test_decoded_arguments_that_are_right_stay_an_object() -> None:
    asked = question_of({"messages": PROMPT}, None, DEFAULT_SYMBOLS)
    assert asked is not None
    calls = [
        {"function": {"name": "f", "arguments": {"code": text}}} for text in ("Sikalastic-609", "Sikalastic - 609")
    ]
    body = json.dumps(completion("", tool_calls=calls)).encode()
    mended = mended_body(asked, body, repairs=True)
    assert mended is not None
    found = json.loads(mended[0])["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["arguments"] for call in found] == [{"code": "Sikalastic-609"}] * 2


def test_the_one_function_call_of_old_is_mended_in_a_stream(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        pieces = [{"function_call": {"arguments": char}} for char in CALLS[0]]
        begin = {"function_call": {"name": "f", "arguments": ""}}
        await connection.stream([chunk(begin), *map(chunk, pieces), chunk({}, "function_call"), "data: [DONE]\n\n"])

    _, _, client = start(answer)
    arguments = "".join(choice["delta"].get("function_call", {}).get("arguments", "") for choice in lines(client))
    assert json.loads(arguments) == {"code": "Sikalastic-609", "n": 0}


def test_what_is_read_at_once_is_known_before_it_is_read() -> None:
    asked = question_of({"messages": PROMPT}, None, DEFAULT_SYMBOLS)
    assert asked is not None
    stream = MendedStream(asked, repairs=True)
    stream.feed(chunk({"content": "all is well " * 20}).encode())
    assert stream.work(b"x") == 1  # text goes on while it comes
    assert stream.work(b"data: [DONE]\n\n") == 240
    stream.feed(b"data: [DO")
    assert stream.work(b"NE]\n\n") == 240
    stream.feed(b"NE]x\n\n" + chunk({"tool_calls": [{"index": 0, "function": {"arguments": "[" * 100}}]}).encode())
    assert stream.work(b"x") == 101


def test_the_time_of_a_long_stream_grows_with_its_length() -> None:
    def seconds(pieces: int) -> float:
        asked = question_of({"messages": PROMPT}, None, DEFAULT_SYMBOLS)
        assert asked is not None
        stream = MendedStream(asked, repairs=False)
        event = chunk({"content": "all is well " * 20}).encode()
        started = time.process_time()
        for _ in range(pieces):
            stream.feed(event)
        return time.process_time() - started

    # 240 characters a piece: 9.6 MB would be copied 40,000 times if each piece made a new text
    assert seconds(40_000) < 15 * max(seconds(8_000), 0.1)
