"""Whatever an endpoint, a suite or a file says, no sink reads more into it than words."""

from __future__ import annotations

import csv
import html
import importlib.util
import io
import re
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.pytest_plugin.collection import _properties
from harness.show import sinks
from harness.show.figures import markdown_table
from harness.text.visible import is_hidden, show
from tests.factory import case_result, sample_result

NAMED = 'm-1\n```\n![x](https://evil.example/p.png) @everyone @all <!channel> <at user_id="all">a</at> [go](//e.x)'
NAMED += "\u202e<@U1> www.evil.example " + "x" * (193 - len(NAMED) - 24)
"""What an endpoint called itself in a test: 193 characters, with a fence, a picture and mentions."""

ACTING = st.sampled_from(
    [
        *[
            "`",
            "```",
            "@",
            "@all",
            "@here",
            "<!here>",
            '<at id="all">',
            "](",
            "![",
            "https://",
            "www.",
            "|",
            "\r",
            "\n",
        ],
        *[
            "::error::",
            "##[",
            "=1+1",
            "＝",
            "\u202e",
            "\u2066",
            "\u2028",
            "\x1b[31m",
            "\x00",
            "&",
            "<",
            ">",
            "*",
            "_",
            "#",
        ],
        *["\ud800", "\\", "\u200b", "<script>", "-- ", "~~~", "    ", "\t", "[", "(", ":", "//", "]"],
    ]
)
FOREIGN = st.lists(ACTING | st.text(max_size=4), max_size=30).map("".join) | st.just(NAMED)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def hiding(text: str) -> list[str]:
    return [char for char in text if is_hidden(char) and char not in " \n"]


def test_the_name_is_as_long_as_the_one_that_was_found() -> None:
    assert len(NAMED) == 193


@given(FOREIGN)
def test_a_terminal_gets_one_line_that_commands_nothing(text: str) -> None:
    for shown in (show(text), show(text, blanks=False)):
        assert "\n" not in shown
        assert hiding(shown) == []


@given(FOREIGN)
def test_markdown_holds_one_piece_of_code(text: str) -> None:
    for shown in (sinks.code(text), sinks.code(text, blanks=False)):
        (_, inline, _) = MARKDOWN.parse(f"a {shown} b")
        assert [child.type for child in inline.children or ()] == ["text", "code_inline", "text"]


@given(FOREIGN)
def test_markdown_of_a_sentence_holds_words_and_code(text: str) -> None:
    tokens = MARKDOWN.parse(f"- {sinks.markdown_sentence('a ' + text)}")
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "code_inline"}
    assert not set("@`<[#") & set("".join(child.content for child in inline if child.type == "text"))


@given(st.lists(FOREIGN, min_size=2, max_size=2))
def test_a_table_of_markdown_has_the_cells_that_were_put_in(texts: list[str]) -> None:
    lines = markdown_table([["a", "b"], [sinks.code(texts[0]), sinks.markdown_sentence(texts[1])]])
    tokens = MARKDOWN.parse("\n".join(lines))
    assert [token.type for token in tokens].count("td_open") == 2
    cells = [token for token in tokens if token.type == "inline"][2:]
    assert [child.type for child in cells[0].children or ()] == ["code_inline"]
    assert {child.type for child in cells[1].children or ()} <= {"text", "code_inline"}


@given(FOREIGN)
def test_a_block_of_markdown_ends_where_we_end_it(text: str) -> None:
    tokens = MARKDOWN.parse(sinks.markdown_block(text) + "\n\nafter")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert hiding(tokens[0].content) == []


@given(FOREIGN)
def test_junit_is_xml_that_hides_nothing(text: str) -> None:
    shown = sinks.junit(text)
    found = ElementTree.fromstring(f"<property>{escape(shown)}</property>").text or ""
    assert found == shown
    assert hiding(found) == []


@pytest.mark.parametrize("unseen", ["\0", "\x0b", "\u200b", "\u2003", "\u202e", "\u2060 ", " \ufeff"])
def test_a_spreadsheet_runs_no_formula_behind_what_shows_nothing(unseen: str) -> None:
    assert sinks.spreadsheet_cell(f"{unseen}=1+1") == f"'{unseen}=1+1"
    assert sinks.spreadsheet_cell(f"{unseen}A-1") == f"{unseen}A-1"


@given(FOREIGN)
def test_a_spreadsheet_runs_no_cell(text: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerow([sinks.spreadsheet_cell(text), 1.5])
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    cell = row[0].lstrip(" \u00a0\u3000\ufeff")
    assert len(row) == 2
    assert len(row[0]) < 2 or not cell.startswith(tuple("=+-@＝＋－＠\t\r\n"))
    assert row[0].removeprefix("'") == text.removeprefix("'")


@pytest.mark.parametrize("form", sinks.CHATS)
@given(text=FOREIGN)
def test_a_chat_reads_no_mention_link_picture_or_tag(form: str, text: str) -> None:
    shown = sinks.chat(form, text)
    assert hiding(shown) == []
    if form == "slack":
        assert not set("<>") & set(shown)
        assert all(re.match("&(amp|lt|gt);", shown[at:]) for at, char in enumerate(shown) if char == "&")
        shown = html.unescape(shown).replace("<", "[<]")
    assert all(shown[at - 1 : at + 2] == f"[{char}]" for at, char in enumerate(shown) if char in "@＠<")
    assert "://" not in shown
    assert "](" not in shown
    assert "`" not in shown
    assert re.search(r"\bwww\.", shown, re.IGNORECASE) is None


@pytest.mark.parametrize(("form", "limit"), [("slack", 3000), ("feishu", 3000), ("dingtalk", 3000), ("wecom", 2048)])
@given(lines=st.lists(FOREIGN, max_size=40))
def test_a_message_is_as_short_as_the_chat_takes_and_begins_with_the_headline(
    form: str, limit: int, lines: list[str]
) -> None:
    message = sinks.chat_message(form, "m has drifted\n" + "\n".join([*lines, "\x1b" * 900]))
    (text,) = [
        value for part in (message, *message.values()) if isinstance(part, dict)
        for key, value in part.items() if key in ("text", "content") and isinstance(value, str)
    ]  # fmt: skip
    assert len(text.encode()) <= limit
    assert text.startswith("m has drifted")


def test_an_unknown_chat_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="slack, feishu, dingtalk, wecom"):
        sinks.chat_message("teams", "x")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"errcode": 45002, "errmsg": "content exceed max length"}', "errcode 45002"),
        (b'{"code": 19024, "msg": "Key Words Not Found"}', "code 19024"),
        (b'{"errcode": 0, "errmsg": "ok"}', ""),
        (b'{"StatusCode": 0, "code": 0}', ""),
        (b"ok", ""),
        (b"[1]", ""),
    ],
)
def test_a_chat_that_refuses_with_200_has_refused(body: bytes, said: str) -> None:
    path = Path(sinks.__file__).parents[1] / "authoring/init/templates/ci/alarm.py"
    spec = importlib.util.spec_from_file_location("alarm", path)
    assert spec is not None
    assert spec.loader is not None
    alarm = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(alarm)
    assert alarm.refusal(body) == said


def test_the_properties_of_a_case_turn_nothing_round_in_junit() -> None:
    sample = sample_result("damaged").model_copy(
        update={"verdicts": {"C\u202e-75\u2066": "altered", "a\x00b": "altered"}}
    )
    case = case_result("c1", "damaged", domain="d\u2067", samples=[sample])
    found = [str(value) for _, value in _properties(case)]
    assert "C<U+202E>-75<U+2066>: altered" in found
    assert [text for text in found if hiding(text)] == []
