"""Blanks in a mention can be seen, and nothing in it can command a terminal or hide."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text.visible import context, is_hidden, show


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
