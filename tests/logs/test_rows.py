"""A row is found by its columns, or an error says what is wrong with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.logs.rows import MISSING, Columns, RowError, group_value, judge, lookup, read_row
from harness.text import DEFAULT_SYMBOLS


@pytest.mark.parametrize(
    ("row", "path", "value"),
    [
        ({"a": 1}, "a", 1),
        ({"a.b": 1, "a": {"b": 2}}, "a.b", 1),
        ({"a": {"b": 2}}, "a.b", 2),
        ({"choices": [{"message": {"content": "x"}}]}, "choices.0.message.content", "x"),
        ({"messages": [{"content": "x"}, {"role": "user"}, {"content": "y"}]}, "messages.*.content", ["x", "y"]),
        ({"messages": ["x", "y"]}, "messages.-1", "y"),
        ({"response": '{"choices": [{"text": "x"}]}'}, "response.choices.0.text", "x"),
        ({"a": None}, "a", None),
    ],
)
def test_a_path_leads_into_nested_values(row: dict[str, Any], path: str, value: Any) -> None:
    assert lookup(row, path) == value


@pytest.mark.parametrize("path", ["b", "a.b", "a.0", "a.*", "list.2", "list.x", "list.99999999999999", "text.a", ""])
def test_a_path_that_leads_nowhere_is_missing(path: str) -> None:
    assert lookup({"a": 1, "list": [1], "text": "no JSON {"}, path) is MISSING


def read(**fields: Any) -> Any:
    return read_row({"source": "Use TCP/IP.", "output": "TCP/IP", **fields}, Columns(by=("region",)))


def test_chat_messages_are_a_source() -> None:
    parts = [{"type": "text", "text": "b-c"}, {"type": "image_url", "image_url": {"url": "x"}}]
    row = read(source=["a-b", {"role": "user", "content": parts}])
    assert row.source == ("a-b", "b-c")


@pytest.mark.parametrize(
    ("given_targets", "expected"),
    [
        (["a-b"], ("a-b",)),
        ('["a-b", "c/d"]', ("a-b", "c/d")),
        ("a-b", ("a-b",)),
        ("[a-b", ("[a-b",)),
        ([], ()),
        (None, None),
        ("", None),
    ],
)
def test_targets_are_a_list_a_text_or_nothing(given_targets: Any, expected: Any) -> None:
    assert read(targets=given_targets).targets == expected


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        ({"source": 5}, "source", "source: found 5"),
        ({"source": [5]}, "source", "accepted: a text"),
        ({"source": [{"content": [5]}]}, "source", "accepted: a text"),
        ({"output": ["x"]}, "output", "output: found"),
        ({"targets": ["a-b", " "]}, "targets", "not blank"),
        ({"targets": 7}, "targets", "targets: found 7"),
        ({"channel": "html"}, "channel", "text, json, tool"),
    ],
)
def test_a_bad_field_is_named_with_what_was_found(fields: dict[str, Any], kind: str, words: str) -> None:
    with pytest.raises(RowError, match=words) as caught:
        read(**fields)
    assert caught.value.kind == kind


def test_a_row_without_the_columns_says_which() -> None:
    with pytest.raises(RowError, match="output: missing"):
        read_row({"source": "x"}, Columns())
    with pytest.raises(RowError, match="prompt: missing"):
        read_row({"output": "x"}, Columns(source=("prompt",)))
    with pytest.raises(RowError, match="one object a row"):
        read_row([1], Columns())


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"output": None}, "empty"),
        ({"output": ""}, "empty"),
        ({"output": "TCP", "finish_reason": "length"}, "length"),
        ({"output": "", "finish_reason": "content_filter"}, "content_filter"),
        ({"output": "TCP/IP", "finish_reason": "stop"}, None),
    ],
)
def test_an_answer_that_bears_no_verdict_is_unusable(fields: dict[str, Any], reason: str | None) -> None:
    assert read(**fields).unusable == reason


EAST = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("time", "day"),
    [
        ("2026-11-20T10:00:00Z", "2026-11-20"),
        ("2026-11-20 23:30:00-02:00", "2026-11-21"),
        ("2026-11-20", "2026-11-20"),
        ("20261120", "2026-11-20"),
        (1795212000, "2026-11-20"),
        ("1795212000.25", "2026-11-20"),
        (1795212000_000, "2026-11-20"),
        (1795212000_000_000, "2026-11-20"),
        (1795212000_000_000_000, "2026-11-20"),
        (datetime(2026, 11, 20, 3, tzinfo=EAST), "2026-11-19"),
        (datetime(2026, 11, 20, 3), "2026-11-20"),  # as Parquet gives for times without a zone
        (date(2026, 11, 20), "2026-11-20"),
    ],
)
def test_the_day_of_a_time_is_in_utc(time: Any, day: str) -> None:
    row = read(time=time)
    assert (row.day, row.day_unreadable) == (day, False)


@pytest.mark.parametrize("time", ["yesterday", "2026-13-01", float("nan"), 1e300, True, [], "9" * 400])
def test_a_time_that_cannot_be_read_is_told_and_costs_no_row(time: Any) -> None:
    row = read(time=time)
    assert (row.day, row.day_unreadable) == (None, True)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_any_value_names_a_group_of_bounded_length(value: Any) -> None:
    name = group_value(value)
    assert name is None or 0 < len(name) <= 200


def test_utc_is_what_the_times_above_mean() -> None:
    assert datetime.fromtimestamp(1795212000, UTC).date() == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ('attributes."gen_ai.output.messages".0.content', "A-1"),
        ('"a.b"', 1),
        ('"a.b".c', MISSING),
        ("attributes.*", MISSING),
        ('list.*."x.y"', [1, 2]),
        ('attributes."', MISSING),
        ('"', MISSING),
    ],
)
def test_a_name_with_dots_is_quoted(path: str, value: Any) -> None:
    row = {
        "a.b": 1,
        "attributes": {"gen_ai.output.messages": '[{"content": "A-1"}]'},
        "list": [{"x.y": 1}, {"x.y": 2}, {}],
    }
    found = lookup(row, path)
    assert found is value if value is MISSING else found == value


def test_an_answer_spread_over_columns_is_judged_whole() -> None:
    columns = Columns(output=("content", "calls", "note"))
    call = {"function": {"name": "find", "arguments": '{"code": "A - 1"}'}}
    row = read_row({"source": "Find A-1 and B/2.", "content": "B/2", "calls": [call]}, columns)
    verdict = judge(row, DEFAULT_SYMBOLS)
    assert dict(verdict.result.verdicts) == {"A-1": "spaced", "B/2": "verbatim"}
    assert verdict.parts["A-1"] == ("/calls/0/function/arguments",)
    assert read_row({"source": "x", "content": "", "calls": None}, columns).unusable == "empty"
    with pytest.raises(RowError, match="content, calls, note: missing"):
        read_row({"source": "x"}, columns)


def test_a_list_of_tool_calls_is_an_answer() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "find", "arguments": '{"code": "A - 1"}'}}
    verdict = judge(read_row({"source": "Find A-1.", "output": [call]}, Columns()), DEFAULT_SYMBOLS)
    assert verdict.outcome == "damaged"


def test_reasoning_before_and_within_an_answer_is_not_judged() -> None:
    for output in (
        "<think>A - 1?</think>A-1",
        {"reasoning_content": "A - 1", "content": "A-1"},
        [{"type": "thinking", "thinking": "A - 1"}, {"type": "text", "text": "A-1"}],
    ):
        assert (
            judge(read_row({"source": "Find A-1.", "output": output}, Columns()), DEFAULT_SYMBOLS).outcome == "aligned"
        )
