"""One parser for live answers and cassettes: it never raises, and never takes half an answer for a whole one."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.endpoints.parse import parse
from harness.endpoints.stream import events, first_content_end
from harness.endpoints.transport import EncodingError, _Decoder
from harness.recording.vcr import _inflated
from harness.records.answer import ToolCall

KEYS = ["choices", "message", "delta", "content", "index", "tool_calls", "function", "arguments", "usage", "error", "x"]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


def answer(**message: Any) -> str:
    return json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]})


def stream(*deltas: dict[str, Any], end: str = "data: [DONE]\n\n") -> str:
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta} for delta in deltas]
    if end:
        choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    chunks = [json.dumps({"choices": [choice]}) for choice in choices]
    return "".join(f"data: {chunk}\n\n" for chunk in chunks) + end


@given(JSON_VALUES, st.sampled_from(["application/json", "text/event-stream"]))
def test_no_json_makes_it_raise(value: Any, content_type: str) -> None:
    parse(json.dumps(value), content_type)
    parse(f"data: {json.dumps(value)}\n\ndata: [DONE]\n\n", content_type)


@given(st.binary(max_size=200), st.sampled_from(["application/json", "text/event-stream", ""]))
def test_no_bytes_make_it_raise(body: bytes, content_type: str) -> None:
    parse(body, content_type)


@given(st.text(min_size=1), st.data())
def test_a_stream_says_the_same_however_it_is_cut_into_chunks(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    body = stream(*({"content": piece} for piece in pieces))
    assert parse(body, "text/event-stream").text == text
    assert parse(body.replace("\n\n", "\r\n\r\n"), "text/event-stream").text == text


@given(st.integers(0, 400))
def test_a_stream_cut_anywhere_before_its_end_is_no_answer(cut: int) -> None:
    body = stream({"content": "Sika"}, {"content": "lastic"}, {"content": "-609"}, end="")
    completion = parse(body[:cut], "text/event-stream")
    assert completion.unusable in ("broken_stream", "no_choices")


def test_tool_calls_in_pieces_are_joined_by_index() -> None:
    body = stream(
        {"tool_calls": [{"index": 0, "function": {"name": "find", "arguments": '{"code":'}}]},
        {"tool_calls": [{"index": 1, "function": {"name": "book", "arguments": "{}"}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ' "A-1"}'}}]},
    )
    assert parse(body, "text/event-stream").tool_calls == (
        ToolCall(name="find", arguments='{"code": "A-1"}'),
        ToolCall(name="book", arguments="{}"),
    )


def test_tool_arguments_that_are_no_json_stay_as_the_model_wrote_them() -> None:
    body = answer(content=None, tool_calls=[{"function": {"name": "find", "arguments": '{"code": "A-1"'}}])
    completion = parse(body, "application/json")
    assert completion.unusable is None
    assert completion.tool_calls == (ToolCall(name="find", arguments='{"code": "A-1"'),)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (answer(content=None), "no_content"),
        (answer(), "no_content"),
        (answer(content=None, refusal="no"), "refusal"),
        (answer(content=""), None),
        ('{"choices": []}', "no_choices"),
        ('{"choices": null}', "no_choices"),
        ('{"choices": [{"index": 0}]}', "no_message"),
        ('{"choices": [], "error": {"message": "busy"}}', "error_in_body"),
        ('{"error": null, "choices": [{"index": 0, "message": {"content": "a"}}]}', None),
        ('{"choices": [{"finish_reason": "error", "message": {"content": "a"}}]}', "interrupted"),
        ('{"choices": [{"finish_reason": "sensitive", "message": {"content": ""}}]}', "content_filter"),
        ("", "not_json"),
        ("<html>", "not_json"),
        ("[]", "not_json"),
        ("[" * 100_000, "not_json"),
        ("9" * 10_000, "not_json"),
        ('"\\ud83d"', "not_json"),
        (answer(content="\ud83d"), "invalid_unicode"),
    ],
)
def test_what_is_no_answer_has_its_reason(body: str, reason: str | None) -> None:
    assert parse(body, "application/json").unusable == reason


def test_names_that_the_endpoint_gives_are_fit_for_a_terminal() -> None:
    body = json.dumps({"model": "\x1b[2Jm\n" + "x" * 500, "choices": [{"message": {"content": "a"}}]})
    model = parse(body, "application/json").model
    assert model is not None
    assert model.startswith("\ufffd[2Jm\ufffdx")
    assert len(model) == 200


def test_the_first_token_is_the_first_that_says_something() -> None:
    role = 'data: {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}\n\n'
    body = role + stream({"content": "水"})
    end = first_content_end(body)
    assert end is not None
    assert "水" not in body[:end] or body[:end].endswith("\n")
    assert body[len(role) : end].startswith("data:")


def test_events_follow_the_specification() -> None:
    text = ": comment\n\ndata\ndata: a\ndata:b\nid: 1\n\nevent: x\n\ndata: c\r\ndata: d\r\r\ndata: e"
    assert [event.data for event in events(text)] == ["\na\nb", "c\nd", "e"]


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("filler", ["[],", "{},", '{"a":[]},'])
def test_an_answer_that_would_fill_the_memory_is_too_long(filler: str, kind: str) -> None:
    import tracemalloc

    body = '{"choices": [' + filler * 2_100_000 + "0]}"
    text = f"data: {body}\n\ndata: [DONE]\n\n" if kind == "text/event-stream" else body
    tracemalloc.start()
    completion = parse(text, kind)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert completion.unusable == "too_long"
    assert peak < len(text) + 1_000_000


def test_a_long_answer_of_few_values_is_read() -> None:
    assert parse(answer(content="A-1 " * 2_000_000), "application/json").text == "A-1 " * 2_000_000


# Compressed bodies, however they are cut, are decoded whole or not at all.


def decoded(body: bytes, sizes: int) -> bytes:
    decoder = _Decoder("gzip")
    found = b"".join(
        piece for at in range(0, len(body), sizes) for piece in decoder.pieces(body[at : at + sizes])
    )  # fmt: skip
    decoder.end()
    return found


@given(st.lists(st.binary(max_size=200) | st.just(b"a" * 200_000), min_size=1, max_size=5), st.integers(1, 90))
def test_members_one_after_the_other_are_one_body(parts: list[bytes], sizes: int) -> None:
    body = b"".join(gzip.compress(part) for part in parts)
    assert decoded(body, sizes) == b"".join(parts)
    assert decoded(body + bytes(9), sizes) == b"".join(parts)
    assert _inflated(body, "gzip") == b"".join(parts)


@pytest.mark.parametrize("cut", [1, 5, 12])
def test_a_second_member_that_is_cut_off_is_an_error(cut: int) -> None:
    body = gzip.compress(b"one") + gzip.compress(b"two" * 99)
    with pytest.raises(EncodingError, match="cut off"):
        decoded(body[:-cut], 7)
    with pytest.raises(ValueError, match="cut off"):
        _inflated(body[:-cut], "gzip")


@pytest.mark.parametrize(
    "part",
    [
        {"type": "text", "text": {"value": "A-1", "annotations": []}},
        {"type": "text", "content": "A-1"},
        {"type": "output_text", "text": ["A-1"]},
        {"text": 1},
    ],
)
def test_text_in_a_form_that_is_not_known_is_not_taken_for_an_answer_without_it(part: dict[str, Any]) -> None:
    assert parse(answer(content=[part]), "application/json").unusable == "content_not_text"
    assert parse(stream({"content": [part]}), "text/event-stream").unusable == "content_not_text"


def test_parts_that_are_not_text_are_left_out() -> None:
    content = [{"type": "reference", "reference_ids": [1]}, {"type": "text", "text": "A-1"}, {"type": "image_url"}]
    completion = parse(answer(content=content), "application/json")
    assert (completion.text, completion.unusable) == ("A-1", None)


@pytest.mark.parametrize("finish", [2, {"type": "max_tokens"}, True])
def test_an_end_that_is_not_a_word_is_an_unknown_end(finish: object) -> None:
    choice = {"index": 0, "finish_reason": finish, "message": {"content": "A-1"}}
    completion = parse(json.dumps({"choices": [choice]}), "application/json")
    assert completion.unusable == "unknown_end"
    assert completion.finish_reason == json.dumps(finish)
    delta = json.dumps({"choices": [{"index": 0, "delta": {"content": "A-1"}, "finish_reason": finish}]})
    assert parse(f"data: {delta}\n\ndata: [DONE]\n\n", "text/event-stream").unusable == "unknown_end"


SEEN = ["data: a", "data:b", "data", "data:", "data: c:d", "event: error", "event:", "event", "", ":", ": note"]
UNSEEN = ["id: 7", "database: x", "xdata: y", "events: z", " data: w", "retry: 1", "<html>"]
LINES = st.sampled_from([*SEEN, *UNSEEN])


@given(st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"])), max_size=12), st.booleans())
def test_events_are_those_of_a_reader_that_goes_line_by_line(lines: list[tuple[str, str]], ended: bool) -> None:
    text = "".join(line + end for line, end in lines) + ("" if ended else "data: last")
    expected: list[tuple[str, str]] = []
    data: list[str] = []
    name = ""
    for line in [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        field, _, value = line.partition(":")
        if not line:
            expected += [("\n".join(data), name)] if data else []
            data, name = [], ""
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.strip()
    found = list(events(text))
    assert [(one.data, one.name) for one in found] == expected
    assert all(text[: one.end].endswith(("\n", "\r")) or one.end == len(text) for one in found)


@pytest.mark.parametrize(
    "filler", [":\n", "\n", "\r\n", "event:\n", "data:\n", "data: {}\n\n", "id\n", ": x\n\n", "\r"]
)
def test_a_stream_of_nothing_takes_no_time(filler: str) -> None:
    """30 MB of comments took a minute, within which no other answer was read."""
    body = filler * (3_000_000 // len(filler)) + stream({"content": "A-1"})
    started = time.process_time()
    found = parse(body, "text/event-stream")
    assert time.process_time() - started < 1.5
    assert found.unusable in ("too_long", "broken_stream") or found.text == "A-1"


@pytest.mark.parametrize("first", ["length", "max_tokens", "content_filter", "refusal"])
def test_an_answer_that_was_cut_off_does_not_become_whole_by_a_stop_behind_it(first: str) -> None:
    chunks = [{"delta": {"content": "A"}, "finish_reason": first}, {"delta": {}, "finish_reason": "stop"}]
    body = "".join(f"data: {json.dumps({'choices': [{'index': 0, **one}]})}\n\n" for one in chunks) + "data: [DONE]\n\n"
    found = parse(body, "text/event-stream")
    assert found.finish_reason == first
