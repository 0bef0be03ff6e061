"""The quick looks at a text change how long a check takes, and nothing that it finds."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.text import anchors, findings, sieve
from harness.text.pattern import Pattern
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
        patch.setattr(sieve.Sieve, "may_hold", lambda self, target: True)
        patch.setattr(sieve.Sieve, "may_hold_damage", lambda self, target, whole: True)
        return findings.findings(text, Source(""), TARGETS, symbols)


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
