"""Whatever an endpoint, a suite or a file says, no sink reads more into it than words."""

from __future__ import annotations

import csv
import html
import importlib.util
import io
import json
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
        *["evil.example", ".com", "e.", "\uff0e", "\u3002", "203.0.113.9", "xn--p1ai", ".中国"],
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
    plain = re.sub(r"([\r\n]\s*)'(?=::|##\[)", r"\1", row[0])
    assert plain.removeprefix("'") == re.sub(r"([\r\n]\s*)'(?=::|##\[)", r"\1", text).removeprefix("'")


@pytest.mark.parametrize(
    "order", ["::error file=a.py::x", "  ::add-mask::AB-1", "##[error]x", "\u3000::stop-commands::t"]
)
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\n\n"])
def test_a_table_that_is_printed_gives_the_runner_of_a_workflow_no_order(order: str, end: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(["m", sinks.spreadsheet_cell(f"A-1{end}{order}{end}B::C")])
    lines = re.split("[\r\n]", out.getvalue())
    assert [line for line in lines if line.lstrip().startswith(("::", "##["))] == []
    assert "B::C" in out.getvalue()


@pytest.mark.parametrize("form", sinks.CHATS)
@given(text=FOREIGN)
def test_a_chat_reads_no_mention_link_picture_or_tag(form: str, text: str) -> None:
    shown = sinks.chat(form, text)
    assert hiding(shown) == []
    if form == "slack":
        assert not set("<>") & set(shown)
        assert all(re.match("&(amp|lt|gt);", shown[at:]) for at, char in enumerate(shown) if char == "&")
        shown = html.unescape(shown).replace("<", "[<]")
    named = re.sub(r"(?<=[A-Za-z0-9_-])@[a-z]{0,2}[0-9][0-9.]*(?![0-9.A-Za-z_-])", "", shown)  # tuned@v2
    assert all(named[at - 1 : at + 2] == f"[{char}]" for at, char in enumerate(named) if char in "@＠<")
    assert "://" not in shown
    assert "](" not in shown
    assert "`" not in shown
    assert re.search(r"\bwww\.", shown, re.IGNORECASE) is None
    assert re.search(r"\w[.\uff0e\uff61][^\W\d_]{2}", shown) is None, "a bare domain is a link in most chats"
    assert re.search(r"(?<![.\d])(\d{1,3}\.){3}\d{1,3}(?![.\d])", shown) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see evil.example, now", "see evil[.]example, now"),
        ("EVIL.Example/x?y=1", "EVIL[.]Example/x?y=1"),
        ("例子．中国", "例子[．]中国"),
        ("evil。com", "evil[。]com"),
        ("a.xn--fiqs8s", "a[.]xn--fiqs8s"),
        ("203.0.113.9/login", "203[.]0.113.9/login"),
        ("evil.example.com", "evil[.]example[.]com"),
        ("mail me@evil.example", "mail me[@]evil[.]example"),
        ("qwen2.5-7b v1.2.3 fell by 0.03. Then", "qwen2.5-7b v1.2.3 fell by 0.03. Then"),
        ("运行完毕。Then 1.5%", "运行完毕。Then 1.5%"),
    ],
)
@pytest.mark.parametrize("form", sinks.CHATS)
def test_a_name_of_a_host_is_no_link_and_a_number_stays(form: str, text: str, shown: str) -> None:
    assert sinks.chat(form, text) == shown


@pytest.mark.parametrize("form", sinks.CHATS)
def test_the_address_of_ones_own_pages_stays_a_link(form: str) -> None:
    page = "https://pages.example/x?a=1&b=2"
    text = f"page: {page}\nhttps://pages.example/x?a=1&b=2.evil.example\n{page}@all"
    first, *others = sinks.chat(form, text, page=page).split("\n")
    assert first == f"page: {page}"
    assert sinks.chat(form, f"页面：{page}", page=page) == f"页面：{page}"
    assert all("https[:]//" in line for line in others)
    for bad in ("https://a b", "<!channel>", "@all", "https://a|b", "`", ""):
        assert sinks.chat(form, f"x {bad} y", page=bad) == sinks.chat(form, f"x {bad} y")


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


@pytest.mark.parametrize("form", sinks.CHATS)
@pytest.mark.parametrize("before", ["page: ", "页面："])
def test_the_pages_can_be_followed_and_commands_be_run_and_nothing_else_is_a_link(form: str, before: str) -> None:
    page = "https://pages.example.com/verbatim/"
    lines = ["m@v2: 87% → 38%", f"{before}{page}", "next: harness compare m@v1 m@v2.1"]
    text = "\n".join([*lines, f"{page}evil @all a@b.com x@all", f"https://bad.com {page}"])
    shown = json.dumps(sinks.chat_message(form, text, page=page), ensure_ascii=False)
    assert f"{before}{page}\\n" in shown
    assert "harness compare m@v1 m@v2.1" in shown
    assert shown.count("://") == 2
    assert "https[:]//bad[.]com" in shown
    assert "[@]all a[@]b[.]com x[@]all" in shown
    assert "://" not in json.dumps(sinks.chat_message(form, text))
    for odd in ("javascript:alert(1)", "https://a b", "https://a<b", "https://a\nb"):
        assert "://" not in json.dumps(sinks.chat_message(form, f"page: {odd}", page=odd))


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
