"""The scanner: kinds, edges and alternates of what it finds, and what holds for any text."""

import json
import re
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import check, repair, scan
from harness.text.atoms import USUAL_LETTERS
from harness.text.chains import chains_in
from harness.text.characters import (
    IGNORABLE_SET,
    SPACES,
    blocks_after,
    blocks_before,
    is_alphanumeric,
    is_cjk,
    is_joining,
    is_latin_or_digit,
)
from harness.text.fold import STRANGER, Fold, Page, fold_of
from harness.text.forms import FORMS, GATES
from harness.text.gates import first_of
from harness.text.scan import extract_targets, forget, read_ahead
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import KINDS, Target
from harness.text.unicode_data import are_homoglyphs, letter_places
from harness.text.visible import context, is_hidden, show
from harness.text.wholes import plain_behind_han

LINES = Path(__file__).with_name("vectors").joinpath("scan.jsonl").read_text(encoding="utf-8").splitlines()
VECTORS = [json.loads(line) for line in LINES]
TOKENS = (
    *(
        "接口",
        "/api/list",
        "报错",
        "打开",
        "验收单2024.xlsx",
        "水吧台/岛台",
        "AB-12",
        "（终版）",
        "“",
        "”",
        "'",
        "`",
        "=",
        ":",
    ),
    *("https://a.cn/b-c", "{name}", "%s", "--dry-run", "C:\\数据\\表1", "/", "-", "_", ".", "和", "हिन्दी", "ガイド"),
    *("파일", "1,500", "e\u0301", "\u200b", "🙂", " ", " ", "\n", "，", "。", "a", "中", "7"),
)
PIECES = st.lists(st.sampled_from(TOKENS) | st.text(max_size=3), max_size=12).map("".join)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_targets_have_the_kind_and_the_edges_of_the_vector(vector: dict) -> None:
    wanted = [
        (one["text"], one["kind"], one.get("open_left", False), one.get("open_right", False))
        for one in vector["targets"]
    ]
    found = extract_targets(vector["source"])
    assert [(one.text, one.kind, one.open_left, one.open_right) for one in found] == wanted, vector["reason"]
    for target, one in zip(found, vector["targets"], strict=True):
        assert list(target.alternates) == one.get("alternates", list(target.alternates)), vector["reason"]


@pytest.mark.parametrize(
    "vector",
    [one for one in VECTORS if any("open_left" in t or "open_right" in t for t in one["targets"])],
    ids=lambda vector: vector["id"],
)
def test_a_blank_exactly_at_an_uncertain_edge_is_no_damage_and_stays(vector: dict) -> None:
    source = vector["source"]
    places = {one.start for one in extract_targets(source) if one.open_left} | {
        one.end for one in extract_targets(source) if one.open_right
    }
    output = "".join((" " if place in places else "") + char for place, char in enumerate(source))
    assert set(check(source, output).verdicts.values()) == {"verbatim"}
    assert repair(source, output).text == output


@given(PIECES)
def test_a_target_is_where_it_says_and_of_a_known_kind(source: str) -> None:
    end = 0
    for target in extract_targets(source):
        assert source[target.start : target.end] == target.text
        assert target.kind in KINDS
        assert not target.given
        assert target.start >= end
        assert all(alternate in target.text for alternate in target.alternates)
        end = target.start + 1


@given(PIECES)
def test_a_source_given_back_is_never_damaged(source: str) -> None:
    assert set(check(source, source).verdicts.values()) <= {"verbatim"}


@given(PIECES, PIECES)
def test_what_is_kept_of_other_texts_changes_nothing(one: str, other: str) -> None:
    forget()
    fresh = extract_targets(one)
    extract_targets(other)
    assert extract_targets(one) == fresh
    assert {target.text for target in extract_targets([other, one])} == {
        target.text for target in (*extract_targets(other), *fresh)
    }


@given(
    st.lists(
        st.sampled_from(["型号", "请介绍", "从", "的", "京", "图纸", "部品", "を", "재고", "12"]),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["ZX-2000", "TCP/IP", "AB-1-C2", "A12/B3", "ab-12345"]),
    st.sampled_from(["", "，", "的", "表"]),
)
def test_a_plain_code_behind_han_is_what_a_chain_of_it_is(words: list[str], code: str, behind: str) -> None:
    run = "".join(words) + code
    if plain := plain_behind_han(run + behind, 0, len(run)):
        assert [plain] == list(chains_in(run + behind, 0, len(run)))
    else:
        assert words[-1] in ("京", "12") or "12" in words


_EXTRACT = (Path(__file__).parent / "vectors" / "extract.jsonl").read_text("utf-8")
SOURCES = [one for line in _EXTRACT.split("\n") if line and isinstance(one := json.loads(line)["source"], str)]


@pytest.mark.parametrize("first", range(0, len(SOURCES), 40))
def test_a_template_read_by_lines_has_the_targets_of_the_whole(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    last = {0: "<1\n>", 40: "e\u0301/é"}.get(first, "は.SH")
    template = "\n".join([*SOURCES[first : first + 40], "房合同-2026版.", last])
    asked = f"{template}\n1001"
    forget()
    at_once = extract_targets(asked)
    forget()
    extract_targets(template)
    read: list[str] = []
    kept_line = scan._kept_line

    def counted(line: str, symbols: SymbolTable) -> tuple[Target, ...]:
        read.append(line)
        return kept_line(line, symbols)

    monkeypatch.setattr(scan, "_kept_line", counted)
    assert extract_targets(asked) == at_once
    is_whole = re.search(r"</?[0-9]{1,3}\n", asked) or not unicodedata.is_normalized("NFC", asked)
    assert bool(read) != bool(is_whole)


@pytest.mark.parametrize(
    "line",
    [
        "图纸见a-b",
        "位置:$x_1$",
        "“东/西",
        "3/4 = 0.75",
        "は.SH",
        "见 A/B-1，",
        "- x/y",
        "水吧台/岛台区",
        "房合同-2026版.",
    ],
)
def test_a_line_of_a_template_is_read_with_its_line_breaks(line: str) -> None:
    for template in (f"A-1\n{line}\nB-2", f"{line}\nA-1", f"A-1\n{line}", f"\n\n{line}\n"):
        asked = f"{template}\nC-3"
        forget()
        at_once = extract_targets(asked)
        forget()
        extract_targets(template)
        assert extract_targets(asked) == at_once


@pytest.mark.parametrize("text", ["a-b_" * 200 + "{", "=-" + "-" * 400 + " a{b", "a.-_" * 300 + "{{x"])
def test_signs_in_a_row_before_a_brace_are_read_in_one_way(text: str) -> None:
    assert [one.text for one in extract_targets(text + " AB-12")][-1] == "AB-12"


@pytest.mark.parametrize("text", ["AB-가", "AB-1/는", "KX-9/을"])
def test_a_side_that_is_a_particle_of_korean_is_a_side(text: str) -> None:
    assert [one.text for one in extract_targets(text)] == [text]


def test_targets_of_messages_are_those_of_each() -> None:
    assert extract_targets(["见 AB-12", "AB-12 与 CD/3"]) == (
        Target("AB-12", "code", 2, 7),
        Target("CD/3", "code", 8, 12),
    )


@pytest.mark.parametrize(
    "piece",
    [
        *("A1", "1", "a)", "/(", "中/", "/data/x移到", "a.md", "“/", "{", "C:\\", "a@", "中a.b"),
        *("* ", "ไทย-9", "a@b.cn，", "温度-20", "No.", "一:"),
    ],
)
def test_a_hostile_source_takes_no_more_than_its_length(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        forget()
        start = time.process_time()
        extract_targets(text)
        return time.process_time() - start

    short = min(seconds(4_000) for _ in range(3))
    long = min(seconds(32_000) for _ in range(2))
    assert long <= 8 * 3 * max(short, 0.004)


OF_FORMS = (
    *(
        "https://a.b/c",
        "www.a.cn/路径",
        "git@h.com:a/b",
        "mailto:a@b.c",
        "urn:isbn:1",
        "magnet:?xt=1",
        "DIN EN ISO 9001",
    ),
    *(
        "国发〔2024〕12号",
        "沪(2023)浦字第012号",
        "字第012号",
        "（2021）京01民初12号",
        "numpy>=1.2,<2.0",
        "^1.2.3",
        "~=2",
    ),
    *("dt=2024/hr=08", "*.py", "src/**/*.ts", "$PWD:/app", "(020) 7946-0999", "c.76A>T", "CC(=O)O", "3月5日-8日"),
    *("--dry-run", "-Da.b=c", "AT+CGMI=1", '//div[@a="b"]/p', "10-20,99", "run a:b", "ISSN 1234-5678"),
    *("DE89 3704 0044 0532", 'A_BC="a b"', "a@b.com", "${HOME}/x (1)", "%APP%\\y", "users/{id}/o", "a->b()"),
    *(
        "*/5 * * * *",
        "600000.SH",
        "3\u202fPM.png",
        "C:\\Program Files\\c.txt",
        "\\\\h\\s",
        "a/b（c d）/e.py#L1",
        "*",
        "/",
    ),
    *("=", ":", "{", "(", "\\", "号", "，", "a", "1", "中", " ", " ", "\n", "\n", "\t"),
)


@given(st.lists(st.sampled_from(OF_FORMS), max_size=12).map("".join))
def test_looking_at_the_words_and_lines_with_an_anchor_finds_all_tokens(text: str) -> None:
    asked = GATES.forms_for(text)
    for rank, form in enumerate(FORMS):
        found = [one.span() for one in form.pattern.finditer(text)]
        one, quick = first_of(form, text, 0), []
        while one:
            quick.append(one.span())
            one = first_of(form, text, one.end(), one.endpos)
        assert quick == found, form
        assert not found or rank in asked, form


def test_the_signs_of_a_sentence_ask_for_no_token() -> None:
    of_words = GATES.by_signs("One two")
    assert GATES.by_signs("One, two, and three. That’s it: it's dry.\nGo on.") == of_words
    assert all(GATES.by_signs(text) != of_words for text in ("a.b", "a,b", "a:b", "'tis", "One 2"))


def test_texts_that_are_scanned_together_hold_what_each_holds_alone() -> None:
    texts = [vector["source"] + end for vector in VECTORS for end in ("", "。", ". ", "!\n", ".\n1-2?")]
    texts += [
        "使用TCP/IP协议。",
        "评审记录/PX产品验证清单。",
        "<1\n>?",
        "编号 ZX-1/e\u0301-2。",
        "5-10ppm,6/9。",
        "7-10ppm,6/8。",
    ]
    forget()
    alone = {text: extract_targets(text) for text in texts}
    forget()
    read_ahead(texts)
    read = {text: scan._kept[text] for text in texts if text in scan._kept}
    assert len(read) > 2 * len(VECTORS)
    assert read == {text: alone[text] for text in read}


def test_rows_of_values_are_read_alike_whatever_was_read_before() -> None:
    rows = "5-10ppm,6/9,20L/次\n5-12ppm,6/8,30L/次"
    forget()
    alone = extract_targets(rows)
    forget()
    assert extract_targets(f"{rows}\n一") == alone  # a text that makes a template of its lines
    assert extract_targets(rows) == alone


# What counts as white space, as a letter or digit, and as a script that is written without spaces.

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]


def test_white_space_is_that_of_unicode() -> None:
    python_only = "\x1c\x1d\x1e\x1f"
    assert sorted(SPACES) == [char for char in EVERY if char.isspace() and char not in python_only]
    assert not set(SPACES) & IGNORABLE_SET


def test_cjk_is_what_is_so_named() -> None:
    named = re.compile(
        "CJK (?:UNIFIED|COMPATIBILITY) IDEOGRAPH|(?:HIRA|KATA)KANA LETTER|HALFWIDTH KATAKANA LETT|HANGUL (?:SYLL|LETT)"
    )
    assert [char for char in EVERY if named.match(unicodedata.name(char, "")) and not is_cjk(char)] == []


@pytest.mark.parametrize("char", [*"漢々〇あアｱー가ㄱ", "𠮷", "㐀"])
def test_han_kana_and_hangul_never_join(char: str) -> None:
    assert is_cjk(char)
    assert not is_joining(char)


@pytest.mark.parametrize("char", [*"กาลາខក", "က", "ា", "\u0e31", "\ua9e0"])
def test_thai_lao_khmer_and_myanmar_never_join(char: str) -> None:
    assert not is_cjk(char)
    assert not is_joining(char)


@pytest.mark.parametrize("char", [*"aZ9éßЖΩא٣क९ابＡ９𝐀", "\u0301"])
def test_other_letters_digits_and_marks_join(char: str) -> None:
    assert is_alphanumeric(char)
    assert is_joining(char)


@pytest.mark.parametrize("char", [*"²½Ⅳ①_*-/.,。，「🙂©", " ", "\u200d", "\ud800"])
def test_signs_and_other_numbers_do_not_join(char: str) -> None:
    assert not is_joining(char)


@pytest.mark.parametrize(
    ("before", "blocks"),
    [
        ("a", True),
        ("9", True),
        ("e\u0301", True),
        ("क\u093f", True),
        ("\u0301", True),
        ("⚠\ufe0f", False),
        ("1\ufe0f\u20e3", False),
        ("漢\U000e0100", False),
        ("ก\u0e48", False),
        ("👍🏽", False),
        ("_", False),
        ("²", False),
        ("の", False),
    ],
)
def test_a_word_before_blocks_and_an_emoji_does_not(before: str, blocks: bool) -> None:
    text = f"{before}TCP"
    assert blocks_before(text, len(before), "T") is blocks
    assert not blocks_before(text, len(before), "漢")
    assert not blocks_before(text, len(before), "-")
    assert not blocks_before("TCP", 0, "T")


def test_a_word_or_mark_after_blocks() -> None:
    assert blocks_after("IPv6", 2, "P")
    assert blocks_after("IP\u0301", 2, "P")
    assert not blocks_after("IP", 2, "P")
    assert not blocks_after("IP協", 2, "P")
    assert not blocks_after("協v", 1, "協")


def test_a_stack_of_marks_is_not_climbed_for_ever() -> None:
    assert blocks_before("⚠" + "\u0301" * 1000 + "T", 1001, "T")


def test_latin_letters_and_digits_are_told_from_others() -> None:
    assert all(is_latin_or_digit(char) for char in "aZ9éÅ٣Ａ")
    assert not any(is_latin_or_digit(char) for char in "Ж漢-²א")


def test_homoglyphs_are_of_another_script_and_never_both_ascii() -> None:
    assert are_homoglyphs("C", "С")
    assert are_homoglyphs("С", "C")
    assert are_homoglyphs("口", "ロ")
    assert are_homoglyphs("6", "𝟔")
    assert are_homoglyphs("I", "І")
    assert not are_homoglyphs("I", "1")
    assert not are_homoglyphs("a", "ɑ")
    assert not are_homoglyphs("C", "C")


def test_homoglyphs_work_both_ways() -> None:
    letters = list(letter_places())[::7]
    for one in letters:
        for other in letters:
            assert are_homoglyphs(one, other) == are_homoglyphs(other, one)


# Blanks in a mention can be seen, and nothing in it can command a terminal or hide.


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Sikalastic - 609", "Sikalastic␣-␣609"),
        ("a\tb\nc", "a⇥b⏎c"),
        ("a\r\nb", "a<U+000D>⏎b"),
        ("TCP\u00a0/\u3000IP", "TCP<U+00A0>/<U+3000>IP"),
        ("\u200b\u2060\ufeff\u200f", "<U+200B><U+2060><U+FEFF><U+200F>"),
        ("\x1b[31m\x07\x7f\x9b", "<U+001B>[31m<U+0007><U+007F><U+009B>"),
        ("\u202eabc\u2066", "<U+202E>abc<U+2066>"),
        ("co\u00adop", "co<U+00AD>op"),
        ("\ud800", "<U+D800>"),
        ("\u2028\u2029\x85", "<U+2028><U+2029><U+0085>"),
        ("\u2800\u3164\ufe0f\U000e0101\U000e0020", "<U+2800><U+3164><U+FE0F><U+E0101><U+E0020>"),
        ("\ue000\U0010ffff", "<U+E000><U+10FFFF>"),
        ("水吧台/岛台 é🙂", "水吧台/岛台␣é🙂"),
        ("A–1\\", "A–1\\"),
        ("!~", "!~"),
        ("\ufe00\ufe0f\ufe10", "<U+FE00><U+FE0F>\ufe10"),
        ("\U000e0100\U000e01ef", "<U+E0100><U+E01EF>"),
    ],
)
def test_what_cannot_be_seen_is_shown(text: str, shown: str) -> None:
    assert show(text) == shown


def test_an_ordinary_blank_stays_in_a_sentence_and_a_sign_of_the_text_stays_a_sign() -> None:
    assert show("the case\u00a0水 - ␣\t.", blanks=False) == "the case<U+00A0>水 - ␣⇥."


def test_lookalikes_are_named_when_asked() -> None:
    assert show("CR－V CR-V", lookalikes=True) == "CR－<U+FF0D>V␣CR-V"
    assert show("A–1 B／2 C\\3 D-4/5", lookalikes=True) == "A–<U+2013>1␣B／<U+FF0F>2␣C\\<U+005C>3␣D-4/5"


@given(st.text(st.characters(), max_size=40))
def test_what_is_shown_is_one_safe_line(text: str) -> None:
    shown = show(text, lookalikes=True)
    assert len(shown.splitlines()) <= 1
    assert not any(is_hidden(char) for char in shown)
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zs") for char in shown)
    assert shown.encode("utf-8").decode("utf-8") == shown


@pytest.mark.parametrize(
    ("width", "shown"),
    [(0, "…A␣-␣1…"), (2, "…e␣A␣-␣1␣n…"), (20, "use␣A␣-␣1␣now"), (4, "use␣A␣-␣1␣now")],
)
def test_a_mention_is_shown_in_its_context(width: int, shown: str) -> None:
    assert context("use A - 1 now", 4, 9, width) == shown


def test_twenty_characters_of_context_are_shown_unless_told() -> None:
    text = "a" * 21 + "–" + "b" * 21
    assert context(text, 21, 22) == "…" + "a" * 20 + "–" + "b" * 20 + "…"


def test_context_names_lookalikes_when_asked() -> None:
    assert context("xA–1y", 1, 4, 0, lookalikes=True) == "…A–<U+2013>1…"


def test_what_is_passed_over_in_search_of_a_sign_is_letters_alone() -> None:
    letters = re.findall(f"[{USUAL_LETTERS}]", "".join(map(chr, range(0x20000))))
    assert len(letters) > 20_000
    assert [char for char in letters if not re.fullmatch(r"[^\W\d_]", char)] == []


def test_no_character_of_a_quiet_text_stands_for_a_digit_or_asks_for_the_coarse_fold() -> None:
    fold = fold_of(DEFAULT_SYMBOLS, False)
    quiet = [char for char in map(chr, range(0x10000)) if fold.quiet.fullmatch(char)]
    assert len(quiet) > 20_000
    assert [char for char in quiet if fold[ord(char)] == STRANGER] == []
    assert {char for char in quiet if fold[ord(char)] in tuple("0123456789")} == set("0123456789")


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("symbols", [DEFAULT_SYMBOLS, SymbolTable.from_mapping({"-": {"lookalikes": ["丨", "工"]}})])
def test_what_is_kept_of_han_and_kana_is_what_is_folded_to_itself(symbols: SymbolTable, coarse: bool) -> None:
    fold = Fold(symbols, coarse=coarse)
    kept = re.compile(f"[{fold._kept}]")
    for code in [*range(0x3041, 0x3100), *range(0x4E00, 0xA000)]:
        assert (kept.match(chr(code)) is not None) == (fold[code] == chr(code)), hex(code)


@pytest.mark.parametrize(
    ("targets", "answer", "verdicts"),
    [
        (["A-5", "B-5"], "用 A-5。", ["verbatim", "absent"]),
        (["A-5", "5-A"], "A-5-A", ["verbatim", "verbatim"]),
        (["A-15", "A-1"], "A-15 与 A-1", ["verbatim", "verbatim"]),
        (["A-15", "A-1"], "A-15 与 A - 1", ["verbatim", "spaced"]),
        (["XK-900"], "XK-900，XK-９00", ["lookalike"]),
        (["XK-900"], "XK-900，共 900 件", ["verbatim"]),
        (["一A5"], "B一A5", ["absent"]),
    ],
)
def test_digits_alone_decide_no_more_than_letters_do(targets: list[str], answer: str, verdicts: list[str]) -> None:
    assert list(check("", answer, targets).verdicts.values()) == verdicts
    assert list(check("", f"{answer} ж", targets).verdicts.values()) == verdicts  # folded letter by letter


def test_what_folds_few_characters_as_bytes_folds_them_as_all_others() -> None:
    texts = (
        "Use TCP／IP – “here” 水吧台岛台 naïve. ",
        "Ａ一工 éß№ ",
        "中文，与 A-5。 ",
        "àçèéêëìíîïñòóôõöùúûüýāăąćĉċ A-5 ",
    )
    for coarse in (False, True):
        for text in texts:
            page = Page(text * 60, DEFAULT_SYMBOLS, coarse=coarse)
            assert page.letters == (text * 60).translate(page.fold)
            assert [page.fold[ord(page.text[start])] for start in page.plain.starts] == list(page.letters)


@pytest.mark.parametrize(
    ("source", "inner", "damaged"),
    [
        ('It calls connect("ws://localhost:8765") twice.', "ws://localhost:8765", "ws: //localhost:8765"),
        ("const fs = require('./lib/file-store')", "./lib/file-store", "./lib / file-store"),
        (
            "UUID('ffe95fcc-b818-4aca-a350-e0a35b9de6ec')",
            "ffe95fcc-b818-4aca-a350-e0a35b9de6ec",
            "ffe95fcc -b818-4aca-a350-e0a35b9de6ec",
        ),
        ("page=2&sort=-created_at", "-created_at", "-created _at"),
        ("GET /api/orders?from=2024-01-02&status=open", "2024-01-02", "2024 - 01-02"),
    ],
)
def test_what_a_call_or_a_query_holds_is_also_said_without_it(source: str, inner: str, damaged: str) -> None:
    assert set(check(source, f"It names {inner} here.").verdicts.values()) == {"verbatim"}
    assert "spaced" in check(source, f"It names {damaged} here.").verdicts.values()
    assert repair(source, f"It names {damaged} here.").text == f"It names {inner} here."


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("用户-12 登录", "6 - 12 岁用户"),
        ("泵-04 机械密封", "日期 2024 - 04，泵-04。"),
        ("交换机-3F 不通", "在 2F – 3F 之间，交换机-3F 不通"),
        ("卡座-V3 已满", "V1 - V3 可选，卡座-V3 已满"),
        ("订单-55 待发", "第 55 单 - 55 元，订单-55"),
        ("GET /a/b?x=1-2", "/a/b with x = 1 - 2"),
        ("VLOOKUP(A2,Sheet1!B:C,2,0) fails", "Use VLOOKUP(A2, Sheet1!B:C, 2, 0) instead"),
        ("冷库温度-18，请记录", "在 12 - 18 度之间，不是 -18"),
    ],
)
def test_dashes_and_commas_with_the_blanks_of_a_writer_are_no_damage(source: str, answer: str) -> None:
    assert set(check(source, answer).verdicts.values()) <= {"verbatim", "absent"}
    assert repair(source, answer).text == answer


def test_a_blank_behind_the_hyphen_of_a_code_is_damage_where_the_noun_is_elsewhere() -> None:
    assert repair("返回码-2 错", "返回码为：- 2，错").text == "返回码为：-2，错"
    assert repair("泵-04 密封", "泵 - 04 密封").text == "泵-04 密封"


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("DI_夹紧到位与DO_气缸伸出互锁。", "DI_夹紧到位与 DO_气缸伸出 互锁。"),
        ("字段tax_税率必须填写，字段qty_数量可以为空", "字段 tax_税率 必须填写，字段 qty_数量 可以为空"),
        ("请看ALM_射频驻波告警处理\n谢谢", "ALM_射频驻波 告警处理"),
    ],
)
def test_a_sentence_may_go_on_behind_the_han_of_a_code_with_an_underscore(source: str, answer: str) -> None:
    assert set(check(source, answer).verdicts.values()) == {"verbatim"}
    assert repair(source, answer).text == answer
    assert repair("信号「DI_夹紧到位」", "DI_夹紧 到位").text == "DI_夹紧到位"
    assert repair(source, answer.replace("_", " _ ")).text == answer


@pytest.mark.parametrize(
    "piece", [":型号", "src/旧.md改名成src/新.md", "1.商务标/投标函.pdf", "登录/注册接口/api/v2/login", "No.A1"]
)
def test_thousands_of_labels_and_names_in_a_row_are_read(piece: str) -> None:
    """Each was read inside the one before: a thousand were more than Python can go into."""
    assert isinstance(extract_targets(piece * 3000), tuple)
