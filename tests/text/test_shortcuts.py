"""The quick looks at a text change how long a check takes, and nothing that it finds."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.text import anchors, findings, habits, sieve
from harness.text.alignment import Alignment, align
from harness.text.characters import BLANK_SET
from harness.text.confusables import homoglyphs
from harness.text.forms import literal_forms
from harness.text.page import Page
from harness.text.pattern import Pattern, pattern_of
from harness.text.provenance import Source
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable

WIDE = SymbolTable.from_mapping({"_": {"lookalikes": ["＿"]}, ".": {"lookalikes": ["·"]}})
TARGETS = (
    "A-1",
    "TCP/IP",
    "Sikalastic-609",
    "吧台/岛台",
    "报告2024版-终稿.md",
    "GB/T 50081-2019",
    "Mon - Fri",
    "1-1-1",
    "a_b-c",
    "R&D-7",
    "/usr/bin",
    "A-1/",
    "--x-y",
    "ТСР-50",
    "Ａ-１",
    "10–20/h",
    "Île-de-France",
    "x<b-c",
    "95%-ile",
    "👩\u200d🔧-7",
    "ab",
    "TСP/IP",
    "A%2F-1",
    "aba-ab",
)
PIECES = (
    *"AaＡ1１l2-–/\\／_ \t\n\u00a0\u200b*`~<>[]&%;.:·、+TСtпІIЀ吧台岛\u0301\ufe0f\u00ad",
    "TCP",
    "IP",
    "Sika",
    "lastic",
    "609",
    "报告",
    "2024",
    "终稿.md",
    "GB/T",
    "50081",
    "Mon",
    "Fri",
    "&#45;",
    "&sol;",
    "&nbsp;",
    "&amp;",
    "%2F",
    "%20",
    "%25",
    "\\u002d",
    "\\-",
    "<br>",
    "](http://x)",
    "<a title=",
    '<a title="TCP/IP">',
    "](TCP/IP)",
    "](",
    "<!--",
    "][1]",
    "[TCP](http://x)/IP",
    "\\\n",
    "\r\n",
    "**",
    "~~",
    " - ",
    " / ",
    *TARGETS,
)

AROUND = (*" x1文\n\\/*`&\u0301\ufe0f", "", "\n- ", "- ", " -", "<b>", "](u)", *TARGETS[:4])


def everywhere(text: str, pattern: Pattern) -> Iterator[int]:
    del pattern
    return iter(range(len(text)))


def look_through(text: str, symbols: SymbolTable) -> list[findings.Finding]:
    """With the shortcuts of a long text, however short it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anchors, "_SHORT", -1)
        return findings.findings(text, Source(""), TARGETS, symbols)


def look_everywhere(text: str, symbols: SymbolTable) -> list[findings.Finding]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "damaged_starts", everywhere)
        patch.setattr(findings, "aligned", align)
        patch.setattr(findings, "_settle", settle_one_by_one)
        patch.setattr(sieve.Sieve, "may_hold", lambda self, target: True)
        patch.setattr(sieve.Sieve, "may_hold_damage", lambda self, target, whole: True)
        return findings.findings(text, Source(""), TARGETS, symbols)


def settle_one_by_one(
    damaged: list[findings.Finding], whole: list[findings.Finding], text: str, source: Source
) -> list[findings.Finding]:
    """Rules 3 and 4, each finding held against all that came before it."""
    kept: list[findings.Finding] = []
    for one in sorted(damaged, key=findings._mildest):
        start, end, _ = one.alignment
        free = all(other.alignment.end <= start or end <= other.alignment.start for other in kept)
        inside = any(
            other.alignment.start <= start and end <= other.alignment.end and other.target != one.target
            for other in whole
        )
        if free and not inside and not source.holds(text[start:end]):
            kept.append(one)
    return kept


@example("x<b-c[TCP](http://x)/IP>", DEFAULT_SYMBOLS)
@example("x](<b>TCP</b>/IP)", DEFAULT_SYMBOLS)
@example("<x [TCP](u)/<i>IP>", DEFAULT_SYMBOLS)
@example("\\/usr/bin", DEFAULT_SYMBOLS)
@example("<TCP%2FIP>", DEFAULT_SYMBOLS)
@example('<a title="TCP/IP">TCP<br>/IP', DEFAULT_SYMBOLS)
@example("A%2F&#45;1", DEFAULT_SYMBOLS)
@example("aba-ab aba - ab", DEFAULT_SYMBOLS)
@example("吧吧吧 A-1 吧吧吧 &#65;-1", DEFAULT_SYMBOLS)
@example("吧吧吧 A-1 吧吧吧 A - 1", DEFAULT_SYMBOLS)
@example("吧A - 1吧吧 A-1 吧吧吧", DEFAULT_SYMBOLS)
@example("][TCP](http://x)/IP", DEFAULT_SYMBOLS)
@example("][1][1]-1-1", DEFAULT_SYMBOLS)
@example("](a][TCP][1]/IP)", DEFAULT_SYMBOLS)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.sampled_from((DEFAULT_SYMBOLS, WIDE)))
def test_the_shortcuts_lose_no_mention(text: str, symbols: SymbolTable) -> None:
    assert look_through(text, symbols) == look_everywhere(text, symbols)


@example("A-1", [(1, " ")], "文 ")
@given(
    st.sampled_from(TARGETS),
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from(PIECES)), max_size=3),
    st.sampled_from(("文 ", "“x” ", "١ ", "<b> ", "&lt; ")),
)
def test_the_shortcuts_lose_no_damage_beside_whole_mentions(
    target: str, inserted: list[tuple[int, str]], between: str
) -> None:
    damaged = target
    for place, piece in inserted:
        damaged = damaged[:place] + piece + damaged[place:]
    text = between.join((target, damaged, target, ""))
    assert look_through(text, DEFAULT_SYMBOLS) == look_everywhere(text, DEFAULT_SYMBOLS)


@given(
    st.sampled_from(TARGETS),
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from(PIECES)), max_size=3),
    st.sampled_from(("", "x ", "文", "\n", "ordinary words, with “quotes”; ")),
)
def test_the_shortcuts_lose_no_mention_of_a_target_with_things_put_in(
    target: str, inserted: list[tuple[int, str]], before: str
) -> None:
    text = target
    for place, piece in inserted:
        text = text[:place] + piece + text[place:]
    text = before * 20 + text + " " + before
    assert look_through(text, DEFAULT_SYMBOLS) == look_everywhere(text, DEFAULT_SYMBOLS)


@example("TCP/IP", [(3, " ")], ("", "x"), ["\\", "- "])
@example("吧台/岛台", [(2, "\n"), (3, " ")], ("", ""), ["-", "/"])
@given(
    st.sampled_from(TARGETS),
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from(PIECES)), min_size=1, max_size=3),
    st.tuples(st.sampled_from(AROUND), st.sampled_from(AROUND)),
    st.lists(st.sampled_from(AROUND), max_size=4),
)
def test_a_damaged_form_that_was_met_before_is_judged_by_its_new_place(
    target: str, inserted: list[tuple[int, str]], around: tuple[str, str], between: list[str]
) -> None:
    damaged = target
    for place, piece in inserted:
        damaged = damaged[:place] + piece + damaged[place:]
    look_through("文 " + damaged + " 文", DEFAULT_SYMBOLS)
    text = around[0] + damaged + "".join(one + damaged for one in between) + around[1]
    assert look_through(text, DEFAULT_SYMBOLS) == look_everywhere(text, DEFAULT_SYMBOLS)


def test_no_blank_stands_for_a_visible_character() -> None:
    """Else the visible characters of a text would not stand for those of the target one by one."""
    chars = {chr(code) for code in range(0x21, 0x10000)} - BLANK_SET
    assert [char for char in chars if homoglyphs(char)] != []
    assert [char for char in chars if BLANK_SET & literal_forms.__wrapped__(char, WIDE).keys()] == []


@pytest.mark.parametrize(
    ("target", "form"),
    [
        ("Nylon-66", "Nylon - 66"),
        ("Nylon-66/6", "Nylon  -66\u00a0／\u200b6"),
        ("尼龙/涤纶", "尼龙 \u2044涤纶"),
        ("清单66年-末.md", "清单 66 年 – 末.md"),
        ("EN/ISO 66", "EN/ISO   66"),
    ],
)
def test_a_damaged_form_is_aligned_once_however_often_it_comes(
    target: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def counted(page: Page, pattern: Pattern, start: int) -> Alignment | None:
        asked.append(start)
        return align(page, pattern, start)

    pattern_of.cache_clear()
    monkeypatch.setattr(habits, "align", counted)
    text = f"{'.' * 300} “{form}” " * 5
    found = findings.findings(text, Source(""), [target], DEFAULT_SYMBOLS)
    places = [match.start() for match in re.finditer(re.escape(form), text)]
    assert [one.alignment.start for one in found] == places
    assert [start for start in asked if start in places] == places[:1]


def test_no_more_than_so_many_damaged_forms_are_kept() -> None:
    pattern_of.cache_clear()
    text = " ".join("x" + " " * blanks + "-y" for blanks in range(1, 600))
    findings.findings(text, Source(""), ["x-y"], DEFAULT_SYMBOLS)
    known = pattern_of("x-y", DEFAULT_SYMBOLS).known
    assert 0 < len(known) <= habits._MOST
    assert max(map(len, known)) <= habits._LONGEST
