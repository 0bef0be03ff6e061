"""Which texts of an answer are checked, and where they are."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import check, repair
from harness.text.channels import decode, passages

JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(st.characters(), max_size=6)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(st.characters(), max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def strings(value: object, path: str = "") -> list[tuple[str, str]]:
    """All strings of a decoded JSON value with their pointers, in order: what `passages` has to find."""
    if isinstance(value, str):
        return [(value, path)]
    if isinstance(value, list):
        return [found for place, item in enumerate(value) for found in strings(item, f"{path}/{place}")]
    if not isinstance(value, dict):
        return []
    every = []
    for key, item in value.items():
        step = f"{path}/" + key.replace("~", "~0").replace("/", "~1")
        every += [(key, step), *strings(item, step)]
    return every


@given(JSON, st.booleans(), st.sampled_from((None, 1)), st.sampled_from(("{}", "```json\n{}\n```", " ~~~\n{}~~~\n ")))
def test_every_string_and_key_is_found_with_its_pointer(
    value: object, ascii_only: bool, indent: int | None, frame: str
) -> None:
    output = frame.replace("{}", json.dumps(value, ensure_ascii=ascii_only, indent=indent))
    found = passages(output, "json")
    assert [(one.text, one.path) for one in found] == strings(value)
    for one in found:
        encoded = output[one.start : one.end]
        assert json.loads(f'"{encoded}"') == one.text
        assert decode(encoded)[0] == one.text


@pytest.mark.parametrize(
    "output",
    [
        "TCP / IP",
        "```TCP / IP```",
        '{"a": TCP / IP}',
        "[TCP / IP]",
        "see [1] or {x}: TCP / IP",
        "[" * 100_000 + '"TCP / IP"',
    ],
)
@pytest.mark.parametrize("channel", ["json", "tool"])
def test_what_is_no_json_is_checked_as_text(output: str, channel: str) -> None:
    (mention,) = check("TCP/IP", output, ["TCP/IP"], channel=channel).mentions["TCP/IP"]
    assert mention.path is None
    assert output[mention.start : mention.end] == "TCP / IP"


@pytest.mark.parametrize(
    ("output", "path"),
    [
        ('{"a": "TCP / IP"', "/a"),
        ('{"a": "TCP / IP', "/a"),
        ('{"a": ["x", "TCP / IP\\', "/a/1"),
        ('{"a": "TCP / IP"} and so on', "/a"),
        ('Here it is:\n```json\n{"a": "TCP / IP",}\n```\nDone [1].', "/a"),
        ('```json\n{"a": "TCP / IP"}\n``', "/a"),
        ('{"a": "TCP / IP\n"}', "/a"),
        ('["x"]\n{"a": "TCP / IP"}', "@1/a"),
        ('{"b": "x"} {"a": ["TCP / IP", ]}', "@1/a/0"),
        ('{"arguments": "{\\"path\\": \\"TCP / IP\\"}"}', "/arguments#/path"),
        ('[{"f": "[\\"x\\", {\\"~\\": \\"TCP / IP\\"}]"}]', "/0/f#/1/~0"),
        ('{"a": "C:\\d TCP / IP"}', "/a"),
    ],
)
def test_json_is_read_leniently(output: str, path: str) -> None:
    (mention,) = check("TCP/IP", output, ["TCP/IP"], channel="json").mentions["TCP/IP"]
    assert (mention.path, mention.verdict) == (path, "spaced")
    mended = repair("TCP/IP", output, ["TCP/IP"], channel="json")
    assert mended.text == output.replace("TCP / IP", "TCP/IP")
    assert [edit.old for edit in mended.edits] == [" ", " "]


@pytest.mark.parametrize(
    ("target", "output", "verdict"),
    [
        ("C:\\new\\x1", '{"a": "C:\\new\\\\x1"}', "altered"),
        ("C:\\new\\x1", '{"a": "C:\\\\new\\\\x1"}', "verbatim"),
        ("C:\\new\\x1", '{"a": "C:\\\\\\\\new\\\\\\\\x1"}', "verbatim"),
        ("C:\\new\\x1", '{"a": "C:\\\\new\\\\ x1"}', "spaced"),
        ("C:\\data\\x1", '{"a": "C:\\data\\x1"}', "verbatim"),
    ],
)
def test_backslashes_of_a_target_in_json(target: str, output: str, verdict: str) -> None:
    assert check(target, output, [target], channel="tool").verdicts == {target: verdict}


def test_json_too_deep_to_decode_is_checked_as_text() -> None:
    output = "[" * 100_000 + '"TCP / IP"' + "]" * 100_000
    assert check("TCP/IP", output, ["TCP/IP"], channel="json").verdicts == {"TCP/IP": "spaced"}


def test_numbers_of_any_length_are_json() -> None:
    output = '{"n": ' + "1" * 5000 + ', "a": "TCP\\/IP"}'
    assert check("TCP/IP", output, ["TCP/IP"], channel="json").verdicts == {"TCP/IP": "verbatim"}


def test_a_text_is_one_passage() -> None:
    (whole,) = passages('{"a": 1}', "text")
    assert (whole.text, whole.path, whole.start, whole.end) == ('{"a": 1}', None, 0, 8)


def test_an_unknown_channel_is_refused() -> None:
    with pytest.raises(ValueError, match="channel 'xml' is not known; accepted are text, json, tool"):
        check("a-b", "a-b", channel="xml")


@pytest.mark.parametrize(
    ("output", "repaired"),
    [
        (r'{"a": "TCP \/ IP"}', r'{"a": "TCP\/IP"}'),
        (r'{"a": "\u0054CP\u00a0/ IP", "b":1}', r'{"a": "\u0054CP/IP", "b":1}'),
        (r'["\ud83d\ude42TCP / IP\ud83d\ude42\n\"x\""]', r'["\ud83d\ude42TCP/IP\ud83d\ude42\n\"x\""]'),
        ('{"TCP / IP": [ "TCP／IP" ]}', '{"TCP/IP": [ "TCP/IP" ]}'),
        ('"TCP / IP"', '"TCP/IP"'),
        (' ```json\n{"a": "TCP / IP"}\n```\n', ' ```json\n{"a": "TCP/IP"}\n```\n'),
        ('{"a": "TCP / IP"} x', '{"a": "TCP/IP"} x'),
    ],
)
def test_json_is_mended_inside_its_strings(output: str, repaired: str) -> None:
    result = repair("TCP/IP", output, channel="json")
    assert result.text == repaired
    for edit in result.edits:
        assert output[edit.start : edit.end] == edit.old


@pytest.mark.parametrize(
    ("target", "output", "repaired"),
    [
        ('say "a"-1', r'["say \"a\" - 1"]', r'["say \"a\"-1"]'),
        ("Ａ-１", '["A-1"]', r'["\uff21-\uff11"]'),
        ("Ａ-１", '["A-1é"]', '["A-1é"]'),
        ("Ａ-１", '["A-1 é"]', '["Ａ-１ é"]'),
    ],
)
def test_what_is_put_into_json_is_encoded_as_the_rest_is(target: str, output: str, repaired: str) -> None:
    assert repair(target, output, [target], channel="json").text == repaired
